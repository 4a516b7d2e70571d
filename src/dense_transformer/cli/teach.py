"""`dtn teach`: annotate with label files, teach a model, keep it or not."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from dense_transformer.cli import teach_models, teach_project, teach_run
from dense_transformer.cli.options import add_settings
from dense_transformer.config import TeachConfig
from dense_transformer.errors import ConfigError

if TYPE_CHECKING:
    from dense_transformer.teaching.requests import Request

NAME = "teach"
HELP = "Teach a model from a few annotations, in a project that napari opens too."
DETAILS = """\
Make a project:   dtn teach PROJECT --new --image IMAGE --labels LABELS
Teach:            dtn teach PROJECT [--steps N ...]
Go on with a run: dtn teach PROJECT --run 0001
The same again:   dtn teach PROJECT --repeat 0001
Keep the model:   dtn teach PROJECT --keep NAME
Look:             dtn teach PROJECT --list

Labels are images of the same size: 0 = not annotated, 1, 2 ... = the model's
classes. Annotations that are taken by --labels can also be painted in napari.
"""
_LEFT_OUT = ("augment",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("project", type=Path, help="Folder of the project.")
    what = parser.add_argument_group("what to do; by default: teach")
    one = what.add_mutually_exclusive_group()
    one.add_argument("--new", action="store_true", help="Make the project.")
    for name, metavar, text in (
        ("--import", "FOLDER", "Add the images/ and labels/ of a data set."),
        ("--export", "FOLDER", "Write annotated images/ and labels/ as a data set."),
        ("--where", "IMAGE", "List the patches to annotate next, the best first."),
        ("--locate", "IMAGE", "Say by one --image where an image lies now."),
        ("--pause", "RUN", "Let a run hold still, in two seconds."),
        ("--resume", "RUN", "Let a paused run go on."),
        ("--stop", "RUN", "End a run and keep what it has learned."),
        ("--discard", "RUN", "End a run, if it was begun, and forget its models."),
        ("--bring-back", "RUN", "Undo that, until another run is discarded."),
        ("--keep", "NAME", "Keep the best model of the last run, or of --run."),
        ("--revert", "NAME", "Use an earlier model of the project again."),
    ):
        one.add_argument(name, metavar=metavar, help=text, dest=name[2:] + "_")
    one.add_argument("--list", action="store_true", help="Images, runs and models.")
    adding = parser.add_argument_group("images to add, with --new or later")
    adding.add_argument("--image", action="append", default=[], type=Path)
    adding.add_argument(
        "--labels",
        action="append",
        default=[],
        type=Path,
        help="Annotations, one for each --image.",
    )
    adding.add_argument(
        "--pixel-nm", metavar="Y,X", help="Pixel size of these images, nm."
    )
    teaching = parser.add_argument_group("how to teach")
    teaching.add_argument(
        "--model", help="Model to begin with; the project's by default."
    )
    teaching.add_argument(
        "--run", metavar="RUN", dest="run_name", help="Go on with a run, such as 0001."
    )
    teaching.add_argument(
        "--repeat",
        metavar="RUN",
        help="Teach what a run did in a new one, whatever was painted since: its "
        "annotations, its first model, its settings.",
    )
    add_settings(parser, TeachConfig, _LEFT_OUT)


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked for; return the exit code."""
    if len(arguments.image) < len(arguments.labels):
        raise ConfigError(
            f"{len(arguments.labels)} --labels for {len(arguments.image)} --image; "
            "give each its image first"
        )
    for asked, work in (
        (arguments.locate_, teach_project.locate),
        (arguments.new or arguments.image, teach_project.add),
        (arguments.import_, teach_project.take_in),
        (arguments.export_, teach_project.give_out),
        (arguments.where_, teach_project.rank),
        (arguments.list, teach_models.show),
        (arguments.keep_, teach_models.keep_model),
        (arguments.revert_, teach_models.revert_model),
    ):
        if asked:
            return work(arguments)
    requests: tuple[Request, ...] = (
        "pause", "resume", "stop", "discard", "bring-back",
    )  # fmt: skip
    for request in requests:
        if name := getattr(arguments, f"{request}_"):
            return teach_run.ask(arguments.project, request, name)
    return teach_run.teach_now(arguments)
