"""Predict images of any size, tile by tile, on any device."""

from dense_transformer.inference.edit_files import read_edits, write_edits
from dense_transformer.inference.files import write_prediction
from dense_transformer.inference.mapped_files import predict_to_files
from dense_transformer.inference.mismatch import mismatch
from dense_transformer.inference.prediction import predict
from dense_transformer.nn.devices import choose_device, describe_device

__all__ = [
    "choose_device",
    "describe_device",
    "mismatch",
    "predict",
    "predict_to_files",
    "read_edits",
    "write_edits",
    "write_prediction",
]
