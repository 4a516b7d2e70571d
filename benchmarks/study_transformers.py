"""Train variants of a configuration with several seeds and print what each reached.

The seed decides more than the transformer does, so every variant is trained with
the same seeds and budget as the U-Net twin, and mean and spread are printed. A
study that is stopped goes on where it was: each training is a run directory.

    DTN_DATA=FOLDER python benchmarks/study_transformers.py em-membrane-dtn \
        --out runs/study --seeds 0 1 --set steps=400 --set 'patch=[160,160]'
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from dense_transformer.cli.configuration import read_configuration
from dense_transformer.config import TrainConfig
from dense_transformer.settings import from_dict
from dense_transformer.training import train
from dense_transformer.work import finish
from dense_transformer.zoo import read_card

PAIR = {"level": 4, "gain": 3.0, "centred": True}
VARIANTS: dict[str, dict[str, object]] = {
    "unet twin": {"network": {"transformers": []}},
    "shipped": {"network": {"transformers": [PAIR]}},
    "paper: absolute, full rate": {
        "network": {
            "transformers": [
                {"level": 4, "parametrisation": "absolute", "centred": False}
            ]
        },
        "transformer_rate": 1.0,
        "transformer_freeze": 0.0,
    },
    "not centred, gain 0.3": {
        "network": {"transformers": [{"level": 4, "gain": 0.3, "centred": False}]}
    },
    "gain 1": {"network": {"transformers": [PAIR | {"gain": 1.0}]}},
    "gain 10": {"network": {"transformers": [PAIR | {"gain": 10.0}]}},
    "reach 0.9": {"network": {"transformers": [PAIR | {"reach": 0.9}]}},
    "level 3": {"network": {"transformers": [PAIR | {"level": 3}]}},
    "levels 3 and 4": {"network": {"transformers": [PAIR | {"level": 3}, PAIR]}},
    "affine": {"network": {"transformers": [PAIR | {"family": "affine"}]}},
    "lattice 8x8": {"network": {"transformers": [PAIR | {"lattice": [8, 8]}]}},
    "exact decoder": {"network": {"transformers": [PAIR | {"decoder": "exact"}]}},
    "full rate": {"network": {"transformers": [PAIR]}, "transformer_rate": 1.0},
    "resampling loss": {
        "network": {"transformers": [PAIR]},
        "resampling_penalty": 0.1,
    },
}
COLUMNS = ("auc", "f1", "shift", "saturation", "spread", "folded")


def main() -> None:
    """Train what is asked for and print the table after every variant."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", help="a file, or the name of a shipped model")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS))
    parser.add_argument("--set", action="append", default=[], dest="changes")
    options = parser.parse_args()
    config, base = read_configuration(options.config, options.changes)
    rows: dict[str, list[dict[str, float]]] = {}
    for seed in options.seeds:
        for name in options.variants:
            run = options.out / f"{name.replace(' ', '-')}-{seed}".replace(":", "")
            changed = merge(config.to_dict(), VARIANTS[name] | {"seed": seed})
            figures = train_one(from_dict(TrainConfig, changed), base, run)
            rows.setdefault(name, []).append(figures)
            print_table(rows)


def train_one(config: TrainConfig, base: Path, run: Path) -> dict[str, float]:
    """Train, or read what was reached before; return scores and warps' health."""
    card = read_card(finish(train(config, run, base=base)).best)
    health = card.health[0].to_dict() if card.health else {}
    return {**dict(card.scores), **health}


def merge(base: dict[str, object], change: dict[str, object]) -> dict[str, object]:
    """Return `base` with `change` laid over it, tables within tables."""
    merged = dict(base)
    for key, value in change.items():
        inner = merged.get(key)
        if isinstance(value, dict) and isinstance(inner, dict):
            value = merge(inner, value)
        merged[key] = value
    return merged


def print_table(rows: dict[str, list[dict[str, float]]]) -> None:
    """Print mean and range over the seeds of every variant so far."""
    print(f"\n{'variant':28}{'seeds':>6}" + "".join(f"{c:>18}" for c in COLUMNS))
    for name, seeds in rows.items():
        cells = []
        for column in COLUMNS:
            values = [s[column] for s in seeds if column in s]
            if not values:
                cells.append(f"{'-':>18}")
                continue
            half = (max(values) - min(values)) / 2
            cells.append(f"{statistics.fmean(values):>10.4f} ±{half:.4f}")
        print(f"{name:28}{len(seeds):>6}" + "".join(cells), flush=True)


if __name__ == "__main__":
    main()
