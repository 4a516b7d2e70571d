"""Films from the identity to the learned warp and back, as GIF and MP4."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from dense_transformer.errors import ConfigError
from dense_transformer.files import atomic_write
from dense_transformer.types import Array

FRAME_MS = 80
PAUSE_MS = 800  # at both ends, to look
_COLOURS = 255
# x264's assembly reads beyond its buffers: the same film comes out in other bytes.
_ENCODER = {
    "crf": "20",
    "preset": "veryfast",
    "x264-params": "threads=1:lookahead-threads=1:asm=0",
}


def write_gif(path: str | os.PathLike[str], frames: Sequence[Array]) -> Path:
    """Write a GIF that plays `frames` there and back without end; return its path.

    Parameters
    ----------
    path : path-like
        File to be written.
    frames : sequence of ndarray, shape (h, w, 3), uint8
        From the identity to the learned warp, all of one size.

    Raises
    ------
    WriteError
        If the disk is full or the folder can't be written to.
    """
    return atomic_write(path, to_gif(frames))


def to_gif(frames: Sequence[Array]) -> bytes:
    """Return the file of `write_gif`; one palette for all frames, so none flickers."""
    strip = Image.fromarray(np.concatenate(_some(frames), axis=1))
    palette = strip.quantize(_COLOURS, Image.Quantize.MEDIANCUT)
    paged = [
        Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE)
        for frame in frames
    ]
    shown = [*paged, *paged[-2:0:-1]]
    times = [FRAME_MS] * len(shown)
    times[0], times[len(paged) - 1] = PAUSE_MS, PAUSE_MS
    file = io.BytesIO()
    shown[0].save(
        file, "gif", save_all=True, append_images=shown[1:], duration=times, loop=0,
        disposal=1, optimize=False,
    )  # fmt: skip
    return file.getvalue()


def write_mp4(path: str | os.PathLike[str], frames: Sequence[Array]) -> Path:
    """Write an MP4 (H.264) that plays `frames` there and back three times.

    Raises
    ------
    ConfigError
        If PyAV, which writes it, is not installed.
    WriteError
        If the disk is full or the folder can't be written to.
    """
    try:
        av = import_module("av")
    except ImportError as error:
        raise ConfigError(
            'MP4 needs PyAV: pip install "napari-dtn[film]", or write a .gif'
        ) from error
    return atomic_write(path, _encode(av, frames))


def _encode(av: Any, frames: Sequence[Array]) -> bytes:
    hold = PAUSE_MS // FRAME_MS
    ends = [frames[0]] * hold, [frames[-1]] * hold
    once = [*ends[0], *frames[1:-1], *ends[1], *frames[-2:0:-1]]
    height, width = (n - n % 2 for n in frames[0].shape[:2])  # H.264 wants even sizes
    file = io.BytesIO()
    exact = {"fflags": "+bitexact"}
    with av.open(file, "w", format="mp4", options=exact) as film:
        stream = film.add_stream("libx264", rate=Fraction(1000, FRAME_MS))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = _ENCODER
        stream.codec_context.flags |= 1 << 23  # AV_CODEC_FLAG_BITEXACT: no version
        for pixels in once * 3:
            frame = np.ascontiguousarray(pixels[:height, :width])
            film.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        film.mux(stream.encode(None))
    return file.getvalue()


def _some(frames: Sequence[Array]) -> list[Array]:
    """Return at most five frames that stand for all of them."""
    at = np.linspace(0, len(frames) - 1, min(5, len(frames)))
    return [frames[round(float(i))] for i in at]
