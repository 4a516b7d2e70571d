"""What several images say together of their predictions without the learned warp."""

from __future__ import annotations

import numpy as np

from dense_transformer.inspection.ablation import Kind
from dense_transformer.inspection.changes import Judgement
from dense_transformer.inspection.export.page import Table
from dense_transformer.inspection.export.words import describe_unasked, share
from dense_transformer.inspection.findings import Findings
from dense_transformer.inspection.verdicts import describe_many


class Tally:
    """Counts changes and scores of alternatives, image by image."""

    def __init__(self) -> None:
        self._images = 0
        self._learned: list[Judgement] = []
        self._changed: dict[str, list[float]] = {}
        self._pairs: dict[str, list[tuple[Judgement, Judgement]]] = {}
        self._left_out: dict[tuple[Kind, ...], int] = {}

    def add(self, found: Findings) -> None:
        """Add an image."""
        self._images += 1
        if found.judgement is not None:
            self._learned.append(found.judgement)
        for one in found.alternatives:
            self._changed.setdefault(one.what, []).append(one.change.changed_share)
            if one.judgement is not None and found.judgement is not None:
                pair = found.judgement, one.judgement
                self._pairs.setdefault(one.what, []).append(pair)
        if kinds := found.not_applicable:
            self._left_out[kinds] = self._left_out.get(kinds, 0) + 1

    def words(self) -> tuple[str, ...]:
        """Return what taking warps away comes to, and what could not be asked."""
        said = []
        for what, changed in self._changed.items():
            images = f"{len(changed)} image{'s' * (len(changed) != 1)}"
            words = (
                f"{what[0].upper()}{what[1:]}, {share(float(np.mean(changed)))} of the "
                f"pixels get another class on average over {images}"
            )
            if pairs := self._pairs.get(what):
                learned, other = zip(*pairs, strict=True)
                said.append(f"{words}. {describe_many(learned, other)}")
            else:
                said.append(f"{words}. Whether that is better takes labels.")
        for kinds, count in self._left_out.items():
            of = "" if count == self._images else f"{count} of {self._images} images: "
            said.append(f"{of}{describe_unasked(kinds)}")
        return tuple(said)

    def table(self) -> Table:
        """Return the means over images."""
        rows = [("as learned", "–", *_scores(self._learned))]
        for what, changed in self._changed.items():
            judged = [other for _, other in self._pairs.get(what, [])]
            rows.append((what, share(float(np.mean(changed))), *_scores(judged)))
        columns = (
            "prediction", "pixels of another class", "best F1", "F1 at 0.5",
            "contour F1", "scored",
        )  # fmt: skip
        return Table(columns, tuple(rows), "Means over images, each counting alike.")


def _scores(judged: list[Judgement]) -> tuple[str, ...]:
    """Return the mean scores, and of how many images they are."""
    return (
        _mean([one.scores.f1 for one in judged]),
        _mean([one.scores.f1_half for one in judged]),
        _mean([one.contours.f1 for one in judged]),
        str(len(judged)),
    )


def _mean(values: list[float]) -> str:
    known = [value for value in values if np.isfinite(value)]
    return f"{np.mean(known):.4f}" if known else "–"
