"""The page about one image: what its network does to it, in words and pictures."""

from __future__ import annotations

from dense_transformer.inspection.changes import Judgement
from dense_transformer.inspection.export.captions import Captioned
from dense_transformer.inspection.export.colours import number
from dense_transformer.inspection.export.page import Figure, Page, Section, Table
from dense_transformer.inspection.export.tile_pictures import coverage_words
from dense_transformer.inspection.export.words import (
    describe_movement,
    describe_unasked,
    level_rows,
    share,
)
from dense_transformer.inspection.findings import Findings
from dense_transformer.inspection.patches import LearnedPatch
from dense_transformer.inspection.spread import describe_spread

_MATTER = (
    "A warp is worth something only if the prediction is better with it. Here is the "
    "prediction without it, and what that changes. Trainings of the shipped models "
    "with other seeds differ by up to 0.003 in best F1: smaller differences say "
    "nothing.",
)
_UNASKED = ("Nothing was taken away to find out: --ablate identity does.",)
_FILM_WORDS = (
    "From the identity (0) to the warp as learned (1) and back. Left: where the "
    "network reads. Middle: the image as that level sees it. Right: what it finds with "
    "the warp so far; what doesn't move there doesn't depend on the warp."
)


def compose_page(
    found: Findings,
    pictures: tuple[Captioned, ...],
    patches: tuple[LearnedPatch, ...],
    film: bytes | None = None,
) -> Page:
    """Return the page about one image.

    Parameters
    ----------
    found : Findings
        What was found.
    pictures : tuple of Captioned
        As `draw_pictures` gives them.
    patches : tuple of LearnedPatch
        Of the tile that is looked at closely.
    film : bytes or None
        GIF from the identity to the learned warp.
    """
    shown = {
        picture.name: Figure(picture.drawing, picture.words) for picture in pictures
    }
    closely = [shown["warp"]]
    if film is not None:
        closely.append(Figure(film, _FILM_WORDS))
    sections = [
        Section(
            "Does it matter?",
            _MATTER if found.alternatives else _UNASKED,
            tuple(f for name, f in shown.items() if name.startswith("change-")),
            (_score_table(found),),
        ),
        Section("The image and what was found", (), (shown["prediction"],)),
        Section("Where space is bent", (), (shown["overview"], shown["shift"])),
        Section(
            f"Tile {found.tile_number} closely",
            (
                "The network warps each tile by itself; this one moves "
                + ("most." if found.tile_moves_most else "as follows."),
            ),
            tuple(closely),
        ),
        Section(
            "Learned patches",
            (
                "The patches of figure b above, by the numbers there. Area ratio 1, "
                "elongation 1 and offset 0 are those of a plain U-Net.",
            ),
            (),
            (_patch_table(patches),),
        ),
        Section("Density and folds", (), (shown["density"],)),
        Section(
            "What is written back",
            (coverage_words(found),),
            (shown["coverage"], shown["round-trip"]),
        ),
        Section("In numbers", (), (), _number_tables(found)),
    ]
    return Page(
        f"What {found.model.card.name} does to {found.name}",
        verdict(found),
        tuple(sections),
        _foot(found),
        (found.caution,) if found.caution else (),
    )


def verdict(found: Findings) -> tuple[str, ...]:
    """Return what a reader should take away: movement, effect, dependence on input."""
    words = [describe_movement(numbers) for numbers in found.numbers]
    words += [other.words for other in found.alternatives]
    if found.not_applicable:
        words.append(describe_unasked(found.not_applicable))
    words += [describe_spread(spread) for spread in found.spread]
    return tuple(words)


def _score_table(found: Findings) -> Table:
    """Return what was changed, and with labels how good each prediction is."""
    columns = ("prediction", "pixels of another class", "mean change")
    rows = [("as learned", "–", "–")]
    rows += [
        (one.what, share(one.change.changed_share), f"{one.change.mean:.4f}")
        for one in found.alternatives
    ]
    if found.judgement is None:
        words = "No labels were given, so nothing is scored."
        return Table(columns, tuple(rows), words)
    judged = [found.judgement, *(one.judgement for one in found.alternatives)]
    full = tuple(
        (*row, *_figures(one)) for row, one in zip(rows, judged, strict=True) if one
    )
    words = "Against the labels; contours forgive 2 px."
    scores = ("AUC", "F1 at 0.5", "best F1", "IoU at 0.5", "contour F1")
    return Table((*columns, *scores), full, words)


def _figures(judged: Judgement) -> tuple[str, ...]:
    s = judged.scores
    values = s.auc, s.f1_half, s.f1, s.iou, judged.contours.f1
    return tuple(f"{value:.4f}" for value in values)


def _patch_table(patches: tuple[LearnedPatch, ...]) -> Table:
    columns = (
        "patch", "at y, x (px)", "area (px²)", "area ratio", "elongation",
        "orientation (°)", "offset y, x (px)",
    )  # fmt: skip
    rows = tuple(
        (
            str(index),
            f"{patch.at_px[0]:.0f}, {patch.at_px[1]:.0f}",
            number(patch.area_px),
            f"{patch.area_ratio:.2f}",
            f"{patch.elongation:.2f}",
            number(patch.orientation_deg, 2),
            f"{_tenth(patch.offset_px[0])}, {_tenth(patch.offset_px[1])}",
        )
        for index, patch in enumerate(patches, 1)
    )
    return Table(columns, rows)


def _tenth(value: float) -> str:
    return f"{round(value, 1) + 0.0:.1f}"  # no -0.0


def _number_tables(found: Findings) -> tuple[Table, ...]:
    tables = [
        Table(("", "value", "how to read it"), level_rows(n), f"Level {n.level}")
        for n in found.numbers
    ]
    return tuple(tables)


def _foot(found: Findings) -> str:
    size = f"{found.image.size[0]} x {found.image.size[1]} px"
    nm = "pixel size unknown"
    if found.pixel_nm is not None:
        nm = f"{number(found.pixel_nm[0])} x {number(found.pixel_nm[1])} nm a pixel"
    return (
        f"{found.name}: {size} (height x width), {nm}. Model {found.model.card.name}, "
        f"tiles: {len(found.chains)}. Positions are (y, x) in pixels, centres at whole "
        "numbers. Written by dtn inspect."
    )
