from __future__ import annotations

import dataclasses
import json
import shutil
import socket
import threading

import numpy as np
import pytest
import torch
from PIL import Image

from dense_transformer.config import AboutConfig
from dense_transformer.errors import ConfigError, DivergedError, RunError, WriteError
from dense_transformer.training import RunDirectory, loop, train
from dense_transformer.training.state import unpack_state
from dense_transformer.training.validation import Validation
from dense_transformer.types import Scores
from dense_transformer.work import finish
from dense_transformer.zoo import load_model, read_card


def weights(path):
    return load_model(path).network.state_dict()


def same_weights(one, other):
    first, second = weights(one), weights(other)
    return all(torch.equal(first[name], second[name]) for name in first)


def history(run):
    """What happened, without when and where it was started and ended."""
    events = RunDirectory(run).read_events()
    return [e for e in events if e["event"] not in ("start", "end")]


@pytest.fixture(scope="module")
def whole(tmp_path_factory, stripes):
    """A run of six steps that nothing interrupted, and what it yielded."""
    from small_runs import small_config

    run = tmp_path_factory.mktemp("runs") / "whole"
    about = AboutConfig(title="Stripes", terms="CC0")
    seen = []
    result = finish(train(small_config(stripes, about=about), run), seen.append)
    return run, seen, result


def test_a_run_leaves_models_state_events_and_previews(whole):
    run, _, result = whole
    names = {path.name for path in run.iterdir()}
    assert names == {
        "config.json", "events.jsonl", "best.safetensors", "last.safetensors",
        "state.pt", "state.pt.previous", "previews", "lock",
    }  # fmt: skip
    assert (result.steps, result.skipped, result.ending) == (6, 0, "finished")
    assert (result.best, result.last) == (
        run / "best.safetensors",
        run / "last.safetensors",
    )
    kinds = [event["event"] for event in RunDirectory(run).read_events()]
    assert kinds == [
        "start", "step", "step", "step", "validation",
        "step", "step", "step", "validation", "end",
    ]  # fmt: skip


def test_the_record_says_what_is_needed_to_repeat_and_not_where(whole):
    run, *_ = whole
    record = json.loads((run / "config.json").read_text())
    assert [name for name, _ in record["data"]] == [
        f"{kind}/{n:02d}.{end}"
        for kind, end in (("membranes", "png"), ("raw", "tif"))
        for n in range(3)
    ]
    assert {"command", "created", "versions", "device", "config"} <= set(record)
    assert record["versions"]["torch"] == torch.__version__
    assert socket.gethostname() not in (run / "config.json").read_text()


def test_the_card_is_filled(whole):
    run, _, result = whole
    card = read_card(run / "best.safetensors")
    assert (card.title, card.terms, card.seed) == ("Stripes", "CC0", 0)
    assert dict(card.scores)["f1"] == pytest.approx(result.scores.f1)
    assert [level.level for level in card.health] == [2]
    assert card.patch == (32, 32)
    assert card.command
    assert card.normalisation


def test_progress_counts_steps_and_shows_figures(whole):
    _, seen, _ = whole
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    assert {p.total for p in seen} == {6}
    last = dict(seen[-1].values)
    assert {"auc", "f1", "shift 2", "saturation 2", "spread 2", "folded 2"} <= set(last)
    steps = [dict(p.values) for p in seen if "loss" in dict(p.values)]
    assert len(steps) == 6
    assert all(p.seconds_left >= 0 for p in seen if p.done)


def test_previews_show_image_and_probability_side_by_side(whole):
    run, *_ = whole
    files = sorted(path.name for path in (run / "previews").glob("*.png"))
    assert files == ["00000003.png", "00000006.png"]
    with Image.open(run / "previews" / files[0]) as picture:
        assert picture.size == (48 + 4 + 48, 48)
        pixels = np.asarray(picture)
    right = pixels[:, 52:]
    assert (right[..., 0] == right[..., 1]).all()  # a probability is gray
    assert (pixels[:, :48] == (255, 159, 28)).all(-1).any()  # fiducials are not


def test_a_finished_run_is_not_trained_again(whole):
    run, _, result = whole
    before = (run / "last.safetensors").read_bytes()
    again = finish(train(RunDirectory(run).read_config(), run))
    assert again == result
    assert (run / "last.safetensors").read_bytes() == before


@pytest.mark.parametrize("steps", [1, 3, 5])
def test_stopped_and_gone_on_is_bit_equal(whole, tmp_path, steps):
    config = RunDirectory(whole[0]).read_config()
    seen = []
    result = finish(
        train(config, tmp_path / "run", stop=lambda: len(seen) > steps), seen.append
    )
    assert result.ending == "stopped"
    assert finish(train(config, tmp_path / "run")).ending == "finished"
    assert same_weights(
        whole[0] / "last.safetensors", tmp_path / "run/last.safetensors"
    )
    assert same_weights(
        whole[0] / "best.safetensors", tmp_path / "run/best.safetensors"
    )
    assert history(tmp_path / "run") == history(whole[0])


def test_closing_saves_and_joins(whole, tmp_path):
    config = RunDirectory(whole[0]).read_config()
    work = train(config, tmp_path / "run")
    while next(work).done < 1:
        pass
    work.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("dtn")]
    content, _ = RunDirectory(tmp_path / "run").read_state()
    assert unpack_state(content, "state")["step"] == 1
    finish(train(config, tmp_path / "run"))
    assert same_weights(
        whole[0] / "last.safetensors", tmp_path / "run/last.safetensors"
    )


def test_a_stop_file_ends_within_a_step_and_everything_is_saved(config, tmp_path):
    run = tmp_path / "run"
    work = train(config, run)
    while next(work).done < 2:
        pass
    (run / "stop").touch()
    with pytest.raises(StopIteration) as end:
        next(work)
    assert end.value.value.ending == "stopped"
    assert end.value.value.steps == 2
    assert read_card(run / "last.safetensors").scores == ()  # not validated


def test_a_stop_amid_validation_validates_when_it_goes_on(whole, tmp_path):
    config = RunDirectory(whole[0]).read_config()
    messages = []
    result = finish(
        train(
            config,
            tmp_path / "run",
            stop=lambda: any("validating" in message for message in messages),
        ),
        lambda progress: messages.append(progress.message),
    )
    assert (result.ending, result.steps, result.scores) == ("stopped", 3, None)
    finish(train(config, tmp_path / "run"))
    assert history(tmp_path / "run") == history(whole[0])


def test_kernels_are_deterministic_in_steps_only(config, tmp_path, monkeypatch):
    inside = []
    learn = loop.Learner.learn

    def spy(self, *arguments):
        inside.append(torch.are_deterministic_algorithms_enabled())
        return learn(self, *arguments)

    monkeypatch.setattr(loop.Learner, "learn", spy)
    outside = []
    finish(
        train(config, tmp_path / "run"),
        lambda _: outside.append(torch.are_deterministic_algorithms_enabled()),
    )
    assert inside == [True] * 6
    assert not any(outside)


def test_a_run_in_use_is_refused_and_goes_on(config, tmp_path):
    work = train(config, tmp_path / "run")
    next(work)
    with pytest.raises(RunError, match="in use by process"):
        next(train(config, tmp_path / "run"))
    assert finish(work).ending == "finished"


def test_changed_images_are_refused(config, tmp_path, stripes):
    root = shutil.copytree(stripes, tmp_path / "data")
    config = dataclasses.replace(
        config, data=dataclasses.replace(config.data, root="data")
    )
    work = train(config, tmp_path / "run", base=tmp_path)
    next(work)
    work.close()
    shutil.copy(root / "raw" / "00.tif", root / "raw" / "01.tif")
    with pytest.raises(RunError, match="data of the run"):
        next(train(config, tmp_path / "run", base=tmp_path))


def test_data_that_moved_are_the_same_data(config, tmp_path, stripes, monkeypatch):
    data = dataclasses.replace(config.data, root="${DTN_TEST}/data")
    config = dataclasses.replace(config, data=data, steps=2)
    for place in ("a", "b"):
        shutil.copytree(stripes, tmp_path / place / "data")
        monkeypatch.setenv("DTN_TEST", str(tmp_path / place))
        work = train(config, tmp_path / "run")
        next(work)
        work.close()


def fake_validation(merits):
    """Return a `validate` that finds these best F1, one after the other."""
    left = iter(merits)

    def validate(network, pairs, config):
        yield "validating"
        scores = Scores(0.5, next(left), 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 10)
        return Validation(
            1.0, scores, (), np.zeros(pairs[0].labels.shape, np.float32), ()
        )

    return validate


def test_without_gain_it_ends_and_the_best_model_is_kept(config, tmp_path, monkeypatch):
    config = dataclasses.replace(config, validate_every=1, patience=2, steps=6)
    monkeypatch.setattr(loop, "validate", fake_validation([0.5, 0.7, 0.6, 0.7, 0.9]))
    result = finish(train(config, tmp_path / "run"))
    assert (result.ending, result.steps) == ("patience", 4)
    assert dict(read_card(result.best).scores)["f1"] == 0.7
    assert dict(read_card(result.last).scores)["f1"] == 0.7
    assert not same_weights(result.best, result.last)
    assert finish(train(config, tmp_path / "run")).ending == "patience"


def poisoned(steps):
    """Return a `sample_batch` with a NaN in the batches of these steps."""
    draw = loop.sample_batch

    def sample(pairs, *, step, **settings):
        batch = draw(pairs, step=step, **settings)
        if step in steps:
            batch.pixels[0, 0, 3, 3] = float("nan")
        return batch

    return sample


def test_steps_that_diverge_are_skipped_and_counted(config, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "sample_batch", poisoned({1, 4}))
    seen = []
    result = finish(train(config, tmp_path / "run"), seen.append)
    assert (result.steps, result.skipped, result.ending) == (6, 2, "finished")
    skips = [e for e in history(tmp_path / "run") if e["event"] == "skip"]
    assert [event["step"] for event in skips] == [2, 5]
    assert skips[0]["reason"]
    assert [p.message for p in seen if "skipped" in p.message]


def test_too_many_diverged_steps_end_the_run_with_the_last_good_model(
    config, tmp_path, monkeypatch
):
    config = dataclasses.replace(config, skips=1)
    monkeypatch.setattr(loop, "sample_batch", poisoned({4, 5}))
    run = tmp_path / "run"
    with pytest.raises(DivergedError, match=r"2 steps .*best\.safetensors; lower"):
        finish(train(config, run))
    for name in ("best", "last"):
        assert all(
            torch.isfinite(v).all()
            for v in weights(run / f"{name}.safetensors").values()
        )
    assert RunDirectory(run).read_events()[-1]["reason"] == "diverged"


def test_a_validation_that_diverges_is_no_gain(config, tmp_path, monkeypatch):
    def diverge(network, pairs, config):
        yield "validating"
        raise DivergedError("the probabilities of 02 are not finite")

    monkeypatch.setattr(loop, "validate", diverge)
    config = dataclasses.replace(config, patience=1)
    result = finish(train(config, tmp_path / "run"))
    assert (result.ending, result.steps, result.scores) == ("patience", 3, None)
    assert result.best == result.last


@pytest.mark.parametrize("at", [4, 7, 9, 11])
def test_a_full_disk_ends_it_and_it_goes_on_bit_equal(whole, tmp_path, monkeypatch, at):
    config = RunDirectory(whole[0]).read_config()
    count = [0]

    def full(handle):
        count[0] += 1
        if count[0] >= at:
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("dense_transformer.files.os.fsync", full)
        with pytest.raises(WriteError, match=r"run.*disk is full"):
            finish(train(config, tmp_path / "run"))
    for model in tmp_path.glob("run/*.safetensors"):
        load_model(model)
    finish(train(config, tmp_path / "run"))
    assert same_weights(
        whole[0] / "last.safetensors", tmp_path / "run/last.safetensors"
    )
    assert history(tmp_path / "run") == history(whole[0])


def test_an_error_while_drawing_ends_the_run_at_once(config, tmp_path, monkeypatch):
    def broken(*arguments, **settings):
        raise OSError("the disk is gone")

    monkeypatch.setattr(loop, "sample_batch", broken)
    with pytest.raises(OSError, match="disk is gone"):
        finish(train(config, tmp_path / "run"))
    assert not [t for t in threading.enumerate() if t.name.startswith("dtn")]
    work = train(config, tmp_path / "run")  # the lock is free
    next(work)
    work.close()


def test_a_missing_variable_is_said_before_anything_is_trained(config, tmp_path):
    data = dataclasses.replace(config.data, root="${DTN_NOT_SET}/vnc")
    with pytest.raises(ConfigError, match="DTN_NOT_SET is not set"):
        next(train(dataclasses.replace(config, data=data), tmp_path / "run"))
    assert not (tmp_path / "run" / "config.json").exists()
