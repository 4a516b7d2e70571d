"""Asks the core for a section as a run's first and its best model predict it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np

from dense_transformer.types import Progress
from napari_dtn.inspect_outcomes import Outcome, section_pixels
from napari_dtn.predicting import Request, Stop


def comparing(
    run: Path, request: Request
) -> Callable[[Stop], Generator[Progress, None, Outcome]]:
    """Return what predicts a section with the first and the best model of a run."""

    def work(stop: Stop) -> Generator[Progress, None, Outcome]:
        from dense_transformer.inspection.changes import Change
        from dense_transformer.teaching.compare import compare_image
        from dense_transformer.zoo import load_model

        source = request.source
        before, after = (
            load_model(run / name) for name in ("start.safetensors", "best.safetensors")
        )
        found = yield from compare_image(
            before, after, source.image, request.config, section=source.section,
            stop=stop,
        )  # fmt: skip
        size = np.abs(found.difference)
        change = Change(
            found.difference,
            found.before.labels != found.after.labels,
            found.changed_share,
            float(size.mean()),
            float(size.max()),
        )
        words = (
            f"{100 * found.changed_share:.1f} % of the pixels differ between before "
            "and after."
        )
        return Outcome(
            ("before", "after"), (found.before, found.after), change, None, words,
            section_pixels(source),
        )  # fmt: skip

    return work
