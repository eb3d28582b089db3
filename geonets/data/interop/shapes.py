"""Meshes and point clouds from trimesh."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from geonets.core.errors import DtypeError
from geonets.core.packages import require
from geonets.core.structure import Structure
from geonets.data.constructors import mesh, points


def from_trimesh(shape: Any) -> Structure:
    """A trimesh `Trimesh` as a mesh, or its `PointCloud` as a cloud; a `Scene` as one item a geometry.

    Args:
        shape: as trimesh holds it; positions stay in its unit.

    Raises:
        DtypeError: if it is something else, or a scene of several kinds.

    Example:
        >>> import trimesh
        >>> from_trimesh(trimesh.creation.box())
        Structure of Graph(1 item of 8 nodes, 36 edges)
          nodes   pos         (8, 3) float32
          faces   vertices    (12, 3) int64
    """
    trimesh = require("trimesh")
    parts = shape.dump() if isinstance(shape, trimesh.Scene) else [shape]
    if all(isinstance(part, trimesh.Trimesh) for part in parts) and len(parts):
        return mesh([_positions(part) for part in parts], [_faces(part) for part in parts])
    if all(isinstance(part, trimesh.PointCloud) for part in parts) and len(parts):
        return points([_positions(part) for part in parts])
    kinds = sorted({type(part).__name__ for part in parts}) or ["an empty scene"]
    raise DtypeError(
        f"`shape` must be trimesh's Trimesh, PointCloud or a Scene of one kind; got {', '.join(kinds)}. "
        "Convert each geometry by itself."
    )


def _positions(shape: Any) -> torch.Tensor:
    return torch.as_tensor(np.array(shape.vertices, dtype=np.float32)).reshape(-1, 3)


def _faces(shape: Any) -> torch.Tensor:
    return torch.as_tensor(np.array(shape.faces)).reshape(-1, 3)
