"""Write the samples that travel with the package, and the README about them."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import BinaryIO

import tifffile
from PIL import Image as PillowImage

from dense_transformer.data.synthesis.em import EM_PIXEL_NM, em_stack
from dense_transformer.data.synthesis.road import road_scene
from dense_transformer.data.synthesis.scene import Scene
from dense_transformer.files import atomic_write
from dense_transformer.types import Array

EM_SEED, EM_SECTIONS, EM_SIZE = 25, 3, (512, 512)
ROAD_SEEDS, ROAD_SIZE = (1, 3, 6, 8), (360, 480)

_README = """# Samples

Drawn by this project from a seed, not photographed: `python -m
dense_transformer.data.synthesis sample_data` writes this folder. Dedicated to
the public domain (CC0 1.0).

| folder | what | labels |
|---|---|---|
| `em/` | {sections} neighbouring sections through neural tissue, \
{em_size[0]} x {em_size[1]}, 8 bit, {pixel} nm a pixel | 0 ignored (folds, dirt), \
1 inside, 2 boundary |
| `road/` | {frames} frames from a car, {road_size[1]} x {road_size[0]}, RGB | \
0 ignored (own bonnet), 1 other, 2 road |

Images and labels of one name belong together. Another NumPy, SciPy or processor
may round differently, so a label map drawn again may differ from the one here in
up to 0.1 % of its pixels; the test suite holds that.

| SHA-256 | file |
|---|---|
{sums}
"""


def draw_em() -> Scene:
    """Return the EM stack that is shipped."""
    return em_stack(EM_SEED, EM_SECTIONS, EM_SIZE)


def draw_road(index: int) -> Scene:
    """Return the road frame that is shipped as number `index`."""
    return road_scene(ROAD_SEEDS[index], ROAD_SIZE)


def write_samples(out: Path) -> tuple[Path, ...]:
    """Draw all samples into the folder `out`; return what was written."""
    written = []
    for kind in ("em", "road"):
        for part in ("images", "labels"):
            (out / kind / part).mkdir(parents=True, exist_ok=True)
    stack = draw_em()
    for index in range(EM_SECTIONS):
        name = f"{index:02d}"
        image = out / "em" / "images" / f"{name}.tif"
        written.append(_write_tiff(image, stack.pixels[index]))
        labels = out / "em" / "labels" / f"{name}.png"
        written.append(_write_png(labels, stack.labels[index]))
    for index in range(len(ROAD_SEEDS)):
        scene = draw_road(index)
        # The last bit is noise that PNG can't pack: it would double the files.
        packed = scene.pixels & 0xFE
        for part, pixels in (("images", packed), ("labels", scene.labels)):
            written.append(_write_png(out / "road" / part / f"{index:02d}.png", pixels))
    sums = "\n".join(
        f"| `{hashlib.sha256(path.read_bytes()).hexdigest()}` "
        f"| `{path.relative_to(out).as_posix()}` |"
        for path in sorted(written)
    )
    readme = _README.format(
        sections=EM_SECTIONS,
        em_size=EM_SIZE,
        pixel=EM_PIXEL_NM[0],
        frames=len(ROAD_SEEDS),
        road_size=ROAD_SIZE,
        sums=sums,
    )
    return (*written, atomic_write(out / "README.md", readme.encode()))


def _write_png(path: Path, pixels: Array) -> Path:
    def write(file: BinaryIO) -> None:
        PillowImage.fromarray(pixels).save(file, "PNG", optimize=True)

    return atomic_write(path, write)


def _write_tiff(path: Path, pixels: Array) -> Path:
    per_cm = (1e7 / EM_PIXEL_NM[1], 1e7 / EM_PIXEL_NM[0])  # x, y

    held = io.BytesIO()  # tifffile asks a real file for its name
    tifffile.imwrite(
        held,
        pixels,
        photometric="minisblack",
        compression="zlib",
        predictor=True,
        resolution=per_cm,
        resolutionunit="CENTIMETER",
        metadata=None,
    )
    return atomic_write(path, held.getvalue())
