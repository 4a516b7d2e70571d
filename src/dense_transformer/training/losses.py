"""What training minimises: cross-entropy, Dice and the penalties on warps.

Everything is normalised over the *global* batch, so that the gradients of
several processes, each with its share of it, add up to those of one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from dense_transformer.nn import bending_penalty, fold_penalty

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torch import Tensor

    from dense_transformer.config import TrainConfig
    from dense_transformer.data import Pair
    from dense_transformer.nn import Trace
    from dense_transformer.training.processes import Processes


def class_weights(pairs: Sequence[Pair], classes: int, balance: float) -> Tensor:
    """Return the weight of each class in the cross-entropy, mean 1 over pixels.

    Parameters
    ----------
    pairs : sequence of Pair
        The training set, whose labelled pixels are counted.
    classes : int
        Number of classes C.
    balance : float
        b in ``(n / (C n_c)) ** b``: 0 counts every pixel alike, 1 every class.

    Returns
    -------
    Tensor, shape (C,), float32
        0 for a class that no pixel has.
    """
    counts = torch.zeros(classes, dtype=torch.float64)
    for pair in pairs:
        labels = torch.bincount(
            torch.tensor(pair.labels).flatten(), minlength=classes + 1
        )
        counts += labels[1 : classes + 1]
    weights = (counts.sum() / (classes * counts.clamp_min(1))) ** balance
    weights = torch.where(counts > 0, weights, 0.0)
    total = (weights * counts).sum().clamp_min(1e-12)
    return (weights * counts.sum() / total).float()


def pixel_weights(labels: Tensor, weights: Tensor) -> Tensor:
    """Return each pixel's weight for each class: the class weight at its own, else 0.

    Parameters
    ----------
    labels : Tensor, shape (b, h, w), uint8
        0 = ignore, class index + 1.
    weights : Tensor, shape (C,)
        Of the classes.

    Returns
    -------
    Tensor, shape (b, C, h, w), float32
        All 0 where ignored. Instead of indices because sums of products are
        deterministic on every device, a scattered gradient is not.
    """
    index = torch.arange(1, len(weights) + 1, device=labels.device, dtype=labels.dtype)
    hit = labels.unsqueeze(1) == index.view(-1, 1, 1)
    return hit * weights.view(-1, 1, 1)


def cross_entropy(logits: Tensor, weights: Tensor, total: Tensor) -> Tensor:
    """Return the cross-entropy; `weights` as of `pixel_weights`, `total` their sum."""
    return -(torch.log_softmax(logits, 1) * weights).sum() / total.clamp_min(1e-12)


def dice_loss(logits: Tensor, labels: Tensor, processes: Processes) -> Tensor:
    """Return this process's share of 1 - soft Dice, the mean over classes.

    Notes
    -----
    ``1 - (2 sum p t + 1) / (sum p + sum t + 1)`` over the labelled pixels of the
    global batch (Milletari et al. 2016, arXiv:1606.04797, with p instead of p^2). A
    process adds the others' sums as constants: its gradient is then exactly
    its share of that of the global loss. The value is split evenly.
    """
    target = pixel_weights(labels, logits.new_ones(logits.shape[1]))
    share = torch.softmax(logits, 1) * (labels > 0).unsqueeze(1)
    axes = (0, 2, 3)
    sums = torch.stack([(share * target).sum(axes), share.sum(axes), target.sum(axes)])
    sums = sums + (processes.total(sums.detach()) - sums.detach())
    overlap, predicted, labelled = sums
    loss: Tensor = 1 - ((2 * overlap + 1) / (predicted + labelled + 1)).mean()
    return loss - loss.detach() * (1 - 1 / processes.count)


def loss_terms(
    trace: Trace,
    labels: Tensor,
    weights: Tensor,
    config: TrainConfig,
    processes: Processes,
    total: Tensor | None = None,
) -> dict[str, Tensor]:
    """Return this process's share of each term of the loss, weighted; they add up.

    Parameters
    ----------
    trace : Trace
        What the network made of this process's patches.
    labels : Tensor, shape (b, h, w), uint8
        Of the same patches.
    weights : Tensor, shape (C,)
        Of the classes.
    config : TrainConfig
        Weights of the terms; those of weight 0 are left out.
    processes : Processes
        Who else works on the global batch.
    total : Tensor, optional
        Summed weights of the global batch's labelled pixels, where these patches are
        only a part of what this process does of it.
    """
    logits = trace.logits.float()
    picked = pixel_weights(labels, weights)
    total = processes.total(picked.sum()) if total is None else total
    terms = {"cross_entropy": cross_entropy(logits, picked, total)}
    if config.dice:
        terms["dice"] = config.dice * dice_loss(logits, labels, processes)
    share = len(labels) / config.batch
    if config.fold_penalty and trace.warps:
        terms["fold"] = (
            config.fold_penalty
            * share
            * _mean(fold_penalty(warp) for warp in trace.warps)
        )
    if config.bending_penalty and trace.warps:
        terms["bending"] = (
            config.bending_penalty
            * share
            * _mean(bending_penalty(warp) for warp in trace.warps)
        )
    losses = [warp.round_trip for warp in trace.warps if warp.round_trip is not None]
    if config.resampling_penalty and losses:
        terms["resampling"] = config.resampling_penalty * share * _mean(losses)
    return terms


def _mean(values: Iterable[Tensor]) -> Tensor:
    return torch.stack(list(values)).mean()
