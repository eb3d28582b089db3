"""`Structure`: records that do not change, levels, what a representation tells."""

from __future__ import annotations

import dataclasses

import pytest
import torch

import geonets as gn


def ring() -> gn.Structure:
    return gn.graph(
        torch.tensor([[0, 1, 2], [1, 2, 0]]), x=torch.ones(3, 2), edge_attr=torch.arange(3.0)[:, None], y=[1]
    )


def test_records_do_not_change() -> None:
    structure = ring()
    with pytest.raises(dataclasses.FrozenInstanceError):
        structure.nodes = {}  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(TypeError):
        structure.nodes["x"] = torch.zeros(3, 2)  # pyright: ignore[reportIndexIssue]
    with pytest.raises(dataclasses.FrozenInstanceError):
        structure.topology.edge_list = None  # pyright: ignore[reportAttributeAccessIssue]


def test_replace_changes_what_it_names_and_nothing_else() -> None:
    structure = ring()
    changed = structure.replace(x=structure.x * 2, globals={"name": torch.tensor([5])})
    assert changed.x.sum() == 12 and structure.x.sum() == 6
    assert changed.y is structure.y and changed.edge_attr is structure.edge_attr
    assert changed.globals["name"].tolist() == [5] and "name" not in structure.globals
    assert structure.replace(x=None).x is None and structure.replace(edge_attr=None).edge_attr is None
    assert structure.replace(y=torch.tensor([7])).globals["y"].tolist() == [7]
    nodes = gn.graph(torch.tensor([[0], [1]]), num_nodes=2, nodes={"y": torch.tensor([0, 1])})
    assert nodes.y.tolist() == [0, 1] and nodes.replace(y=torch.tensor([3, 4])).nodes["y"].tolist() == [3, 4]
    assert structure.replace(meta=[{"name": "ring"}]).meta == ({"name": "ring"},)


def test_nothing_depends_on_how_a_field_is_called() -> None:
    """A field called `index` of node numbers gains no offsets when graphs are batched."""
    part = gn.graph(torch.tensor([[0], [1]]), num_nodes=2, nodes={"image_index": torch.tensor([0, 1])})
    assert gn.batch([part, part]).nodes["image_index"].tolist() == [0, 1, 0, 1]


def test_a_representation_tells_what_it_is() -> None:
    assert repr(ring()) == (
        "Structure of Graph(1 item of 3 nodes, 3 edges)\n"
        "  nodes   x           (3, 2) float32\n"
        "  edges   edge_attr   (3, 1) float32\n"
        "  globals y           (1,) int64"
    )
    faces = gn.Level(torch.tensor([1]), {"a_long_name_of_it": torch.ones(1, 3)})
    wide = gn.Structure(gn.Set(2), {"x": torch.ones(2)}, levels={"triangles": faces})
    assert repr(wide).splitlines()[1:] == [
        "  nodes     x                 (2,) float32",
        "  triangles a_long_name_of_it (1, 3) float32",
    ]
    page = ring()._repr_html_()
    assert "<td style='text-align:left'>edge_attr</td>" in page and "Graph(1 item" in page
    assert (
        repr(gn.chain([torch.zeros(3, 1), torch.zeros(5, 1)]).topology) == "Chain(2 items of 3 .. 5 nodes along (time))"
    )
    assert repr(gn.Set(torch.tensor([], dtype=torch.long))) == "Set(0 items)"
    assert repr(gn.Product(gn.Chain(4), gn.Set(3))) == "Product(1 item of 4 x 3 nodes: Chain x Set)"


def test_batches_visit_every_item_once() -> None:
    structure = gn.chain([torch.full((n % 3 + 1, 1), float(n)) for n in range(10)])
    for options in ({}, {"shuffle": True, "seed": 1}):
        parts = list(structure.batches(3, **options))
        assert [len(part) for part in parts] == [3, 3, 3, 1]
        assert sorted({float(value) for part in parts for value in part.x}) == list(range(10))
    shuffled = [float(part.x[0]) for part in structure.batches(1, shuffle=True, seed=1)]
    assert shuffled == [float(part.x[0]) for part in structure.batches(1, shuffle=True, seed=1)] != list(range(10))
    assert len(list(structure.batches(3, drop_last=True))) == 3


def test_neighbours_are_found_once_and_survive_new_features(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud, hears = gn.points(torch.randn(2, 20, 3)), gn.KNN(4)
    found = hears.edges(cloud)
    with_features = cloud.replace(x=torch.randn(40, 2))
    assert hears.edges(with_features) is found and gn.KNN(4).edges(with_features) is found
    assert hears.edges(cloud.replace(pos=cloud.pos + 1)) is not found
    graph = ring()
    assert gn.Links().edges(graph.replace(x=torch.zeros(3, 5))) is gn.Links().edges(graph)


def test_an_index_out_of_range_is_an_index_error() -> None:
    assert len(list(iter(gn.chain(torch.zeros(3, 2, 1))))) == 3
    with pytest.raises(IndexError):
        gn.chain(torch.zeros(3, 2, 1))[3]


def test_moving_moves_topology_and_features_together() -> None:
    meta = ring().to("meta")
    assert meta.x.device.type == meta.topology.links.senders.device.type == meta.device.type == "meta"
    assert gn.grid(torch.zeros(2, 3, 3, 1)).to("meta").topology.device.type == "meta"
    assert (
        ring().to(torch.float64).x.dtype == torch.float64
        and ring().to(torch.float64).topology.links.senders.dtype == torch.long
    )
