"""Tables: what stands in a cell, under a name with its unit."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from known_warps import affine, make_warp, shift

from dense_transformer.inspection import Chain, learned_patch, measure_levels
from dense_transformer.inspection.export import (
    write_displacement,
    write_fiducials,
    write_numbers,
    write_outlines,
    write_patches,
    write_table,
)

MOVED = Chain((make_warp(shift(1.5, -2.0)),))  # of 4 px: 6 and -8 px, 10 px in all


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_fiducials_of_a_translation_all_move_alike(tmp_path):
    table = rows(write_fiducials(tmp_path / "f.csv", [MOVED, MOVED], (4.6, 4.6)))
    assert len(table) == 2 * 4
    assert {row["tile"] for row in table} == {"1", "2"}
    for row in table:
        moved = [float(row[f"shift_{name}"]) for name in ("y_px", "x_px", "px", "nm")]
        np.testing.assert_allclose(moved, [6.0, -8.0, 10.0, 46.0], atol=1e-2)
        there = float(row["fiducial_y_px"]) - float(row["lattice_y_px"])
        assert there == pytest.approx(6.0, abs=2e-3)


def test_there_are_no_nanometres_without_a_pixel_size(tmp_path):
    path = write_fiducials(tmp_path / "f.csv", [MOVED])
    assert "nm" not in path.read_text()


def test_displacement_has_a_row_for_each_unit(tmp_path):
    table = rows(write_displacement(tmp_path / "d.csv", MOVED, tile=3))
    assert len(table) == 16 * 24
    last = table[-1]
    assert [last[k] for k in ("tile", "level", "row", "column")] == [
        "4", "3", "15", "23",
    ]  # fmt: skip
    assert (last["unit_y_px"], last["unit_x_px"]) == ("61.5", "93.5")
    assert (last["reads_y_px"], last["reads_x_px"]) == ("67.5", "85.5")


def test_a_magnification_by_two_reads_a_quarter_of_the_area(tmp_path):
    chain = Chain((make_warp(affine([[0.5, 0], [0, 0.5]], (7.5, 11.5))),))
    patches = [learned_patch(chain, (31.5, 47.5))]
    (row,) = rows(write_patches(tmp_path / "p.csv", patches, (10.0, 20.0)))
    assert float(row["area_px2"]) == pytest.approx(36.0, rel=1e-6)
    assert float(row["area_ratio"]) == pytest.approx(0.25, rel=1e-6)
    assert float(row["area_nm2"]) == pytest.approx(36.0 * 200.0, rel=1e-6)
    assert row["orientation_deg"] == "", "a square has none"
    assert row["folded"] == "0"
    corners = rows(write_outlines(tmp_path / "o.csv", patches))
    square = [r for r in corners if r["outline"] == "square"]
    assert {r["y_px"] for r in square} == {"25.5", "37.5"}


def test_numbers_stand_under_names_with_units(tmp_path):
    numbers = measure_levels(MOVED.warps, pixel_nm=(4.6, 4.6))
    (row,) = rows(write_numbers(tmp_path / "n.csv", [("brain, left", numbers)]))
    assert row["image"] == "brain, left"
    assert float(row["mean_px"]) == pytest.approx(10.0, abs=1e-4)
    assert float(row["mean_nm"]) == pytest.approx(46.0, abs=1e-3)
    assert row["saturated_share"] == "", "no bounds were given"


def test_cells_are_plain(tmp_path):
    path = write_table(
        tmp_path / "t.csv",
        ("a", "b"),
        [(True, None), (float("nan"), 1 / 3), (12345.6789, 2e-9), (-0.0, "x,\u00b5")],
    )
    assert path.read_bytes().decode() == (
        'a,b\n1,\n,0.333333\n12345.679,2e-09\n0,"x,\u00b5"\n'
    )
