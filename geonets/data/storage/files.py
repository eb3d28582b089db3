"""`save` and `load`: a Structure in a file, or in a folder of files, exactly as it is."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from geonets.core.errors import OptionError
from geonets.core.structure import Structure
from geonets.data.storage.header import MAX_HEADER
from geonets.data.storage.shards import Shards, save_shards
from geonets.data.storage.structures import put_together, save_file


def save(structure: Structure | Shards | Iterable[Structure], path: str | Path, *, shard: int | None = None) -> None:
    """Write a Structure to a file, from which `load` gives it back as it is: topology, fields, levels, meta, order.

    The file is a safetensors file with a checksum for every 16 KiB. It takes the place of an old one only when it is
    whole and on disk: what interrupts the writing leaves the old file as it was. With `shard` the items go into several
    files of a folder, which may together be larger than memory.

    Args:
        structure: whatever its topology; gradients and devices are not kept. With `shard` also several, one after
            another, of one kind: a generator makes a set that never is in memory as a whole.
        path: of the file; or of the folder, with `shard`.
        shard: items in a file.

    Raises:
        DtypeError: if a field is of a type that the format does not have, or meta is not JSON-able.
        OptionError: if `shard` is not positive, or missing where there are several structures.
        UnsupportedError: if the topology is one that was added from outside.

    Example:
        >>> import tempfile, torch, geonets as gn
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     gn.save(gn.chain([torch.zeros(3, 2), torch.ones(5, 2)]), f"{folder}/chains.geonets")
        ...     gn.load(f"{folder}/chains.geonets")[1].x.sum()
        tensor(10.)
    """
    if shard is not None:
        parts = [structure] if isinstance(structure, Structure) else structure
        save_shards(parts.batches(shard) if isinstance(parts, Shards) else parts, Path(path), shard)
        return
    if not isinstance(structure, Structure):
        raise OptionError(
            f"`shard` must say how many items a file holds, of several structures; got {type(structure).__name__}. "
            "Pass shard=100_000, say, or one Structure: gn.batch(structures)."
        )
    save_file(structure, Path(path))


def load(path: str | Path, *, max_header: int = MAX_HEADER) -> Any:
    """Open what `save` wrote, without reading it: only the header, sizes and offsets are read and checked.

    An index reads what it names: every block is compared with its checksum when it is first read, and node and edge
    numbers are checked against their item. A field that is asked for as a whole is then read as a whole.

    Args:
        path: of the file or folder.
        max_header: the most bytes that the header of the file may have.

    Returns:
        The Structure in a file; of a folder `Shards`, which is indexed and gone through like one.

    Raises:
        ReadError: if it is not such a file, or is damaged; it names the tensor and the bytes or the item.

    Example:
        >>> import tempfile, torch, geonets as gn
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     gn.save(gn.points(torch.rand(100, 1024, 3)), f"{folder}/clouds.geonets")
        ...     clouds = gn.load(f"{folder}/clouds.geonets")
        ...     len(clouds), clouds[[3, 99]].pos.shape
        (100, torch.Size([2048, 3]))
    """
    if Path(path).is_dir():
        return Shards(path)
    stored = put_together(Path(path), max_header)
    stored.remember("origin", Path(path).absolute)
    return stored


def origin(items: object) -> Path | None:
    """The file that a Structure was loaded from, if it still is what is there."""
    return items.remember("origin", lambda: None) if isinstance(items, Structure) else None
