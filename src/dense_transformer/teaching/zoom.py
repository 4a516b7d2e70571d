"""How large a network should see images: as those look like what it was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from dense_transformer.nn import DenseTransformerNetwork
    from dense_transformer.types import Array

FIRST = (0, 1, -1, 2, -2)  # steps that are looked at; on beyond the best of them
MOST = 4  # steps of the square root of 2 either way: four times larger or smaller
LESS = 1 / 3  # of the strangeness of the image as it is: below it labels decide
EVIDENT, ALIKE = 1 / 5, 0.03  # below that share, and so little at all, none is needed
LARGEST = 16.0  # zoom of a model; a card takes no more
BATCH = 4  # windows at a time


@dataclass(frozen=True, slots=True)
class Proposal:
    """A zoom at which images look more like what a network knows.

    Attributes
    ----------
    zoom : float
        How much larger than now; a power of the square root of 2.
    strangeness : float
        Of the images so; see `measure_strangeness`.
    before : float
        Of the images as they are seen now.
    """

    zoom: float
    strangeness: float
    before: float

    @property
    def evident(self) -> bool:
        """Whether the images look so much like the model's own that no label is due."""
        return self.strangeness < min(ALIKE, EVIDENT * self.before)


def propose_zoom(
    network: DenseTransformerNetwork,
    windows: Callable[[float], Sequence[Array]],
    now: float = 1.0,
) -> Generator[str, None, Proposal | None]:
    """Return a zoom at which images are far less strange, if there is one.

    No labels are needed. Where the image says nothing of its pixel size, or cells are
    half the size of those that a model knows, this finds it
    (``docs/teach-study.md``).

    Parameters
    ----------
    network : DenseTransformerNetwork
        In evaluation mode, on its device; it isn't changed.
    windows : callable
        Returns pieces of the images, each (c, h, w), at a zoom.
    now : float
        Zoom at which the network sees images already.

    Yields
    ------
    str
        What is being done, after each zoom.
    """
    found: dict[int, float] = {}
    waiting = [step for step in FIRST if _fits(now, step)]
    while waiting:
        step = waiting.pop(0)
        yield f"looking at the image {_zoom(step):.2g} times as large"
        found[step] = measure_strangeness(network, windows(_zoom(step)))
        best = min(found, key=lambda at: found[at])
        if not waiting:
            near = (best - 1, best + 1)
            waiting = [n for n in near if n not in found and _fits(now, n)]
    if found[best] >= LESS * found[0]:
        return None
    return Proposal(_zoom(best), found[best], found[0])


def _fits(now: float, step: int) -> bool:
    return abs(step) <= MOST and 1 / LARGEST <= now * _zoom(step) <= LARGEST


def _zoom(step: int) -> float:
    return float(2.0 ** (step / 2))


@torch.no_grad()
def measure_strangeness(
    network: DenseTransformerNetwork, windows: Sequence[Array]
) -> float:
    """Return how far features of images are from those a network was trained on.

    Parameters
    ----------
    network : DenseTransformerNetwork
        In evaluation mode; it isn't changed.
    windows : sequence of ndarray, shape (c, h, w), float32
        All of one size.

    Returns
    -------
    float
        0 for images like those of the training; some hundredths for others of the
        same kind, tenths for strange ones.

    Notes
    -----
    The Kullback-Leibler divergence of two normal distributions, of a channel's values
    here and in training as batch norm keeps its mean and variance,
    ``(v / v0 + (m - m0)^2 / v0 - 1 - log(v / v0)) / 2``, averaged over the channels of
    each batch norm, then over these.
    """
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    sums = [torch.zeros(3, 1, dtype=torch.float64) for _ in norms]

    def count(index: int, values: torch.Tensor) -> None:
        flat = values.detach().transpose(0, 1).flatten(1)
        flat = flat.float() if flat.device.type == "mps" else flat.double()
        size = torch.full_like(flat[:, 0], flat.shape[1])
        parts = torch.stack((size, flat.sum(1), flat.square().sum(1)))
        sums[index] = sums[index] + parts.cpu().double()

    hooks = [
        norm.register_forward_pre_hook(
            lambda module, inputs, index=index: count(index, inputs[0])
        )
        for index, norm in enumerate(norms)
    ]
    device = next(network.parameters()).device
    try:
        for start in range(0, len(windows), BATCH):
            batch = np.stack(windows[start : start + BATCH])
            network.trace(torch.from_numpy(batch).to(device))
    finally:
        for hook in hooks:
            hook.remove()
    return float(np.mean([_distance(s, n) for s, n in zip(sums, norms, strict=True)]))


def _distance(sums: torch.Tensor, norm: nn.BatchNorm2d) -> float:
    """Return the mean divergence of a batch norm's channels."""
    if norm.running_mean is None or norm.running_var is None:
        return 0.0
    number, total, squares = sums
    mean = total / number
    own = norm.running_var.cpu().double() + norm.eps
    here = (squares / number - mean.square()).clamp_min(0) + norm.eps
    away = (mean - norm.running_mean.cpu().double()).square()
    return float((((here + away) / own - 1 - (here / own).log()) / 2).mean())
