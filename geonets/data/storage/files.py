"""`save` and `load`: a Structure in a file, or in a folder of files, exactly as it is."""

from __future__ import annotations

from pathlib import Path

from geonets.core.structure import Structure
from geonets.data.storage.header import MAX_HEADER
from geonets.data.storage.replacing import replacing
from geonets.data.storage.structures import put_together, taken_apart
from geonets.data.storage.writing import write


def save(structure: Structure, path: str | Path) -> None:
    """Write a Structure to a file, from which `load` gives it back as it is: topology, fields, levels, meta, order.

    The file is a safetensors file with a checksum for every 16 KiB. It takes the place of an old one only when it is
    whole and on disk: what interrupts the writing leaves the old file as it was.

    Args:
        structure: whatever its topology; gradients and devices are not kept.
        path: of the file.

    Raises:
        DtypeError: if a field is of a type that the format does not have, or meta is not JSON-able.
        UnsupportedError: if the topology is one that was added from outside.

    Example:
        >>> import tempfile, torch, geonets as gn
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     gn.save(gn.chain([torch.zeros(3, 2), torch.ones(5, 2)]), f"{folder}/chains.geonets")
        ...     gn.load(f"{folder}/chains.geonets")[1].x.sum()
        tensor(10.)
    """
    tensors, metadata = taken_apart(structure)
    with replacing(Path(path)) as file:
        write(file, tensors, metadata)


def load(path: str | Path, *, max_header: int = MAX_HEADER) -> Structure:
    """Open what `save` wrote, without reading it: only the header, sizes and offsets are read and checked.

    An index reads what it names: every block is compared with its checksum when it is first read, and node and edge
    numbers are checked against their item. A field that is asked for as a whole is then read as a whole.

    Args:
        path: of the file.
        max_header: the most bytes that the header of the file may have.

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
    return put_together(Path(path), max_header)
