"""`FromPyG` runs every convolution of PyG that runs on one kind of nodes, and says why it cannot run the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from drawing import rows
from every_layer import chain, graph, grid

import geonets as gn

DEG = torch.tensor([1, 3, 2])


def linear(before: int, after: int) -> Any:
    return torch.nn.Linear(before, after)


RUNS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "SimpleConv": (lambda make: make(), "x edge_index edge_weight"),
    "GCNConv": (lambda make: make(4, 3), "x edge_index edge_weight"),
    "ChebConv": (lambda make: make(4, 3, 3), "x edge_index edge_weight batch"),
    "SAGEConv": (lambda make: make(4, 3), "x edge_index"),
    "GraphConv": (lambda make: make(4, 3), "x edge_index edge_weight"),
    "GatedGraphConv": (lambda make: make(5, 2), "x edge_index edge_weight"),
    "ResGatedGraphConv": (lambda make: make(4, 3, edge_dim=4), "x edge_index edge_attr"),
    "GATConv": (lambda make: make(4, 3, edge_dim=4), "x edge_index edge_attr"),
    "GATv2Conv": (lambda make: make(4, 3, edge_dim=4), "x edge_index edge_attr"),
    "TransformerConv": (lambda make: make(4, 3, edge_dim=4), "x edge_index edge_attr"),
    "AGNNConv": (lambda make: make(), "x edge_index"),
    "TAGConv": (lambda make: make(4, 3), "x edge_index edge_weight"),
    "GINConv": (lambda make: make(linear(4, 3)), "x edge_index"),
    "GINEConv": (lambda make: make(linear(4, 3)), "x edge_index edge_attr"),
    "ARMAConv": (lambda make: make(4, 3), "x edge_index edge_weight"),
    "SGConv": (lambda make: make(4, 3), "x edge_index edge_weight"),
    "SSGConv": (lambda make: make(4, 3, 0.1), "x edge_index edge_weight"),
    "APPNP": (lambda make: make(3, 0.1), "x edge_index edge_weight"),
    "MFConv": (lambda make: make(4, 3), "x edge_index"),
    "RGCNConv": (lambda make: make(4, 3, 4), "x edge_index edge_type"),
    "FastRGCNConv": (lambda make: make(4, 3, 4), "x edge_index edge_type"),
    "RGATConv": (lambda make: make(4, 3, 4, edge_dim=4), "x edge_index edge_type edge_attr"),
    "DNAConv": (lambda make: make(4), "x edge_index edge_weight"),
    "PointNetConv": (lambda make: make(linear(7, 3)), "x pos edge_index"),
    "GMMConv": (lambda make: make(4, 3, 4, 2), "x edge_index edge_attr"),
    "NNConv": (lambda make: make(4, 3, linear(4, 12)), "x edge_index edge_attr"),
    "CGConv": (lambda make: make(4, 4), "x edge_index edge_attr"),
    "EdgeConv": (lambda make: make(linear(8, 3)), "x edge_index"),
    "PPFConv": (lambda make: make(linear(8, 3)), "x pos normal edge_index"),
    "FeaStConv": (lambda make: make(4, 3), "x edge_index"),
    "PointTransformerConv": (lambda make: make(4, 3), "x pos edge_index"),
    "LEConv": (lambda make: make(4, 3), "x edge_index edge_weight"),
    "PNAConv": (lambda make: make(4, 3, ["mean"], ["linear"], DEG, edge_dim=4), "x edge_index edge_attr"),
    "ClusterGCNConv": (lambda make: make(4, 3), "x edge_index"),
    "GENConv": (lambda make: make(4, 3, edge_dim=4), "x edge_index edge_attr"),
    "GCN2Conv": (lambda make: make(4, 0.1), "x x_0 edge_index edge_weight"),
    "WLConv": (lambda make: make(), "x edge_index"),
    "WLConvContinuous": (lambda make: make(), "x edge_index edge_weight"),
    "FiLMConv": (lambda make: make(4, 3, 4), "x edge_index edge_type"),
    "SuperGATConv": (lambda make: make(4, 3), "x edge_index batch"),
    "FAConv": (lambda make: make(4, normalize=False, add_self_loops=False), "x x_0 edge_index edge_weight"),
    "EGConv": (lambda make: make(4, 4, num_heads=2), "x edge_index"),
    "PDNConv": (lambda make: make(4, 3, 4, 5), "x edge_index edge_attr"),
    "GeneralConv": (lambda make: make(4, 3, 4), "x edge_index edge_attr"),
    "HEATConv": (lambda make: make(4, 3, 2, 4, 3, 4, 3), "x edge_index node_type edge_type edge_attr"),
    "LGConv": (lambda make: make(), "x edge_index edge_weight"),
    "PointGNNConv": (lambda make: make(linear(4, 3), linear(7, 5), linear(5, 4)), "x pos edge_index"),
    "GPSConv": (lambda make: make(4, _sage(), heads=2), "x edge_index batch"),
    "AntiSymmetricConv": (lambda make: make(4), "x edge_index edge_weight"),
    "DirGNNConv": (lambda make: make(_sage()), "x edge_index"),
    "MixHopConv": (lambda make: make(4, 3), "x edge_index edge_weight"),
}
"""How to make each, and what it must be called with by hand."""

CANNOT = {
    "abstract": "MessagePassing",
    "needs pyg-lib or another compiled package, and says so when it is made": """
        GravNetConv CuGraphSAGEConv CuGraphGATConv FusedGATConv CuGraphRGCNConv SplineConv DynamicEdgeConv XConv
    """,
    "reads several kinds of nodes": "HGTConv HeteroConv HANConv",
    "reads signed or hyper-edges": "SignedConv HypergraphConv",
    "needs torch-sparse, and says so when it is called": "PANConv",
    "reads exactly four neighbours of each edge of a mesh": "MeshCNNConv",
}


def _sage() -> Any:
    from torch_geometric.nn import SAGEConv

    return SAGEConv(4, 4)


def made(name: str) -> Any:
    from torch_geometric import nn as pyg

    return RUNS[name][0](getattr(pyg, name)).double().eval()


def with_all_fields(structure: gn.Structure, name: str) -> gn.Structure:
    """The structure with every field that some convolution reads."""
    nodes, edges = structure.num_nodes, structure.topology.links.num_edges
    fields: dict[str, torch.Tensor] = {"pos": rows(nodes, 3, 1), "normal": rows(nodes, 3, 2), "x_0": rows(nodes, 4, 3)}
    fields["node_type"] = torch.arange(nodes) % 2
    if name == "DNAConv":
        fields["x"] = rows(2 * nodes, 4, 4).reshape(nodes, 2, 4)
    if name == "WLConv":
        fields["x"] = torch.arange(nodes) % 3
    edge_fields = {"edge_attr": rows(edges, 4, 5), "edge_weight": rows(edges, 1, 6)[:, 0] ** 2 + 0.1}
    return structure.replace(nodes=fields, edges=edge_fields)


def drawn(draw: Any, name: str) -> gn.Structure:
    structure = draw([5, 3], 1)
    if draw is graph:
        links = structure.topology.links
        kinds = torch.arange(links.num_edges) % 4
        typed = gn.Graph(links.senders, links.receivers, structure.topology.node_counts, kinds)
        structure = gn.Structure(typed, {"x": structure.x})
    return with_all_fields(structure, name)


def test_every_convolution_of_pygs_is_here() -> None:
    from torch_geometric.nn import conv

    cannot = [name for names in CANNOT.values() for name in names.split()]
    assert sorted([*RUNS, *cannot]) == sorted(conv.__all__)


@pytest.mark.parametrize("draw", [chain, grid, graph], ids=lambda draw: draw.__name__)
@pytest.mark.parametrize("name", RUNS)
@pytest.mark.filterwarnings("ignore::UserWarning")  # of torch's sparse tensors
def test_a_convolution_of_pygs_equals_itself_called_by_hand(name: str, draw: Any) -> None:
    conv, structure = made(name), drawn(draw, name)
    links = structure.topology.links
    known = {
        **structure.nodes,
        **structure.edges,
        "edge_index": torch.stack([links.senders, links.receivers]),
        "edge_type": links.edge_type,
        "batch": structure.topology.item_ids,
    }
    expected = conv(**{part: known[part] for part in RUNS[name][1].split()})
    found = gn.nn.FromPyG(conv)(structure)
    assert found.topology is structure.topology
    torch.testing.assert_close(found.x, expected, equal_nan=True)


def test_those_that_need_compiled_packages_say_so_when_made() -> None:
    from torch_geometric import nn as pyg

    arguments = {"GravNetConv": (4, 3, 2, 2, 2), "SplineConv": (4, 3, 2, 2), "DynamicEdgeConv": (linear(8, 3), 2)}
    arguments |= {"XConv": (4, 3, 3, 2), "CuGraphRGCNConv": (4, 3, 2), "FusedGATConv": (4, 3, 1, True, 0.2, 0.0, False)}
    for name in CANNOT["needs pyg-lib or another compiled package, and says so when it is made"].split():
        with pytest.raises((ImportError, ModuleNotFoundError)):
            getattr(pyg, name)(*arguments.get(name, (4, 3)))


def test_those_that_one_structure_cannot_feed_are_refused() -> None:
    from torch_geometric import nn as pyg

    kinds = (["node"], [("node", "to", "node")])
    convs: dict[str, Any] = {
        "x_dict, edge_index_dict": pyg.HGTConv(4, 4, kinds),
        "x_dict": pyg.HANConv(4, 4, kinds),
        "pos_edge_index, neg_edge_index": pyg.SignedConv(4, 3, first_aggr=True),
        "hyperedge_index": pyg.HypergraphConv(4, 3),
        "x_0": pyg.GCN2Conv(4, 0.1),
        "edge_attr": pyg.GPSConv(4, pyg.GINEConv(linear(4, 4)), heads=2),
    }
    for missing, conv in convs.items():
        with pytest.raises(
            gn.errors.StructureError, match=f"must have all that {type(conv).__name__} reads; got no {missing}"
        ):
            gn.nn.FromPyG(conv)(chain([3], 1).to(torch.float32))
    with pytest.raises(gn.errors.ShapeError, match="got dict from HeteroConv"):
        gn.nn.FromPyG(pyg.HeteroConv({kinds[1][0]: _sage()}))(chain([3], 1).to(torch.float32))
    with pytest.raises(ImportError, match="requires 'torch-sparse'"):
        gn.nn.FromPyG(pyg.PANConv(4, 3, 2))(chain([3], 1).to(torch.float32))


def test_positions_are_enough_where_a_convolution_reads_them() -> None:
    from torch_geometric.nn import PointNetConv

    cloud, conv = gn.points([torch.randn(6, 3)]), PointNetConv(linear(3, 2))
    edges = gn.KNN(2).edges(cloud)
    expected = conv(None, cloud.pos, torch.stack([edges.senders, edges.receivers]))
    torch.testing.assert_close(gn.nn.FromPyG(conv, gn.KNN(2))(cloud).x, expected)
