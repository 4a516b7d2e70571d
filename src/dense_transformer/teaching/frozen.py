"""What stays as it was while a model is taught."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from dense_transformer.nn.localisation import Centre

if TYPE_CHECKING:
    from dense_transformer.config.teaching import Parts
    from dense_transformer.nn import DenseTransformerNetwork

_STATISTICS = (nn.BatchNorm2d, Centre)


def freeze_statistics(network: nn.Module) -> None:
    """Make batch norm and the warps' centre use what they were trained on.

    They keep doing so until the network's mode is set again. Their weights still
    learn. A few patches of one image are no sample of anything: the statistics of
    a batch of them differ from those that predictions are made with.
    """
    for module in network.modules():
        if isinstance(module, _STATISTICS):
            module.eval()


def choose_parts(network: DenseTransformerNetwork, parts: Parts) -> None:
    """Let only some weights learn; transformers are told by their rate instead.

    Parameters
    ----------
    network : DenseTransformerNetwork
        Is changed: the others need no gradient any more.
    parts : {"all", "not transformers", "decoder", "norms"}
        ``decoder`` is the way up and the head; ``norms`` the scales and shifts of
        batch norm, and the head.
    """
    if parts in ("all", "not transformers"):
        return
    transformers = {id(p) for p in network.transformer_parameters()}
    for name, parameter in network.named_parameters():
        if id(parameter) not in transformers:
            parameter.requires_grad_(_learns(name, parts))


def _learns(name: str, parts: Parts) -> bool:
    if name.startswith("head."):
        return True
    return ".norm." in name if parts == "norms" else ".up" in name
