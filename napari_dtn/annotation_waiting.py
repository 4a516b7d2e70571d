"""Pixels that were painted as predicted where nothing is predicted yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from dense_transformer.types import Array, Box
from napari_dtn.annotation_pixels import Pixels
from napari_dtn.annotation_writing import JournalWriter

if TYPE_CHECKING:
    from dense_transformer.teaching import Patch


@dataclass(slots=True, eq=False)
class Gap:
    """A box of which some pixels become what is predicted there, once it is.

    Attributes
    ----------
    section : int
        0-based.
    box : Box
        Top, left, bottom, right; px.
    wanted : ndarray, shape (h, w), bool
        The pixels; what is painted on them meanwhile stays.
    before : ndarray, shape (h, w), uint8
        Their labels.
    depth : int
        Of the writer when it was painted.
    patch : Patch or None
        That the box is; not filled once it is taken away.
    coming : bool
        Whether the patch is being added, and isn't among the others yet.
    bare : Change or None
        That added the patch without its filling; one change is made of both.
    """

    section: int
    box: Box
    wanted: Array
    before: Array
    depth: int
    patch: Patch | None = None
    coming: bool = False
    bare: Any = None


class Waiting:
    """What is to be filled as predicted on one image, and waits for the prediction.

    Parameters
    ----------
    pixels : Pixels
        What is painted.
    writer : JournalWriter
        Asks for changes of the journal.
    journal : Journal
        Of the image.
    predicted : callable
        Returns the labels (h, w) that are predicted in a box of a section, or None.
    """

    def __init__(
        self,
        pixels: Pixels,
        writer: JournalWriter,
        journal: Any,
        predicted: Callable[[int, Box], Array | None],
    ) -> None:
        self._pixels, self._writer, self._journal = pixels, writer, journal
        self._predicted = predicted
        self._gaps: list[Gap] = []

    @property
    def sections(self) -> tuple[int, ...]:
        """Those on which something waits, the one that waits longest first."""
        return tuple(dict.fromkeys(gap.section for gap in self._gaps))

    @property
    def can_take_back(self) -> bool:
        """Whether a stroke that waits is what was painted last."""
        return bool(self._last())

    def add_stroke(self, section: int, box: Box, wanted: Array) -> None:
        """Let pixels of a box wait that were painted as predicted."""
        before = self._pixels.kept(section, box).copy()
        self._gaps.append(Gap(section, box, wanted, before, self._writer.depth))

    def add_patch(self, patch: Patch, *, add: bool) -> None:
        """Let what is not annotated in a patch wait.

        `add`: it is new, and counts as a whole from now on, whatever comes.
        """
        before = self._pixels.read(patch.section, patch.box).copy()
        depth, wanted = self._writer.depth, before == 0
        gap = Gap(patch.section, patch.box, wanted, before, depth, patch, add)
        self._gaps.append(gap)
        if add:
            arrived = partial(setattr, gap, "coming", False)
            self._writer.ask(partial(self._begin, gap), arrived)

    def take_back(self) -> bool:
        """Forget the strokes that wait and were painted last; return whether any were.

        What the person has done since, and not taken back, comes first.
        """
        last = self._last()
        self._gaps = [gap for gap in self._gaps if gap not in last]
        return bool(last)

    def fill(self, patches: Sequence[Patch]) -> None:
        """Fill what is predicted by now; of patches those that are there still."""
        gaps, self._gaps = self._gaps, []
        strokes = []
        for gap in gaps:
            there = gap.patch is None or gap.patch in patches
            if not (there or gap.coming):
                continue
            labels = self._predicted(gap.section, gap.box) if there else None
            if labels is None:
                self._gaps.append(gap)
                continue
            now = self._pixels.read(gap.section, gap.box)
            new = np.where(gap.wanted & (now == gap.before), labels, now)
            self._pixels.write(gap.section, *gap.box[:2], new)
            region = (gap.section, gap.section + 1, *gap.box)
            if gap.patch is None:
                strokes.append(region)
            else:
                painted, _ = self._pixels.take([region])
                self._writer.follow_up(partial(self._end, gap, painted))
        painted, _ = self._pixels.take(strokes)
        if painted:
            self._writer.follow_up(partial(self._journal.change, paint=painted))

    def drop(self, section: int) -> None:
        """Forget what waits on a section."""
        self._gaps = [gap for gap in self._gaps if gap.section != section]

    def _last(self) -> list[Gap]:
        depth = self._writer.depth
        return [g for g in self._gaps if g.patch is None and g.depth == depth]

    # in the journal's thread

    def _begin(self, gap: Gap) -> Any:
        gap.bare = self._journal.change(add=[gap.patch])
        return gap.bare

    def _end(self, gap: Gap, painted: Any) -> Any:
        add = [] if gap.bare is None else [gap.patch]
        return self._journal.change(paint=painted, add=add, instead_of=gap.bare)
