"""A model's card as Markdown, for people."""

from __future__ import annotations

from dense_transformer.zoo.card import Card, LevelHealth

_MARKS = str.maketrans({mark: f"&#{ord(mark)};" for mark in "\\<>[]!`*_|#&~"})

_SCORES = {  # as the fields of `Scores` are called, and as people call them
    "auc": "ROC AUC",
    "f1": "best F1",
    "threshold": "at threshold",
    "f1_half": "F1 at 0.5",
    "precision": "precision at 0.5",
    "recall": "recall at 0.5",
    "false_positive_rate": "false positive rate at 0.5",
    "iou": "IoU at 0.5",
}


def card_markdown(card: Card) -> str:
    """Return what the card says, the most asked for first; empty fields left out.

    A card may come from anybody, so its text is never taken as markup: images and
    raw HTML could reach for a file or the network.
    """
    parts = [f"### {_plain(card.title or card.name)}", _plain(card.description)]
    rows = [
        f"| {_SCORES.get(name) or _plain(name)} | {_figure(value)} |"
        for name, value in card.scores
    ]
    if rows:
        parts.append("\n".join(["| On validation data | |", "|---|---:|", *rows]))
    others = ", ".join(card.classes[:-1])
    facts = {
        "Pixel size": pixel_text(card.pixel_nm),
        "Images are resized to": f"{card.height_px} px high" if card.height_px else "",
        "Images are seen": f"{card.zoom:.3g} times as large" if card.zoom != 1 else "",
        "Finds": _plain(f"{card.classes[-1]} (against {others})"),
        "Channels": str(card.in_channels),
        "Trained on patches of": f"{card.patch[0]} × {card.patch[1]} px",
        "Data": _plain(card.data),
        "Terms of the data": _plain(card.terms),
        "Licence of the weights": _plain(card.license),
        "Please cite": _plain(card.citation),
        "Intensities": _plain(card.normalisation),
        "Made from": _plain(card.parent),
        "Trained again by": _plain(card.command),
        "Seed": str(card.seed),
        "Created": _plain(card.created),
        "With": _plain(", ".join(f"{name} {v}" for name, v in card.versions)),
    }
    parts += [f"**{name}:** {text}" for name, text in facts.items() if text]
    parts += [_health(level) for level in card.health]
    return "\n\n".join(part for part in parts if part) + "\n"


def pixel_text(pixel_nm: tuple[float, float] | None) -> str:
    """Return a pixel size as people write it; empty if unknown."""
    if pixel_nm is None:
        return ""
    y, x = pixel_nm
    return f"{y:g} nm" if y == x else f"{y:g} × {x:g} nm (y × x)"


def _health(level: LevelHealth) -> str:
    figures = {
        "mean shift": level.shift,
        "largest": level.largest_shift,
        "spread over tiles": level.spread,
        "saturated": level.saturation,
        "folded": level.folded,
        "holes": level.holes,
    }
    shown = ", ".join(f"{name} {_figure(v)}" for name, v in figures.items())
    return f"**Warp at level {level.level}** ({level.tiles} tiles): {shown}"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def _plain(text: str) -> str:
    """Return text that Markdown takes for nothing but text, on one line."""
    return " ".join(text.split()).translate(_MARKS)
