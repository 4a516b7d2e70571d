"""A model changed without a label: for negatives, or with statistics of an image."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dense_transformer.nn import DenseTransformerNetwork
    from dense_transformer.types import Array

BATCH = 4  # windows at a time
SURE, CLEAR = 0.8, 0.2  # AUC of a negative, and by how much it is above the image's


def is_negative(auc: float, inverted_auc: float) -> bool:
    """Return whether an image is a negative, by what a model finds in either.

    Only beyond doubt: a model that doesn't know a tissue at all may find either in a
    few strokes by chance, and is far from `SURE` in both.
    """
    return inverted_auc > SURE and inverted_auc > auc + CLEAR


@torch.no_grad()
def inverted_copy(network: DenseTransformerNetwork) -> DenseTransformerNetwork:
    """Return a copy that computes for an image what the network does for its negative.

    Exactly: the first convolution is linear, has no bias, and pads with 0, the middle
    of all intensities.
    """
    copied = copy.deepcopy(network)
    copied.level(0).down1.conv.weight.neg_()
    return copied


@torch.no_grad()
def adapt_statistics(
    network: DenseTransformerNetwork, windows: Sequence[Array]
) -> None:
    """Measure batch norm's statistics anew, on windows of images; no labels needed.

    Parameters
    ----------
    network : DenseTransformerNetwork
        Is changed, and left in evaluation mode.
    windows : sequence of ndarray, shape (c, h, w), float32
        All of one size.

    Notes
    -----
    Li et al. 2017 (arXiv:1603.04779). Means and variances are averages over batches
    of windows; the warps' centre stays.
    """
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    device = next(network.parameters()).device
    network.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain average of all batches
        norm.train()
    for start in range(0, len(windows), BATCH):
        batch = np.stack(windows[start : start + BATCH])
        network.trace(torch.from_numpy(batch).to(device))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    network.eval()
