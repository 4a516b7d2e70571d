"""What a model file says about itself: its card."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from dense_transformer.errors import ConfigError
from dense_transformer.settings import Settings, setting
from dense_transformer.types import WarpHealth


@dataclass(frozen=True, slots=True)
class LevelHealth(Settings):
    """A WarpHealth as it stands in a card; figures that were NaN are None."""

    level: int = setting(0, "Level of the transformer.", low=0, high=6)
    shift: float | None = setting(None, "Mean shift of a fiducial, unit frame.")
    largest_shift: float | None = setting(None, "Largest shift, unit frame.")
    saturation: float | None = setting(None, "Share of coordinates at their bound.")
    spread: float | None = setting(None, "Difference of the warps between tiles.")
    folded: float | None = setting(None, "Share of units that are turned over.")
    coverage_mean: float | None = setting(None, "Mean coverage.")
    holes: float | None = setting(None, "Share of units without coverage.")
    tiles: int = setting(0, "Number of tiles measured.", low=0)

    @classmethod
    def of(cls, health: WarpHealth) -> LevelHealth:
        """Return the card's form of what `measure_health` found."""
        return cls(**asdict(health))


@dataclass(frozen=True, slots=True)
class Card(Settings):
    """Where a model comes from, what it expects and how good it is."""

    name: str = setting("model", "Name it is loaded by.")
    title: str = setting("", "One line: what it is.")
    description: str = setting("", "What it finds, on what images, and its limits.")
    data: str = setting("", "What it was trained and validated on.")
    terms: str = setting("", "Terms of the data.")
    citation: str = setting("", "What to cite.")
    license: str = setting("", "Licence of the weights.")
    seed: int = setting(0, "Seed of the training.", low=0)
    command: str = setting("", "Command that trains it again.")
    parent: str = setting("", "Name and SHA-256 of the model it was trained on from.")
    created: str = setting("", "Date of the training, ISO 8601.")
    versions: tuple[tuple[str, str], ...] = setting((), "Versions of what made it.")
    pixel_nm: tuple[float, float] | None = setting(
        None, "Pixel size (y, x) it was trained at, nm; None: unknown.", low=1e-3
    )
    height_px: int | None = setting(
        None, "Height that images were resized to, px; None: not resized.", low=16
    )
    zoom: float = setting(
        1.0, "How much larger it sees images than that says.", low=1 / 16, high=16.0
    )
    classes: tuple[str, ...] = setting(
        ("inside", "boundary"), "Names of the classes, the foreground last."
    )
    normalisation: str = setting("", "How intensities become its input.")
    in_channels: int = setting(1, "Channels of its images.", low=1, high=64)
    patch: tuple[int, int] = setting(
        (224, 224), "Height and width it was trained on, px.", low=1, high=65536
    )
    scores: tuple[tuple[str, float | None], ...] = setting(
        (), "Names and values of the scores on the validation data."
    )
    health: tuple[LevelHealth, ...] = setting((), "Whether its warps are alive.")

    def check(self) -> None:
        """Refuse text that could play tricks on a terminal."""
        texts = [v for v in _texts(self.to_dict()) if not _harmless(v)]
        if texts:
            raise ConfigError(f"card text {texts[0][:60]!r} holds control characters")


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []


def _harmless(text: str) -> bool:
    return all(c.isprintable() or c in "\n\t" for c in text)
