"""A training's curves and alarms, as a figure and a page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dense_transformer.inspection.alarms import find_alarms
from dense_transformer.inspection.curves import Curve, LevelHistory
from dense_transformer.inspection.export.curve_figure import Band, Line, draw_curves
from dense_transformer.inspection.export.drawing import Paths, Text
from dense_transformer.inspection.export.training_report import verdict, write_history
from dense_transformer.inspection.history import RunHistory

STEPS = np.arange(0, 1001, 100)


def history_of(shift: np.ndarray, folded: np.ndarray) -> RunHistory:
    """Return a run whose loss falls while its transformer does what is given."""
    nothing = np.zeros(len(STEPS))
    level = LevelHistory(
        4, STEPS, shift, 2 * shift, nothing, shift, folded, nothing + 1, nothing
    )
    curve = Curve(STEPS, np.linspace(1.0, 0.1, len(STEPS)))
    f1 = Curve(STEPS, np.linspace(0.5, 0.9, len(STEPS)))
    alarms = find_alarms([level], frozen_until=0, steps=1000)
    return RunHistory(
        Path("run"), "small", 1000, 1000, 0, "finished", curve, curve, curve, (),
        curve, f1, f1, (level,), (), alarms,
    )  # fmt: skip


def test_a_curve_runs_from_corner_to_corner():
    line = Line("loss", np.array([0, 50, 100]), np.array([1.0, 0.5, 0.0]))
    drawing = draw_curves([line], "loss")
    (curve,) = (m for m in drawing.marks if isinstance(m, Paths) and m.width == 1.0)
    assert curve.clip is not None
    top, left, bottom, right = curve.clip
    expected = [[top, left], [(top + bottom) / 2, (left + right) / 2], [bottom, right]]
    np.testing.assert_allclose(curve.lines[0], expected)


def test_a_curve_has_a_gap_where_there_is_no_value():
    values = np.array([1.0, 0.9, np.nan, 0.5, 0.4])
    drawing = draw_curves([Line("f1", np.arange(5), values)], "score")
    (curve,) = (m for m in drawing.marks if isinstance(m, Paths) and m.width == 1.0)
    assert [len(piece) for piece in curve.lines] == [2, 2]


def test_a_time_of_alarm_covers_its_steps():
    line = Line("loss", np.array([0, 100]), np.array([1.0, 0.0]))
    drawing = draw_curves([line], "loss", [Band("folds", 25.0, 50.0)])
    (band,) = (m for m in drawing.marks if isinstance(m, Paths) and m.opacity < 1)
    (curve,) = (m for m in drawing.marks if isinstance(m, Paths) and m.width == 1.0)
    assert curve.clip is not None
    _, left, _, right = curve.clip
    x = band.lines[0][:, 1]
    assert x.min() == pytest.approx(left + 0.25 * (right - left))
    assert x.max() == pytest.approx(left + 0.5 * (right - left))
    assert "folds" in [m.words for m in drawing.marks if isinstance(m, Text)]


def test_no_values_at_all_are_drawn_as_an_empty_frame():
    empty = Line("loss", np.zeros(0, int), np.zeros(0))
    assert draw_curves([empty], "loss").marks


def test_alarms_are_said_marked_and_listed(tmp_path):
    folded = np.where(STEPS >= 600, 0.02, 0.0)
    history = history_of(np.full(len(STEPS), 0.02), folded)
    words = verdict(history)
    assert words[1] == "The best F1 on validation is 0.9000, at step 1000."
    assert words[2].startswith("Step 600, level 4: 2 % of space is turned over")
    files = {path.name: path for path in write_history(history, tmp_path, ("svg",))}
    assert "level 4: folds" in files["loss.svg"].read_text()
    header, row = files["alarms.csv"].read_text().splitlines()
    assert dict(zip(header.split(","), row.split(",", 6), strict=True))["step"] == "600"
    assert "The transformer at level 4" in files["training.html"].read_text()


def test_a_training_without_alarms_says_so():
    steady = history_of(np.full(len(STEPS), 0.02), np.zeros(len(STEPS)))
    assert verdict(steady)[-1].startswith("No transformer collapsed")
