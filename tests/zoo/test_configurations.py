"""The configurations that ship with the package can be read wherever it lies."""

import pytest

from dense_transformer.training import read_config
from dense_transformer.zoo import find_config
from dense_transformer.zoo.catalogue import CONFIG_FOLDER

NAMES = sorted(path.stem for path in CONFIG_FOLDER.glob("*.toml"))


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_configuration_is_whole_and_names_its_model(name, monkeypatch):
    monkeypatch.setenv("DTN_DATA", "/data")
    config = read_config(find_config(name))
    assert config.name == name
    for field in ("title", "description", "data", "terms", "citation", "license"):
        assert getattr(config.about, field), field
    assert config.data.root.startswith("${DTN_DATA}")


def test_every_dtn_has_a_twin_that_differs_in_nothing_but_its_transformers(monkeypatch):
    monkeypatch.setenv("DTN_DATA", "/data")
    pairs = [(n, n.removesuffix("dtn") + "unet") for n in NAMES if n.endswith("-dtn")]
    assert pairs
    for name, twin in pairs:
        dtn, unet = read_config(find_config(name)), read_config(find_config(twin))
        differing = {"name", "about", "network"}
        for field in set(dtn.to_dict()) - differing:
            assert getattr(dtn, field) == getattr(unet, field), (name, field)
        network = {**dtn.network.to_dict(), "transformers": []}
        assert unet.network.to_dict() == network
        assert dtn.network.transformers
