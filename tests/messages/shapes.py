"""Meshes and point clouds that cannot be read."""

from __future__ import annotations

import json
from typing import Any

import torch
from shape_files import GLTF, SHAPES, compressed, glb, gltf, pcd

from messages.readers import read

TRIANGLE = "v 0 0 0\nv 1 0 0\nv 0 1 0\n"
HEAD = "ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\nproperty float z\n"
FACE = HEAD.replace("vertex 1", "vertex 3") + "element face 1\nproperty list uchar int vertex_index\nend_header\n"
THREE = "0 0 0\n1 0 0\n0 1 0\n"
ASCII, BINARY, SHORT = (pcd(storage) for storage in ("ascii", "binary", "binary_compressed"))
START = SHORT.index(b"binary_compressed\n") + 18
LITTLE = SHAPES["ply"]["little.ply"]
FACET = "facet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet\n"


def changed(old: str, new: str) -> object:
    """The PCD file as text with one change."""
    assert old.encode() in ASCII
    return read("a.pcd", ASCII.replace(old.encode(), new.encode(), 1), format="pcd")


def ply_with(header: str, body: str) -> object:
    return read("a.ply", HEAD + header + "end_header\n" + body + "\n")


def unsigned() -> object:
    head = "VERSION 0.7\nFIELDS x y z i\nSIZE 4 4 4 8\nTYPE F F F U\nWIDTH 1\nHEIGHT 1\nDATA binary\n"
    return read("a.pcd", head.encode() + bytes(12) + b"\xff" * 8)


def packed(size: int, content: bytes) -> object:
    sizes = len(content).to_bytes(4, "little") + size.to_bytes(4, "little")
    return read("a.pcd", SHORT[:START] + sizes + content)


def stl(count: int) -> bytes:
    content = SHAPES["stl"]["pyramid.stl"]
    return b" " * 80 + count.to_bytes(4, "little") + content[84:]


def facet(old: str, new: str) -> object:
    return read("a.stl", "solid\n" + FACET.replace(old, new) + "endsolid\n")


GLB = glb(GLTF)


def primitive(**changes: Any) -> dict[str, Any]:
    return {"attributes": {"POSITION": 0}, **changes}


def crowd() -> dict[str, Any]:
    """A mesh that many nodes place."""
    return {**GLTF, "scenes": [{"nodes": [0]}], "nodes": [{"children": [*range(1, 99)]}, *[{"mesh": 0}] * 98]}


def scene(**changes: Any) -> object:
    """The scene with some entries changed, each named by its list and number: `nodes_1={...}`."""
    entries = json.loads(json.dumps(GLTF))
    for name, change in changes.items():
        kind, _, number = name.partition("_")
        if number:
            entries[kind][int(number)] |= change
        else:
            entries[kind] = change
    return read("a.glb", glb(entries))


def attributes(**changes: Any) -> object:
    return scene(meshes_0={"primitives": [{"attributes": {"POSITION": 0, **changes}}]})


CASES = [
    ("`dtype` must be one of torch.float32, torch.float64", lambda: read("a.obj", TRIANGLE, dtype=torch.float16)),
    (
        "must keep its shape in float32; got coordinates up to 4.50001e\\+06 over an extent of 10.5 ",
        lambda: read("a.xyz", "4500000.25 0 0\n4500010.75 0 0\n"),
    ),
    ("must have one column for each field; got another for 'pos'", lambda: ply_with("property float pos\n", "0 0 0 1")),
    ("must have 64-bit whole numbers; got 18446744073709551615 .*'i'", unsigned),
    ("must begin with the line ply; got", lambda: read("a.ply", "PLY", format="ply")),
    (
        "must have a PLY header of .*; got element vertex 1.5 .*line 3",
        lambda: read("a.ply", HEAD.replace("x 1", "x 1.5")),
    ),
    ("must have a header that ends with end_header", lambda: read("a.ply", HEAD)),
    ("must announce every element once; got vertex", lambda: read("a.ply", HEAD + "element vertex 1\n")),
    ("must have other names for the properties .*; got z", lambda: read("a.ply", HEAD + "property float z\n")),
    ("must have the 3 rows that the header announces; got 2 lines .*line 3", lambda: read("a.ply", FACE + THREE[:12])),
    ("must have the 5 rows .*; got 60 bytes", lambda: read("a.ply", LITTLE[: LITTLE.index(b"end_header") + 71])),
    ("must hold the numbers that its lists announce; .*face 4", lambda: read("a.ply", LITTLE[:-10])),
    ("must have more numbers there, as its lists announce.*face 0", lambda: read("a.ply", FACE + THREE + "4 0 1 2\n")),
    ("must have whole numbers between 0 and 255 there; got 300", lambda: ply_with("property uchar a\n", "0 0 0 300")),
    ("must end after the rows that its header announces; got more .*line 9", lambda: ply_with("", "0 0 0\n1 1 1")),
    ("must end after the rows .*byte", lambda: read("a.ply", LITTLE + b"more")),
    ("must have an element vertex", lambda: read("a.ply", "ply\nformat ascii 1.0\nend_header\n")),
    (
        "must have the columns x, y and z; got x, y, w",
        lambda: read("a.ply", HEAD.replace("t z", "t w") + "end_header\n0 0 0"),
    ),
    ("must have finite coordinates; got .*line 8, vertex 0", lambda: ply_with("", "0 nan 0")),
    ("must have a PCD header .*; got ODD 3 .*line 2", lambda: read("a.pcd", "VERSION 0.7\nODD 3\n")),
    ("must have a header with FIELDS", lambda: read("a.pcd", "VERSION 0.7\nDATA ascii\n")),
    ("must announce as many points as WIDTH times HEIGHT; got 5 for 4 x 1", lambda: changed("WIDTH 5", "WIDTH 4")),
    ("must have DATA ascii, binary, binary_compressed; got text", lambda: changed("DATA ascii", "DATA text")),
    ("must have seven numbers as VIEWPOINT; got 0 0", lambda: changed("VIEWPOINT 0 0 0 1 0 0 0", "VIEWPOINT 0 0")),
    ("must have one SIZE for each of the 6 FIELDS; got 5", lambda: changed("SIZE 4 4 8 4 1 2", "SIZE 4 4 8 4 1")),
    ("must have a name for each field, each once; got x y y", lambda: changed("x y z", "x y y")),
    ("must have the types F, I or U; got X", lambda: changed("TYPE F", "TYPE X")),
    ("must have sizes 4, 8 for F; got 3", lambda: changed("SIZE 4", "SIZE 3")),
    ("must have a COUNT between 1 and .*; got 1000000000", lambda: changed("COUNT 1", "COUNT 1000000000")),
    ("must have 1 whole numbers as WIDTH; got -5", lambda: changed("WIDTH 5", "WIDTH -5")),
    ("must have the fields x, y and z; got x y w", lambda: changed("x y z", "x y w")),
    ("must have no field named valid", lambda: changed("label", "valid")),
    (
        "must have the 5 points that its header announces; got 6 lines",
        lambda: read("a.pcd", ASCII + b"0 0 0 0 0 0 0\n"),
    ),
    (
        "must have whole numbers between 0 and 255 in label; got .*999.* point 4",
        lambda: changed(" 4 4 -4", " 999 4 -4"),
    ),
    ("must have the 5 points of 125 bytes .*point 4", lambda: read("a.pcd", BINARY[:-3])),
    ("must hold 125 bytes, compressed; got 4 announced", lambda: packed(4, b"")),
    ("must have the compressed bytes that it announces", lambda: read("a.pcd", SHORT[:-9])),
    ("must expand to 125 bytes; got bytes that do not", lambda: packed(125, compressed(b"short"))),
    ("must have the 2 points that line 1 announces; got 1", lambda: read("a.pts", "2\n0 0 0\n")),
    ("must have three coordinates on a line; got 2 numbers", lambda: read("a.xyz", "0 0\n", format="points")),
    ("must have the columns x, y, z .*; got x y z a a", lambda: read("a.xyz", "0 0 0 1 2\n", columns="x y z a a")),
    ("must have 4 numbers for each point; got 3", lambda: read("a.xyz", "0 0 0\n", columns="x y z a")),
    ("must have the 7 facets of 50 bytes .*facet 6", lambda: read("a.stl", stl(7))),
    ("must begin with solid, or be binary STL", lambda: read("a.stl", "facet\n")),
    ("must end with endsolid; got facet", lambda: read("a.stl", "solid\nfacet")),
    (
        "must have a line that begins with vertex there; got 'vortex 1 0 0' .*line 5",
        lambda: facet("vertex 1", "vortex 1"),
    ),
    ("must have seven lines a facet; got fewer", lambda: facet("endfacet\n", "")),
    ("must have finite numbers only; got .nan. .*line 5", lambda: facet("vertex 1", "vertex nan")),
    ("must hold JSON; got Expecting value", lambda: read("a.gltf", "?")),
    ("must be glTF; got other JSON", lambda: read("a.gltf", "[]")),
    (
        "must hold its geometry as it is; got KHR_draco",
        lambda: scene(extensionsRequired=["KHR_draco_mesh_compression"]),
    ),
    (
        "must name one of its 4 accessors; got 9 .*meshes.0..primitives.0..attributes.POSITION",
        lambda: attributes(POSITION=9),
    ),
    ("must have a whole number as count; got -1 .*JSON, accessors.0.", lambda: scene(accessors_0={"count": -1})),
    ("must have 3 numbers as scale; got .1, 2", lambda: scene(nodes_1={"scale": [1, 2]})),
    ("must have a list as children; got 'all'", lambda: scene(nodes_1={"children": "all"})),
    ("must have numbers for each accessor; got a sparse", lambda: scene(accessors_0={"sparse": {}})),
    ("must have a known componentType .*; got 5126, 'MAT4'", lambda: scene(accessors_0={"type": "MAT4"})),
    ("must end within its buffer; got 999 of", lambda: scene(bufferViews_0={"byteLength": 999})),
    ("must end within its bufferView; got 6 rows", lambda: scene(accessors_0={"count": 6})),
    ("must be version 2, of .* bytes as it announces", lambda: read("a.glb", glb(GLTF)[:-1])),
    ("must have a chunk of 4294967295 bytes", lambda: read("a.glb", GLB[:12] + b"\xff" * 4 + GLB[16:])),
    ("must begin with a chunk of JSON; got none", lambda: read("a.glb", GLB[:16] + b"NOSJ" + GLB[20:])),
    ("must have 999 bytes, as announced; got 112 bytes", lambda: scene(buffers_0={"byteLength": 999})),
    ("must hold its bytes as base64", lambda: read("a.gltf", gltf("data:;base64,?"))),
    ("must name a file of its folder as buffer; got 'http://a/b'", lambda: read("a.gltf", gltf("http://a/b"))),
    ("must name files inside its folder only; got '../b'", lambda: read("a.gltf", gltf("%2e%2e/b"))),
    ("must have at most 4000 bytes of meshes", lambda: read("a.glb", glb(crowd()), max_bytes=4000)),
    ("must have a mesh of triangles or points in its scene", lambda: scene(scenes=[{"nodes": []}])),
    ("must have one parent for each node; got several .*nodes.1.", lambda: scene(nodes_2={"children": [1]})),
    ("must have a POSITION for each primitive; got None", lambda: scene(meshes_0={"primitives": [{}]})),
    ("must have one value for each of the 5 vertices; got 18", lambda: attributes(_X=3)),
    ("must have 3 numbers a vertex; got shape .5,", lambda: attributes(NORMAL=2)),
    ("must have one whole number for each corner", lambda: scene(meshes_0={"primitives": [primitive(indices=0)]})),
    ("must have three corners for each triangle; got 5 corners", attributes),
    ("must have a vertex; got none", lambda: read("a.obj", "# nothing\n")),
    ("must have three coordinates a vertex, .*; got 5 numbers", lambda: read("a.obj", "v 0 0 0 0 0\n")),
    ("must have lines that begin with v, .*; got 'w' .*line 4", lambda: read("a.obj", TRIANGLE + "w 1\n")),
    (
        "must name each vertex by a number from 1 to 3, .*; got 4 .*line 4, face 0",
        lambda: read("a.obj", TRIANGLE + "f 1 2 4"),
    ),
    ("must have 3 numbers for each corner; got 4 .*line 4", lambda: read("a.obj", TRIANGLE + "f 1 2 3/1/1/1")),
    ("must have a whole number there; got '1.5' .*line 4", lambda: read("a.obj", TRIANGLE + "f 1 2 1.5")),
]
