"""A model that is kept says where it comes from; any earlier one can be used again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from small_lessons import make_project, small_teaching, write_small_model

from dense_transformer.errors import DataError, ModelError, ProjectError, RunError
from dense_transformer.teaching import (
    Project,
    begin_run,
    compare_held_out,
    compare_image,
    keep,
    lineage,
    read_lesson,
    read_status,
    revert,
    suggest_name,
)
from dense_transformer.work import finish
from dense_transformer.zoo import load_model, save_model


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DTN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def project(tmp_path: Path):
    with make_project(tmp_path / "p") as project:
        yield project


def taught(project: Project, change: float = 0.01) -> Path:
    """Return a run whose best model is that of its start, a little changed."""
    run = begin_run(project, small_teaching())
    start = load_model(run / "start.safetensors")
    with torch.no_grad():
        start.network.head.bias[1] += change
    save_model(run / "best.safetensors", start.network, start.card)
    return run


def test_a_kept_model_is_used_and_found_by_its_name(project, home):
    first = project.model
    run = taught(project)
    record = keep(project, run, "mine")
    assert project.model == record
    assert (record.parent, record.run) == (first.sha256, run.name)
    found = load_model("mine")
    assert found.path.parent == home / "models"
    assert found.sha256 == project.load_model().sha256 == record.sha256
    card = found.card
    assert (card.name, card.parent) == ("mine", f"small sha256:{first.sha256}")
    assert read_lesson(run).sha256 in card.data
    assert "stripes" in card.data
    assert read_status(run).name == "mine"
    with Project.open(project.folder, write=False) as again:
        assert again.models == (first, record)
        assert again.model == record


def test_a_card_says_what_was_changed_before_the_first_step(project, home):
    run = taught(project)
    start = '{"event": "start", "step": 0, "base": "intensities inverted"}\n'
    (run / "events.jsonl").write_text(start)
    keep(project, run, "negative")
    assert "Began with intensities inverted." in load_model("negative").card.data


def test_models_are_listed_with_their_parents_and_taken_back(project):
    first = project.model
    second = keep(project, taught(project), "second")
    third = keep(project, taught(project, 0.3), "third")
    assert lineage(project) == (third, second, first)
    assert revert(project, "second") == second
    assert project.model == second
    other = keep(project, taught(project, 0.5), "other")
    assert lineage(project) == (other, second, first)
    revert(project, first)
    assert lineage(project) == (first,)
    assert len(project.models) == 4, "later ones stay"
    assert suggest_name(project) == "p-2"
    with pytest.raises(ModelError, match="no model 'none'"):
        revert(project, "none")


def test_a_suggested_name_is_one_that_nobody_has(project, home):
    for change in (0.01, 0.3):
        name = suggest_name(project)
        keep(project, taught(project, change), name)
        assert suggest_name(project) != name
    (home / "models" / "p-2.safetensors").unlink()  # the project has it all the same
    with Project.open(project.folder, write=False) as again:
        assert suggest_name(again) == "p-4"


def test_a_damaged_model_is_not_gone_back_to(project):
    second = keep(project, taught(project), "second")
    project.model_path(project.models[0]).write_bytes(b"x")
    with pytest.raises(ModelError):
        revert(project, project.models[0])
    assert project.model == second


def test_what_can_not_be_kept_is_refused_and_changes_nothing(project, tmp_path, home):
    run = taught(project)
    own = home / "models" / "taken.safetensors"
    own.parent.mkdir(parents=True)
    own.write_bytes(write_small_model(tmp_path / "o.safetensors", 9).read_bytes())
    for name in ("taken", "em-membrane-dtn", "../out", "", "nul"):
        with pytest.raises(ModelError):
            keep(project, run, name)
    with pytest.raises(RunError, match="no run '7'"):
        keep(project, "7", "mine")
    unbegun = begin_run(project, small_teaching())
    with pytest.raises(RunError, match="no model to keep"):
        keep(project, unbegun, "mine")
    same = taught(project, 0.0)
    with pytest.raises(ModelError, match="nothing new"):
        keep(project, same, "mine")
    with (
        Project.open(project.folder, write=False) as looked,
        pytest.raises(ProjectError, match="only to look"),
    ):
        keep(looked, run, "mine")
    assert len(project.models) == 1
    keep(project, run, "mine")
    keep(project, str(int(taught(project, 0.2).name)), "again")


def test_before_and_after_are_compared_on_what_was_held_out(project):
    run = taught(project)
    lesson = read_lesson(run)
    before = load_model(run / "start.safetensors")
    better = load_model(run / "start.safetensors")
    # The answer turned round: as much above one half as the start is below.
    with torch.no_grad():
        better.network.head.weight.neg_()
        better.network.head.bias.neg_()
    found = finish(compare_held_out(lesson, before, better, device="cpu"))
    assert found.before.auc + found.after.auc == pytest.approx(1.0, abs=5e-3)  # blended
    verdict = "better" if found.after.auc > found.before.auc else "worse"
    assert found.words.startswith(f"{verdict}: AUC on {found.after.pixels} ")
    assert found.after.pixels == sum(
        int((example.validation > 0).sum()) for example in lesson.examples
    )


def test_nothing_held_out_is_nothing_to_compare(tmp_path):
    with make_project(tmp_path / "q", places=0) as project:
        values = np.ones((6, 20), np.uint8)
        values[3:] = 2
        project.journal("stripes").paint(0, 3, 3, None, values)
        lesson = read_lesson(begin_run(project, small_teaching()))
        model = project.load_model()
        with pytest.raises(DataError, match="nothing is held out"):
            finish(compare_held_out(lesson, model, model))


def test_two_models_are_compared_on_an_image(project):
    before, after = (load_model(project.model_path()) for _ in range(2))
    with torch.no_grad():
        after.network.head.bias[1] += 0.5
    lesson = read_lesson(begin_run(project, small_teaching()))
    example = next(e for e in lesson.examples if e.held_out)
    image = project.open_image("stripes")
    found = finish(
        compare_image(
            before, after, image, section=example.section, labels=example.validation
        )
    )
    logit = [np.log(p / (1 - p)) for p in (
        found.before.probability.astype(float), found.after.probability.astype(float)
    )]  # fmt: skip
    np.testing.assert_allclose(logit[1] - logit[0], 0.5, atol=0.06)  # tiles blend
    assert np.median(logit[1] - logit[0]) == pytest.approx(0.5, abs=1e-3)
    np.testing.assert_allclose(
        found.difference, found.after.probability - found.before.probability
    )
    turned = found.before.labels != found.after.labels
    assert found.changed_share == pytest.approx(turned.mean())
    assert found.scores is not None
    assert found.scores[0].auc == pytest.approx(found.scores[1].auc, abs=1e-3)
