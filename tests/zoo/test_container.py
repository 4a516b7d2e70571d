"""The bytes of a model file: what is written comes back, what is damaged doesn't."""

import io
import json
import os
import pickle
import zipfile

import pytest
import safetensors.torch
import torch

from dense_transformer.config import NetworkConfig, TransformerConfig
from dense_transformer.errors import ModelError
from dense_transformer.zoo import container
from dense_transformer.zoo.card import Card, LevelHealth
from dense_transformer.zoo.container import (
    KEY,
    LARGEST_HEADER_BYTES,
    encode,
    hash_weights,
    read_header,
    read_model,
)

NETWORK = NetworkConfig(depth=3, transformers=(TransformerConfig(level=2),))
CARD = Card(
    name="tiny",
    title="Größe µm",
    scores=(("auc", 0.5), ("f1", None)),
    health=(LevelHealth(level=2, shift=0.1),),
    versions=(("torch", "2"),),
)
TENSORS = {
    "b.weight": torch.arange(6.0).reshape(2, 3),
    "a.weight": torch.tensor([1.5, -2.0], dtype=torch.float16),
    "a.steps": torch.tensor(7),
    "a.empty": torch.zeros(0, 3),
}


@pytest.fixture(scope="module")
def content():
    return encode(TENSORS, NETWORK, CARD)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "m.safetensors"


def test_network_card_and_weights_come_back_as_written(path, content):
    path.write_bytes(content)
    header, tensors = read_model(path)
    assert header.network == NETWORK
    assert header.card == CARD
    assert header.weights_sha256 == hash_weights(TENSORS)
    assert set(tensors) == set(TENSORS)
    for name, tensor in TENSORS.items():
        assert tensors[name].dtype == tensor.dtype
        assert torch.equal(tensors[name], tensor)


def test_equal_models_are_equal_files(content):
    again = encode(dict(reversed(TENSORS.items())), NETWORK, CARD)
    assert again == content


def test_a_score_of_nan_comes_back_as_none(path):
    path.write_bytes(encode(TENSORS, NETWORK, Card(scores=(("auc", float("nan")),))))
    assert read_header(path).card.scores == (("auc", None),)


@pytest.mark.parametrize(
    "change",
    [
        {"b.weight": torch.arange(6.0).reshape(3, 2)},
        {"b.weight": torch.arange(6).reshape(2, 3)},
        {"b.weight": -torch.arange(6.0).reshape(2, 3)},
        {"c": torch.zeros(0)},
    ],
    ids=["shape", "dtype", "sign of 0", "name"],
)
def test_the_checksum_covers_names_dtypes_shapes_and_bytes(change):
    assert hash_weights({**TENSORS, **change}) != hash_weights(TENSORS)


def test_a_file_cut_anywhere_is_refused(path, content):
    path.write_bytes(content)
    with open(path, "r+b", buffering=0) as file:
        for length in reversed(range(len(content))):
            file.truncate(length)
            with pytest.raises(ModelError):
                read_model(path)


def test_a_bit_flipped_anywhere_is_refused_or_changes_nothing(path, content):
    passed = []
    path.write_bytes(content)
    with open(path, "r+b", buffering=0) as file:
        for position, byte in enumerate(content):
            for bit in range(8):
                file.seek(position)
                file.write(bytes([byte ^ 1 << bit]))
                try:
                    header, tensors = read_model(path)
                except ModelError:
                    continue
                # Such as "\u00e9" for "\u00E9": the text says the same.
                passed.append(position)
                assert (header.network, header.card) == (NETWORK, CARD)
                assert hash_weights(tensors) == hash_weights(TENSORS)
            file.seek(position)
            file.write(bytes([byte]))
    assert len(passed) < 40
    read_model(path)


@pytest.mark.parametrize("junk", [b"\0", b"junk", bytes(5000)])
def test_trailing_junk_is_refused(path, content, junk):
    path.write_bytes(content + junk)
    with pytest.raises(ModelError, match="damaged"):
        read_model(path)


def with_header(header, payload=bytes(16)):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + payload


def header_of(content):
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def with_table(content, change):
    """Return `content` with its table changed and the table's sum made right."""
    header, payload = header_of(content)
    table = json.loads(header["__metadata__"][KEY])
    del table["table_sha256"]
    change(table)
    table["table_sha256"] = container._hash_table(table)
    header["__metadata__"][KEY] = json.dumps(table)
    return with_header(header, payload)


@pytest.mark.parametrize(
    "length", [LARGEST_HEADER_BYTES + 1, 2**31, 2**62, 2**63, 2**64 - 1]
)
def test_an_oversized_header_is_refused_before_it_is_read(path, content, length):
    path.write_bytes(length.to_bytes(8, "little") + content[8:])
    with pytest.raises(ModelError, match=f"claims {length} bytes"):
        read_header(path)


def test_a_header_at_the_cap_that_nests_deeply_is_refused(path):
    path.write_bytes(with_header(b"[" * LARGEST_HEADER_BYTES))
    with pytest.raises(ModelError, match="header is damaged"):
        read_header(path)
    path.write_bytes(with_header({"__metadata__": {KEY: "[" * 500_000}}))
    with pytest.raises(ModelError, match="text is damaged"):
        read_header(path)


def test_overlapping_gapped_and_outside_offsets_are_refused(path, content):
    for begin, end in [(8, 32), (16, 40), (0, 24), (4, 28), (0, 2**40), (-8, 16)]:
        header, payload = header_of(content)
        header["b.weight"]["data_offsets"] = [begin, end]
        changed = with_header(header, payload)
        if changed == with_header(header_of(content)[0], payload):
            continue
        path.write_bytes(changed)
        with pytest.raises(ModelError):
            read_model(path)


@pytest.mark.parametrize("shape", [[3], [2**40, 3], [2**62, 2**62], [-2, -3], [2.0, 3]])
def test_a_shape_that_the_bytes_do_not_fill_is_refused(path, content, shape):
    header, payload = header_of(content)
    header["b.weight"]["shape"] = shape
    path.write_bytes(with_header(header, payload))
    with pytest.raises(ModelError):
        read_model(path)


def test_a_dtype_that_networks_do_not_have_is_refused(path):
    tensors = {"a": torch.zeros(2, dtype=torch.complex64)}
    path.write_bytes(encode(tensors, NETWORK, CARD))
    with pytest.raises(ModelError, match="complex64"):
        read_model(path)


def test_a_file_of_a_newer_format_asks_for_an_update(path, content):
    def newer(table):
        table["version"] = 2
        table["something new"] = 1

    path.write_bytes(with_table(content, newer))
    with pytest.raises(ModelError, match="format 2, newer than 1; update"):
        read_header(path)


def test_a_setting_that_we_do_not_know_asks_for_an_update_too(path, content):
    path.write_bytes(with_table(content, lambda t: t["card"].update(new_field=1)))
    with pytest.raises(ModelError, match=r"no setting new_field.*update"):
        read_header(path)


@pytest.mark.parametrize("version", [0, -1, "1", 1.5, None, True, [1]])
def test_a_version_that_never_was_is_refused(path, content, version):
    path.write_bytes(with_table(content, lambda table: table.update(version=version)))
    with pytest.raises(ModelError):
        read_header(path)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("network", "base_channels"), 10**9),
        (("network", "in_channels"), 65),
        (("network", "classes"), 255),
        (("network", "depth"), 7),
        (("network", "depth"), True),
        (("network", "depth"), "5"),
        (("network", "colour"), 1),
        (("network", "transformers"), [{"level": 9}]),
        (("network", "transformers"), [{"lattice": [33, 4]}]),
        (("network", "transformers"), [{"localisation_channels": 10**6}]),
        (("card", "name"), 5),
        (("card", "title"), "\x1b[2Jgone"),
        (("card", "pixel_nm"), [0.0, 1.0]),
        (("network",), []),
        (("card",), None),
    ],
)
def test_a_network_or_card_beyond_its_limits_is_refused(path, content, where, value):
    def change(table):
        for key in where[:-1]:
            table = table[key]
        table[where[-1]] = value

    path.write_bytes(with_table(content, change))
    with pytest.raises(ModelError):
        read_header(path)


def test_a_whole_file_whose_weights_were_exchanged_is_refused(path, content):
    header, _ = header_of(content)
    swapped = {**TENSORS, "b.weight": torch.ones(2, 3)}
    path.write_bytes(safetensors.torch.save(swapped, header["__metadata__"]))
    with pytest.raises(ModelError, match="differ from their checksum"):
        read_model(path)


def test_a_changed_setting_is_refused_though_the_weights_fit(path, content):
    header, payload = header_of(content)
    table = header["__metadata__"][KEY]
    header["__metadata__"][KEY] = table.replace('"reach":0.45', '"reach":0.46')
    assert header["__metadata__"][KEY] != table
    path.write_bytes(with_header(header, payload))
    with pytest.raises(ModelError, match="text differs from its checksum"):
        read_header(path)


def test_an_entry_that_stands_twice_is_refused(path, content):
    text = content[8:].replace(b'{"__metadata__":', b'{"a.steps":1,"__metadata__":', 1)
    length = int.from_bytes(content[:8], "little") + len(b'"a.steps":1,')
    path.write_bytes(length.to_bytes(8, "little") + text)
    with pytest.raises(ModelError, match="stands twice"):
        read_header(path)


class Trap:
    """Would tell if it were unpickled."""

    sprung = 0

    def __reduce__(self):
        return (setattr, (Trap, "sprung", 1))


def zipped():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Trap()))
    return file.getvalue()


def saved_by_torch(**options):
    file = io.BytesIO()
    torch.save({"a": torch.zeros(3), "trap": Trap()}, file, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (zipped(), "zip archive"),
        (saved_by_torch(), "PyTorch checkpoint"),
        (saved_by_torch(_use_new_zipfile_serialization=False), "pickle"),
        (pickle.dumps(Trap()), "pickle"),
        (pickle.dumps({"a": Trap()}, protocol=5), "pickle"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5"),
        (pickle.dumps(Trap(), protocol=0), "not a model file"),
    ],
    ids=["zip", "pt", "old pt", "pickle", "pickle 5", "hdf5", "pickle 0"],
)
def test_a_pickle_is_named_and_never_opened(path, data, says):
    path.write_bytes(data)
    for read in (read_header, read_model):
        with pytest.raises(ModelError, match=says):
            read(path)
    assert Trap.sprung == 0


@pytest.mark.parametrize(
    "data", [b"", b"\0", bytes(8), bytes(100), b"<html>not found</html>", b"{}" * 50]
)
def test_what_is_no_model_at_all_is_refused(path, data):
    path.write_bytes(data)
    with pytest.raises(ModelError):
        read_model(path)


def test_a_safetensors_file_of_someone_else_is_named_as_such(path):
    path.write_bytes(safetensors.torch.save({"a": torch.zeros(2)}, {"format": "pt"}))
    with pytest.raises(ModelError, match="no model of this package"):
        read_header(path)


def test_a_folder_and_a_missing_file_are_named(tmp_path):
    with pytest.raises(ModelError, match="is not a file"):
        read_model(tmp_path)
    with pytest.raises(ModelError, match="can't read the model"):
        read_model(tmp_path / "none")
    with pytest.raises(ModelError, match="can't read the model"):
        read_model(tmp_path / "nul\0l")


def test_a_pipe_does_not_block(tmp_path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes here")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelError, match="is not a file"):
        read_model(tmp_path / "pipe")


def test_a_file_beyond_the_cap_is_refused_unread(path, monkeypatch, content):
    monkeypatch.setattr(container, "LARGEST_FILE_BYTES", len(content) - 1)
    path.write_bytes(content)
    with pytest.raises(ModelError, match=f"has {len(content)} bytes"):
        read_model(path)


def test_a_card_too_long_for_the_header_is_not_written():
    with pytest.raises(ModelError, match="text is too long"):
        encode(TENSORS, NETWORK, Card(description="x" * LARGEST_HEADER_BYTES))
