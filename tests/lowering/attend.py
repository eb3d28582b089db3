"""Kernels for attention, each with a case that reaches it."""

from __future__ import annotations

from typing import Any

import torch
from drawing import chains, graphs
from hypothesis import strategies as st

import geonets as gn
from geonets.engine.plan import run
from geonets.engine.spec import AttendOperands, AttendSpec
from lowering.cases import case


@case("dense_attention", "dense_attention_by_size")
def attention(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    layer = gn.nn.MultiheadAttention(4, draw(st.sampled_from([1, 2])), bias=draw(st.booleans()))
    return layer, draw(chains(4, ragged=draw(st.booleans())))


@case("segment_attention")
def sparse_attention(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    edge_dim = draw(st.sampled_from([None, 2]))
    options = {"add_self_loops": draw(st.booleans()), "residual": draw(st.booleans()), "concat": draw(st.booleans())}
    return gn.nn.GATConv(3, 2, heads=2, edge_dim=edge_dim, **options), draw(graphs(3, edge_channels=2))


@case("segment_attention")
def graph_attention(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    edge_dim, bias = draw(st.sampled_from([None, 2])), draw(st.booleans())
    layers = [
        gn.nn.GATv2Conv(3, 2, heads=2, edge_dim=edge_dim, add_self_loops=draw(st.booleans()), bias=bias),
        gn.nn.TransformerConv(3, 2, heads=2, edge_dim=edge_dim, beta=draw(st.booleans()), bias=bias),
    ]
    return draw(st.sampled_from(layers)), draw(graphs(3, edge_channels=2))


class _AnyScore(gn.nn.Layer):
    """A score of one's own, with everything that edges may add; every other edge is masked."""

    def __init__(self, spec: AttendSpec) -> None:
        super().__init__()
        self.spec = spec
        self.weight = torch.nn.Parameter(torch.randn(2, 3, 2))
        self.vector = torch.nn.Parameter(torch.randn(2, 3))

    def forward(self, structure: gn.Structure) -> gn.Structure:
        rows = structure.x[:, :1, None] * self.weight[:, :, 0] + structure.x[:, 1:2, None]  # (N, 2, 3)
        edge_rows = structure.edge_attr[:, :, None] * self.weight[:, :, 1]  # (E, 2, 3)
        masked = torch.arange(len(edge_rows))[:, None].remainder(torch.tensor([2, 3])) == 0
        terms = self.spec.edge_terms
        narrow = self.spec.score == "additive"
        operands = AttendOperands(
            rows[..., :1] if narrow else rows,
            (rows[..., :1] if narrow else rows).sin(),
            rows.cos(),
            edges=edge_rows[..., 0] if narrow else edge_rows,
            bias=edge_rows[..., 1].masked_fill(masked, -torch.inf) if "bias" in terms else None,
            edge_keys=edge_rows[..., :1] if "keys" in terms else None,
            edge_values=edge_rows if "values" in terms else None,
            attention=self.vector if self.spec.score == "gatv2" else None,
            score=self._score,
        )
        return structure.replace(x=run(self.spec, operands, structure).flatten(1))

    def _score(self, *rows: torch.Tensor) -> torch.Tensor:
        assert len(rows) == len(self.spec.reads)
        return (sum(part * (place + 1) for place, part in enumerate(rows)) * self.vector).sin().sum(-1)


@case("segment_attention")
def any_score(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    score = draw(st.sampled_from(["dot", "additive", "gatv2", "opaque"]))
    terms = draw(st.lists(st.sampled_from(["bias", "keys", "values"]), unique=True).map(tuple))
    reads = draw(st.sampled_from([("query", "key", "edge"), ("edge",), ("key", "query")]))
    return _AnyScore(AttendSpec(gn.Links(), score, reads=reads, edge_terms=terms)), draw(graphs(3, edge_channels=2))
