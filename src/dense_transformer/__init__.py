"""Dense Transformer Networks: geometry, networks, data, training, prediction."""

__version__ = "0.1.0"
