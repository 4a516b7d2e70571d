"""Dense Transformer Networks: geometry, networks, data, training, prediction.

The names below are the public ones. They are imported when they are first used,
so that `import dense_transformer` takes milliseconds and loads no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dense_transformer.config import (
        AugmentConfig,
        DataConfig,
        NetworkConfig,
        PredictConfig,
        TrainConfig,
        TransformerConfig,
    )
    from dense_transformer.data import read_image, read_labels, read_section
    from dense_transformer.errors import DTNError
    from dense_transformer.evaluation import score
    from dense_transformer.inference import (
        predict,
        predict_to_files,
        read_edits,
        write_edits,
        write_prediction,
    )
    from dense_transformer.nn import build_network
    from dense_transformer.training import read_config, train
    from dense_transformer.types import (
        Image,
        Prediction,
        Progress,
        Scores,
        Warp,
        WarpEdit,
    )
    from dense_transformer.work import finish
    from dense_transformer.zoo import list_models, load_model, save_model

__version__ = "0.1.0"

_ROOMS = {
    "config": (
        "AugmentConfig",
        "DataConfig",
        "NetworkConfig",
        "PredictConfig",
        "TrainConfig",
        "TransformerConfig",
    ),
    "data": ("read_image", "read_labels", "read_section"),
    "errors": ("DTNError",),
    "evaluation": ("score",),
    "inference": (
        "predict",
        "predict_to_files",
        "read_edits",
        "write_edits",
        "write_prediction",
    ),
    "nn": ("build_network",),
    "training": ("read_config", "train"),
    "types": ("Image", "Prediction", "Progress", "Scores", "Warp", "WarpEdit"),
    "work": ("finish",),
    "zoo": ("list_models", "load_model", "save_model"),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "AugmentConfig",
    "DTNError",
    "DataConfig",
    "Image",
    "NetworkConfig",
    "PredictConfig",
    "Prediction",
    "Progress",
    "Scores",
    "TrainConfig",
    "TransformerConfig",
    "Warp",
    "WarpEdit",
    "build_network",
    "finish",
    "list_models",
    "load_model",
    "predict",
    "predict_to_files",
    "read_config",
    "read_edits",
    "read_image",
    "read_labels",
    "read_section",
    "save_model",
    "score",
    "train",
    "write_edits",
    "write_prediction",
]


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_ROOM_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
