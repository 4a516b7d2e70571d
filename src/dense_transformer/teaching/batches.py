"""Batches of a run of teaching, drawn by a thread before they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dense_transformer.ahead import Ahead
from dense_transformer.teaching.amount import WEAK
from dense_transformer.teaching.replay import open_replay
from dense_transformer.teaching.sampling import Draws, draw_batch

if TYPE_CHECKING:
    from dense_transformer.data.patches import Batch
    from dense_transformer.teaching.lesson_data import LessonData
    from dense_transformer.teaching.session import TeachSession

_AHEAD = 3  # batches drawn before they are asked for


def draw_ahead(
    session: TeachSession, data: LessonData, patch: tuple[int, int]
) -> Ahead[int, Batch]:
    """Return the batches from a session's next step on; to be closed.

    Parameters
    ----------
    session : TeachSession
        Its step and seed say which batch is the next one.
    data : LessonData
        Where to draw.
    patch : tuple of int
        Height and width of a patch, network px.
    """
    teach, others = session.teach, data.windows
    if teach.replay and teach.replay_from == "sample":
        others = open_replay(session.start)
    augment = teach.augment or WEAK
    draws = Draws(patch, teach.batch, teach.seed, augment, teach.replay)

    def draw(step: int) -> Batch:
        return draw_batch(data.spots, others, draws, step)

    return Ahead(
        draw,
        range(session.step, session.config.steps),
        ahead=_AHEAD,
        threads=1,
        name="dtn-batches",
    )
