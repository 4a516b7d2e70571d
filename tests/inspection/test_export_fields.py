"""Displacement fields as files: other programs read the warp that the network used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from known_warps import affine, make_warp, shift

from dense_transformer import read_image
from dense_transformer.inspection import Chain
from dense_transformer.inspection.export import (
    field_of_maps,
    field_of_tile,
    write_field,
    write_planes,
    write_transform,
)
from dense_transformer.types import LevelMaps

TURN = affine([[0.9, 0.2], [-0.3, 1.1]], (7.0, 11.0), (0.4, -0.7))
CHAINS = {
    "translation": Chain((make_warp(shift(1.5, -2.25)),)),
    "affine": Chain((make_warp(TURN),)),
    "tile further in, resampled": Chain(
        (make_warp(TURN, tile_px=(32, 64, 96, 160), scale=(1.5, 2.0)),)
    ),
    "larger warped map": Chain((make_warp(TURN, out=(31, 47)),)),
    "nested": Chain((make_warp(shift(0.25, 0.5), 1), make_warp(TURN, 3))),
}


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("pixel_nm", [None, (4.6, 8.0)])
def test_itk_maps_points_as_our_warp_does(name, pixel_nm, tmp_path):
    sitk = pytest.importorskip("SimpleITK")
    chain = CHAINS[name]
    path = write_transform(tmp_path / "t.mha", field_of_tile(chain), pixel_nm)
    image = sitk.ReadImage(str(path), sitk.sitkVectorFloat64)
    transform = sitk.DisplacementFieldTransform(image)
    unit_nm = np.array(pixel_nm or (1.0, 1.0))
    rest, reads = chain.rest_px(), chain.units_px()
    for index in np.ndindex(*rest.shape[:2]):
        x, y = (rest[index] * unit_nm)[::-1]
        mapped = np.array(transform.TransformPoint((float(x), float(y))))[::-1]
        np.testing.assert_allclose(mapped / unit_nm, reads[index], atol=1e-9)


def test_itk_interpolates_between_units_as_our_mesh_does(tmp_path):
    sitk = pytest.importorskip("SimpleITK")
    chain = CHAINS["affine"]
    path = write_transform(tmp_path / "t.mha", field_of_tile(chain))
    image = sitk.ReadImage(str(path), sitk.sitkVectorFloat64)
    transform = sitk.DisplacementFieldTransform(image)
    size = np.array(chain.rest_px().shape[:2])
    units = np.random.default_rng(0).uniform(0, size - 1.0, (50, 2))
    frame = chain.warped_frame()
    rest = units * frame.pitch_px + frame.origin_px
    mapped = [transform.TransformPoint((float(x), float(y)))[::-1] for y, x in rest]
    np.testing.assert_allclose(mapped, chain.units_to_image_px(units), atol=1e-9)


def test_itk_resamples_an_image_to_what_the_network_reads(tmp_path):
    sitk = pytest.importorskip("SimpleITK")
    chain = CHAINS["translation"]  # by 1.5 and -2.25 units of 4 px
    path = write_transform(tmp_path / "t.mha", field_of_tile(chain))
    field = sitk.ReadImage(str(path), sitk.sitkVectorFloat64)
    y, x = np.mgrid[:64, :96].astype(float)
    image = sitk.GetImageFromArray(3.0 * y + 5.0 * x)
    taken = sitk.ReadImage(str(path), sitk.sitkVectorFloat64)  # is left empty
    transform = sitk.DisplacementFieldTransform(taken)
    moved = sitk.Resample(image, field, transform, sitk.sitkLinear, -1.0)
    values = sitk.GetArrayFromImage(moved)
    rest = chain.rest_px()
    inside = values != -1.0
    expected = 3.0 * (rest[..., 0] + 6.0) + 5.0 * (rest[..., 1] - 9.0)
    assert inside.mean() > 0.5
    np.testing.assert_allclose(values[inside], expected[inside], atol=1e-9)


def test_a_field_is_a_calibrated_imagej_stack_of_two_channels(tmp_path):
    field = field_of_tile(CHAINS["translation"])
    path = write_field(tmp_path / "f.tif", field, (4.6, 8.0))
    with tifffile.TiffFile(path) as file:
        assert file.is_imagej
        assert file.series[0].axes == "CYX"
        metadata = file.imagej_metadata
        tags = {tag.name for tag in file.pages[0].tags}
        values = file.asarray()
    assert metadata is not None
    assert metadata["unit"] == "um"
    assert metadata["Labels"] == ["displacement y (px)", "displacement x (px)"]
    assert "DateTime" not in tags
    np.testing.assert_allclose(values[0], 6.0, atol=1e-6)
    np.testing.assert_allclose(values[1], -9.0, atol=1e-6)
    read = read_image(path)
    assert read.pixel_nm == pytest.approx((4 * 4.6, 4 * 8.0), rel=1e-6)


def test_without_a_pixel_size_a_map_is_measured_in_pixels(tmp_path):
    path = write_planes(tmp_path / "m.tif", np.ones((1, 3, 4)), ("S",), (8.0, 8.0))
    with tifffile.TiffFile(path) as file:
        assert file.imagej_metadata is not None
        assert file.imagej_metadata["unit"] == "pixel"
        assert file.pages[0].tags["XResolution"].value == (1, 8)
    assert read_image(path).pixel_nm is None


def test_a_mosaic_begins_in_the_middle_of_its_first_unit():
    shifts = np.zeros((4, 6, 2), np.float32)
    field = field_of_maps(LevelMaps(4, np.ones((4, 6)), shifts, (8.0, 12.0)))
    np.testing.assert_allclose(field.nodes_px[0, 0], [3.5, 5.5])
    np.testing.assert_allclose(field.nodes_px[-1, -1], [27.5, 65.5])


def test_the_same_field_gives_the_same_bytes(tmp_path):
    field = field_of_tile(CHAINS["affine"])
    for write, ending in ((write_field, "tif"), (write_transform, "mha")):
        paths = [tmp_path / f"{name}.{ending}" for name in "ab"]
        one, two = (Path(write(path, field, (4.6, 4.6))).read_bytes() for path in paths)
        assert one == two
