"""Kernels for attention, each with a case that reaches it."""

from __future__ import annotations

from typing import Any

import torch
from drawing import SEEDS, chains, graphs, grids, rows, sparse_grids
from hypothesis import strategies as st

import geonets as gn
from geonets.engine.plan import run
from geonets.engine.spec import AttendOperands, AttendSpec
from lowering.cases import case


@case("dense_attention", "dense_attention_by_length")
def attention(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    layer = _Masked(4, draw(st.sampled_from([1, 2])), bias=draw(st.booleans()), **_positions(draw, 1))
    layer.mask = draw(st.sampled_from([None, "rows", "numbers"]))
    layer.is_causal = draw(st.booleans())
    return layer, draw(chains(4, ragged=draw(st.booleans())))


@case("dense_attention", "dense_attention_by_length")
def attention_among_grids_and_graphs(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    if draw(st.booleans()):
        return gn.nn.MultiheadAttention(8, 2, **_positions(draw, 2)), draw(
            grids(8, ragged=draw(st.booleans()), periodic=draw(st.booleans()))
        )
    relation = draw(st.sampled_from([None, gn.HopDistance(2), gn.HopDistance(0)]))
    return gn.nn.MultiheadAttention(4, 2, relation=relation), draw(graphs(4))


@case("dense_attention_by_length")
def attention_of_many_lengths(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    """More lengths than buckets, so that shorter items are padded."""
    counts = draw(st.lists(st.integers(0, 20), min_size=9, max_size=14, unique=True))
    layer = _Masked(4, 2, **_positions(draw, 1))
    layer.mask, layer.is_causal = draw(st.sampled_from([None, "rows", "numbers"])), draw(st.booleans())
    return layer, gn.Structure(gn.Chain(counts), {"x": rows(sum(counts), 4, draw(SEEDS))})


@case("dense_attention", "dense_attention_by_length")
def attention_to_learnt_points(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    layers = [gn.nn.InducedSetAttentionBlock(4, 2, 2), gn.nn.PoolingByMultiheadAttention(4, 3)]
    return draw(st.sampled_from(layers)), draw(chains(4, ragged=draw(st.booleans())))


@case("window_attention")
def attention_in_windows(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    axes = draw(st.integers(1, 3))
    reach = draw(st.one_of(st.integers(0, 3), st.tuples(*[st.integers(0, 3)] * axes)))
    hears: Any = gn.Window(reach, causal=draw(st.booleans()))
    if draw(st.booleans()):  # any stencil that leaves as many nodes
        kernel, dilation = (draw(st.tuples(*[st.integers(1, 3)] * axes)) for _ in range(2))
        before = tuple(d * (k - 1) // 2 for d, k in zip(dilation, kernel, strict=True))
        after = tuple(d * (k - 1) - b for d, k, b in zip(dilation, kernel, before, strict=True))
        hears = gn.Stencil(kernel, (1,) * axes, before, after, dilation)
    full = grids(24, axes, ragged=draw(st.booleans()), periodic=draw(st.booleans()))
    structure = draw(st.one_of(full, sparse_grids(24, axes, periodic=draw(st.booleans()))))
    return gn.nn.MultiheadAttention(24, 2, neighborhood=hears, **_positions(draw, axes)), structure


@case("window_attention")
def attention_of_strided_windows(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    """Pooling: each window's own vector hears the nodes in it."""
    each = st.tuples(st.integers(1, 3), st.integers(1, 3))
    stencil = gn.Stencil(draw(each), draw(each), (1, 1), draw(st.sampled_from([(1, 1), (4, 2)])), (1, 1))
    return _WindowPool(stencil), draw(
        st.one_of(grids(4, smallest=2, ragged=draw(st.booleans())), sparse_grids(4, smallest=2))
    )


def _positions(draw: Any, axes: int) -> dict[str, Any]:
    """How attention on a lattice of so many axes may know of positions."""
    relations = [None, gn.Offset((2,) * axes), gn.Offset(tuple(range(axes)))]
    relations += [gn.Lag(1), gn.LagBuckets(8, 5), gn.LagBuckets(4, 4, bidirectional=False)] if axes == 1 else []
    relation = draw(st.sampled_from(relations))
    return {
        "relation": relation,
        "relative_keys": draw(st.booleans()),
        "rotary": draw(st.sampled_from([None, 10.0])),
    }


class _Masked(gn.nn.MultiheadAttention):
    """Edges masked without pattern; some nodes hear nobody."""

    mask: str | None = None
    is_causal = False

    def forward(self, query: gn.Structure, *_: Any, **__: Any) -> gn.Structure:  # pyright: ignore[reportIncompatibleMethodOverride]
        edges = gn.Complete(self.is_causal).edges(query)
        mask = None
        if self.mask == "rows":
            mask = (edges.senders * 7 + edges.receivers * 3) % 5 < (edges.receivers % 4 + 2)
        elif self.mask == "numbers":
            mask = (query.x[edges.senders, : self.num_heads] * query.x[edges.receivers, 2:3]).sin()
        return super().forward(query, is_causal=self.is_causal, attn_mask=mask)


class _WindowPool(gn.nn.Layer):
    def __init__(self, stencil: gn.Stencil) -> None:
        super().__init__()
        self.spec = AttendSpec(stencil)
        self.query = torch.nn.Parameter(torch.randn(2, 2))

    def forward(self, structure: gn.Structure) -> gn.Structure:
        target = self.spec.neighborhood.target(structure.topology)
        rows = structure.x.unflatten(1, (2, 2))
        query = self.query + torch.arange(target.num_nodes).to(rows.dtype)[:, None, None].sin()
        heard = run(self.spec, AttendOperands(query, rows, rows.tanh()), structure)
        return structure.on(target, {"x": heard.flatten(1)})


@case("additive_attention", "segment_attention")
def sparse_attention(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    edge_dim = draw(st.sampled_from([None, 2]))
    options = {"add_self_loops": draw(st.booleans()), "residual": draw(st.booleans()), "concat": draw(st.booleans())}
    return gn.nn.GATConv(3, 2, heads=2, edge_dim=edge_dim, **options), draw(graphs(3, edge_channels=2))


@case("additive_attention", "edge_attention", "segment_attention")
def graph_attention(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    edge_dim, bias = draw(st.sampled_from([None, 2])), draw(st.booleans())
    layers = [
        gn.nn.GATv2Conv(3, 2, heads=2, edge_dim=edge_dim, add_self_loops=draw(st.booleans()), bias=bias),
        gn.nn.TransformerConv(3, 2, heads=2, edge_dim=edge_dim, beta=draw(st.booleans()), bias=bias),
    ]
    return draw(st.sampled_from(layers)), draw(graphs(3, edge_channels=2))


class _AnyScore(gn.nn.Layer):
    """A score of one's own, with everything that edges may add; every other edge is masked."""

    def __init__(self, spec: AttendSpec, with_vectors: bool) -> None:
        super().__init__()
        self.spec = spec
        self.vectors = torch.nn.Parameter(torch.randn(2, 2, 3)) if with_vectors else None
        self.weight = torch.nn.Parameter(torch.randn(2, 3, 2))
        self.vector = torch.nn.Parameter(torch.randn(2, 3))

    def forward(self, structure: gn.Structure) -> gn.Structure:
        rows = structure.x[:, :1, None] * self.weight[:, :, 0] + structure.x[:, 1:2, None]  # (N, 2, 3)
        edge_rows = structure.edge_attr[:, :, None] * self.weight[:, :, 1]  # (E, 2, 3)
        masked = torch.arange(len(edge_rows))[:, None].remainder(torch.tensor([2, 3])) == 0
        terms = self.spec.edge_terms
        vectors = {"gatv2": self.vector, "additive": self.vectors}.get(self.spec.score)
        narrow = self.spec.score == "additive" and vectors is None
        operands = AttendOperands(
            rows[..., :1] if narrow else rows,
            (rows[..., :1] if narrow else rows).sin(),
            rows.cos(),
            edges=edge_rows[..., 0] if self.spec.score == "additive" else edge_rows,
            bias=edge_rows[..., 1].masked_fill(masked, -torch.inf) if "bias" in terms else None,
            edge_keys=edge_rows[..., :1] if "keys" in terms else None,
            edge_values=edge_rows if "values" in terms else None,
            attention=vectors,
            score=self._score,
        )
        heard = run(self.spec, operands, structure)
        if self.spec.return_weights:
            rows, weights = heard
            heard = rows + (weights.square().sum() if len(weights) else 0)
        return structure.replace(x=heard.flatten(1))

    def _score(self, *rows: torch.Tensor) -> torch.Tensor:
        assert len(rows) == len(self.spec.reads)
        return (sum(part * (place + 1) for place, part in enumerate(rows)) * self.vector).sin().sum(-1)


@case("additive_attention", "edge_attention", "segment_attention")
def any_score(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    score = draw(st.sampled_from(["dot", "additive", "gatv2", "opaque"]))
    terms = draw(st.lists(st.sampled_from(["bias", "keys", "values"]), unique=True).map(tuple))
    reads = draw(st.sampled_from([("query", "key", "edge"), ("edge",), ("key", "query")]))
    returned = draw(st.booleans())
    spec = AttendSpec(gn.Links(), score, reads=reads, edge_terms=terms, return_weights=returned)
    return _AnyScore(spec, draw(st.booleans())), draw(graphs(3, edge_channels=2))


@case("edge_attention", "segment_attention")
def attention_of_related_neighbors(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    """Biases and parts of the keys that are chosen by how far apart two linked nodes are, or where."""
    if draw(st.booleans()):
        relation, structure = gn.HopDistance(2), draw(graphs(4))
    else:
        relation, structure = gn.Offset((2,)), draw(chains(4, ragged=draw(st.booleans())))
    options = {"relation": relation, "relative_keys": draw(st.booleans()) and isinstance(relation, gn.Offset)}
    return gn.nn.MultiheadAttention(4, 2, neighborhood=gn.Links(), **options), structure
