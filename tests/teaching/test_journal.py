"""What a journal keeps: every change, whoever is killed, however full the disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dense_transformer.errors import ProjectError, WriteError
from dense_transformer.teaching import Journal, Patch, journal_lines, painting, undo

SHAPE, CLASSES = (3, 150, 170), ("inside", "boundary")
SMALL = (2, 12, 14)


def labels_of(journal: Journal) -> np.ndarray:
    return np.asarray(journal.annotations().labels)


def state_of(journal: Journal) -> tuple[bytes, tuple[Patch, ...], tuple[int, ...]]:
    return labels_of(journal).tobytes(), journal.patches, journal.pixels


def scribble(journal: Journal, number: int, shape: tuple[int, int, int]) -> None:
    """Make a change that depends on its number alone."""
    rng = np.random.default_rng(number)
    section = int(rng.integers(shape[0]))
    top, left = int(rng.integers(shape[1] - 4)), int(rng.integers(shape[2] - 4))
    value = np.uint8(1 + number % 2)
    journal.paint(section, top, left, None, np.full((3, 4), value))
    if number % 5 == 0:
        journal.add_patch(Patch(section, top, left, top + 4, left + 4))


def test_undo_and_redo_go_back_through_sections_sessions_and_compaction(tmp_path: Path):
    rng = np.random.default_rng(0)
    journal = Journal(tmp_path / "a.journal", SHAPE, CLASSES)
    past, future = [state_of(journal)], []
    for step in range(120):
        what = rng.choice(["paint", "undo", "redo", "reopen", "compact"], p=[
            0.5, 0.25, 0.15, 0.05, 0.05])  # fmt: skip
        if what == "paint":
            scribble(journal, step, SHAPE)
            if state_of(journal) != past[-1]:
                if step % 5 == 0:  # a stroke and a patch: two changes
                    second = state_of(journal)
                    journal.undo()
                    if state_of(journal) != past[-1]:
                        past.append(state_of(journal))
                    journal.redo()
                    assert state_of(journal) == second
                past.append(state_of(journal))
                future.clear()
        elif what == "undo":
            assert (journal.undo() is not None) == (len(past) > 1)
            if len(past) > 1:
                future.append(past.pop())
        elif what == "redo":
            assert (journal.redo() is not None) == bool(future)
            if future:
                past.append(future.pop())
        elif what == "reopen":
            journal.close()
            journal = Journal(tmp_path / "a.journal", SHAPE, CLASSES)
        else:
            journal.compact()
        assert state_of(journal) == past[-1]
        assert journal.can_undo == (len(past) > 1)
    assert journal.notices == ()
    journal.close()


def test_a_change_says_what_a_window_has_to_draw(tmp_path: Path):
    journal = Journal(tmp_path / "a.journal", SHAPE, CLASSES)
    shown = np.zeros(SHAPE, np.uint8)
    for number in range(1, 20):
        scribble(journal, number, SHAPE)
    shown[:] = labels_of(journal)
    for step in (journal.undo, journal.undo, journal.redo, journal.undo):
        change = step()
        assert change is not None
        for piece in change.pieces:
            height, width = piece.after.shape
            box = np.s_[piece.top : piece.top + height, piece.left : piece.left + width]
            np.testing.assert_array_equal(shown[piece.section][box], piece.before)
            shown[piece.section][box] = piece.after
        np.testing.assert_array_equal(shown, labels_of(journal))
    journal.close()


def test_a_file_cut_at_any_byte_holds_all_whole_changes(tmp_path: Path):
    path = tmp_path / "a.journal"
    journal = Journal(path, SMALL, CLASSES)
    after = {path.stat().st_size: state_of(journal)}
    for number in range(6):
        scribble(journal, number, SMALL)
        after[path.stat().st_size] = state_of(journal)
    journal.undo()
    after[path.stat().st_size] = state_of(journal)
    journal.close()
    whole = path.read_bytes()
    lines = np.cumsum([len(line) for line in whole.splitlines(keepends=True)])
    for length in range(int(lines[0]), len(whole) + 1):
        path.write_bytes(whole[:length])
        looked = Journal(path, SMALL, CLASSES, write=False)
        assert path.stat().st_size == length, "looking changes nothing"
        assert bool(looked.notices) == (length not in lines)
        if length in after:
            assert state_of(looked) == after[length]
    path.write_bytes(whole[:-3])  # painting goes on behind the torn end
    with_torn_end = Journal(path, SMALL, CLASSES)
    scribble(with_torn_end, 99, SMALL)
    expected = state_of(with_torn_end)
    with_torn_end.close()
    again = Journal(path, SMALL, CLASSES, write=False)
    assert (state_of(again), again.notices) == (expected, ())


def test_a_flipped_byte_loses_its_change_and_no_other(tmp_path: Path):
    path = tmp_path / "a.journal"
    journal = Journal(path, (1, 30, 60), CLASSES)
    for column in range(0, 60, 10):
        journal.paint(0, 0, column, None, np.full((5, 5), 1, np.uint8))
    journal.close()
    whole = bytearray(path.read_bytes())
    start = whole.index(b"\n") + 1
    for at in range(start, len(whole) - 1, 7):
        damaged = bytearray(whole)
        damaged[at] ^= 1
        path.write_bytes(damaged)
        found = Journal(path, (1, 30, 60), CLASSES, write=False)
        kept = found.pixels[0] // 25
        assert 4 <= kept <= 5  # a lost line end damages the change behind it too
        assert "damaged" in found.notices[0]


def test_a_damaged_journal_is_kept_when_it_is_written_anew(tmp_path: Path):
    path = tmp_path / "a.journal"
    journal = Journal(path, SMALL, CLASSES)
    for number in range(4):
        scribble(journal, number, SMALL)
    journal.close()
    damaged = path.read_bytes().replace(b'"n":2', b'"n":7')
    path.write_bytes(damaged)
    journal = Journal(path, SMALL, CLASSES)
    journal.compact()
    journal.close()
    assert (tmp_path / "a.damaged-1").read_bytes() == damaged
    assert Journal(path, SMALL, CLASSES, write=False).notices == ()


PAINTER = """
import sys, numpy as np
from pathlib import Path
from dense_transformer.teaching.journal import Journal
journal = Journal(Path(sys.argv[1]), (1, 40, 4000), ("a", "b"))
first = journal.pixels[0]
for number in range(first, 4000):
    journal.paint(0, 3, number, None, np.ones((1, 1), np.uint8))
    print(number + 1, flush=True)
    if number % 37 == 0:
        journal.compact()
"""


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_killed_painter_loses_nothing_that_was_acknowledged(tmp_path: Path):
    path = tmp_path / "a.journal"
    for lines in (2, 45):
        with subprocess.Popen(
            [sys.executable, "-c", PAINTER, str(path)],
            stdout=subprocess.PIPE,
            text=True,
        ) as painter:
            assert painter.stdout is not None
            told = [int(painter.stdout.readline()) for _ in range(lines)][-1]
            painter.send_signal(signal.SIGKILL)
            told = max([told, *map(int, painter.stdout.read().split())])
        found = Journal(path, (1, 40, 4000), ("a", "b"), write=False)
        assert told <= found.pixels[0] <= told + 1
        assert found.can_undo


@pytest.mark.skipif(sys.platform == "win32", reason="no RLIMIT_FSIZE")
def test_what_a_full_disk_refuses_waits_in_memory_and_is_written_later(tmp_path: Path):
    import resource

    path = tmp_path / "a.journal"
    journal = Journal(path, SHAPE, CLASSES)
    scribble(journal, 1, SHAPE)
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, limits[1]))
    try:
        for number in (2, 3):
            with pytest.raises(WriteError, match="wait in memory"):
                scribble(journal, number, SHAPE)
        with pytest.raises(WriteError):
            journal.undo()
        assert path.read_bytes() == before, "no half line stays"
        with pytest.raises(WriteError):
            journal.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert journal.unsaved == 3
    scribble(journal, 4, SHAPE)
    assert journal.unsaved == 0
    expected = state_of(journal)
    journal.close()
    found = Journal(path, SHAPE, CLASSES, write=False)
    assert (state_of(found), found.notices) == (expected, ())


@pytest.mark.skipif(sys.platform == "win32", reason="no RLIMIT_FSIZE")
@pytest.mark.parametrize("painted_since", [False, True])
def test_what_a_full_disk_refused_to_the_end_is_taken_up_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, painted_since: bool
):
    import resource

    monkeypatch.setenv("DTN_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(undo, "LONGEST", 3)  # so that the whole is small elsewhere
    path = tmp_path / "a.journal"
    journal = Journal(path, SMALL, CLASSES)
    for number in range(60):
        journal.paint(0, 2, 2, None, np.full((3, 3), 1 + number % 2, np.uint8))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 5, limits[1]))
    try:
        with pytest.raises(WriteError):
            scribble(journal, 5, SMALL)
        with pytest.raises(WriteError, match="taken up"):
            journal.close(give_up=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    expected = state_of(journal)
    if painted_since:
        with path.open("ab") as file:
            file.write(journal_lines.pack_line({"n": 99}))
    found = Journal(path, SMALL, CLASSES)
    assert (state_of(found) == expected) != painted_since
    assert ("was painted on since" in found.notices[-1]) == painted_since
    found.close()
    kept = list((tmp_path / "home" / "rescued").iterdir())
    assert len(kept) == painted_since, "nothing is thrown away"


def test_a_whole_section_is_stored_as_what_differs(tmp_path: Path):
    path = tmp_path / "a.journal"
    journal = Journal(path, (1, 5000, 5000), CLASSES)
    section = np.zeros((5000, 5000), np.uint8)
    section[100:103, 200:400] = 2
    change = journal.paint(0, 0, 0, None, section)
    assert change is not None
    assert [p.after.shape for p in change.pieces] == [(3, 200)]
    assert path.stat().st_size < 500
    assert journal.annotations().labels.nbytes < 100_000
    assert journal.paint(0, 0, 0, None, section) is None
    journal.close()


def test_a_journal_written_anew_stays_small_however_far_apart_strokes_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(undo, "LONGEST", 5)  # the rest goes into what was before
    shape = (50, 20_000, 20_000)
    path = tmp_path / "a.journal"
    journal = Journal(path, shape, CLASSES)
    rng = np.random.default_rng(0)
    for _ in range(300):
        section, top, left = rng.integers((50, 19_900, 19_900)).tolist()
        journal.paint(section, top, left, None, np.ones((3, 90), np.uint8))
    before, size = journal.annotations(), path.stat().st_size
    journal.compact()
    assert path.stat().st_size < 2 * size
    journal.close()
    after = Journal(path, shape, CLASSES, write=False).annotations()
    for one, other in zip(before.labels.tiles(), after.labels.tiles(), strict=True):
        assert one[:2] == other[:2]
        np.testing.assert_array_equal(one[2], other[2])


def test_a_change_too_large_for_a_line_is_made_as_several(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(painting, "LONGEST_LINE", 400)
    journal = Journal(tmp_path / "a.journal", (20, 30, 30), CLASSES)
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 3, (20, 30, 30), np.uint8)
    patch = Patch(3, 0, 0, 30, 30)
    journal.change(paint=[(z, 0, 0, noise[z]) for z in range(20)], add=[patch])
    np.testing.assert_array_equal(labels_of(journal), noise)
    journal.close()
    found = Journal(tmp_path / "a.journal", (20, 30, 30), CLASSES)
    np.testing.assert_array_equal(labels_of(found), noise)
    assert found.patches == (patch,)
    while found.undo():
        pass
    assert not labels_of(found).any()
    assert found.patches == ()
    found.close()


def test_a_patch_fills_what_is_not_painted(tmp_path: Path):
    journal = Journal(tmp_path / "a.journal", SMALL, CLASSES)
    journal.paint(1, 2, 2, None, np.full((2, 2), 2, np.uint8))
    journal.add_patch(Patch(1, 1, 1, 7, 9))
    assert journal.pixels == (6 * 8 - 4, 4)
    journal.remove_patch(Patch(1, 1, 1, 7, 9))
    assert (journal.pixels, journal.patches) == ((44, 4), ())
    journal.undo()
    journal.undo()
    assert (journal.pixels, journal.patches) == ((0, 4), ())
    journal.close()


def test_frozen_annotations_stay_as_they_were(tmp_path: Path):
    journal = Journal(tmp_path / "a.journal", SMALL, CLASSES)
    scribble(journal, 1, SMALL)
    frozen = journal.annotations()
    before = np.array(frozen.labels)
    for number in range(2, 30):
        scribble(journal, number, SMALL)
    np.testing.assert_array_equal(np.asarray(frozen.labels), before)
    journal.close()


@pytest.mark.parametrize(
    ("after", "at"),
    [
        (np.full((2, 2), 3, np.uint8), (0, 0, 0)),
        (np.full((2, 2), -1, np.int64), (0, 0, 0)),
        (np.full((2, 2), 1.0), (0, 0, 0)),
        (np.ones((2, 2), np.uint8), (2, 0, 0)),
        (np.ones((2, 2), np.uint8), (0, 11, 0)),
        (np.ones((2, 2), np.uint8), (0, 0, -1)),
    ],
)
def test_what_does_not_fit_the_image_is_refused(tmp_path: Path, after, at):
    journal = Journal(tmp_path / "a.journal", SMALL, CLASSES)
    with pytest.raises(ProjectError):
        journal.paint(*at, None, after)
    assert journal.pixels == (0, 0)
    journal.close()


def hostile_lines() -> list[bytes]:
    """Lines with right checksums that ask for too much or make no sense."""
    import base64
    import zlib

    bomb = base64.b64encode(zlib.compress(bytes(50_000_000), 9)).decode()
    piece = base64.b64encode(zlib.compress(bytes(8))).decode()
    records: list[dict[str, object]] = [
        {"n": 9, "paint": [[0, 0, 0, 2, 2, bomb]]},
        {"n": 9, "paint": [[0, 0, 0, 10**9, 10**9, piece]]},
        {"n": 9, "paint": [[0, -1, 0, 2, 2, piece]]},
        {"n": 9, "paint": [[0, 0, 0, 2, 2, "!"]]},
        {"n": 9, "paint": [[0, 0, 0, 2, 2]]},
        {"n": 9, "paint": [[True, 0, 0, 2, 2, piece]]},
        {"n": 9, "paint": 5},
        {"n": None},
        {"n": 9, "add": [[0, 0, 0, 10**12, 3]]},
        {"undo": 5},
        {"redo": "x"},
        {"base": []},
        {"anything": 1},
    ]
    lines = [journal_lines.pack_line(record) for record in records]
    deep = b"[" * 200_000
    return [*lines, b"%08x %s\n" % (zlib.crc32(deep), deep), b"\xff" * 50 + b"\n"]


@pytest.mark.parametrize("line", hostile_lines(), ids=range(15))
def test_hostile_lines_do_nothing_and_are_told(tmp_path: Path, line: bytes):
    path = tmp_path / "a.journal"
    journal = Journal(path, SMALL, CLASSES)
    scribble(journal, 1, SMALL)
    expected = state_of(journal)
    journal.close()
    with path.open("ab") as file:
        file.write(line)
    found = Journal(path, SMALL, CLASSES, write=False)
    assert state_of(found) == expected
    assert "1 of 3 lines" in found.notices[0]


def test_other_files_and_newer_versions_are_refused_and_stay(tmp_path: Path):
    path = tmp_path / "a.journal"
    newer = {"journal": journal_lines.FORMAT, "version": 2, "shape": [1, 2, 3]}
    other = {"journal": "something", "version": 1}
    for content, why in (
        (journal_lines.pack_line(newer), "update"),
        (journal_lines.pack_line(other), "no journal"),
        (b"II*\0 an image\n", "no journal"),
        (b"no line end", "no journal"),
    ):
        path.write_bytes(content)
        with pytest.raises(ProjectError, match=why):
            Journal(path, SMALL, CLASSES)
        assert path.read_bytes() == content
    path.unlink()
    Journal(path, SMALL, CLASSES).close()
    for shape, classes in (((2, 12, 15), CLASSES), (SMALL, ("a", "b"))):
        with pytest.raises(ProjectError, match="give the image"):
            Journal(path, shape, classes)


def test_a_journal_opened_to_look_paints_nothing(tmp_path: Path):
    journal = Journal(tmp_path / "a.journal", SMALL, CLASSES, write=False)
    with pytest.raises(ProjectError, match="only to look"):
        scribble(journal, 1, SMALL)
    assert not (tmp_path / "a.journal").exists()


def test_what_changed_between_two_moments_is_found_at_the_cost_of_the_change(tmp_path):
    shape = (50, 4000, 4000)  # never held as an array
    journal = Journal(tmp_path / "a.journal", shape, ("inside", "boundary"))
    journal.paint(3, 100, 100, None, np.ones((600, 700), np.uint8))
    journal.paint(7, 5, 5, None, np.ones((9, 9), np.uint8))
    before = journal.annotations().labels
    assert list(before.changes(before)) == []
    journal.paint(3, 110, 120, None, np.full((4, 5), 2, np.uint8))
    journal.paint(7, 5, 5, None, np.zeros((9, 9), np.uint8))
    journal.paint(9, 3990, 3990, None, np.full((10, 10), 2, np.uint8))
    after = journal.annotations().labels
    changes = list(before.changes(after))
    assert [(section, box[:2]) for section, box, *_ in changes] == [
        (3, (0, 0)), (7, (0, 0)), (9, (3968, 3968)),
    ]  # fmt: skip
    for section, box, old, new in changes:
        np.testing.assert_array_equal(old, before.read(section, box))
        np.testing.assert_array_equal(new, after.read(section, box))


def test_a_change_instead_of_the_last_is_one_step_with_it(tmp_path: Path):
    path = tmp_path / "a.journal"
    journal = Journal(path, SHAPE, CLASSES)
    scribble(journal, 1, SHAPE)
    before = state_of(journal)
    patch = Patch(1, 10, 10, 20, 22)
    bare = journal.change(add=[patch])
    box = (1, 10, 10, np.full((10, 12), 2, np.uint8))
    journal.change(paint=[box], add=[patch], instead_of=bare)
    filled = state_of(journal)
    assert journal.patches == (patch,)
    assert (journal.read(1, patch.box) == 2).all()
    journal.close()
    journal = Journal(path, SHAPE, CLASSES)
    assert state_of(journal) == filled
    journal.undo()
    assert state_of(journal) == before
    journal.redo()
    assert state_of(journal) == filled


def test_a_change_instead_of_one_that_is_not_the_last_is_a_step_of_its_own(
    tmp_path: Path,
):
    journal = Journal(tmp_path / "a.journal", SHAPE, CLASSES)
    patch = Patch(1, 10, 10, 20, 22)
    bare = journal.change(add=[patch])
    scribble(journal, 1, SHAPE)
    later = state_of(journal)
    box = (1, 10, 10, np.full((10, 12), 2, np.uint8))
    journal.change(paint=[box], add=[patch], instead_of=bare)
    assert journal.patches == (patch,)
    journal.undo()
    assert state_of(journal) == later
