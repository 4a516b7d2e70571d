"""Whole runs: from all that is frozen to a model that isn't worse than the first."""

from __future__ import annotations

import argparse
import dataclasses
import json

import numpy as np
import pytest
from small_lessons import (
    make_project,
    make_run,
    small_teaching,
    striped,
    weights_of,
    write_small_model,
)

from dense_transformer.cli.options import add_settings, read_settings
from dense_transformer.config import AugmentConfig, TeachConfig
from dense_transformer.errors import (
    ConfigError,
    DataError,
    ImageError,
    ProjectError,
    RunError,
    WriteError,
)
from dense_transformer.teaching import (
    Project,
    amount,
    begin_run,
    beginning,
    gate,
    read_status,
    read_teaching,
    stop,
    teach,
    work,
)
from dense_transformer.teaching.amount import MUCH, WEAK, settle
from dense_transformer.training import RunDirectory
from dense_transformer.work import finish
from dense_transformer.zoo import load_model, save_model


def test_a_run_makes_a_small_model_better_and_says_by_how_much(tmp_path):
    run = make_run(tmp_path / "p", steps=40, validate_every=10, learning_rate=5e-3)
    result = finish(teach(run))
    assert result.improved
    assert result.after.auc > result.before.auc + 0.1
    assert (
        f"{result.before.auc:.3f} before, {result.after.auc:.3f} after" in result.words
    )
    best = load_model(result.best)
    start = load_model(run / "start.safetensors")
    assert best.card.parent == f"small {start.sha256}"
    assert dict(best.card.scores)["auc"] == pytest.approx(result.after.auc)
    assert best.card.health[0].level == 2


def test_where_nothing_beats_the_start_the_start_is_kept(tmp_path):
    run = make_run(
        tmp_path / "p", steps=4, learning_rate=1e-8, mixes=(1.0,), adapt=False,
        invert=False, average=0.9,
    )  # fmt: skip
    with Project.open(tmp_path / "p") as project:
        parent = project.model_path()
    events = []
    result = finish(teach(run), lambda progress: events.append(progress.message))
    assert (result.improved, result.best_step) == (False, 0)
    assert "you began with" in result.words
    assert weights_of(result.best) == weights_of(parent)
    assert read_status(run).improved is False


def test_a_rate_that_destroys_the_weights_keeps_the_start(tmp_path):
    run = make_run(
        tmp_path / "p", steps=8, learning_rate=1.0, mixes=(1.0,), recall=0.0,
        adapt=False, invert=False, average=0.0,
    )  # fmt: skip
    result = finish(teach(run))
    before, after = result.before.auc, result.after.auc
    assert after >= before - 0.02
    assert result.improved == (result.best_step > 0)


def test_the_same_settings_give_the_same_bytes_and_a_seed_others(tmp_path):
    found = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run = make_run(tmp_path / name, seed=seed, steps=3)
        finish(teach(run))
        found.append(weights_of(run / "last.safetensors"))
    assert found[0] == found[1] != found[2]


def test_what_is_painted_during_a_run_is_not_half_used(tmp_path):
    run = make_run(tmp_path / "p", steps=4)
    twin = make_run(tmp_path / "q", steps=4)
    work = teach(run)
    while next(work).done < 1:
        pass
    with Project.open(tmp_path / "p") as project:
        truth = striped(2)[1]
        project.journal("stripes").paint(2, 0, 0, np.zeros_like(truth), truth)
    finish(work)
    finish(teach(twin))
    assert weights_of(run / "last.safetensors") == weights_of(twin / "last.safetensors")


def one_stroke(tmp_path, **changes):
    """Return a run of a project with a stroke that is too short to be cut."""
    model = write_small_model(tmp_path / "m.safetensors")
    with Project.create(tmp_path / "p", model) as project:
        pixels, truth = striped()
        project.add_image("one", pixels)
        stroke = np.zeros_like(truth)
        stroke[40:43, 20:44] = truth[40:43, 20:44]
        project.journal("one").paint(0, 0, 0, np.zeros_like(stroke), stroke)
        return begin_run(project, small_teaching(**changes))


def test_one_place_only_is_taught_and_nobody_claims_it_is_better(tmp_path):
    result = finish(teach(one_stroke(tmp_path, steps=3)))
    assert result.improved is None
    assert "nothing is held out" in result.words
    assert load_model(result.best).card.name == "small"


def test_stopped_where_nothing_is_held_out_what_it_learned_can_be_kept(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(gate, "_LOOK_S", 0.0)
    run = one_stroke(tmp_path, steps=8, save_every=3)
    result = finish(teach(run), lambda p: stop(run) if p.done == 4 else None)
    assert (result.ending, result.steps, result.improved) == ("stopped", 4, None)
    weights = weights_of(result.best)
    assert weights == weights_of(run / "last.safetensors")
    assert weights != weights_of(run / "start.safetensors")


def test_nothing_annotated_leaves_no_run(tmp_path):
    with make_project(tmp_path / "p", places=0) as project:
        with pytest.raises(DataError, match="nothing is annotated"):
            begin_run(project)
        assert project.runs == ()


def test_settings_are_read_back_and_hostile_ones_refused(tmp_path):
    run = make_run(tmp_path / "p", steps=7, pull=2.0, recall=0.5)
    assert read_teaching(run) == settle(
        small_teaching(steps=7, pull=2.0, recall=0.5), 0
    )
    path = run / "teach.json"
    good = json.loads(path.read_bytes())
    for bad in (
        b"", b"[]", b"{", json.dumps(good | {"version": 99}).encode(),
        json.dumps(good | {"config": {"steps": -1}}).encode(),
        json.dumps(good | {"config": {"nonsense": 1}}).encode(), b"[" * 100_000,
    ):  # fmt: skip
        path.write_bytes(bad)
        with pytest.raises(RunError):
            next(teach(run))
    path.unlink()
    with pytest.raises(RunError, match="no run of a project"):
        next(teach(run))


def test_a_full_disk_loses_nothing_that_was_saved(tmp_path, monkeypatch):
    run = make_run(tmp_path / "p", steps=8)
    whole = make_run(tmp_path / "q", steps=8)
    finish(teach(whole))
    write = RunDirectory.write_state
    saved = []

    def full(self, content):
        if len(saved) == 2:
            raise WriteError("can't write state.pt: the disk is full")
        saved.append(1)
        write(self, content)

    with monkeypatch.context() as patch:
        patch.setattr(RunDirectory, "write_state", full)
        with pytest.raises(WriteError, match="disk is full"):
            finish(teach(run))
    assert read_status(run).state == "stopped"
    assert "disk is full" in read_status(run).message
    finish(teach(run))
    assert weights_of(run / "last.safetensors") == weights_of(
        whole / "last.safetensors"
    )


def test_the_health_of_the_warps_is_told_while_it_learns(tmp_path):
    run = make_run(tmp_path / "p", steps=4)
    finish(teach(run))
    events = RunDirectory(run).read_events()
    validations = [e for e in events if e["event"] == "validation"]
    assert len(validations) >= 2
    for event in validations:
        level = event["health"][0]
        assert level["level"] == 2
        assert {"folded", "saturation", "spread", "shift"} <= set(level)
    steps = [e for e in events if e["event"] == "step"]
    assert all("fold" in e["terms"] for e in steps)


def test_all_settings_say_what_they_are():
    for field in dataclasses.fields(TeachConfig):
        assert field.metadata["help"].endswith("."), field.name


def test_why_a_run_ended_early_is_written_down(tmp_path):
    run = make_run(tmp_path / "p", steps=4)
    for path in (tmp_path / "p" / "images").iterdir():
        path.unlink()
    with pytest.raises((ProjectError, ImageError)) as caught:
        finish(teach(run))
    status = read_status(run)
    assert (status.state, status.message) == ("stopped", str(caught.value))


def test_what_is_left_open_depends_on_how_much_is_annotated():
    few, much = settle(TeachConfig(), MUCH - 1), settle(TeachConfig(), MUCH)
    assert (few.recall, few.class_balance) == (1.0, 0.5)
    recalls = [settle(TeachConfig(), n).recall for n in (0, 800, 1_700, 3_400, 6_800)]
    assert recalls == [4.0, 4.0, 2.0, 1.0, 1.0]
    assert (much.recall, much.class_balance) == (1.0, 0.0)
    asked = TeachConfig(steps=9, recall=1.0, class_balance=1.0, augment=AugmentConfig())
    assert settle(asked, 10**9) == asked == settle(asked, 1)


def test_patches_of_frames_are_not_turned_upside_down():
    tissue, frames = (
        settle(TeachConfig(), 9, upright=u).augment for u in (False, True)
    )
    assert tissue == WEAK
    assert (tissue.turns, tissue.vertical_flips, tissue.flips) == (True, True, True)
    assert (frames.turns, frames.vertical_flips, frames.flips) == (False, False, True)


def test_settings_of_numbers_are_taken_from_the_command_line():
    parser = argparse.ArgumentParser()
    add_settings(parser, TeachConfig, ("augment",))
    line = "--recall 1.5 --class-balance 0.25 --mixes 1,0.5 --patch 96x64 --no-adapt"
    config = read_settings(parser.parse_args(line.split()), TeachConfig)
    assert (config.recall, config.class_balance, config.adapt) == (1.5, 0.25, False)
    assert (config.mixes, config.patch) == ((1.0, 0.5), (96, 64))
    with pytest.raises(ConfigError, match="no mixes"):
        TeachConfig(mixes=())


@pytest.mark.parametrize(("little", "steps"), [(9, 160), (10**6, 100)])
def test_without_a_word_a_run_takes_fewer_steps_at_most_of_a_few_strokes(
    tmp_path, monkeypatch, little, steps
):
    monkeypatch.setattr(amount, "LITTLE", little)
    with make_project(tmp_path / "p") as project:
        run = begin_run(project, TeachConfig(device="cpu"))
        asked = begin_run(project, TeachConfig(device="cpu", steps=7))
    assert (read_teaching(run).steps, read_teaching(asked).steps) == (steps, 7)


def test_a_run_goes_on_without_what_it_was_begun_without(tmp_path):
    run = make_run(tmp_path / "p", steps=7)
    assert read_teaching(run).recall_fades
    values = json.loads((run / beginning.FILE).read_bytes())
    del values["config"]["recall_fades"]  # that came later
    (run / beginning.FILE).write_text(json.dumps(values))
    assert not read_teaching(run).recall_fades


def test_a_model_of_other_classes_is_refused_and_leaves_no_run(tmp_path):
    with make_project(tmp_path / "p") as project:
        other = load_model(project.model_path())
        card = dataclasses.replace(other.card, name="street", classes=("other", "road"))
        save_model(tmp_path / "street.safetensors", other.network, card)
        with pytest.raises(
            DataError,
            match=r"annotated is inside and boundary, and street finds other and road",
        ):
            begin_run(project, small_teaching(), tmp_path / "street.safetensors")
        assert project.runs == ()


def test_a_run_recalls_as_much_as_what_it_begins_with_says(tmp_path, monkeypatch):
    made = []

    class Seen(work.Tuner):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            made.append(self)

    monkeypatch.setattr(work, "Tuner", Seen)
    monkeypatch.setattr(work, "recall_of", lambda base, held_out: (0.25, 0.125))
    finish(teach(make_run(tmp_path / "p", steps=1, recall=2.0)))
    assert (made[0].recall, made[0]._left) == (0.5, 0.125)
