"""OBJ: Wavefront's meshes as text. Files that it names, such as materials, are never opened."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from geonets.core.structure import Structure
from geonets.data.readers.numbers import table
from geonets.data.readers.polygons import Triangles, triangles
from geonets.data.readers.source import Source
from geonets.data.readers.vertices import fields, positions, shape

READ = ("v", "vn", "vt", "f")
LEFT_OUT = ("p", "l", "curv", "curv2", "surf")
"""Points, lines and free-form shapes: named in the item's `meta["left_out"]`."""
SKIPPED = (
    "g", "o", "s", "mg", "usemtl", "mtllib", "usemap", "maplib", "bevel", "c_interp", "d_interp", "lod", "shadow_obj",
    "trace_obj", "vp", "deg", "bmat", "step", "cstype", "parm", "trim", "hole", "scrv", "sp", "end", "con", "ctech",
    "stech",
)  # fmt: skip
"""What belongs to how the shape is shown, or to free-form shapes."""


def read_obj(source: Source, *, dtype: torch.dtype = torch.float32) -> Structure:
    """A mesh as one item: polygons cut into triangles; numbers that count back from the end are resolved.

    Colours after the position of a vertex are `color`. Normals and texture coordinates are the node fields `normal` and
    `uv` where every vertex has one; else corners of a vertex have different ones, and the level `faces` has a
    field of that name, `(F, 3, ...)`, with one for each corner. Names of groups and materials are not kept.

    Args:
        source: the file.
        dtype: of all fields.

    Raises:
        ReadError: if a line is none of the format, or a face names no vertex.

    Reference: Wavefront Technologies, "Object files (.obj)", in the Advanced Visualizer manual, version 4.
    """
    rows, left_out = _rows(source)
    meta = {"left_out": left_out} if left_out else None
    places = rows["v"].lines
    if not places:
        raise source.error("have a vertex", "none", f"end, line {max(len(source.lines), 1)}", "Check that it is OBJ.")
    numbers = table(source, rows["v"].texts, first_line=places, rows_are="vertex")
    if numbers.shape[1] not in (3, 4, 6, 7):
        rule, got = "have three coordinates a vertex, and three of colour at most", f"{numbers.shape[1]} numbers"
        raise source.error(rule, got, f"line {places[0]}, vertex 0", "Correct it.")
    pos = positions(source, numbers[:, :3], dtype, lambda vertex: f"line {places[vertex]}, vertex {vertex}")
    colors = numbers.T[-3:] if numbers.shape[1] > 4 else ()
    nodes = fields(source, dict(zip(("red", "green", "blue"), colors, strict=False)), dtype)
    if not rows["f"].lines:
        return shape(pos, nodes, meta=meta)
    lines = rows["f"].lines
    sizes, corners = _corners(source, rows["f"])
    named = _resolved(source, corners[:, 0], sizes, lines, places, "vertex")
    faces = triangles(source, sizes, named, len(pos), lambda face: f"line {lines[face]}, face {face}")
    of_faces: dict[str, Tensor] = {}
    for column, (keyword, name) in enumerate((("vt", "uv"), ("vn", "normal")), 1):
        if (corners[:, column] == 0).any() or not rows[keyword].lines:
            continue  # not every corner has one
        values = _values(source, rows[keyword], name)
        chosen = _resolved(source, corners[:, column], sizes, lines, rows[keyword].lines, name)
        level, field = _field(torch.from_numpy(values).to(dtype), named, chosen, faces, len(pos))
        (nodes if level == "nodes" else of_faces)[name] = field
    return shape(pos, nodes, faces, of_faces, meta)


class Rows(NamedTuple):
    """The lines of one keyword: their numbers in the file, and their texts without the keyword."""

    lines: list[int]
    texts: list[str]


def _rows(source: Source) -> tuple[dict[str, Rows], list[str]]:
    """The lines of each keyword that is read; the keywords of those that are not."""
    lines = source.lines
    if source.text.startswith(" ") or any(sign in source.text for sign in ("\t", "\n ", "\\")):
        lines = _joined([line.replace("\t", " ").strip() for line in lines])
    numbers: dict[str, list[int]] = {keyword.ljust(2): [] for keyword in READ}
    others: list[int] = []
    for number, line in enumerate(lines, 1):
        numbers.get(line[:2], others).append(number)
    rows = {}
    for keyword in READ:
        found = numbers[keyword.ljust(2)]
        rows[keyword] = Rows(found, [lines[number - 1][2:].partition("#")[0] for number in found])
    left_out: dict[str, None] = {}
    for number in others:
        keyword = lines[number - 1].partition(" ")[0]
        if keyword in LEFT_OUT:
            left_out[keyword] = None
        elif keyword and not keyword.startswith("#") and keyword not in SKIPPED:
            rule, place = "have lines that begin with v, vn, vt, f or another word of OBJ", f"line {number}"
            raise source.error(rule, repr(keyword), place, "Check that it is OBJ.")
    return rows, list(left_out)


def _joined(lines: list[str]) -> list[str]:
    """The lines, those that end in a backslash joined to the next, which leaves empty ones behind."""
    found, start = [], ""
    for line in lines:
        if line.endswith("\\"):
            start += line[:-1] + " "
            found.append("")
        else:
            found.append((start + line).strip())
            start = ""
    return found


def _values(source: Source, rows: Rows, name: str) -> np.ndarray:
    """Normals or texture coordinates; a third texture coordinate is left."""
    width = 3 if name == "normal" or len(rows.texts[0].split()) > 2 else 2
    numbers = table(source, rows.texts, columns=width, first_line=rows.lines, rows_are=name)
    return numbers[:, : 3 if name == "normal" else 2]


def _corners(source: Source, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """How many corners each face has; `(corners, 3)` the vertex, texture coordinate and normal of each, 0 for none."""
    sizes = np.array([len(text.split()) for text in rows.texts], np.int64)
    whole = "\n".join(rows.texts)
    flat = whole.split()
    bars = {corner.count("/") for corner in flat} if "/" in whole else {0}
    double = sum("//" in corner for corner in flat) if bars == {2} else 0
    found = np.zeros((len(flat), 3), np.int64)
    columns = [0, 2] if double else list(range(min(bars, default=0) + 1))
    if len(bars) == 1 and len(set(sizes.tolist())) == 1 and double in (0, len(flat)) and len(columns) < 4:
        texts = whole.replace("//", "/").replace("/", " ").split("\n")  # faces of one kind: a line each
        width = len(columns) * int(sizes[0])
        numbers = table(source, texts, columns=width, first_line=rows.lines, rows_are="face", kind=int)
        found[:, columns] = numbers.reshape(-1, len(columns))
        return sizes, found
    parts = [corner.split("/") for corner in flat]
    texts = [" ".join([part or "0" for part in corner] + ["0"] * (3 - len(corner))) for corner in parts]
    lines = np.repeat(rows.lines, sizes).tolist()
    return sizes, table(source, texts, columns=3, first_line=lines, rows_are="corner", kind=int)


def _resolved(
    source: Source, named: np.ndarray, sizes: np.ndarray, face_lines: list[int], lines: list[int], what: str
) -> np.ndarray:
    """Numbers from 0; negative ones count back from the last line of their kind before the face."""
    before = np.repeat(np.searchsorted(lines, face_lines), sizes)
    numbers = np.where(named < 0, before + named, named - 1)
    wrong = np.flatnonzero((named == 0) | (numbers < 0) | (numbers >= len(lines)))
    if len(wrong):
        face = int(np.searchsorted(np.cumsum(sizes), wrong[0], side="right"))
        rule, got = f"name each {what} by a number from 1 to {len(lines)}, or back from -1", f"{named[wrong[0]]}"
        raise source.error(rule, got, f"line {face_lines[face]}, face {face}", "Correct the face.")
    return numbers


def _field(
    values: Tensor, vertices: np.ndarray, chosen: np.ndarray, faces: Triangles, count: int
) -> tuple[str, Tensor]:
    """One value a node where all corners of each agree and none is without, else one for each corner of each face."""
    own = np.full(count, -1)
    own[vertices] = chosen
    if (own >= 0).all() and (own[vertices] == chosen).all():
        return "nodes", values[torch.from_numpy(own)]
    return "faces", values[torch.from_numpy(chosen[faces.corners])]
