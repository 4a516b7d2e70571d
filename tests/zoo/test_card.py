"""Cards: what they take, and what people get to read."""

import pytest

from dense_transformer.errors import ConfigError
from dense_transformer.settings import from_dict
from dense_transformer.types import WarpHealth
from dense_transformer.zoo import Card, LevelHealth, card_markdown

FULL = Card(
    name="em-membrane-dtn",
    title="Membranes in ssTEM",
    description="Finds membranes.",
    data="VNC sections 00..12",
    terms="CC BY 4.0",
    citation="Gerhard et al.",
    license="BSD-3-Clause",
    seed=3,
    command="dtn train em.toml --run runs/em",
    parent="em-base 0123",
    created="2026-11-21",
    versions=(("torch", "2.13"),),
    pixel_nm=(4.6, 4.6),
    normalisation="percentiles",
    scores=(("auc", 0.98765), ("f1", None)),
    health=(LevelHealth(level=4, shift=0.0213, folded=0.0, tiles=48),),
)


def test_a_card_comes_back_from_its_plain_values():
    assert from_dict(Card, FULL.to_dict()) == FULL


def test_a_levels_health_becomes_a_row_of_the_card():
    health = WarpHealth(4, 0.02, 0.07, 0.0, 0.01, 0.0, 0.99, 0.001, 12)
    assert from_dict(LevelHealth, LevelHealth.of(health).to_dict()) == LevelHealth(
        level=4,
        shift=0.02,
        largest_shift=0.07,
        saturation=0.0,
        spread=0.01,
        folded=0.0,
        coverage_mean=0.99,
        holes=0.001,
        tiles=12,
    )


def test_people_read_every_field_that_is_filled():
    text = card_markdown(FULL)
    for part in [
        "### Membranes in ssTEM",
        "Finds membranes.",
        "| ROC AUC | 0.9877 |",
        "| best F1 | – |",
        "**Pixel size:** 4.6 nm",
        "**Finds:** boundary (against inside)",
        "**Data:** VNC sections 00..12",
        "**Terms of the data:** CC BY 4.0",
        "**Licence of the weights:** BSD-3-Clause",
        "**Please cite:** Gerhard et al.",
        "**Intensities:** percentiles",
        "**Made from:** em-base 0123",
        "**Trained again by:** dtn train em.toml --run runs/em",
        "**Seed:** 3",
        "**With:** torch 2.13",
        "**Warp at level 4** (48 tiles): mean shift 0.0213",
        "folded 0",
        "spread over tiles –",
    ]:
        assert part in text, part


def test_empty_fields_are_left_out():
    text = card_markdown(Card(name="bare"))
    assert text.startswith("### bare\n\n")
    for name in ("Data", "Licence", "cite", "Pixel size", "validation", "Warp", "With"):
        assert name not in text


def test_two_pixel_sizes_say_which_is_which():
    assert "4 × 5.5 nm (y × x)" in card_markdown(Card(pixel_nm=(4.0, 5.5)))


@pytest.mark.parametrize(
    "evil",
    [
        "![x](file:///etc/passwd)",
        "<img src='http://x'>",
        "[click](http://x)",
        "`code`",
        "a | b",
        "<http://x>",
        "&lt;b&gt;",
        "# head",
    ],
)
def test_text_of_a_card_is_never_taken_as_markup(evil):
    card = Card(
        name="x", title=evil, description=evil, command=evil, scores=((evil, 1.0),)
    )
    text = card_markdown(card)
    for mark in set(evil) & set("<>[]!`|&#"):
        known = card_markdown(Card(name="x", title="t", scores=(("s", 1.0),)))
        entities = text.count(f"&#{ord(mark)};")
        assert entities >= 3
        if mark not in "&#":  # which the entities themselves are made of
            assert text.count(mark) == known.count(mark)


def test_a_description_of_many_lines_stays_one_paragraph():
    assert "one # two".replace("#", "&#35;") in card_markdown(
        Card(description="one\n\n# two")
    )


@pytest.mark.parametrize("evil", ["\x1b[2J", "\x07", "\u202e", "a\rb", "\x9b"])
def test_text_that_plays_tricks_on_a_terminal_is_refused(evil):
    with pytest.raises(ConfigError, match="control characters"):
        Card(title=f"a{evil}b")
    with pytest.raises(ConfigError, match="control characters"):
        Card(classes=("a", evil))
    with pytest.raises(ConfigError, match="control characters"):
        Card(scores=((evil, 1.0),))
