"""HDF5, read by h5py in a process of its own: damaged metadata crash the library below it."""

from __future__ import annotations

from collections.abc import Sequence

from geonets.core.packages import require
from geonets.core.structure import Structure
from geonets.data.readers.arrays import Kind, chosen, structure_of
from geonets.data.readers.isolation import apart
from geonets.data.readers.source import Source


def read_hdf5(
    source: Source,
    *,
    fields: Sequence[str] | None = None,
    kind: Kind = "set",
    axes: Sequence[str] | None = None,
    batched: bool = False,
) -> Structure:
    """The datasets of an HDF5 file as fields, called by their paths: `group/x`; attributes go into `meta`.

    Soft links are further names of what is read anyway. External links, virtual datasets and datasets stored in other
    files are refused, and so is a dataset that announces far more than the file holds.

    Args:
        source: the file.
        fields: the datasets to be read, the first of which says what is a row; all unless given.
        kind: as in `structure_of`.
        axes: as in `structure_of`.
        batched: as in `structure_of`.

    Raises:
        MissingPackageError: if h5py is not installed (extra `hdf5`).
        ReadError: if the file is damaged, leads out of itself, or the arrays do not fit together.

    Reference: The HDF Group, "HDF5 file format specification, version 3.0".
    """
    require("h5py", extra="hdf5")
    wanted = None if fields is None else [fields] if isinstance(fields, str) else list(fields)
    facts, found = apart(source, "hdf5", fields=wanted, most=source.max_bytes)
    names = chosen(source, list(map(str, facts["found"])), wanted)
    arrays = {name: found[name] for name in names if name in found}
    meta = {"attributes": facts["attributes"]} if facts["attributes"] else None
    return structure_of(source, arrays, kind=kind, axes=axes, batched=batched, meta=meta)
