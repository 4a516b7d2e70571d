"""The network and all that changes with it: one step, and the state between steps."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from dense_transformer.errors import DivergedError
from dense_transformer.nn import build_network
from dense_transformer.training.average import WeightAverage
from dense_transformer.training.batch_norm import use_global_batch_norm
from dense_transformer.training.losses import loss_terms
from dense_transformer.training.optimiser import build_optimiser, decay, set_rates
from dense_transformer.training.precision import autocast

if TYPE_CHECKING:
    from torch import Tensor

    from dense_transformer.config import TrainConfig
    from dense_transformer.data.patches import Batch
    from dense_transformer.nn import DenseTransformerNetwork
    from dense_transformer.training.processes import Processes

SMALLEST_SCALE = 1.0  # of a float16 loss; below it the loss itself is at fault


@dataclass(frozen=True, slots=True)
class StepReport:
    """What one step found; `fault` says why it was skipped, if it was."""

    loss: float
    terms: tuple[tuple[str, float], ...]
    gradient_norm: float
    learning_rate: float
    fault: str = ""


class Learner:
    """A network in training on one device.

    Parameters
    ----------
    config : TrainConfig
        Settings of the run.
    device : torch.device
        Where to compute.
    weights : Tensor, shape (classes,)
        Of the classes in the loss.
    processes : Processes
        Who shares each batch.
    network : DenseTransformerNetwork, optional
        What to begin with, taken over; by default a new one by the seed.
    """

    def __init__(
        self,
        config: TrainConfig,
        device: torch.device,
        weights: Tensor,
        processes: Processes,
        network: DenseTransformerNetwork | None = None,
    ) -> None:
        self.config, self.device, self.processes = config, device, processes
        self.network = _new_network(config) if network is None else network
        if processes.count > 1:
            use_global_batch_norm(self.network)
        self.network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.weights = weights.to(device)
        self.optimiser = build_optimiser(self.network, config)
        self.scaler = torch.amp.GradScaler(
            device.type, enabled=config.precision == "float16"
        )
        self.average = (
            WeightAverage(self.network, config.average) if config.average else None
        )
        self.updates = 0

    @property
    def model(self) -> DenseTransformerNetwork:
        """The network that is worth keeping: the average where there is one."""
        return self.average.network if self.average else self.network

    def learn(self, batch: Batch, step: int) -> StepReport:
        """Take one step, or leave everything as it was if it isn't finite."""
        rate = set_rates(self.optimiser, self.config, step)
        self.set_mode()
        statistics = [buffer.clone() for buffer in self.network.buffers()]
        self.optimiser.zero_grad(set_to_none=True)
        pixels = batch.pixels.to(
            self.device, non_blocking=True, memory_format=torch.channels_last
        )
        labels = batch.labels.to(self.device, non_blocking=True)
        fault = ""
        try:
            names, values, norm = self._backward(pixels, labels)
        except DivergedError as error:
            names, values, norm, fault = (), (math.nan,), math.nan, str(error)
        # Loss and norm are the same in all processes, so they decide alike.
        fault = fault or self._fault(values[0], norm)
        if fault:
            for buffer, before in zip(self.network.buffers(), statistics, strict=True):
                buffer.copy_(before)
        elif math.isfinite(norm):
            self._update()
        terms = tuple(zip(names, values[1:], strict=True))
        return StepReport(values[0], terms, norm, rate, fault)

    def set_mode(self) -> None:
        """Make the network ready for a step."""
        self.network.train()

    def _backward(
        self, pixels: Tensor, labels: Tensor
    ) -> tuple[tuple[str, ...], tuple[float, ...], float]:
        """Compute gradients; return names of terms, loss and terms, gradient norm."""
        config = self.config
        with autocast(self.device, config.precision):
            trace = self.network.trace(pixels, round_trip=config.resampling_penalty > 0)
        terms = loss_terms(trace, labels, self.weights, config, self.processes)
        loss = torch.stack(list(terms.values())).sum()
        torch.autograd.backward(self.scaler.scale(loss))
        self.processes.add_gradients(self.network.parameters())
        self.scaler.unscale_(self.optimiser)
        self.scaler.update()  # an overflow in float16 only lowers the scale
        norm = torch.nn.utils.clip_grad_norm_(
            self.network.parameters(), config.gradient_norm
        )
        values = torch.stack([loss, *terms.values()]).detach()
        # One transfer for all figures: each waits for the device.
        *figures, length = torch.cat(
            [self.processes.total(values), norm.view(1)]
        ).tolist()
        return tuple(terms), tuple(figures), length

    def _fault(self, loss: float, norm: float) -> str:
        if not math.isfinite(loss):
            return f"loss {loss}"
        if not math.isfinite(norm) and self.scaler.get_scale() <= SMALLEST_SCALE:
            return f"gradient norm {norm}"
        return ""

    def _update(self) -> None:
        decay(self.optimiser, self.config.weight_decay)
        self.optimiser.step()
        if self.average:
            self.average.follow(self.network, self.updates)
        self.updates += 1

    def state(self) -> dict[str, Any]:
        """Return everything that `load` needs to go on bit for bit."""
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "average": self.average.network.state_dict() if self.average else {},
            "updates": self.updates,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take over what `state` returned."""
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.scaler.load_state_dict(state["scaler"])
        if self.average:
            self.average.network.load_state_dict(state["average"])
        self.updates = int(state["updates"])


def _new_network(config: TrainConfig) -> DenseTransformerNetwork:
    """Return the network as the run begins; its samplers repeat themselves if asked.

    Only in training: the model keeps the choice of its own configuration.
    """
    exact = config.network.deterministic or config.deterministic
    wanted = dataclasses.replace(config.network, deterministic=exact)
    network = build_network(wanted, config.seed)
    network.config = config.network
    return network
