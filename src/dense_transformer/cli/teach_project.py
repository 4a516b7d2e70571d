"""`dtn teach`: projects made, images added, annotations in and out."""

from __future__ import annotations

import argparse
from itertools import zip_longest
from typing import TYPE_CHECKING

from dense_transformer.cli.console import ProgressLine, note, say
from dense_transformer.cli.options import parse_value
from dense_transformer.cli.signals import stop_on_signal
from dense_transformer.errors import ConfigError
from dense_transformer.work import finish

if TYPE_CHECKING:
    from dense_transformer.teaching import Project

DEFAULT_MODEL = "em-membrane-dtn"


def add(arguments: argparse.Namespace) -> int:
    """Make a project or open one, and add images with what is labelled on them."""
    from dense_transformer.teaching import Project, import_labels

    pixel_nm = _pixel_nm(arguments)
    if arguments.new:
        opened = Project.create(arguments.project, arguments.model or DEFAULT_MODEL)
    else:
        if arguments.model:
            raise ConfigError("--model is for --new and for teaching")
        opened = Project.open(arguments.project)
    with opened as project:
        for image, labels in zip_longest(arguments.image, arguments.labels):
            if labels is not None:
                import_labels(project, image, labels, pixel_nm=pixel_nm)
            elif project.find(image) is None:
                project.add_image(image.stem, image, pixel_nm)
        describe(project)
    return 0


def locate(arguments: argparse.Namespace) -> int:
    """Say where an image lies now, or that its changed file is meant."""
    from dense_transformer.teaching import Project

    if len(arguments.image) != 1 or arguments.labels:
        raise ConfigError("--locate IMAGE needs one --image: where it lies now")
    with Project.open(arguments.project) as project:
        entry = project.locate(
            arguments.locate_, arguments.image[0], _pixel_nm(arguments)
        )
        say(f"image: {entry.name}: {entry.absolute}")
    return 0


def _pixel_nm(arguments: argparse.Namespace) -> tuple[float, float] | None:
    """Return the pixel size (y, x), nm, of --pixel-nm, if it is given."""
    if not arguments.pixel_nm:
        return None
    y, x = parse_value(arguments.pixel_nm, tuple[float, float], "pixel-nm")
    return y, x


def take_in(arguments: argparse.Namespace) -> int:
    """Add the images and labels of a data set."""
    from dense_transformer.teaching import Project, import_data_set

    with Project.open(arguments.project) as project:
        with ProgressLine("import") as line:
            finish(import_data_set(project, arguments.import_), line)
        describe(project)
    return 0


def give_out(arguments: argparse.Namespace) -> int:
    """Write the annotations as a data set; name its files."""
    from dense_transformer.teaching import Project, export_data_set

    with (
        Project.open(arguments.project, write=False) as project,
        ProgressLine("export") as line,
    ):
        files = finish(export_data_set(project, arguments.export_), line)
    for file in files:
        say(str(file))
    if sum(file.parent.name == "images" for file in files) == 1:
        note(
            "dtn: dtn train needs another annotated image or section to validate on; "
            "this is a data set of one"
        )
    return 0


def rank(arguments: argparse.Namespace) -> int:
    """Print where to annotate next: section, box and reasons."""
    from dense_transformer.teaching import Project, rank_patches

    with (
        Project.open(arguments.project, write=False) as project,
        stop_on_signal("nothing is lost") as stop,
        ProgressLine("where") as line,
    ):
        name = arguments.where_
        work = rank_patches(
            project.load_model(),
            project.open_image(name),
            project.journal(name).annotations(),
            device=arguments.device or "auto",
            stop=stop,
        )
        ranked = finish(work, line)
    for found in ranked:
        patch = found.patch
        box = ",".join(map(str, patch.box))
        say(f"section {patch.section}  box {box}  {'; '.join(found.reasons)}")
    return stop.exit_code


def describe(project: Project) -> None:
    """Print the images of a project and what is annotated on them."""
    from dense_transformer.teaching import count

    say(f"project: {project.folder}")
    say(f"classes: {', '.join(project.classes)}")
    say(f"model: {project.model.name}")
    for entry in project.images:
        journal = project.journal(entry.name)
        for notice in journal.notices:
            note(f"dtn: {notice}")
        counts = count(journal.annotations())
        pixels = ", ".join(
            f"{n} {name}"
            for name, n in zip(project.classes, counts.pixels, strict=True)
        )
        say(
            f"image: {entry.name}: {entry.sections} x {entry.size[0]} x "
            f"{entry.size[1]} px; annotated: {pixels} px in {counts.places} places"
        )
