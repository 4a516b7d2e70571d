"""From a file's pixels to a unit and back: a dot in the image excites its reader.

The whole way: another pixel size than the model's, a tile that is not the first, the
shipped model's own features, and a warp far stronger than learned.
"""

from __future__ import annotations

import numpy as np
import torch

from dense_transformer.inference.engine import _to_levels
from dense_transformer.inference.source import open_view
from dense_transformer.inference.tiles import plan_tiles
from dense_transformer.inference.warps import WarpStore
from dense_transformer.inspection import Chain
from dense_transformer.types import Image
from dense_transformer.zoo import load_model

NM = (2.3, 6.9)  # the model works at 4.6: source pixels per network pixel 2 and 2/3
SIZE = (640, 240)  # 320 x 360 network pixels
TILE = (224, 224)


def test_a_dot_excites_the_unit_that_the_chain_says_reads_it():
    model = load_model("em-membrane-dtn")
    assert model.card.pixel_nm == (4.6, 4.6)
    network, level = model.network.eval(), model.config.transformers[0].level
    rng = np.random.default_rng(0)
    pixels = rng.normal(120, 20, SIZE)
    pixels[0, :2] = 0, 255  # the range stays as it is
    plan = plan_tiles((320, 360), TILE, 0.25)
    bounds = network.level(level - 1).pair.localisation.bounds
    draw = torch.Generator().manual_seed(2)
    theta = bounds * (2 * torch.rand(len(bounds), generator=draw) - 1)

    def warped(image: np.ndarray) -> tuple[np.ndarray, Chain]:
        whole = Image(np.clip(image, 0, 255).astype(np.uint8), "yx", "noise", NM)
        view = open_view(whole, 0, 1, NM, model.card.pixel_nm)
        assert view.size == (320, 360)
        seen = {}
        with torch.no_grad():
            trace = network.trace(
                torch.from_numpy(view.read(plan.box(1, 1)))[None],
                edit=lambda level, own: theta.expand_as(own),
                watch=lambda level, stage, maps: seen.update({stage: maps[0].numpy()}),
            )
        (one,) = _to_levels(trace.warps[0])
        store = WarpStore(one, plan, view.scale)
        store.put(1, 1, one)
        return seen["warped"], Chain((store.warp(1, 1),))

    before, chain = warped(pixels)
    px, rest = chain.units_px(), chain.rest_px()
    missed, moved = [], []
    for i, j in [(9, 9), (14, 20), (20, 13), (18, 8)]:
        dotted = pixels.copy()
        y, x = np.rint(px[i, j]).astype(int)
        dotted[y - 6 : y + 7, x - 2 : x + 3] = 255
        change = np.abs(warped(dotted)[0] - before).sum(0)
        change[change < 0.5 * change.max()] = 0
        units = np.indices(change.shape).reshape(2, -1)
        found = (units * change.reshape(-1)).sum(1) / change.sum()
        missed.append(np.linalg.norm(found - [i, j]))
        shift = (px[i, j] - rest[i, j]) / chain.warped_frame().pitch_px
        moved.append(np.linalg.norm(shift))  # units that it would miss by at rest
    assert np.mean(moved) > 1.5
    assert np.mean(missed) < 0.6
