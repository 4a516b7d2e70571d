"""Synthetic road scenes as a camera in a car sees them, with labels."""

from __future__ import annotations

import numpy as np

from dense_transformer.data.synthesis.ground import paint_ground
from dense_transformer.data.synthesis.scene import Scene
from dense_transformer.data.synthesis.street import Camera, Street, cast_rays


def road_scene(seed: int = 0, size: tuple[int, int] = (360, 480)) -> Scene:
    """Return a street as seen from a car.

    Parameters
    ----------
    seed : int
        The same seed gives the same scene.
    size : tuple of int
        Height and width in pixels.

    Returns
    -------
    Scene
        RGB; labels: 0 on the own bonnet, 1 other, 2 road.
    """
    rng = np.random.default_rng([seed, 2])
    street = Street(
        rng.uniform(3.2, 4.6), (2.2, 2.5), (1, 1), rng.normal(0, 0.003), None,
        (0.5, 0.7, 0.5), 1.0,
    )
    camera = Camera(-1.6, 1.4, 0.95, 0.05, rng.normal(0, 0.02), rng.normal(0, 0.008))
    rays = cast_rays(camera, street, size)
    t = rays.to_ground()
    colour, road = paint_ground(rng, rays, street, t)
    sky = np.array([0.75, 0.82, 0.9]) + 0.0 * colour
    colour = np.where(np.isfinite(t)[..., None], colour, sky)
    labels = np.where(road, 2, 1).astype(np.uint8)
    labels[int(size[0] * 0.965) :] = 0
    colour[int(size[0] * 0.965) :] = 0.08
    pixels = np.clip(colour + 0.004 * rng.standard_normal((*size, 1)), 0, 1)
    return Scene(np.round(255 * pixels ** (1 / 1.3)).astype(np.uint8), labels)
