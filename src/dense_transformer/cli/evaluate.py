"""`dtn evaluate`: how predicted boundaries compare with labels."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from dense_transformer.cli.console import say
from dense_transformer.types import Scores

NAME = "evaluate"
HELP = "Score a probability map against labels."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument(
        "probability", type=Path, help="Probability map, as `dtn predict` writes."
    )
    parser.add_argument(
        "labels", type=Path, help="Labels: 0 ignored, 1 inside, 2 boundary."
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the scores as a table of two columns."""
    from dense_transformer.data import read_image, read_labels, read_section
    from dense_transformer.evaluation import score

    image = read_image(arguments.probability)
    probability = read_section(image)[..., 0]
    labels = read_labels(arguments.labels)
    say(table(score([(probability, labels)])))
    return 0


def table(scores: Scores) -> str:
    """Return the scores, a line for each: name and value."""
    rows = []
    for field in dataclasses.fields(scores):
        value = getattr(scores, field.name)
        rows.append(
            f"{field.name:<20} {value if isinstance(value, int) else f'{value:.4f}'}"
        )
    return "\n".join(rows)
