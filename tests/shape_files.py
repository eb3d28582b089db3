"""Small valid files of meshes and point clouds in every variant of their formats: seeds of mutants, and known answers."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Sequence
from typing import Any

POSITIONS = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0.5, 0.5, 1)]
COLORS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (51, 102, 204), (255, 255, 255)]
POLYGONS = [(0, 1, 2, 3), (0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4)]
"""A pyramid of one square and four triangles."""

TRIANGLES = [(0, 1, 2), (0, 2, 3), (0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4)]


def ply(order: str, polygons: Sequence[Sequence[int]] = POLYGONS) -> bytes:
    """The pyramid with colours, a label and a confidence on vertices, colours on faces, and edges."""
    name = {"": "ascii", "<": "binary_little_endian", ">": "binary_big_endian"}[order]
    head = f"""ply
format {name} 1.0
comment a pyramid
element vertex 5
property float x
property float y
property double z
property uchar red
property uchar green
property uchar blue
property int label
property float confidence
element face {len(polygons)}
property list uchar int vertex_indices
property short part
element edge 1
property int vertex1
property int vertex2
end_header
"""
    vertices = [(*pos, *color, n, n / 4) for n, (pos, color) in enumerate(zip(POSITIONS, COLORS, strict=True))]
    faces = [(len(polygon), *polygon, number) for number, polygon in enumerate(polygons)]
    if not order:
        return (head + "".join(" ".join(map(str, row)) + "\n" for row in [*vertices, *faces, (0, 1)])).encode()
    body = [struct.pack(f"{order}ffdBBBif", *row) for row in vertices]
    body += [struct.pack(f"{order}B{row[0]}ih", *row) for row in faces]
    return b"".join([head.encode(), *body, struct.pack(f"{order}2i", 0, 1)])


def pcd(storage: str) -> bytes:
    """The pyramid's vertices, the last one without return, with packed colours, a label and two numbers together."""
    head = f"""# .PCD v0.7 - Point Cloud Data file format
VERSION 0.7
FIELDS x y z rgb label pair
SIZE 4 4 8 4 1 2
TYPE F F F F U I
COUNT 1 1 1 1 1 2
WIDTH 5
HEIGHT 1
VIEWPOINT 0 0 0 1 0 0 0
POINTS 5
DATA {storage}
"""
    nan = float("nan")
    places = [*POSITIONS[:4], (nan, nan, nan)]
    packed = [r << 16 | g << 8 | b for r, g, b in COLORS]
    rows = [(*pos, rgb, n, n, -n) for n, (pos, rgb) in enumerate(zip(places, packed, strict=True))]
    if storage == "ascii":
        as_float = [struct.unpack("<f", struct.pack("<I", rgb))[0] for rgb in packed]
        texts = [f"{x} {y} {z} {f!r} {n} {a} {b}\n" for (x, y, z, _, n, a, b), f in zip(rows, as_float, strict=True)]
        return (head + "".join(texts)).encode()
    if storage == "binary":
        return head.encode() + b"".join(struct.pack("<ffdIBhh", *row) for row in rows)
    columns = list(zip(*rows, strict=True))
    body = b"".join(
        struct.pack(f"<5{kind}", *column) for kind, column in zip("ffdIB", columns[:5], strict=True)
    ) + struct.pack("<10h", *(number for row in rows for number in row[5:]))
    short = compressed(body)
    return head.encode() + struct.pack("<II", len(short), len(body)) + short


def compressed(content: bytes) -> bytes:
    """LZF, by the first long enough repetition that is found."""
    found, at, plain = bytearray(), 0, bytearray()

    def flush() -> None:
        for start in range(0, len(plain), 32):
            part = plain[start : start + 32]
            found.extend([len(part) - 1, *part])
        plain.clear()

    while at < len(content):
        for length in range(min(len(content) - at, 264), 2, -1):
            start = content.find(content[at : at + length], max(at - 8192, 0), at + length - 1)
            if 0 <= start < at:
                flush()
                distance, code = at - start - 1, length - 2
                high = [min(code, 7) << 5 | distance >> 8] + ([code - 7] if code >= 7 else [])
                found.extend([*high, distance & 255])
                at += length
                break
        else:
            plain.append(content[at])
            at += 1
    flush()
    return bytes(found)


def stl() -> bytes:
    """The pyramid as bytes."""
    facets = [struct.pack("<12fH", 0, 0, 0, *(c for v in face for c in POSITIONS[v]), 0) for face in TRIANGLES]
    return b"solid, says the header".ljust(80) + struct.pack("<I", len(facets)) + b"".join(facets)


def stl_text() -> bytes:
    """The pyramid as lines."""
    lines = ["solid pyramid"]
    for face in TRIANGLES:
        corners = ["vertex {} {} {}".format(*POSITIONS[vertex]) for vertex in face]
        lines += ["facet normal 0 0 1", "  outer loop", *corners, "  endloop", "endfacet"]
    return "\n".join([*lines, "endsolid pyramid", ""]).encode()


GLTF: dict[str, Any] = {
    "asset": {"version": "2.0"},
    "scene": 0,
    "scenes": [{"nodes": [0]}],
    "nodes": [
        {"name": "base", "translation": [1, 0, 0], "children": [1, 2]},
        {"name": "whole", "mesh": 0, "rotation": [0, 0, 0.7071067811865476, 0.7071067811865476], "scale": [1, 2, -1]},
        {"name": "strip", "mesh": 1, "matrix": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 5, 1]},
    ],
    "meshes": [
        {"primitives": [{"attributes": {"POSITION": 0, "COLOR_0": 1, "_LABEL": 2, "NORMAL": 0}, "indices": 3}]},
        {"primitives": [{"attributes": {"POSITION": 0, "COLOR_0": 1, "_LABEL": 2, "TANGENT": 0}, "mode": 5}]},
    ],
    "accessors": [
        {"bufferView": 0, "componentType": 5126, "type": "VEC3", "count": 5},
        {"bufferView": 0, "byteOffset": 12, "componentType": 5121, "type": "VEC4", "count": 5, "normalized": True},
        {"bufferView": 1, "componentType": 5123, "type": "SCALAR", "count": 5},
        {"bufferView": 2, "componentType": 5121, "type": "SCALAR", "count": 18},
    ],
    "bufferViews": [
        {"buffer": 0, "byteLength": 80, "byteStride": 16},
        {"buffer": 0, "byteOffset": 80, "byteLength": 10},
        {"buffer": 0, "byteOffset": 92, "byteLength": 18},
    ],
    "buffers": [{"byteLength": 110}],
}
"""The pyramid twice: turned, stretched and mirrored; and its vertices as a strip of triangles."""

GLTF_BYTES = (
    b"".join(struct.pack("<3f4B", *pos, *color, 51) for pos, color in zip(POSITIONS, COLORS, strict=True))
    + struct.pack("<5H2x", *range(5))
    + bytes(vertex for face in TRIANGLES for vertex in face)
)


def glb(entries: dict[str, Any]) -> bytes:
    """A binary glTF file of this JSON and the pyramid's bytes."""
    text = json.dumps(entries).encode()
    text += b" " * (-len(text) % 4)
    content = GLTF_BYTES + bytes(-len(GLTF_BYTES) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(content), b"BIN\0") + content
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def gltf(uri: str) -> bytes:
    """A glTF file as text, whose bytes are elsewhere."""
    return json.dumps({**GLTF, "buffers": [{"byteLength": 110, "uri": uri}]}).encode()


def lines(rows: Sequence[Sequence[object]], separator: str = " ") -> str:
    return "".join(separator.join(map(str, row)) + "\n" for row in rows)


OBJ = (
    "# a pyramid\nmtllib pyramid.mtl\no pyramid\n"
    + lines([("v", *pos, *(c / 255 for c in color)) for pos, color in zip(POSITIONS, COLORS, strict=True)])
    + lines([("vn", *pos) for pos in POSITIONS])
    + lines([("vt", *pos[:2]) for pos in POSITIONS])
    + "g bottom\nf 1/1/1 2/2/2 3/3/3 4/4/4\ng sides\n"
    + "f 1/5/1 2/5/2 5/5/5\nf 2/1/2 3/2/3 -1/3/5\nf 3/1/3 \\\n4/2/4 5/3/5\nf -2/1/4 -5/2/1 -1/3/-1\n"
)
SHAPES: dict[str, dict[str, bytes]] = {
    "off": {"corner.off": b"OFF 5 5 0\n" + lines([*POSITIONS, *((len(p), *p, 255, 0, 0) for p in POLYGONS)]).encode()},
    "obj": {"pyramid.obj": OBJ.encode(), "plain.obj": (lines([("v", *p) for p in POSITIONS]) + "f 1 2 3\n").encode()},
    "gltf": {
        "pyramid.glb": glb(GLTF),
        "text.gltf": gltf("data:application/octet-stream;base64," + base64.b64encode(GLTF_BYTES).decode()),
    },
    "stl": {"pyramid.stl": stl(), "text.stl": stl_text()},
    "ply": {
        "text.ply": ply(""),
        "little.ply": ply("<"),
        "big.ply": ply(">"),
        "even.ply": ply("<", TRIANGLES),
    },
    "pcd": {f"{storage}.pcd": pcd(storage) for storage in ("ascii", "binary", "binary_compressed")},
    "points": {
        "plain.xyz": lines(POSITIONS).encode(),
        "named.xyz": b"# a comment\nX Y Z Red Green Blue Label\n"
        + lines([(*p, *c, 7) for p, c in zip(POSITIONS, COLORS, strict=True)]).encode(),
        "scan.pts": b"5\n" + lines([(*p, -2047, *c) for p, c in zip(POSITIONS, COLORS, strict=True)]).encode(),
        "comma.txt": lines([(*p, 0.25) for p in POSITIONS], ", ").encode(),
    },
}
"""By format, by name."""
