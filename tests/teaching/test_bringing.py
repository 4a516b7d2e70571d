"""What is painted in one project comes into another, or is refused in words."""

from __future__ import annotations

import numpy as np
import pytest

from dense_transformer.errors import ProjectError
from dense_transformer.teaching import Journal, Patch
from dense_transformer.teaching.bringing import bring_annotations

CLASSES = ("inside", "boundary")
SHAPE = (3, 200, 300)


def journal(path, shape=SHAPE, classes=CLASSES) -> Journal:
    return Journal(path, shape, classes)


def test_strokes_and_patches_come_as_one_change_over_what_is_there(tmp_path):
    theirs, ours = journal(tmp_path / "a.journal"), journal(tmp_path / "b.journal")
    patch = Patch(2, 100, 100, 150, 160)
    theirs.paint(0, 120, 120, None, np.full((20, 30), 2, np.uint8))
    theirs.add_patch(patch, 1)
    before = np.asarray(theirs.annotations().labels)
    ours.paint(0, 125, 10, None, np.full((4, 130), 1, np.uint8))
    mine = np.asarray(ours.annotations().labels)
    assert bring_annotations(theirs, ours) is not None
    after = np.asarray(ours.annotations().labels)
    np.testing.assert_array_equal(after, np.where(before > 0, before, mine))
    assert ours.patches == (patch,)
    ours.undo()
    np.testing.assert_array_equal(np.asarray(ours.annotations().labels), mine)
    assert ours.patches == ()
    np.testing.assert_array_equal(np.asarray(theirs.annotations().labels), before)


@pytest.mark.parametrize(
    ("shape", "classes", "words"),
    [((3, 200, 301), CLASSES, "200, 301"), (SHAPE, ("other", "road"), "road")],
)
def test_another_size_and_other_classes_are_refused(tmp_path, shape, classes, words):
    theirs = journal(tmp_path / "a.journal")
    theirs.paint(0, 1, 2, None, np.ones((3, 4), np.uint8))
    ours = journal(tmp_path / "b.journal", shape, classes)
    with pytest.raises(ProjectError, match=words):
        bring_annotations(theirs, ours)
    assert not any(ours.pixels)
