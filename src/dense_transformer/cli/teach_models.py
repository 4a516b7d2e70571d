"""`dtn teach`: what a project holds, models kept and taken back."""

from __future__ import annotations

import argparse

from dense_transformer.cli.console import say
from dense_transformer.cli.teach_project import describe
from dense_transformer.errors import RunError


def show(arguments: argparse.Namespace) -> int:
    """Print images, runs and models."""
    from dense_transformer.teaching import Project
    from dense_transformer.teaching.status import read_status

    with Project.open(arguments.project, write=False) as project:
        describe(project)
        for run in project.runs:
            status = read_status(run)
            words = f"  {status.message}" if status.message else ""
            say(f"run: {run.name}  {status.state} {status.step}/{status.steps}{words}")
        for model in project.models:
            used = "*" if model == project.model else " "
            by_hash = {m.sha256: m.name for m in project.models}
            parent = by_hash.get(model.parent, model.parent[:12])
            made = f"run {model.run}, from {parent}" if model.run else "to begin with"
            say(f"model: {used} {model.name}  {made}  {model.created}")
    return 0


def keep_model(arguments: argparse.Namespace) -> int:
    """Keep the best model of a run; print its file."""
    from dense_transformer.teaching import Project, keep

    with Project.open(arguments.project) as project:
        if not project.runs:
            raise RunError(f"{project.folder} has no run; teach first")
        run = arguments.run_name or project.runs[-1].name
        record = keep(project, run, arguments.keep_)
        say(str(project.model_path(record)))
    return 0


def revert_model(arguments: argparse.Namespace) -> int:
    """Use an earlier model of the project again."""
    from dense_transformer.teaching import Project, revert

    with Project.open(arguments.project) as project:
        record = revert(project, arguments.revert_)
        say(f"model: {record.name}  {record.sha256}")
    return 0
