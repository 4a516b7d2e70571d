"""Full memory costs a smaller batch, tile or device, and never a tile."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch
from known_networks import Echo, image_of, model_of, tiny_dtn

from dense_transformer.config import PredictConfig
from dense_transformer.errors import DeviceError
from dense_transformer.inference import engine, predict, prediction
from dense_transformer.nn.devices import is_out_of_memory
from dense_transformer.work import finish

FULL = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    RuntimeError("cuDNN error: CUDNN_STATUS_NOT_SUPPORTED. This error may appear if"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"),
    RuntimeError("could not create a primitive"),  # oneDNN
    RuntimeError("MPS backend out of memory (MPS allocated: 9.06 GB)"),
    RuntimeError("Invalid buffer size: 24.00 GB"),
    RuntimeError(
        "[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"
    ),
    MemoryError(),
]
OTHERS = [
    RuntimeError("mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)"),
    RuntimeError("CUDA error: an illegal memory access was encountered"),
    RuntimeError("CUDA error: device-side assert triggered"),
    ValueError("out of memory"),
]
IMAGE = image_of(np.random.default_rng(0).integers(0, 255, (150, 170), dtype=np.uint8))


class Faulty(Echo):
    """Runs out of memory where a test says, by number of call and batch."""

    def __init__(self, fault) -> None:
        super().__init__()
        self.fault = fault
        self.calls = 0

    def trace(self, x):
        self.calls += 1
        if error := self.fault(self.calls, x):
            raise error
        return super().trace(x)


def run(network, messages=None, tile=(32, 32), **settings):
    config = PredictConfig(device="cpu", **settings)
    work = predict(model_of(network, tile), IMAGE, config)
    return finish(work, lambda p: messages is not None and messages.append(p.message))


@pytest.mark.parametrize("error", FULL, ids=lambda e: str(e)[:30] or "MemoryError")
@pytest.mark.parametrize("call", [1, 3, 11])
def test_a_smaller_batch_gives_the_same_result(error, call):
    plain = run(Echo())
    network, messages = Faulty(lambda n, x: error if n == call else None), []
    result = run(network, messages)
    np.testing.assert_array_equal(result.probability, plain.probability)
    np.testing.assert_array_equal(result.labels, plain.labels)
    assert sum(len(b) for b in network.batches) == 42  # each tile once
    assert "on cpu (1 thread); memory ran out: 2 tiles at a time" in messages
    assert result.device == "cpu (1 thread); memory ran out: 2 tiles at a time"


def test_the_batch_is_halved_until_it_fits():
    network, messages = Faulty(lambda n, x: MemoryError() if len(x) > 1 else None), []
    result = run(network, messages, batch=13)
    np.testing.assert_array_equal(result.probability, run(Echo()).probability)
    assert [len(b) for b in network.batches] == [1] * 42
    assert [m.split(": ")[1] for m in messages if "ran out" in m] == [
        "6 tiles at a time",
        "3 tiles at a time",
        "1 tile at a time",
    ]


def test_a_smaller_tile_starts_again_and_loses_nothing():
    def fault(call, x):
        return MemoryError() if x.shape[-1] > 64 and call > 2 else None

    network, messages = Faulty(fault), []
    result = run(network, messages, tile=(128, 128), batch=1)
    np.testing.assert_allclose(result.probability, run(Echo()).probability, atol=1e-6)
    assert "tiles of 64 x 64 px" in result.device
    assert any(m.startswith("12 tiles of 64 x 64 px") for m in messages)
    small = [b for b in network.batches if b.shape[-1] == 64]
    assert sum(len(b) for b in small) == 12


def test_tiles_are_not_made_uselessly_small():
    network = Faulty(lambda n, x: MemoryError())
    with pytest.raises(DeviceError, match=r"one tile of 64 x 64 px on the CPU"):
        run(network, tile=(128, 128))


# Slow: where memory is really full, oneDNN itself crashed the process now and then.
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
def test_memory_that_is_really_full_gives_the_same_result():
    """In a process of its own whose address space may grow by 200 MiB only.

    49 tiles need 290, 24 need 160: a large map finds no room, and torch says so.
    With less, a small one may fail first, where oneDNN can crash by itself.
    """
    script = """
import resource, sys
import numpy as np, torch
torch.set_num_threads(1)
from known_networks import image_of, model_of
from dense_transformer.config import NetworkConfig, PredictConfig
from dense_transformer.inference import predict
from dense_transformer.nn import build_network
from dense_transformer.work import finish
network = build_network(NetworkConfig(depth=3, base_channels=16)).eval()
model = model_of(network, (128, 128))
image = image_of(np.random.default_rng(0).integers(0, 255, (700, 700), dtype=np.uint8))
wanted = finish(predict(model, image, PredictConfig(device="cpu", batch=1)))
status = open("/proc/self/status").read()
now = int(status.split("VmSize:")[1].split()[0]) * 1024
resource.setrlimit(resource.RLIMIT_AS, (now + 200 * 2**20,) * 2)
found = finish(predict(model, image, PredictConfig(device="cpu", batch=49)))
print(found.device)
print(np.abs(found.probability - wanted.probability).max() < 1e-6)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parent,
        stdout=subprocess.PIPE, text=True, check=True, timeout=120,
    )  # fmt: skip
    device, same = done.stdout.split("\n")[:2]
    assert "memory ran out" in device
    assert "at a time" in device
    assert "tiles of" not in device
    assert same == "True"


@pytest.mark.parametrize("error", OTHERS, ids=lambda e: str(e)[:30])
def test_other_errors_are_not_tried_again(error):
    network = Faulty(lambda n, x: error if n == 2 else None)
    with pytest.raises(type(error), match=str(error)[:20].replace("(", r"\(")):
        run(network)
    assert network.calls == 2


def test_full_memory_is_told_from_all_else_by_type_and_text():
    assert all(is_out_of_memory(error) for error in FULL)
    assert not any(is_out_of_memory(error) for error in OTHERS)


def test_nothing_of_the_failed_try_is_alive_in_the_next():
    """The traceback of an error holds the tensors of all its frames."""
    held = []

    def fault(call, x):
        if call == 2:
            big = torch.zeros(1000)
            held.append(weakref.ref(big))
            return MemoryError()
        if call == 3:
            held.append(held[0]())
        return None

    gc.disable()
    try:
        run(Faulty(fault))
    finally:
        gc.enable()
    assert held[1] is None


def test_the_last_resort_is_the_cpu(monkeypatch):
    """A stand-in for a GPU: torch's meta device is 'there' and always full."""
    monkeypatch.setattr(prediction, "choose_device", lambda name: torch.device("meta"))

    class Full:
        device = torch.device("meta")

        def run(self, tiles, *how):
            raise torch.OutOfMemoryError("CUDA out of memory.")

    real = engine.Engine

    def place(network, device, *rest):
        return Full() if device.type == "meta" else real(network, device, *rest)

    monkeypatch.setattr(engine, "Engine", place)
    messages = []
    work = predict(model_of(Echo(), (128, 128)), IMAGE, PredictConfig())
    result = finish(work, lambda p: messages.append(p.message))
    wanted = run(Echo(), tile=(128, 128))
    np.testing.assert_allclose(result.probability, wanted.probability, atol=1e-6)
    assert result.device.startswith("cpu (")
    assert "instead of meta; memory ran out" in result.device
    assert any(
        "4 tiles of 128 x 128 px" in m and "instead of meta" in m for m in messages
    )


def test_a_network_too_large_for_its_device_goes_to_the_cpu(monkeypatch):
    monkeypatch.setattr(prediction, "choose_device", lambda name: torch.device("meta"))
    real = engine.Engine

    def place(network, device, *rest):
        if device.type == "meta":
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return real(network, device, *rest)

    monkeypatch.setattr(engine, "Engine", place)
    result = finish(predict(model_of(Echo()), IMAGE, PredictConfig()))
    assert result.device.startswith("cpu (")


def test_warps_are_neither_lost_nor_doubled():
    network = tiny_dtn()
    config = PredictConfig(device="cpu")
    plain = finish(predict(model_of(network), IMAGE, config))
    real, calls = network.trace, []

    def trace(x):
        calls.append(len(x))
        if len(calls) == 3:
            raise MemoryError
        return real(x)

    network.trace = trace
    result = finish(predict(model_of(network), IMAGE, config))
    assert [w.tile_px for w in result.warps] == [w.tile_px for w in plain.warps]
    np.testing.assert_allclose(result.probability, plain.probability, atol=1e-6)
    np.testing.assert_allclose(
        result.levels[0].coverage, plain.levels[0].coverage, atol=1e-5
    )
