from __future__ import annotations

import dataclasses
import json

import pytest

from dense_transformer.config import AboutConfig
from dense_transformer.errors import RunError, WriteError
from dense_transformer.training import RunDirectory

RECORD = {"command": "dtn train", "data": [["raw/00.tif", "ab"]], "versions": {}}


@pytest.fixture
def begun(tmp_path, config):
    with RunDirectory(tmp_path / "run") as directory:
        directory.begin(config, RECORD)
    return directory


def test_the_same_settings_and_data_go_on(begun, config):
    before = begun.record.read_bytes()
    with begun:
        begun.begin(config, RECORD | {"command": "other words"})
    assert begun.record.read_bytes() == before
    assert begun.read_config() == config


def test_other_settings_are_refused_by_name(begun, config):
    network = dataclasses.replace(config.network, depth=4)
    with (
        begun,
        pytest.raises(RunError, match=r"network\.depth 3, now 4; steps 6, now 7"),
    ):
        begun.begin(dataclasses.replace(config, network=network, steps=7), RECORD)


def test_other_words_on_the_card_are_not_other_settings(begun, config):
    with begun:
        begun.begin(
            dataclasses.replace(config, about=AboutConfig(title="Better")), RECORD
        )


def test_a_setting_that_came_later_has_its_default(begun, config):
    record = json.loads(begun.record.read_bytes())
    del record["config"]["gradient_norm"], record["config"]["augment"]["noise"]
    begun.record.write_text(json.dumps(record))
    with begun:
        begun.begin(config, RECORD)


def test_other_data_are_refused(begun, config):
    with begun, pytest.raises(RunError, match=r"data of the run .* have changed"):
        begun.begin(config, RECORD | {"data": [["raw/00.tif", "cd"]]})


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"config": 3}', b'{"config": {"speed": 1}}', b"\xff"],
)
def test_a_damaged_record_is_refused(begun, config, content):
    begun.record.write_bytes(content)
    with begun, pytest.raises(RunError, match=r"config\.json is .*damaged"):
        begun.begin(config, RECORD)


def test_a_record_of_a_newer_version_is_refused(begun, config):
    record = json.loads(begun.record.read_bytes())
    record["config"]["version"] = 99
    begun.record.write_text(json.dumps(record))
    with begun, pytest.raises(RunError, match="update napari-dtn"):
        begun.begin(config, RECORD)


def test_what_killed_writers_left_is_removed(begun):
    (begun.path / ".state.pt.0123456789ab.partial").write_bytes(b"half")
    with begun:
        assert not list(begun.path.glob(".*"))


def test_a_stop_meant_for_the_run_before_is_taken_away(begun):
    begun.stop.touch()
    with begun:
        assert not begun.stop_requested()
        begun.stop.touch()
        assert begun.stop_requested()


def test_a_file_in_place_of_the_folder_is_an_error_that_names_it(tmp_path):
    (tmp_path / "run").write_text("mine")
    with pytest.raises(WriteError, match=r"run.*use another folder"):
        RunDirectory(tmp_path / "run").__enter__()
    assert (tmp_path / "run").read_text() == "mine"
