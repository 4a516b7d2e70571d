"""Which weights are kept: of few pixels clearly better ones, of many any."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from dense_transformer.config import TeachConfig
from dense_transformer.data import DataSet, Pair
from dense_transformer.teaching import session as session_module
from dense_transformer.teaching.held_out import CLEAR, SPARE, has_many_places
from dense_transformer.teaching.keeping import BESIDE, Judged, Keeping
from dense_transformer.teaching.session import TeachSession
from dense_transformer.work import finish

FEW, MANY = CLEAR, 0.0  # differences of merit that may be chance


def strips_of(pixels: int) -> DataSet:
    """Return as much held out, of each class half."""
    labels = np.zeros((80, 80), np.uint8)
    labels.flat[:pixels] = 1 + np.arange(pixels) % 2
    return DataSet((), (Pair("p", np.zeros((1, 80, 80), np.float32), labels),))


def begun(merit: float, base_merit: float = 1.0, loss: float = 0.2) -> Keeping:
    keeping = Keeping(base_merit=base_merit)
    keeping.begin(Judged(0.0, merit, loss))
    return keeping


@pytest.mark.parametrize(
    ("base_merit", "before"),
    [(0.95, 0.9), (0.6, 0.6), (0.86, 0.9)],
    ids=["right", "wrong on many annotations", "wrong on some"],
)
def test_few_pixels_have_to_be_gained_clearly_and_many_not(base_merit, before):
    """What is held out, of which it has 0.9, it may have right by chance."""
    keeping = begun(0.9, base_merit)
    assert keeping.to_beat(FEW) == pytest.approx(before + CLEAR)
    assert keeping.to_beat(MANY) == pytest.approx(0.9 + BESIDE)


def test_of_many_pixels_the_more_is_new_the_more_has_to_be_gained_at_first():
    """Strips lie beside the patches: a little is gained there, and lost elsewhere."""
    small = {20: {1.0: 0.9 + 0.9 * BESIDE, 0.5: 0.9 + 0.6 * BESIDE, 0.25: 0.9}}
    assert chosen(begun(0.9), small, MANY) == [(20, 0.5)]
    keeping = begun(0.9)
    merits = {20: {1.0: 0.904}, 40: {1.0: 0.906}, 60: {1.0: 0.9061}, 80: {1.0: 0.906}}
    assert chosen(keeping, merits, MANY) == [(40, 1.0), (60, 1.0)]
    assert keeping.untaught == 0.9


@pytest.mark.parametrize(
    ("pixels", "zoom", "slack"), [(400, 1.0, CLEAR), (6400, 1.0, 0), (6400, 2.0, CLEAR)]
)
def test_what_may_be_chance_depends_on_the_pixels_that_were_annotated(
    pixels, zoom, slack
):
    session = object.__new__(TeachSession)
    session.zoomed = zoom  # of 2.0: four pixels are one that was annotated
    assert session._slack(strips_of(pixels)) == slack


@pytest.mark.parametrize(
    ("before", "loss", "surer"),
    [(0.2, 0.09, True), (0.2, 0.11, False), (0.03, 0.012, False)],
)
def test_of_few_pixels_half_is_kept_of_what_is_as_right_and_much_surer(
    before, loss, surer
):
    for lost, kept in ((0.9 * SPARE, surer), (1.1 * SPARE, False)):
        keeping = begun(0.99, 0.99, before)
        merits = {20: {1.0: 0.99 - lost, 0.5: 0.99 - lost}}
        assert chosen(keeping, merits, FEW, loss) == ([(20, 0.5)] if kept else [])
        assert chosen(begun(0.99, 0.99, before), merits, MANY, loss) == []


def test_nothing_counts_as_surer_in_a_run_that_was_begun_before_that_was_noted():
    """Its state says nothing of losses, nor of halves."""
    session = object.__new__(TeachSession)
    session.best_merit, session.keeping = 0.99, Keeping(base_merit=0.99)
    state = {"begun": True, "before": {}, "best_share": 0, "best_step": 0, "peak": 0}
    session.take_state(state)
    assert session.keeping.untaught == 0.99
    assert chosen(session.keeping, {20: {1.0: 0.99, 0.5: 0.99}}, FEW, 1e-6) == []


def test_what_was_kept_is_known_again_from_a_save():
    session, again = object.__new__(TeachSession), object.__new__(TeachSession)
    session.begun, session.before = True, {"auc": 0.9}
    session.keeping = begun(0.9)
    session.keeping.choose([Judged(0.5, 0.905, 0.15)], 20, FEW)
    again.best_merit, again.keeping = 0.905, Keeping(base_merit=1.0)
    again.take_state(session.more_state())
    assert again.keeping == session.keeping
    assert again.keeping.half


@pytest.mark.parametrize(
    ("slack", "kept"),
    [(FEW, [(20, 1.0), (40, 1.0), (80, 0.5)]), (MANY, [(20, 0.5), (80, 0.5)])],
)
def test_of_weights_that_few_pixels_cannot_tell_apart_the_last_are_kept(slack, kept):
    """Merits are those of two mixtures at four steps, the start has 0.9."""
    merits = {
        20: {1.0: 0.945, 0.5: 0.950},  # 0.005 apart
        40: {1.0: 0.940, 0.5: 0.930},  # 0.005 below the peak
        60: {1.0: 0.930, 0.5: 0.929},  # clearly below it
        80: {1.0: 0.930, 0.5: 0.951},  # mixed is clearly better
    }
    assert chosen(begun(0.9, 0.9, 0.1), merits, slack) == kept


def chosen(keeping, merits, slack, loss=0.15, many=False):
    """Return step and share of all that were the best when they were judged."""
    found = []
    for step, shares in merits.items():
        judged = [Judged(share, merit, loss) for share, merit in shares.items()]
        one, to_beat = keeping.choose(judged, step, slack, many=many)
        if one.merit > to_beat:
            assert (keeping.share, keeping.step, keeping.merit) == (
                one.share,
                step,
                one.merit,
            )
            found.append((step, one.share))
    return found


def test_of_what_is_only_a_little_better_half_is_kept():
    merits = {
        20: {1.0: 0.908, 0.5: 0.900, 0.25: 0.902},  # half is no better
        40: {1.0: 0.896, 0.5: 0.901, 0.25: 0.905},  # it is, the whole is not
        60: {1.0: 0.909, 0.5: 0.9005, 0.25: 0.9},  # less so, but it has learned more
        80: {1.0: 0.899, 0.5: 0.899, 0.25: 0.899},
    }
    keeping = begun(0.9)
    assert chosen(keeping, merits, FEW) == [(40, 0.5), (60, 0.5)]
    assert keeping.half
    assert keeping.losses == (0.2, 0.15)
    assert chosen(begun(0.9), {20: {1.0: 0.908}}, FEW) == []  # none is mixed


def test_what_is_as_right_and_much_surer_of_many_places_is_kept_whole():
    merits = {20: {1.0: 0.9 - 0.9 * SPARE, 0.5: 0.9}, 40: {1.0: 0.893, 0.5: 0.894}}
    keeping = begun(0.9)
    assert chosen(keeping, merits, FEW, loss=0.09, many=True) == [(20, 1.0), (40, 1.0)]
    assert chosen(begun(0.9), merits, FEW, loss=0.09) == [(20, 0.5)]
    assert chosen(begun(0.9), merits, FEW, loss=0.11, many=True) == []


@pytest.mark.parametrize(("strokes", "many"), [(9, False), (10, True)])
def test_places_are_counted_in_all_that_is_held_out(strokes, many):
    labels = np.zeros((30, 40), np.uint8)
    labels[1:13, 1 : 4 * strokes : 4] = 1
    labels[13:21, 1 : 4 * strokes : 4] = 2  # the same stroke, 20 px in all
    rest = np.zeros((30, 40), np.uint8)
    rest[1:20:2] = 1
    rest[:, 19::20] = 0  # dots and dashes of 19 px don't count
    pairs = tuple(
        Pair("p", np.zeros((1, 30, 40), np.float32), x) for x in (labels, rest)
    )
    assert has_many_places(pairs) is many


def test_half_is_kept_only_of_what_is_surer_too():
    merits = {20: {1.0: 0.908, 0.5: 0.905}}
    assert chosen(begun(0.9), merits, FEW, loss=0.159) == [(20, 0.5)]
    assert chosen(begun(0.9), merits, FEW, loss=0.161) == []
    merits = {20: {1.0: 0.911, 0.5: 0.905}}  # clearly better
    assert chosen(begun(0.9), merits, FEW, loss=0.161) == [(20, 1.0)]


def test_what_is_clearly_better_takes_the_place_of_a_half_and_stays():
    merits = {
        20: {1.0: 0.909, 0.5: 0.905},
        40: {1.0: 0.920, 0.5: 0.911},
        60: {1.0: 0.905, 0.5: 0.904},
    }
    keeping = begun(0.9)
    assert chosen(keeping, merits, FEW) == [(20, 0.5), (40, 1.0)]
    assert not keeping.half


def test_a_mixture_that_alone_is_clearly_better_is_no_half():
    merits = {20: {1.0: 0.908, 0.5: 0.915, 0.25: 0.912}}
    keeping = begun(0.9)
    assert chosen(keeping, merits, FEW) == [(20, 0.5)]
    assert not keeping.half


def test_a_half_is_kept_of_few_pixels_only():
    merits = {20: {1.0: 0.907, 0.5: 0.903}, 40: {1.0: 0.904, 0.5: 0.908}}
    assert chosen(begun(0.9), merits, MANY) == [(20, 1.0), (40, 0.5)]


def test_the_mixture_that_was_chosen_is_what_is_noted(monkeypatch):
    session = object.__new__(TeachSession)
    session.zoomed, session.step, session.base, session.patched = 1.0, 20, {}, 0.0
    session.teach = TeachConfig(mixes=(0.5, 1.0))
    session.keeping, session.learner = begun(0.9), SimpleNamespace(model=None)
    monkeypatch.setattr(session_module, "mix_weights", lambda base, model, share: share)
    monkeypatch.setattr(session_module, "merit_of", lambda judged: judged.merit)

    def judged(share, data):
        yield from ()
        return SimpleNamespace(merit=0.9 + share / 100, loss=0.15)

    noted = []
    session._judged = judged
    session.note_validation = lambda *found, **details: noted.append((*found, details))
    finish(session.judge_now(strips_of(400)))
    ((validation, _, network, to_beat, details),) = noted
    assert validation.merit == pytest.approx(0.905)
    assert (network, to_beat) == (0.5, -np.inf)  # it was found to be better
    assert session.best_merit == validation.merit
    assert details == {"share": 0.5, "merit": 0.9 + 0.5 / 100}


def test_what_was_judged_before_the_first_step_is_judged_again_if_broken_off(
    monkeypatch,
):
    """What the first step begins with is better than the start."""
    merits = {"original": 0.7, "base": 0.9}
    session = object.__new__(TeachSession)
    session.start = SimpleNamespace(card=SimpleNamespace(zoom=1.0))
    session.config = SimpleNamespace(data=SimpleNamespace(zoom=1.0))
    session.learner, session.evident = SimpleNamespace(network="base"), False
    session.patched = 0.0
    session.keeping, session.begun = Keeping(base_merit=0.95), False
    monkeypatch.setattr(session_module, "merit_of", lambda judged: judged.merit)

    def judged(network, data):
        yield from ()
        return SimpleNamespace(merit=merits[network], loss=0.2, scores=Known(0.9))

    def note(validation, data, network, to_beat=None, **details):
        least = session.best_merit if to_beat is None else to_beat
        if validation.merit > least:
            session.best_merit = validation.merit
        return network

    session._judged, session.note_validation = judged, note
    session._is_changed = lambda original: True
    work = session.judge_start("original", None, None)
    assert [next(work), next(work)] == ["original", "base"]
    work.close()  # stopped there
    assert not session.begun
    finish(session.judge_start("original", None, None))
    assert session.begun
    kept = session.keeping
    assert (kept.share, kept.untaught, kept.base_merit) == (1.0, 0.9, 0.95)
    assert session.best_merit == kept.merit == 0.9


@dataclass(frozen=True)
class Known:
    """A score."""

    auc: float
