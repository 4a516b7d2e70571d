"""Simulated domains that a shipped model gets wrong and a trained one need not.

Real sections (and real frames of a car's camera) as another laboratory would have
recorded them, and drawn tissue. What is taught on and what is scored on are
different sections, none of which the shipped model was trained on.

    python -m benchmarks.teach_domains DATA [--picture FILE]
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Picture
from scipy import ndimage

from dense_transformer.data.synthesis import em_stack
from dense_transformer.data.synthesis.fields import smooth_noise

Array = np.ndarray[Any, Any]
Change = Callable[[Array, Array, np.random.Generator], tuple[Array, Array]]

TEACH_SECTIONS, SCORE_SECTION = (13, 14), 15  # none is in the training of the models


@dataclass(frozen=True, slots=True, eq=False)
class Domain:
    """A stack as a person would have it, and what is true in it.

    Attributes
    ----------
    name : str
        Name of the domain.
    model : str
        The shipped model that a person would take.
    pixels : ndarray, shape (z, h, w) or (z, h, w, c), uint8
        The sections; the last ones are never annotated.
    truth : ndarray, shape (z, h, w), uint8
        0 not known, 1 background, 2 foreground.
    teach, score : tuple of int
        Sections that are annotated, and those that are scored.
    patch_px : int
        Side of an annotated patch.
    """

    name: str
    model: str
    pixels: Array
    truth: Array
    teach: tuple[int, ...]
    score: tuple[int, ...]
    patch_px: int = 224


def load_domain(name: str, data: Path, seed: int = 0) -> Domain:
    """Return a domain by name; the seed decides noise and what is drawn.

    Parameters
    ----------
    name : str
        One of `DOMAINS`.
    data : Path
        Folder with ``vnc`` and ``camvid``.
    seed : int
        Not negative.
    """
    rng = np.random.default_rng([seed, sum(name.encode())])
    if name in ROADS:
        return _road(name, data / "camvid", rng)
    if name == "drawn":
        return _drawn(seed)
    raw, truth = read_vnc(data / "vnc", (*TEACH_SECTIONS, SCORE_SECTION))
    change = (CHANGES | ASIDE)[name]
    done = [change(r, t, rng) for r, t in zip(raw, truth, strict=True)]
    pixels = np.stack([to_bytes(p) for p, _ in done])
    last = len(done) - 1
    teach = tuple(range(last))
    truths = np.stack([t for _, t in done])
    return Domain(name, "em-membrane-dtn", pixels, truths, teach, (last,))


def read_vnc(
    folder: Path, sections: tuple[int, ...]
) -> tuple[list[Array], list[Array]]:
    """Return sections in [0, 1] and their truth, 1 inside and 2 boundary."""
    raw, truth = [], []
    for index in sections:
        with Picture.open(folder / "raw" / f"{index:02d}.tif") as picture:
            raw.append(np.asarray(picture, np.float32) / 255)
        with Picture.open(folder / "membranes" / f"{index:02d}.png") as picture:
            truth.append(np.where(np.asarray(picture) > 0, 2, 1).astype(np.uint8))
    return raw, truth


def to_bytes(pixels: Array) -> Array:
    """Return pixels of [0, 1] as uint8."""
    return np.round(np.clip(pixels, 0, 1) * 255).astype(np.uint8)


def _inverted(p: Array, t: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Bright membranes: another detector, with another gradation."""
    noise = 0.02 * rng.standard_normal(p.shape, dtype=np.float32)
    return 0.15 + 0.7 * (1 - p) ** 1.5 + noise, t


def _coarse(p: Array, t: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Pixels of about 9 nm instead of 4.6, and nothing in the file says so."""
    del rng
    half = p.reshape(512, 2, 512, 2).mean((1, 3))
    dark = (t == 2).reshape(512, 2, 512, 2).mean((1, 3)) >= 0.5
    return half, np.where(dark, 2, 1).astype(np.uint8)


def _fine(p: Array, t: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Pixels of 2.3 nm, the middle of the section, softer and with more noise."""
    zoomed = ndimage.zoom(p[256:768, 256:768], 2, order=1)
    zoomed += 0.06 * rng.standard_normal(zoomed.shape, dtype=np.float32)
    return zoomed, t[256:768, 256:768].repeat(2, 0).repeat(2, 1)


def _blurred(p: Array, t: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Out of focus and recorded in a hurry."""
    soft = ndimage.gaussian_filter(p, 2.5)
    return 0.5 * soft + 0.25 + 0.1 * rng.standard_normal(p.shape, dtype=np.float32), t


def _striped(p: Array, t: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Curtains of a milling beam, shading, little contrast."""
    width = p.shape[1]
    stripes = ndimage.gaussian_filter1d(rng.standard_normal(width), 1.2)
    stripes = 0.16 * stripes / stripes.std()
    drift = 1 + 0.15 * smooth_noise(rng, p.shape, 60.0)
    ramp = np.linspace(-0.25, 0.25, p.shape[0])[:, None]
    return 0.5 + ramp + 0.5 * (p - 0.5) + stripes * drift, t


def _dark_cells(p: Array, t: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Another stain: two cells in five are darker than their grey membranes."""
    cells, count = ndimage.label(t == 1)
    dark = rng.random(count + 1) < 0.4
    dark[0] = False
    shade = ndimage.gaussian_filter(dark[cells].astype(np.float32), 1.5)
    grey = 0.45 + 0.35 * (p - p.mean())
    return (1 - shade) * (0.2 + 0.8 * p) * 0.9 + shade * (grey - 0.27), t


def _thick(p: Array, t: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """See through a thick section what lies below, a little displaced."""
    shift = [9.0 * smooth_noise(rng, p.shape, 40.0) for _ in range(2)]
    below = ndimage.map_coordinates(
        p, np.indices(p.shape) + np.stack(shift), order=1, mode="reflect"
    )
    mixed = ndimage.gaussian_filter(0.5 * p + 0.5 * below, 1.5)
    return 0.3 + 0.4 * mixed + 0.06 * rng.standard_normal(p.shape), t


def _stretched(p: Array, t: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Pixels three times as wide as high, much brighter; nothing says so."""
    del rng
    wide = p[:, :1023].reshape(1024, 341, 3).mean(2)
    dark = (t[:, :1023] == 2).reshape(1024, 341, 3).mean(2) >= 0.5
    return 0.3 + 0.7 * wide**0.5, np.where(dark, 2, 1).astype(np.uint8)


def _specked(p: Array, t: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Precipitate of the stain, uneven staining, and saved as JPEG."""
    specks = ndimage.gaussian_filter(rng.random(p.shape) < 0.005, 1.8, output=float)
    stain = 1 + 0.35 * smooth_noise(rng, p.shape, 25.0)
    uneven = np.clip(p * stain, 0, 1) * (1 - np.clip(specks / 0.03, 0, 1))
    file = io.BytesIO()
    Picture.fromarray(to_bytes(uneven)).save(file, "JPEG", quality=8)
    with Picture.open(file) as picture:
        return np.asarray(picture, np.float32) / 255, t


def _drawn(seed: int) -> Domain:
    """Drawn tissue of cells half the size, stained thinly, in a grainy picture."""
    scene = em_stack(seed + 900, sections=4, size=(1536, 1536))
    rng = np.random.default_rng([seed, 17])
    side = 768
    pixels, truth = [], []
    for p, t in zip(scene.pixels / np.float32(255), scene.labels, strict=True):
        half = p.reshape(side, 2, side, 2).mean((1, 3))
        half = 0.25 + 0.5 * half + 0.09 * smooth_noise(rng, (side, side), 1.0)
        pixels.append(to_bytes(half))
        truth.append(t.reshape(side, 2, side, 2).max((1, 3)))
    return Domain(
        "drawn", "em-membrane-dtn", np.stack(pixels), np.stack(truth), (0, 1), (3,)
    )


def _road(name: str, folder: Path, rng: np.random.Generator) -> Domain:
    """Frames of one drive by night, or by rain, seen at the model's own size."""
    listed = (folder / "split.csv").read_text().splitlines()[1:]
    rows = [line.strip().split(",") for line in listed]
    names = sorted(name for split, name in rows if split == "val")  # one drive
    pixels, truth = [], []
    for stem in names:
        with Picture.open(folder / "images" / f"{stem}.jpg") as picture:
            frame = np.asarray(picture.resize((256, 192)), np.float32) / 255
        with Picture.open(folder / "labels" / f"{stem}.png") as picture:
            label = np.asarray(picture.resize((256, 192), Picture.Resampling.NEAREST))
        pixels.append(to_bytes(ROADS[name](frame, rng)))
        known = np.where(label == 3, 2, 1)
        truth.append(np.where(label == 11, 0, known).astype(np.uint8))
    taught = tuple(range(0, 40, 4))
    scored = tuple(range(44, len(names), 4))
    return Domain(
        name, "road-dtn", np.stack(pixels), np.stack(truth), taught, scored, 112
    )


def _night(frame: Array, rng: np.random.Generator) -> Array:
    """Headlights on the ground in front, little light elsewhere, a noisy camera."""
    y, x = np.indices(frame.shape[:2], dtype=np.float32)
    cone = np.exp(-(((x - 128) / 70) ** 2) - ((y - 150) / 32) ** 2)
    light = (0.04 + 0.55 * cone)[..., None] * np.array([1.0, 0.85, 0.6], np.float32)
    grain = 0.05 * rng.standard_normal(frame.shape, dtype=np.float32)
    return frame**1.3 * light + grain + 0.06


def _rain(frame: Array, rng: np.random.Generator) -> Array:
    """Wet lens and fog: blur, veil, mirror of the sky on the road."""
    y = np.linspace(0, 1, frame.shape[0], dtype=np.float32)[:, None, None]
    wet = frame + 1.6 * np.clip(y - 0.45, 0, 1) * frame[::-1]
    soft = ndimage.gaussian_filter(wet, (1.5, 1.5, 0))
    grey = soft.mean(-1, keepdims=True)
    grain = 0.03 * rng.standard_normal(frame.shape, dtype=np.float32)
    return 0.35 + 0.4 * (0.3 * soft + 0.7 * grey) + grain


CHANGES: dict[str, Change] = {
    "inverted": _inverted,
    "coarse": _coarse,
    "fine": _fine,
    "blurred": _blurred,
    "striped": _striped,
    "dark-cells": _dark_cells,
}
#: Written, and first run, when all other settings were chosen (docs/teach-study.md).
ASIDE: dict[str, Change] = {
    "thick": _thick,
    "stretched": _stretched,
    "specked": _specked,
}
ROADS: dict[str, Callable[[Array, np.random.Generator], Array]] = {
    "road-night": _night,
    "road-rain": _rain,
}
DOMAINS = (*CHANGES, "drawn", *ROADS, *ASIDE)


def main() -> None:
    """Print how wrong the shipped models are; draw the domains if asked for."""
    from benchmarks.teach_scoring import score_model  # it imports torch

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--domains", nargs="+", default=DOMAINS)
    parser.add_argument("--picture", type=Path, help="folder for a picture of each")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for name in options.domains:
        domain = load_domain(name, options.data, options.seed)
        scores = score_model(domain)
        print(f"{name:12} AUC {scores.auc:.4f}  F1 {scores.f1:.4f}", flush=True)
        if options.picture:
            options.picture.mkdir(parents=True, exist_ok=True)
            section = domain.pixels[domain.score[0]]
            Picture.fromarray(section).save(options.picture / f"{name}.png")


if __name__ == "__main__":
    main()
