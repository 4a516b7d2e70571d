"""Predict images of any size, tile by tile, on any device."""

from dense_transformer.inference.devices import choose_device, describe_device
from dense_transformer.inference.predict import predict

__all__ = ["choose_device", "describe_device", "predict"]
