"""Compare ways to fine-tune; every training is one JSON file, so a study goes on.

Scores are those of one half of the untouched sections, to save time.

    OMP_NUM_THREADS=1 python -m benchmarks.teach_study DATA --out FOLDER
    ... --domains striped dark-cells --what "3 patches" --seeds 0 1
    ... --variants base rate=3e-3 "rate=3e-3 average=0.98"
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
from pathlib import Path
from typing import Any

import torch

from benchmarks.teach_annotations import annotate
from benchmarks.teach_domains import DOMAINS, Domain, load_domain
from benchmarks.teach_scoring import THREADS, score_network
from benchmarks.teach_variants import Variant, tune
from dense_transformer.files import atomic_write
from dense_transformer.zoo import load_model


def main() -> None:
    """Train what is missing, seed by seed, and print the table after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--domains", nargs="+", default=DOMAINS)
    parser.add_argument("--what", nargs="+", default=["3 patches"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--variants", nargs="+", default=["base"])
    parser.add_argument("--print", action="store_true", dest="only_print")
    options = parser.parse_args()
    torch.set_num_threads(THREADS)
    rows: list[dict[str, Any]] = []
    for seed in options.seeds:
        for name in options.domains:
            domain = None if options.only_print else halved(name, options.data)
            for what in options.what:
                for text in options.variants:
                    row = run_one(name, domain, what, text, seed, options.out)
                    if row is not None:
                        rows.append(row)
    print_table(rows)


def halved(name: str, data: Path) -> Domain:
    """Return a domain of which half is scored: upper halves, or every other frame."""
    domain = load_domain(name, data)
    if len(domain.score) > 1:
        return dataclasses.replace(domain, score=domain.score[::2])
    truth = domain.truth.copy()
    for z in domain.score:
        truth[z, truth.shape[1] // 2 :] = 0
    return dataclasses.replace(domain, truth=truth)


def run_one(
    name: str, domain: Domain | None, what: str, text: str, seed: int, out: Path
) -> dict[str, Any] | None:
    """Return what a variant reached, from its file if it was trained before."""
    file = out / f"{name}--{what}--{text}--{seed}.json".replace(" ", "_")
    if file.exists():
        row: dict[str, Any] = json.loads(file.read_text())
        return row
    if domain is None:
        return None
    points: list[tuple[int, float, float, float]] = []

    def note(step: int, network: torch.nn.Module, seconds: float) -> None:
        scores = score_network(network, domain)
        points.append((step, scores.auc, scores.f1, seconds))

    tune(domain, annotate(domain, what, seed).labels, parse(text), seed, note)
    row = {
        "domain": name, "what": what, "variant": text, "seed": seed,
        "start": _start(domain, out), "points": points,
    }  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    atomic_write(file, json.dumps(row).encode())
    shown = "  ".join(f"{s}: {a:.4f}/{f:.3f} {t:.0f}s" for s, a, f, t in points)
    print(f"{name:11} {what:12} {text:40} {seed} [{row['start'][0]:.4f}] {shown}",
          flush=True)  # fmt: skip
    return row


def parse(text: str) -> Variant:
    """Return the variant that text such as ``rate=3e-3 parts=decoder`` describes."""
    fields = {f.name: f.type for f in dataclasses.fields(Variant)}
    kinds = {"int": int, "float": float, "str": str, "bool": lambda v: v == "True"}
    changes = dict(part.split("=") for part in text.split() if part != "base")
    return Variant(**{k: kinds[str(fields[k])](v) for k, v in changes.items()})


def _start(domain: Domain, out: Path) -> tuple[float, float]:
    """Return AUC and F1 of the shipped model, kept beside the rows."""
    file = out / "starts" / f"{domain.name}.json"
    if not file.exists():
        scores = score_network(load_model(domain.model).network, domain)
        file.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(file, json.dumps([scores.auc, scores.f1]).encode())
    auc, f1 = json.loads(file.read_text())
    return auc, f1


def print_table(rows: list[dict[str, Any]]) -> None:
    """Print AUC at the end by variant and domain: mean and half range over seeds."""
    domains = list(dict.fromkeys((r["domain"], r["what"]) for r in rows))
    print(f"\n{'variant':44}" + "".join(f"{d[:10]} {w[:4]:>4}  " for d, w in domains))
    for text in dict.fromkeys(r["variant"] for r in rows):
        cells, means = [], []
        for key in domains:
            mine = [
                r["points"][-1][1]
                for r in rows
                if r["variant"] == text and (r["domain"], r["what"]) == key
            ]
            if not mine:
                cells.append(f"{'-':>16} ")
                continue
            means.append(statistics.fmean(mine))
            half = (max(mine) - min(mine)) / 2
            cells.append(f"{means[-1]:.4f}±{half:.4f}/{len(mine)} ")
        print(f"{text:44}" + "".join(cells) + f" | {statistics.fmean(means):.4f}")


if __name__ == "__main__":
    main()
