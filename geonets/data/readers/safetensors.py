"""Safetensors: tensors by name; what `gn.save` wrote is loaded as it was saved."""

from __future__ import annotations

import io
from collections.abc import Sequence

import torch

from geonets.core.structure import Structure
from geonets.data.readers.arrays import Kind, chosen, structure_of
from geonets.data.readers.source import Source
from geonets.data.storage import load
from geonets.data.storage.header import MAX_HEADER, Entry, read_header


def read_safetensors(
    source: Source,
    *,
    fields: Sequence[str] | None = None,
    kind: Kind = "set",
    axes: Sequence[str] | None = None,
    batched: bool = False,
    max_header: int = MAX_HEADER,
) -> Structure:
    """The tensors of a file as fields of their names, in the order of their bytes.

    Args:
        source: the file.
        fields: the tensors to be read, the first of which says what is a row; all unless given.
        kind: as in `structure_of`.
        axes: as in `structure_of`.
        batched: as in `structure_of`.
        max_header: the most bytes that the header may have.

    Raises:
        ReadError: if the header announces other bytes than are there, or a tensor fits no row; it names the tensor.

    Reference: Hugging Face, "Safetensors", format description, 2023.
    """
    content = source.content
    header = read_header(io.BytesIO(content), len(content), source.error, max_header)
    if "geonets" in header.metadata:
        if len(content) != source.path.stat().st_size:
            raise source.error(
                "not be compressed, to be mapped", "a .gz file", "the whole file", "Decompress it first."
            )
        return load(source.path, max_header=max_header)
    names = chosen(source, list(header.entries), fields)
    tensors = {name: _tensor(content, header.entries[name]) for name in names}
    return structure_of(source, tensors, kind=kind, axes=axes, batched=batched)


def _tensor(content: bytes, entry: Entry) -> torch.Tensor:
    if entry.start == entry.stop:
        return torch.empty(entry.shape, dtype=entry.dtype)
    return torch.frombuffer(bytearray(content[entry.start : entry.stop]), dtype=entry.dtype).reshape(entry.shape)
