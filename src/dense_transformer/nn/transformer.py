"""One dense transformer pair: the encoder warps, the decoder puts back."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dense_transformer.config import TransformerConfig
from dense_transformer.geometry import (
    divide_by_coverage,
    gather,
    invert_points,
    lattice_points,
    require_finite,
    share_corners,
    shift_grid,
    shift_points,
    splat,
)
from dense_transformer.nn.localisation import Localisation
from dense_transformer.nn.warp import TensorWarp


class TransformerPair(nn.Module):
    """Encoder and decoder of one level; they share the warp, which is a value."""

    lattice: Tensor

    def __init__(
        self, channels: int, config: TransformerConfig, *, deterministic: bool = False
    ) -> None:
        super().__init__()
        self.config, self.deterministic = config, deterministic
        self.localisation = Localisation(channels, config)
        lattice = lattice_points(*config.lattice).float()
        self.register_buffer("lattice", lattice, persistent=False)

    def encode(
        self,
        features: Tensor,
        *,
        multiple: int = 1,
        round_trip: bool = False,
        theta: Tensor | None = None,
    ) -> tuple[Tensor, TensorWarp]:
        """Return the warped features and the warp that made them.

        Parameters
        ----------
        features : Tensor, shape (b, c, h, w)
            The input map.
        multiple : int
            The warped map's height and width are multiples of this.
        round_trip : bool
            Measure what gather then splat loses.
        theta : Tensor, shape (b, n), or None
            Parameters to use; None: those that the localisation gives.

        Raises
        ------
        DivergedError
            If a fiducial is not finite.
        """
        if theta is None:
            theta = self.localisation(features)
        warp = self.make_warp(theta, features.shape[-2:], multiple)
        warped = self.gather(features, warp)
        if round_trip:
            lost = self.decode(warped, warp).float() - features.float()
            warp = warp._replace(round_trip=lost.square().mean())
        return warped, warp

    def make_warp(
        self, theta: Tensor, size: torch.Size, multiple: int = 1
    ) -> TensorWarp:
        """Return the warp of an input map of `size` for parameters (b, n)."""
        cfg = self.config
        height, width = int(size[0]), int(size[1])
        out = (
            _round_to(height * cfg.resolution, multiple),
            _round_to(width * cfg.resolution, multiple),
        )
        if cfg.resolution == 1.0:
            out = (height, width)
        with torch.autocast(theta.device.type, enabled=False):
            if cfg.family == "tps":
                moves = theta.reshape(len(theta), -1, 2)
            else:
                moves = shift_points(cfg.family, theta, self.lattice.to(theta.dtype))
            fiducials = self.lattice + moves
            require_finite(fiducials, cfg.level)
            shift = shift_grid(cfg.family, theta, cfg.lattice, out)
            half_px = shift.new_tensor([(height - 1) / 2.0, (width - 1) / 2.0])
            points_px = _pixel_grid(out, (height, width), shift) + shift * half_px
        bounds = self.localisation.bounds
        if cfg.parametrisation == "absolute":
            bounds = torch.ones_like(bounds)
        corners = share_corners(
            points_px, (height, width), deterministic=self.deterministic
        )
        return TensorWarp(
            cfg.level, cfg.family, cfg.lattice, self.lattice, fiducials, points_px,
            (height, width), theta, bounds, corners=corners,
        )  # fmt: skip

    def gather(self, features: Tensor, warp: TensorWarp) -> Tensor:
        """Return features (b, c, h_in, w_in) read at the warp's points (Eq. 4)."""
        return gather(
            features,
            warp.points_px,
            kernel=self.config.kernel,
            deterministic=self.deterministic,
            corners=warp.corners,
        )

    def decode(self, values: Tensor, warp: TensorWarp) -> Tensor:
        """Return values of the warped map at their places on the input map (Eq. 7)."""
        if self.config.decoder == "exact":
            back = invert_points(warp.points_px, warp.size)
            return gather(values, back, deterministic=self.deterministic)
        total, coverage = splat(
            values,
            warp.points_px,
            warp.size,
            deterministic=self.deterministic,
            corners=warp.corners,
        )
        return divide_by_coverage(total, coverage).to(values.dtype)


def _round_to(length: float, multiple: int) -> int:
    return max(1, round(length / multiple)) * multiple


def _pixel_grid(out: tuple[int, int], size: tuple[int, int], like: Tensor) -> Tensor:
    """Return the identity's points in px of the input map; integers if sizes agree."""
    axes = []
    for n_out, n_in in zip(out, size, strict=True):
        step = (n_in - 1) / (n_out - 1) if n_out > 1 else 0.0
        axes.append(torch.arange(n_out, device=like.device, dtype=like.dtype) * step)
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), -1)
