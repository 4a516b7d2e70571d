"""What can be set: the network, the data, training and prediction."""

from dense_transformer.config.data import (
    AugmentConfig,
    DataConfig,
    Layout,
)
from dense_transformer.config.network import (
    NetworkConfig,
    TransformerConfig,
)
from dense_transformer.config.prediction import (
    Device,
    PredictConfig,
)
from dense_transformer.config.teaching import TeachConfig
from dense_transformer.config.training import (
    CONFIG_VERSION,
    AboutConfig,
    TrainConfig,
)

__all__ = [
    "CONFIG_VERSION",
    "AboutConfig",
    "AugmentConfig",
    "DataConfig",
    "Device",
    "Layout",
    "NetworkConfig",
    "PredictConfig",
    "TeachConfig",
    "TrainConfig",
    "TransformerConfig",
]
