"""Teach from the same annotations: this project, and a random forest.

For every domain, amount of annotations and seed: AUC and best F1 on sections that
nobody annotated, seconds until what is on screen (512 x 512 px) is predicted with what
was annotated, and until the final model has predicted a section. ``shipped`` is the
model before, ``ten times`` the same teaching from 30 patches with four times the steps.
Every line is a JSON file in the folder; what is there isn't computed again.

    OMP_NUM_THREADS=2 python -m benchmarks.bench_teach DATA --out FOLDER --seeds 0 1 2
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.teach_annotations import Drawn, annotate
from benchmarks.teach_domains import DOMAINS, Domain, load_domain
from benchmarks.teach_forest import VIEW_PX, Taught, teach_forest
from benchmarks.teach_scoring import (
    THREADS,
    predict_model,
    score_kept,
    score_model,
)
from dense_transformer.config import TeachConfig
from dense_transformer.files import atomic_write
from dense_transformer.settings import from_dict
from dense_transformer.teaching import Patch, Project
from dense_transformer.teaching.amount import STEPS
from dense_transformer.teaching.beginning import begin_run
from dense_transformer.teaching.tuning import teach
from dense_transformer.zoo import load_model

AMOUNTS = (
    "1 patches", "3 patches", "10 patches", "5 scribbles", "20 scribbles",
    "5 corrections",
)  # fmt: skip
METHODS = ("shipped", "teach", "forest", "ten times")
MORE = 4  # times the steps, for ten times the patches


def main() -> None:
    """Compute what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--domains", nargs="+", default=DOMAINS)
    parser.add_argument("--amounts", nargs="+", default=AMOUNTS)
    parser.add_argument("--methods", nargs="+", default=METHODS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--set", nargs="+", default=[], help="settings, NAME=JSON")
    parser.add_argument("--print", action="store_true", dest="only_print")
    options = parser.parse_args()
    torch.set_num_threads(THREADS)
    changes = {k: json.loads(v) for k, v in (s.split("=", 1) for s in options.set)}
    config = from_dict(TeachConfig, changes)
    rows = []
    for seed in options.seeds:
        for name in options.domains:
            domain = None if options.only_print else load_domain(name, options.data)
            for method, amount in _columns(options.methods, options.amounts):
                file = _file(options.out, method, name, amount, seed)
                if not file.exists() and domain is not None:
                    row = measure(method, domain, amount, seed, config)
                    options.out.mkdir(parents=True, exist_ok=True)
                    atomic_write(file, json.dumps(row).encode())
                    print(_line(row), flush=True)
                if file.exists():
                    rows.append(json.loads(file.read_text()))
    print_table(rows)
    print_comparison(rows)


def _columns(methods: list[str], amounts: list[str]) -> list[tuple[str, str]]:
    """Return methods with what they are taught from; some are taught one thing."""
    only = {"shipped": "nothing", "ten times": "30 patches"}
    pairs = [(m, only.get(m, a)) for m in methods for a in amounts]
    return list(dict.fromkeys(pairs))


def _file(out: Path, method: str, domain: str, amount: str, seed: int) -> Path:
    return out / f"{method}--{domain}--{amount}--{seed}.json".replace(" ", "_")


def measure(
    method: str, domain: Domain, amount: str, seed: int, config: TeachConfig
) -> dict[str, Any]:
    """Return one line of the table."""
    words = ""
    if method == "shipped":
        taught = Taught(score_model(domain), 0.0, 0.0)
    elif method == "forest":
        taught = teach_forest(domain, annotate(domain, amount, seed).labels, seed)
    else:
        more = (
            {"steps": (config.steps or STEPS) * MORE} if method == "ten times" else {}
        )
        config = dataclasses.replace(config, seed=seed, threads=THREADS, **more)
        drawn = annotate(domain, amount, seed)
        with tempfile.TemporaryDirectory(prefix="bench-teach-") as folder:
            taught, words = teach_project(domain, drawn, config, Path(folder))
    return {
        "method": method, "domain": domain.name, "amount": amount, "seed": seed,
        "auc": taught.scores.auc, "f1": taught.scores.f1,
        "f1_half": taught.scores.f1_half, "first_s": taught.first_s,
        "end_s": taught.end_s, "threads": THREADS, "words": words,
    }  # fmt: skip


def teach_project(
    domain: Domain, drawn: Drawn, config: TeachConfig, folder: Path
) -> tuple[Taught, str]:
    """Teach as the product does, from a project; return scores and its own words."""
    axes = "zyx" if domain.pixels.ndim == 3 else "zyxc"
    with Project.create(folder / "project", domain.model) as project:
        entry = project.add_image(domain.name, domain.pixels, axes=axes)
        journal = project.journal(entry.name)
        for z in np.flatnonzero(drawn.labels.any((1, 2))):
            journal.paint(int(z), 0, 0, None, drawn.labels[z])
        for box in drawn.patches:
            journal.add_patch(Patch(*box), fill=0)
        begin = time.perf_counter()
        run = begin_run(project, config)
        work, first_s = teach(run), None
        try:
            while True:
                next(work)
                if first_s is None and _gained(run):
                    predict_view(run, domain, drawn)
                    first_s = time.perf_counter() - begin
        except StopIteration as end:
            result = end.value
        kept = load_model(result.best)
        first = predict_model(kept, domain.pixels[domain.score[0]])
        end_s = time.perf_counter() - begin
        scores = score_kept(kept, domain, first)
    return Taught(scores, end_s if first_s is None else first_s, end_s), result.words


def _gained(run: Path) -> bool:
    """Return whether a model better than the start, on what is held out, is there."""
    try:
        lines = (run / "events.jsonl").read_text().splitlines()
    except FileNotFoundError:
        return False
    events = [json.loads(line) for line in lines if line.strip()]
    return any(e.get("share") and e.get("best") for e in events)


def predict_view(run: Path, domain: Domain, drawn: Drawn) -> None:
    """Predict what is on screen with the best model so far."""
    z = int(np.flatnonzero(drawn.labels.any((1, 2)))[0])
    best = load_model(run / "best.safetensors")
    predict_model(best, domain.pixels[z, :VIEW_PX, :VIEW_PX])


def _line(row: dict[str, Any]) -> str:
    return (
        f"{row['method']:10} {row['domain']:11} {row['amount']:12} {row['seed']}  "
        f"AUC {row['auc']:.4f}  F1 {row['f1']:.3f}  first {row['first_s']:5.1f} s  "
        f"end {row['end_s']:5.1f} s  {row['words']}"
    )


def print_table(rows: list[dict[str, Any]]) -> None:
    """Print mean and standard deviation over the seeds."""
    print("\n| domain | annotated | method | seeds | AUC | F1 | first s | end s |")
    print("|---|---|---|---:|---:|---:|---:|---:|")
    keys = dict.fromkeys((r["domain"], r["amount"], r["method"]) for r in rows)
    for key in sorted(keys):
        mine = [r for r in rows if (r["domain"], r["amount"], r["method"]) == key]
        cells = [_cell([r[k] for r in mine], k == "auc") for k in ("auc", "f1")]
        times = [f"{statistics.fmean(r[k] for r in mine):.1f}" for k in TIMES]
        print("| " + " | ".join([*key, str(len(mine)), *cells, *times]) + " |")


TIMES = ("first_s", "end_s")


def print_comparison(rows: list[dict[str, Any]]) -> None:
    """Say where the forest is ahead, and how far three patches lead to ten times."""
    mean: dict[tuple[str, str, str], dict[str, float]] = {}
    for key in dict.fromkeys((r["domain"], r["amount"], r["method"]) for r in rows):
        mine = [r for r in rows if (r["domain"], r["amount"], r["method"]) == key]
        mean[key] = {
            k: statistics.fmean(r[k] for r in mine) for k in ("auc", "f1", *TIMES)
        }
    for (domain, amount, method), ours in mean.items():
        theirs = mean.get((domain, amount, "forest"))
        if method != "teach" or theirs is None:
            continue
        worse = [k for k in ("auc", "f1") if ours[k] < theirs[k]]
        worse += [k for k in TIMES if ours[k] > theirs[k]]
        if worse:
            print(f"behind the forest: {domain}, {amount}: {', '.join(worse)}")
    for domain in dict.fromkeys(r["domain"] for r in rows):
        start = mean.get((domain, "nothing", "shipped"))
        most = mean.get((domain, "30 patches", "ten times"))
        three = mean.get((domain, "3 patches", "teach"))
        if start and most and three:
            way = (three["auc"] - start["auc"]) / (most["auc"] - start["auc"])
            print(f"{domain}: 3 patches go {way:.0%} of the way of 30")


def _cell(values: list[float], fine: bool) -> str:
    digits = 4 if fine else 3
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.fmean(values):.{digits}f} ({spread:.{digits}f})"


if __name__ == "__main__":
    main()
