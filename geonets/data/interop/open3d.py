"""Point clouds, triangle meshes and voxel grids from and to Open3D, its legacy geometries and its tensor ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from geonets.core.errors import DtypeError, OptionError, StructureError
from geonets.core.options import one_of
from geonets.core.packages import require
from geonets.core.structure import Structure, batch
from geonets.core.tensors import as_tensor
from geonets.core.topology import Grid, Set, SparseGrid
from geonets.data.colors import FULL, as_bytes, colors_of, joined
from geonets.data.constructors import points
from geonets.data.interop.refusals import refuse_losses
from geonets.data.interop.triangles import mesh_with, require_mesh

NAMES = {"positions": "pos", "normals": "normal", "indices": "vertices"}
"""What Open3D's tensor geometries call their attributes, and what a field is called."""

COLOR_DTYPE = "color_dtype"
"""What a record calls the dtypes of colours that were whole numbers, by level."""

AXES = ("x", "y", "z")
OF_NODES, OF_FACES = ("pos", "normal", "color"), ("vertices", "normal", "texture_uvs", "material_ids")
COVARIANCE = "covariance"
"""What legacy geometries hold, of vertices, of triangles, and of the points of a cloud beside."""


def from_open3d(geometry: Any, dtype: torch.dtype | None = None) -> Structure:
    """Open3D geometries, one an item: a cloud as a set, a mesh as `gn.mesh` makes it, a voxel grid as a sparse grid.

    Normals become `normal`, colours `color`, and `alpha` of four columns, from 0 to 1, of nodes or of the level
    `faces`. Other attributes of tensor geometries keep their names and dtypes, and share their memory where it is the
    CPU's. `meta` holds the dtype of colours that were whole numbers, and origin and size of the voxels of a grid, whose
    axes are `("x", "y", "z")`.

    Args:
        geometry: `PointCloud`, `TriangleMesh` or `VoxelGrid` of `open3d.geometry`, `PointCloud` or `TriangleMesh` of
            `open3d.t.geometry`, or a list of one kind.
        dtype: of what legacy geometries hold, which is float64 there, and of colours that were whole numbers; torch's
            default unless given.

    Raises:
        DtypeError: if it is something else.
        StructureError: if it has textures, materials or a rotated voxel grid, which no field holds.

    Example:
        >>> import open3d
        >>> from_open3d(open3d.geometry.TriangleMesh.create_box())
        Structure of Graph(1 item of 8 nodes, 36 edges)
          nodes   pos         (8, 3) float32
          faces   vertices    (12, 3) int64
    """
    open3d = require("open3d")
    legacy, tensor = open3d.geometry, open3d.t.geometry
    readers: dict[Any, Callable[[Any, torch.dtype], Structure]] = {
        legacy.PointCloud: _legacy_cloud,
        legacy.TriangleMesh: _legacy_mesh,
        legacy.VoxelGrid: _voxels,
        tensor.PointCloud: _tensor_cloud,
        tensor.TriangleMesh: _tensor_mesh,
    }
    parts = list(geometry) if isinstance(geometry, list | tuple) else [geometry]
    kinds = {type(part) for part in parts}
    if len(kinds) != 1 or not kinds <= readers.keys():
        raise DtypeError(
            "`geometry` must be an Open3D PointCloud, TriangleMesh or VoxelGrid, or a list of one kind; "
            f"got {', '.join(sorted(kind.__name__ for kind in kinds)) or 'an empty list'}. Convert each kind by itself."
        )
    items = [readers[kinds.copy().pop()](part, dtype or torch.get_default_dtype()) for part in parts]
    return items[0] if len(items) == 1 else batch(items)


def to_open3d(structure: Structure, kind: str = "legacy") -> Any:
    """A structure with faces as a `TriangleMesh`, a sparse grid as a `VoxelGrid`, any other as a `PointCloud`.

    Tensor geometries hold every field in its dtype; legacy ones positions, normals and colours, in float64. Of
    `meta` they hold the dtype of colours and the place of voxels.

    Args:
        structure: with positions in space, unless it is a sparse grid of the axes x, y and z.
        kind: `"legacy"`, which Open3D draws and most of its algorithms take, or `"tensor"`.

    Returns:
        One geometry for one item; a list of them for several.

    Raises:
        OptionError: if the kind is another.
        StructureError: if it has fields, levels or links that would be lost, or no positions in space.

    Example:
        >>> to_open3d(points([torch.zeros(4, 3)]))
        PointCloud with 4 points.
    """
    open3d = require("open3d")
    one_of("kind", kind, ("legacy", "tensor"))
    if isinstance(structure.topology, SparseGrid):
        build = _voxel_builder(structure, kind)
    else:
        has_faces = "faces" in structure.levels
        held, faces = (
            (None, None) if kind == "tensor" else (OF_NODES if has_faces else (*OF_NODES, COVARIANCE), OF_FACES)
        )
        target = f"a {kind} {'TriangleMesh' if has_faces else 'PointCloud'} of Open3D"
        known = (COLOR_DTYPE,) if kind == "tensor" else ()
        levels: dict[str, Any] = {"nodes": held} | ({"faces": faces} if has_faces else {})
        refuse_losses(structure, target, meta=known, edge_types=False, kinds=None if has_faces else (Set,), **levels)
        if structure.pos is None or structure.pos.shape[1] != 3:
            raise StructureError(
                f"`structure` must have positions in space for {target}; got "
                f"{'none' if structure.pos is None else tuple(structure.pos.shape)}. Pass pos of shape (N, 3)."
            )
        if has_faces:
            require_mesh(structure, target)
        build = _to_tensor if kind == "tensor" else _to_legacy
    geometries = [build(open3d, item) for item in structure]
    return geometries[0] if len(geometries) == 1 else geometries


def _legacy_cloud(cloud: Any, dtype: torch.dtype) -> Structure:
    given = {
        "normal": cloud.normals if cloud.has_normals() else None,
        "color": cloud.colors if cloud.has_colors() else None,
        COVARIANCE: cloud.covariances if cloud.has_covariances() else None,
    }
    nodes = {name: _rows(rows, dtype) for name, rows in given.items() if rows is not None}
    return points([_rows(cloud.points, dtype).reshape(-1, 3)], nodes=nodes)


def _legacy_mesh(mesh: Any, dtype: torch.dtype) -> Structure:
    lost = ["textures"] if mesh.has_textures() else []
    _refuse(lost)
    nodes = {"normal": mesh.vertex_normals} if mesh.has_vertex_normals() else {}
    nodes |= {"color": mesh.vertex_colors} if mesh.has_vertex_colors() else {}
    faces = {"normal": _rows(mesh.triangle_normals, dtype)} if mesh.has_triangle_normals() else {}
    faces |= {"texture_uvs": _rows(mesh.triangle_uvs, dtype).reshape(-1, 3, 2)} if mesh.has_triangle_uvs() else {}
    if mesh.has_triangle_material_ids():
        faces["material_ids"] = as_tensor(np.asarray(mesh.triangle_material_ids).astype(np.int64), "material_ids")
    corners = as_tensor(np.asarray(mesh.triangles).astype(np.int64), "triangles").reshape(-1, 3)
    pos = _rows(mesh.vertices, dtype).reshape(-1, 3)
    return mesh_with(pos, corners, {name: _rows(rows, dtype) for name, rows in nodes.items()}, faces)


def _voxels(grid: Any, dtype: torch.dtype) -> Structure:
    _refuse(["rotation"] if not np.array_equal(grid.rotation, np.eye(3)) else [])
    found = grid.get_voxels()
    places = np.array([voxel.grid_index for voxel in found], dtype=np.int64).reshape(-1, 3)
    order = np.lexsort(places.T[::-1])
    sizes = tuple((places.max(0) + 1).tolist()) if len(places) else (0, 0, 0)
    topology = SparseGrid(Grid(sizes, AXES), torch.from_numpy(places[order]), len(places))
    colors = _rows([voxel.color for voxel in found], dtype).reshape(-1, 3)
    nodes = {"color": colors[torch.from_numpy(order)]} if grid.has_colors() else {}
    meta = {"voxel_size": float(grid.voxel_size), "origin": np.asarray(grid.origin).tolist()}
    return Structure(topology, nodes, meta=[meta])


def _tensor_cloud(cloud: Any, dtype: torch.dtype) -> Structure:
    nodes, kind = _fields(cloud.point, dtype)
    meta = [{COLOR_DTYPE: {"nodes": kind}}] if kind else None
    return points([nodes.pop("pos", torch.empty(0, 3, dtype=dtype))], nodes=nodes, meta=meta)


def _tensor_mesh(mesh: Any, dtype: torch.dtype) -> Structure:
    _refuse(["material"] if mesh.has_valid_material() else [])
    (nodes, of_nodes), (faces, of_faces) = _fields(mesh.vertex, dtype), _fields(mesh.triangle, dtype)
    corners = faces.pop("vertices", torch.empty(0, 3, dtype=torch.long))
    kinds = {level: kind for level, kind in (("nodes", of_nodes), ("faces", of_faces)) if kind}
    meta = [{COLOR_DTYPE: kinds}] if kinds else None
    return mesh_with(nodes.pop("pos", torch.empty(0, 3, dtype=dtype)), corners, nodes, faces, meta)


def _to_legacy(open3d: Any, item: Structure) -> Any:
    vector = open3d.utility.Vector3dVector
    nodes = {name: _array(field).astype(np.float64) for name, field in _with_colors(item.nodes).items()}
    if "faces" not in item.levels:
        cloud = open3d.geometry.PointCloud(vector(nodes["pos"]))
        cloud.normals, cloud.colors = vector(nodes.get("normal", [])), vector(nodes.get("color", []))
        if COVARIANCE in nodes:
            cloud.covariances = open3d.utility.Matrix3dVector(nodes[COVARIANCE])
        return cloud
    faces = item.levels["faces"].fields
    corners = open3d.utility.Vector3iVector(_array(faces["vertices"]).astype(np.int32))
    mesh = open3d.geometry.TriangleMesh(vector(nodes["pos"]), corners)
    mesh.vertex_normals, mesh.vertex_colors = vector(nodes.get("normal", [])), vector(nodes.get("color", []))
    if "normal" in faces:
        mesh.triangle_normals = vector(_array(faces["normal"]).astype(np.float64))
    if "texture_uvs" in faces:
        mesh.triangle_uvs = open3d.utility.Vector2dVector(
            _array(faces["texture_uvs"]).astype(np.float64).reshape(-1, 2)
        )
    if "material_ids" in faces:
        mesh.triangle_material_ids = open3d.utility.IntVector(_array(faces["material_ids"]).astype(np.int32))
    return mesh


def _to_tensor(open3d: Any, item: Structure) -> Any:
    back = {field: name for name, field in NAMES.items()}
    faces = item.levels["faces"].fields if "faces" in item.levels else None
    geometry = open3d.t.geometry.PointCloud() if faces is None else open3d.t.geometry.TriangleMesh()
    maps = [(geometry.point if faces is None else geometry.vertex, item.nodes, "nodes")]
    maps += [] if faces is None else [(geometry.triangle, faces, "faces")]
    kinds = (item.meta[0] if item.meta is not None else {}).get(COLOR_DTYPE, {})
    for attributes, fields, level in maps:
        arrays = {back.get(name, name): _array(field) for name, field in fields.items()}
        shades = joined(fields)
        if shades is not None and "colors" not in arrays:
            kind = {str(kind): kind.type for kind in FULL}.get(kinds.get(level, ""))
            whole = None if kind is None else as_bytes(shades, kind)
            arrays = {name: rows for name, rows in arrays.items() if name not in ("color", "alpha")}
            arrays["colors"] = _array(shades) if whole is None else whole
        for name, rows in arrays.items():
            attributes[name] = open3d.core.Tensor.from_numpy(np.ascontiguousarray(rows))
    return geometry


def _voxel_builder(structure: Structure, kind: str) -> Callable[[Any, Structure], Any]:
    topology: Any = structure.topology
    axes = topology.lattice.axes
    if kind == "tensor" or set(axes) != set(AXES):
        raise OptionError(
            "`kind` must be 'legacy', and the axes x, y and z, for a VoxelGrid, of which Open3D has no tensor one; "
            f"got {kind!r} along ({', '.join(axes)}). Read the occupied places as a cloud instead."
        )
    refuse_losses(structure, "a VoxelGrid of Open3D", meta=("voxel_size", "origin"), nodes=("color",))

    def build(open3d: Any, item: Structure) -> Any:
        sparse: Any = item.topology
        meta = item.meta[0] if item.meta is not None else {}
        grid = open3d.geometry.VoxelGrid()
        grid.voxel_size, grid.origin = meta.get("voxel_size", 1.0), np.array(meta.get("origin", [0.0, 0.0, 0.0]))
        places = _array(sparse.coordinates()[:, [axes.index(axis) for axis in AXES]]).astype(np.int32)
        given = _with_colors(item.nodes).get("color")
        colors = np.zeros((len(places), 3)) if given is None else _array(given).astype(np.float64)
        for place, color in zip(places, colors, strict=True):
            grid.add_voxel(open3d.geometry.Voxel(place, color))
        return grid

    return build


def _with_colors(fields: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """The fields, of which the colours are what legacy geometries hold."""
    color = fields.get("color")
    if color is not None and joined({"color": color}) is None:
        raise StructureError(
            "`color` must be (N, 3) numbers from 0 to 1 for a legacy geometry of Open3D; "
            f"got {color.dtype} of shape {tuple(color.shape)}. Divide bytes by 255, or pass kind='tensor'."
        )
    return fields


def _refuse(lost: list[str]) -> None:
    if lost:
        raise StructureError(
            f"`geometry` must have no {', '.join(lost)}, which no field holds; got one with. "
            "Remove it, or bake it into vertices and colours first."
        )


def _fields(attributes: Any, dtype: torch.dtype) -> tuple[dict[str, Tensor], str]:
    """Fields, and the dtype of the colours if they were whole numbers. What is no colour keeps its name."""
    named = {str(name): rows.cpu().contiguous() for name, rows in attributes.items()}
    fields: dict[str, Tensor] = {}
    kind = ""
    for name, rows in named.items():
        fitting = name == "colors" and rows.ndim == 2 and rows.shape[1] in (3, 4) and "color" not in named
        shades = rows.numpy() if fitting else None
        if shades is not None and shades.dtype in FULL:
            kind = str(shades.dtype)
            fields |= colors_of(shades, dtype)
        elif shades is not None and shades.dtype.kind == "f":
            color = as_tensor(rows, name)
            fields |= {"color": color[:, :3]} | ({"alpha": color[:, 3]} if color.shape[1] == 4 else {})
        else:
            fields[NAMES.get(name, name)] = as_tensor(rows, name)
    return fields, kind


def _rows(vectors: Any, dtype: torch.dtype) -> Tensor:
    return torch.from_numpy(np.array(vectors, dtype=np.float64)).to(dtype)


def _array(field: Tensor) -> np.ndarray:
    return field.detach().cpu().numpy()
