"""Meshes, point clouds and scenes from and to trimesh; no vertex is merged, moved or reordered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from geonets.core.errors import DtypeError, StructureError
from geonets.core.packages import require
from geonets.core.structure import Structure, batch
from geonets.core.tensors import as_tensor
from geonets.core.topology import Set
from geonets.data.colors import as_bytes, colors_of, joined
from geonets.data.constructors import points
from geonets.data.interop.notes import as_json, from_json
from geonets.data.interop.refusals import refuse_losses
from geonets.data.interop.triangles import mesh_with, require_mesh

TEXTURES = (
    "image",
    *(f"{word}Texture" for word in ("baseColor", "emissive", "normal", "occlusion", "metallicRoughness")),
)
"""What materials call their images."""

PLAIN = [102, 102, 102, 255]
"""The colour of a material that was given none."""


def from_trimesh(shape: Any, dtype: torch.dtype | None = None, normals: bool = False) -> Structure:
    """A trimesh `Trimesh` as a mesh, its `PointCloud` as a cloud, a `Scene` as one item for each placed geometry.

    Colours become `nodes["color"]` or, of faces, `color` of the level `faces`: red, green and blue from 0 to 1, and
    `alpha` unless all of them are opaque. Texture coordinates become `nodes["uv"]`; attributes of vertices and faces
    keep their names. `meta` holds the metadata, and of a scene the name
    of the node and of its geometry; the node's transform is applied.

    Args:
        shape: as trimesh holds it; positions stay in its unit. Load it with `process=False`, else trimesh has merged
            vertices already.
        dtype: of positions, colours, texture coordinates and normals; torch's default unless given.
        normals: add those that trimesh computes from the triangles, as `normal` of nodes and faces.

    Raises:
        DtypeError: if it is something else, or a scene of several kinds.
        StructureError: if it has a texture image, which no field holds, metadata that JSON cannot hold, or both colours
            and an attribute of that name.

    Example:
        >>> import trimesh
        >>> from_trimesh(trimesh.creation.box())
        Structure of Graph(1 item of 8 nodes, 36 edges)
          nodes   pos         (8, 3) float32
          faces   vertices    (12, 3) int64
    """
    trimesh = require("trimesh")
    parts = list(_placed(shape)) if isinstance(shape, trimesh.Scene) else [(shape, {})]
    kind = dtype or torch.get_default_dtype()
    if parts and all(isinstance(part, trimesh.Trimesh) for part, _ in parts):
        clear = any(map(_is_clear, (_shown(part)[1] for part, _ in parts)))
        items = [_mesh(part, record, kind, normals, clear) for part, record in parts]
    elif parts and all(isinstance(part, trimesh.PointCloud) for part, _ in parts):
        clear = any(_is_clear(np.asarray(part.colors)) for part, _ in parts)
        items = [_cloud(part, record, kind, clear) for part, record in parts]
    else:
        kinds = sorted({type(part).__name__ for part, _ in parts}) or ["an empty scene"]
        raise DtypeError(
            f"`shape` must be trimesh's Trimesh, PointCloud or a Scene of one kind; got {', '.join(kinds)}. "
            "Convert each geometry by itself."
        )
    return items[0] if len(items) == 1 else batch(items)


def to_trimesh(structure: Structure) -> Any:
    """A mesh as a trimesh `Trimesh`, a structure without faces as a `PointCloud`; several items as a `Scene` of them.

    Args:
        structure: with positions in space; of a cloud `pos`, `color` and `alpha` are held, of a mesh every field.
            Colours that are steps of 1/255 are shown, others travel as an attribute.

    Raises:
        StructureError: if it has fields, levels or links that would be lost, or no positions.

    Example:
        >>> from geonets.data.constructors import mesh
        >>> to_trimesh(mesh(torch.eye(3), torch.tensor([[0, 1, 2]]))).faces.tolist()
        [[0, 1, 2]]
    """
    trimesh = require("trimesh")
    if "faces" in structure.levels:
        require_mesh(structure, "trimesh")
        refuse_losses(structure, "trimesh", edge_types=False, nodes=None, globals=None, faces=None)
        shown = "nodes" if _bytes(structure.nodes) is not None else "faces"
        shapes = [_trimesh(trimesh, item, shown) for item in structure]
    else:
        refuse_losses(structure, "a trimesh PointCloud", kinds=(Set,), nodes=("pos", "color", "alpha"), globals=None)
        colored = "color" in structure.nodes or "alpha" in structure.nodes
        if structure.pos is None or (colored and _bytes(structure.nodes) is None):
            raise StructureError(
                "`structure` must have pos, and color (N, 3) and alpha (N,) in steps of 1/255 if any, for a "
                "trimesh PointCloud; "
                f"got {', '.join(structure.nodes) or 'no fields'}. Convert them: color=color[:, :3] / 255, say."
            )
        shapes = [trimesh.PointCloud(_array(item.pos), _bytes(item.nodes)) for item in structure]
    for shape, item in zip(shapes, structure, strict=True):
        record = item.meta[0] if item.meta is not None else {}
        shape.metadata.update({name: from_json(part) for name, part in record.items()})
        held = {name: _array(field)[0] for name, field in item.globals.items()}
        shape.metadata.update({"globals": held} if held else {})
    return shapes[0] if len(shapes) == 1 else _scene(trimesh, shapes)


def _placed(scene: Any) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Every geometry where the scene's graph puts it, and what it is called."""
    for node in scene.graph.nodes_geometry:
        transform, name = scene.graph[node]
        shape = scene.geometry[name].copy()
        yield shape.apply_transform(transform), {"name": str(node), "geometry": str(name)}


def _shown(shape: Any) -> tuple[str, Any]:
    """Which level of a mesh is coloured, and its colours; none of either where none is."""
    if shape.visual.kind == "vertex":
        return "nodes", np.asarray(shape.visual.vertex_colors)
    return ("faces", np.asarray(shape.visual.face_colors)) if shape.visual.kind == "face" else ("", None)


def _is_clear(colors: Any) -> bool:
    """Whether something shines through; trimesh adds an alpha of 255 to every colour, which says nothing."""
    return colors is not None and len(colors) > 0 and bool((colors[:, 3] < 255).any())


def _mesh(shape: Any, record: dict[str, Any], dtype: torch.dtype, normals: bool, clear: bool) -> Structure:
    nodes = {name: as_tensor(rows, name) for name, rows in shape.vertex_attributes.items()}
    faces = {name: as_tensor(rows, name) for name, rows in shape.face_attributes.items()}
    level, rows = _shown(shape)
    fields = nodes if level == "nodes" else faces
    for name, shades in ({} if rows is None else colors_of(rows, dtype, clear)).items():
        if name in fields:
            raise StructureError(
                f"`{name}` must not be the name of an attribute beside the colours of {level}; got one of shape "
                f"{tuple(fields[name].shape)}. Rename it first."
            )
        fields[name] = shades
    if shape.visual.kind == "texture":
        nodes |= _texture(shape.visual, record, dtype)
    if normals:
        nodes["normal"] = as_tensor(shape.vertex_normals, "normal").to(dtype)
        faces["normal"] = as_tensor(shape.face_normals, "normal").to(dtype)
    corners = as_tensor(np.asarray(shape.faces, dtype=np.int64), "faces").reshape(-1, 3)
    meta, held = _metadata(shape, record)
    return mesh_with(_positions(shape, dtype), corners, nodes, faces, meta, held)


def _cloud(shape: Any, record: dict[str, Any], dtype: torch.dtype, clear: bool) -> Structure:
    pos = _positions(shape, dtype)
    colors = np.asarray(shape.colors)
    nodes = colors_of(colors, dtype, clear) if len(colors) and len(colors) == len(pos) else {}
    meta, held = _metadata(shape, record)
    return points([pos], nodes=nodes, meta=meta, globals=held)


def _positions(shape: Any, dtype: torch.dtype) -> Tensor:
    return as_tensor(np.asarray(shape.vertices, dtype=np.float64), "vertices").to(dtype, copy=True).reshape(-1, 3)


def _texture(visual: Any, record: dict[str, Any], dtype: torch.dtype) -> dict[str, Tensor]:
    """Texture coordinates as a field, the material's colour in the record; an image of one colour is no more."""
    given = {name: getattr(visual.material, name, None) for name in TEXTURES}
    images = [name for name, image in given.items() if image is not None and not _is_plain(image)]
    if images:
        raise StructureError(
            f"`shape` must have no texture image, which no field holds; got {', '.join(images)}. "
            "Take its colours at the vertices first: shape.visual = shape.visual.to_color()."
        )
    color = np.asarray(visual.material.main_color).tolist()
    record |= {} if color == PLAIN else {"material_color": color}
    return {} if visual.uv is None else {"uv": as_tensor(np.asarray(visual.uv, dtype=np.float64), "uv").to(dtype)}


def _is_plain(image: Any) -> bool:
    return all(low == high for low, high in np.reshape(image.getextrema(), (-1, 2)))


def _metadata(shape: Any, record: dict[str, Any]) -> tuple[list[dict[str, Any]] | None, dict[str, Tensor]]:
    """The record, and the fields of the item that `to_trimesh` put there."""
    given = {name: part for name, part in shape.metadata.items() if str(name)[:1] != "_"} | record  # _: trimesh's own
    held = given.pop("globals", {})
    cure = "Delete it first: del shape.metadata[...]."
    found = {str(name): as_json(part, f"shape.metadata: {name}", cure) for name, part in given.items()}
    return [found] if found else None, {name: as_tensor(np.asarray(row)[None], name) for name, row in held.items()}


def _trimesh(trimesh: Any, item: Structure, colored: str) -> Any:
    fields = {"nodes": dict(item.nodes), "faces": dict(item.levels["faces"].fields)}
    nodes, faces = fields["nodes"], fields["faces"]
    del nodes["pos"], faces["vertices"]
    shown: dict[str, Any] = {}
    uv = nodes.get("uv")
    if uv is not None and uv.ndim == 2 and uv.shape[1] == 2:
        shown["visual"] = trimesh.visual.TextureVisuals(uv=_array(nodes.pop("uv")))
    elif (colors := _bytes(fields[colored])) is not None:
        shown["vertex_colors" if colored == "nodes" else "face_colors"] = colors
        fields[colored].pop("color")
        fields[colored].pop("alpha", None)
    return trimesh.Trimesh(
        _array(item.pos),
        _array(item.levels["faces"]["vertices"]),
        vertex_normals=_array(nodes["normal"]) if "normal" in nodes else None,
        vertex_attributes={name: _array(field) for name, field in nodes.items()},
        face_attributes={name: _array(field) for name, field in faces.items()},
        process=False,
        **shown,
    )


def _scene(trimesh: Any, shapes: list[Any]) -> Any:
    scene = trimesh.Scene()
    for number, shape in enumerate(shapes):
        name = shape.metadata.get("name", f"item {number}")
        name = name if name not in scene.graph.nodes else f"{name} ({number})"
        scene.add_geometry(shape, node_name=name, geom_name=name)
    return scene


def _bytes(fields: Any) -> Any:
    """Colours as trimesh holds them; None where there are none, or if it would change them."""
    shades = joined(fields)
    return None if shades is None else as_bytes(shades)


def _array(field: Tensor) -> Any:
    return field.detach().cpu().numpy()
