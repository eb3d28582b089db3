"""Every way out carries each kind of thing that a Structure holds there and back, or refuses it; nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch

import geonets as gn
from geonets.core.topology import Graph

EXTRA = "extra"


class Way(NamedTuple):
    """A way out and back in, and a structure that comes back whole."""

    base: gn.Structure
    out: Callable[[gn.Structure], Any]
    back: Callable[[Any], gn.Structure]


def hetero(nodes: gn.Structure) -> gn.Hetero:
    return gn.Hetero({"kind": nodes}, {})


def of_table(frame: Any) -> gn.Structure:
    """The columns `x_0`, `x_1` are two columns of `x`."""
    stems = dict.fromkeys(name.rpartition("_")[0] or name for name in frame.columns[1:])
    fields = {stem: torch.from_numpy(frame.filter(regex=f"^{stem}(_|$)").to_numpy(copy=True)) for stem in stems}
    return gn.chain(fields.pop("x")[None], nodes=fields)


chain = gn.chain(torch.randn(1, 3, 2))
graph = gn.graph(torch.tensor([[0, 1, 1, 2], [1, 0, 2, 0]]), x=torch.randn(3, 2))
mesh = gn.mesh(torch.eye(3), torch.tensor([[0, 1, 2]]))
cloud = gn.points([torch.randn(3, 3)])
voxels = gn.voxels([torch.tensor([[0, 0, 0], [1, 2, 1], [1, 1, 1]])], axes=("x", "y", "z"))
pixels = gn.grid(torch.zeros(1, 3, 4, 3, dtype=torch.uint8), axes=("y", "x"))

WAYS = {
    "padded": Way(chain, gn.to_padded, lambda found: gn.from_padded(*found)),
    "packed": Way(chain, gn.to_packed, gn.from_packed),
    "nested": Way(chain, gn.to_nested, gn.from_nested),
    "dense": Way(graph, gn.to_dense, lambda found: gn.from_dense(*found)),
    "scipy": Way(gn.graph(torch.tensor([[2, 0, 1], [0, 1, 2]])), gn.to_scipy, gn.from_scipy),
    "pandas": Way(chain, gn.to_pandas, of_table),
    "pyg": Way(graph, gn.to_pyg, gn.from_pyg),
    "networkx": Way(graph, gn.to_networkx, gn.from_networkx),
    "pil": Way(pixels, gn.to_pil, gn.from_pil),
    "trimesh mesh": Way(mesh, gn.to_trimesh, gn.from_trimesh),
    "trimesh cloud": Way(cloud, gn.to_trimesh, gn.from_trimesh),
    "open3d mesh": Way(mesh, gn.to_open3d, gn.from_open3d),
    "open3d cloud": Way(cloud, gn.to_open3d, gn.from_open3d),
    "open3d tensor mesh": Way(mesh, lambda s: gn.to_open3d(s, kind="tensor"), gn.from_open3d),
    "open3d tensor cloud": Way(cloud, lambda s: gn.to_open3d(s, kind="tensor"), gn.from_open3d),
    "open3d voxels": Way(voxels, gn.to_open3d, gn.from_open3d),
    "rdkit": Way(gn.molecule("CCO", features="rdkit"), gn.to_rdkit, gn.from_rdkit),
    "hetero": Way(cloud, lambda s: gn.to_hetero(hetero(s)), lambda found: gn.from_hetero(found).structures["kind"]),
}


class Thing(NamedTuple):
    """Something that a structure may hold: how to add it (None where it cannot be), and whether it is there."""

    add: Callable[[gn.Structure], gn.Structure | None]
    is_there: Callable[[gn.Structure, gn.Structure], bool]


def field(level: str) -> Thing:
    def add(s: gn.Structure) -> gn.Structure | None:
        if level == "edges" and not s.topology.has_links:
            return None
        rows = {"nodes": s.num_nodes, "globals": 1}.get(level, s.topology.links.num_edges if level == "edges" else 0)
        return s.replace(**{level: {EXTRA: 0.5 + torch.arange(float(rows))}})

    def is_there(found: gn.Structure, given: gn.Structure) -> bool:
        rows, wanted = (getattr(s, level).get(EXTRA) for s in (found, given))
        return rows is not None and torch.equal(rows.flatten(), wanted)

    return Thing(add, is_there)


def with_level(s: gn.Structure) -> gn.Structure:
    return s.replace(levels={**s.levels, EXTRA: gn.Level(torch.tensor([2]), {"row": torch.arange(2)})})


def with_field_of_faces(s: gn.Structure) -> gn.Structure | None:
    if "faces" not in s.levels:
        return None
    level = s.levels["faces"]
    rows = torch.arange(float(int(level.counts.sum())))
    return s.replace(levels={"faces": gn.Level(level.counts, {**level.fields, EXTRA: rows}, level.node_ids)})


def with_meta(s: gn.Structure) -> gn.Structure:
    return s.replace(meta=[{**(s.meta or ({},))[0], EXTRA: [1, "a"]}])


def with_links(s: gn.Structure) -> gn.Structure:
    ends = torch.tensor([[1, 0, 1], [0, 1, 2]])
    levels: dict[str, Any] = {"levels": s.levels} if s.levels else {}
    built = Graph(ends[0], ends[1], s.topology.node_counts, edge_type=torch.tensor([1, 0, 1]))
    return gn.Structure(built, dict(s.nodes), **levels)


def same_links(found: gn.Structure, given: gn.Structure) -> bool:
    mine, wanted = (s.topology.links if s.topology.has_links else None for s in (found, given))
    if mine is None or wanted is None or mine.edge_type is None or wanted.edge_type is None:
        return False
    pairs = ((mine.senders, wanted.senders), (mine.receivers, wanted.receivers), (mine.edge_type, wanted.edge_type))
    return all(torch.equal(*pair) for pair in pairs)


def with_axes(s: gn.Structure, **options: Any) -> gn.Structure | None:
    if isinstance(s.topology, gn.Chain):
        if "periodic" in options:
            return gn.Structure(gn.Chain(s.num_nodes, periodic=True), dict(s.nodes))
        return gn.Structure(gn.Grid((s.num_nodes,), axes=("depth",)), dict(s.nodes))
    if not isinstance(s.topology, gn.Grid):
        return None
    return gn.Structure(gn.Grid((3, 4), **{"axes": ("y", "x"), **options}), dict(s.nodes))


def same_lattice(found: gn.Structure, given: gn.Structure) -> bool:
    mine, wanted = found.topology, given.topology
    if not isinstance(mine, gn.Chain | gn.Grid) or not isinstance(wanted, gn.Chain | gn.Grid):
        return False
    return mine.axes == wanted.axes and mine.periodic == wanted.periodic


THINGS = {
    "a field of nodes": field("nodes"),
    "a field of edges": field("edges"),
    "a field of items": field("globals"),
    "a level": Thing(with_level, lambda found, given: EXTRA in found.levels),
    "a field of faces": Thing(with_field_of_faces, lambda found, given: EXTRA in found.levels["faces"].fields),
    "meta": Thing(with_meta, lambda found, given: (found.meta or ({},))[0].get(EXTRA) == [1, "a"]),
    "positions": Thing(
        lambda s: s.replace(pos=torch.randn(s.num_nodes, 3)),
        lambda found, given: found.pos is not None and torch.equal(found.pos, given.pos),
    ),
    "typed links": Thing(with_links, same_links),
    "names of axes": Thing(lambda s: with_axes(s, axes=("lat", "lon")), same_lattice),
    "periodic axes": Thing(lambda s: with_axes(s, periodic=True), same_lattice),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_base_goes_out(way: str) -> None:
    base, out, back = WAYS[way]
    assert back(out(base)).num_nodes == base.num_nodes


@pytest.mark.parametrize("thing", THINGS)
@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_lost_silently(way: str, thing: str) -> None:
    base, out, back = WAYS[way]
    add, is_there = THINGS[thing]
    given = add(base)
    if given is None:
        return  # a structure of this kind cannot hold it
    try:
        found = out(given)
    except (gn.errors.StructureError, gn.errors.OptionError):
        return  # refused: the messages are tested where all are
    assert is_there(back(found), given), f"{way} lost {thing}"
