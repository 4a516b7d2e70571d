"""Batch norm with the statistics of the global batch, on any device.

torch's SyncBatchNorm refuses the CPU, and without it n processes would train
another network than one: each would normalise with its own patches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.distributed.nn.functional import all_reduce

from dense_transformer.nn.localisation import Centre

if TYPE_CHECKING:
    from torch import Tensor


class GlobalBatchNorm2d(nn.BatchNorm2d):
    """Batch norm over the patches of all processes; in `eval` like any other."""

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` (b, c, h, w) normalised; updates the running statistics."""
        if not self.training:
            return super().forward(x)
        values = x.float()  # under autocast x may be in half precision
        own = torch.stack([values.sum((0, 2, 3)), values.square().sum((0, 2, 3))])
        count = values.new_full((1,), values.numel() / values.shape[1])
        sums: Tensor = all_reduce(torch.cat([own.flatten(), count]))  # type: ignore[no-untyped-call]
        total, (mean, square) = (
            sums[-1].detach(),
            sums[:-1].view(2, -1) / sums[-1].detach(),
        )
        # The difference of large numbers loses digits when |mean| >> deviation,
        # which inputs behind a convolution without bias don't show.
        variance = (square - mean.square()).clamp_min(0)
        self._follow(
            mean.detach(), variance.detach() * total / (total - 1).clamp_min(1)
        )
        scale = torch.rsqrt(variance + self.eps)
        if self.affine:
            scale = scale * self.weight
        shift = (self.bias if self.affine else 0.0) - mean * scale
        return torch.addcmul(shift.view(-1, 1, 1), values, scale.view(-1, 1, 1)).to(
            x.dtype
        )

    @torch.no_grad()
    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        if self.running_mean is None or self.running_var is None:
            return
        momentum = 0.1 if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean.to(self.running_mean), momentum)
        self.running_var.lerp_(variance.to(self.running_var), momentum)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)


class GlobalCentre(Centre):
    """Takes off the mean over the images of all processes."""

    def batch_sum(self, z: Tensor) -> tuple[int, Tensor]:
        """Return the number of images in the global batch and their sum."""
        own = torch.cat([z.sum(0), z.new_full((1,), len(z))])
        sums: Tensor = all_reduce(own)  # type: ignore[no-untyped-call]
        return int(sums[-1]), sums[:-1]


def use_global_batch_norm(network: nn.Module) -> None:
    """Replace every batch norm and centre of a network; weights and all are kept."""
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.BatchNorm2d:
                norm = GlobalBatchNorm2d(
                    child.num_features, child.eps, child.momentum, affine=child.affine
                )
                norm.load_state_dict(child.state_dict())
                norm.train(child.training)
                setattr(parent, name, norm)
            elif type(child) is Centre:
                centre = GlobalCentre(len(child.mean), child.momentum)
                centre.load_state_dict(child.state_dict())
                centre.train(child.training)
                setattr(parent, name, centre)
