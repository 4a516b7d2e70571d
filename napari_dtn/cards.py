"""A model's card as Markdown, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dense_transformer.zoo import Card


SCORES = {  # as the fields of `Scores` are called, and as people call them
    "auc": "ROC AUC",
    "f1": "best F1",
    "threshold": "at threshold",
    "f1_half": "F1 at 0.5",
    "precision": "precision at 0.5",
    "recall": "recall at 0.5",
    "false_positive_rate": "false positive rate at 0.5",
    "iou": "IoU at 0.5",
    "pixels": "pixels",
}


def card_markdown(card: Card) -> str:
    """Return what the card says, the most asked for first; empty fields left out."""
    parts = [f"### {_text(card.title or card.name)}"]
    if card.description:
        parts.append(_text(card.description))
    parts += [_scores(card)] if card.scores else []
    facts = [
        ("Pixel size", pixel_text(card.pixel_nm)),
        (
            "Finds",
            _text(f"{card.classes[-1]} (against {', '.join(card.classes[:-1])})"),
        ),
        ("Channels", str(card.in_channels)),
        ("Trained on patches of", f"{card.patch[0]} × {card.patch[1]} px"),
        ("Data", _text(card.data)),
        ("Terms of the data", _text(card.terms)),
        ("Licence of the weights", _text(card.license)),
        ("Please cite", _text(card.citation)),
        ("Intensities", _text(card.normalisation)),
        ("Made from", _text(card.parent)),
        ("Created", _text(card.created)),
        ("Trained again by", f"`{card.command}`" if card.command else ""),
    ]
    parts += [f"**{name}:** {value}" for name, value in facts if value]
    parts += [_health(card)] if card.health else []
    return "\n\n".join(parts)


def pixel_text(pixel_nm: tuple[float, float] | None) -> str:
    """Return a pixel size as people write it; empty if unknown."""
    if pixel_nm is None:
        return ""
    y, x = pixel_nm
    return f"{y:g} nm" if y == x else f"{y:g} × {x:g} nm (y × x)"


def _scores(card: Card) -> str:
    rows = ["| On validation data | |", "|---|---:|"]
    for name, value in card.scores:
        shown = "–" if value is None else f"{value:.4g}"
        rows.append(f"| {SCORES.get(name) or _text(name)} | {shown} |")
    return "\n".join(rows)


def _health(card: Card) -> str:
    rows = []
    for level in card.health:
        figures = [("shift", level.shift), ("saturated", level.saturation)]
        figures += [
            ("folded", level.folded),
            ("spread", level.spread),
            ("holes", level.holes),
        ]
        shown = ", ".join(f"{n} {v:.3g}" for n, v in figures if v is not None)
        rows.append(f"**Warp at level {level.level}:** {shown}")
    return "\n\n".join(rows)


def _text(text: str) -> str:
    """Return text that Markdown won't take as markup; a card may come from anybody."""
    # Images and raw HTML could reach for a file or the network.
    for mark in "\\<>[]!`*_|#":
        text = text.replace(mark, f"&#{ord(mark)};")
    return text.replace("\n", "\n\n")
