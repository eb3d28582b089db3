"""`Opened`: a file that `save` wrote, mapped into memory; nothing of it is read before it is asked for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import final

import numpy as np
import torch
from torch import Tensor

from geonets.data.storage.checksums import NAME, Blocks, checksums, count_blocks
from geonets.data.storage.header import MAX_HEADER, Entry, fault_of, read_header
from geonets.data.storage.laws import Law
from geonets.data.storage.mapped import Mapped
from geonets.data.storage.rows import AGAIN, StoredRows

VERSION = "1"
"""Of the schema. A reader knows one version."""


@final
class Opened:
    """A file that was written by `save`, with its header read and checked.

    Args:
        path: of the file.
        max_header: the most bytes that its header may have.

    Raises:
        ReadError: if it is not such a file, or is damaged.
    """

    def __init__(self, path: Path, max_header: int = MAX_HEADER) -> None:
        self.path = path
        self.fault = fault = fault_of(str(path))
        if not path.is_file():
            raise fault("exist", "no such file", "the whole path", "Check the path.")
        with path.open("rb") as file:
            self.header = read_header(file, os.fstat(file.fileno()).st_size, fault, max_header)
        metadata = self.header.metadata
        if "geonets" not in metadata or NAME not in self.header.entries:
            cure = "Read other programs' files with gn.read(path)."
            raise fault("be written by gn.save", "a safetensors file of another program", "header", cure)
        if metadata["geonets"] != VERSION:
            got, cure = f"version {metadata['geonets']}", "Install the geonets that wrote it, or a newer one."
            raise fault(f"be of version {VERSION} of the schema", got, "header, __metadata__.geonets", cure)
        self.mapped = Mapped(path)
        self._wanted = self._checksums()
        self._unclaimed = {name: entry for name, entry in self.header.entries.items() if name != NAME}

    def entry(self, name: str, *shape: int, dtype: torch.dtype | None = None) -> Entry:
        """Where a tensor is, once it is known to be there and to have a shape; without a type further axes may follow.

        Raises:
            ReadError: if it is missing, was described already, or is another.
        """
        entry = self._unclaimed.pop(name, None)
        if entry is None:
            raise self.fault("hold what it describes", "no such tensor", f"header, tensor {name}", AGAIN)
        own = entry.shape if dtype is not None else entry.shape[: len(shape)]
        if own != shape or dtype not in (None, entry.dtype):
            rule = f"have shape {shape} there" if dtype is None else f"have {dtype} of shape {shape} there"
            raise self.fault(rule, f"{entry.dtype} of shape {entry.shape}", f"header, tensor {name}", AGAIN)
        return entry

    def rows(self, name: str, *shape: int, dtype: torch.dtype | None = None, law: Law | None = None) -> StoredRows:
        """A tensor that is read when it is asked for; its numbers then obey a law."""
        return self._rows(name, self.entry(name, *shape, dtype=dtype), law)

    def numbers_later(self, name: str, *shape: int, law: Law) -> StoredRows:
        """Likewise one of int64."""
        return self.rows(name, *shape, dtype=torch.int64, law=law)

    def offsets(self, name: str, count: int, total: int) -> Tensor:
        """Where each of `count` items starts, and the end of all: ascending from 0 to `total`; read now.

        Raises:
            ReadError: if they are not so.
        """
        offsets = self.numbers(name, count + 1)
        if offsets[0] != 0 or offsets[-1] != total or bool((offsets[1:] < offsets[:-1]).any()):
            raise self.fault(f"have offsets from 0 to {total}, ascending", "others", f"tensor {name}", AGAIN)
        return offsets

    def numbers(self, name: str, *shape: int) -> Tensor:
        """A tensor of int64 that is read now."""
        return self._rows(name, self.entry(name, *shape, dtype=torch.int64))()

    def end(self) -> None:
        """Raise if some tensor was described by nobody.

        Raises:
            ReadError: if so.
        """
        for name in self._unclaimed:
            raise self.fault("describe all that it holds", "a tensor that is not", f"header, tensor {name}", AGAIN)

    def _rows(self, name: str, entry: Entry, law: Law | None = None) -> StoredRows:
        return StoredRows(name, Blocks(self.mapped, entry, self._wanted[name]), self.fault, law)

    def _checksums(self) -> dict[str, np.ndarray]:
        """The checksums of each tensor's blocks, once that of the header is right."""
        entries = {name: entry for name, entry in self.header.entries.items() if name != NAME}
        counts = [count_blocks(entry.stop - entry.start) for entry in entries.values()]
        entry, wanted = self.header.entries[NAME], 1 + sum(counts)
        if entry.dtype != torch.uint64 or entry.shape != (wanted,):
            rule = f"have {wanted} checksums of type torch.uint64"
            raise self.fault(rule, f"{entry.dtype} of shape {entry.shape}", f"header, tensor {NAME}", AGAIN)
        found = np.frombuffer(self.mapped.piece(entry.start, entry.stop), "<u8")
        if checksums([self.header.raw]) != [found[0]]:
            raise self.fault("have the header that was written", "another (its checksum differs)", "header", AGAIN)
        parts = np.split(found[1:], np.cumsum(counts)[:-1].tolist()) if counts else []
        return dict(zip(entries, parts, strict=True))
