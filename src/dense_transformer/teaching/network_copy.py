"""A model's network as a run teaches it: a copy that repeats itself exactly."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import torch

from dense_transformer.nn import build_network

if TYPE_CHECKING:
    from dense_transformer.nn import DenseTransformerNetwork
    from dense_transformer.teaching.gate import Gate
    from dense_transformer.zoo import Model


def copy_network(
    model: Model, device: torch.device, gate: Gate
) -> DenseTransformerNetwork:
    """Return a copy of a model's network on a device, in evaluation mode.

    Parameters
    ----------
    model : Model
        Its network is left as it is.
    device : torch.device
        Where the copy is put.
    gate : Gate
        Asked before each convolution of the copy, and of copies of it.
    """
    exact = dataclasses.replace(model.config, deterministic=True)
    network = build_network(exact)
    network.load_state_dict(model.network.state_dict())
    network.config = model.config
    network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    gate.watch(network)
    return network.eval()
