"""How large a taught network sees images: as those it was trained on look."""

from __future__ import annotations

import gc
import math
import weakref
from contextlib import closing

import numpy as np
import pytest
import torch
from small_lessons import CLASSES, SIDE, small_teaching, weights_of
from torch import nn
from torch.distributions import Normal, kl_divergence

from dense_transformer.config import NetworkConfig, PredictConfig
from dense_transformer.data import measure_intensity, resample
from dense_transformer.evaluation import score
from dense_transformer.inference import predict
from dense_transformer.nn import build_network
from dense_transformer.teaching import (
    Patch,
    Project,
    begin_run,
    lesson_views,
    read_status,
    teach,
)
from dense_transformer.teaching.lesson_data import open_lesson
from dense_transformer.teaching.lesson_views import LessonViews
from dense_transformer.teaching.zoom import Proposal, measure_strangeness, propose_zoom
from dense_transformer.types import Image
from dense_transformer.work import finish
from dense_transformer.zoo import Card, load_model, save_model


def normalised(pixels):
    return measure_intensity(Image(pixels, "yx", "stripes"), 0).apply(pixels)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A model that finds thin bars, trained for some seconds."""
    network = build_network(NetworkConfig(depth=3, base_channels=4), 3).train()
    drawn, truth = bars(1)
    pixels = normalised(drawn)
    rng = np.random.default_rng(0)
    optimiser = torch.optim.Adam(network.parameters(), 5e-3)
    for _ in range(200):
        corners = rng.integers(0, SIDE - 32, (6, 2))
        cut = [np.s_[y : y + 32, x : x + 32] for y, x in corners]
        some = torch.from_numpy(np.stack([pixels[:, *at] for at in cut]))
        known = torch.from_numpy(np.stack([truth[at] for at in cut]).astype(np.int64))
        loss = nn.functional.cross_entropy(network(some), known - 1)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    file = tmp_path_factory.mktemp("model") / "stripes.safetensors"
    card = Card(name="stripes", classes=CLASSES, patch=(32, 32))
    save_model(file, network.eval(), card)
    return file


def bars(times):
    """Return pixels and truth (h, w), `times` as large: thin dark bars are boundaries.

    Thick dark ones are not, so that all depends on how large they are seen.
    """
    rng = np.random.default_rng(4)
    side = round(SIDE * times)
    y, x = (np.indices((side, side)) + 0.5) / times
    at = (x + y / 3) % 24
    thin, thick = at < 3, (at > 9) & (at < 18)
    pixels = np.where(thin | thick, 70, 170) + rng.normal(0, 12, thin.shape)
    truth = np.where(thin, 2, 1).astype(np.uint8)
    return pixels.clip(0, 255).astype(np.uint8), truth


def windows_of(pixels):
    whole = normalised(pixels)

    def windows(zoom):
        seen = resample(whole, (zoom, zoom))
        far = (np.array(seen.shape[1:]) - 32) // 2
        corners = [(y, x) for y in (0, far[0], -32) for x in (0, far[1], -32)]
        return [np.roll(seen, (-y, -x), (1, 2))[:, :32, :32] for y, x in corners]

    return windows


def test_strangeness_is_the_divergence_that_torch_computes(path):
    network = load_model(path).network
    windows = windows_of(bars(2)[0])(1.0)
    seen = {}
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    hooks = [
        norm.register_forward_pre_hook(
            lambda module, inputs: seen.update({module: inputs[0]})
        )
        for norm in norms
    ]
    with torch.no_grad():
        network(torch.from_numpy(np.stack(windows)))
    for hook in hooks:
        hook.remove()
    expected = []
    for norm in norms:
        values = seen[norm].double().transpose(0, 1).flatten(1)
        here = Normal(values.mean(1), (values.var(1, correction=0) + norm.eps).sqrt())
        own = Normal(
            norm.running_mean.double(), (norm.running_var.double() + norm.eps).sqrt()
        )
        expected.append(float(kl_divergence(here, own).mean()))
    found = measure_strangeness(network, windows)
    assert found == pytest.approx(np.mean(expected), rel=1e-6)
    assert found > 0.01


def test_measuring_leaves_the_network_as_it_was(path):
    network = load_model(path).network
    before = {name: v.clone() for name, v in network.state_dict().items()}
    windows = windows_of(bars(1)[0])
    measure_strangeness(network, windows(1.0))
    assert all(torch.equal(v, before[n]) for n, v in network.state_dict().items())
    assert not any(m._forward_pre_hooks for m in network.modules())


def test_a_network_on_images_of_its_own_kind_proposes_nothing(path):
    network = load_model(path).network
    assert finish(propose_zoom(network, windows_of(bars(1)[0]))) is None


@pytest.mark.parametrize("times", [2.0, 3.0])
def test_images_of_smaller_pixels_are_proposed_to_be_shrunk(path, times):
    network = load_model(path).network
    found = finish(propose_zoom(network, windows_of(bars(times)[0])))
    assert abs(math.log2(found.zoom * times)) <= 0.5
    assert found.strangeness < found.before / 3


def test_a_zoom_that_no_card_takes_is_not_looked_at(path):
    network, asked = load_model(path).network, []
    windows = windows_of(bars(1)[0])

    def noted(zoom):
        asked.append(zoom)
        return windows(zoom)

    finish(propose_zoom(network, noted, 12.0))
    assert max(asked) == 1
    assert min(asked) < 1


def test_where_memory_ends_on_the_enlarged_image_it_is_seen_as_before(
    path, tmp_path, monkeypatch
):
    run, at = taught(tmp_path / "p", path, 3, steps=1), LessonViews.at

    def limited(self, zoom):
        if zoom != 1:
            raise MemoryError
        return at(self, zoom)

    monkeypatch.setattr(LessonViews, "at", limited)
    assert load_model(finish(teach(run)).best).card.zoom == 1


@pytest.mark.parametrize(
    ("strangeness", "before", "evident"),
    [(0.006, 0.1, True), (0.015, 0.065, False), (0.1, 0.6, False)],
)
def test_only_what_looks_like_the_models_own_images_needs_no_label(
    strangeness, before, evident
):
    assert Proposal(2.0, strangeness, before).evident is evident


def taught(folder, path, times, **changes):
    """Return the run of a project on enlarged bars with three strokes."""
    pixels, truth = bars(times)
    with Project.create(folder, path) as project:
        project.add_image("large", pixels)
        journal = project.journal("large")
        for top in (10, 40, 80):
            labels = truth[top : top + 3, 10:90]
            journal.paint(0, top, 10, None, labels)
        return begin_run(project, small_teaching(zoom=True, **changes))


def auc(model, times=2):
    pixels, truth = bars(times)
    found = finish(
        predict(model, Image(pixels, "yx", "large"), PredictConfig(device="cpu"))
    )
    return score([(found.probability, truth)], 2).auc


def test_strokes_on_an_image_of_a_third_of_the_pixel_size_teach_how_large_to_see_it(
    path, tmp_path
):
    run = taught(tmp_path / "p", path, 3, steps=1)
    work, said = teach(run), set()
    try:
        while True:
            said.add(read_status(run).message if next(work) else "")
    except StopIteration as end:
        result = end.value
    assert "looking at the image 0.5 times as large" in said
    best = load_model(result.best)
    assert best.card.zoom in (0.25, 2**-1.5, 0.5)
    assert "times as large" in result.words
    assert auc(best, 3) > auc(load_model(path), 3) + 0.05


def test_the_start_is_judged_and_kept_as_it_sees_images_itself(path, tmp_path):
    """At no zoom is anything gained on the image that it was trained on."""
    run = taught(
        tmp_path / "p", path, 1, steps=2, learning_rate=1e-8, mixes=(1.0,), adapt=False
    )  # fmt: skip
    result = finish(teach(run))
    assert not result.improved
    assert load_model(result.best).card.zoom == 1
    assert weights_of(result.best) == weights_of(path)


@pytest.fixture
def opened(monkeypatch):
    """How often a lesson was opened: zoom, what of others was alive, its pixels."""
    found = []

    def noted(lesson, model, *others):
        others_alive = alive(found)
        data = open_lesson(lesson, model, *others)
        pairs = (*data.pairs, *data.held_out, *data.windows)
        pixels = [weakref.ref(one.pixels) for one in pairs]
        found.append((model.card.zoom, others_alive, pixels))
        return data

    monkeypatch.setattr(lesson_views, "open_lesson", noted)
    return found


def alive(opened):
    gc.collect()
    return [at for at, *_, pixels in opened if any(p() is not None for p in pixels)]


def test_what_only_the_start_is_judged_by_is_let_go_of(path, tmp_path, opened):
    """By then the lesson is in memory once, as it is learned from."""
    with closing(teach(taught(tmp_path / "p", path, 3, steps=2))) as work:
        while next(work).done < 1:
            pass
        first, zoom, *_ = [at for at, *_ in opened]
        assert first == 1 != zoom
        assert alive(opened) == [zoom]


def test_a_lesson_is_in_memory_once_while_a_zoom_is_chosen(path, tmp_path, opened):
    finish(teach(taught(tmp_path / "p", path, 3, steps=1)))
    (_, before, _), (zoom, meanwhile, _), *_ = opened
    assert zoom != 1
    assert before == meanwhile == []


def test_a_zoom_that_was_chosen_is_kept_when_a_run_goes_on(path, tmp_path):
    whole = taught(tmp_path / "a", path, 2, steps=6)
    finish(teach(whole))
    parts = taught(tmp_path / "b", path, 2, steps=6)
    work = teach(parts)
    while next(work).done < 3:
        pass
    work.close()
    finish(teach(parts))
    models = [load_model(run / "last.safetensors") for run in (whole, parts)]
    assert models[0].card.zoom == models[1].card.zoom < 1
    assert models[0].sha256 == models[1].sha256


def test_a_model_that_was_taught_a_zoom_is_taught_on_from_there(path, tmp_path):
    run = taught(tmp_path / "p", path, 2)
    first = load_model(finish(teach(run)).best)
    with Project.open(tmp_path / "p") as project:
        again = begin_run(project, small_teaching(zoom=True), run / "best.safetensors")
    result = finish(teach(again))
    assert load_model(result.best).card.zoom == first.card.zoom
    assert "times as large" not in result.words


def test_without_the_setting_images_are_seen_as_before(path, tmp_path):
    with Project.create(tmp_path / "p", path) as project:
        pixels, truth = bars(2)
        project.add_image("large", pixels)
        journal = project.journal("large")
        journal.paint(0, 10, 20, None, truth[10:40, 20:120])
        journal.add_patch(Patch(0, 10, 20, 40, 120))
        run = begin_run(project, small_teaching(steps=2))
    assert load_model(finish(teach(run)).best).card.zoom == 1
