"""What the window asks of the core, and the core of this installation.

Nothing here touches the window. The core is imported in the worker, because
importing torch takes more than a second.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from dense_transformer.config import PredictConfig
from dense_transformer.types import Array, Box, Image, Prediction, Progress
from napari_dtn.sources import Source

if TYPE_CHECKING:
    from dense_transformer.zoo import Card

Stop = Callable[[], bool]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class ModelInfo:
    """A model to choose from.

    Attributes
    ----------
    key : str
        Name or path, as `load_model` takes it.
    card : Card or None
        None where the file can't be read.
    problem : str
        Why it can't; empty otherwise.
    about : str
        The card as Markdown: text of strangers is never taken as markup.
    """

    key: str
    card: Card | None
    problem: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """What can be chosen: models and devices."""

    models: tuple[ModelInfo, ...]
    devices: tuple[str, ...]


class Core(Protocol):
    """What the tab needs of the core; tests give one of their own."""

    def catalogue(self) -> Catalogue:
        """Return the models and the devices."""

    def read_model(self, path: Path) -> ModelInfo:
        """Return what a model file says."""

    def predict(
        self,
        key: str,
        image: Image,
        config: PredictConfig,
        section: int,
        stop: Stop,
        region: Box | None,
        out: tuple[Array, Array],
    ) -> Generator[Progress, None, Prediction]:
        """Predict one section into `out`, the tiles of `region` first."""


class InstalledCore:
    """The core of this installation; keeps the model that was used last."""

    def __init__(self) -> None:
        self._loaded: tuple[tuple[str, float], Any] | None = None

    def catalogue(self) -> Catalogue:
        """Return the shipped models, the person's own, and the devices at hand."""
        import torch

        from dense_transformer.zoo import card_markdown, list_models

        devices = ["auto", "cpu"]
        devices += ["cuda"] if torch.cuda.is_available() else []
        devices += ["mps"] if torch.backends.mps.is_available() else []
        models = [
            ModelInfo(
                m.name, m.card, m.problem, card_markdown(m.card) if m.card else ""
            )
            for m in list_models()
        ]
        return Catalogue(tuple(models), tuple(devices))

    def read_model(self, path: Path) -> ModelInfo:
        """Return the card of a model file."""
        from dense_transformer.zoo import card_markdown, read_card

        card = read_card(path)
        return ModelInfo(str(path), card, about=card_markdown(card))

    def predict(
        self,
        key: str,
        image: Image,
        config: PredictConfig,
        section: int,
        stop: Stop,
        region: Box | None,
        out: tuple[Array, Array],
    ) -> Generator[Progress, None, Prediction]:
        """Predict one section with the model `key`, the tiles of `region` first."""
        from dense_transformer.inference import predict

        model = self._model(key)
        return (
            yield from predict(
                model, image, config,
                section=section, region=region, stop=stop, out=out,
            )
        )  # fmt: skip

    def _model(self, key: str) -> Any:
        from dense_transformer.zoo import find_model, load_model

        stamp = (key, find_model(key).stat().st_mtime)
        if self._loaded is None or self._loaded[0] != stamp:
            self._loaded = None  # two large models at once may not fit
            self._loaded = (stamp, load_model(key))
        return self._loaded[1]


def look_around(core: Core) -> Catalogue:
    """Return what can be chosen, with what the first layers need imported."""
    from napari_dtn.libraries import load_ahead
    from napari_dtn.placement import warm_up

    load_ahead()
    found = core.catalogue()
    warm_up()
    return found


def once(work: Callable[..., T], *arguments: object) -> Generator[Progress, None, T]:
    """Return short work as a generator: one step, then its result."""
    yield Progress(0, 1)
    return work(*arguments)


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One press of Run."""

    model: str
    source: Source
    config: PredictConfig
    sections: tuple[int, ...]
    threshold: float = 0.5
    region: Box | None = None  # what is on screen, source px; None: all of it, or none
    finds: str = "boundary"  # what the model calls its foreground
    classes: int = 2  # that the model tells apart
