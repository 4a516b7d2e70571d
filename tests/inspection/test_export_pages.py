"""What was found about one image, as files that anybody can open."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image as PILImage
from small_models import CONFIG, image_of, model_of, moving_dtn, plain_twin

from dense_transformer import finish
from dense_transformer.errors import ConfigError, DataError, WriteError
from dense_transformer.inspection.asking import inspect_image
from dense_transformer.inspection.export import Wanted, write_findings
from dense_transformer.inspection.export.film_frames import seen_pixels
from dense_transformer.inspection.export.overview import Overview
from dense_transformer.inspection.findings import Findings, Questions
from dense_transformer.types import Image

HOSTILE = '<script src="https://evil.example/x.js">&"'


class Elements(HTMLParser):
    """Collects a page's elements, their attributes, and whether all are closed."""

    VOID = frozenset({"meta", "img", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    y, x = np.mgrid[:48, :80]
    return np.where((x + y) % 11 < 4, 2, 1).astype(np.uint8)


@pytest.fixture(scope="module")
def found(labels) -> Findings:
    """A small network on an image of several tiles and a name that bites."""
    plain = image_of()
    image = Image(plain.data, plain.axes, HOSTILE, (5.0, 5.0))
    network = moving_dtn()
    rival = model_of(plain_twin(network), name="twin")
    work = inspect_image(
        model_of(network), image, CONFIG, Questions(), labels=labels, rival=rival
    )
    return finish(work)


@pytest.fixture(scope="module")
def files(found, tmp_path_factory) -> dict[str, Path]:
    """All files of it, by their names without that of the image."""
    out = tmp_path_factory.mktemp("out")
    written = write_findings(found, out, Wanted(("svg",), ("gif",)))
    assert sorted(written) == sorted(out.iterdir())
    start = min((f.name for f in written), key=len).rsplit("-", 1)[0]
    return {f.name.removeprefix(f"{start}-"): f for f in written}


def test_a_page_needs_nothing_but_itself(files):
    page = Elements(files["inspection.html"].read_text())
    assert page.open == []
    tags = {tag for tag, _ in page.found}
    assert not tags & {"script", "link", "iframe", "object", "embed", "base"}
    for tag, attributes in page.found:
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in ("src", "href", "xlink:href"):
                assert (value or "").startswith(("data:image/", "#")), (tag, value)
    style = files["inspection.html"].read_text().split("<style>")[1].split("</style>")
    assert "url(" not in style[0]
    assert "@import" not in style[0]


def test_names_of_files_and_words_of_pages_survive_a_hostile_name(files):
    page = Elements(files["inspection.html"].read_text())
    assert HOSTILE in page.words
    assert all(re.fullmatch(r"[\w.+-]+", f.name) for f in files.values())


def test_every_picture_says_how_to_read_it(files):
    page = Elements(files["inspection.html"].read_text())
    tags = [tag for tag, _ in page.found]
    assert tags.count("figure") == tags.count("figcaption") >= 9


def test_the_verdict_tells_what_the_scores_tell(found, files):
    text = Elements(files["inspection.html"].read_text()).words
    off, twin = found.alternatives
    assert off.judgement is not None
    assert found.judgement is not None
    assert f"{100 * off.change.changed_share:.2f} % of the pixels change class" in text
    assert f"Best F1 goes from {found.judgement.scores.f1:.4f} to" in text
    # The twin has the same weights and no warp: so has the network switched off.
    assert off.change.changed_share > 0
    np.testing.assert_allclose(off.change.difference, twin.change.difference, atol=2e-6)


def test_change_maps_hold_the_difference(found, files):
    planes = tifffile.imread(files["change-level2-identity.tif"])
    change = found.alternatives[0].change
    np.testing.assert_array_equal(planes[0], change.difference)
    np.testing.assert_array_equal(planes[1] > 0, change.changed)


def test_a_film_begins_with_the_image_as_it_is(found):
    still = seen_pixels(found, 0.0)
    moved = seen_pixels(found, 1.0)
    straight = np.rint(found.tile_pixels * 255.0).clip(0, 255).astype(np.uint8)
    box = found.chain.tile_px
    inside = straight[-min(box[0], 0) : 48 - box[0], -min(box[1], 0) : 80 - box[1]]
    assert np.abs(still.astype(int) - inside.astype(int)).max() <= 1
    assert np.abs(moved.astype(int) - inside.astype(int)).max() > 20


def test_a_film_is_a_picture_for_each_moment_there_and_back(found, files):
    with PILImage.open(files["warp.gif"]) as film:
        assert film.n_frames == 2 * len(found.moments) - 2


def test_the_same_findings_give_the_same_bytes(found, files, tmp_path):
    again = write_findings(found, tmp_path, Wanted(("svg",), ("gif",)))
    for path in again:
        (one,) = (f for f in files.values() if f.name == path.name)
        assert path.read_bytes() == one.read_bytes(), path.name


def test_a_chosen_tile_and_level_are_looked_at(found):
    model = model_of(moving_dtn((1, 3)))
    asked = Questions(level=1, tile=1, ablate=("mean",), film=False)
    other = finish(inspect_image(model, found.image, CONFIG, asked))
    assert (other.level, other.tile) == (1, 1)
    assert other.chain is other.chains[1]
    assert [a.name for a in other.alternatives] == ["level1-mean", "level3-mean"]
    assert other.moments == ()
    assert other.judgement is None


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (Questions(level=3), "some at 2"),
        (Questions(tile=99), "no tile 100; the image has tiles 1 to"),
    ],
)
def test_what_is_not_there_is_refused(asked, text):
    model = model_of(moving_dtn())
    with pytest.raises(ConfigError, match=text):
        finish(inspect_image(model, image_of(), CONFIG, asked))


def test_a_plain_unet_has_nothing_to_inspect():
    model = model_of(plain_twin(moving_dtn()))
    with pytest.raises(ConfigError, match="plain U-Net"):
        finish(inspect_image(model, image_of(), CONFIG))


def test_labels_of_another_size_are_refused():
    labels = np.ones((5, 5), np.uint8)
    with pytest.raises(DataError, match="labels of"):
        finish(inspect_image(model_of(moving_dtn()), image_of(), CONFIG, labels=labels))


def test_a_folder_that_is_a_file_is_said(found, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(WriteError, match="taken"):
        write_findings(found, tmp_path / "taken")


def test_an_overview_compares_images(found, tmp_path):
    overview = Overview("small")
    overview.add(found)
    overview.add(found)
    assert overview.images == 2
    files = overview.write(tmp_path)
    assert [f.name for f in files] == ["numbers.csv", "spread.csv", "index.html"]
    page = Elements(files[2].read_text())
    assert page.open == []
    header, row = files[1].read_text().splitlines()
    values = dict(zip(header.split(","), row.split(","), strict=False))
    assert float(values["between_px"]) == pytest.approx(0.0, abs=1e-6), "the same twice"
    words = " ".join(overview.words)
    assert "Of 2 images the learned prediction is" in words
    assert words in " ".join(page.words.split("\n")), "the page says it too"
