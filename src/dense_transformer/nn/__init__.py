"""Networks as modules; a warp is returned, never stored."""

from dense_transformer.nn.localisation import Localisation
from dense_transformer.nn.passes import Edit, Memory, Watch
from dense_transformer.nn.presets import preset, preset_names
from dense_transformer.nn.transformer import TransformerPair
from dense_transformer.nn.unet import DenseTransformerNetwork, Trace, build_network
from dense_transformer.nn.warp import TensorWarp, bending_penalty, fold_penalty

__all__ = [
    "DenseTransformerNetwork",
    "Edit",
    "Localisation",
    "Memory",
    "TensorWarp",
    "Trace",
    "TransformerPair",
    "Watch",
    "bending_penalty",
    "build_network",
    "fold_penalty",
    "preset",
    "preset_names",
]
