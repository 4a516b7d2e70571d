"""What no file of the repository may hold."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.$}~])/(?:home|Users|work|root)/\w"),
    "unpickling": re.compile(r"\b(?:pickle|joblib|dill)\.loads?\b"),
    "loading what may run code": re.compile(r"weights_only\s*=\s*False"),
    "unpickling arrays": re.compile(r"allow_pickle\s*=\s*True"),
    "a work left open": re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b"),
    "a conflict": re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE),
}
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".txt", ".json", ".sh", ".cfg", ""}
IN_TESTS = {"unpickling"}  # which show there what it would do
LARGEST_BYTES = 4 * 2**20


@pytest.fixture(scope="module")
def tracked(repository: Path) -> list[Path]:
    """Return the files of the repository, or those of a tree without git."""
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=repository, capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("not a git checkout")
    names = done.stdout.decode().split("\0")
    return [
        repository / name for name in names if name and (repository / name).is_file()
    ]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str, tracked: list[Path], repository: Path):
    here = Path(__file__).resolve()
    tests = repository / "tests"
    found = [
        f"{path.name}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}"
        for path in tracked
        if path.suffix in TEXT and path != here
        if not (what in IN_TESTS and tests in path.parents)
        for text in [path.read_text(encoding="utf-8", errors="replace")]
        for match in FORBIDDEN[what].finditer(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a path of one machine", 'open("' + "/home/" + 'me/data.tif")'),
        ("unpickling", "pickle" + ".load(file)"),
        ("loading what may run code", "torch.load(p, weights_only" + "=False)"),
        ("unpickling arrays", "np.load(p, allow_pickle" + " = True)"),
    ],
)
def test_the_gate_would_see_it(what: str, text: str):
    assert FORBIDDEN[what].search(text)


def test_no_file_is_too_large(tracked: list[Path]):
    large = [p.name for p in tracked if p.stat().st_size > LARGEST_BYTES]
    assert large == []


def test_the_project_pins_nothing_and_the_core_needs_no_gui(repository: Path):
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    needs = project["dependencies"]
    for group in (needs, *project["optional-dependencies"].values()):
        assert [need for need in group if "==" in need or "<" in need] == []
    names = {re.split(r"[\[<>=!~ ]", need)[0].lower() for need in needs}
    assert not names & {"napari", "qtpy", "superqt", "magicgui", "pyqt6", "npe2"}


def test_the_version_is_the_same_everywhere(repository: Path):
    import dense_transformer
    import napari_dtn

    text = (repository / "pyproject.toml").read_text()
    version = tomllib.loads(text)["project"]["version"]
    assert dense_transformer.__version__ == napari_dtn.__version__ == version


def test_the_changelog_names_the_version_or_what_is_to_come(repository: Path):
    log = (repository / "CHANGELOG.md").read_text()
    assert re.search(r"^## \[(Unreleased|\d+\.\d+\.\d+)\]", log, re.MULTILINE)
