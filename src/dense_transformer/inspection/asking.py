"""Ask all at once of one image: predict, take warps away, compare, measure."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import numpy as np

from dense_transformer.config import PredictConfig
from dense_transformer.errors import ConfigError
from dense_transformer.inference import predict
from dense_transformer.inspection.ablation import NAMES, Kind, ablate, applies
from dense_transformer.inspection.chains import Chain, tile_chains
from dense_transformer.inspection.changes import judge
from dense_transformer.inspection.comparison import Comparison, compare
from dense_transformer.inspection.findings import (
    Alternative,
    Findings,
    Moment,
    Questions,
    choose_tile,
)
from dense_transformer.inspection.inspector import Inspector
from dense_transformer.inspection.numbers import measure_levels
from dense_transformer.inspection.spread import compare_images
from dense_transformer.inspection.verdicts import describe_rivals
from dense_transformer.types import Array, Image, Prediction, Progress, WarpEdit
from dense_transformer.zoo import Model

Stop = Callable[[], bool]
STRENGTHS = 9  # moments of the way from the identity to the learned warp


def check_level(levels: Sequence[int], level: int | None) -> None:
    """Raise ConfigError if a network has no transformer, or none at `level`."""
    if not levels:
        raise ConfigError(
            "the model is a plain U-Net, without transformers to inspect; "
            "choose a DTN, such as em-membrane-dtn"
        )
    if level is not None and level not in levels:
        known = ", ".join(map(str, levels))
        raise ConfigError(
            f"level {level} has no transformer; this model has some at {known}"
        )


def inspect_image(
    model: Model,
    image: Image,
    config: PredictConfig | None = None,
    questions: Questions | None = None,
    *,
    section: int = 0,
    labels: Array | None = None,
    rival: Model | None = None,
    stop: Stop | None = None,
) -> Generator[Progress, None, Findings]:
    """Return what a network does to one section of an image.

    Parameters
    ----------
    model, image, config, section, stop
        As for `predict`.
    questions : Questions or None
        What to ask.
    labels : ndarray, shape (h, w), or None
        0 ignored, class index + 1 else: to judge the predictions by.
    rival : Model or None
        Another model to predict by.

    Yields
    ------
    Progress
        Of each prediction in turn.

    Raises
    ------
    ConfigError
        If the model has no transformers, or there is no such level or tile.
    DataError
        If labels don't fit the image.
    And what `predict` raises.
    """
    config, asked = config or PredictConfig(), questions or Questions()
    levels = sorted(pair.level for pair in model.config.transformers)
    check_level(levels, asked.level)
    found = yield from predict(model, image, config, section=section, stop=stop)
    chains = tile_chains(found.warps)
    level = levels[-1] if asked.level is None else asked.level
    tile = choose_tile(chains, level, asked.tile)
    ask = _Asker(model, image, config, section, labels, found, stop)
    kinds = [kind for kind in asked.ablate if applies(kind, len(chains))]
    alternatives = yield from ask.alternatives(kinds, levels, rival)
    inspector = Inspector(model, image, config, section)
    moments: tuple[Moment, ...] = ()
    if asked.film:
        moments = yield from _strengthen(inspector, tile)
    pixel_nm = config.pixel_nm or image.pixel_nm
    transformers = model.config.transformers
    return Findings(
        image=image,
        section=section,
        model=model,
        pixel_nm=pixel_nm,
        prediction=found,
        judgement=None if labels is None else judge(found, labels),
        chains=chains,
        level=level,
        tile=tile,
        numbers=measure_levels(found.warps, transformers, pixel_nm, image.size),
        spread=compare_images([(found.image_name, found.warps)]),
        alternatives=alternatives,
        tile_pixels=inspector.pixels(tile),
        moments=moments,
        not_applicable=tuple(k for k in asked.ablate if k not in kinds),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Asker:
    """What all the predictions of one image have in common."""

    model: Model
    image: Image
    config: PredictConfig
    section: int
    labels: Array | None
    learned: Prediction
    stop: Stop | None

    def alternatives(
        self, kinds: Sequence[Kind], levels: Sequence[int], rival: Model | None
    ) -> Generator[Progress, None, tuple[Alternative, ...]]:
        found = []
        for kind in kinds:
            for level in levels:
                found.append((yield from self._ablation(kind, level)))
        if rival is not None:
            found.append((yield from self._rival(rival)))
        return tuple(found)

    def _ablation(
        self, kind: Kind, level: int
    ) -> Generator[Progress, None, Alternative]:
        one = yield from ablate(
            self.model,
            self.image,
            self.config,
            kind=kind,
            level=level,
            section=self.section,
            labels=self.labels,
            before=self.learned,
            stop=self.stop,
        )
        judged = None if one.scores is None else one.scores[1]
        name = f"level{level}-{kind.replace(' ', '-')}"
        what = f"with {NAMES[kind]} at level {level}"
        return Alternative(name, what, one.change, judged, one.words)

    def _rival(self, rival: Model) -> Generator[Progress, None, Alternative]:
        one = yield from compare(
            self.model,
            rival,
            self.image,
            self.config,
            section=self.section,
            labels=self.labels,
            before=self.learned,
            stop=self.stop,
        )
        judged = None if one.scores is None else one.scores[1]
        name, words = one.names[1], _describe_rival(one)
        return Alternative(name, f"by {name}", one.change, judged, words)


def _describe_rival(found: Comparison) -> str:
    """Return how another model's prediction differs, in words."""
    mine, its = found.names
    changed = 100 * found.change.changed_share
    words = f"{its} finds another class in {changed:.2f} % of the pixels"
    if found.scores is None:
        return f"{words}. Which of the two is right takes labels."
    return f"{words}. {describe_rivals((mine, its), found.scores)}"


def _strengthen(
    inspector: Inspector, tile: int
) -> Generator[Progress, None, tuple[Moment, ...]]:
    """Return a tile from the identity to as learned."""
    moments = []
    for index, strength in enumerate(np.linspace(0.0, 1.0, STRENGTHS)):
        edits = [WarpEdit(level, float(strength)) for level in inspector.levels]
        look = inspector.look(tile, edits)
        moments.append(Moment(float(strength), Chain(look.warps), look.probability))
        yield Progress(index + 1, STRENGTHS, "strength")
    return tuple(moments)
