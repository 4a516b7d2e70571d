"""Several images by one network: their numbers, and how much their warps differ."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from dense_transformer.inference.files import file_name, make_folder
from dense_transformer.inspection.export.colours import number
from dense_transformer.inspection.export.page import Page, Section, Table, write_page
from dense_transformer.inspection.export.report import verdict
from dense_transformer.inspection.export.tables import write_numbers, write_spread
from dense_transformer.inspection.export.tally import Tally
from dense_transformer.inspection.export.words import describe_movements, share
from dense_transformer.inspection.findings import Findings
from dense_transformer.inspection.numbers import LevelNumbers
from dense_transformer.inspection.spread import (
    SpreadNumbers,
    compare_images,
    describe_spread,
)
from dense_transformer.types import Warp


class Overview:
    """Collects what several images have to say together; keeps no pixels."""

    def __init__(self, model_name: str) -> None:
        self._model_name = model_name
        self._numbers: list[tuple[str, tuple[LevelNumbers, ...]]] = []
        self._warps: list[tuple[str, tuple[Warp, ...]]] = []
        self._words: tuple[str, ...] = ()
        self._tally = Tally()
        self._pages: list[str] = []
        self._cautions: dict[str, list[str]] = {}

    @property
    def images(self) -> int:
        """How many were added."""
        return len(self._numbers)

    @property
    def words(self) -> tuple[str, ...]:
        """What to take away, in words."""
        if self.images < 2:
            return self._words
        movements = [
            describe_movements([(name, numbers[i]) for name, numbers in self._numbers])
            for i in range(len(self._numbers[0][1]))
        ]
        spread = [describe_spread(level) for level in self._spread()]
        return (*movements, *self._tally.words(), *spread)

    def add(self, found: Findings) -> None:
        """Add an image; its points are let go, its fiducials kept."""
        self._numbers.append((found.name, found.numbers))
        self._warps.append((found.name, tuple(map(_slim, found.prediction.warps))))
        self._words = verdict(found)
        self._tally.add(found)
        if found.caution:
            self._cautions.setdefault(found.caution, []).append(found.name)
        self._pages.append(f"{file_name(found.name)}-inspection.html")

    def write(self, out: Path | str) -> tuple[Path, ...]:
        """Write numbers.csv, spread.csv and index.html to a folder; return the files.

        Raises
        ------
        WriteError
            If the disk is full or the folder can't be written to.
        """
        folder = make_folder(out)
        return (
            write_numbers(folder / "numbers.csv", self._numbers),
            write_spread(folder / "spread.csv", self._spread()),
            write_page(folder / "index.html", self._page(folder)),
        )

    def _spread(self) -> tuple[SpreadNumbers, ...]:
        return compare_images(self._warps)

    def _page(self, folder: Path) -> Page:
        levels = [numbers.level for numbers in self._numbers[0][1]]
        sections = [
            Section(
                "Do the warps look at the image?",
                _SPREAD_WORDS,
                (),
                (_spread_table(self._spread()),),
            ),
            Section("Does it matter?", (), (), (self._tally.table(),)),
            *(
                Section(f"Image by image, level {n}", (), (), (self._table(n, folder),))
                for n in levels
            ),
        ]
        title = f"What {self._model_name} does to {self.images} images"
        cautions = tuple(
            f"{len(names)} of {self.images} images ({names[0]}"
            f"{', ...' if len(names) > 1 else ''}): {words}"
            for words, names in self._cautions.items()
        )
        foot = "Written by dtn inspect."
        return Page(title, self.words, tuple(sections), foot, cautions)

    def _table(self, level: int, folder: Path) -> Table:
        rows, links = [], []
        for (name, numbers), page in zip(self._numbers, self._pages, strict=True):
            n = next(one for one in numbers if one.level == level)
            rows.append(
                (
                    name, str(n.tiles), number(n.mean_px), number(n.largest_px),
                    share(n.folded), number(n.coverage_smallest), share(n.holes),
                    share(n.saturation),
                )
            )  # fmt: skip
            links.append(page if (folder / page).exists() else "")
        columns = (
            "image", "tiles", "mean shift (px)", "largest (px)", "folded",
            "smallest coverage", "holes", "saturated",
        )  # fmt: skip
        return Table(columns, tuple(rows), "", tuple(links))


_SPREAD_WORDS = (
    "A transformer that does the same to every image has learned a fixed lens, "
    "whatever it does. The fiducials' shift is split in three: what all images "
    "have in common, what differs between images, and what differs between the tiles "
    "of one image. Their squares sum to that of the whole shift.",
)


def _spread_table(spread: tuple[SpreadNumbers, ...]) -> Table:
    columns = (
        "level", "shift (px)", "common (px)", "between images (px)",
        "between tiles (px)", "common share", "moves least", "moves most",
    )  # fmt: skip
    rows = tuple(
        (
            str(s.level), number(s.shift_px), number(s.common_px),
            number(s.between_px), number(s.within_px), share(s.common_share),
            f"{s.least[0]}: {number(s.least[1])} px",
            f"{s.most[0]}: {number(s.most[1])} px",
        )
        for s in spread
    )  # fmt: skip
    return Table(columns, rows)


def _slim(warp: Warp) -> Warp:
    """Return a warp's fiducials, which say what `compare_images` asks."""
    return replace(
        warp,
        fiducials=warp.fiducials.copy(),
        points=np.zeros((0, 0, 2), np.float32),
        coverage=np.zeros((0, 0), np.float32),
    )
