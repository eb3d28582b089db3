"""`sample_surface`: a point cloud on a mesh."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from geonets.core.errors import OptionError, StructureError
from geonets.core.ranges import offsets_of
from geonets.core.sampling import Seed, number_of, points_on_triangles
from geonets.core.structure import Structure
from geonets.core.topology import Set


def sample_surface(mesh: Structure, count: int | Sequence[int] | Tensor, seed: Seed = None) -> Structure:
    """Points on the triangles of a mesh, equally dense everywhere: a triangle is met with the probability of its area.

    Args:
        mesh: with `pos` `(N, 3)` and a level `faces` whose field `vertices` is `(F, 3)`, as of `gn.mesh`.
        count: points of each item, or `(B,)` numbers.
        seed: of the draws: a number, or a generator, or None for torch's global one.

    Returns:
        A Structure over a set, with node fields `pos`; `normal`, the unit normal of the triangle by the right-hand
        rule; and `face`, the triangle's number within its item. Globals and meta stay.

    Raises:
        OptionError: if `count` is negative, or not one number an item.
        StructureError: if it is no mesh, or an item has no area.

    Reference: Osada, Funkhouser, Chazelle & Dobkin, "Shape distributions", 2002, equation 1.

    Example:
        >>> import geonets as gn
        >>> square = gn.mesh([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], [[0, 1, 2], [0, 2, 3]])
        >>> cloud = gn.sample_surface(square, 1000, seed=0)
        >>> cloud.topology, cloud.nodes["normal"][0].tolist()
        (Set(1 item of 1000 nodes), [0.0, 0.0, 1.0])
    """
    faces = mesh.levels.get("faces")
    if mesh.pos is None or mesh.pos.shape[1] != 3 or faces is None or "vertices" not in faces.fields:
        raise StructureError(
            "`mesh` must have pos of three coordinates, and a level faces with the field vertices; "
            f"got {mesh.topology!r} with {', '.join([*mesh.nodes, *mesh.levels]) or 'nothing'}. Build it with gn.mesh."
        )
    wanted = torch.as_tensor(count, device=mesh.device)
    wanted = wanted.expand(len(mesh)) if wanted.ndim == 0 else wanted
    if wanted.shape != (len(mesh),) or wanted.is_floating_point() or bool((wanted < 0).any()):
        raise OptionError(
            f"`count` must be a number of points, or one for each of the {len(mesh)} items; got {count}. "
            "Pass 1024, say."
        )
    found = points_on_triangles(mesh.pos, faces["vertices"], faces.counts, wanted, number_of(seed))
    topology = Set(wanted)
    local = found.faces - offsets_of(faces.counts)[topology.item_ids]
    return Structure(
        topology,
        {"pos": found.pos, "normal": found.normal, "face": local},
        globals=mesh.globals,
        meta=mesh.meta,
    )
