"""A core of known answers: a pixel is boundary where the image is dark."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path

import numpy as np

from dense_transformer.config import PredictConfig
from dense_transformer.data import read_section
from dense_transformer.errors import ModelError, StoppedError
from dense_transformer.types import Image, LevelMaps, Part, Prediction, Progress, Warp
from dense_transformer.zoo import Card, card_markdown
from napari_dtn.predicting import Catalogue, ModelInfo

PITCH = 8.0
TILE = 64
SHIFT_PX = (3.0, -2.0)  # what every unit of the fake warp is moved by


class FakeCore:
    """Predicts by looking; can be held at a gate and told to fail."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.error: Exception | None = None
        self.calls: list[tuple[str, Image, PredictConfig, int]] = []
        self.regions: list[object] = []
        self.pace_s = 10.0  # that a piece is said to take
        self.error_after: tuple[int, Exception] | None = None  # pieces, then this
        self.passed = 0  # pieces of the last prediction
        self._free = 0  # pieces that need no open gate
        self.outs: list[tuple[np.ndarray, np.ndarray]] = []
        self.plain = False  # predict as a network without transformers
        self.closed = 0

    def catalogue(self) -> Catalogue:
        card = Card(
            name="fake",
            title="Finds dark pixels",
            pixel_nm=(4.0, 4.0),
            scores=(("ROC AUC", 0.99),),
        )
        other = Card(name="other", title="The same again", classes=("inside", "road"))
        frames = Card(name="frames", title="Takes frames", height_px=128)
        return Catalogue(
            (
                ModelInfo("fake", card, about=card_markdown(card)),
                ModelInfo("other", other, about=card_markdown(other)),
                ModelInfo("frames", frames, about=card_markdown(frames)),
            ),
            ("auto", "cpu"),
        )

    def let_through(self, pieces: int) -> None:
        """Let so many pieces of a prediction pass the closed gate."""
        self._free = pieces

    def read_model(self, path: Path) -> ModelInfo:
        if not path.exists():
            raise ModelError(f"there is no model file {path}; open another one")
        card = Card(name="own", title="My own")
        return ModelInfo(str(path), card, about=card_markdown(card))

    def predict(
        self,
        key: str,
        image: Image,
        config: PredictConfig,
        section: int,
        stop: Callable[[], bool],
        region: object,
        out: tuple[np.ndarray, np.ndarray],
    ) -> Generator[Progress, None, Prediction]:
        self.calls.append((key, image, config, section))
        self.regions.append(region)
        self.outs.append(out)
        self.passed = 0
        try:
            h, w = image.size
            pixels = read_section(image, section).mean(-1)
            probability = (pixels < 100).astype(np.float32)
            bands = np.array_split(np.arange(h), 4)
            for done, rows in enumerate(bands):
                while done >= self._free and not self.gate.wait(0.005):
                    if stop():
                        raise StoppedError("stopped")
                if self.error_after is not None and done >= self.error_after[0]:
                    raise self.error_after[1]
                if self.error is not None:
                    raise self.error
                part = None
                if len(rows):
                    box = (int(rows[0]), 0, int(rows[-1]) + 1, w)
                    found = probability[rows]
                    out[0][rows] = found if out[0].dtype != "u1" else 255 * found
                    part = Part(box, found)
                message = "4 tiles on CPU" if done == 0 else ""
                self.passed = done + 1
                yield Progress(
                    done + 1, 4, "tile", self.pace_s * (3 - done), message, part=part
                )
            result = fake_prediction(probability, image.name)
            result = replace(result, probability=out[0])
            self._free = 0
            return replace(result, levels=(), warps=()) if self.plain else result
        finally:
            self.closed += 1


def fake_prediction(probability: np.ndarray, name: str = "image") -> Prediction:
    """Return a prediction whose single level moves every unit by SHIFT_PX."""
    h, w = probability.shape
    rows, columns = max(1, round(h / PITCH)), max(1, round(w / PITCH))
    coverage = np.ones((rows, columns), np.float32)
    coverage[0, 0] = 0.0
    displacement = np.broadcast_to(np.float32(SHIFT_PX), (rows, columns, 2))
    maps = LevelMaps(4, coverage, displacement, (h / rows, w / columns))
    return Prediction(
        probability=probability,
        labels=(1 + (probability >= 0.5)).astype(np.uint8),
        levels=(maps,),
        warps=(_warp((0, 0, min(h, TILE), min(w, TILE))),),
        classes=("inside", "boundary"),
        device="CPU (fake)",
        image_name=name,
    )


def _warp(box: tuple[int, int, int, int]) -> Warp:
    line = np.linspace(-1, 1, 4, dtype=np.float32)
    lattice = np.stack(np.meshgrid(line, line, indexing="ij"), -1).reshape(-1, 2)
    size = np.array([box[2] - box[0], box[3] - box[1]]) - 1
    shift = np.array(SHIFT_PX) * 2 / np.maximum(size, 1)
    points = np.zeros((8, 8, 2), np.float32)
    fiducials = (lattice + shift).astype(np.float32)
    return Warp(4, "tps", lattice, fiducials, points, np.ones((8, 8), np.float32), box)
