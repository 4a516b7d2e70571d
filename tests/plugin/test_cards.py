"""Cards as people read them, also those from strangers."""

from __future__ import annotations

import pytest

from dense_transformer.zoo.card import Card, LevelHealth
from napari_dtn.cards import card_markdown, pixel_text


def test_card_says_what_the_model_is_worth():
    card = Card(
        title="Membranes",
        description="Finds membranes.",
        data="VNC sections",
        terms="CC BY",
        pixel_nm=(4.6, 4.6),
        scores=(("ROC AUC", 0.98765), ("best F1", None)),
        health=(LevelHealth(level=4, shift=0.123, folded=0.0),),
    )
    text = card_markdown(card)
    for part in ("### Membranes", "| ROC AUC | 0.9877 |", "| best F1 | – |", "4.6 nm"):
        assert part in text
    assert "**Warp at level 4:** shift 0.123, folded 0" in text
    assert "Citation" not in text


@pytest.mark.parametrize(
    "hostile",
    [
        "<img src='file:///etc/passwd'>",
        "![x](http://example.org/x.png)",
        "[click](http://example.org)",
        "a | b | c",
    ],
)
def test_text_of_a_card_is_text_not_markup(hostile):
    text = card_markdown(Card(title=hostile, description=hostile))
    for mark in "<>[]":
        assert mark not in text
    assert "|" not in text


@pytest.mark.parametrize(
    ("size", "text"),
    [(None, ""), ((4.0, 4.0), "4 nm"), ((4.0, 5.5), "4 × 5.5 nm (y × x)")],
)
def test_pixel_sizes_are_written_as_people_do(size, text):
    assert pixel_text(size) == text
