"""What the figures of a warp mean, in plain sentences. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dense_transformer.inspection import CoverageReport, RoundTrip, WarpDensity


def describe_coverage(report: CoverageReport, trip: RoundTrip | None = None) -> str:
    """Return what the decoder could and could not restore."""
    n = report
    if n.hole_share == 0:
        words = (
            f"The decoder received at least S = {n.smallest:.2f} everywhere "
            f"({n.mean:.2f} on average): nothing had to be filled."
        )
    else:
        words = (
            f"{share(n.hole_share)} of the area are holes (S < 0.1, the least is "
            f"{n.smallest:.2f}): nothing is written there, and the decoder fills "
            "them in from around."
        )
    if n.lost_share > 0.005:
        words += (
            f" {share(n.lost_share)} of what the network computed belongs outside "
            "the tile and is lost."
        )
    if trip is not None and np.isfinite(trip.relative):
        words += (
            " Bending a coarse copy of the image, a value for each unit, and bending "
            "it back, with nothing computed between, changes it by "
            f"{100 * trip.relative:.0f} % of its contrast."
        )
    return words


def describe_density(found: WarpDensity) -> str:
    """Return how far, how closely and whether folded a warp reads the image."""
    if found.folded_share == 0:
        words = "0.0 % of the area is folded."
    else:
        words = f"{share(found.folded_share)} of the area is folded over."
    known = found.log_jacobian[np.isfinite(found.log_jacobian)]
    if known.size:
        low, high = np.exp(np.percentile(known, [1, 99]))
        words += (
            f" A unit reads between {low:.2f} and {high:.2f} times the area it would "
            "without the transformer"
        )
        even = low > 0.95 and high < 1.05
        words += ": practically the same everywhere." if even else "."
    magnitude = found.magnitude_px
    words += (
        f" It moves by {magnitude.mean():.1f} px on average, "
        f"{magnitude.max():.1f} px at most."
    )
    unread = float((found.reads < 0.1).mean())
    if unread > 0.0005:
        words += f" {share(unread)} of the tile is (almost) never read."
    return words


def share(value: float) -> str:
    """Return a share in per cent; what is not 0 never reads as 0."""
    if 0 < value < 0.001:
        return "less than 0.1 %"
    return f"{100 * value:.1f} %"
