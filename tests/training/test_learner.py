from __future__ import annotations

import dataclasses

import pytest
import torch

from dense_transformer.config import NetworkConfig, TrainConfig, TransformerConfig
from dense_transformer.data.patches import Batch
from dense_transformer.errors import DivergedError
from dense_transformer.training.learner import Learner
from dense_transformer.training.processes import Processes
from dense_transformer.training.state import pack_state, unpack_state

CPU = torch.device("cpu")


def learner(**changes):
    settings = {
        "network": NetworkConfig(
            depth=3,
            base_channels=4,
            transformers=(TransformerConfig(level=2, localisation_channels=4),),
        ),
        "batch": 2,
        "steps": 100,
        "schedule": "constant",
        "warmup": 0.0,
        "transformer_freeze": 0.0,
        "learning_rate": 1e-2,
    }
    config = TrainConfig(**(settings | changes))
    return Learner(config, CPU, torch.ones(config.network.classes), Processes())


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(4)
    pixels = torch.randn(2, 1, 32, 32, generator=generator)
    return Batch(pixels, (pixels[:, 0] > 0).to(torch.uint8) + 1)


def everything(model):
    return {name: value.clone() for name, value in model.network.state_dict().items()}


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_loss_falls_in_every_precision(batch, precision, optimiser):
    rate = {"adam": 1e-2, "sgd": 1e-1}[optimiser]
    model = learner(precision=precision, optimiser=optimiser, learning_rate=rate)
    losses = [model.learn(batch, step).loss for step in range(25)]
    assert losses[-1] < 0.6 * losses[0]
    assert all(p.dtype == torch.float32 for p in model.network.parameters())


def test_frozen_transformers_stay_and_then_move(batch):
    model = learner(transformer_freeze=0.03)
    before = [p.clone() for p in model.network.transformer_parameters()]
    for step in range(3):
        model.learn(batch, step)
    after = list(model.network.transformer_parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    model.learn(batch, 3)
    head = model.network.levels[1].pair.localisation.head.weight
    assert head.abs().max() > 0


def test_a_transformer_rate_of_zero_never_moves_them(batch):
    model = learner(transformer_rate=0.0)
    before = [p.clone() for p in model.network.transformer_parameters()]
    model.learn(batch, 50)
    after = list(model.network.transformer_parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_weights_decay_but_offsets_and_transformers_do_not(batch):
    plain, decayed = learner(weight_decay=0.0), learner(weight_decay=0.5)
    for model in (plain, decayed):
        model.learn(batch, 0)
    start = everything(learner())
    ours, theirs = everything(decayed), everything(plain)
    name = "levels.0.down1.conv.weight"
    lost = start[name] * (1e-2 * 0.5)  # rate times decay, of what it was before
    torch.testing.assert_close(theirs[name] - ours[name], lost, atol=1e-7, rtol=1e-3)
    for name in (
        "levels.0.down1.norm.bias",
        "head.bias",
        "levels.1.pair.localisation.conv.weight",
    ):
        assert torch.equal(ours[name], theirs[name])


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_a_step_with_a_bad_pixel_changes_nothing(batch, precision):
    model = learner(average=0.9, precision=precision)
    model.learn(batch, 0)
    before, optimiser = everything(model), str(model.optimiser.state_dict())
    averaged = {k: v.clone() for k, v in model.average.network.state_dict().items()}
    bad = Batch(batch.pixels.clone(), batch.labels)
    bad.pixels[0, 0, 5, 5] = float("nan")
    report = model.learn(bad, 1)
    assert report.fault
    assert same(before, everything(model))
    assert same(averaged, model.average.network.state_dict())
    assert str(model.optimiser.state_dict()) == optimiser
    assert not model.learn(batch, 2).fault


def test_fiducials_that_diverge_skip_the_step(batch, monkeypatch):
    model = learner()
    before = everything(model)

    def diverge(*args, **kwargs):
        raise DivergedError("fiducials of level 2 are not finite")

    monkeypatch.setattr(model.network, "trace", diverge)
    report = model.learn(batch, 0)
    assert report.fault == "fiducials of level 2 are not finite"
    assert same(before, everything(model))


def test_gradients_that_are_not_finite_skip_the_step(batch):
    model = learner()
    weight = model.network.head.weight
    weight.register_hook(lambda gradient: gradient * float("inf"))
    before = everything(model)
    assert "gradient norm" in model.learn(batch, 0).fault
    assert same(before, everything(model))


def test_an_overflow_in_half_precision_lowers_the_scale_and_is_no_fault(batch):
    model = learner(precision="float16")
    weight = model.network.head.weight
    hook = weight.register_hook(lambda gradient: gradient * float("inf"))
    before, scale = everything(model), model.scaler.get_scale()
    report = model.learn(batch, 0)
    assert not report.fault
    assert model.scaler.get_scale() == scale / 2
    assert torch.equal(before["head.weight"], model.network.head.weight)
    hook.remove()
    model.learn(batch, 1)
    assert not torch.equal(before["head.weight"], model.network.head.weight)


def test_gradients_are_cut_at_the_norm(batch):
    # With SGD and no momentum yet, a step is rate times (1 + 0.9) gradients.
    model = learner(optimiser="sgd", gradient_norm=1e-3, weight_decay=0.0)
    before = everything(model)
    report = model.learn(batch, 0)
    assert report.gradient_norm > 1e-2
    names = [name for name, _ in model.network.named_parameters()]
    moved = torch.cat(
        [(model.network.state_dict()[n] - before[n]).flatten() for n in names]
    )
    # ... and transformers, whose head alone has a gradient, go at 0.1 of the rate.
    assert moved.norm() <= 1e-2 * 1.9 * 1e-3 * 1.001
    assert moved.norm() > 1e-2 * 1.9 * 1e-3 * 0.5


def test_the_average_follows_its_formula(batch):
    model = learner(average=0.9)
    name = "head.weight"
    expected = model.network.state_dict()[name].clone()
    for step in range(12):
        model.learn(batch, step)
        share = min(0.9, (1 + step) / (10 + step))
        new = model.network.state_dict()[name]
        expected = share * expected + (1 - share) * new
    torch.testing.assert_close(model.model.state_dict()[name], expected)
    assert not torch.allclose(model.network.state_dict()[name], expected)


def test_state_goes_on_bit_for_bit(batch):
    settings = {"average": 0.8, "precision": "float16", "transformer_freeze": 0.03}
    one = learner(**settings)
    for step in range(2):
        one.learn(batch, step)
    other = learner(**settings, seed=9)
    other.load(unpack_state(pack_state(one.state()), "state"))
    for step in range(2, 6):
        assert one.learn(batch, step) == other.learn(batch, step)
    assert same(everything(one), everything(other))
    assert same(one.model.state_dict(), other.model.state_dict())


def test_training_asks_samplers_to_repeat_but_the_model_keeps_its_choice():
    model = learner(deterministic=True)
    assert model.network.levels[1].pair.deterministic
    assert not model.network.config.deterministic
    loose = learner(deterministic=False)
    assert not loose.network.levels[1].pair.deterministic


def test_penalties_are_reported_as_terms_that_add_up(batch):
    model = learner(
        dice=0.5, fold_penalty=2.0, bending_penalty=0.1, resampling_penalty=0.3
    )
    report = model.learn(batch, 0)
    terms = dict(report.terms)
    assert set(terms) == {"cross_entropy", "dice", "fold", "bending", "resampling"}
    assert report.loss == pytest.approx(sum(terms.values()), rel=1e-6)


def test_a_plain_network_has_no_penalties(batch):
    config = NetworkConfig(depth=3, base_channels=4)
    model = learner(network=config, bending_penalty=1.0, resampling_penalty=1.0)
    assert dict(model.learn(batch, 0).terms).keys() == {"cross_entropy"}
    assert dataclasses.replace(config) == model.network.config
