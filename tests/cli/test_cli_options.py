"""Options and `--set` are the fields of the settings, in another spelling."""

from __future__ import annotations

import argparse
import dataclasses

import pytest

from dense_transformer.cli.changes import read_changes
from dense_transformer.cli.options import add_settings, parse_value, read_settings
from dense_transformer.config import PredictConfig, TrainConfig
from dense_transformer.errors import ConfigError
from dense_transformer.settings import from_dict


def parsed(*words: str) -> PredictConfig:
    parser = argparse.ArgumentParser()
    add_settings(parser, PredictConfig)
    return read_settings(parser.parse_args(list(words)), PredictConfig)


def test_without_options_the_settings_are_the_defaults():
    assert parsed() == PredictConfig()


def test_every_field_has_an_option_with_its_help(capsys: pytest.CaptureFixture[str]):
    parser = argparse.ArgumentParser()
    add_settings(parser, PredictConfig)
    shown = " ".join(parser.format_help().split())
    for field in dataclasses.fields(PredictConfig):
        assert "--" + field.name.replace("_", "-") in shown
        assert " ".join(field.metadata["help"].split()) in shown


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (["--tile", "224"], "tile", (224, 224)),
        (["--tile", "224,256"], "tile", (224, 256)),
        (["--tile", "224x256"], "tile", (224, 256)),
        (["--pixel-nm", "4.6"], "pixel_nm", (4.6, 4.6)),
        (["--batch", "2"], "batch", 2),
        (["--overlap", "0"], "overlap", 0.0),
        (["--dtype", "uint8"], "dtype", "uint8"),
        (["--no-keep-warps"], "keep_warps", False),
        (["--device", "cpu"], "device", "cpu"),
    ],
)
def test_an_option_sets_its_field(words: list[str], name: str, value: object):
    assert parsed(*words) == dataclasses.replace(PredictConfig(), **{name: value})


@pytest.mark.parametrize(
    "words",
    [
        ["--tile", "8"],
        ["--tile", "224,224,224"],
        ["--tile", "wide"],
        ["--batch", "2.5"],
        ["--batch", "many"],
        ["--overlap", "nan"],
        ["--device", "tpu"],
        ["--pixel-nm", "0"],
    ],
)
def test_a_bad_value_is_refused_and_shown(words: list[str]):
    with pytest.raises(ConfigError, match=words[1].split(",")[0]):
        parsed(*words)


def test_a_change_reaches_into_tables_and_keeps_the_rest():
    changes = read_changes(["steps=200", "network.base_channels=16", "name=a b"])
    config = from_dict(TrainConfig, changes)
    assert (config.steps, config.network.base_channels, config.name) == (200, 16, "a b")
    assert config.network.depth == TrainConfig().network.depth


def test_a_list_of_tables_is_written_as_in_toml():
    changes = read_changes(["network.transformers=[{level = 3, family = 'affine'}]"])
    (transformer,) = from_dict(TrainConfig, changes).network.transformers
    assert (transformer.level, transformer.family) == (3, "affine")


def test_names_are_a_list_with_commas():
    changes = read_changes(["data.train=00,01", "data.validation=13:16"])
    data = from_dict(TrainConfig, changes).data
    assert (data.train, data.validation) == (("00", "01"), ("13:16",))


def test_a_changed_root_is_relative_to_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_changes(["data.root=here"])["data"]["root"] == str(tmp_path / "here")


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ("steps", "key=value"),
        ("stepps=3", "stepps"),
        ("network.width=3", "width"),
        ("steps.more=3", "no settings of its own"),
        ("batch=two", "two"),
    ],
)
def test_a_bad_change_is_refused_with_the_reason(change: str, part: str):
    with pytest.raises(ConfigError, match=part):
        read_changes([change])


def test_words_are_no_numbers():
    assert parse_value("1e3", str, "name") == "1e3"
    assert parse_value("007", str, "name") == "007"
