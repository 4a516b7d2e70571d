"""Drawn scenes: repeatable, as geometry says, and statistically like the real thing."""

import numpy as np
import pytest
from scipy import ndimage

from dense_transformer.data.synthesis import em_stack, road_scene
from dense_transformer.data.synthesis.car_bodies import shapes
from dense_transformer.data.synthesis.fields import layered_noise, smooth_noise
from dense_transformer.data.synthesis.neurites import cut_neurites, grow_neurites
from dense_transformer.data.synthesis.street import Camera, Street, cast_rays
from dense_transformer.errors import DataError

SMALL = (160, 192)


@pytest.fixture(scope="module")
def stack():
    return em_stack(5, 3, (256, 256))


@pytest.fixture(scope="module")
def road():
    return road_scene(3, SMALL)


def street(bend):
    return Street(4.0, (2.0, 2.0), (1.0, 1.0), bend, None, 0.0, (0.6, 0.8, 0.0), 1.0)


@pytest.mark.parametrize("draw", [lambda seed: em_stack(seed, 2, (64, 80)), road_scene])
def test_a_seed_gives_one_scene_and_another_seed_another(draw):
    if draw is road_scene:
        draw = lambda seed: road_scene(seed, (64, 80))  # noqa: E731
    first, again, other = draw(1), draw(1), draw(2)
    assert np.array_equal(first.pixels, again.pixels)
    assert np.array_equal(first.labels, again.labels)
    assert not np.array_equal(first.labels, other.labels)


def test_a_stack_is_bytes_with_the_three_labels(stack):
    assert stack.pixels.shape == stack.labels.shape == (3, 256, 256)
    assert stack.pixels.dtype == stack.labels.dtype == np.uint8
    assert set(np.unique(stack.labels)) <= {0, 1, 2}


def test_scenes_cannot_be_changed_by_who_gets_them(stack):
    with pytest.raises(ValueError, match="read-only"):
        stack.labels[0, 0, 0] = 7


@pytest.mark.parametrize("size", [(32, 32), (33, 101)])
def test_small_and_odd_sizes_are_drawn(size):
    assert em_stack(0, 1, size).labels.shape == (1, *size)
    assert road_scene(0, size).pixels.shape == (*size, 3)


@pytest.mark.parametrize(
    "call",
    [
        lambda: em_stack(0, 0, (64, 64)),
        lambda: em_stack(0, 1, (0, 64)),
        lambda: em_stack(0, 1, (64, 100_000)),
        lambda: road_scene(0, (8, 64)),
    ],
)
def test_impossible_scenes_are_refused(call):
    with pytest.raises(DataError):
        call()


def test_noise_has_unit_variance_whatever_its_scale():
    rng = np.random.default_rng(0)
    for scale in (0.0, 0.6, 2.0, 5.0, 8.0):
        square = [(smooth_noise(rng, (128, 128), scale) ** 2).mean() for _ in range(24)]
        # Some 20 independent lumps a picture at the widest scale, 24 pictures.
        assert np.mean(square) == pytest.approx(1.0, abs=0.12), scale
    square = [(layered_noise(rng, (128, 128), 6.0) ** 2).mean() for _ in range(24)]
    assert np.mean(square) == pytest.approx(1.0, abs=0.12)


def test_a_pixel_goes_to_the_ball_of_least_power():
    rng = np.random.default_rng(3)
    neurites = grow_neurites(rng, (64, 64))
    where = rng.uniform(0, 64, (40, 40, 2)).astype(np.float32)
    depth = 1.5
    cut = cut_neurites(neurites, where, depth)
    centre = neurites.centre_px + depth * neurites.tilt_px
    power = ((where[:, :, None] - centre) ** 2).sum(-1) - neurites.radius_px**2
    assert np.mean(cut.ball == power.argmin(-1)) > 0.999  # ties within rounding
    assert np.array_equal(cut.owner, neurites.owner[cut.ball])


def test_the_distance_is_nought_on_borders_and_grows_inwards():
    neurites = grow_neurites(np.random.default_rng(4), (128, 128))
    where = np.moveaxis(np.indices((128, 128), dtype=np.float32), 0, -1)
    cut = cut_neurites(neurites, where, 0.0)
    border = np.zeros((128, 128), bool)
    border[:, 1:] |= cut.owner[:, 1:] != cut.owner[:, :-1]
    border[1:] |= cut.owner[1:] != cut.owner[:-1]
    truth = ndimage.distance_transform_edt(~border)
    assert cut.distance_px[border].max() < 1.5
    deep = (truth > 4) & (truth < 12)
    # The soft minimum only ever takes away, about its softness where two meet.
    assert np.median(truth[deep] - cut.distance_px[deep]) < 2.5
    assert np.corrcoef(truth[deep], cut.distance_px[deep])[0, 1] > 0.8


def test_membranes_are_dark_lines_but_no_threshold_finds_them(stack):
    inside, boundary = (stack.pixels[stack.labels == k].astype(float) for k in (1, 2))
    assert inside.mean() - boundary.mean() > 50
    dark = np.percentile(boundary, 60)
    # Organelles, vesicles and specks are as dark as many membranes.
    assert np.mean(inside < dark) > 0.02


def test_cells_are_of_very_different_size(stack):
    pieces, count = ndimage.label(stack.labels[1] == 1)
    area = np.bincount(pieces.ravel())[1:]
    assert count > 15
    assert np.percentile(area, 95) > 20 * np.percentile(area, 20)


def test_neurites_continue_from_section_to_section(stack):
    other = em_stack(6, 1, (256, 256)).labels[0]

    def likeness(a, b):
        return np.corrcoef((a == 2).ravel(), (b == 2).ravel())[0, 1]

    near = likeness(stack.labels[0], stack.labels[1])
    assert near > likeness(stack.labels[0], stack.labels[2])
    assert near > likeness(stack.labels[0], other) + 0.2


def test_brightness_and_boundary_share_are_as_in_the_real_sections(stack, shared_data):
    # Real sections: mean 120-140, standard deviation 50-58, boundary 18-23 %.
    from PIL import Image
    from tifffile import imread

    raw = imread(shared_data / "vnc" / "raw" / "05.tif")
    share = np.asarray(Image.open(shared_data / "vnc" / "membranes" / "05.png")).mean()
    assert stack.pixels.mean() == pytest.approx(raw.mean(), abs=25)
    assert stack.pixels.std() == pytest.approx(raw.std(), abs=12)
    assert np.mean(stack.labels == 2) == pytest.approx(share, abs=0.08)


def test_road_labels_are_road_below_the_horizon_other_and_own_bonnet(road):
    assert road.pixels.shape == (*SMALL, 3)
    assert set(np.unique(road.labels)) == {0, 1, 2}
    assert not (road.labels[: SMALL[0] // 4] == 2).any()
    pieces, _ = ndimage.label(road.labels == 2)
    largest = np.bincount(pieces.ravel())[1:].max()
    assert largest > 0.9 * np.sum(road.labels == 2)
    assert (road.labels[-1] == 0).any()


@pytest.mark.parametrize("bend", [0.0, 0.006, -0.006])
def test_rays_meet_ground_wall_and_roof_where_they_should(bend):
    camera = Camera(-1.5, 1.4, 0.9, 0.03, 0.02, 0.01)
    rays = cast_rays(camera, street(bend), (24, 32))
    t = rays.to_ground()
    ground = np.isfinite(t)
    assert ground.any()
    assert np.abs(rays.pick(ground).at(t[ground])[1]).max() < 1e-9
    for across in (-7.0, 6.0):
        t = rays.to_across(across)
        hit = np.isfinite(t)
        assert hit.any()
        assert rays.pick(hit).at(t[hit])[0] == pytest.approx(across, abs=1e-6)
    t = rays.to_roof(1, 6.0, 7.0, 0.75)
    hit = np.isfinite(t)
    across, up, _ = rays.pick(hit).at(t[hit])
    assert up == pytest.approx(7.0 + 0.75 * (across - 6.0), abs=1e-6)


def test_a_straight_street_is_seen_as_a_pinhole_sees_it():
    # Level camera, straight ahead: (x, y) = f (across - c) / z, f (up - h) / z.
    camera = Camera(0.5, 1.5, 1.0, 0.0, 0.0, 0.0)
    rays = cast_rays(camera, street(0.0), (101, 201))
    one = (np.array([90]), np.array([30]))
    across, _, ahead = (part[0] for part in rays.pick(one).at(rays.to_ground()[one]))
    assert 201 * (across - 0.5) / ahead == pytest.approx(30 - 100)
    assert 201 * (0.0 - 1.5) / ahead == pytest.approx(-(90 - 50))


def test_a_car_body_is_solid_inside_and_empty_outside():
    for shape in shapes():
        middle = shape.distance(np.array([0.0]), np.array([0.8]))
        outside = shape.distance(np.array([0.0, 3.0]), np.array([2.5, 0.8]))
        assert middle[0] < -0.3
        # Above the roof and beyond the nose the distance is plain to see.
        assert outside[0] == pytest.approx(2.5 - shape.height_m, abs=0.1)
        assert outside[1] == pytest.approx(3.0 - shape.half_length_m, abs=0.15)
