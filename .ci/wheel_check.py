"""Use the installed package from an empty folder, without napari."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import dense_transformer
from dense_transformer import list_models
from dense_transformer.data.samples import list_samples, sample_images

MODELS = {"em-membrane-dtn", "em-membrane-unet", "road-dtn", "road-unet"}
CONFIG = """
steps = 2
batch = 1
patch = [64, 64]
validate_every = 2
[data]
root = "em"
pixel_nm = [4.6, 4.6]
[network]
depth = 3
base_channels = 4
transformers = [{ level = 2 }]
"""


def dtn(*words: str) -> str:
    """Run the command and return what it prints; fail loudly if it fails."""
    done = subprocess.run(["dtn", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"dtn {' '.join(words)}: {done.returncode}\n{done.stderr}")
    return done.stdout


def check(claim: str, holds: bool) -> None:
    """Say a claim that holds; end with it if it doesn't."""
    if not holds:
        sys.exit(f"wheel-test: not so: {claim}")
    sys.stdout.write(f"ok: {claim}\n")


def main() -> None:
    """Check the claims in the order in which a person would meet them."""
    home = Path(dense_transformer.__file__).resolve()
    check("the package is the installed one", "site-packages" in home.parts)
    check("napari is not there", importlib.util.find_spec("napari") is None)
    check("dtn explains itself", "predict" in dtn("--help"))
    check("dtn info runs", "torch" in dtn("info"))

    for name in list_samples():
        dtn("sample", name, "--out", ".")
        first = Path(name, "images", sample_images(name)[0].name)
        check(f"the sample {name} is there", first.is_file())
    check("the models are there", {m.name for m in list_models()} >= MODELS)
    for name in sorted(MODELS):
        check(f"{name} is whole and says its scores", "scores:" in dtn("models", name))

    image = sample_images("em")[0]
    files = dtn("predict", str(image), "--model", "em-membrane-dtn", "--out", "out")
    check("the sample is predicted", len(files.splitlines()) >= 3)
    labels = Path("em", "labels", f"{image.stem}.png")
    scores = dict(
        line.split()
        for line in dtn(
            "evaluate", f"out/{image.stem}-probability.tif", str(labels)
        ).splitlines()
    )
    check(f"with a useful AUC ({scores['auc']})", float(scores["auc"]) > 0.8)

    Path("tiny.toml").write_text(CONFIG)
    best = dtn("train", "tiny.toml", "--run", "run").splitlines()[0]
    dtn("predict", str(image), "--model", best, "--out", "out2")
    check("a network is trained and used", any(Path("out2").iterdir()))


if __name__ == "__main__":
    main()
