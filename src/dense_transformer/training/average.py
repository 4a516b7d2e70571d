"""A running average of the weights, which often predicts better than the last."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from dense_transformer.nn import DenseTransformerNetwork


class WeightAverage:
    """An exponential average of all parameters and floating buffers of a network.

    Notes
    -----
    ``average += (1 - d) (weights - average)`` with ``d = min(decay, (1 + n) /
    (10 + n))`` after n updates, so that the first steps are forgotten fast. The
    statistics of batch norm are averaged too: they belong to the weights.
    """

    def __init__(self, network: DenseTransformerNetwork, decay: float) -> None:
        self.network = copy.deepcopy(network)
        self.network.requires_grad_(False).eval()
        self.decay = decay

    @torch.no_grad()
    def follow(self, network: DenseTransformerNetwork, updates: int) -> None:
        """Move towards the weights of `network`, which had `updates` updates before."""
        share = 1 - min(self.decay, (1 + updates) / (10 + updates))
        new = network.state_dict()
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                value.lerp_(new[name], share)
            else:
                value.copy_(new[name])
