from __future__ import annotations

import os
import pickle
import signal
import time

import pytest
import torch

from dense_transformer.errors import RunError, WriteError
from dense_transformer.training.state import (
    MAGIC,
    pack_state,
    previous_state,
    read_state,
    unpack_state,
    write_state,
)


def number(content: bytes) -> int:
    return int(unpack_state(content, "it")["step"])


@pytest.fixture
def packed():
    return pack_state({"step": 3, "weights": torch.arange(50.0)})


def test_what_was_packed_is_unpacked(packed):
    state = unpack_state(packed, "it")
    assert state["step"] == 3
    assert torch.equal(state["weights"], torch.arange(50.0))


def test_every_flipped_byte_is_noticed(packed):
    for place in range(0, len(packed), 7):
        changed = bytearray(packed)
        changed[place] ^= 0x10
        try:
            state = unpack_state(bytes(changed), "it")
        except RunError:
            continue
        # A flip in the header's other field changes nothing that is read.
        assert place < len(MAGIC) + 120
        assert torch.equal(state["weights"], torch.arange(50.0))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.99])
def test_truncated_states_are_refused(packed, share):
    with pytest.raises(RunError, match="it is"):
        unpack_state(packed[: int(share * len(packed))], "it")


def test_trailing_bytes_are_refused(packed):
    with pytest.raises(RunError, match="SHA-256"):
        unpack_state(packed + b"\0", "it")


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("bomb-went-off",)


def test_code_in_a_state_is_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pickle.loads(pickle.dumps(Bomb()))  # plain pickle runs it
    os.rmdir("bomb-went-off")
    with pytest.raises(RunError, match="can't be read"):
        unpack_state(pack_state({"step": Bomb()}), "it")
    assert not (tmp_path / "bomb-went-off").exists()


def test_the_state_before_is_kept(tmp_path):
    path = tmp_path / "state.pt"
    for step in (1, 2, 3):
        write_state(path, pack_state({"step": step}))
    assert number(path.read_bytes()) == 3
    assert number(previous_state(path).read_bytes()) == 2


def test_a_damaged_state_falls_back_to_the_one_before(tmp_path):
    path = tmp_path / "state.pt"
    for step in (1, 2):
        write_state(path, pack_state({"step": step}))
    path.write_bytes(path.read_bytes()[:-1])
    content, notice = read_state(path)
    assert number(content) == 1
    assert "state.pt is damaged" in notice


def test_two_damaged_states_are_an_error_not_a_new_start(tmp_path):
    path = tmp_path / "state.pt"
    for step in (1, 2):
        write_state(path, pack_state({"step": step}))
    path.write_bytes(b"")
    previous_state(path).write_bytes(b"junk")
    with pytest.raises(RunError, match=r"move .* away and start again"):
        read_state(path)


def test_a_full_disk_leaves_both_old_states(tmp_path, monkeypatch):
    path = tmp_path / "state.pt"
    for step in (1, 2):
        write_state(path, pack_state({"step": step}))

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError, match=r"state\.pt.*disk is full"):
        write_state(path, pack_state({"step": 3}))
    assert number(path.read_bytes()) == 2
    assert number(previous_state(path).read_bytes()) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
def test_killed_while_saving_a_good_state_is_left_every_time(tmp_path):
    path = tmp_path / "state.pt"
    packed = [pack_state({"step": n, "weights": torch.rand(20_000)}) for n in range(8)]
    write_state(path, packed[0])
    for attempt in range(30):
        child = os.fork()
        if child == 0:  # writes until it is killed; touches no torch, no pytest
            try:
                while True:
                    for content in packed:
                        write_state(path, content)
            finally:
                os._exit(1)
        time.sleep(0.002 + 0.0007 * attempt)  # somewhere within a save
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        content, notice = read_state(path)
        assert content in packed
        assert not notice
