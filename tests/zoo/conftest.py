import pytest
import torch

from dense_transformer.config import NetworkConfig, TransformerConfig
from dense_transformer.nn import build_network
from dense_transformer.zoo import Card, catalogue

TINY = NetworkConfig(
    depth=3,
    base_channels=2,
    transformers=(TransformerConfig(level=2, localisation_channels=2, lattice=(3, 3)),),
)


@pytest.fixture(scope="session")
def network():
    """A tiny network whose weights and statistics are all unlike a new one's."""
    network = build_network(TINY, seed=7)
    random = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if tensor.is_floating_point():
                tensor.copy_(torch.rand(tensor.shape, generator=random) + 0.1)
            else:
                tensor.fill_(11)
            if name.endswith("weight"):
                tensor.sub_(0.6)
    return network.eval()


@pytest.fixture
def card():
    return Card(name="tiny", title="A tiny network", scores=(("auc", 0.75),))


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """Return the folders of shipped and own models, empty and of this test only."""
    shipped, home = tmp_path / "shipped", tmp_path / "home"
    shipped.mkdir()
    monkeypatch.setattr(catalogue, "SHIPPED_FOLDER", shipped)
    monkeypatch.setenv("DTN_HOME", str(home))
    (home / "models").mkdir(parents=True)
    return shipped, home / "models"
