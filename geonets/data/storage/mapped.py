"""`Mapped`: the bytes of a file, as tensors over a memory map or read piece by piece."""

from __future__ import annotations

import mmap
import os
import sys
import weakref
from pathlib import Path
from typing import Any, final

import torch
from torch import Tensor

from geonets.data.storage.header import Entry

HAS_PREAD = hasattr(os, "preadv")


@final
class Mapped:
    """A file that is mapped privately: processes share its pages until somebody writes into a tensor, who then has
    pages of their own. The file on disk never changes by it.

    Reading a piece leaves no pages in the map, whereas touching a byte of the map brings in all that the system keeps
    beside it, up to megabytes.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        weakref.finalize(self, os.close, self._descriptor)
        self._map = _private(self._descriptor, os.fstat(self._descriptor).st_size)
        self._view = memoryview(self._map)

    def tensor(self, entry: Entry) -> Tensor:
        """All of a tensor, over the map."""
        if entry.start == entry.stop:
            return torch.empty(entry.shape, dtype=entry.dtype)
        count = (entry.stop - entry.start) // entry.dtype.itemsize
        flat = torch.frombuffer(self._map, dtype=entry.dtype, count=count, offset=entry.start)
        return flat.reshape(entry.shape)

    def expect(self, start: int, stop: int) -> None:
        """Ask the system to bring in some bytes while others are waited for."""
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._descriptor, start, stop - start, os.POSIX_FADV_WILLNEED)

    def piece(self, start: int, stop: int) -> bytes:
        """Some bytes, fewer where the file ends before."""
        return os.pread(self._descriptor, stop - start, start) if HAS_PREAD else bytes(self.view(start, stop))

    def view(self, start: int, stop: int) -> memoryview:
        """Some bytes over the map."""
        return self._view[start:stop]

    def fill(self, target: memoryview, start: int) -> int:
        """Put the bytes from `start` on into a buffer; how many there were."""
        if HAS_PREAD:
            return os.preadv(self._descriptor, [target], start)
        target[:] = self._map[start : start + len(target)]
        return len(target)


def _private(descriptor: int, size: int) -> Any:
    if sys.platform == "linux":  # without a reservation, so that files larger than memory can be mapped
        flags = mmap.MAP_PRIVATE | getattr(mmap, "MAP_NORESERVE", 0x4000)
        return mmap.mmap(descriptor, size, flags=flags, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    return mmap.mmap(descriptor, size, access=mmap.ACCESS_COPY)
