"""What must hold of a model before it is written, and before it is built."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from dense_transformer.config import NetworkConfig
from dense_transformer.errors import ModelError
from dense_transformer.geometry import parameter_count
from dense_transformer.zoo.card import Card

MOST_PARAMETERS = 1 << 29


def check_card(card: Card, config: NetworkConfig, where: str = "") -> None:
    """Refuse a card that doesn't fit the network."""
    if len(card.classes) != config.classes or card.in_channels != config.in_channels:
        raise ModelError(
            f"{where}the card names {len(card.classes)} classes and "
            f"{card.in_channels} channels, the network has {config.classes} and "
            f"{config.in_channels}"
        )


def check_finite(tensors: Mapping[str, Tensor], where: str) -> None:
    """Refuse weights that are NaN or Inf, and variances below zero."""
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise ModelError(f"{where}: weight {name} holds NaN or Inf")
        if name.endswith("running_var") and bool((tensor < 0).any()):
            raise ModelError(f"{where}: {name} holds a negative variance")


def check_size(
    config: NetworkConfig, tensors: Mapping[str, Tensor], path: Path
) -> None:
    """Refuse a file that is too small for the network that it asks us to build."""
    held = sum(tensor.numel() for tensor in tensors.values())
    needed = least_parameters(config)
    if not needed <= held <= MOST_PARAMETERS:
        raise ModelError(
            f"{path} holds {held} weights, its network needs at least {needed} "
            f"(and at most {MOST_PARAMETERS} are read)"
        )


def least_parameters(config: NetworkConfig) -> int:
    """Return a lower bound of a network's parameters: its largest kernels."""
    widths = [config.base_channels << k for k in range(config.depth)]
    inputs = [config.in_channels, *widths[:-1]]
    total = sum(9 * c * (i + c) for i, c in zip(inputs, widths, strict=True))
    for pair in config.transformers:
        width, (rows, columns) = pair.localisation_channels, pair.lattice
        count = parameter_count(pair.family, pair.lattice)
        total += width * (9 * width + rows * columns * count)
    return total


def fill_network(network: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Load weights strictly: names, shapes and kinds of numbers must agree."""
    wanted = network.state_dict()
    faults = [f"no {name}" for name in wanted if name not in tensors]
    faults += [f"unknown {name}" for name in tensors if name not in wanted]
    for name in set(wanted) & set(tensors):
        here, there = tensors[name], wanted[name]
        if here.shape != there.shape:
            faults.append(f"{name} {tuple(here.shape)}, not {tuple(there.shape)}")
        elif here.is_floating_point() != there.is_floating_point():
            faults.append(f"{name} {here.dtype}, not {there.dtype}")
    if faults:
        more = f" and {len(faults) - 5} more" if len(faults) > 5 else ""
        raise ModelError(
            f"{path}: weights don't fit its network: "
            f"{'; '.join(sorted(faults)[:5])}{more}"
        )
    network.load_state_dict(dict(tensors), strict=True)
