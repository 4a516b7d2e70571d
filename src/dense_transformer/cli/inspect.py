"""`dtn inspect`: what the transformers of a network do to images, as files."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dense_transformer.cli.cautions import Cautions
from dense_transformer.cli.console import ProgressLine, note, say
from dense_transformer.cli.options import add_settings
from dense_transformer.cli.predict import check_names
from dense_transformer.cli.signals import StopRequest, stop_on_signal
from dense_transformer.config import PredictConfig
from dense_transformer.errors import ConfigError, StoppedError
from dense_transformer.work import finish

if TYPE_CHECKING:
    from dense_transformer.inspection.export import Wanted
    from dense_transformer.inspection.export.overview import Overview
    from dense_transformer.inspection.findings import Findings, Questions
    from dense_transformer.types import Image
    from dense_transformer.zoo import Model
from dense_transformer.cli.inspect_options import (
    FIGURES,
    add_formats,
    add_questions,
    check_labels,
    expand,
    read_config,
    read_formats,
    read_questions,
    read_rival,
    read_truth,
    read_words,
)

NAME = "inspect"


HELP = "Show, measure and question what a network's transformers do to images."


DETAILS = """\
Into the folder OUT go, for each image NAME, the page NAME-inspection.html, which says
it all in words and pictures, and what it is made of: tables (CSV), displacement fields
and maps (TIFF, and .mha for ITK), figures and a film. For several images there is also
index.html: how much the warps differ between them.

A training:  dtn inspect --run DIR --out OUT
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument(
        "images",
        nargs="*",
        type=Path,
        metavar="IMAGE",
        help="Image or stack; of a folder, every image in it by itself.",
    )
    parser.add_argument(
        "--model", help="Name of a model (`dtn models`) or a model file."
    )
    parser.add_argument(
        "--run", type=Path, metavar="DIR", dest="train", help="Folder of a training."
    )
    parser.add_argument("--out", type=Path, required=True, help="Folder to write to.")
    parser.add_argument("--dataset", help="Data set to read in an HDF5 file.")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--section", type=int, default=0, help="Section of a stack (default 0)."
    )
    which.add_argument("--all", action="store_true", help="All sections of a stack.")
    add_questions(parser)
    add_formats(parser)
    parser.add_argument(
        "--tile-size", metavar="Y,X", help="Height and width of a tile, px."
    )
    add_settings(parser, PredictConfig, leave_out=("tile", "keep_warps", "dtype"))


def run(arguments: argparse.Namespace) -> int:
    """Inspect images, or a training; name the files written."""
    from dense_transformer.cli.inspect_run import inspect_training

    if arguments.train is not None:
        if arguments.images or arguments.model:
            raise ConfigError("--run inspects a training; give no IMAGE and --model")
        figures = read_words(arguments.figure_format, FIGURES, "--figure-format")
        return inspect_training(arguments.train, arguments.out, figures)
    if not arguments.images or not arguments.model:
        raise ConfigError("give IMAGE and --model, or --run with a training's folder")
    with stop_on_signal("an image that is not finished is dropped") as stop:
        try:
            inspect_all(arguments, stop)
        except StoppedError as error:
            note(f"dtn: {error}")
    return stop.exit_code


def inspect_all(arguments: argparse.Namespace, stop: StopRequest) -> None:
    """Inspect what the arguments name.

    Raises
    ------
    ConfigError, ImageError
        If what was asked can't be done; told before anything is computed where that
        is possible.
    StoppedError
        If `stop` asks for it; images that are finished stay.
    """
    from dense_transformer.data import read_image
    from dense_transformer.inspection.asking import check_level
    from dense_transformer.inspection.export.overview import Overview
    from dense_transformer.zoo import load_model

    config = read_config(arguments)
    questions, wanted = read_questions(arguments), read_formats(arguments)
    paths = expand(arguments.images)
    check_names(paths)
    check_labels(arguments.labels, paths)
    model = load_model(arguments.model)
    levels = sorted(pair.level for pair in model.config.transformers)
    check_level(levels, questions.level)
    rival = read_rival(arguments)
    overview, cautions = Overview(model.card.name), Cautions(model)
    files: tuple[Path, ...] = ()
    for path in paths:
        image = read_image(path, dataset=arguments.dataset, pixel_nm=config.pixel_nm)
        for section in _sections(image, arguments):
            cautions.say(image, section, config.pixel_nm)
            job = _Job(arguments, model, rival, config, questions, wanted)
            found, files = job.inspect(image, path, section, stop)
            overview.add(found)
    if overview.images > 1:
        files = overview.write(arguments.out)
        for file in files:
            say(str(file))
    _conclude(overview, files)


def _conclude(overview: Overview, files: Sequence[Path]) -> None:
    """Say what it all comes to, and where to begin to read."""
    for words in overview.words:
        note(f"dtn: {words}")
    pages = [file for file in files if file.suffix == ".html"]
    if pages:
        note(f"dtn: begin with {pages[-1].resolve()}")


class _Job:
    """What is the same for all images of one command."""

    def __init__(
        self, arguments: argparse.Namespace, model: Model, rival: Model | None,
        config: PredictConfig, questions: Questions, wanted: Wanted,
    ) -> None:  # fmt: skip
        self._arguments, self._model, self._rival = arguments, model, rival
        self._config, self._questions, self._wanted = config, questions, wanted

    def inspect(
        self, image: Image, path: Path, section: int, stop: StopRequest
    ) -> tuple[Findings, tuple[Path, ...]]:
        """Inspect one section and write its files; return both."""
        from dense_transformer.inspection.asking import inspect_image
        from dense_transformer.inspection.export import write_findings

        what = f"{image.name}[{section}]" if image.sections > 1 else image.name
        work = inspect_image(
            self._model,
            image,
            self._config,
            self._questions,
            section=section,
            labels=read_truth(self._arguments, path, self._model, section),
            rival=self._rival,
            stop=stop,
        )
        with ProgressLine(what) as line:
            found = finish(work, line)
        files = write_findings(found, self._arguments.out, self._wanted)
        for file in files:
            say(str(file))
        return found, files


def _sections(image: Image, arguments: argparse.Namespace) -> Sequence[int]:
    if arguments.all:
        return range(image.sections)
    if image.sections > 1:
        note(
            f"dtn: {image.name}: section {arguments.section} of "
            f"0..{image.sections - 1}; --all inspects every one"
        )
    return [arguments.section]
