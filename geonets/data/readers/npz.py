"""NPZ: several NumPy arrays in a zip archive."""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Sequence

import numpy as np

from geonets.core.structure import Structure
from geonets.data.readers.arrays import Kind, chosen, structure_of
from geonets.data.readers.npy import array
from geonets.data.readers.source import Source

DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, struct.error, OverflowError)
FOREIGN = (NotImplementedError, RuntimeError)
"""What zipfile raises for a damaged archive, and for one that is encrypted or compressed in some other way."""


def read_npz(
    source: Source,
    *,
    fields: Sequence[str] | None = None,
    kind: Kind = "set",
    axes: Sequence[str] | None = None,
    batched: bool = False,
) -> Structure:
    """The arrays of an archive as fields of their names; every checksum is verified.

    Args:
        source: the file.
        fields: the arrays to be read, the first of which says what is a row; all unless given.
        kind: as in `structure_of`.
        axes: as in `structure_of`.
        batched: as in `structure_of`.

    Raises:
        ReadError: if the archive is damaged, a name stands twice, or an array is no array of numbers.

    Reference: NumPy enhancement proposal 1, "A simple file format for NumPy arrays".
    """
    content = source.content
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        members = archive.infolist()
    except (*DAMAGED, *FOREIGN) as error:
        got = "a pickle, which could run code" if content[:1] == b"\x80" else f"{error}"
        place = "byte 0" if not content.startswith(b"PK") else f"end, byte {len(content)}"
        raise source.error("be a whole zip archive of arrays", got, place, "Fetch or write it again.") from None
    with archive:
        names = [member.filename.removesuffix(".npy") for member in members]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise source.error("name every array once", f"{twice} twice", f"{twice}.npy", "Write it again.")
        total = sum(member.file_size for member in members)
        if total > source.max_bytes:
            rule = f"have arrays of at most {source.max_bytes} bytes"
            raise source.error(rule, f"{total}", "all arrays", "Raise the limit: read(path, max_bytes=...).")
        member_of = dict(zip(names, members, strict=True))
        arrays = {name: _member(source, archive, member_of[name]) for name in chosen(source, names, fields)}
    return structure_of(source, arrays, kind=kind, axes=axes, batched=batched)


def _member(source: Source, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    place = f"member {member.filename!r}"
    try:
        with archive.open(member) as file:
            content = file.read(member.file_size + 1)  # to the end, where the checksum is compared
            rest = file.read(1)
    except (*DAMAGED, *FOREIGN) as error:
        raise source.error("have intact arrays", f"{error}", place, "Fetch or write it again.") from None
    if rest or len(content) != member.file_size:
        rule = f"hold the {member.file_size} bytes that the archive announces"
        raise source.error(rule, f"{len(content)}", place, "Fetch or write it again.")
    return array(source, content, place)
