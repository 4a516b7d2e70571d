"""The optimiser: transformers learn at a rate of their own and don't decay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from dense_transformer.training.schedule import learning_rate, transformer_rate

if TYPE_CHECKING:
    from torch.nn import Parameter
    from torch.optim import Optimizer

    from dense_transformer.config import TrainConfig
    from dense_transformer.nn import DenseTransformerNetwork

MOMENTUM = 0.9


def build_optimiser(network: DenseTransformerNetwork, config: TrainConfig) -> Optimizer:
    """Return AdamW or SGD (momentum 0.9, Nesterov) with three groups of parameters.

    The groups are named ``weights`` (decayed), ``offsets`` (biases and the
    scales of norms: not decayed) and ``transformers`` (own rate, not decayed).
    """
    plain = list(network.plain_parameters())
    parts = {
        "weights": [p for p in plain if p.ndim > 1],
        "offsets": [p for p in plain if p.ndim <= 1],
        "transformers": list(network.transformer_parameters()),
    }
    groups = [
        {"name": name, "params": parameters, "weight_decay": 0.0}
        for name, parameters in parts.items()
        if parameters
    ]
    if config.optimiser == "sgd":
        return torch.optim.SGD(groups, config.learning_rate, MOMENTUM, nesterov=True)
    fused = all(p.device.type in ("cpu", "cuda") for p in plain)
    return torch.optim.AdamW(groups, config.learning_rate, fused=fused)


def set_rates(optimiser: Optimizer, config: TrainConfig, step: int) -> float:
    """Set the rates of a step, freeze or free the transformers, return the rate."""
    rate, warp_rate = learning_rate(config, step), transformer_rate(config, step)
    for group in optimiser.param_groups:
        is_transformer = group["name"] == "transformers"
        group["lr"] = warp_rate if is_transformer else rate
        if is_transformer:
            parameters: list[Parameter] = group["params"]
            for parameter in parameters:
                parameter.requires_grad_(warp_rate > 0)
    return rate


@torch.no_grad()
def decay(optimiser: Optimizer, weight_decay: float) -> None:
    """Shrink the weights by rate times `weight_decay` (Loshchilov and Hutter 2019).

    Done here for both optimisers because torch's SGD adds the decay to the
    gradient, where momentum and the gradient's norm get to see it.
    """
    if not weight_decay:
        return
    for group in optimiser.param_groups:
        if group["name"] == "weights":
            for parameter in group["params"]:
                parameter.mul_(1 - group["lr"] * weight_decay)
