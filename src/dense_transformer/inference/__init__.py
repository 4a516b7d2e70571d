"""Predict images of any size, tile by tile, on any device."""

from dense_transformer.inference.devices import choose_device, describe_device
from dense_transformer.inference.files import write_prediction
from dense_transformer.inference.predict import predict
from dense_transformer.inference.to_files import predict_to_files

__all__ = [
    "choose_device",
    "describe_device",
    "predict",
    "predict_to_files",
    "write_prediction",
]
