"""A network that computes the same with less: batch norms inside the convolutions."""

from __future__ import annotations

from typing import TypeVar

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from dense_transformer.nn.blocks import ConvBlock

Network = TypeVar("Network", bound=nn.Module)


def fold_norms(network: Network) -> Network:
    """Fold each block's batch norm, in evaluation mode, into its convolution.

    Parameters
    ----------
    network : nn.Module
        Is changed, and returned. Its outputs are the same up to rounding; it can't
        be trained any more.
    """
    for block in network.modules():
        if isinstance(block, ConvBlock):
            block.conv = fuse_conv_bn_eval(block.conv, block.norm)
            block.norm = nn.Identity()  # type: ignore[assignment]
    return network
