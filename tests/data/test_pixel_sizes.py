"""The size of a pixel as files say it, in nanometres, (y, x)."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import tifffile

from dense_transformer.data import read_image
from dense_transformer.errors import ImageError

PIXELS = np.zeros((8, 8), np.uint8)


def written(path, **options):
    tifffile.imwrite(path, PIXELS, **options)
    return read_image(path).pixel_nm


def test_resolution_tags_in_centimetres(tmp_path):
    # 4.6 nm and 5 nm: 1 cm holds 1e7 / 4.6 pixels; x comes first in TIFF
    found = written(
        tmp_path / "a.tif", resolution=(1e7 / 4.6, 1e7 / 5), resolutionunit="CENTIMETER"
    )
    assert found == pytest.approx((5, 4.6), rel=1e-5)


def test_resolution_tags_in_inches(tmp_path):
    found = written(
        tmp_path / "a.tif", resolution=(2.54e7 / 8, 2.54e7 / 8), resolutionunit="INCH"
    )
    assert found == pytest.approx((8, 8), rel=1e-5)


@pytest.mark.parametrize("dpi", [72, 96, 300, 1200])
def test_dots_on_paper_are_no_pixel_size(tmp_path, dpi):
    path = tmp_path / "a.tif"
    assert written(path, resolution=(dpi, dpi), resolutionunit="INCH") is None


def test_no_unit_is_no_pixel_size(tmp_path):
    assert written(tmp_path / "a.tif", resolution=(3, 3), resolutionunit="NONE") is None
    assert written(tmp_path / "b.tif") is None


@pytest.mark.parametrize(
    ("unit", "factor"), [("nm", 1), ("um", 1e3), ("micron", 1e3), ("\\u00B5m", 1e3)]
)
def test_imagej_unit(tmp_path, unit, factor):
    found = written(
        tmp_path / "a.tif", imagej=True, resolution=(4, 2), metadata={"unit": unit}
    )
    assert found == pytest.approx((0.5 * factor, 0.25 * factor))


def test_imagej_pixel_units_are_unknown(tmp_path):
    path = tmp_path / "a.tif"
    options = {"imagej": True, "resolution": (4, 4), "metadata": {"unit": "pixel"}}
    assert written(path, **options) is None


def test_ome_physical_size_with_and_without_unit(tmp_path):
    sizes = {"axes": "YX", "PhysicalSizeX": 4.6, "PhysicalSizeY": 5.0}
    units = {"PhysicalSizeXUnit": "nm", "PhysicalSizeYUnit": "nm"}
    found = written(tmp_path / "a.ome.tif", ome=True, metadata=sizes | units)
    assert found == pytest.approx((5, 4.6))
    found = written(tmp_path / "b.ome.tif", ome=True, metadata=sizes)
    assert found == pytest.approx((5000, 4600))  # OME's default is the micrometre


@pytest.mark.parametrize("value", [0.0, -4.0, np.nan, np.inf])
def test_absurd_sizes_are_unknown(tmp_path, value):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["raw"] = PIXELS
        file["raw"].attrs["resolution"] = [40.0, value, 4.0]
    assert read_image(tmp_path / "a.h5").pixel_nm is None


def test_cremi_and_element_size_attributes(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["a"] = file["b"] = np.zeros((2, 8, 8), np.uint8)
        file["a"].attrs["resolution"] = [40.0, 5.0, 4.0]  # nm
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["b"] = np.zeros((2, 8, 8), np.uint8)
        file["b"].attrs["element_size_um"] = [0.04, 0.005, 0.004]
    assert read_image(tmp_path / "a.h5", dataset="a").pixel_nm == (5, 4)
    assert read_image(tmp_path / "b.h5").pixel_nm == pytest.approx((5, 4))


def test_what_is_given_wins_over_the_file(tmp_path):
    path = tmp_path / "a.tif"
    written(path, imagej=True, resolution=(4, 2), metadata={"unit": "nm"})
    assert read_image(path, pixel_nm=(7, 8)).pixel_nm == (7, 8)
    for wrong in ((0, 4), (-1, 4), (np.nan, 4)):
        with pytest.raises(ImageError, match="above 0"):
            read_image(path, pixel_nm=wrong)
