"""`dtn sample`: images to begin with, shipped or fetched."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from dense_transformer.cli.console import ProgressLine, say
from dense_transformer.cli.signals import stop_on_signal
from dense_transformer.files import atomic_write
from dense_transformer.work import finish

NAME = "sample"
HELP = "List the samples, or write one into a folder."
VNC = "vnc"
DETAILS = """\
em and road come with the package, with labels. vnc is fetched once from the
network and checked: 16 sections of the Drosophila nerve cord (Gerhard et al. 2013,
doi:10.6084/m9.figshare.856713; CC BY-NC-SA 3.0), 17 MB, without labels.
"""


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
        for name in (*list_samples(), VNC):
            say(name)
        return 0
    if arguments.sample == VNC:
        written = fetch_vnc(arguments.out)
    else:
        written = copy_sample(arguments.sample, arguments.out)
    for path in written:
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

    written = []
    for kind, paths in (
        ("images", sample_images(name)),
        ("labels", sample_labels(name)),
    ):
        written += copy_files(paths, out / name / kind)
    return written


def fetch_vnc(out: Path) -> list[Path]:
    """Fetch the real sections unless they are here, copy them to OUT/vnc/images.

    Raises
    ------
    DownloadError
        If the network is away or holds another file than ours.
    StoppedError
        If a signal asked to stop.
    """
    from dense_transformer.data.downloads import fetch_all
    from dense_transformer.data.vnc_sections import VNC_SECTIONS

    with stop_on_signal("what is fetched is kept") as stop, ProgressLine(VNC) as line:
        paths = finish(fetch_all(VNC_SECTIONS, stop=stop), line)
    return copy_files(paths, out / VNC / "images")


def copy_files(paths: Sequence[Path], folder: Path) -> list[Path]:
    """Copy files into a folder, made if it isn't there; return the copies."""
    folder.mkdir(parents=True, exist_ok=True)
    return [atomic_write(folder / path.name, path.read_bytes()) for path in paths]
