"""Films: there and back, in fixed bytes."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image

from dense_transformer.errors import ConfigError
from dense_transformer.inspection.export import write_gif, write_mp4
from dense_transformer.inspection.export.films import FRAME_MS, PAUSE_MS

FRAMES = [np.full((21, 33, 3), shade, np.uint8) for shade in (0, 80, 160, 240)]


def test_a_gif_goes_there_and_back_and_rests_at_both_ends(tmp_path):
    path = write_gif(tmp_path / "f.gif", FRAMES)
    shades, times = [], []
    with Image.open(path) as film:
        assert film.info["loop"] == 0
        for index in range(film.n_frames):
            film.seek(index)
            shades.append(int(np.asarray(film.convert("RGB"))[10, 10, 0]))
            times.append(film.info["duration"])
    assert shades == [0, 80, 160, 240, 160, 80]
    assert times == [PAUSE_MS, FRAME_MS, FRAME_MS, PAUSE_MS, FRAME_MS, FRAME_MS]


@pytest.mark.parametrize("write", [write_gif, write_mp4])
def test_a_film_has_the_same_bytes_each_time(write, tmp_path):
    if write is write_mp4:
        pytest.importorskip("av")
    y, x = np.mgrid[:96, :130]
    frames = [
        np.stack([x + 9 * i, y - 5 * i, x * y // 9], -1).astype(np.uint8)
        for i in range(5)
    ]
    one, two = (write(tmp_path / name, frames).read_bytes() for name in "ab")
    assert one == two


def test_an_mp4_shows_the_frames(tmp_path):
    av = pytest.importorskip("av")
    path = write_mp4(tmp_path / "f.mp4", FRAMES)
    with av.open(str(path)) as film:
        shown = [f.to_ndarray(format="gray")[10, 10] for f in film.decode(video=0)]
        stream = film.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert (stream.height, stream.width) == (20, 32), "even sizes"
    hold = PAUSE_MS // FRAME_MS
    once = [0] * hold + [80, 160] + [240] * hold + [160, 80]
    np.testing.assert_allclose(np.array(shown, float), once * 3, atol=4)


def test_without_pyav_an_mp4_is_refused_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ConfigError, match=r"napari-dtn\[film\]"):
        write_mp4(tmp_path / "f.mp4", FRAMES)
    assert not list(tmp_path.iterdir())
