"""`dtn predict --warp` predicts with warps that were edited and saved."""

from __future__ import annotations

import json

import numpy as np
import tifffile

from dense_transformer import finish, load_model, predict, read_image
from dense_transformer.cli.main import main
from dense_transformer.config import PredictConfig
from dense_transformer.inference import write_edits
from dense_transformer.types import WarpEdit


def run(model, stack, out, warp):
    words = ["--model", str(model), "--device", "cpu", "--warp", str(warp)]
    return main(["predict", str(stack), *words, "--out", str(out)])


def test_it_predicts_what_the_library_predicts(tiny_model, stack, tmp_path):
    edits = (WarpEdit(2, 0.5, np.linspace(-0.2, 0.2, 32, dtype=np.float32)),)
    warp = write_edits(tmp_path / "warp.json", edits)
    assert run(tiny_model, stack, tmp_path / "out", warp) == 0
    config, image = PredictConfig(device="cpu"), read_image(stack)
    model = load_model(tiny_model)
    expected = finish(predict(model, image, config, edits=edits))
    (path,) = (tmp_path / "out").glob("*-probability.tif")
    np.testing.assert_array_equal(tifffile.imread(path), expected.probability)
    learned = finish(predict(model, image, config)).probability
    assert not np.array_equal(expected.probability, learned)
    (summary,) = (tmp_path / "out").glob("*-summary.json")
    assert json.loads(summary.read_text())["edits"] == [
        {"level": 2, "strength": 0.5, "parameters": "given", "tile_px": None}
    ]


def test_warps_that_do_not_fit_are_refused(tiny_model, stack, tmp_path, capsys):
    out = tmp_path / "out"
    edits = {
        "level": (WarpEdit(3),),
        "tile": (WarpEdit(2, 0.0, tile_px=(0, 0, 16, 16)),),
    }
    for name, some in edits.items():
        warp = write_edits(tmp_path / "warp.json", some)
        assert run(tiny_model, stack, out, warp) == 2
        error = capsys.readouterr().err.splitlines()[-1]
        assert error.startswith("dtn: error: ")
        assert name in error
        assert not list(out.glob("*"))
    (tmp_path / "warp.json").write_text("{}")
    assert run(tiny_model, stack, out, tmp_path / "warp.json") == 2
