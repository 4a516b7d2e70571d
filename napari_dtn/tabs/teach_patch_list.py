"""The patches of an image as rows: how large, and how much of each is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QListWidget, QSizePolicy

if TYPE_CHECKING:
    from dense_transformer.teaching import Patch

ROWS = 4  # before it scrolls


class PatchList(QListWidget):
    """One row per patch; a new one is chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Patches")
        self.setToolTip("Double click to go there.")
        # Or the row of the tab that it is in takes all the height there is.
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_patches(
        self, patches: Sequence[Patch], missing: Sequence[int], stack: bool
    ) -> None:
        """Show these patches.

        Parameters
        ----------
        patches : sequence of Patch
            In the order of their drawing.
        missing : sequence of int
            Pixels of each that are not annotated yet.
        stack : bool
            Whether to say on which slice they are.
        """
        row = self.currentRow()
        texts = [
            f"{n}: {p.size[1]} × {p.size[0]} px"
            + (f", slice {p.section}" if stack else "")
            + (" ✓ fully annotated" if not gap else f" – {gap:,} px missing")
            for n, (p, gap) in enumerate(zip(patches, missing, strict=True), 1)
        ]
        shown = [self.item(n).text() for n in range(self.count())]
        if texts != shown:
            grown = len(texts) > len(shown)
            self.clear()
            self.addItems(texts)
            self.setCurrentRow(len(texts) - 1 if grown or row < 0 else row)
        self.setVisible(bool(texts))
        high = self.sizeHintForRow(0) if texts else 0
        self.setFixedHeight(high * min(ROWS, max(1, len(texts))) + 8)
