"""A pass that goes on from an earlier one gives what a new one gives."""

from __future__ import annotations

import pytest
import torch

from dense_transformer.config import NetworkConfig, TransformerConfig
from dense_transformer.nn import Memory, build_network


@pytest.fixture
def network():
    pairs = tuple(TransformerConfig(level=level) for level in (2, 3))
    config = NetworkConfig(depth=4, base_channels=2, transformers=pairs)
    network = build_network(config).eval()
    for parameter in network.transformer_parameters():
        parameter.data.add_(0.05)
    return network


def test_every_edit_gives_the_bits_of_a_pass_of_its_own(network):
    x = torch.randn(1, 1, 48, 40, generator=torch.Generator().manual_seed(0))
    memory = Memory()
    shift = torch.linspace(-0.1, 0.1, 32)
    edits = [
        None,
        lambda level, theta: theta + shift * (level == 2),
        lambda level, theta: theta + shift * (level == 3),
        lambda level, theta: theta * 0,
        None,
        lambda level, theta: theta + shift,
        lambda level, theta: theta + shift * (level == 2),
    ]
    with torch.inference_mode():
        for edit in edits:
            alone = network.trace(x, edit=edit)
            again = network.trace(x, edit=edit, memory=memory)
            assert torch.equal(again.logits, alone.logits)
            for a, b in zip(alone.warps, again.warps, strict=True):
                assert a.level == b.level
                assert torch.equal(a.theta, b.theta)
                assert torch.equal(a.points_px, b.points_px)


@pytest.mark.parametrize(
    ("level", "computed"),
    [(2, {"1.down2", "2.down1"}), (3, {"2.down2", "3.down1"}), (0, set())],
)
def test_only_what_comes_after_a_change_is_computed(network, level, computed):
    x = torch.zeros(1, 1, 32, 32)
    memory = Memory()
    ran: set[str] = set()
    for index in range(4):
        for name in ("down1", "down2"):
            getattr(network.level(index), name).register_forward_hook(
                lambda *_, name=f"{index}.{name}": ran.add(name)
            )
    with torch.inference_mode():
        network.trace(x, memory=memory)
        ran.clear()
        network.trace(
            x, edit=lambda at, theta: theta + 0.1 * (at == level), memory=memory
        )
    skipped = {"0.down1", "0.down2", "1.down1"}
    assert not ran & skipped
    assert computed <= ran
    assert bool(ran) == bool(computed)


def test_a_pass_that_broke_off_leaves_nothing_stale(network):
    x = torch.randn(1, 1, 32, 32, generator=torch.Generator().manual_seed(1))
    memory = Memory()

    def edit(level, theta):
        return theta + 0.1 * (level == 2)

    def broken(level, theta):
        if level == 3:
            raise InterruptedError
        return edit(level, theta)

    with torch.inference_mode():
        network.trace(x, memory=memory)
        with pytest.raises(InterruptedError):
            network.trace(x, edit=broken, memory=memory)
        again = network.trace(x, edit=edit, memory=memory)
        assert torch.equal(again.logits, network.trace(x, edit=edit).logits)
