"""The file `base.safetensors`: what a run's first step begins with, chosen once."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from dense_transformer.teaching.adaptation import Base
from dense_transformer.teaching.beginning import BASE
from dense_transformer.teaching.network_copy import copy_network
from dense_transformer.zoo import load_model, read_card, save_model

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from dense_transformer.teaching.gate import Gate
    from dense_transformer.zoo import Card, Model


def read_base(run: Path, start: Model, device: torch.device, gate: Gate) -> Base | None:
    """Return what a run began with; None if that isn't chosen yet.

    Parameters
    ----------
    run : Path
        Its folder.
    start : Model
        The model as it was chosen.
    device : torch.device
        Where its network is put.
    gate : Gate
        Asked before each convolution of it.

    Raises
    ------
    ModelError
        If the file is damaged.
    """
    path = run / BASE
    if not path.exists():
        return None
    kept = load_model(path)
    known = dict(kept.card.scores)
    trust, merit = known.get("trust"), known.get("merit")
    return Base(
        copy_network(kept, device, gate),
        kept.card.title,
        1.0 if trust is None else trust,
        math.inf if merit is None else merit,
        kept.card.zoom / start.card.zoom,
        bool(known.get("evident")),
        adapted=bool(known.get("adapted", True)),  # of runs that don't say: as it was
    )


def read_base_words(run: Path) -> tuple[str, bool]:
    """Return what a run changed before its first step, and if without a label.

    Raises
    ------
    ModelError
        If the file is missing or damaged.
    """
    card = read_card(run / BASE)
    return card.title, bool(dict(card.scores).get("evident"))


def write_base(run: Path, base: Base, card: Card) -> None:
    """Keep what a run begins with, under the card of its model; raises WriteError."""
    scores = (
        ("trust", base.trust), ("merit", base.merit),
        ("evident", float(base.evident)), ("adapted", float(base.adapted)),
    )  # fmt: skip
    zoom = card.zoom * base.zoom
    card = dataclasses.replace(card, title=base.words, scores=scores, zoom=zoom)
    save_model(run / BASE, base.network, card)
