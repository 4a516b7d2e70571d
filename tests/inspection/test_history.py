"""A run told from its events: curves, previews and when a warp went wrong."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from dense_transformer.config import NetworkConfig, TrainConfig, TransformerConfig
from dense_transformer.data import Pair
from dense_transformer.errors import RunError
from dense_transformer.inspection import Chain, read_history, read_preview
from dense_transformer.inspection.rewarp import make_warp
from dense_transformer.training.preview_file import pack_preview

STEPS = 1000  # of the runs here; transformers start to learn at step 100
ALIVE = {
    "level": 2, "shift": 0.02, "largest_shift": 0.07, "saturation": 0.0,
    "spread": 0.015, "folded": 0.0, "coverage_mean": 1.0, "holes": 0.0, "tiles": 9,
}  # fmt: skip


def write_run(folder, health, *, every=100, extra=()):
    """Write a run whose validation number i has the figures of `health[i]`."""
    network = NetworkConfig(depth=3, transformers=(TransformerConfig(level=2),))
    config = TrainConfig(network=network, steps=STEPS, transformer_freeze=0.1)
    (folder / "previews").mkdir(parents=True)
    record = {"config": config.to_dict(), "data": []}
    (folder / "config.json").write_text(json.dumps(record))
    events = [{"event": "start", "step": 0}]
    for index, changes in enumerate(health):
        step = (index + 1) * every
        events.append({
            "event": "step", "step": step, "loss": 1.0 / step, "terms": {},
            "gradient_norm": 2.0, "learning_rate": 0.1,
        })  # fmt: skip
        events.append({
            "event": "validation", "step": step, "loss": 2.0 / step,
            "scores": {"f1": step / 2000, "auc": None}, "health": [ALIVE | changes],
            "best": True,
        })  # fmt: skip
    lines = [json.dumps(e) for e in (*events, *extra)]
    (folder / "events.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def alarms_of(folder):
    return [(a.kind, a.level, a.step, a.until) for a in read_history(folder).alarms]


def test_curves_are_what_the_events_say(tmp_path):
    skip = {"event": "skip", "step": 301, "loss": None, "reason": "NaN"}
    end = {"event": "end", "step": 301, "reason": "stopped"}
    history = read_history(write_run(tmp_path / "run", [{}] * 3, extra=(skip, end)))
    assert history.loss.steps.tolist() == [100, 200, 300]
    np.testing.assert_allclose(history.loss.values, [0.01, 0.005, 1 / 300])
    np.testing.assert_allclose(history.validation_loss.values, [0.02, 0.01, 2 / 300])
    np.testing.assert_allclose(history.f1.values, [0.05, 0.1, 0.15])
    assert np.isnan(history.auc.values).all()
    assert (history.step, history.steps, history.frozen_until) == (301, STEPS, 100)
    assert history.skipped == (301,)
    assert history.ending == "stopped"
    (level,) = history.levels
    assert level.level == 2
    np.testing.assert_allclose(level.spread, 0.015)
    assert history.alarms == ()


def test_a_warp_that_falls_back_to_the_identity_has_collapsed(tmp_path):
    health = [{"shift": 0.02}] * 3 + [{"shift": 0.0019}] * 2 + [{"shift": 0.0021}]
    run = write_run(tmp_path / "run", health)
    assert alarms_of(run) == [("collapsed", 2, 400, 600)]
    (alarm,) = read_history(run).alarms
    assert (alarm.value, alarm.threshold) == (0.0019, 0.002)
    assert "Step 400, level 2" in alarm.words


def test_a_warp_that_never_woke_has_collapsed_once_it_had_time(tmp_path):
    """Frozen to step 100, and 5 % of the run to wake."""
    run = write_run(tmp_path / "run", [{"shift": 0.0, "spread": 0.0}] * 4)
    assert alarms_of(run) == [("collapsed", 2, 200, None)]


@pytest.mark.parametrize(
    ("kind", "name", "quiet", "loud"),
    [
        ("folds", "folded", 0.001, 0.0011),
        ("saturated", "saturation", 0.25, 0.26),
        ("constant", "spread", 0.0031, 0.0029),  # 0.15 of a shift of 0.02
    ],
)
def test_every_alarm_has_its_threshold(tmp_path, kind, name, quiet, loud):
    health = [{}, {name: quiet}, {name: loud}, {name: loud}, {}]
    run = write_run(tmp_path / "run", health)
    assert alarms_of(run) == [(kind, 2, 300, 500)]
    assert alarms_of(write_run(tmp_path / "quiet", [{name: quiet}] * 5)) == []


def test_an_alarm_tells_the_worst_of_its_time(tmp_path):
    health = [{}] + [{"folded": f} for f in (0.01, 0.2, 0.05)]
    (alarm,) = read_history(write_run(tmp_path / "run", health)).alarms
    assert alarm.value == 0.2
    assert alarm.until is None


def test_figures_that_are_missing_are_no_alarm(tmp_path):
    health = [{}, {"spread": None, "folded": None}, {}]
    failed = {"event": "validation", "step": 350, "reason": "not finite"}
    run = write_run(tmp_path / "run", health, extra=(failed,))
    history = read_history(run)
    assert history.alarms == ()
    assert np.isnan(history.levels[0].spread[1])
    assert np.isnan(history.validation_loss.values[-1])


def test_a_run_can_be_read_while_it_is_written(tmp_path):
    """A line that is still being written, and one that is damaged, are not there."""
    run = write_run(tmp_path / "run", [{}] * 2)
    with open(run / "events.jsonl", "a") as file:
        file.write('[1]\n{"event": "step", "step": 250, "lo')
    history = read_history(run)
    assert history.step == 200
    assert history.ending == ""


def test_hostile_events_do_no_harm(tmp_path):
    odd = [
        {"event": "validation", "step": 300, "health": "none", "scores": 3},
        {"event": "validation", "step": 300, "health": [7, {"level": "x"}]},
        {"event": "step", "step": 300, "loss": "much", "learning_rate": [1]},
    ]
    history = read_history(write_run(tmp_path / "run", [{}], extra=odd))
    assert np.isnan(history.loss.values[-1])
    assert len(history.levels) == 1


def test_what_is_no_run_is_refused(tmp_path):
    (tmp_path / "file").touch()
    for name in ("nothing", "file", "."):
        with pytest.raises(RunError, match="there is no run"):
            read_history(tmp_path / name)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(RunError, match="damaged"):
        read_history(tmp_path)


def test_a_preview_comes_back_with_the_warps_of_then(tmp_path):
    run = write_run(tmp_path / "run", [{}] * 2)
    rng = np.random.default_rng(0)
    tiles = [(0, 0, 32, 32), (0, 16, 32, 48)]
    warps = [
        make_warp(
            level, "tps", (4, 4), rng.normal(0, 0.05, 32), (16, 16), (16, 16), tile
        )
        for tile in tiles
        for level in (1, 2)
    ]
    image = rng.uniform(-1, 1, (1, 32, 48)).astype(np.float32)
    pair = Pair(pixels=image, labels=np.ones((32, 48), np.uint8), name="x")
    packed = pack_preview(pair, np.full((32, 48), 0.2), warps)
    (run / "previews" / "00000200.npz").write_bytes(packed)
    (run / "previews" / "00000100.png").touch()
    (run / "previews" / "notes.txt").touch()
    old, new = read_history(run).previews
    assert (old.step, old.data, new.step, new.picture) == (100, None, 200, None)
    preview = read_preview(new)
    assert preview.scale == (1.0, 1.0)
    assert (preview.probability == 51).all()
    for before, after in zip(warps, preview.warps, strict=True):
        assert (before.level, before.tile_px) == (after.level, after.tile_px)
        for name in ("theta", "lattice", "fiducials", "points", "coverage"):
            np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
    assert Chain(preview.warps[:2]).levels == (1, 2)
    with pytest.raises(RunError, match="picture only"):
        read_preview(old)
    with pytest.raises(RunError, match="can't be read"):
        read_preview(replace(new, data=run / "gone.npz"))


def test_a_large_image_is_kept_small_and_its_scale_told(tmp_path):
    pair = Pair("x", np.zeros((1, 900, 1536), np.float32), np.ones((900, 1536)))
    packed = pack_preview(pair, np.zeros((900, 1536)), [])
    run = write_run(tmp_path / "run", [{}])
    (run / "previews" / "00000100.npz").write_bytes(packed)
    preview = read_preview(read_history(run).previews[0])
    assert preview.probability.shape == preview.image.shape == (450, 768)
    assert preview.scale == (2.0, 2.0)
