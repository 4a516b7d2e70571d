"""A small data set on disk, and settings that train on it within seconds."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_runs import small_config, write_stripes

from dense_transformer.config import TrainConfig


@pytest.fixture(scope="session")
def stripes(tmp_path_factory) -> Path:
    """A folder with three sections of 48x48 pixels in the VNC layout."""
    return write_stripes(tmp_path_factory.mktemp("data") / "stripes")


@pytest.fixture
def config(stripes) -> TrainConfig:
    """Settings of six steps on the stripes."""
    return small_config(stripes)
