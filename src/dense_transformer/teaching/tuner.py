"""One step of teaching: some weights, frozen statistics, a pull, parts of a batch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from dense_transformer.teaching.averaging import mix_weights
from dense_transformer.teaching.frozen import choose_parts, freeze_statistics
from dense_transformer.teaching.pull import Pull
from dense_transformer.training.learner import Learner, StepReport
from dense_transformer.training.losses import loss_terms, pixel_weights
from dense_transformer.training.precision import autocast
from dense_transformer.training.processes import Processes

if TYPE_CHECKING:
    from torch import Tensor

    from dense_transformer.config import TeachConfig, TrainConfig
    from dense_transformer.data.patches import Batch
    from dense_transformer.nn import DenseTransformerNetwork


class Tuner(Learner):
    """A trained network that is taught on one device.

    Parameters
    ----------
    teach : TeachConfig
        How.
    config : TrainConfig
        The same as a training has it.
    network : DenseTransformerNetwork
        What to begin with; taken over.
    device : torch.device
        Where to compute.
    weights : Tensor, shape (classes,)
        Of the classes in the loss.
    trust : float
        How far to believe `network` where nothing is annotated, 0 to 1.
    left : float
        Share of the recall that is left after the last step, if it fades.

    Attributes
    ----------
    pieces : int
        Parts that a batch is computed in, one after the other, where memory is
        short; what comes of it is the same up to rounding.
    """

    def __init__(
        self,
        teach: TeachConfig,
        config: TrainConfig,
        network: DenseTransformerNetwork,
        device: torch.device,
        weights: Tensor,
        trust: float = 1.0,
        left: float = 1.0,
    ) -> None:
        self.recall = (teach.recall or 0.0) * trust
        self._recall_now = self.recall
        self._left = left if teach.recall_fades else 1.0
        self.before = mix_weights({}, network, 1.0).to(device) if self.recall else None
        choose_parts(network, teach.parts)
        self.teach, self.pieces = teach, 1
        super().__init__(config, device, weights, Processes(), network)
        self._learning = [p for p in self.network.parameters() if p.requires_grad]
        self.pull = Pull(self.optimiser, teach.pull)

    def set_mode(self) -> None:
        """Make the network ready for a step, its statistics as they were."""
        self.network.train()
        if self.teach.frozen_statistics:
            freeze_statistics(self.network)

    def learn(self, batch: Batch, step: int) -> StepReport:
        """Take one step, or leave everything as it was: not finite, or broken off.

        What was predicted first holds the rest while strokes are learned. Once they
        are, it would pull back what they have changed; so it fades, see `recall_of`.
        """
        done = min(1.0, step / max(1, self.teach.steps))
        self._recall_now = self.recall * (1 - done * (1 - self._left))
        statistics = [buffer.clone() for buffer in self.network.buffers()]
        try:
            return super().learn(batch, step)
        except BaseException:  # memory ran out, or somebody asked to stop
            for buffer, before in zip(self.network.buffers(), statistics, strict=True):
                buffer.copy_(before)
            self.optimiser.zero_grad(set_to_none=True)
            raise

    def _backward(
        self, pixels: Tensor, labels: Tensor
    ) -> tuple[tuple[str, ...], tuple[float, ...], float]:
        """Compute gradients piece by piece; return names, loss and terms, norm."""
        config = self.config
        total = pixel_weights(labels, self.weights).sum()
        sums: dict[str, Tensor] = {}
        for some, known in zip(
            pixels.chunk(self.pieces), labels.chunk(self.pieces), strict=True
        ):
            with autocast(self.device, config.precision):
                trace = self.network.trace(some)
            terms = loss_terms(
                trace, known, self.weights, config, self.processes, total
            )
            if self.before is not None:
                share = self._recall_now / labels.numel()
                terms["recall"] = share * self._forgotten(
                    self.before, some, known, trace.logits
                )
            torch.autograd.backward(
                self.scaler.scale(torch.stack(list(terms.values())).sum())
            )
            for name, value in terms.items():
                sums[name] = sums.get(name, 0.0) + value.detach()
        self.scaler.unscale_(self.optimiser)
        self.scaler.update()
        norm = torch.nn.utils.clip_grad_norm_(
            self.network.parameters(), config.gradient_norm
        )
        figures = [float(value) for value in sums.values()]
        return tuple(sums), (math.fsum(figures), *figures), float(norm)

    def _forgotten(
        self,
        before: DenseTransformerNetwork,
        pixels: Tensor,
        labels: Tensor,
        logits: Tensor,
    ) -> Tensor:
        """Return how far predictions left the first ones where nothing is annotated.

        Notes
        -----
        Summed Kullback-Leibler divergence KL(first || now): learning without
        forgetting (Li and Hoiem 2016, arXiv:1606.09282) on the image itself.
        """
        with torch.no_grad(), autocast(self.device, self.config.precision):
            first = torch.log_softmax(before(pixels).float(), 1)
        now = torch.log_softmax(logits.float(), 1)
        each = (first.exp() * (first - now)).sum(1)
        return (each * (labels == 0)).sum()

    def _update(self) -> None:
        super()._update()
        self.pull.apply(self.optimiser)
