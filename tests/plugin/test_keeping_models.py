"""Names of models are checked while they are typed; failures are said once."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from napari.utils.notifications import notification_manager
from qtpy.QtTest import QTest

import dense_transformer.teaching as core
from dense_transformer.errors import RunError

pytestmark = pytest.mark.gui


@pytest.fixture
def finished(teaching, image_file):
    """Return a window whose run has found a better model, and its section Models."""
    window = teaching(image_file)
    window.annotate()
    section = window.section("ModelsSection")
    window.settle()
    news = SimpleNamespace(state="finished", status=SimpleNamespace(improved=True))
    section.teaching = SimpleNamespace(news=news, run=Path("0001"))
    section._show_buttons()
    return window, section


def type_name(section, name: str) -> None:
    section.name.setFocus()
    section.name.selectAll()
    QTest.keyClicks(section.name, name)


@pytest.mark.parametrize(
    "name",
    [
        "light membranes",
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("../x", "em-membrane-dtn")),
    ],
)
def test_a_name_that_no_model_can_have_is_refused_as_it_is_typed(finished, name):
    _, section = finished
    assert section.keep.isEnabled()
    assert not section.amiss.isVisible()
    type_name(section, name)
    assert not section.keep.isEnabled()
    assert section.amiss.isVisible()
    assert section.amiss.text().startswith("Model name")
    assert section.keep.toolTip() == section.amiss.text()
    type_name(section, "light-membranes")
    assert section.keep.isEnabled()
    assert not section.amiss.isVisible()
    assert "card" in section.keep.toolTip()


def test_what_failed_is_said_once_and_no_longer_after_a_success(finished, monkeypatch):
    window, section = finished
    status, told = window.teach.status, []
    monkeypatch.setattr(
        notification_manager, "receive_error", lambda *a: told.append(a)
    )
    outcomes = [RunError("still at work"), OSError("no disk"), None]

    def keep(project, run, name):
        if (error := outcomes.pop(0)) is not None:
            raise error
        return SimpleNamespace(name=name)

    monkeypatch.setattr(core, "keep", keep)
    type_name(section, "mine")
    window.click(section.keep)
    window.until(lambda: section.words.text() == "Failed: still at work")
    window.settle()
    assert not told
    assert not status.text()
    window.click(section.keep)
    window.until(lambda: status.text() == "Failed: no disk")
    window.settle()
    assert len(told) == 1  # nobody foresaw it
    assert not section.words.text()
    window.click(section.keep)
    window.until(lambda: section.words.text().startswith("Kept as mine"))
    assert not status.text()
