"""Mixtures of the weights before and after, which often beat both."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from dense_transformer.nn import DenseTransformerNetwork


@torch.no_grad()
def mix_weights(
    start: Mapping[str, Tensor], network: DenseTransformerNetwork, share: float
) -> DenseTransformerNetwork:
    """Return a copy of a network on the line between two sets of weights.

    Parameters
    ----------
    start : mapping of str to Tensor
        Weights at share 0, as `state_dict` gives them, on the network's device.
    network : DenseTransformerNetwork
        Weights at share 1; is not changed.
    share : float
        Where on the line; 1 is a plain copy.

    Notes
    -----
    ``(1 - share) start + share new`` (Wortsman et al. 2022, arXiv:2109.01903): a
    model taught on one image stays near what it knew of others.
    """
    mixed = copy.deepcopy(network)
    if share < 1:
        for name, value in mixed.state_dict().items():
            if value.is_floating_point():
                value.copy_(torch.lerp(start[name].to(value), value, share))
    mixed.requires_grad_(False)
    return mixed.eval()
