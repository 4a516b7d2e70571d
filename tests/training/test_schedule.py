from __future__ import annotations

import pytest
import torch

from dense_transformer.config import TrainConfig
from dense_transformer.training.schedule import learning_rate, transformer_rate


@pytest.mark.parametrize("warmup", [0.1, 0.3])
def test_one_cycle_is_that_of_torch(warmup):
    steps = 40
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.SGD([parameter], 1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=0.02, total_steps=steps, pct_start=warmup
    )
    ours = TrainConfig(learning_rate=0.02, warmup=warmup, steps=steps)
    for step in range(steps):
        assert learning_rate(ours, step) == pytest.approx(
            optimiser.param_groups[0]["lr"], rel=1e-9
        )
        optimiser.step()
        if step + 1 < steps:
            theirs.step()


def test_constant_rises_in_equal_parts_and_stays():
    config = TrainConfig(
        learning_rate=1.0, schedule="constant", warmup=0.4, steps=10, batch=1
    )
    rates = [learning_rate(config, step) for step in range(10)]
    assert rates == pytest.approx([0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1, 1])


def test_cosine_is_at_half_its_peak_half_way_down():
    config = TrainConfig(learning_rate=1.0, schedule="cosine", warmup=0.2, steps=10)
    assert learning_rate(config, 2) == 1.0
    assert learning_rate(config, 6) == pytest.approx(0.5)


@pytest.mark.parametrize("schedule", ["constant", "cosine", "one-cycle"])
@pytest.mark.parametrize("warmup", [0.0, 1.0])
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_extreme_settings_give_rates_up_to_the_peak(schedule, warmup, steps):
    config = TrainConfig(
        learning_rate=0.5, schedule=schedule, warmup=warmup, steps=steps
    )
    for step in range(steps):
        assert 0 <= learning_rate(config, step) <= 0.5 * (1 + 1e-12)


def test_transformers_stay_frozen_then_rise_to_their_share():
    config = TrainConfig(
        learning_rate=1.0,
        schedule="constant",
        steps=100,
        warmup=0.1,
        transformer_freeze=0.2,
        transformer_rate=0.5,
    )
    rates = [transformer_rate(config, step) for step in range(100)]
    assert rates[:20] == [0.0] * 20
    assert rates[20] == pytest.approx(0.05)
    assert rates[29:] == pytest.approx([0.5] * 71)
