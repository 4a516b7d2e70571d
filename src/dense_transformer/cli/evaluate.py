"""`dtn evaluate`: how boundaries compare with labels."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from dense_transformer.cli.configuration import add_configuration, read_configuration
from dense_transformer.cli.console import ProgressLine, say
from dense_transformer.errors import ConfigError, DataError
from dense_transformer.types import Progress, Scores, WarpHealth

NAME = "evaluate"
HELP = "Score a probability map against labels, or a model on a data set."
DETAILS = """\
Of maps:     dtn evaluate PROBABILITY LABELS
Of a model:  dtn evaluate --model NAME --config CONFIG [--set data.root=FOLDER]
             on the validation images of a training's settings
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="PROBABILITY LABELS",
        help="A map that `dtn predict` wrote, and its labels (0 ignored, 1, 2 ...).",
    )
    parser.add_argument(
        "--classes", type=int, default=2, help="Classes of the labels (default 2)."
    )
    parser.add_argument("--model", help="Name of a model or a model file.")
    add_configuration(parser, "--config")


def run(arguments: argparse.Namespace) -> int:
    """Print the scores, and for a model whether its warps are alive."""
    by_model = arguments.model is not None
    if by_model != (arguments.config is not None) or by_model == bool(arguments.files):
        raise ConfigError("give PROBABILITY and LABELS, or --model and --config")
    if by_model:
        return _evaluate_model(arguments)
    if len(arguments.files) != 2:
        raise ConfigError(f"{len(arguments.files)} files: give PROBABILITY and LABELS")
    probability, labels = arguments.files
    say(table(score_files(probability, labels, arguments.classes)))
    return 0


def score_files(probability: Path, labels: Path, classes: int) -> Scores:
    """Return the scores of a map against labels, all sections taken together.

    Raises
    ------
    DataError
        If the two differ in size or sections.
    """
    from dense_transformer.data import read_image, read_labels, read_section
    from dense_transformer.evaluation import score

    image, truth = read_image(probability), read_image(labels)
    if image.sections != truth.sections:
        raise DataError(
            f"{probability} has {image.sections} sections, {labels} {truth.sections}"
        )
    pairs = (
        (read_section(image, i)[..., 0], read_labels(labels, classes, section=i))
        for i in range(image.sections)
    )
    return score(pairs, classes)


def _evaluate_model(arguments: argparse.Namespace) -> int:
    from dense_transformer.data import open_pairs
    from dense_transformer.training.config_file import expand_root
    from dense_transformer.training.validation import validate
    from dense_transformer.zoo import load_model

    model = load_model(arguments.model)
    config, base = read_configuration(arguments.config, arguments.changes)
    config = dataclasses.replace(
        config,
        network=model.config,
        patch=model.card.patch,
        data=dataclasses.replace(
            config.data,
            classes=model.card.classes,
            pixel_nm=model.card.pixel_nm or config.data.pixel_nm,
            height_px=model.card.height_px or config.data.height_px,
            zoom=model.card.zoom,
        ),
    )
    data = open_pairs(expand_root(config.data), model.config.in_channels, base)
    work = validate(model.network, data.validation, config)
    with ProgressLine("evaluate") as line:
        while True:
            try:
                line(Progress(0, len(data.validation), "image", message=next(work)))
            except StopIteration as end:
                validation = end.value
                break
    say(table(validation.scores))
    for health in validation.health:
        say("\n" + table(health))
    return 0


def table(values: Scores | WarpHealth | Sequence[tuple[str, object]]) -> str:
    """Return names and values in two columns, a line for each."""
    if isinstance(values, (Scores, WarpHealth)):
        names = [field.name for field in dataclasses.fields(values)]
        values = [(name, getattr(values, name)) for name in names]
    return "\n".join(
        f"{name:<20} {f'{value:.4f}' if isinstance(value, float) else value}"
        for name, value in values
    )
