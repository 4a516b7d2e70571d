"""Draw the shipped samples: `python -m dense_transformer.data.synthesis OUT`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dense_transformer.data.synthesis.ship import write_samples


def main(arguments: list[str] | None = None) -> int:
    """Write the samples and their README to a folder; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m dense_transformer.data.synthesis",
        description="Draw the sample images, their labels and a README.",
    )
    parser.add_argument("out", type=Path, help="folder to write to")
    out = parser.parse_args(arguments).out
    for path in write_samples(out):
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
