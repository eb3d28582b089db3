"""One large graph: a power law of the size of ogbn-arxiv, and a network of Cora's size."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import torch
from harness import Case
from torch import Tensor

import geonets as gn
from cases.steps import sorted_index, stepped, weights_of

NODES, EDGES, WIDTH = 169_000, 1_170_000, 128
CORA_NODES, CORA_LINKS, CORA_WIDTH, DENSITY = 2708, 5278, 1433, 0.0127


@functools.lru_cache(1)
def power_law() -> Tensor:
    """`(2, E)`: few nodes have most of the edges. As in the prototypes' measurements, edges go one way."""
    draw = torch.Generator().manual_seed(0)
    weights = torch.arange(1, NODES + 1, dtype=torch.float64).pow(-0.5)
    ends = torch.multinomial(weights, 2 * EDGES, replacement=True, generator=draw).reshape(2, EDGES)
    return torch.randperm(NODES, generator=draw)[ends]


def large(title: str, asked: float, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Case:
    """A layer on the power-law graph; the peer also with its sorted index, and with its normalisation cached."""
    from torch_geometric import nn as pyg

    name = title.split("-", maxsplit=1)[0]
    ours = getattr(gn.nn, f"{name}Conv")(*arguments, **options)
    index = power_law()
    x = torch.randn(NODES, WIDTH, requires_grad=True)
    structure = gn.graph(index, x=x)
    cotangent = torch.randn(NODES, WIDTH)
    ordered = sorted_index(index, NODES).fill_cache_()
    peers: dict[str, Callable[[], list[Tensor]]] = {}
    ways = {"PyG": (index, {}), "PyG, EdgeIndex": (ordered, {})}
    if name == "GCN":
        ways |= {"PyG, cached": (index, {"cached": True}), "PyG, EdgeIndex, cached": (ordered, {"cached": True})}
    for way, (edges, more) in ways.items():
        theirs = getattr(pyg, f"{name}Conv")(*arguments, **options, **more)
        theirs.load_state_dict(ours.state_dict())
        peers[way] = lambda layer=theirs, edges=edges: stepped(layer(x, edges), [x, *weights_of(layer)], cotangent)

    def step() -> list[Tensor]:
        return stepped(ours(structure).x, [x, *weights_of(ours)], cotangent)

    return Case(f"{title} on a power law of {NODES:,} nodes and {EDGES:,} edges, {WIDTH} channels", asked, step, peers)


@functools.lru_cache(1)
def cora_like() -> tuple[Tensor, Tensor]:
    """Links in both directions, and features of which 1.27 % are ones."""
    draw = torch.Generator().manual_seed(0)
    one_way = torch.randint(CORA_NODES, (2, CORA_LINKS), generator=draw)
    features = torch.rand(CORA_NODES, CORA_WIDTH, generator=draw) < DENSITY
    return torch.cat([one_way, one_way.flip(0)], 1), features


def cora(
    title: str, asked: float | None, arguments: tuple[Any, ...], options: Mapping[str, Any], is_sparse: bool
) -> Case:
    """A first layer on features as they are, dense or kept sparse; with other channels one further in."""
    from torch_geometric import nn as pyg

    index, features = cora_like()
    width, is_first = arguments[0], arguments[0] == CORA_WIDTH
    dense = features.to(torch.get_default_dtype()) if is_first else torch.randn(CORA_NODES, width, requires_grad=True)
    x = dense.to_sparse_csr() if is_sparse else dense
    level = {"level": "words"} if is_sparse else {}
    ours = getattr(gn.nn, f"{title}Conv")(*arguments, **options, **level)
    structure = gn.graph(index, num_nodes=CORA_NODES)
    structure = gn.keep_sparse(structure, x, "words") if is_sparse else structure.replace(nodes={"x": x})
    cotangent = torch.randn(CORA_NODES, arguments[1] * options.get("heads", 1))
    ordered = sorted_index(index, CORA_NODES).fill_cache_()
    ways: dict[str, tuple[Tensor, Any, dict[str, Any]]] = {
        "PyG": (dense, index, {}),
        "PyG, EdgeIndex": (dense, ordered, {}),
    }
    if title == "GCN":
        ways |= {"PyG, cached": (dense, index, {"cached": True})}
        if is_sparse:
            ways |= {"PyG, sparse x": (x, index, {}), "PyG, sparse x, cached": (x, index, {"cached": True})}
    learned = [] if is_first else [dense]
    peers: dict[str, Callable[[], list[Tensor]]] = {}
    for way, (rows, edges, more) in ways.items():
        theirs = getattr(pyg, f"{title}Conv")(*arguments, **options, **more)
        theirs.load_state_dict(ours.state_dict())
        peers[way] = lambda layer=theirs, rows=rows, edges=edges: stepped(
            layer(rows, edges), [*learned, *weights_of(layer)], cotangent
        )

    def step() -> list[Tensor]:
        return stepped(ours(structure).x, [*learned, *weights_of(ours)], cotangent)

    kept = ", features kept sparse" if is_sparse else ""
    return Case(f"{title} at Cora's size, {width} -> {cotangent.shape[1]}{kept}", asked, step, peers)


def calls() -> Case:
    """What a call costs where there is next to nothing to compute."""
    from torch_geometric import nn as pyg

    draw = torch.Generator().manual_seed(0)
    index, x = torch.randint(8, (2, 16), generator=draw), torch.randn(8, 16)
    ours, theirs = gn.nn.GCNConv(16, 16), pyg.GCNConv(16, 16, cached=True)
    theirs.load_state_dict(ours.state_dict())
    structure = gn.graph(index, x=x)

    def step() -> list[Tensor]:
        with torch.no_grad():
            return [ours(structure).x for _ in range(100)][-1:]

    def peer_step() -> list[Tensor]:
        with torch.no_grad():
            return [theirs(x, index) for _ in range(100)][-1:]

    return Case("100 calls of GCN on 8 nodes and 16 edges, inference", 1.8, step, {"PyG, cached": peer_step})


CASES: dict[str, Callable[[], Case]] = {
    "gcn_large": lambda: large("GCN", 4, (WIDTH, WIDTH), {}),
    "sage_mean_large": lambda: large("SAGE-mean", 2.5, (WIDTH, WIDTH), {"aggr": "mean"}),
    "sage_max_large": lambda: large("SAGE-max", 5, (WIDTH, WIDTH), {"aggr": "max"}),
    "gat_large": lambda: large("GAT", 2.8, (WIDTH, WIDTH // 4), {"heads": 4}),
    "gcn_cora": lambda: cora("GCN", 1.3, (CORA_WIDTH, 64), {}, False),
    "gat_cora": lambda: cora("GAT", 3.5, (64, 8), {"heads": 8}, False),
    "gat_cora_words": lambda: cora("GAT", None, (CORA_WIDTH, 8), {"heads": 8}, False),
    "gcn_cora_sparse": lambda: cora("GCN", 8, (CORA_WIDTH, 64), {}, True),
    "calls": calls,
}
