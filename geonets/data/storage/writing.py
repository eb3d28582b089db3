"""Writing a safetensors file in one pass, with the checksum of every block."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import torch
from torch import Tensor

from geonets.core.errors import DtypeError
from geonets.data.storage.checksums import BLOCK, NAME, checksums, count_blocks
from geonets.data.storage.header import DTYPES

PIECE = 256 * BLOCK
"""Bytes that are written at once."""

NAMES = {dtype: name for name, dtype in DTYPES.items()}


def write(file: BinaryIO, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write tensors and words as a safetensors file, with the checksum of every block.

    The `safetensors` package would hold all bytes in memory a second time, and they would have to be read again for
    their checksums.

    Raises:
        DtypeError: if a tensor is of a kind that the format does not have.
    """
    for name, tensor in tensors.items():
        if tensor.dtype not in NAMES or tensor.layout != torch.strided:
            raise DtypeError(
                f"`{name}` must be a dense tensor of one of {', '.join(map(str, NAMES))} to be saved; "
                f"got {tensor.dtype}, {tensor.layout}. Convert it first."
            )
    ordered = dict(
        sorted(tensors.items(), key=lambda named: -named[1].dtype.itemsize)
    )  # each begins where it can be read
    num_blocks = sum(count_blocks(tensor.numel() * tensor.dtype.itemsize) for tensor in ordered.values())
    sums = np.zeros(1 + num_blocks, "<u8")
    head = _header(ordered, len(sums), metadata)
    file.write(head)
    file.write(sums.tobytes())
    sums[:1] = checksums([head])
    block = 1
    for tensor in ordered.values():
        for piece in _pieces(tensor):
            found = checksums(piece[start : start + BLOCK] for start in range(0, len(piece), BLOCK))
            sums[block : block + len(found)] = found
            block += len(found)
            file.write(piece)
    file.seek(len(head))
    file.write(sums.tobytes())


def _header(tensors: dict[str, Tensor], num_sums: int, metadata: dict[str, str]) -> bytes:
    entries: dict[str, object] = {"__metadata__": metadata}
    reached = 8 * num_sums
    entries[NAME] = {"dtype": "U64", "shape": [num_sums], "data_offsets": [0, reached]}
    for name, tensor in tensors.items():
        stop = reached + tensor.numel() * tensor.dtype.itemsize
        entries[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [reached, stop]}
        reached = stop
    text = json.dumps(entries, ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _pieces(tensor: Tensor) -> Iterator[memoryview]:
    """The bytes of a tensor, some blocks at a time."""
    dense = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous()
    flat = (torch.view_as_real(dense) if dense.is_complex() else dense).reshape(-1)
    if len(flat) == 1:  # may keep any stride, and yet be contiguous
        flat = flat.clone(memory_format=torch.contiguous_format)
    content = flat.view(torch.uint8).numpy().data if len(flat) else memoryview(b"")
    return (content[start : start + PIECE] for start in range(0, len(content), PIECE))
