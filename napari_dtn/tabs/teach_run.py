"""Teach: the button, how far it is, and what one may ask of a run meanwhile."""

from __future__ import annotations

from functools import partial

from qtpy.compat import isalive
from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QCheckBox, QVBoxLayout

from napari_dtn.libraries import import_plots_ahead
from napari_dtn.tabs.fold import Fold
from napari_dtn.tabs.teach_run_buttons import RunButtons
from napari_dtn.tabs.teach_run_choice import Line, RunChoice, describe_runs
from napari_dtn.tabs.teach_run_command import CommandLine
from napari_dtn.tabs.teach_run_others import OtherRuns
from napari_dtn.tabs.teach_run_progress import RunProgress
from napari_dtn.tabs.teach_run_settings import TeachSettings
from napari_dtn.tabs.teach_section import TeachSection
from napari_dtn.teach_context import TeachContext
from napari_dtn.teach_run import TeachRun
from napari_dtn.teach_run_closing import Closing
from napari_dtn.teach_run_commands import repeating_command
from napari_dtn.teach_run_follow import RunNews
from napari_dtn.teach_run_places import HeldOutPlaces
from napari_dtn.teach_run_view import LiveView
from napari_dtn.teach_run_words import ASKED

GONE = "discarded"  # the state of a run whose models are away


class RunSection(TeachSection):
    """Begins runs, shows how they go, and asks things of them."""

    title = "Teach"
    hint = "Let the model learn what is annotated, while you keep working."

    def __init__(self, context: TeachContext) -> None:
        super().__init__(context)
        self.teaching = TeachRun.of(context)
        self.view = LiveView(context, self.teaching, self)
        self.places = HeldOutPlaces(context, self.teaching, self)
        self.closing = Closing(context, self.teaching, self)
        self.buttons = RunButtons(self.teaching)
        self.choice = RunChoice()
        self.others = OtherRuns()
        self.progress = RunProgress()
        self.live = QCheckBox("Predict what is on screen as it learns")
        self.live.setToolTip(
            "Predict what is on screen with the model as it is, every few seconds."
        )
        self.warps = QCheckBox("Draw the warps with it")
        self.warps.setToolTip("And how the transformers bend the image there.")
        self.held = QCheckBox("Show what is held out (dashed boxes)")
        self.held.setToolTip("Boxes around annotations it does not learn from.")
        self.live.setChecked(True)
        self.held.setChecked(True)
        self.settings = TeachSettings(context)
        self.command = CommandLine("Command of the run")
        self._shown_run = self.teaching.run
        self._shown_state = ""
        self._lay_out()
        self._connect()
        self._show_buttons()

    def refresh(self) -> None:
        """Show the run as it stands."""
        import_plots_ahead()
        self._show_buttons()
        if self.teaching.news is not None:
            self._draw(self.teaching.news)

    @property
    def busy(self) -> bool:
        """Whether the run is about to be told what is on screen."""
        return self.view.busy

    def shut_down(self) -> None:
        """Let go of run and viewer; the run goes on. May be called twice."""
        self.progress.stop()
        if isalive(self):
            self.closing.dock_closed()
        for part in (self.view, self.places, self.closing, self.teaching):
            part.shut_down()

    # the run

    def _teach(self) -> None:
        config = self.settings.config()
        if config is None:
            return
        self.teaching.teach(config)
        if self.teaching.beginning:
            self.progress.say("Freezing the annotations into a lesson…")
        self._show_buttons()

    def _told(self, news: RunNews) -> None:
        """Show news: a change of state at once, progress with rests."""
        before, self._shown_state = self._shown_state, news.state
        if news.state != before:
            self._list_runs()
        if news.state != before and (news.state == GONE or not self.command.text):
            self._show_command()
        self._show_buttons()
        self.progress.take(news, *self._about(news))

    def _draw(self, news: RunNews) -> None:
        """Draw what is known of the run now."""
        self.progress.show_news(news, *self._about(news))
        self._show_buttons()

    def _about(self, news: RunNews) -> tuple[str, str]:
        """Return the name of the run where others are there, too; what was asked."""
        which = news.run.name if self.teaching.others else ""
        return which, self.teaching.asks.what

    def _run_changed(self) -> None:
        self._shown_state = ""
        there = self.teaching.run is not None
        other = self.teaching.run != self._shown_run
        self.progress.begin(there, other)
        self.command.setVisible(there)
        if self.teaching.news is not None:
            self._draw(self.teaching.news)  # no longer of a run that never came
        elif not there:
            self.progress.say("")
        if other:
            self.command.clear()
            self._show_command()
        self._shown_run = self.teaching.run
        self._show_buttons()
        self._list_runs()

    def _asked(self) -> None:
        """Say at once what was asked, until it has happened."""
        if self.teaching.news is not None:
            self._draw(self.teaching.news)
        elif asked := ASKED.get(self.teaching.asks.what):
            self.progress.say(asked)
        self._show_buttons()

    def _others_changed(self) -> None:
        self.others.show_runs(self.teaching.others)
        self._list_runs()
        if self.teaching.news is not None:
            self._draw(self.teaching.news)  # says which run it is, or no longer

    def _show_command(self) -> None:
        """Show the command of the run, but for one whose first model is gone."""
        run = self.teaching.run
        if run is None or self.teaching.state == GONE:
            self.command.clear()
            return

        def show(command: list[str]) -> None:
            if self.teaching.run == run and self.teaching.state != GONE:
                self.command.show_command(command)

        work = partial(repeating_command, run)
        self.context.in_turn(work, show, lambda error: None)

    def _show_buttons(self) -> None:
        self.buttons.show_state(self.context.project is not None)

    def _list_runs(self) -> None:
        """List the runs of the project: one was begun, or has come to something."""
        project = self.context.project
        if project is None:
            self.choice.show_runs([], None)
            return

        def look() -> list[Line]:
            return describe_runs(project.runs)

        def show(lines: list[Line]) -> None:
            if self.context.project is project:
                self.choice.show_runs(lines, self.teaching.run)

        self.context.in_turn(look, show, lambda error: None)

    # layout

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 0, 6)
        column.setSpacing(4)
        column.addWidget(self.buttons)
        column.addWidget(self.choice)
        column.addWidget(self.others)
        column.addWidget(self.progress)
        for box in (self.live, self.warps, self.held):
            column.addWidget(box)
        column.addWidget(Fold("Settings", self.settings))
        column.addWidget(self.command)
        self.command.setVisible(False)

    def _connect(self) -> None:
        self.buttons.teach.clicked.connect(self._teach)
        self.teaching.told.connect(self._told)
        self.teaching.run_changed.connect(self._run_changed)
        self.teaching.asks.changed.connect(self._asked)
        self.teaching.taken_up.connect(self.wanted)
        self.teaching.others_changed.connect(self._others_changed)
        self.others.show_clicked.connect(self.teaching.adopt)
        self.choice.chosen.connect(self.teaching.adopt)
        self.others.discard_clicked.connect(self.teaching.discard_waiting)
        self.context.annotated.connect(self._show_buttons)
        self.live.toggled.connect(self._choose_view)
        self.warps.toggled.connect(self._choose_view)
        self.held.toggled.connect(self.places.set_shown)
        self.view.deleted.connect(lambda: self.live.setChecked(False))
        self.places.deleted.connect(lambda: self.held.setChecked(False))
        self._choose_view()

    def _choose_view(self) -> None:
        with QSignalBlocker(self.warps):
            self.warps.setEnabled(self.live.isChecked())
        self.view.choose(self.live.isChecked(), self.warps.isChecked())
