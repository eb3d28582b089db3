"""glTF, as text (`.gltf`) or bytes (`.glb`): scenes of meshes, an item for each that is placed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from geonets.core.structure import Structure
from geonets.data.constructors import mesh, points
from geonets.data.readers.gltfdocument import Document
from geonets.data.readers.gltfparts import Part, named, parts_of
from geonets.data.readers.source import Source
from geonets.data.readers.vertices import fields, positions


def read_gltf(source: Source, *, dtype: torch.dtype = torch.float32) -> Structure:
    """The scene, an item for each geometry that it places: every primitive of a mesh, where its node puts it.

    `meta` holds the names of the node and of its mesh as `name` and `geometry`. Normals, colours, texture coordinates
    and attributes of one's own become node fields where every item has them; what is left out is named in
    `meta["left_out"]`. Where some item has triangles, items of points are meshes without; else all are clouds. Buffers
    may be files of the same folder; images are never opened.

    Args:
        source: the file.
        dtype: of positions, normals and colours.

    Raises:
        ReadError: if the file is cut, or an entry names another that is not there, or bytes outside its buffer.

    Reference: Khronos Group, "glTF 2.0 specification", 2021.
    """
    document = Document(source)
    left_out: dict[str, None] = {}
    parts: list[Part] = []
    room = source.max_bytes
    for number, matrix, name in _placed(document):
        for part in parts_of(document, number, matrix, name, left_out):
            parts.append(part)
            room -= part.pos.nbytes + part.faces.nbytes
            if room < 0:  # a small file can place one mesh a million times
                rule, cure = f"have at most {source.max_bytes} bytes of meshes", "Raise the limit: max_bytes."
                raise document.error(rule, "more where its nodes place them", f"meshes[{number}]", cure)
    if not parts:
        raise document.error("have a mesh of triangles or points in its scene", "none", "meshes")
    everywhere = set.intersection(*({(name, rows.shape[1:]) for name, rows in p.attributes.items()} for p in parts))
    columns: dict[str, np.ndarray] = {}
    for name in dict.fromkeys(name for part in parts for name in part.attributes):
        if any(name == known for known, _ in everywhere):
            columns |= named(name, np.concatenate([part.attributes[name] for part in parts]))
        else:
            left_out[name] = None
    whole = np.concatenate([part.pos for part in parts])
    pos = positions(source, whole, dtype, lambda vertex: f"JSON, vertex {vertex} of all meshes")
    places = list(pos.split([len(part.pos) for part in parts]))
    noted = {"left_out": list(left_out)} if left_out else {}
    levels = {
        "nodes": fields(source, columns, dtype),
        "meta": [{"name": part.name, "geometry": part.geometry, **noted} for part in parts],
    }
    if not any(len(part.faces) for part in parts):
        return points(places, **levels)
    return mesh(places, [torch.from_numpy(np.ascontiguousarray(part.faces)) for part in parts], **levels)


def _placed(document: Document) -> Iterator[tuple[Any, np.ndarray, str]]:
    """The meshes of the scene, with the matrix and name of the node that places each; without a scene, all meshes."""
    if not document.listed(document.entries, "scenes", "scenes"):
        for number in range(len(document.listed(document.entries, "meshes", "meshes"))):
            yield number, np.eye(4), f"mesh {number}"
        return
    scene, place = document.entry("scenes", document.entries.get("scene", 0), "scene")
    waiting = [(node, np.eye(4)) for node in reversed(document.listed(scene, "nodes", place))]
    seen: set[int] = set()
    while waiting:
        number, parent = waiting.pop()
        node, place = document.entry("nodes", number, place)
        if number in seen:
            raise document.error("have one parent for each node", "several", place)
        seen.add(number)
        with np.errstate(over="ignore", invalid="ignore"):
            matrix = parent @ _matrix(document, node, place)
        if "mesh" in node:
            yield node["mesh"], matrix, str(node.get("name", f"node {number}"))
        waiting += [(child, matrix) for child in reversed(document.listed(node, "children", place))]


def _matrix(document: Document, node: dict[str, Any], place: str) -> np.ndarray:
    """Where a node stands: its matrix, or its scale, rotation and translation, in this order."""
    if "matrix" in node:
        return document.numbers(node, "matrix", 16, place).reshape(4, 4).T
    matrix = np.eye(4)
    if "rotation" in node:
        x, y, z, w = document.numbers(node, "rotation", 4, place)
        matrix[:3, :3] = [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    if "scale" in node:
        matrix[:3, :3] *= document.numbers(node, "scale", 3, place)
    if "translation" in node:
        matrix[:3, 3] = document.numbers(node, "translation", 3, place)
    return matrix
