"""The pixels of a result while it grows: a worker writes them, layers show them."""

from __future__ import annotations

import numpy as np

from dense_transformer.types import Array, Box
from napari_dtn.boundaries import mark_boundaries


class Sheets:
    """Probability and boundaries of sections, each held once.

    The worker writes straight into the arrays that the layers show, so that a
    stack takes no more memory than its result, and what is finished can be seen
    at the next drawing. Nothing is found where nothing is computed yet.

    Parameters
    ----------
    sections : tuple of int
        Those to be predicted, ascending.
    size : tuple of int
        (height, width) of a section, px.
    dtype : str
        Of the probability, ``"float32"`` or ``"uint8"``.
    threshold : float
        Share of 1 from which a pixel counts as boundary. May change meanwhile.
    classes : int
        Of the model: from three on, the probability of one doesn't say which it is.

    Attributes
    ----------
    probability, boundaries : ndarray, shape (sections, height, width)
        See `Prediction.probability`; 1 where boundary, uint8.
    labels : ndarray, shape (sections, height, width), or None
        See `Prediction.labels`; None where the probability says as much.
    """

    def __init__(
        self,
        sections: tuple[int, ...],
        size: tuple[int, int],
        dtype: str,
        threshold: float,
        classes: int = 2,
    ) -> None:
        self.sections = sections
        self.threshold = threshold
        shape = (len(sections), *size)
        self.probability = np.zeros(shape, dtype)  # untouched pages take no memory
        self.boundaries = np.zeros(shape, np.uint8)
        self.labels = np.zeros(shape, np.uint8) if classes > 2 else None
        self._labels = np.zeros(size, np.uint8)
        self._begun = False

    def out(self, section: int) -> tuple[Array, Array]:
        """Return where the core writes a section: probability, and labels.

        No layer shows the labels: where nobody needs them, all sections share theirs.
        """
        at = self.sections.index(section)
        labels = self._labels if self.labels is None else self.labels[at]
        return self.probability[at], labels

    def mark(self, section: int, box: Box) -> None:
        """Bring the boundaries within a box of a section up to date."""
        where = np.s_[self.sections.index(section), box[0] : box[2], box[1] : box[3]]
        found = self.boundaries[where]
        mark_boundaries(self.probability[where], self.threshold, found)

    def begin(self) -> bool:
        """Return whether this is the first call: nothing was shown before."""
        begun, self._begun = self._begun, True
        return not begun
