"""Save a trained network with its card, and load it again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from dense_transformer.config import NetworkConfig
from dense_transformer.errors import ModelError
from dense_transformer.files import atomic_write
from dense_transformer.geometry import parameter_count
from dense_transformer.nn import build_network
from dense_transformer.zoo.card import Card
from dense_transformer.zoo.catalogue import find_model
from dense_transformer.zoo.container import (
    encode,
    hash_weights,
    read_header,
    read_model,
)

MOST_PARAMETERS = 1 << 29


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A network ready to predict.

    Attributes
    ----------
    network : torch.nn.Module
        In evaluation mode, float32, on the CPU.
    config : NetworkConfig
        What it was built from.
    card : Card
        What its file says about it.
    sha256 : str
        Of the weights as they are stored.
    path : Path
        Its file.
    """

    network: Any
    config: NetworkConfig
    card: Card
    sha256: str
    path: Path


def save_model(
    path: str | os.PathLike[str], network: nn.Module, card: Card, *, half: bool = False
) -> str:
    """Write a network and its card as one model file; return its weights' SHA-256.

    Parameters
    ----------
    path : path-like
        File to be written or replaced, ``.safetensors``.
    network : DenseTransformerNetwork
        The network; it is not changed.
    card : Card
        What to say about it; its classes and channels are those of the network.
    half : bool
        Store weights as float16, half the size. Batch norm's running statistics
        stay float32: a variance below 6e-8 would become 0.

    Raises
    ------
    ModelError
        If a weight is not finite, or the card doesn't fit the network.
    WriteError
        If the disk is full or read-only; an older file stays whole.
    """
    config: NetworkConfig = network.config  # type: ignore[assignment]
    _check_card(card, config)
    tensors = {
        name: _stored(name, tensor, half)
        for name, tensor in network.state_dict().items()
    }
    _check_finite(tensors, f"{path} is not written")
    atomic_write(path, encode(tensors, config, card))
    return hash_weights(tensors)


def load_model(name_or_path: str | os.PathLike[str]) -> Model:
    """Return a model by the name of a shipped or own one, or from a file.

    Everything is checked before a network is built: that it is a model file, no
    newer than ours, whole, within limits and finite. Nothing is unpickled.

    Parameters
    ----------
    name_or_path : str or path-like
        A name that `list_models` knows, or the path of a model file.

    Raises
    ------
    ModelError
        If there is no such model, or its file is damaged, hostile or too new.
    """
    path = find_model(name_or_path)
    header, tensors = read_model(path)
    _check_card(header.card, header.network, f"{path}: ")
    _check_finite(tensors, f"{path} is damaged")
    _check_size(header.network, tensors, path)
    network = build_network(header.network)
    _fill(network, tensors, path)
    network.eval()
    return Model(network, header.network, header.card, header.weights_sha256, path)


def read_card(name_or_path: str | os.PathLike[str]) -> Card:
    """Return a model's card without reading its weights.

    Raises
    ------
    ModelError
        If there is no such model, or its header is damaged, hostile or too new.
    """
    return read_header(find_model(name_or_path)).card


def _stored(name: str, tensor: Tensor, half: bool) -> Tensor:
    tensor = tensor.detach().cpu().contiguous()
    if half and tensor.is_floating_point() and ".running_" not in f".{name}":
        return tensor.half()
    return tensor


def _check_card(card: Card, config: NetworkConfig, where: str = "") -> None:
    if len(card.classes) != config.classes or card.in_channels != config.in_channels:
        raise ModelError(
            f"{where}the card names {len(card.classes)} classes and "
            f"{card.in_channels} channels, the network has {config.classes} and "
            f"{config.in_channels}"
        )


def _check_finite(tensors: Mapping[str, Tensor], where: str) -> None:
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise ModelError(f"{where}: weight {name} holds NaN or Inf")
        if name.endswith("running_var") and bool((tensor < 0).any()):
            raise ModelError(f"{where}: {name} holds a negative variance")


def _check_size(
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


def _fill(network: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
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
