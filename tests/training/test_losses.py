from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn import functional as nnf

from dense_transformer.config import TrainConfig
from dense_transformer.data import Pair
from dense_transformer.nn import Trace
from dense_transformer.training import losses
from dense_transformer.training.losses import (
    class_weights,
    cross_entropy,
    dice_loss,
    loss_terms,
    pixel_weights,
)
from dense_transformer.training.processes import Processes


@pytest.fixture
def scene():
    generator = torch.Generator().manual_seed(2)
    logits = torch.randn(3, 4, 5, 6, generator=generator, requires_grad=True)
    labels = torch.randint(0, 5, (3, 5, 6), generator=generator, dtype=torch.uint8)
    return logits, labels


def test_cross_entropy_is_that_of_torch_with_ignore_and_weights(scene):
    logits, labels = scene
    weights = torch.tensor([0.5, 2.0, 1.0, 0.1])
    picked = pixel_weights(labels, weights)
    ours = cross_entropy(logits, picked, picked.sum())
    theirs = nnf.cross_entropy(
        logits, labels.long() - 1, weights, ignore_index=-1, reduction="mean"
    )
    torch.testing.assert_close(ours, theirs)


def test_ignored_pixels_get_no_gradient(scene):
    logits, labels = scene
    terms = loss_terms(
        Trace(logits, ()), labels, torch.ones(4), TrainConfig(dice=1.0), Processes()
    )
    sum(terms.values()).backward()
    ignored = (labels == 0).unsqueeze(1).expand_as(logits)
    assert (logits.grad[ignored] == 0).all()
    assert (logits.grad[~ignored] != 0).any()


def test_a_batch_without_labels_costs_nothing():
    logits = torch.randn(1, 2, 3, 3, requires_grad=True)
    labels = torch.zeros(1, 3, 3, dtype=torch.uint8)
    terms = loss_terms(
        Trace(logits, ()), labels, torch.ones(2), TrainConfig(batch=1), Processes()
    )
    assert terms["cross_entropy"].item() == 0
    terms["cross_entropy"].backward()
    assert (logits.grad == 0).all()


def test_dice_of_a_table_counted_by_hand():
    # Four pixels, one ignored; class 2 is right once and wrong once.
    labels = torch.tensor([[[2, 1], [2, 0]]], dtype=torch.uint8)
    big = 100.0
    logits = torch.tensor([[[[0.0, big], [big, 0.0]], [[big, 0.0], [0.0, big]]]])
    # class 1: overlap 1, predicted 2, labelled 1; class 2: overlap 1, 1, 2.
    expected = 1 - ((2 + 1) / (2 + 1 + 1) + (2 + 1) / (1 + 2 + 1)) / 2
    assert dice_loss(logits, labels, Processes()).item() == pytest.approx(expected)


class TwoProcesses(Processes):
    """The first of two; what the other would add is kept in a list, by call."""

    def __init__(self, others):
        object.__setattr__(self, "rank", 0)
        object.__setattr__(self, "count", 2)
        object.__setattr__(self, "others", others)

    __slots__ = ("others",)

    def total(self, value):
        return value + self.others.pop(0)


class Recorder(Processes):
    """One process alone that notes what it would have told the others."""

    def __init__(self):
        object.__setattr__(self, "rank", 0)
        object.__setattr__(self, "count", 2)
        object.__setattr__(self, "told", [])

    __slots__ = ("told",)

    def total(self, value):
        self.told.append(value.detach().clone())
        return value


def test_gradients_of_two_shares_are_those_of_the_whole_batch(scene):
    logits, labels = scene
    config = TrainConfig(batch=3, dice=0.7)
    weights = torch.tensor([1.0, 3.0, 1.0, 0.5])
    whole = loss_terms(Trace(logits, ()), labels, weights, config, Processes())
    (expected,) = torch.autograd.grad(sum(whole.values()), logits)

    shares = [slice(0, 1), slice(1, 3)]
    told = []
    for share in shares:
        recorder = Recorder()
        loss_terms(Trace(logits[share], ()), labels[share], weights, config, recorder)
        told.append(recorder.told)
    total, gradient = 0.0, torch.zeros_like(logits)
    for share, others in zip(shares, reversed(told), strict=True):
        terms = loss_terms(
            Trace(logits[share], ()),
            labels[share],
            weights,
            config,
            TwoProcesses(others),
        )
        loss = sum(terms.values())
        total += loss.item()
        gradient += torch.autograd.grad(loss, logits)[0]
    torch.testing.assert_close(gradient, expected)
    assert total == pytest.approx(sum(whole.values()).item(), rel=1e-6)


def test_penalties_of_two_shares_add_up_to_that_of_the_batch(scene, monkeypatch):
    logits, labels = scene
    # A warp's penalty is a mean over the samples of its share.
    monkeypatch.setattr(losses, "fold_penalty", lambda warp: warp.folds.mean())
    config = TrainConfig(batch=3, fold_penalty=2.0)
    folds = torch.tensor([1.0, 4.0, 7.0])
    shares = [slice(0, 1), slice(1, 3)]
    terms = [
        loss_terms(
            Trace(
                logits[share], (SimpleNamespace(folds=folds[share], round_trip=None),)
            ),
            labels[share],
            torch.ones(4),
            config,
            Recorder(),
        )["fold"]
        for share in shares
    ]
    assert sum(terms).item() == pytest.approx(2.0 * 4.0)


def labelled(*counts):
    labels = np.repeat(np.arange(len(counts)), counts).astype(np.uint8)[None]
    return Pair("a", np.zeros((1, *labels.shape), np.float32), labels)


def test_balance_of_one_gives_every_class_the_same_total_weight():
    pairs = [labelled(7, 10, 30), labelled(0, 20, 0)]  # 7 ignored, 30 and 30
    torch.testing.assert_close(class_weights(pairs, 2, 1.0), torch.ones(2))
    weights = class_weights([labelled(5, 10, 90)], 2, 1.0)
    assert weights[0] * 10 == pytest.approx(float(weights[1]) * 90)
    assert weights[0] * 10 + weights[1] * 90 == pytest.approx(100)


def test_balance_of_zero_counts_every_pixel_alike():
    weights = class_weights([labelled(5, 10, 90)], 2, 0.0)
    torch.testing.assert_close(weights, torch.ones(2))


def test_a_class_that_no_pixel_has_weighs_nothing():
    weights = class_weights([labelled(5, 10, 0, 30)], 3, 0.5)
    assert weights[1] == 0
    assert torch.isfinite(weights).all()
