"""Ways to fine-tune a network on annotations, for the study that chose one."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.teach_domains import Domain
from benchmarks.teach_scoring import Array, pairs_of, precision
from dense_transformer.config import AugmentConfig
from dense_transformer.data import Pair, open_pairs
from dense_transformer.data.augment import vary_intensity
from dense_transformer.data.deformation import draw_deformation
from dense_transformer.data.windows import free_origins, read_labels, read_pixels
from dense_transformer.nn import fold_penalty
from dense_transformer.zoo import load_model

WEAK = AugmentConfig(
    warp_share=0.0, brightness=0.05, contrast=0.1, gamma=0.0, noise=0.02, blur_share=0.0
)
STRONG = AugmentConfig(
    brightness=0.4, contrast=0.5, gamma=0.6, noise=0.15, blur_px=1.5, blur_share=0.4
)
AUGMENTS = {"weak": WEAK, "usual": AugmentConfig(), "strong": STRONG}


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to fine-tune; the defaults are where the study began."""

    steps: int = 120
    batch: int = 4
    patch: int = 160
    rate: float = 1e-3
    statistics: str = "frozen"  # frozen, updating, adapted (to the image, then frozen)
    parts: str = "all"  # all, decoder, last, norm, plain (without transformers)
    pull: float = 0.0  # towards the start: rate * pull * (weights - start) each step
    replay: int = 0  # samples of each batch that are drawn EM with its truth
    augment: str = "usual"
    average: float = 0.0  # decay of the running average; 0: off
    towards_start: float = 0.0  # share of the start in the result (WiSE-FT)
    balance: float = 0.0  # of classes in the cross-entropy
    dice: float = 0.0
    schedule: str = "one-cycle"  # one-cycle (warm-up, cosine), constant
    scratch: bool = False  # begin with new weights
    shading: float = 0.0  # standard deviation of a smooth field that is added
    steady: float = 0.0  # weight of staying with the start where nothing is annotated


Note = Callable[[int, nn.Module, float], None]


def tune(
    domain: Domain, labels: Array, variant: Variant, seed: int, note: Note | None = None
) -> nn.Module:
    """Return the fine-tuned network, in evaluation mode.

    `note` is called after the 60th, 120th, ... and the last step with the step, the
    network as it would be kept, and the seconds of processor time so far.
    """
    torch.manual_seed(seed)
    model = load_model(domain.model)
    network = model.network
    if variant.scratch:
        network = type(network)(model.config)
    start = copy.deepcopy(network).eval()
    taught = [z for z in domain.teach if labels[z].any()]
    pairs = pairs_of(domain, labels, taught)
    if variant.statistics == "adapted":
        adapt_statistics(network, pairs, seed)
        start = copy.deepcopy(network).eval()
    groups = _groups(network, variant)
    optimiser = torch.optim.AdamW(groups, variant.rate, weight_decay=1e-4, fused=True)
    draw = _sampler(domain, pairs, variant, seed)
    weights = _class_weights(pairs, variant.balance)
    kept, spent = copy.deepcopy(network), 0.0
    for step in range(variant.steps):
        begin = time.process_time()
        _learn(network, start, optimiser, draw(step), weights, variant, step)
        if variant.average:
            _follow(kept, network, min(variant.average, (2 + step) / (11 + step)))
        spent += time.process_time() - begin
        if step + 1 in (60, 120, 240, 480, 960, variant.steps):
            result = kept if variant.average else network
            result = _blend(result, start, variant.towards_start).eval()
            if note:
                note(step + 1, result, spent)
    return result


def _learn(
    network: nn.Module, start: nn.Module, optimiser: torch.optim.Optimizer,
    batch: tuple[torch.Tensor, torch.Tensor], weights: torch.Tensor,
    variant: Variant, step: int,
) -> None:  # fmt: skip
    """Take one step."""
    network.train()
    if variant.statistics != "updating":
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
    factor = _factor(variant, step)
    for group in optimiser.param_groups:
        group["lr"] = variant.rate * group["share"] * factor
    pixels, labels = batch
    with torch.autocast("cpu", torch.bfloat16, enabled=precision() == "bfloat16"):
        trace = network.trace(pixels.to(memory_format=torch.channels_last))
    logits = trace.logits.float()
    loss = nn.functional.cross_entropy(
        logits, labels.long() - 1, weights, ignore_index=-1
    )
    if variant.dice:
        loss = loss + variant.dice * _dice(logits, labels)
    if variant.steady:
        with torch.no_grad():
            before = torch.softmax(start(pixels), 1)
        far = (torch.softmax(logits, 1) - before).square().sum(1)
        loss = loss + variant.steady * (far * (labels == 0)).mean()
    for warp in trace.warps:
        loss = loss + fold_penalty(warp)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), 5.0)
    optimiser.step()
    if variant.pull:
        with torch.no_grad():
            amount = min(1.0, variant.rate * factor * variant.pull)
            for now, then in zip(network.parameters(), start.parameters(), strict=True):
                now.lerp_(then, amount)


def _factor(variant: Variant, step: int) -> float:
    """Return the learning rate over its peak."""
    if variant.schedule == "constant":
        return min(1.0, (step + 1) / 10)
    rising = max(1, variant.steps // 10)
    if step < rising:
        return (step + 1) / rising
    done = (step - rising) / max(1, variant.steps - rising)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done))


def _groups(network: nn.Module, variant: Variant) -> list[dict[str, Any]]:
    """Return what learns, the transformers at a tenth of the rate; freeze the rest."""
    chosen = [p for n, p in network.named_parameters() if _learns(n, variant.parts)]
    warps = {id(p) for p in network.transformer_parameters()}
    ids = {id(p) for p in chosen}
    for parameter in network.parameters():
        parameter.requires_grad_(id(parameter) in ids)
    return [
        {"params": [p for p in chosen if id(p) not in warps], "share": 1.0},
        {"params": [p for p in chosen if id(p) in warps], "share": 0.1},
    ]


def _learns(name: str, parts: str) -> bool:
    if parts == "plain":
        return ".pair." not in name
    if parts == "decoder":
        return ".up" in name or name.startswith("head")
    if parts == "encoder":
        return ".down" in name or name.startswith("head")
    if parts == "last":
        return name.startswith(("head", "levels.0.up"))
    if parts == "norm":
        return ".norm." in name or name.startswith("head")
    if parts == "ends":  # the first and the last layers
        return name.startswith(("head", "levels.0.", "levels.1."))
    return True


def adapt_statistics(network: nn.Module, pairs: Sequence[Pair], seed: int) -> None:
    """Set batch norm's statistics to those of the image, without labels."""
    rng = np.random.default_rng(seed)
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over batches
    network.train()
    with torch.no_grad():
        for _ in range(6):
            cuts = [
                _cut(pairs[rng.integers(len(pairs))].pixels, 224, rng) for _ in "1234"
            ]
            network(torch.from_numpy(np.stack(cuts)))
    for norm in norms:
        norm.momentum = 0.1
    network.eval()


def _cut(pixels: Array, side: int, rng: np.random.Generator) -> Array:
    tall, wide = (min(side, n) for n in pixels.shape[1:])
    y = int(rng.integers(pixels.shape[1] - tall + 1))
    x = int(rng.integers(pixels.shape[2] - wide + 1))
    return pixels[:, y : y + tall, x : x + wide]


def _class_weights(pairs: Sequence[Pair], balance: float) -> torch.Tensor:
    counts = sum(np.bincount(p.labels.ravel(), minlength=3)[1:3] for p in pairs)
    share = np.asarray(counts) / np.sum(counts)
    weights = (0.5 / np.maximum(share, 1e-6)) ** balance
    return torch.tensor(weights / (weights * share).sum(), dtype=torch.float32)


def _dice(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    share = torch.softmax(logits, 1) * (labels > 0).unsqueeze(1)
    truth = torch.stack([labels == 1, labels == 2], 1).float()
    both = (share * truth).sum((0, 2, 3))
    total = share.sum((0, 2, 3)) + truth.sum((0, 2, 3))
    return 1 - ((2 * both + 1) / (total + 1)).mean()


@torch.no_grad()
def _follow(kept: nn.Module, network: nn.Module, decay: float) -> None:
    for old, new in zip(
        kept.state_dict().values(), network.state_dict().values(), strict=True
    ):
        if old.is_floating_point():
            old.lerp_(new, 1 - decay)


@torch.no_grad()
def _blend(network: nn.Module, start: nn.Module, share: float) -> nn.Module:
    if not share:
        return network
    network = copy.deepcopy(network)
    for now, then in zip(network.parameters(), start.parameters(), strict=True):
        now.lerp_(then, share)
    return network


def _sampler(
    domain: Domain, pairs: Sequence[Pair], variant: Variant, seed: int
) -> Callable[[int], tuple[torch.Tensor, torch.Tensor]]:
    """Return a function from step to batch; each sample visits an annotated place."""
    places = [(pair, place) for pair in pairs for place in _places(pair.labels)]
    augment = AUGMENTS[variant.augment]
    if domain.model.startswith("road"):
        augment = replace(augment, vertical_flips=False, turns=False, rotation_deg=5.0)
    old = _drawn_pairs() if variant.replay else []
    order = np.random.default_rng([seed, 3]).permutation(len(places))

    def draw(step: int) -> tuple[torch.Tensor, torch.Tensor]:
        drawn = []
        for slot in range(variant.batch):
            rng = np.random.default_rng([seed, step, slot])
            if slot < variant.replay:
                pair = old[rng.integers(len(old))]
                pixel = tuple(int(rng.integers(n)) for n in pair.labels.shape)
            else:
                turn = step * (variant.batch - variant.replay) + slot
                pair, place = places[order[turn % len(places)]]
                pixel = place[rng.integers(len(place))]
            some, known = _window(pair, pixel, variant.patch, augment, rng)
            if variant.shading:
                some = some + variant.shading * rng.uniform() * _shade(some, rng)
            drawn.append((np.clip(some, -2, 2).astype(np.float32), known))
        pixels = torch.from_numpy(np.stack([p for p, _ in drawn]))
        return pixels, torch.from_numpy(np.stack([t for _, t in drawn]))

    return draw


def _places(labels: Array) -> list[Array]:
    """Return the pixels (n, 2) of each connected place."""
    from scipy import ndimage

    found, count = ndimage.label(labels > 0, np.ones((3, 3)))
    return [np.argwhere(found == i + 1) for i in range(count)]


def _window(
    pair: Pair, pixel: Any, side: int, augment: AugmentConfig, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return a window around a pixel, varied."""
    size = (side, side)
    deformation = draw_deformation(size, augment, rng)
    rows, columns = free_origins(pair.labels.shape, size, deformation)
    shift = rng.integers(-side // 4, side // 4 + 1, 2) + side // 2
    origin = (
        int(np.clip(pixel[0] - shift[0], *rows)),
        int(np.clip(pixel[1] - shift[1], *columns)),
    )
    pixels = read_pixels(pair.pixels, origin, size, deformation)
    labels = read_labels(pair.labels, origin, size, deformation)
    pixels = vary_intensity(pixels, augment, rng)
    turn = int(rng.integers(4)) if augment.turns else 0
    pixels, labels = np.rot90(pixels, turn, (1, 2)), np.rot90(labels, turn)
    if rng.random() < 0.5:
        pixels, labels = pixels[..., ::-1], labels[..., ::-1]
    return np.ascontiguousarray(pixels), np.ascontiguousarray(labels)


def _shade(pixels: Array, rng: np.random.Generator) -> Array:
    """Return a smooth field (h, w) of standard deviation about 1."""
    from scipy import ndimage

    coarse = rng.standard_normal((4, 4))
    return np.asarray(ndimage.zoom(coarse, pixels.shape[1] / 4, order=1) / 0.7)


def _drawn_pairs() -> list[Pair]:
    """Return the shipped drawn sections with their truth."""
    from dense_transformer.config import DataConfig
    from dense_transformer.data.samples import sample_path

    data = DataConfig(root=str(sample_path("em")), pixel_nm=(4.6, 4.6))
    both = open_pairs(data, 1, sample_path("em"))
    return [*both.train, *both.validation]
