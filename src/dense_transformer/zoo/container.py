"""The bytes of a model file: safetensors, with what it is in the header.

One metadata entry, so that equal models are equal files, holds a JSON table:
`version`, `network` (NetworkConfig), `card` (Card), `weights_sha256` and
`table_sha256`. The two sums let no flipped bit through, which safetensors by
itself would. Nothing here ever unpickles.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from dense_transformer.config import NetworkConfig
from dense_transformer.errors import ConfigError, ModelError
from dense_transformer.settings import from_dict
from dense_transformer.zoo.card import Card

FORMAT_VERSION = 1
LARGEST_HEADER_BYTES = 1 << 20
LARGEST_FILE_BYTES = 1 << 32
KEY = "dense_transformer"
_DTYPES = (torch.float32, torch.float16, torch.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Header:
    """What the header of a model file says; its text is checked, not its weights."""

    network: NetworkConfig
    card: Card
    weights_sha256: str


def hash_weights(tensors: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 over names, dtypes, shapes and bytes, in order of names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        dtype = str(tensor.dtype).removeprefix("torch.")
        digest.update(json.dumps([name, dtype, list(tensor.shape)]).encode() + b"\n")
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def encode(tensors: Mapping[str, Tensor], network: NetworkConfig, card: Card) -> bytes:
    """Return the bytes of a model file."""
    table = {
        "version": FORMAT_VERSION,
        "network": network.to_dict(),
        "card": _without_nan(card.to_dict()),
        "weights_sha256": hash_weights(tensors),
    }
    table["table_sha256"] = _hash_table(table)
    content: bytes = safetensors.torch.save(dict(tensors), {KEY: _canonical(table)})
    header_bytes = int.from_bytes(content[:8], "little")
    if header_bytes > LARGEST_HEADER_BYTES:
        raise ModelError(
            f"header of {header_bytes} bytes: the card's text is too long; "
            f"use at most {LARGEST_HEADER_BYTES}"
        )
    return content


def read_header(path: Path) -> Header:
    """Return what a model file says about itself, without reading its weights.

    Raises
    ------
    ModelError
        If it is missing, no model file, damaged, hostile or too new.
    """
    with _open(path) as file:
        return _parse(_read_header_bytes(file, path), path)


def read_model(path: Path) -> tuple[Header, dict[str, Tensor]]:
    """Return header and weights of a model file, all sums checked.

    Raises
    ------
    ModelError
        If it is missing, no model file, damaged, hostile or too new.
    """
    with _open(path) as file:
        head = _read_header_bytes(file, path)
        header = _parse(head, path)
        # Read, not mapped: a mapped file that shrinks kills the process.
        content = len(head).to_bytes(8, "little") + head + file.read()
    try:
        tensors: dict[str, Tensor] = safetensors.torch.load(content)
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} is damaged or cut off ({error}); {_AGAIN}") from error
    if odd := {t.dtype for t in tensors.values()} - set(_DTYPES):
        raise ModelError(f"{path} holds weights of type {odd}; {_AGAIN}")
    if hash_weights(tensors) != header.weights_sha256:
        raise ModelError(f"{path}: its weights differ from their checksum; {_AGAIN}")
    return header, tensors


_AGAIN = "copy or download it again"
_FOREIGN = (
    (b"PK\x03\x04", "a zip archive (perhaps a PyTorch checkpoint)"),
    (b"\x80", "a Python pickle (perhaps an old PyTorch checkpoint)"),
    (b"\x89HDF", "an HDF5 file"),
)


def _open(path: Path) -> BinaryIO:
    try:
        # A pipe or device would block or never end.
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise ModelError(f"{path} is not a file; give a .safetensors file")
        return open(path, "rb")
    except (OSError, ValueError) as error:
        if isinstance(error, ModelError):
            raise
        why = error.strerror if isinstance(error, OSError) else error
        raise ModelError(f"can't read the model {path}: {why}") from error


def _read_header_bytes(file: BinaryIO, path: Path) -> bytes:
    size = os.fstat(file.fileno()).st_size
    start = file.read(8)
    if size < 10:
        raise ModelError(f"{path} has only {size} bytes and is cut off; {_AGAIN}")
    if size > LARGEST_FILE_BYTES:
        raise ModelError(
            f"{path} has {size} bytes; a model has at most {LARGEST_FILE_BYTES}"
        )
    length = int.from_bytes(start, "little")
    if length > LARGEST_HEADER_BYTES:
        _refuse_foreign(start, path)
        raise ModelError(
            f"{path} is not a model file, or hostile: its header claims {length} "
            f"bytes, more than {LARGEST_HEADER_BYTES}"
        )
    header = file.read(length)
    if len(header) < length:
        raise ModelError(f"{path} is cut off within its header; {_AGAIN}")
    return header


def _refuse_foreign(start: bytes, path: Path) -> None:
    for magic, what in _FOREIGN:
        if start.startswith(magic):
            raise ModelError(
                f"{path} is {what}, not a model of this package. Such files can run "
                "code when they are opened, so they never are; give a .safetensors "
                "file that `dtn train` wrote"
            )


def _parse(head: bytes, path: Path) -> Header:
    try:
        text = json.loads(head, object_pairs_hook=_unique)["__metadata__"][KEY]
    except (KeyError, TypeError) as error:
        raise ModelError(
            f"{path} is no model of this package: its header has no {KEY!r} entry"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ModelError(
            f"{path}: its header is damaged ({error}); {_AGAIN}"
        ) from error
    try:
        table = json.loads(text, object_pairs_hook=_unique)
        version = table["version"]
        if type(version) is not int:
            raise ValueError(f"version {version!r}")
        if version > FORMAT_VERSION:
            raise ModelError(
                f"{path} has format {version}, newer than {FORMAT_VERSION}; "
                "update napari-dtn"
            )
        if version != FORMAT_VERSION or table.pop("table_sha256") != _hash_table(table):
            raise ModelError(f"{path}: its text differs from its checksum; {_AGAIN}")
        network = from_dict(NetworkConfig, table["network"])
        card = from_dict(Card, table["card"])
        return Header(network, card, str(table["weights_sha256"]))
    except (ModelError, ConfigError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(
            f"{path}: {error}; if a newer napari-dtn wrote it, update"
        ) from error
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path}: its text is damaged ({error}); {_AGAIN}") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("an entry stands twice")
    return table


def _canonical(table: Mapping[str, Any]) -> str:
    return json.dumps(table, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _hash_table(table: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical(table).encode()).hexdigest()


def _without_nan(value: Any) -> Any:
    """Return a table for JSON, which knows no NaN: None stands for it."""
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
