"""Which houses and hedges stand along a street."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dense_transformer.data.synthesis.street import Street
from dense_transformer.types import Array

_BRICKS = np.array(
    [
        [0.42, 0.25, 0.19],
        [0.55, 0.46, 0.34],
        [0.60, 0.56, 0.49],
        [0.36, 0.22, 0.17],
        [0.70, 0.67, 0.61],
        [0.48, 0.38, 0.29],
    ]
)


@dataclass(frozen=True, slots=True, eq=False)
class House:
    """A box beside the street; lengths in metres.

    Attributes
    ----------
    side : int
        -1 left, 1 right.
    start_m, end_m : float
        Along the street.
    front_m : float
        Distance of its front from the centre line.
    height_m : float
        Up to the eaves.
    hedge : bool
        Leaves instead of bricks and windows.
    shop : bool
        A shop window on the ground floor.
    wall : ndarray, shape (3,)
        Colour of the wall, linear RGB.
    bay_m, floor_m : float
        Distance of windows, along and up.
    """

    side: int
    start_m: float
    end_m: float
    front_m: float
    height_m: float
    hedge: bool
    shop: bool
    wall: Array
    bay_m: float
    floor_m: float


def build_houses(rng: np.random.Generator, street: Street) -> tuple[House, ...]:
    """Return houses along both sides, none where a side road leaves."""
    houses = []
    for index, side in enumerate((-1, 1)):
        front = street.half_width_m + street.pavement_m[index] + street.verge_m[index]
        at = -12.0
        while at < 190.0:
            length = rng.uniform(6, 18)
            hedge = rng.random() < street.green
            height = rng.uniform(1.1, 2.2) if hedge else rng.uniform(5.4, 9.5)
            house = House(
                side,
                at,
                at + length,
                front + rng.choice([0.0, 0.0, 0.8]) + (0.0 if hedge else 0.3),
                height,
                bool(hedge),
                bool(rng.random() < 0.45),
                _BRICKS[rng.integers(len(_BRICKS))] * rng.uniform(0.8, 1.1),
                rng.uniform(1.7, 3.0),
                rng.uniform(2.7, 3.3),
            )
            if not _blocks_side_road(house, street):
                houses.append(house)
            at += length + (0.0 if rng.random() < 0.7 else rng.uniform(1.5, 8.0))
    return tuple(houses)


def _blocks_side_road(house: House, street: Street) -> bool:
    if street.junction is None or street.junction[2] != house.side:
        return False
    start, end, _ = street.junction
    return house.end_m > start - 2 and house.start_m < end + 2
