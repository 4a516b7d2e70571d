"""Models that were taught: kept under a name, listed with their parents, taken back."""

from __future__ import annotations

import dataclasses
import math
import time
from pathlib import Path

from dense_transformer.errors import DTNError, ModelError, RunError
from dense_transformer.inference.files import make_folder
from dense_transformer.teaching.project import Project
from dense_transformer.teaching.project_file import ModelRecord
from dense_transformer.teaching.run_lock import is_held
from dense_transformer.teaching.snapshot import Lesson, read_lesson
from dense_transformer.teaching.status import note_kept
from dense_transformer.training import RunDirectory
from dense_transformer.zoo import Card, Model, add_model, load_model, save_model
from dense_transformer.zoo.catalogue import own_path

_SHOWN = ("auc", "f1")


def keep(project: Project, run: Path | str, name: str) -> ModelRecord:
    """Keep a run's best model under a name, and use it in the project from now on.

    It goes to ``models/`` of the project and to the user's own models, where
    Predict, Inspect and ``--model NAME`` find it. Its card says which model it was
    taught from, on which annotations (their hash), by which command, and how both
    do on what was held out.

    Parameters
    ----------
    project : Project
        Open for writing.
    run : Path or str
        One of its runs, by its directory or its name.
    name : str
        To load it by; no other own or shipped model has it.

    Raises
    ------
    RunError
        If the run is still at work, or has no model.
    ModelError
        If the name is taken or unsafe, or the project has the model already.
    ProjectError
        If the project was opened only to look.
    WriteError
        If there is no room for it.
    """
    project.check_writable()
    folder = run_folder(project, run)
    if is_held(folder / "lock"):
        raise RunError(f"{folder} is still at work; stop it first, then keep it")
    best = folder / "best.safetensors"
    if not best.exists():
        raise RunError(f"{folder} has no model to keep; teach until its first score")
    model = load_model(best)
    for record in project.models:
        if record.sha256 == model.sha256:
            raise ModelError(
                f"nothing new to keep: the best model of run {folder.name} is "
                f"{record.name!r}, which the project has already"
            )
    _check_free(name, model.sha256)
    parent = load_model(folder / "start.safetensors")
    card = _card(name, model, parent, folder)
    file = f"models/{len(project.models):04d}.safetensors"
    make_folder(project.folder / "models")
    sha256 = save_model(project.folder / file, model.network, card)
    add_model(project.folder / file, name)
    record = ModelRecord(
        name=name,
        file=file,
        sha256=sha256,
        parent=parent.sha256,
        run=folder.name,
        created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    )
    project.add_model(record)
    note_kept(folder, name)
    return record


def revert(project: Project, to: ModelRecord | str) -> ModelRecord:
    """Use an earlier model of the project from now on; later ones stay.

    Parameters
    ----------
    project : Project
        Open for writing.
    to : ModelRecord or str
        One of `project.models`, or its name; of equal names the last.

    Raises
    ------
    ModelError
        If the project has no such model, or its file is damaged.
    ProjectError
        If the project was opened only to look.
    """
    found = to if isinstance(to, ModelRecord) else _named(project, to)
    project.load_model(found)  # only a whole one
    project.use_model(found)
    return found


def lineage(
    project: Project, model: ModelRecord | None = None
) -> tuple[ModelRecord, ...]:
    """Return a model and those it was taught from, the first one last."""
    by_hash = {record.sha256: record for record in project.models}
    chain: list[ModelRecord] = []
    at: ModelRecord | None = model or project.model
    while at is not None and at not in chain:
        chain.append(at)
        at = by_hash.get(at.parent)
    return tuple(chain)


def suggest_name(project: Project) -> str:
    """Return a free name for the next model to keep: its first parent's, -2, -3 ...

    No model of the person nor of the project has it.
    """
    root = lineage(project)[-1].name[:56]
    taken = {record.name for record in project.models}
    number = 2
    while f"{root}-{number}" in taken or own_path(f"{root}-{number}").exists():
        number += 1
    return f"{root}-{number}"


def run_folder(project: Project, run: Path | str) -> Path:
    """Return the directory of a run of the project, given by path, name or number.

    Raises
    ------
    RunError
        If there is none.
    """
    text = str(run)
    for folder in project.runs:
        if text.isdecimal() and int(text) == int(folder.name):
            return folder
        if folder.resolve() == Path(run).resolve():
            return folder
    known = ", ".join(folder.name for folder in project.runs) or "none"
    raise RunError(f"the project has no run {text!r}; it has {known}")


def _named(project: Project, name: str) -> ModelRecord:
    for record in reversed(project.models):
        if record.name == name:
            return record
    known = ", ".join(record.name for record in project.models)
    raise ModelError(f"the project has no model {name!r}; it has {known}")


def _check_free(name: str, sha256: str) -> None:
    path = own_path(name)
    if not path.exists():
        return
    try:
        same = load_model(path).sha256 == sha256
    except DTNError:
        same = False
    if not same:
        raise ModelError(f"you have a model {name!r} already; choose another name")


def _card(name: str, model: Model, parent: Model, run: Path) -> Card:
    """Return the card of a kept model."""
    before = _scores_before(run)
    scores = [*model.card.scores]
    scores += [(f"{key} before", before[key]) for key in _SHOWN if key in before]
    title = parent.card.title or parent.card.name
    return dataclasses.replace(
        model.card,
        name=name,
        title=f"{title}, taught further"[:200],
        parent=f"{parent.card.name} sha256:{parent.sha256}",
        data=_describe_data(read_lesson(run), parent.card, _began_with(run)),
        scores=tuple(scores),
    )


def _describe_data(lesson: Lesson, parent: Card, base: str) -> str:
    """Return what a model was taught on, and by what it was judged."""
    pixels = sum(int((example.training > 0).sum()) for example in lesson.examples)
    names = list(dict.fromkeys(example.name for example in lesson.examples))
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    text = (
        f"{pixels} annotated pixels of {len(names)} images ({shown}); annotations "
        f"sha256:{lesson.sha256}; {lesson.notice}."
    )
    text += f" Began with {base}." if base else ""
    return f"{text} Before: {parent.data}" if parent.data else text


def _began_with(run: Path) -> str:
    """Return what was changed in the model before the first step; empty if nothing."""
    for event in RunDirectory(run).read_events():
        if event["event"] == "start":
            return str(event.get("base") or "")
    return ""


def _scores_before(run: Path) -> dict[str, float | None]:
    """Return the scores of the start on what was held out, as the run found them."""
    for event in RunDirectory(run).read_events():
        scores = event.get("scores")
        if event["event"] == "validation" and isinstance(scores, dict):
            if event["step"] != 0:
                break
            return {
                key: float(value) if _is_figure(value) else None
                for key, value in scores.items()
            }
    return {}


def _is_figure(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
