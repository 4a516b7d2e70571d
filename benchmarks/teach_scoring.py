"""Score a network on the sections of a domain that nobody annotated."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from benchmarks.teach_domains import Domain
from dense_transformer.config import PredictConfig, TrainConfig
from dense_transformer.data import Pair, measure_intensity
from dense_transformer.evaluation import score
from dense_transformer.inference import predict as predict_image
from dense_transformer.training.tiling import predict_whole
from dense_transformer.types import Image, Scores
from dense_transformer.work import finish
from dense_transformer.zoo import Model, load_model

Array = np.ndarray[Any, Any]
THREADS = int(os.environ.get("OMP_NUM_THREADS", "1"))


def normalised(pixels: Array) -> Array:
    """Return one section, (h, w) or (h, w, c), as the networks see it, (c, h, w)."""
    axes = "yx" if pixels.ndim == 2 else "yxc"
    image = Image(pixels, axes, name="section")
    return measure_intensity(image, 0).apply(pixels)


def pairs_of(domain: Domain, labels: Array, sections: Sequence[int]) -> list[Pair]:
    """Return sections with labels as the training code takes them."""
    return [
        Pair(f"{domain.name} {z}", normalised(domain.pixels[z]), labels[z].copy())
        for z in sections
    ]


def predict_section(network: torch.nn.Module, pixels: Array, side: int) -> Array:
    """Return the foreground's probability of a normalised section, (h, w)."""
    network.eval()
    config = TrainConfig(patch=(side, side), precision=precision(), batch=4)
    work = predict_whole(network, pixels, config)  # type: ignore[arg-type]
    return np.asarray(finish(work)[-1])


def score_network(network: torch.nn.Module, domain: Domain) -> Scores:
    """Return the scores of a network on the untouched sections."""

    def predict(z: int) -> Array:
        pixels = normalised(domain.pixels[z])
        found = np.zeros(pixels.shape[1:], np.float32)
        last = int(np.flatnonzero(domain.truth[z].any(1))[-1]) + 1
        found[:last] = predict_section(network, pixels[:, :last], 224)
        return found

    return score_maps(domain, predict)


def predict_model(model: Model, pixels: Array) -> Array:
    """Return the foreground's probability of a section as the product predicts it.

    `pixels` (h, w) or (h, w, c) say nothing of their size.
    """
    image = Image(pixels, "yx" if pixels.ndim == 2 else "yxc", name="section")
    config = PredictConfig(threads=THREADS, keep_warps=False)
    return np.asarray(
        finish(predict_image(model, image, config)).probability, np.float32
    )


def score_kept(model: Model, domain: Domain, first: Array | None = None) -> Scores:
    """Return the scores of a model as it is kept, on the untouched sections.

    `first` is what it finds on the first of them, where that is known.
    """

    def predict(z: int) -> Array:
        if first is not None and z == domain.score[0]:
            return first
        return predict_model(model, domain.pixels[z])

    return score_maps(domain, predict)


def score_maps(domain: Domain, predict: Callable[[int], Array]) -> Scores:
    """Return the scores of a function from section to probability."""
    known = [(predict(z), domain.truth[z]) for z in domain.score]
    return score(known, 2)


def score_model(domain: Domain) -> Scores:
    """Return the scores of the shipped model."""
    torch.set_num_threads(THREADS)
    return score_kept(load_model(domain.model), domain)


def precision() -> str:
    """Return the type to compute in: bfloat16 where the processor has it."""
    return "bfloat16" if torch.ops.mkldnn._is_mkldnn_bf16_supported() else "float32"
