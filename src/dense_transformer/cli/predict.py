"""`dtn predict`: boundaries of images, as files."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from dense_transformer.cli.cautions import Cautions
from dense_transformer.cli.console import ProgressLine, note, say
from dense_transformer.cli.options import add_settings, parse_value, read_settings
from dense_transformer.cli.signals import StopRequest, stop_on_signal
from dense_transformer.config import PredictConfig
from dense_transformer.errors import ConfigError, StoppedError
from dense_transformer.types import Box
from dense_transformer.work import finish

NAME = "predict"
HELP = "Predict the boundaries of images and write them as files."
DETAILS = """\
Into the folder OUT go, for each image or section, the probability of a boundary,
labels, coverage and displacement of each transformer, its fiducials, a summary.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument(
        "images",
        nargs="+",
        type=Path,
        metavar="IMAGE",
        help="Image, stack or folder of slices.",
    )
    parser.add_argument(
        "--model", required=True, help="Name of a model (`dtn models`) or a model file."
    )
    parser.add_argument("--out", type=Path, required=True, help="Folder to write to.")
    parser.add_argument("--dataset", help="Data set to read in an HDF5 file.")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--section", type=int, default=0, help="Section of a stack (default 0)."
    )
    which.add_argument("--all", action="store_true", help="All sections of a stack.")
    parser.add_argument(
        "--region",
        metavar="TOP,LEFT,BOTTOM,RIGHT",
        help="Part of the image to begin with, px, half open.",
    )
    parser.add_argument(
        "--warp",
        type=Path,
        metavar="FILE",
        help="Warps that were edited and saved in napari, in place of the learned.",
    )
    add_settings(parser, PredictConfig)


def run(arguments: argparse.Namespace) -> int:
    """Predict each image in turn; say the device and name the files written."""
    with stop_on_signal("a result that is not finished is dropped") as stop:
        try:
            predict_all(arguments, stop)
        except StoppedError as error:
            note(f"dtn: {error}")
    return stop.exit_code


def predict_all(arguments: argparse.Namespace, stop: StopRequest) -> None:
    """Predict what the arguments name.

    Raises
    ------
    StoppedError
        If `stop` asks for it; results that are finished stay.
    """
    from dense_transformer.data import read_image
    from dense_transformer.inference import predict_to_files, read_edits
    from dense_transformer.zoo import load_model

    config = read_settings(arguments, PredictConfig)
    region = read_region(arguments.region)
    check_names(arguments.images)
    edits = read_edits(arguments.warp) if arguments.warp else ()
    model = load_model(arguments.model)
    cautions = Cautions(model)
    for path in arguments.images:
        image = read_image(path, dataset=arguments.dataset, pixel_nm=config.pixel_nm)
        sections = range(image.sections) if arguments.all else [arguments.section]
        if image.sections > 1 and not arguments.all:
            note(
                f"dtn: {image.name}: section {arguments.section} of "
                f"0..{image.sections - 1}; --all predicts every one"
            )
        for section in sections:
            what = f"{image.name}[{section}]" if image.sections > 1 else image.name
            cautions.say(image, section, config.pixel_nm)
            work = predict_to_files(
                model,
                image,
                config,
                out=arguments.out,
                section=section,
                region=region,
                stop=stop,
                edits=edits,
            )
            with ProgressLine(what) as line:
                prediction, files = finish(work, line)
            note(f"dtn: {what}: predicted on {prediction.device}")
            for file in files:
                say(str(file))


def check_names(paths: Sequence[Path]) -> None:
    """Raise ConfigError if two images would write the same files."""
    seen: dict[str, Path] = {}
    for path in paths:
        before = seen.setdefault(path.resolve().stem.casefold(), path)
        if before is not path:
            raise ConfigError(
                f"{before} and {path} would write the same files; "
                "predict them one by one, with different --out"
            )


def read_region(text: str | None) -> Box | None:
    """Return the box that ``"top,left,bottom,right"`` means.

    Raises
    ------
    ConfigError
        If `text` isn't four whole numbers of a box that holds something.
    """
    if text is None:
        return None
    box = parse_value(text, tuple[int, int, int, int], "region")
    if len(box) != 4 or not all(isinstance(edge, int) for edge in box):
        raise ConfigError(f"--region {text!r}: write top,left,bottom,right in px")
    top, left, bottom, right = box
    if not (0 <= top < bottom and 0 <= left < right):
        raise ConfigError(f"--region {text!r}: is empty or begins before the image")
    return top, left, bottom, right
