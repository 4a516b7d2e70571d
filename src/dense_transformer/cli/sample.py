"""`dtn sample`: copy the shipped samples to where they can be worked with."""

from __future__ import annotations

import argparse
from pathlib import Path

from dense_transformer.cli.console import say

NAME = "sample"
HELP = "List the samples that come with the package, or copy one."
DETAILS = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("sample", nargs="?", help="Name of a sample.")
    parser.add_argument(
        "--out", type=Path, default=Path("."), help="Folder to copy it into."
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the names, or copy a sample as OUT/NAME/images and OUT/NAME/labels."""
    from dense_transformer.data.samples import list_samples

    if arguments.sample is None:
        for name in list_samples():
            say(name)
        return 0
    for path in copy_sample(arguments.sample, arguments.out):
        say(str(path))
    return 0


def copy_sample(name: str, out: Path) -> list[Path]:
    """Copy the images and labels of a sample and return the written files.

    Raises
    ------
    DataError
        If there is no such sample.
    WriteError
        If a file can't be written; what stood there stays whole.
    """
    from dense_transformer.data.samples import sample_images, sample_labels
    from dense_transformer.files import atomic_write

    written = []
    for kind, paths in (
        ("images", sample_images(name)),
        ("labels", sample_labels(name)),
    ):
        folder = out / name / kind
        folder.mkdir(parents=True, exist_ok=True)
        for path in paths:
            written.append(atomic_write(folder / path.name, path.read_bytes()))
    return written
