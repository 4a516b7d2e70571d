"""A network that says what it sees gives back the image, however it is cut."""

from __future__ import annotations

import copy
import threading

import numpy as np
import pytest
import torch
from known_networks import Echo, echo_of, image_of, model_of, tiny_dtn

from dense_transformer.config import NetworkConfig, PredictConfig
from dense_transformer.data import measure_intensity
from dense_transformer.errors import (
    ConfigError,
    DeviceError,
    DivergedError,
    ImageError,
    StoppedError,
)
from dense_transformer.inference import predict
from dense_transformer.nn import Trace, build_network
from dense_transformer.work import finish

CPU = PredictConfig(device="cpu")


def noise(height, width, dtype=np.uint8, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 250, (height, width)).astype(dtype)


def expected(pixels):
    found = measure_intensity(image_of(pixels))
    return echo_of(pixels, found.low, found.high)


SIZES = [
    (1, 1), (1, 2), (2, 1), (1, 100), (100, 1), (3, 5), (31, 32), (32, 32), (33, 33),
    (32, 33), (65, 40), (64, 64), (97, 131), (200, 31),
]  # fmt: skip


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.75])
def test_any_size_comes_back_as_it_was(size, overlap):
    pixels = noise(*size)
    config = PredictConfig(device="cpu", overlap=overlap)
    result = finish(predict(model_of(Echo()), image_of(pixels), config))
    truth = expected(pixels)
    np.testing.assert_allclose(result.probability, truth, atol=5e-7)
    sure = np.abs(truth - 0.5) > 1e-5
    np.testing.assert_array_equal(result.labels[sure], 1 + (truth > 0.5)[sure])
    assert result.probability.shape == size


DTYPES = [
    "bool",
    "int8",
    "uint16",
    "int32",
    "uint64",
    "float16",
    "float64",
    ">u2",
    ">f4",
]


@pytest.mark.parametrize("dtype", DTYPES)
def test_any_type_of_pixel_gives_what_float32_gives(dtype):
    pixels = (noise(50, 70) % (2 if dtype == "bool" else 100)).astype(np.float32)
    model = model_of(Echo())
    wanted = finish(predict(model, image_of(pixels), CPU)).probability
    found = finish(predict(model, image_of(pixels.astype(dtype)), CPU)).probability
    np.testing.assert_allclose(found, wanted, atol=1e-6)


@pytest.mark.parametrize("fill", [0.0, 7.5, np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("size", [(1, 1), (20, 50), (70, 70)], ids=str)
def test_constant_and_broken_images_give_finite_results(fill, size):
    network = tiny_dtn()
    pixels = np.full(size, fill, np.float32)
    result = finish(predict(model_of(network), image_of(pixels), CPU))
    assert np.isfinite(result.probability).all()
    assert np.isfinite(result.levels[0].coverage).all()
    assert np.isfinite(result.levels[0].displacement_px).all()
    assert set(np.unique(result.labels)) <= {1, 2}


def test_broken_pixels_stay_where_they_are():
    pixels = noise(60, 60, np.float32)
    broken = pixels.copy()
    broken[10, 20], broken[50, 50], broken[0, 0] = np.nan, np.inf, -np.inf
    model = model_of(Echo())
    good = finish(predict(model, image_of(pixels), CPU)).probability
    bad = finish(predict(model, image_of(broken), CPU)).probability
    differs = np.abs(good - bad) > 0.02  # the range itself moves by a pixel's worth
    assert differs.sum() <= 3
    assert bad[50, 50] > 0.99
    assert bad[0, 0] < 0.01
    assert bad[10, 20] == pytest.approx(0.5)


def test_parts_make_up_the_result_each_pixel_once():
    pixels = noise(150, 170)
    found = np.full(pixels.shape, np.nan, np.float32)
    times = np.zeros(pixels.shape, int)
    work = predict(model_of(Echo()), image_of(pixels), CPU, region=(70, 80, 90, 120))
    done = []

    def watch(progress):
        done.append(progress.done)
        if progress.part is not None:
            top, left, bottom, right = progress.part.box
            found[top:bottom, left:right] = progress.part.probability
            times[top:bottom, left:right] += 1

    result = finish(work, watch)
    np.testing.assert_array_equal(found, result.probability)
    assert (times == 1).all()
    assert done == sorted(done)
    assert done[0] == 0
    assert done[-1] == 42  # 6 x 7 tiles of 32 px, at most 24 px apart


def test_the_region_is_there_before_the_rest():
    pixels = noise(400, 400)
    region = (200, 210, 220, 230)
    seen = np.zeros(pixels.shape, bool)
    work = predict(
        model_of(Echo()),
        image_of(pixels),
        PredictConfig(device="cpu", batch=1),
        region=region,
    )
    for progress in work:
        if progress.part is not None:
            top, left, bottom, right = progress.part.box
            seen[top:bottom, left:right] = True
        if seen[200:220, 210:230].all():
            break
    assert progress.done <= 9
    assert seen.mean() < 0.05


def test_the_order_of_the_tiles_does_not_matter():
    network = tiny_dtn()
    model, image = model_of(network), image_of(noise(120, 140))
    plain = finish(predict(model, image, CPU))
    other = finish(predict(model, image, CPU, region=(60, 60, 61, 61)))
    np.testing.assert_allclose(other.probability, plain.probability, atol=1e-6)
    assert [w.tile_px for w in other.warps] == [w.tile_px for w in plain.warps]
    np.testing.assert_allclose(
        other.levels[0].coverage, plain.levels[0].coverage, atol=1e-5
    )


@pytest.mark.parametrize("batch", [1, 3, 256])
def test_the_size_of_a_batch_does_not_matter(batch):
    model, image = model_of(Echo()), image_of(noise(120, 140))
    plain = finish(predict(model, image, CPU)).probability
    config = PredictConfig(device="cpu", batch=batch)
    np.testing.assert_array_equal(
        finish(predict(model, image, config)).probability, plain
    )


def test_small_results_are_the_rounded_large_ones():
    model, image = model_of(Echo()), image_of(noise(70, 50))
    large = finish(predict(model, image, CPU)).probability
    small = finish(predict(model, image, PredictConfig(device="cpu", dtype="uint8")))
    assert small.probability.dtype == np.uint8
    assert np.abs(small.probability / 255.0 - large).max() <= 0.5 / 255 + 1e-6


def test_of_many_classes_labels_name_the_likeliest_and_the_last_is_shown():
    rng = np.random.default_rng(3)
    shares = rng.dirichlet([1, 1, 1], size=(60, 45))
    pixels = shares.astype(np.float32)  # channel k holds what class k is to get
    network = Echo(channels=3, classes=3)
    result = finish(predict(model_of(network), image_of(pixels, "yxc"), CPU))
    found = measure_intensity(image_of(pixels, "yxc"))
    seen = found.apply(pixels).astype(np.float64)
    shares = np.clip((seen + 2) / 4, 1e-7, 1)
    shares /= shares.sum(0)
    np.testing.assert_allclose(result.probability, shares[-1], atol=1e-6)
    ordered = np.sort(shares, axis=0)
    sure = ordered[-1] - ordered[-2] > 1e-5
    np.testing.assert_array_equal(result.labels[sure], 1 + shares.argmax(0)[sure])


def test_every_section_has_its_own_range_and_name():
    stack = np.stack([noise(40, 40, seed=s) // (s + 1) for s in range(3)])
    model = model_of(Echo())
    for section in range(3):
        work = predict(model, image_of(stack, "zyx"), CPU, section=section)
        result = finish(work)
        np.testing.assert_allclose(
            result.probability, expected(stack[section]), atol=5e-7
        )
        assert result.image_name == f"image-z000{section}"


def test_a_gray_model_reads_the_mean_of_colours_and_says_so():
    pixels = np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    messages = []
    work = predict(model_of(Echo()), image_of(pixels, "yxc"), CPU)
    result = finish(work, lambda p: messages.append(p.message))
    found = measure_intensity(image_of(pixels, "yxc"))
    gray = found.apply(pixels).astype(np.float64).mean(0)
    np.testing.assert_allclose(result.probability, (gray + 2) / 4, atol=1e-6)
    assert "mean of red, green and blue" in messages[0]


def test_a_colour_model_reads_a_gray_image_three_times_and_says_so():
    network, messages = Echo(channels=3), []
    work = predict(model_of(network), image_of(noise(40, 40)), CPU)
    finish(work, lambda p: messages.append(p.message))
    batch = network.batches[0]
    assert batch.shape[1] == 3
    assert torch.equal(batch[:, 0], batch[:, 2])
    assert "repeated for 3 channels" in messages[0]


def test_other_channels_are_refused_by_number():
    image = image_of(np.zeros((40, 40, 5), np.uint8), "yxc")
    with pytest.raises(ImageError, match=r"has 5 channels and the model reads 1"):
        next(predict(model_of(Echo()), image, CPU))


def test_at_another_pixel_size_a_smooth_image_comes_back_at_its_own():
    y, x = np.mgrid[:150, :130]
    pixels = (np.sin(y / 13.0) * np.cos(x / 11.0)).astype(np.float32)
    for model_nm in [(5.0, 5.0), (3.0, 3.0), (6.0, 3.0)]:
        network = Echo()
        model = model_of(network, pixel_nm=model_nm)
        work = predict(model, image_of(pixels, pixel_nm=(4.0, 4.0)), CPU)
        messages = []
        result = finish(work, lambda p, m=messages: m.append(p.message))
        assert result.probability.shape == pixels.shape
        inner = np.s_[4:-4, 4:-4]
        np.testing.assert_allclose(
            result.probability[inner], expected(pixels)[inner], atol=6e-3
        )
        assert (
            f"{round(150 * 4 / model_nm[0])} x {round(130 * 4 / model_nm[1])}"
            in messages[0]
        )


def test_resampling_leaves_no_seams():
    y, x = np.mgrid[:200, :200]
    pixels = (np.sin(y / 9.0) + np.cos(x / 7.0)).astype(np.float32)
    image = image_of(pixels, pixel_nm=(4.0, 4.0))
    found = [
        finish(predict(model_of(Echo(), tile=tile, pixel_nm=(6.0, 6.0)), image, CPU))
        for tile in [(32, 32), (48, 64), (160, 160)]
    ]
    for other in found[1:]:  # one tile, or many: the same but for a tile's last pixel
        np.testing.assert_allclose(other.probability, found[0].probability, atol=2e-3)


def test_stop_ends_before_the_next_batch():
    network = Echo()
    asked = iter([False, False, True])
    config = PredictConfig(device="cpu", batch=1)
    work = predict(
        model_of(network), image_of(noise(200, 200)), config, stop=lambda: next(asked)
    )
    with pytest.raises(StoppedError, match="after 2 of"):
        finish(work)
    assert len(network.batches) == 2


def test_stop_ends_within_a_tile():
    network, asked = tiny_dtn(), []
    convolutions = sum(isinstance(m, torch.nn.Conv2d) for m in network.modules())

    def stop():
        asked.append(len(asked))
        return len(asked) == 7

    work = predict(model_of(network), image_of(noise(32, 32)), CPU, stop=stop)
    with pytest.raises(StoppedError):
        finish(work)
    assert len(asked) == 7 < convolutions
    network(torch.zeros(1, 1, 32, 32))  # the model itself asks nobody
    assert len(asked) == 7


def test_closing_ends_at_once_and_leaves_no_thread():
    network = Echo()
    config = PredictConfig(device="cpu", batch=1)
    work = predict(model_of(network), image_of(noise(200, 200)), config)
    for _ in range(4):
        next(work)
    seen = len(network.batches)
    work.close()
    assert len(network.batches) == seen
    assert not [t for t in threading.enumerate() if t.name.startswith("dtn-tiles")]


@pytest.mark.parametrize(
    "error", [ImageError("page 7 is damaged"), OSError(5, "Input/output error")]
)
def test_an_error_while_reading_reaches_the_caller(error):
    class Torn:
        shape, dtype = (300, 300), np.dtype(np.uint8)
        reads = 0

        def __getitem__(self, key):
            self.reads += 1
            if self.reads > 5:
                raise error
            return np.zeros(tuple(s.stop - s.start for s in key), np.uint8)

    with pytest.raises(ImageError, match=r"page 7|can't read image: Input"):
        finish(predict(model_of(Echo()), image_of(Torn()), CPU))


def test_time_left_shrinks_to_nothing():
    left = []
    work = predict(model_of(Echo()), image_of(noise(200, 200)), CPU)
    finish(work, lambda p: left.append(p.seconds_left))
    assert left[0] is None
    assert left[-1] == 0
    assert all(seconds >= 0 for seconds in left[1:])


def test_the_model_stays_as_it_was():
    network = tiny_dtn()
    network.train()
    before = copy.deepcopy(network.state_dict())
    result = finish(predict(model_of(network), image_of(noise(40, 40)), CPU))
    assert network.training
    assert all(torch.equal(before[k], v) for k, v in network.state_dict().items())
    network.eval()
    again = finish(predict(model_of(network), image_of(noise(40, 40)), CPU))
    np.testing.assert_array_equal(result.probability, again.probability)
    assert all(p.requires_grad for p in network.parameters())


def test_threads_are_given_back():
    before = torch.get_num_threads()
    config = PredictConfig(device="cpu", threads=before + 1)
    finish(predict(model_of(Echo()), image_of(noise(40, 40)), config))
    assert torch.get_num_threads() == before


def test_the_plain_twin_has_no_warps():
    network = build_network(NetworkConfig(depth=3, base_channels=2)).eval()
    result = finish(predict(model_of(network), image_of(noise(80, 80)), CPU))
    assert result.levels == ()
    assert result.warps == ()
    assert result.classes == ("class 0", "class 1")


def test_one_tile_is_the_networks_own_answer():
    network = tiny_dtn()
    network.train()
    for _ in range(3):  # so that batch norm has something to fold
        network(torch.randn(4, 1, 32, 32) * 2 + 1)
    network.eval()
    pixels = noise(32, 32)
    result = finish(predict(model_of(network), image_of(pixels), CPU))
    seen = measure_intensity(image_of(pixels)).apply(pixels)
    with torch.no_grad():
        wanted = torch.softmax(network(torch.from_numpy(seen)[None]), 1)[0, 1]
    np.testing.assert_allclose(result.probability, wanted.numpy(), atol=3e-6)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_is_near(precision):
    network = tiny_dtn()
    model, image = model_of(network), image_of(noise(60, 60))
    full = finish(predict(model, image, CPU)).probability
    config = PredictConfig(device="cpu", precision=precision)
    half = finish(predict(model, image, config)).probability
    assert half.dtype == np.float32
    np.testing.assert_allclose(half, full, atol=0.02)


def test_values_that_are_not_finite_are_an_error():
    class Broken(Echo):
        def trace(self, x):
            return Trace(super().trace(x).logits * float("nan"), ())

    with pytest.raises(DivergedError, match="not finite"):
        finish(predict(model_of(Broken()), image_of(noise(40, 40)), CPU))


def test_a_device_that_is_not_there_is_named_with_those_that_are():
    absent = "mps" if not torch.backends.mps.is_available() else "cuda"
    config = PredictConfig(device=absent)
    with pytest.raises(DeviceError, match=rf"{absent}.*cpu"):
        next(predict(model_of(Echo()), image_of(noise(40, 40)), config))


def test_the_device_is_always_said():
    result = finish(predict(model_of(Echo()), image_of(noise(40, 40)), CPU))
    assert result.device.startswith("cpu (")


def test_results_are_written_where_the_caller_says():
    pixels = noise(70, 60)
    out = np.zeros((70, 60), np.float32), np.zeros((70, 60), np.uint8)
    result = finish(predict(model_of(Echo()), image_of(pixels), CPU, out=out))
    assert np.shares_memory(result.probability, out[0])
    assert not result.probability.flags.writeable
    assert out[0].flags.writeable
    np.testing.assert_allclose(out[0], expected(pixels), atol=5e-7)
    wrong = np.zeros((70, 61), np.float32), out[1]
    with pytest.raises(ConfigError, match=r"\(70, 61\)"):
        next(predict(model_of(Echo()), image_of(pixels), CPU, out=wrong))


def test_lazy_arrays_are_read_tile_by_tile():
    dask = pytest.importorskip("dask.array")
    pixels = noise(150, 130)
    lazy = dask.from_array(pixels, chunks=(40, 50))
    result = finish(predict(model_of(Echo()), image_of(lazy), CPU))
    np.testing.assert_allclose(result.probability, expected(pixels), atol=5e-7)


def test_a_tile_is_no_larger_than_the_image_needs():
    """A huge tile around a small image would compute mirrors, and fill the memory."""
    network = Echo()
    config = PredictConfig(device="cpu", tile=(8192, 8192))
    image = image_of(np.arange(40 * 90, dtype=np.uint16).reshape(40, 90))
    result = finish(predict(model_of(network, (32, 64)), image, config))
    assert [batch.shape[-2:] for batch in network.batches] == [(40, 92)]
    assert result.probability.shape == (40, 90)


def test_a_small_image_is_seen_as_in_training_whatever_tile_is_asked_for():
    network = Echo()
    config = PredictConfig(device="cpu", tile=(8192, 8192))
    image = image_of(np.zeros((5, 7), np.uint8))
    finish(predict(model_of(network, (32, 64)), image, config))
    assert [batch.shape[-2:] for batch in network.batches] == [(32, 64)]


@pytest.mark.parametrize("value", [7.0, np.nan])
def test_image_without_differences_is_said_to_say_nothing(value):
    pixels = np.full((40, 40), value, np.float32)
    steps = predict(model_of(Echo()), image_of(pixels), CPU)
    assert any("says nothing" in step.message for step in steps)
