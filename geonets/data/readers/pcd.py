"""PCD: the point cloud format of the Point Cloud Library, as text, bytes or compressed bytes."""

from __future__ import annotations

import numpy as np
import torch

from geonets.core.structure import Structure
from geonets.data.constructors import points
from geonets.data.readers.lzf import expanded
from geonets.data.readers.numbers import float32, table
from geonets.data.readers.pcdheader import Header, header
from geonets.data.readers.source import Source
from geonets.data.readers.vertices import fields, positions


def read_pcd(source: Source, *, drop_invalid: bool = False, dtype: torch.dtype = torch.float32) -> Structure:
    """A point cloud as one item; every field of the file is a node field, as `docs/shapes.md` states.

    A position that is not finite means that the sensor got nothing back. Such points stay, so that the rows and
    columns of a depth image do, and the node field `valid` is False for them. `meta` holds `width` and `height` of
    that image, and the `viewpoint`: its position, and a quaternion whose real part comes first.

    Args:
        source: the file.
        drop_invalid: leave these points out instead; then there is no field `valid`.
        dtype: of positions, normals and colours.

    Raises:
        ReadError: if the header is broken, or announces other points than are there.

    Reference: Point Cloud Library, "The PCD (Point Cloud Data) file format", version 0.7.
    """
    head = header(source)
    columns = _ascii(source, head) if head.storage == "ascii" else _binary(source, head)
    if not {"x", "y", "z"} <= columns.keys():
        raise source.error("have the fields x, y and z", " ".join(columns), head.place("FIELDS"), "Name them so.")
    rows = np.stack([columns.pop(axis) for axis in "xyz"], 1)
    valid = np.asarray(np.isfinite(rows).all(axis=1))
    if drop_invalid:
        rows, columns = rows[valid], {name: column[valid] for name, column in columns.items()}
    pos = positions(source, rows, dtype, head.point, None if drop_invalid else valid)
    nodes = fields(source, columns, dtype)
    if drop_invalid:
        return points([pos], nodes=nodes, meta=[{"viewpoint": head.viewpoint}])
    if "valid" in nodes:
        raise source.error("have no field named valid", "one", head.place("FIELDS"), "Pass drop_invalid=True.")
    meta = {"width": head.width, "height": head.height, "viewpoint": head.viewpoint}
    return points([pos], nodes={**nodes, "valid": torch.from_numpy(valid)}, meta=[meta])


def _ascii(source: Source, head: Header) -> dict[str, np.ndarray]:
    lines = source.lines[head.num_lines :]
    while lines and not lines[-1].strip():
        lines.pop()
    if len(lines) != head.points:
        raise source.error(
            f"have the {head.points} points that its header announces",
            f"{len(lines)} lines",
            head.place("POINTS"),
            "Fetch the whole file, or correct the count.",
        )
    width = sum(field.many for field in head.fields)
    first = head.num_lines + 1
    numbers = table(source, lines, columns=width, first_line=first, rows_are="point", finite=False)
    columns, at = {}, 0
    for field in head.fields:
        column = numbers[:, at : at + field.many]
        at += field.many
        if field.dtype.kind != "f":
            limits = np.iinfo(field.dtype)
            inside = (column >= limits.min) & (column <= limits.max) & (column == np.rint(column))
            wrong = np.flatnonzero(~inside.all(1))
            if len(wrong):
                rule = f"have whole numbers between {limits.min} and {limits.max} in {field.name}"
                got = f"{column[wrong[0]].tolist()}"
                raise source.error(rule, got, head.point(int(wrong[0])), "Correct the number, or TYPE and SIZE.")
        narrow = field.dtype == np.float32
        _keep(columns, field.name, float32(source, column, head.point) if narrow else column.astype(field.dtype))
    return columns


def _binary(source: Source, head: Header) -> dict[str, np.ndarray]:
    content, at = source.content, head.num_bytes
    needed = head.points * sum(field.size for field in head.fields)
    if head.storage == "binary_compressed":
        content, at = _expanded(source, content[at:], needed, head), 0
    if len(content) - at < needed or content[at + needed :].strip(b"\0\r\n"):
        whole = (len(content) - at) // max(sum(field.size for field in head.fields), 1)
        raise source.error(
            f"have the {head.points} points of {needed} bytes that its header announces",
            f"{len(content) - at} bytes",
            f"DATA, point {min(whole, head.points)}",
            "Fetch the whole file, or correct the count.",
        )
    columns: dict[str, np.ndarray] = {}
    if head.storage == "binary":
        row = np.dtype([(f"{n}", field.dtype, (field.many,)) for n, field in enumerate(head.fields)])
        rows = np.frombuffer(content, row, head.points, at)
        for number, field in enumerate(head.fields):
            _keep(columns, field.name, rows[f"{number}"])
        return columns
    for field in head.fields:  # compressed files hold one field after another
        rows = np.frombuffer(content, field.dtype, head.points * field.many, at)
        _keep(columns, field.name, rows.reshape(head.points, field.many))
        at += head.points * field.size
    return columns


def _expanded(source: Source, content: bytes, needed: int, head: Header) -> bytes:
    """The bytes that were compressed; their number is known beforehand, and held against the bytes that are there."""
    packed, size = (int(number) for number in np.frombuffer(content[:8].ljust(8, b"\0"), "<u4"))
    if size != needed:
        raise source.error(
            f"hold {needed} bytes, compressed", f"{size} announced", "DATA, uncompressed size", "Fetch it again."
        )
    if packed > len(content) - 8 or size > source.max_bytes:
        got = f"{packed} of {len(content) - 8} that are there" if packed > len(content) - 8 else f"{size} bytes"
        rule = f"have the compressed bytes that it announces, and at most {source.max_bytes} of them expanded"
        raise source.error(rule, got, "DATA, compressed size", "Fetch it again, or raise max_bytes.")
    found = expanded(content[8 : 8 + packed], size)
    if found is None:
        raise source.error(
            f"expand to {size} bytes", "bytes that do not", f"DATA, byte {head.num_bytes + 8}", "Fetch it again."
        )
    return found


def _keep(columns: dict[str, np.ndarray], name: str, rows: np.ndarray) -> None:
    """A column under its name: one number a point as `(N,)`; packed colours as red, green, blue; padding not at all."""
    column = rows[:, 0] if rows.shape[1] == 1 else rows
    if name in ("rgb", "rgba") and column.ndim == 1 and column.dtype.itemsize == 4:
        packed = np.ascontiguousarray(column).view(np.uint32)
        parts = {"red": 16, "green": 8, "blue": 0} | ({"alpha": 24} if name == "rgba" else {})
        columns.update({part: (packed >> shift & 255).astype(np.uint8) for part, shift in parts.items()})
    elif name != "_":
        columns[name] = column
