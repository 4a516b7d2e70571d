"""What is given up where memory is short, step by step."""

from __future__ import annotations

import pytest

from dense_transformer.errors import DeviceError
from dense_transformer.teaching.probe import Probe, Rung, next_rung


def test_the_ladder_leads_from_parts_to_patches_to_the_cpu():
    rung = first = Rung(1, (224, 160), "cuda")
    seen = []
    for _ in range(9):
        rung = next_rung(rung, first, 4, 16)
        seen.append((rung.pieces, *rung.patch, rung.device))
    assert seen == [
        (2, 224, 160, "cuda"),
        (4, 224, 160, "cuda"),
        (4, 112, 80, "cuda"),
        (4, 64, 80, "cuda"),
        (1, 224, 160, "cpu"),
        (2, 224, 160, "cpu"),
        (4, 224, 160, "cpu"),
        (4, 112, 80, "cpu"),
        (4, 64, 80, "cpu"),
    ]
    with pytest.raises(DeviceError, match="not enough memory"):
        next_rung(rung, first, 4, 16)


def test_what_is_left_is_told_in_seconds():
    assert Probe(0.5, 3 * 2**30).describe(90) == (
        "0.50 s per step, 3.0 GiB: about 45 s for 90 steps"
    )
    assert "GiB" not in Probe(0.5, 0).describe(90)
