"""Drawings as SVG, PDF and PNG: the same marks at the same places, in fixed bytes."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
import zlib

import numpy as np
import pytest

from dense_transformer.errors import ConfigError, WriteError
from dense_transformer.inspection.export import write_figure
from dense_transformer.inspection.export.colours import ColourMap, number, ticks
from dense_transformer.inspection.export.drawing import (
    Dots,
    Drawing,
    Panel,
    Paths,
    Picture,
    Text,
    rectangle,
)
from dense_transformer.inspection.export.furniture import scale_bar
from dense_transformer.inspection.export.pdf import to_pdf
from dense_transformer.inspection.export.raster import to_pixels
from dense_transformer.inspection.export.svg import to_svg

RED, BLUE = (255, 0, 0), (0, 0, 255)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def drawing() -> Drawing:
    """A gray picture, a red square half cut away, a blue disc and words."""
    clip = (10.0, 10.0, 50.0, 50.0)
    return Drawing(
        (60.0, 100.0),
        (
            Picture(clip, np.full((4, 4), 128, np.uint8)),
            Paths((rectangle((20.0, 30.0, 40.0, 70.0)),), None, fill=RED, closed=True,
                  clip=clip),
            Dots(np.array([[30.0, 80.0]]), 6.0, BLUE),
            Text((55.0, 10.0), "200 nm, 1 µm <&>"),
        ),
        "A test <&>",
    )  # fmt: skip


def test_pixels_lie_where_the_marks_are(drawing: Drawing):
    pixels = to_pixels(drawing, dpi=72)  # a pixel a point
    assert pixels.shape == (60, 100, 3)
    assert tuple(pixels[30, 40]) == RED
    assert tuple(pixels[30, 60]) == (255, 255, 255), "beyond the clip"
    assert tuple(pixels[45, 20]) == (128, 128, 128)
    assert tuple(pixels[30, 80]) == BLUE
    assert tuple(pixels[30, 90]) == (255, 255, 255)
    assert (pixels[48:56, 10:60] < 100).any(), "words"


def test_svg_holds_the_same_marks(drawing: Drawing):
    root = ET.fromstring(to_svg(drawing))
    assert root.get("viewBox") == "0 0 100 60"
    assert root.findtext(f"{SVG}title") == "A test <&>"
    path = root.find(f".//{SVG}path")
    assert path is not None
    assert path.get("d") == "M30 20L70 20L70 40L30 40Z"
    assert path.get("fill") == "#ff0000"
    clips = {c.get("id"): c for c in root.iter(f"{SVG}clipPath")}
    assert path.get("clip-path", "")[5:-1] in clips
    disc = root.find(f".//{SVG}circle")
    assert disc is not None
    assert (disc.get("cx"), disc.get("cy"), disc.get("r")) == ("80", "30", "6")
    assert [t.text for t in root.iter(f"{SVG}text")] == ["200 nm, 1 µm <&>"]


def test_svg_fetches_nothing(drawing: Drawing):
    outside = re.findall(r'(?:href|src)="([^"]{0,20})', to_svg(drawing))
    assert outside
    assert all(address.startswith("data:") for address in outside)


def objects_of(pdf: bytes) -> dict[int, bytes]:
    """Return the objects of a PDF, found by its own table of where they begin."""
    start = int(pdf.rsplit(b"startxref\n", 1)[1].split()[0])
    rows = pdf[start:].split(b"trailer")[0].splitlines()[2:]
    found = {}
    for index, row in enumerate(rows):
        if row.endswith(b" n "):
            at = int(row[:10])
            assert pdf[at:].startswith(f"{index} 0 obj\n".encode())
            found[index] = pdf[at : pdf.index(b"endobj", at)]
    return found


def test_pdf_is_sound_and_carries_its_font(drawing: Drawing):
    objects = objects_of(to_pdf(drawing))
    page = next(o for o in objects.values() if b"/Type /Page " in o)
    assert b"/MediaBox [0 0 100.00 60.00]" in page
    streams = [
        (o, zlib.decompress(o.split(b"stream\n", 1)[1].rsplit(b"\nendstream", 1)[0]))
        for o in objects.values()
        if b"stream" in o
    ]
    content = next(c for o, c in streams if b" re W n" in c)
    assert b"30.00 40.00 m 70.00 40.00 l 70.00 20.00 l 30.00 20.00 l h" in content
    assert "1 µm".encode("cp1252").hex().encode() in content
    image = next(c for o, c in streams if b"/Subtype /Image" in o)
    assert image == bytes([128] * 16)
    font = next(c for o, c in streams if b"/Length1" in o)
    assert font.startswith(b"\x00\x01\x00\x00"), "TrueType"
    for reference in re.findall(rb"(\d+) 0 R", b"".join(objects.values())):
        assert int(reference) in objects


@pytest.mark.parametrize("ending", ["svg", "pdf", "png"])
def test_a_figure_has_the_same_bytes_each_time(drawing, ending, tmp_path):
    one = write_figure(tmp_path / f"one.{ending}", drawing).read_bytes()
    two = write_figure(tmp_path / f"two.{ending}", drawing).read_bytes()
    assert one == two
    assert b"Date" not in one


def test_an_unknown_format_is_refused(drawing, tmp_path):
    with pytest.raises(ConfigError, match=r"svg, \.pdf, \.png"):
        write_figure(tmp_path / "one.bmp", drawing)


def test_a_missing_folder_is_said_and_nothing_is_left(drawing, tmp_path):
    with pytest.raises(WriteError, match="doesn't exist"):
        write_figure(tmp_path / "gone" / "one.pdf", drawing)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("pixel_nm", "words", "wide_pt"),
    [
        ((10.0, 10.0), "200 nm", 20.0),  # 100 px of 10 nm on 100 pt
        ((4.6, 4.6), "100 nm", 100 / 4.6),
        ((150.0, 150.0), "2 µm", 2000 / 150),
        (None, "20 px", 20.0),
        ((10.0, 20.0), "200 nm", 10.0),  # it lies along x
    ],
)
def test_a_scale_bar_is_as_long_as_it_says(pixel_nm, words, wide_pt):
    panel = Panel((0.0, 0.0, 100.0, 100.0), (-0.5, -0.5, 99.5, 99.5))
    marks = scale_bar(panel, pixel_nm)
    bar = next(m for m in marks if isinstance(m, Paths) and m.fill == (255,) * 3)
    assert [m.words for m in marks if isinstance(m, Text)] == [words]
    assert np.ptp(bar.lines[0][:, 1]) == pytest.approx(wide_pt)


def test_a_panel_places_pixel_centres():
    panel = Panel((10.0, 20.0, 30.0, 60.0), (4.5, 9.5, 14.5, 19.5))
    np.testing.assert_allclose(panel.place(np.array([5.0, 10.0])), [11.0, 22.0])
    np.testing.assert_allclose(panel.place(np.array([14.5, 19.5])), [30.0, 60.0])


def test_a_colour_map_ends_at_its_ends_and_shows_what_is_missing():
    colours = ColourMap("gray", 1.0, 3.0)
    painted = colours.paint(np.array([0.0, 1.0, 2.0, 3.0, 9.0, np.nan]))
    assert painted[:, 0].tolist() == [0, 0, 128, 255, 255, 160]
    white = ColourMap("signed", -2.0, 2.0).paint(np.zeros(1))[0]
    assert tuple(white) == (247, 247, 247)


def test_ticks_and_numbers_are_round():
    assert ticks(0.0, 28.0, 5).tolist() == [0, 5, 10, 15, 20, 25]
    assert [number(v) for v in (0.0, 12.345, 1234.5, 0.00123, float("nan"))] == [
        "0", "12.3", "1234", "0.00123", "–",
    ]  # fmt: skip
