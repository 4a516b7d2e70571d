"""napari plugin for Dense Transformer Networks; imports neither torch nor Qt."""

__version__ = "0.1.0"
