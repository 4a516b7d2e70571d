"""Garbage is not looked for while work is on, and as before afterwards."""

from __future__ import annotations

import gc
import weakref

import pytest

from napari_dtn.collector import QuietCollector

pytestmark = pytest.mark.usefixtures("real_collector")


class Knot:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.own = self


def test_all_is_as_before_when_the_last_holder_lets_go():
    usual, frozen = gc.get_threshold(), gc.get_freeze_count()
    first, second = QuietCollector(), QuietCollector()
    first.hold()
    second.hold()
    assert gc.get_threshold()[2] > 10 * usual[2]
    assert gc.get_freeze_count() > frozen
    first.let_go()
    first.let_go()
    assert gc.get_threshold()[2] > 10 * usual[2]
    second.let_go()
    assert gc.get_threshold() == usual
    assert gc.get_freeze_count() == 0


def test_what_dies_young_is_collected_meanwhile():
    quiet = QuietCollector()
    quiet.hold()
    try:
        gone = weakref.ref(Knot())
        kept = [[] for _ in range(2 * gc.get_threshold()[0])]
        assert gone() is None, len(kept)
    finally:
        quiet.let_go()
