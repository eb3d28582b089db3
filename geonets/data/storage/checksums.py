"""Checksums of blocks: written while a file is written, compared when a block is first read."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from geonets.data.storage.header import Entry
from geonets.data.storage.mapped import Mapped

BLOCK = 1 << 14
"""Bytes of a block: small, since a random item costs a block of every field."""

LARGE = 1 << 27
"""Bytes of a tensor from which scattered rows are read piece by piece: slower, but nothing is left behind in memory."""

NAME = "geonets.checksums"
"""The tensor that holds them: first that of the header, then those of every tensor's blocks, in the file's order."""


def count_blocks(size: int) -> int:
    """How many blocks a number of bytes takes."""
    return -(-size // BLOCK)


def checksums(pieces: Iterable[memoryview | bytes]) -> list[int]:
    """The XXH3 hash of each piece, in 64 bits: many times faster than what disks read, so that it can stay on."""
    from xxhash import xxh3_64_intdigest

    return list(map(xxh3_64_intdigest, pieces))


class Blocks:
    """The blocks of one tensor in a file, and which of them are still to be compared.

    Args:
        mapped: the file.
        entry: where the tensor is.
        wanted: the checksum of each of its blocks.
    """

    def __init__(self, mapped: Mapped, entry: Entry, wanted: np.ndarray) -> None:
        self.mapped, self.entry, self.wanted = mapped, entry, wanted
        self.is_large = entry.stop - entry.start >= LARGE
        self.pending = np.ones(len(wanted), dtype=bool)
        self.num_pending = len(wanted)

    def first_wrong(self, starts: np.ndarray, stops: np.ndarray) -> tuple[int, int] | None:
        """Compare the blocks that hold some ranges of bytes, unless they have been.

        Args:
            starts: first byte of each range, counted in the tensor.
            stops: the byte after its last; after the first, as empty ranges are to be left out.

        Returns:
            The bytes of the file that differ from what was written, or None.
        """
        if not self.num_pending:
            return None
        firsts, lasts = starts // BLOCK, (stops - 1) // BLOCK
        counts = lasts - firsts + 1
        if len(firsts) == 1:
            touched = np.arange(firsts[0], lasts[0] + 1)
        else:
            before = np.cumsum(counts) - counts
            touched = np.repeat(firsts - before, counts) + np.arange(int(counts.sum()))
        return self._compare(np.unique(touched[self.pending[touched]]))

    def _compare(self, blocks: np.ndarray) -> tuple[int, int] | None:
        starts = (self.entry.start + blocks * BLOCK).tolist()
        stops = np.minimum(self.entry.start + (blocks + 1) * BLOCK, self.entry.stop).tolist()
        if self.is_large:
            for start, stop in zip(starts, stops, strict=True):
                self.mapped.expect(start, stop)
        read = self.mapped.piece if self.is_large else self.mapped.view
        wrong = np.flatnonzero(np.array(checksums(map(read, starts, stops)), np.uint64) != self.wanted[blocks])
        if len(wrong):
            return starts[wrong[0]], stops[wrong[0]]
        self.pending[blocks] = False
        self.num_pending -= len(blocks)
        return None
