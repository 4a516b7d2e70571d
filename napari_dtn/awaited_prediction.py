"""Predicts what was painted as predicted before it was, and sees that it is filled."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from napari_dtn.followed_run import FollowedRun

if TYPE_CHECKING:
    from napari_dtn.teach_context import TeachContext

YET = "No prediction of this slice yet: "
PREDICTING = f"{YET}predicting…"
# What a run shows of the part on screen is another model's, and never fills anything.
BESIDE_RUN = (
    f"{YET}predicting it with {{model}}, which is chosen, "
    "while the run learns; both take longer meanwhile."
)
LEFT = (
    "Nothing was predicted there, so nothing was filled: paint it again, or click "
    "'Fill rest'."
)


class AwaitedPrediction(QObject):
    """Runs Predict for what waits on the chosen image, one section after the other.

    Predictions that somebody else has asked for are left to end. What waits on
    another image goes on waiting until that one is chosen again.

    Parameters
    ----------
    context : TeachContext
        Image, annotations and Predict.
    """

    def __init__(self, context: TeachContext) -> None:
        super().__init__(context)
        self._context = context
        # Annotations, section and model of the prediction that was asked for last.
        self._asked: tuple[Any, int, str] | None = None
        self._gave_up = False
        self._said = ""
        context.said.connect(self._note)
        predict = context.predict
        context.annotator.unpredicted.connect(self._go_on)
        context.annotator.current_changed.connect(self._look)
        predict.shown.connect(self._there)
        predict.shown.connect(self._look)
        predict.gave_up.connect(self._end)
        predict.runner.began.connect(self._began)
        predict.runner.idle.connect(self._idle)

    def _note(self, text: str) -> None:
        self._said = text

    def _there(self) -> None:
        """Say no longer that it is predicted."""
        if self._said.startswith(YET):
            self._context.say("")

    def _look(self) -> None:
        """Fill what is predicted, once all that was painted before is written."""
        one = self._context.annotator.current
        if one is not None and one.waiting.sections:
            self._context.in_turn(lambda: None, lambda _: self._fill())

    def _fill(self) -> None:
        one, asked = self._context.annotator.current, self._asked
        if one is None:
            return
        one.waiting.fill(one.state.patches)
        if self._context.predict.working:
            return  # what is being shown may be what is asked for
        self._asked = None
        model = self._context.model()
        left = asked is not None and asked[1] in one.waiting.sections
        if left and model is not None and asked == (one, asked[1], model.key):
            one.waiting.drop(asked[1])  # it would be asked for without end
            self._context.say(LEFT)
        self._go_on()

    def _go_on(self) -> None:
        """Predict a section on which something waits, unless anything is predicted."""
        context, predict = self._context, self._context.predict
        one, model = context.annotator.current, context.model()
        sections = () if one is None else one.waiting.sections
        if one is None or not sections or model is None or predict.working:
            return
        section = one.section if one.section in sections else sections[0]
        say_predicting(context)
        predict.run(section)
        self._asked = one, section, model.key

    def _began(self) -> None:
        self._asked, self._gave_up = None, False

    def _end(self) -> None:
        self._gave_up = True

    def _idle(self) -> None:
        """Forget what couldn't be predicted, or was stopped; go on with the rest."""
        if not self._gave_up:
            return  # it is shown in a moment
        self._there()
        asked, self._asked, self._gave_up = self._asked, None, False
        if asked is not None:
            asked[0].waiting.drop(asked[1])
            self._context.say(LEFT)
        self._go_on()


def say_predicting(context: TeachContext) -> None:
    """Say that a section is predicted, and whether a run computes beside that."""
    followed, model = context.findChild(FollowedRun), context.model()
    at_work = followed is not None and followed.at_work
    if at_work and model is not None:
        context.say(BESIDE_RUN.format(model=Path(model.key).stem))
    else:
        context.say(PREDICTING)
