"""Networks named as in the papers."""

from __future__ import annotations

from dense_transformer.config import NetworkConfig, TransformerConfig
from dense_transformer.errors import ConfigError

LOCATIONS = {4: (2, 3, None), 5: (2, 3, 4, None), 6: (2, 3, 4, 5, None)}
"""Depths and positions of the transformer in Table 2 of the location study."""


def preset_names() -> tuple[str, ...]:
    """Return the names that `preset` knows."""
    rows = [_row_name(d, level) for d, levels in LOCATIONS.items() for level in levels]
    return ("ijcai19", "ijcai19-unet", *rows)


def preset(name: str) -> NetworkConfig:
    """Return a network as a paper describes it.

    Parameters
    ----------
    name : str
        ``ijcai19``: Li et al. 2019, section 4: depth 5, 64 channels, a TPS with 4x4
        fiducials at level 4 and the tanh of the coordinates; ``ijcai19-unet`` is its
        baseline. ``location-d5-l4``: a row of Table 2 of Abou Chacra and Zelek,
        here depth 5 with an affine transformer at layer 4 (their Fig. 2), RGB;
        ``location-d5-none`` is that depth's baseline.

    Raises
    ------
    ConfigError
        For a name that no paper has.
    """
    if name not in preset_names():
        raise ConfigError(f"no preset {name!r}; use one of {', '.join(preset_names())}")
    if name.startswith("ijcai19"):
        pair = TransformerConfig(parametrisation="absolute", centred=False)
        return NetworkConfig(transformers=() if name.endswith("unet") else (pair,))
    _, depth, level = name.split("-")
    pairs: tuple[TransformerConfig, ...] = ()
    if level != "none":
        at = int(level[1:])
        pair = TransformerConfig(
            level=at, family="affine", parametrisation="absolute", centred=False
        )
        pairs = (pair,)
    return NetworkConfig(depth=int(depth[1:]), in_channels=3, transformers=pairs)


def _row_name(depth: int, level: int | None) -> str:
    return f"location-d{depth}-" + ("none" if level is None else f"l{level}")
