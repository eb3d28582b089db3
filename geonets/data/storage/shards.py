"""`Shards`: a folder of files that behaves as one Structure that is larger than memory."""

from __future__ import annotations

import collections
import json
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, final

import torch
from torch import Tensor

from geonets.core.errors import OptionError
from geonets.core.ranges import as_items, offsets_of
from geonets.core.structure import Batches, Items, Structure, batch
from geonets.data.storage.description import Description
from geonets.data.storage.header import fault_of
from geonets.data.storage.opened import VERSION
from geonets.data.storage.replacing import replacing
from geonets.data.storage.structures import put_together, save_file

INDEX = "index.json"
MOST_OPEN, MOST_INDEX = 64, 100_000_000
"""Files that are open at a time, and bytes of an index."""


@final
class Shards(Batches[Structure]):
    """Items in several files of a folder: `len`, indexing and `batches` as of a Structure; any index gives one.

    A file is opened when one of its items is first asked for; a few of them are kept open.

    Args:
        folder: what `gn.save(..., folder, shard=...)` wrote.

    Raises:
        ReadError: if the index is not what it must be. A file is checked when it is opened.

    Example:
        >>> import tempfile, torch, geonets as gn
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     gn.save(gn.chain(torch.rand(10, 5, 2)), f"{folder}/chains", shard=4)
        ...     chains = gn.load(f"{folder}/chains")
        ...     chains, chains[[9, 0]].x.shape, [len(part) for part in chains.batches(4, shuffle=True)]
        (Shards(10 items in 3 files), torch.Size([10, 2]), [4, 4, 2])
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._fault = fault_of(str(self.folder / INDEX))
        about = self._index()
        self._files, counts = about.words("files"), about.counts("items")
        if counts is None or len(counts) != len(self._files) or about.count("version") != int(VERSION):
            raise about.error(f"version {VERSION}, and one count of items for each file", counts, "items")
        for name in self._files:
            if Path(name).name != name or name.startswith("."):
                raise about.error("files of its own folder", name, "files")
        self._offsets = offsets_of(torch.tensor(counts, dtype=torch.long))
        self._open: collections.OrderedDict[int, Structure] = collections.OrderedDict()

    def __len__(self) -> int:
        return int(self._offsets[-1])

    def __iter__(self) -> Iterator[Structure]:
        return (item for shard in range(len(self._files)) for item in self._shard(shard))

    def __getitem__(self, items: Items) -> Structure:
        chosen = as_items(items, len(self), torch.device("cpu"))
        if isinstance(chosen, slice):
            chosen = torch.arange(chosen.start, chosen.stop)
        if not len(chosen):
            return self._shard(0)[:0]
        shards = torch.searchsorted(self._offsets, chosen, right=True) - 1
        order = shards.argsort(stable=True)
        named, counts = torch.unique_consecutive(shards[order], return_counts=True)
        inside = (chosen - self._offsets[shards])[order].split(counts.tolist())
        parts = [self._shard(shard)[rows] for shard, rows in zip(named.tolist(), inside, strict=True)]
        if len(parts) == 1:
            return parts[0]
        whole = batch(parts)
        return whole if bool((order[1:] > order[:-1]).all()) else whole[order.argsort()]

    def item_sizes(self, of: str) -> Tensor:
        """`(B,)` how many `"nodes"` or `"edges"` each item has; every file is opened for it, none is read."""
        return torch.cat([self._shard(shard).item_sizes(of) for shard in range(len(self._files))])

    def __repr__(self) -> str:
        return f"Shards({len(self)} items in {len(self._files)} files)"

    def __reduce__(self) -> tuple[Any, ...]:
        return Shards, (self.folder.absolute(),)

    def _index(self) -> Description:
        path = self.folder / INDEX
        cure = "Name a folder that gn.save(..., shard=...) wrote."
        if not path.is_file():
            raise self._fault("be a folder of shards", f"no {INDEX}", "the folder", cure)
        if path.stat().st_size > MOST_INDEX:
            raise self._fault(f"have an index of at most {MOST_INDEX} bytes", "a larger one", "the whole file", cure)
        return Description.of(path.read_text(errors="replace"), "index", self._fault)

    def _shard(self, number: int) -> Structure:
        """One of the files, opened unless it is open."""
        found = self._open.pop(number, None)
        if found is None:
            path = self.folder / self._files[number]
            count = int(self._offsets[number + 1] - self._offsets[number])
            if not path.is_file():
                cure = "Load the folder again, if it was saved anew; else restore the file."
                raise self._fault("name files that are there", "no such file", str(self._files[number]), cure)
            found = put_together(path)
            if len(found) != count:
                cure = "Restore the folder from a copy, or save it again."
                raise self._fault(f"name files of {count} items", f"{len(found)}", str(self._files[number]), cure)
        self._open[number] = found
        if len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)
        return found


def save_shards(structures: Iterable[Structure], folder: Path, shard: int) -> None:
    """Write items into files of `shard` items each, and an index that takes the place of an old one at the end.

    Raises:
        OptionError: if `shard` is not positive, or there is no structure at all.
    """
    if shard < 1:
        raise OptionError(f"`shard` must be at least 1; got {shard}. Pass the number of items in a file.")
    folder.mkdir(parents=True, exist_ok=True)
    token = secrets.token_hex(4)
    files: list[str] = []
    counts: list[int] = []
    try:
        for part in _regrouped(structures, shard):
            files.append(f"{len(files):05d}-{token}.geonets")
            counts.append(len(part))
            save_file(part, folder / files[-1])
        if not files:
            raise OptionError("`structure` must hold at least one Structure; got none. Pass some.")
        about = {"geonets": "shards", "version": int(VERSION), "files": files, "items": counts}
        with replacing(folder / INDEX) as file:
            file.write(json.dumps(about).encode())
    except BaseException:
        for name in files:
            (folder / name).unlink(missing_ok=True)
        raise
    for old in folder.glob("*.geonets"):  # of the index before, or left by a process that was killed
        if old.name not in files:
            old.unlink(missing_ok=True)


def _regrouped(structures: Iterable[Structure], shard: int) -> Iterator[Structure]:
    """The same items, `shard` at a time; no more than one file's items are held."""
    waiting: list[Structure] = []
    count = 0
    for structure in structures:
        start, more = 0, True
        while more:
            stop = min(len(structure), start + shard - count)
            waiting.append(structure[start:stop])
            count, start, more = count + stop - start, stop, stop < len(structure)
            if count == shard:
                yield batch(waiting)
                waiting, count = [], 0
    if waiting:
        yield batch(waiting)
