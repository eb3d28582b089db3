"""Kernels for aggregations, each with a case that reaches it."""

from __future__ import annotations

from typing import Any
from unittest import mock

import torch
from drawing import chains, graphs, grids, sets, sparse_grids
from drawing import products as products_of_structures
from hypothesis import assume
from hypothesis import strategies as st

import geonets as gn
from geonets.engine.kernels import blocks, updates
from geonets.engine.plan import run
from geonets.engine.spec import AggregateOperands, AggregateSpec
from lowering.cases import case

WORDS = ("sum", "mean", "max", "min", "var", "std", "softmax")
REDUCTIONS = st.one_of(st.sampled_from(WORDS), st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(tuple))


def temperature(draw: Any) -> Any:
    return draw(st.sampled_from([1.0, 0.3, torch.nn.Parameter(torch.tensor([-0.7]))]))


@case("reduce_hub")
def readout(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    layer = gn.nn.Readout(draw(REDUCTIONS), temperature(draw))
    return layer, draw(st.one_of(chains(3), chains(3, ragged=False), sets(2), graphs(2), grids(2, 2)))


class _Mean(torch.nn.Module):
    def forward(self, structure: gn.Structure) -> gn.Structure:
        rows = run(AggregateSpec(gn.Links(), "mean"), AggregateOperands(structure.x), structure)
        return structure.replace(x=rows)


@case("sparse_product")
def products(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    layers = [
        _Mean(),
        gn.nn.GINConv(gn.nn.MLP([3, 2]), eps=0.3, train_eps=True),
        gn.nn.GCNConv(3, 2),
        gn.nn.GCNConv(3, 2, normalize=False),
    ]
    return draw(st.sampled_from(layers)), draw(
        st.one_of(
            graphs(3), chains(3), grids(3, 2), grids(3, 2, periodic=True), sparse_grids(3), products_of_structures(3)
        )
    )


@case("sparse_product")
def entries(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    structure = draw(st.one_of(graphs(5), chains(5)))
    kept = gn.keep_sparse(structure, structure.x * (structure.x > 0.3), "words")
    return draw(st.sampled_from([gn.nn.SparseLinear(5, 2, "words"), gn.nn.GCNConv(5, 2, level="words")])), kept


class _FewByFew(torch.nn.Module):
    """Blocks of a node or two; nodes that learn, and nodes that do not."""

    def __init__(self, layer: torch.nn.Module, learns: bool) -> None:
        super().__init__()
        self.layer, self.learns = layer, learns

    def forward(self, structure: gn.Structure) -> gn.Structure:
        with mock.patch.object(updates, "BLOCK", 6), mock.patch.object(updates, "LEAST", 1):
            return self.layer(structure if self.learns else structure.replace(x=structure.x.detach()))


@case("updates_by_block")
def updated(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    word = draw(st.sampled_from(["mean", "sum"]))
    layers = [
        gn.nn.SAGEConv(3, 2, word),
        gn.nn.SAGEConv(3, 2, word, project=True, bias=False),
        gn.nn.SAGEConv(3, 2, word, root_weight=False),
        gn.nn.GraphConv(3, 2, {"sum": "add"}.get(word, word)),
    ]
    layer = _FewByFew(draw(st.sampled_from(layers)), draw(st.booleans()))
    return layer, draw(
        st.one_of(
            graphs(3), chains(3), grids(3, 2), grids(3, 2, periodic=True), sparse_grids(3), products_of_structures(3)
        )
    )


class _WeightedGCN(gn.nn.GCNConv):
    def forward(self, structure: gn.Structure, edge_weight: torch.Tensor | None = None) -> gn.Structure:
        return super().forward(structure, structure.edge_attr[:, 0] ** 2)


@case("sparse_product")
def weighted_products(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    return _WeightedGCN(3, 2, improved=draw(st.booleans())), draw(graphs(3, edge_channels=1))


@case("sparse_product")
def propagations(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    layers = [
        gn.nn.GatedGraphConv(4, 2),
        gn.nn.APPNP(2, 0.1, add_self_loops=draw(st.booleans()), normalize=draw(st.booleans())),
        gn.nn.SGConv(3, 2, 2),
        gn.nn.ChebConv(3, 2, 3, normalization=draw(st.sampled_from([None, "sym", "rw"]))),
    ]
    return draw(st.sampled_from(layers)), draw(st.one_of(graphs(3), chains(3), grids(3, 2)))


@case("reduce_peaks")
def peaks(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    words = st.lists(st.sampled_from(["max", "min", "sum", "mean", "var", "std"]), max_size=2)
    peak = draw(st.sampled_from(["max", "min"]))
    edgeconv = gn.nn.EdgeConv(gn.nn.MLP([6, 2], activate_last=draw(st.booleans())), peak)
    layer = draw(st.sampled_from([gn.nn.SAGEConv(3, 2, aggr=(*draw(words), peak)), edgeconv]))
    return layer, draw(st.one_of(graphs(3), chains(3), grids(3, 2), sparse_grids(3), products_of_structures(3)))


@case("reduce_segments")
def networks_on_edges(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    words = ("sum", "mean", "max", "min")  # what rounding makes of equal messages is no reason to differ
    layers = [
        gn.nn.NNConv(3, 2, gn.nn.MLP([2, 4, 6]), draw(st.sampled_from(words))),
        gn.nn.ResGatedGraphConv(3, 2, torch.nn.Tanh(), draw(st.sampled_from([None, 2]))),
        gn.nn.EdgeConv(gn.nn.MLP([6, 4, 2]), draw(st.sampled_from(words))),
        gn.nn.PNAConv(4, 4, words, ["identity", "attenuation"], torch.tensor([1, 2]), 2, 2, divide_input=True),
    ]
    layer = draw(st.sampled_from(layers))
    return layer, draw(graphs(4 if isinstance(layer, gn.nn.PNAConv) else 3, edge_channels=2))


class _Shared(torch.nn.Module):
    """`sum_{j -> i} w * x_j` with filters of their own or shared by edges."""

    def __init__(self, shared: bool, reduce: str) -> None:
        super().__init__()
        self.spec, self.shared = AggregateSpec(gn.Links(), reduce, "filtered"), shared
        self.weight = torch.nn.Parameter(torch.randn(5, 2))

    def forward(self, structure: gn.Structure) -> gn.Structure:
        filters, links = structure.edge_attr @ self.weight[:2], structure.topology.links
        chosen = (links.senders + links.receivers) % len(self.weight) if self.shared else None
        operands = AggregateOperands(structure.x, edges=self.weight if self.shared else filters, edge_rows=chosen)
        return structure.replace(x=run(self.spec, operands, structure))


@case("filtered_sums", "reduce_segments")
def filters(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    return _Shared(draw(st.booleans()), "sum"), draw(graphs(2, edge_channels=2))


@case("gated_sums", "reduce_segments")
def gates(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    layer = gn.nn.ResGatedGraphConv(3, 2, edge_dim=draw(st.sampled_from([None, 2])))
    return layer, draw(graphs(3, edge_channels=2))


class _InBlocks(gn.nn.EGNNConv):
    """Where it moves nodes to is part of the result, and blocks are of a few edges."""

    def forward(self, structure: gn.Structure) -> gn.Structure:
        with mock.patch.object(blocks, "BLOCK", 10):
            moved = super().forward(structure)
        return moved.replace(x=torch.cat([moved.x, moved.pos], 1))


@case("sums_by_block", "reduce_segments")
def networks_by_block(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    options = {name: draw(st.booleans()) for name in ("attention", "normalize", "tanh")}
    layer = _InBlocks(3, 2, 4, draw(st.sampled_from([None, 2])), **options)
    return layer, draw(graphs(3, edge_channels=2, dim=3))


@case("reduce_segments")
def segments(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    opaque = gn.nn.MessagePassing(
        lambda s, r, e: s * r.sin() + e.sum(1, keepdim=True), draw(REDUCTIONS), temperature=temperature(draw)
    )
    layers = [opaque, gn.nn.GINEConv(gn.nn.MLP([3, 2]), edge_dim=2)]
    if draw(st.booleans()):
        return gn.nn.SAGEConv(3, 2, aggr=draw(st.sampled_from(["max", "min"]))), draw(graphs(3))
    return draw(st.sampled_from(layers)), draw(graphs(3, edge_channels=2))


def tails(draw: Any, channels: int) -> torch.nn.Module:
    """Networks that end in what keeps the order of rows, norms of either sign among them."""
    norms = [gn.nn.BatchNorm(3), torch.nn.BatchNorm1d(3, momentum=None), torch.nn.BatchNorm1d(3, affine=False)]
    norms += [torch.nn.BatchNorm1d(3, track_running_stats=False)]
    for norm in norms[:2]:
        norm.weight.data, norm.bias.data = torch.randn(3), torch.randn(3)
    acts = [gn.nn.ReLU(), torch.nn.LeakyReLU(0.2), torch.nn.Tanh(), torch.nn.Identity()]
    layers = [torch.nn.Linear(channels, 4), torch.nn.Tanh(), torch.nn.Linear(4, 3, bias=draw(st.booleans()))]
    layers += [draw(st.sampled_from(norms))] if draw(st.booleans()) else []
    layers += [draw(st.sampled_from(acts))] if draw(st.booleans()) else []
    return torch.nn.Sequential(*layers).train(draw(st.booleans()))


def in_mode(layer: torch.nn.Module, network: torch.nn.Module, structure: gn.Structure) -> torch.nn.Module:
    """A layer in the mode of its network, unless a norm then has one row, whose moments torch refuses."""
    always = any(getattr(part, "track_running_stats", True) is False for part in network.modules())
    assume(structure.num_nodes != 1 or not always)
    return layer.train(network.training and structure.num_nodes > 1)


@case("maxima_of_tail")
def maxima(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    network = tails(draw, 3)
    layer = gn.nn.Readout(draw(st.sampled_from(["max", "min"])), nn=network)
    structure = draw(st.one_of(chains(3), chains(3, ragged=False), sets(3), graphs(3), grids(3, 2)))
    return in_mode(layer, network, structure), structure


@case("maxima_of_tail")
def maxima_around(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    hears = draw(st.sampled_from([gn.KNN(2), gn.KNN(3, loop=True), gn.Radius(1.0)]))
    network = tails(draw, 6)
    structure = draw(sets(3))
    return in_mode(gn.nn.PointNetConv(network, gn.nn.MLP([3, 2]), neighborhood=hears), network, structure), structure


@case("reduce_segments")
def neighbours(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    hears = draw(st.sampled_from([gn.KNN(2), gn.KNN(3, loop=True), gn.Radius(1.0)]))
    return gn.nn.PointNetConv(gn.nn.MLP([6, 4]), gn.nn.MLP([4, 2]), neighborhood=hears), draw(sets(3))
