"""The one dock of the plugin: its tabs, and their end."""

from __future__ import annotations

import weakref
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QFrame, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from napari_dtn.predicting import Core
from napari_dtn.tabs.predict import PredictTab
from napari_dtn.tabs.wheel import WheelGuard

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_dtn.inspecting import InspectCore
    from napari_dtn.tabs.inspect import InspectTab
    from napari_dtn.tabs.teach import TeachTab

# Which tab was open last in each viewer: its dock may be closed and opened again.
_LAST: WeakKeyDictionary[Any, int] = WeakKeyDictionary()


class DenseTransformerDock(QWidget):
    """A tab for each thing to do with a Dense Transformer Network.

    napari gives the viewer to the parameter of this very name. Closing the dock
    or napari stops all work: the close button takes the widget's parent away,
    the end of napari destroys it, and neither sends a close event.
    """

    def __init__(
        self,
        napari_viewer: ViewerModel,
        core: Core | None = None,
        inspect_core: InspectCore | None = None,
    ) -> None:
        super().__init__()
        self.predict = PredictTab(napari_viewer, core)
        self._inspect_with = (napari_viewer, self.predict, inspect_core)
        self.tabs = QTabWidget()
        self.tabs.setStyleSheet("QTabBar::tab { padding: 5px 12px; }")
        self.tabs.addTab(_scrolled(self.predict), "Predict")
        self._inspect_area = _scrolled(None)
        self.tabs.addTab(self._inspect_area, "Inspect")
        self._teach_area = _scrolled(None)
        self.tabs.addTab(self._teach_area, "Teach")
        self.tabs.currentChanged.connect(self._turned)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs)
        self.setMinimumWidth(300)
        self._guard = WheelGuard(self)
        self._guard.guard(self)
        self._docked = False
        viewer = _unwrapped(napari_viewer)
        self._viewer = weakref.ref(viewer)
        self.destroyed.connect(partial(_end, self.__dict__))

    @cached_property
    def inspect(self) -> InspectTab:
        """The Inspect tab, made when it is first looked at: that takes 0.15 s."""
        from napari_dtn.tabs.inspect import InspectTab

        tab = InspectTab(*self._inspect_with)
        self._inspect_area.setWidget(tab)
        return tab

    @cached_property
    def teach(self) -> TeachTab:
        """The Teach tab, made when it is first looked at."""
        from napari_dtn.tabs.teach import TeachTab

        tab = TeachTab(*self._inspect_with[:2])
        self._teach_area.setWidget(tab)
        return tab

    def _turned(self, index: int) -> None:
        if (viewer := self._viewer()) is not None:
            _LAST[viewer] = index
        area = self.tabs.widget(index)
        made = self.__dict__
        if area is not self._inspect_area and "inspect" in made:
            self.inspect.leave()
        if area is not self._teach_area and "teach" in made:
            self.teach.leave()
        self._guard.guard_soon(area)
        if area is self._inspect_area:
            self.inspect.setVisible(True)
        if area is self._teach_area:
            self.teach.setVisible(True)

    def event(self, event: QEvent) -> bool:
        """End the work when the dock is closed for good."""
        if event.type() == QEvent.Type.ParentChange:
            if self.parent() is not None:
                if not self._docked and (viewer := self._viewer()) is not None:
                    self.tabs.setCurrentIndex(_LAST.get(viewer, 0))
                self._docked = True
            elif self._docked:
                _end(self.__dict__)
        return bool(super().event(event))


def _unwrapped(viewer: Any) -> Any:
    """Return the viewer itself, of which napari gives some widgets a proxy."""
    return getattr(viewer, "__wrapped__", viewer)


def _end(held: dict[str, Any]) -> None:
    """Shut the tabs down; takes the dock's attributes, as the dock may be gone."""
    for name in ("teach", "inspect", "predict"):
        if (tab := held.get(name)) is not None:
            tab.shut_down()


def _scrolled(tab: QWidget | None) -> QScrollArea:
    """Return the tab in a frame that scrolls where the window is too low."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    if tab is not None:
        area.setWidget(tab)
    return area
