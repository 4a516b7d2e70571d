"""Convolution, batch norm, ReLU: the U-Net's brick."""

from __future__ import annotations

from torch import Tensor, nn


class ConvBlock(nn.Module):
    """3x3 convolution that keeps the size, batch norm, ReLU."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(out_channels)
        nn.init.kaiming_normal_(self.conv.weight, nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """Return features of the size of `x`, shape (b, out_channels, h, w)."""
        return nn.functional.relu(self.norm(self.conv(x)), inplace=True)
