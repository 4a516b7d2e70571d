from __future__ import annotations

import pytest

from dense_transformer.errors import ConfigError
from dense_transformer.training import read_config
from dense_transformer.training.config_file import expand_root

TEXT = """
name = "mine"
steps = 20
patch = [64, 96]
[data]
layout = "vnc"
root = "${DTN_TEST_DATA}/vnc"
classes = ["inside", "membrane"]
[[network.transformers]]
level = 3
[[network.transformers]]
level = 4
lattice = [3, 5]
"""


def test_a_file_becomes_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("DTN_TEST_DATA", "/somewhere")
    (tmp_path / "a.toml").write_text(TEXT)
    config = read_config(tmp_path / "a.toml")
    assert (config.name, config.steps, config.patch) == ("mine", 20, (64, 96))
    assert [t.lattice for t in config.network.transformers] == [(4, 4), (3, 5)]
    assert config.data.root == "${DTN_TEST_DATA}/vnc"  # as written: data may move
    assert expand_root(config.data).root == "/somewhere/vnc"


def test_a_variable_that_is_not_set_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("DTN_TEST_DATA", raising=False)
    (tmp_path / "a.toml").write_text(TEXT)
    with pytest.raises(ConfigError, match="variable DTN_TEST_DATA is not set; set it"):
        read_config(tmp_path / "a.toml")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"steps = ", "not a TOML file"),
        (b"\xff\xfe\x00", "not a TOML file"),
        (b"speed = 3", "has no setting speed"),
        (b"steps = 0", "TrainConfig.steps 0: use a value from 1"),
        (b'steps = "many"', "is not a int"),
        (b"version = 99", "newer than"),
        (b"x" * 1_000_001, "too large"),
    ],
)
def test_what_is_no_configuration_is_refused_by_name(tmp_path, content, message):
    (tmp_path / "a.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=message) as caught:
        read_config(tmp_path / "a.toml")
    assert "a.toml" in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"can't read .*none\.toml"):
        read_config(tmp_path / "none.toml")
