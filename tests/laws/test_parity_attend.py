"""Law 2 for attention: torch's and PyG's modules with the same weights, item by item, outputs and gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from drawing import SEEDS, assert_same, graphs, rows, with_grads
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

import geonets as gn

COUNTS = st.lists(st.integers(1, 6), min_size=1, max_size=4)


def chains_of(counts: list[int], channels: int, seed: int) -> gn.Structure:
    return gn.chain([rows(count, channels, seed + place) for place, count in enumerate(counts)])


@settings(max_examples=50, deadline=None)
@given(counts=COUNTS, data=st.data(), seed=SEEDS)
def test_encoders(counts: list[int], data: Any, seed: int) -> None:
    torch.default_generator.manual_seed(seed)
    options: dict[str, Any] = {
        "norm_first": data.draw(st.booleans()),
        "bias": data.draw(st.booleans()),
        "activation": data.draw(st.sampled_from(["relu", "gelu", functional.silu])),
        "layer_norm_eps": data.draw(st.sampled_from([1e-5, 1e-2])),
    }
    depth = data.draw(st.integers(1, 2))
    norm = data.draw(st.sampled_from([None, nn.LayerNorm(4)]))
    ours = gn.nn.TransformerEncoder(gn.nn.TransformerEncoderLayer(4, 2, 5, **options), depth, norm)
    native = nn.TransformerEncoderLayer(4, 2, 5, batch_first=True, **options)
    theirs = nn.TransformerEncoder(native, depth, norm, enable_nested_tensor=False)
    ours, theirs = ours.double().eval(), theirs.double().eval()
    theirs.load_state_dict(ours.state_dict())
    ours.load_state_dict(theirs.state_dict())
    causal = data.draw(st.booleans())
    words = chains_of(counts, 4, seed)

    def run_theirs(module: Any, structure: gn.Structure) -> list[torch.Tensor]:
        masks = [nn.Transformer.generate_square_subsequent_mask(len(item.x), dtype=torch.float64) for item in structure]
        items = zip(structure, masks, strict=True)
        return [torch.cat([module(item.x[None], mask=mask if causal else None)[0] for item, mask in items])]

    def run_ours(module: Any, structure: gn.Structure) -> Any:
        return module(structure, is_causal=causal)

    assert_same(with_grads(ours, words, run_ours), with_grads(theirs, words, run_theirs))


@settings(max_examples=50, deadline=None)
@given(counts=COUNTS, data=st.data(), seed=SEEDS)
def test_decoders(counts: list[int], data: Any, seed: int) -> None:
    torch.default_generator.manual_seed(seed)
    options: dict[str, Any] = {
        "norm_first": data.draw(st.booleans()),
        "bias": data.draw(st.booleans()),
        "activation": data.draw(st.sampled_from(["relu", "gelu"])),
    }
    depth, causal = data.draw(st.integers(1, 2)), data.draw(st.booleans())
    norm = data.draw(st.sampled_from([None, nn.LayerNorm(4)]))
    ours = gn.nn.TransformerDecoder(gn.nn.TransformerDecoderLayer(4, 2, 5, **options), depth, norm).double().eval()
    native = nn.TransformerDecoderLayer(4, 2, 5, batch_first=True, **options)
    theirs = nn.TransformerDecoder(native, depth, norm).double().eval()
    theirs.load_state_dict(ours.state_dict())
    ours.load_state_dict(theirs.state_dict())
    words = chains_of(counts, 4, seed)
    pixels = gn.grid([rows(2 * (1 + place), 4, seed - place).reshape(2, -1, 4) for place in range(len(counts))])

    def run_theirs(module: Any, structure: gn.Structure) -> list[torch.Tensor]:
        outs = []
        for item, memory in zip(structure, pixels, strict=True):
            mask = nn.Transformer.generate_square_subsequent_mask(len(item.x), dtype=torch.float64)
            outs.append(module(item.x[None], memory.x[None], tgt_mask=mask if causal else None)[0])
        return [torch.cat(outs)]

    def run_ours(module: Any, structure: gn.Structure) -> Any:
        return module(structure, pixels, tgt_is_causal=causal)

    assert_same(with_grads(ours, words, run_ours), with_grads(theirs, words, run_theirs))


@settings(max_examples=40, deadline=None)
@given(counts=COUNTS, boolean=st.booleans(), seed=SEEDS)
def test_masks(counts: list[int], boolean: bool, seed: int) -> None:
    """A mask row an edge, True where it is not heard; a node that hears nobody gets 0 here and NaN in torch."""
    torch.default_generator.manual_seed(seed)
    ours, theirs = gn.nn.MultiheadAttention(4, 2).double(), nn.MultiheadAttention(4, 2, batch_first=True).double()
    theirs.load_state_dict(ours.state_dict())
    words = chains_of(counts, 4, seed)
    masks = [torch.rand(count, count) > 0.5 for count in counts]
    for mask in masks:
        mask.fill_diagonal_(False)
    given_masks = masks if boolean else [torch.randn(m.shape).double().masked_fill(m, -torch.inf) for m in masks]
    flat = torch.cat([mask.flatten() for mask in given_masks])

    def run_theirs(module: Any, structure: gn.Structure) -> list[torch.Tensor]:
        items = zip(structure, given_masks, strict=True)
        return [torch.cat([module(i.x[None], i.x[None], i.x[None], attn_mask=mask)[0][0] for i, mask in items])]

    def run_ours(module: Any, structure: gn.Structure) -> Any:
        return module(structure, attn_mask=flat)

    assert_same(with_grads(ours, words, run_ours), with_grads(theirs, words, run_theirs))


@settings(max_examples=30, deadline=None)
@given(counts=COUNTS, reach=st.integers(0, 3), causal=st.booleans(), seed=SEEDS)
def test_windows_are_bands(counts: list[int], reach: int, causal: bool, seed: int) -> None:
    torch.default_generator.manual_seed(seed)
    ours = gn.nn.MultiheadAttention(4, 2, neighborhood=gn.Window(reach, causal)).double()
    theirs = nn.MultiheadAttention(4, 2, batch_first=True).double()
    theirs.load_state_dict(ours.state_dict())

    def run_theirs(module: Any, structure: gn.Structure) -> list[torch.Tensor]:
        outs = []
        for item in structure:
            lag = torch.arange(len(item.x)) - torch.arange(len(item.x))[:, None]
            mask = (lag.abs() > reach) | ((lag > 0) & causal)
            outs.append(module(item.x[None], item.x[None], item.x[None], attn_mask=mask)[0][0])
        return [torch.cat(outs)]

    words = chains_of(counts, 4, seed)
    assert_same(with_grads(ours, words), with_grads(theirs, words, run_theirs))


def test_attention_weights_are_torchs() -> None:
    ours, theirs = gn.nn.MultiheadAttention(4, 2).double(), nn.MultiheadAttention(4, 2, batch_first=True).double()
    theirs.load_state_dict(ours.state_dict())
    words = chains_of([3, 5], 4, 1)
    out, weights = ours(words, need_weights=True)
    expected = [theirs(i.x[None], i.x[None], i.x[None], average_attn_weights=False)[1][0] for i in words]
    flat = torch.cat([part.permute(1, 2, 0).flatten(0, 1) for part in expected])
    assert_same([weights, out.x], [flat, ours(words).x])


def test_new_layers_start_with_torchs_distributions() -> None:
    torch.default_generator.manual_seed(0)
    makes = [
        (gn.nn.TransformerEncoderLayer, nn.TransformerEncoderLayer),
        (gn.nn.TransformerDecoderLayer, nn.TransformerDecoderLayer),
    ]
    for ours, theirs in makes:
        drawn = [(ours(8, 2, 16).state_dict(), theirs(8, 2, 16).state_dict()) for _ in range(40)]
        assert list(drawn[0][0]) == list(drawn[0][1])
        for key in drawn[0][0]:
            mine, others = (torch.stack([pair[side][key] for pair in drawn]) for side in (0, 1))
            assert mine.shape == others.shape
            assert float((mine.std() - others.std()).abs()) <= 0.1 * float(others.std()) + 1e-6, key


BLOCKS: dict[str, Any] = {
    "SetAttentionBlock": {"heads": 2},
    "SetAttentionBlock without norms": {"heads": 2, "layer_norm": False},
    "InducedSetAttentionBlock": {"num_induced_points": 3, "heads": 2},
    "PoolingByMultiheadAttention": {"num_seed_points": 2, "heads": 2},
}


@pytest.mark.parametrize("name", BLOCKS)
@settings(max_examples=25, deadline=None)
@given(counts=COUNTS, seed=SEEDS)
def test_set_transformers_equal_pygs(name: str, counts: list[int], seed: int) -> None:
    from torch_geometric.nn.aggr import utils as pyg

    torch.default_generator.manual_seed(seed)
    kind = name.split(maxsplit=1)[0]
    ours: Any = getattr(gn.nn, kind)(4, **BLOCKS[name]).double()
    theirs: Any = getattr(pyg, kind)(4, **BLOCKS[name]).double()
    theirs.load_state_dict(ours.state_dict())

    def run_theirs(module: Any, structure: gn.Structure) -> list[torch.Tensor]:
        return [torch.cat([module(item.x[None])[0] for item in structure])]

    words = chains_of(counts, 4, seed)
    assert_same(with_grads(ours, words), with_grads(theirs, words, run_theirs))


@pytest.mark.parametrize("norm", ["batch_norm", "layer_norm", None])
@pytest.mark.parametrize("conv", ["gine", "gat", None])
@settings(max_examples=50, deadline=None)
@given(data=st.data(), heads=st.sampled_from([1, 2]), act=st.sampled_from(["relu", "gelu"]), seed=SEEDS)
def test_gps_equals_pygs(norm: str | None, conv: str | None, data: Any, heads: int, act: str, seed: int) -> None:
    from torch_geometric import nn as pyg

    torch.default_generator.manual_seed(seed)
    structure = data.draw(graphs(4, edge_channels=4))
    structure = structure[structure.topology.node_counts > 0]  # PyG's dense batch of an item without nodes is NaN
    if structure.num_nodes < 2:
        return
    structure = structure.replace(x=torch.randn(structure.num_nodes, 4, dtype=torch.float64))
    inner: dict[Any, Any] = {
        "gine": (gn.nn.GINEConv(gn.nn.MLP([4, 4])), pyg.GINEConv(nn.Sequential(nn.Linear(4, 4)))),
        "gat": (gn.nn.GATConv(4, 4), pyg.GATConv(4, 4)),
        None: (None, None),
    }
    options: dict[str, Any] = {"heads": heads, "act": act, "norm": norm}
    ours, theirs = gn.nn.GPSConv(4, inner[conv][0], **options), pyg.GPSConv(4, inner[conv][1], **options)
    ours, theirs = ours.double(), theirs.double()
    theirs.load_state_dict(ours.state_dict())

    def run_theirs(module: Any, given_structure: gn.Structure) -> list[torch.Tensor]:
        edges = given_structure.topology.links
        index = torch.stack([edges.senders, edges.receivers])
        extra = {"edge_attr": given_structure.edge_attr} if conv == "gine" else {}
        return [module(given_structure.x, index, batch=given_structure.topology.item_ids, **extra)]

    assert_same(with_grads(ours, structure), with_grads(theirs, structure, run_theirs))


@pytest.mark.parametrize("kind", ["TransformerEncoderLayer", "TransformerDecoderLayer"])
def test_exchange_keeps_every_option(kind: str) -> None:
    """`from_torch` and `to_torch` read the options back from the layers."""
    options: dict[str, Any] = {"norm_first": True, "bias": False, "layer_norm_eps": 0.1, "dropout": 0.3}
    native = getattr(nn, kind)(4, 2, 8, activation="gelu", batch_first=True, **options)
    back = gn.to_torch(gn.from_torch(native))
    assert type(back) is type(native) and repr(back) == repr(native)
    assert all(torch.equal(a, b) for a, b in zip(back.parameters(), native.parameters(), strict=True))
    for name in ("norm_first", "activation"):
        assert getattr(back, name) == getattr(native, name)
    attention: Any = back.self_attn
    assert attention.batch_first and attention.dropout == 0.3


def test_graph_transformers_go_to_pyg_with_what_is_inside_them() -> None:
    ring = gn.graph(torch.tensor([[0, 1, 2, 3], [1, 2, 3, 0]]), x=torch.randn(4, 4, dtype=torch.float64))
    index = torch.stack([ring.topology.links.senders, ring.topology.links.receivers])
    layers = [
        gn.nn.GPSConv(4, gn.nn.GINConv(gn.nn.MLP([4, 4])), heads=2, norm="layer_norm"),
        gn.nn.TransformerConv(4, 3, heads=2, beta=True),
        gn.nn.GATv2Conv(4, 3, share_weights=True),
    ]
    for layer in layers:
        expected, twin = layer.double().eval()(ring).x, gn.to_pyg(layer)
        extra = {"batch": ring.topology.item_ids} if hasattr(twin, "attn") else {}
        torch.testing.assert_close(twin(ring.x, index, **extra), expected, atol=1e-10, rtol=1e-10)
