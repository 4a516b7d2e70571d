"""Run what README and docs tell people to type: the sh and python blocks.

Blocks of one file run in order in one empty folder; `console` blocks are for the
checkout or need the network, and are left out. What `print(...)  # prints: words` in a
python block says, it must print. Blocks with a library that readers may not have
are left out where it isn't there.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHOWN = re.compile(r"^print\(.*\)  # prints: (.+)$", re.MULTILINE)
OPTIONAL = ("SimpleITK",)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def check(page: Path, folder: str) -> list[str]:
    """Return what fails of a page: blocks, and links to files that aren't there."""
    text = page.read_text()
    faults = [
        f"{page.name}: no file {link}"
        for link in LINK.findall(text)
        if not (page.parent / link).exists()
    ]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "DTN_HOME": f"{folder}/home"}
    for language, block in BLOCK.findall(text):
        if _is_missing(block):
            sys.stdout.write(f"{page.name}: a block with {OPTIONAL} is left out\n")
            continue
        run = ["bash", "-euc"] if language == "sh" else [sys.executable, "-c"]
        done = subprocess.run(
            [*run, block], cwd=folder, env=environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        if done.returncode:
            faults.append(f"{page.name}: {block}\n{done.stderr[-2000:]}")
        shown = SHOWN.findall(block) if language == "python" else []
        if shown and done.stdout.splitlines() != shown:
            faults.append(f"{page.name}: {block}\nprinted {done.stdout}")
    return faults


def _is_missing(block: str) -> bool:
    """Return whether a block needs a library that is optional and not installed."""
    return any(
        re.search(rf"^import {name}\b", block, re.MULTILINE)
        and importlib.util.find_spec(name) is None
        for name in OPTIONAL
    )


def main() -> int:
    """Check all pages; return 1 if anything fails."""
    faults = []
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md")]:
        sys.stdout.write(f"== {page.name}\n")
        with tempfile.TemporaryDirectory() as folder:
            faults += check(page, folder)
    sys.stdout.write("\n".join(faults) + "\n" if faults else "docs: all works\n")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
