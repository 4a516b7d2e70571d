"""What may be asked of a run, a button for each."""

from __future__ import annotations

from qtpy.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_dtn.teach_run import TeachRun

ASKS = {  # button: words and hint
    "teach": (
        "▶ Teach",
        "Let the model that is chosen at the top learn what is annotated now, in the "
        "background.",
    ),
    "pause": ("Ⅱ Pause", "Hold still within two seconds; nothing is lost."),
    "resume": ("▶ Resume", "Go on where it was."),
    "stop": (
        "■ Stop and keep",
        "End now. What it has learned stays in the run: Resume goes on from there, and "
        "Models puts its best model among yours.",
    ),
    "discard": ("✕ Discard", "End and forget what it learned; can be undone."),
    "back": (
        "↩ Bring back",
        "Undo the discarding; possible until another run is discarded.",
    ),
}
CAN = {  # which work in which state
    "pause": ("queued", "probing", "running", "starting"),
    "resume": ("paused", "stopped", "died"),
    "stop": ("queued", "probing", "running", "paused", "starting"),
    "discard": (
        "queued", "probing", "running", "paused", "starting", "stopped", "finished",
        "died",
    ),
    "back": ("discarded",),
}  # fmt: skip


class RunButtons(QWidget):
    """Teach, and below it what one may ask of the run that is followed.

    Attributes
    ----------
    teach, pause, resume, stop, discard, back : QPushButton
        What `ASKS` says.
    """

    def __init__(self, teaching: TeachRun) -> None:
        super().__init__()
        self._teaching = teaching
        self._buttons = {name: _button(*words) for name, words in ASKS.items()}
        self.teach, self.pause, self.resume, self.stop, self.discard, self.back = (
            self._buttons.values()
        )
        asks = QHBoxLayout()
        asks.setSpacing(4)
        for name in CAN:
            asks.addWidget(self._buttons[name], 4 if name == "stop" else 3)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.teach)
        column.addLayout(asks)
        self.pause.clicked.connect(teaching.pause)
        self.resume.clicked.connect(teaching.resume)
        self.stop.clicked.connect(teaching.stop)
        self.discard.clicked.connect(teaching.discard)
        self.back.clicked.connect(teaching.bring_back)

    def show_state(self, possible: bool) -> None:
        """Enable what can be asked now; `possible`: whether there is a project."""
        teaching = self._teaching
        state = teaching.state
        self.teach.setEnabled(possible and not teaching.beginning)
        self.teach.setText(self._label())
        for name, states in CAN.items():
            asked = name == teaching.asks.what  # and is on its way
            self._buttons[name].setEnabled(state in states and not asked)
        self.pause.setVisible(state not in CAN["resume"])
        self.resume.setVisible(state in CAN["resume"])
        in_trash = teaching.news is not None and teaching.news.in_trash
        gone = in_trash or state in CAN["back"]
        self.back.setEnabled(in_trash)
        self.back.setVisible(gone)
        self.discard.setVisible(not gone)

    def _label(self) -> str:
        if self._teaching.alive:
            return "▶ Teach again after this one"
        if self._teaching.run is None:
            return "▶ Teach"
        kept = self._teaching.state == "kept" and self._goes_on()
        return "▶ Teach more" if kept else "▶ Teach again"

    def _goes_on(self) -> bool:
        """Return whether the chosen model is what the run has learned.

        Else the next run begins where this one began, or elsewhere.
        """
        news, model = self._teaching.news, self._teaching.context.model()
        return news is not None and model is not None and model.key == news.status.name


def _button(text: str, hint: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(hint)
    button.setAccessibleName(text[2:])
    button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    button.setStyleSheet("padding-left: 2px; padding-right: 2px")
    return button
