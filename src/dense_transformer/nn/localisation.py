"""The localisation network: from features to the parameters of a transformation."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor, nn

from dense_transformer.config import TransformerConfig
from dense_transformer.geometry import lattice_points, parameter_bounds, parameter_count

MARGIN = 0.9
"""tanh(b) of the outermost fiducials in the absolute form; 1 would freeze them."""


class Centre(nn.Module):
    """Takes off the mean over images: of the batch in training, a running one later.

    A batch of one is no mean to take off: there it is the running one in training too.

    Parameters
    ----------
    count : int
        Values for each image.
    momentum : float
        Share of a batch's mean in the running mean.
    """

    mean: Tensor

    def __init__(self, count: int, momentum: float = 0.02) -> None:
        super().__init__()
        self.momentum = momentum
        self.register_buffer("mean", torch.zeros(count))

    def forward(self, z: Tensor) -> Tensor:
        """Return values (b, n) less their mean over images."""
        if not self.training:
            return z - self.mean
        images, total = self.batch_sum(z)
        mean = total / images
        with torch.no_grad():
            self.mean.lerp_(mean.to(self.mean), self.momentum)
        return z - (mean if images > 1 else self.mean)

    def batch_sum(self, z: Tensor) -> tuple[int, Tensor]:
        """Return the number of images in the batch and the sum of their values."""
        return len(z), z.sum(0)


class Localisation(nn.Module):
    """Convolutions, pooling, a fully connected layer: theta as offsets from identity.

    The last layer starts at zero, so the network starts as the plain U-Net. It has
    no bias and reads features whose mean over batch and positions is zero: a warp
    that is the same for every image costs it effort, one that looks at its input
    comes free. Trained naively, the layer saturates or ends in one constant warp.
    `centred` takes off the mean over images too: then no such warp can stay.
    """

    bounds: Tensor
    rest: Tensor

    def __init__(self, channels: int, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        width = config.localisation_channels
        count = parameter_count(config.family, config.lattice)
        self.squeeze = nn.Conv2d(channels, width, 1, bias=False)
        self.conv = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width, affine=False)
        inputs = width * config.lattice[0] * config.lattice[1]
        self.head = nn.Linear(inputs, count, bias=False)
        nn.init.zeros_(self.head.weight)
        self.scale = inputs**-0.5
        self.centre = Centre(count) if config.centred else None
        bounds = parameter_bounds(config.family, config.lattice, config.reach)
        self.register_buffer("bounds", bounds, persistent=False)
        lattice = lattice_points(*config.lattice).float().reshape(-1)
        self.register_buffer("rest", torch.atanh(MARGIN * lattice), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """Return theta, shape (b, parameter_count), float32, zero at the identity.

        In the offset form ``theta = bounds * tanh(gain * z / bounds)``; in the
        absolute one of a spline ``theta = (tanh(rest + z) - tanh(rest)) / 0.9``,
        the paper's tanh of the coordinates with a margin, so that the border can
        move and z = 0 is the lattice; other families then take z as it is.
        """
        x = nn.functional.max_pool2d(self.squeeze(features), 2, ceil_mode=True)
        x = nn.functional.relu(self.norm(self.conv(x)))
        with torch.autocast(x.device.type, enabled=False):
            x = x if x.dtype == torch.float64 else x.float()
            x = _mean_cells(x, self.config.lattice).flatten(1)
            z: Tensor = nn.functional.linear(x, self.head.weight) * self.scale
            if self.centre is not None:
                z = self.centre(z)
            if self.config.parametrisation == "offset":
                return self.bounds * torch.tanh(self.config.gain * z / self.bounds)
            if self.config.family == "tps":
                moved = torch.tanh(self.rest + z) - torch.tanh(self.rest)
                return moved / MARGIN
            return z


def _mean_cells(x: Tensor, cells: tuple[int, int]) -> Tensor:
    """Return the means (b, c, rows, columns) of a map's cells; any size works.

    It is adaptive average pooling by two matrix products, whose gradients repeat
    bit for bit on GPUs too.
    """
    rows, columns = (
        _cell_matrix(length, count, str(x.device)).to(x.dtype)
        for length, count in zip(x.shape[-2:], cells, strict=True)
    )
    return rows @ x @ columns.T


@lru_cache(maxsize=64)
def _cell_matrix(length: int, count: int, device: str) -> Tensor:
    """Return the shares (count, length) of an axis's units in its cells' means."""
    with torch.inference_mode(False):  # a cached inference tensor would break training
        matrix = torch.zeros(count, length)
        for cell in range(count):
            start = cell * length // count
            stop = -(-(cell + 1) * length // count)
            matrix[cell, start:stop] = 1.0 / (stop - start)
        return matrix.to(device)
