"""The Dense Transformer Network: a U-Net with transformer pairs at any levels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from dense_transformer.config import NetworkConfig
from dense_transformer.errors import ImageError
from dense_transformer.nn.blocks import ConvBlock
from dense_transformer.nn.passes import Edit, Kept, Memory, Pass, Watch
from dense_transformer.nn.transformer import TransformerPair
from dense_transformer.nn.warp import TensorWarp


class Trace(NamedTuple):
    """What the network computed, and how it bent space on the way.

    Attributes
    ----------
    logits : Tensor, shape (b, classes, h, w)
    warps : tuple of TensorWarp
        By level, shallow first; the frame is the padded input of that level, so
        that of a deeper pair lies in the warped space of the shallower ones.
    """

    logits: Tensor
    warps: tuple[TensorWarp, ...]


class Level(nn.Module):
    """One level: two blocks down, two up, and a transformer pair where asked.

    Down: block, gather, block; its result is also the skip. Up: transposed
    convolution, concatenation, block, splat, block. Everything deeper, the skip
    too, lives in the warped space. The bottom gathers and splats between blocks.
    """

    pair: TransformerPair | None

    def __init__(self, above: int, here: int, below: int) -> None:
        super().__init__()
        self.down1, self.down2 = ConvBlock(above, here), ConvBlock(here, here)
        self.pair = None
        if below:  # 0 at the bottom
            self.up = nn.ConvTranspose2d(below, here, 2, stride=2)
            self.up1, self.up2 = ConvBlock(2 * here, here), ConvBlock(here, here)


class DenseTransformerNetwork(nn.Module):
    """A U-Net of any depth with dense transformer pairs; see `NetworkConfig`.

    Without transformers it is the plain U-Net; with new ones it computes exactly
    what that twin computes. Make it with `build_network`.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        widths = [config.base_channels * 2**i for i in range(config.depth)]
        ins = [config.in_channels, *widths[:-1]]
        belows = [*widths[1:], 0]
        self.levels = nn.ModuleList(
            Level(*channels) for channels in zip(ins, widths, belows, strict=True)
        )
        self.head = nn.Conv2d(widths[0], config.classes, 1)
        for pair in config.transformers:  # after the U-Net: its draws don't move
            at = pair.level - 1
            self.level(at).pair = TransformerPair(
                widths[at], pair, deterministic=config.deterministic
            )

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (b, classes, h, w) for images (b, c, h, w) of any size."""
        return self.trace(x).logits

    def trace(
        self,
        x: Tensor,
        *,
        round_trip: bool = False,
        edit: Edit | None = None,
        watch: Watch | None = None,
        memory: Memory | None = None,
    ) -> Trace:
        """Return logits and warps.

        Parameters
        ----------
        x : Tensor, shape (b, c, h, w)
            Normalised images; padded inside to a multiple of 2^(depth - 1) by
            mirroring, and cropped again.
        round_trip : bool
            Also measure what each gather then splat loses.
        edit : callable or None
            Called as ``edit(level, theta)`` with the parameters (b, n) that each
            localisation gives, shallow first; the network uses what it returns.
        watch : callable or None
            Called as ``watch(level, stage, features)`` at each transformer: with its
            input (``"before"``), what the gather made of it (``"warped"``), and on
            the way up the splat's input (``"below"``) and output (``"decoded"``).
        memory : Memory or None
            Of an earlier pass of the same images, to be gone on from; is kept up to
            date. With it, a `watch` misses what isn't computed again.

        Raises
        ------
        ImageError
            If the number of channels is not the network's, or a side is empty.
        DivergedError
            If a fiducial is not finite.
        """
        h, w = x.shape[-2:]
        if x.dim() != 4 or x.shape[1] != self.config.in_channels or not min(h, w):
            raise ImageError(
                f"input of shape {tuple(x.shape)}: the network takes "
                f"(batch, {self.config.in_channels}, height, width), none empty"
            )
        job = Pass(round_trip, edit, watch, memory)
        features = self._run(0, _pad_to(x, self.config.multiple), job)
        logits = self.head(features)[..., :h, :w]
        return Trace(logits, tuple(job.warps))

    def level(self, index: int) -> Level:
        """Return the modules of the level with this 0-based index."""
        return cast("Level", self.levels[index])  # ModuleList forgets the type

    def _run(self, index: int, x: Tensor, job: Pass) -> Tensor:
        """Return level `index`'s output for its input, with all that lies below."""
        level = self.level(index)
        bottom = index == len(self.levels) - 1
        x, warp = self._descend(index, x, job)
        if warp is not None:
            job.warps.append(warp)
        if not bottom:
            below = self._run(index + 1, nnf.max_pool2d(x, 2), job)
            x = level.up1(torch.cat([x, level.up(below)], 1))
        if level.pair is not None and warp is not None:
            job.show(level.pair, "below", x)
            x = level.pair.decode(x, warp)
            job.show(level.pair, "decoded", x)
        if not bottom:
            x = level.up2(x)
        return x

    def _descend(
        self, index: int, x: Tensor, job: Pass
    ) -> tuple[Tensor, TensorWarp | None]:
        """Return what level `index` hands down, which is its skip too, and its warp."""
        level, kept = self.level(index), job.recall(index)
        if kept is not None and level.pair is None:
            return kept.skip, None
        before = level.down1(x) if kept is None else kept.before
        if level.pair is None:
            skip = level.down2(before)
            nothing = skip.new_empty(0)
            job.keep(index, Kept(skip, nothing, nothing, None, skip))
            return skip, None
        job.show(level.pair, "before", before)
        theta = level.pair.localisation(before) if kept is None else kept.theta
        used = theta if job.edit is None else job.edit(level.pair.config.level, theta)
        if kept is not None and torch.equal(used, kept.used):
            return kept.skip, kept.warp
        warped, warp = level.pair.encode(
            before,
            multiple=2 ** (len(self.levels) - 1 - index),
            round_trip=job.round_trip,
            theta=used,
        )
        job.show(level.pair, "warped", warped)
        skip = level.down2(warped)
        job.keep(index, Kept(before, theta, used, warp, skip))
        return skip, warp

    def transformer_parameters(self) -> Iterator[nn.Parameter]:
        """Yield the parameters of the localisation networks."""
        for index in range(len(self.levels)):
            if (pair := self.level(index).pair) is not None:
                yield from pair.parameters()

    def plain_parameters(self) -> Iterator[nn.Parameter]:
        """Yield all other parameters: those that the U-Net twin has too."""
        special = {id(p) for p in self.transformer_parameters()}
        yield from (p for p in self.parameters() if id(p) not in special)


def build_network(config: NetworkConfig, seed: int = 0) -> DenseTransformerNetwork:
    """Return a new network; the same seed gives the U-Net twin the same weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return DenseTransformerNetwork(config)


def _pad_to(x: Tensor, multiple: int) -> Tensor:
    """Return x, mirrored at its lower and right border to a multiple."""
    for axis in (-2, -1):
        missing = -x.shape[axis] % multiple
        while missing:  # a mirror is shorter than the image; tiny images need several
            length = x.shape[axis]
            step = min(missing, length - 1) if length > 1 else missing
            mode = "reflect" if length > 1 else "replicate"
            pad = (0, step, 0, 0) if axis == -1 else (0, 0, 0, step)
            x = nnf.pad(x, pad, mode)
            missing -= step
    return x
