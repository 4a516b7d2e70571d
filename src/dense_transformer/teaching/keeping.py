"""Which of the weights that a run has judged are its best."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dense_transformer.teaching.held_out import SPARE, is_surer

if TYPE_CHECKING:
    from collections.abc import Sequence

HALF = 0.5  # of new weights, where that they are better isn't clear
SURER = 0.8  # share of the log-loss that is left, then, at most
MOSTLY = 0.85  # merit of a model that has most of what is annotated right
BESIDE = 0.005  # of merit: strips of patches lie beside what is learned


@dataclass(frozen=True, slots=True)
class Judged:
    """How a mixture of new weights with the first ones does on what is held out.

    Attributes
    ----------
    share : float
        Of the new weights.
    merit, loss : float
        See `merit_of`; log-loss.
    """

    share: float
    merit: float
    loss: float


@dataclass(slots=True)
class Keeping:
    """Which of the weights that a run has judged are its best.

    Of few pixels the model that it began with may have all right by chance: what then
    is gained may be a loss elsewhere. New weights have to be clearly better there, or
    clearly better than that model on all annotations, from none of which it has
    learned, if it has many of them wrong; or as right and much surer, if many places
    are held out. Where they are better and surer but not
    clearly better, a mixture with half of them is kept: between the two there is mostly
    more to win than to lose (Wortsman et al. 2022, arXiv:2109.01903). Once some are
    clearly better, of those that few pixels can't tell apart the last are best: they
    have learned most. Of many pixels, which are those of patches, any gain counts once
    something is learned; but what is learned first has to gain the more the more of it
    there is. All measured in ``docs/teach-study.md``.

    Attributes
    ----------
    merit, untaught : float
        Of the best, and of the best without a step.
    base_merit : float
        Of what the first step begins with, on all that is annotated.
    losses : tuple of float
        Log-loss of the best without a step, and of the best; 0: not known.
    share, step : float, int
        Of new weights in the best, 0: it is the start; steps before it.
    half : bool
        Whether it is only a little better, so that half of the start is in it.
    peak : float
        Merit of the best that are clearly better.
    """

    merit: float = -math.inf
    untaught: float = -math.inf
    base_merit: float = math.inf
    losses: tuple[float, float] = (0.0, 0.0)
    share: float = 0.0
    step: int = 0
    half: bool = False
    peak: float = -math.inf

    def begin(self, judged: Judged) -> None:
        """Take in weights before the first step that are the best so far."""
        self.merit = self.untaught = judged.merit
        self.losses = judged.loss, judged.loss
        self.share = judged.share

    def choose(
        self, judged: Sequence[Judged], step: int, slack: float, *, many: bool = False
    ) -> tuple[Judged, float]:
        """Return the mixture to look at, and the merit above which it is the best.

        That with most of the new weights, if others are not clearly better.

        Parameters
        ----------
        judged : sequence of Judged
            Mixtures after so many steps.
        step : int
            These.
        slack : float
            Difference of merit that may be chance; 0: many pixels are held out.
        many : bool
            Whether they lie in many places.
        """
        good = sorted(judged, key=lambda one: one.merit, reverse=True)
        if slack:
            good = [one for one in good if one.merit >= good[0].merit - slack]
            good.sort(key=lambda one: one.share, reverse=True)
        bars = {
            one: self.to_beat(slack, one.loss if many else math.inf, one.share)
            for one in good
        }
        found = next((one for one in good if one.merit > bars[one]), good[0])
        to_beat = bars[found]
        if found.merit > to_beat:
            self.peak = max(self.peak, found.merit)
            self._take(found, step, half=False)
        elif slack and not self._is_clear:
            mixed = min(judged, key=lambda one: abs(one.share - HALF))
            spare = SPARE if is_surer(mixed.loss, self.losses[0]) else 0.0
            surer = mixed.loss <= SURER * self.losses[0]
            if mixed.share < 1 and surer and mixed.merit > self.untaught - spare:
                found, to_beat = mixed, self.untaught - spare
                self._take(found, step, half=True)
        return found, to_beat

    def to_beat(
        self, slack: float, loss: float = math.inf, share: float = 1.0
    ) -> float:
        """Return the merit above which weights, a share of them new, are better.

        Of a log-loss that says how sure they are of few pixels.
        """
        if not slack:
            return self.merit if self.step else self.untaught + BESIDE * share
        if self._is_clear:
            return self.peak - slack
        if is_surer(loss, self.losses[0]):
            return self.untaught - SPARE
        wrong = self.base_merit < MOSTLY  # on many annotations
        return (min(self.untaught, self.base_merit) if wrong else self.untaught) + slack

    @property
    def _is_clear(self) -> bool:
        return self.step > 0 and not self.half

    def _take(self, one: Judged, step: int, *, half: bool) -> None:
        self.merit, self.share, self.step, self.half = one.merit, one.share, step, half
        self.losses = self.losses[0], one.loss
