"""Training: losses, the loop, and runs as directories that can be gone on with."""

from dense_transformer.training.config_file import read_config
from dense_transformer.training.loop import train
from dense_transformer.training.result import TrainResult
from dense_transformer.training.run_directory import RunDirectory

__all__ = ["RunDirectory", "TrainResult", "read_config", "train"]
