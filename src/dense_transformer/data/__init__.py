"""Images and data sets: read, normalise, sample, augment, synthesise."""

from dense_transformer.data.images import read_image, read_section
from dense_transformer.data.intensity import (
    NORMALISATION,
    Intensity,
    measure_intensity,
)
from dense_transformer.data.labels import read_labels
from dense_transformer.data.layouts import fit_channels, open_pairs
from dense_transformer.data.pairs import DataSet, Pair
from dense_transformer.data.resample import (
    height_factor,
    pixel_factor,
    resample,
    resample_labels,
    resampled_size,
)

__all__ = [
    "NORMALISATION",
    "DataSet",
    "Intensity",
    "Pair",
    "fit_channels",
    "height_factor",
    "measure_intensity",
    "open_pairs",
    "pixel_factor",
    "read_image",
    "read_labels",
    "read_section",
    "resample",
    "resample_labels",
    "resampled_size",
]
