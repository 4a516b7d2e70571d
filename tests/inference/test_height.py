"""A model of resized frames sees frames of any size at its height."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_networks import Echo, image_of, model_of

from dense_transformer.config import PredictConfig
from dense_transformer.inference import predict
from dense_transformer.work import finish


@pytest.mark.parametrize("size", [(96, 128), (48, 64), (33, 121)])
def test_network_sees_every_frame_at_its_height(size):
    network = Echo()
    model = model_of(network, tile=(24, 32))
    model = replace(model, card=replace(model.card, height_px=24))
    ramp = np.linspace(0, 1, size[0], dtype=np.float32)[:, None].repeat(size[1], 1)
    result = finish(predict(model, image_of(ramp), PredictConfig(device="cpu")))
    assert result.probability.shape == size
    seen = network.batches[0][0, 0, :24, 16].numpy()
    assert seen[0] < -0.9
    assert seen[-1] > 0.9  # the whole height in one tile
    np.testing.assert_allclose(np.diff(seen)[3:-3], np.diff(seen)[12], rtol=0.1)
    middle = result.probability[:, size[1] // 2]
    expected = 0.25 + 0.5 * ramp[:, 0]
    np.testing.assert_allclose(middle[4:-4], expected[4:-4], atol=0.03)
