"""A pull of the weights towards those that a model was taught from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer


class Pull:
    """Weights to stay close to.

    Parameters
    ----------
    optimiser : Optimizer
        Whose parameters are pulled towards what they are now.
    strength : float
        Share of the way back per step, for a learning rate of 1.

    Notes
    -----
    ``w += rate * strength * (start - w)`` after each step: the gradient of L2-SP
    (Li et al. 2018, arXiv:1802.01483), decoupled from the loss's as weight decay is
    in AdamW (Loshchilov and Hutter 2019), so that Adam doesn't rescale it.
    """

    def __init__(self, optimiser: Optimizer, strength: float) -> None:
        self.strength = strength
        self._start: list[list[Tensor]] = [
            [parameter.detach().clone() for parameter in group["params"]]
            for group in optimiser.param_groups
        ]

    @torch.no_grad()
    def apply(self, optimiser: Optimizer) -> None:
        """Move every parameter a bit back."""
        if not self.strength:
            return
        for group, starts in zip(optimiser.param_groups, self._start, strict=True):
            share = min(1.0, group["lr"] * self.strength)
            for parameter, start in zip(group["params"], starts, strict=True):
                if parameter.requires_grad:
                    parameter.lerp_(start, share)
