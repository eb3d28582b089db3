"""Padded, packed and nested sequences, and dense batches: torch and PyG say what each must look like."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from drawing import chains, graphs
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence, pad_sequence
from torch_geometric.utils import dense_to_sparse, to_dense_adj, to_dense_batch

import geonets as gn

QUICK = settings(max_examples=40, deadline=None)


@QUICK
@given(structure=chains(3), batch_first=st.booleans())
def test_padded_and_back(structure: gn.Structure, batch_first: bool) -> None:
    padded, lengths = gn.to_padded(structure, batch_first=batch_first, padding_value=7.0)
    if len(structure):
        parts = [item.x for item in structure]
        assert torch.equal(padded, pad_sequence(parts, batch_first=batch_first, padding_value=7.0))
    back = gn.from_padded(padded, lengths, batch_first=batch_first)
    assert torch.equal(back.x, structure.x)
    assert torch.equal(back.topology.node_counts, structure.topology.node_counts)


def test_a_recurrent_layer_of_torch_takes_what_is_packed() -> None:
    words, lstm = gn.chain([torch.randn(5, 3), torch.randn(2, 3), torch.randn(7, 3)]), torch.nn.LSTM(3, 4)
    out, (hidden, _) = lstm(gn.to_packed(words))
    for item, state in zip(words, hidden[0], strict=True):
        alone, _ = lstm(item.x)
        torch.testing.assert_close(state, alone[-1])
    assert gn.from_packed(out).x.shape == (14, 4)
    assert torch.equal(gn.from_packed(gn.to_packed(words)).x, words.x)


@QUICK
@given(structure=chains(3))
def test_packed_and_back(structure: gn.Structure) -> None:
    kept = structure[structure.topology.node_counts > 0]
    if not len(kept):
        return
    ours = gn.to_packed(kept)
    theirs = pack_sequence([item.x for item in kept], enforce_sorted=False)
    assert torch.equal(ours.batch_sizes, theirs.batch_sizes)
    for packed in (ours, theirs):
        back = gn.from_packed(packed)
        assert torch.equal(back.x, kept.x) and torch.equal(back.topology.node_counts, kept.topology.node_counts)
    padded, lengths = pad_packed_sequence(ours, batch_first=True)
    assert torch.equal(padded, gn.to_padded(kept)[0]) and lengths.tolist() == kept.topology.node_counts.tolist()


def test_a_packed_sequence_that_was_sorted_already_has_no_order_of_its_own() -> None:
    packed = pack_padded_sequence(torch.randn(2, 4, 3), torch.tensor([4, 2]), batch_first=True)
    assert packed.sorted_indices is None
    assert gn.from_packed(packed).topology.node_counts.tolist() == [4, 2]


@QUICK
@given(structure=chains(3))
def test_nested_and_back_on_the_same_memory(structure: gn.Structure) -> None:
    nested = gn.to_nested(structure)
    assert all(torch.equal(part, item.x) for part, item in zip(nested.unbind(), structure, strict=True))
    back = gn.from_nested(nested)
    assert torch.equal(back.x, structure.x)
    assert torch.equal(back.topology.node_counts, structure.topology.node_counts)
    assert not structure.num_nodes or back.x.data_ptr() == structure.x.data_ptr()


def test_nested_tensors_with_holes_and_strided_ones() -> None:
    padded, starts, lengths = torch.randn(2, 5, 3), torch.tensor([1, 0]), torch.tensor([2, 4])
    holes = torch.nested.narrow(padded, 1, starts, lengths, layout=torch.jagged)
    assert torch.equal(gn.from_nested(holes).x, torch.cat([padded[0, 1:3], padded[1, :4]]))
    parts = [torch.randn(2, 3), torch.randn(4, 3)]
    with pytest.warns(UserWarning, match="prototype"):
        strided = torch.nested.nested_tensor(parts, layout=torch.strided)
    assert torch.equal(gn.from_nested(strided).x, torch.cat(parts))


def test_a_matrix_of_numbers_is_a_weight_and_one_of_bools_is_none() -> None:
    adj = torch.tensor([[[0.0, 2.0], [0.0, 3.0]]])
    weighted = gn.from_dense(torch.randn(1, 2, 3), None, adj)
    index, values = dense_to_sparse(adj)
    links = weighted.topology.links
    assert torch.equal(torch.stack([links.in_input_order(links.senders), links.in_input_order(links.receivers)]), index)
    assert torch.equal(links.in_input_order(weighted.edges["edge_weight"]), values)
    assert not gn.from_dense(torch.randn(1, 2, 3), None, adj > 0).edges
    back = gn.to_dense(weighted, weight="edge_weight")[2]
    assert back is not None and torch.equal(back, adj)


@QUICK
@given(structure=graphs(3, edge_channels=2))
def test_dense_batches_are_those_of_pyg(structure: gn.Structure) -> None:
    links = structure.topology.links
    pairs = links.senders * max(structure.num_nodes, 1) + links.receivers
    if len(pairs.unique()) < len(pairs):
        with pytest.raises(gn.errors.StructureError, match="Merge parallel edges first"):
            gn.to_dense(structure, "x")
        return
    structure = structure.replace(edge_attr=structure.edge_attr + 10)  # no edge without features
    x, mask, adj = gn.to_dense(structure, weight="edge_attr")
    assert adj is not None
    if len(structure) and structure.num_nodes:
        items = structure.topology.item_ids
        their_x, their_mask = to_dense_batch(structure.x, items, batch_size=len(structure))
        ends = torch.stack([links.senders, links.receivers])
        their_adj = to_dense_adj(ends, items, structure.edge_attr, batch_size=len(structure))
        assert torch.equal(x, their_x) and torch.equal(mask, their_mask)
        assert torch.equal(adj, their_adj if len(pairs) else adj.zero_())
    back = gn.from_dense(x, mask, adj)
    assert torch.equal(back.x, structure.x) and torch.equal(back.topology.node_counts, structure.topology.node_counts)
    mine = links.receivers * max(structure.num_nodes, 1) + links.senders
    assert torch.equal(back.edge_attr, structure.edge_attr[mine.argsort()])


def test_a_mask_with_holes() -> None:
    mask = torch.tensor([[True, False, True]])
    adj = torch.tensor([[[False, False, True], [False] * 3, [False] * 3]])
    found = gn.from_dense(torch.arange(3.0).reshape(1, 3, 1), mask, adj)
    assert found.x.flatten().tolist() == [0.0, 2.0] and found.topology.links.receivers.tolist() == [1]


def test_sets_have_no_matrix() -> None:
    cloud = gn.points([torch.randn(4, 3), torch.randn(2, 3)])
    pos, mask, adj = gn.to_dense(cloud, "pos")
    assert adj is None and torch.equal(pos[mask], cloud.pos)


def test_gradients_flow_through_padding() -> None:
    x = torch.randn(7, 2, requires_grad=True)
    structure = gn.chain([x[:3], x[3:]])
    (grad,) = torch.autograd.grad(gn.to_padded(structure)[0].square().sum(), x)
    torch.testing.assert_close(grad, 2 * x)


def test_targets_and_further_fields_come_along() -> None:
    given: dict[str, Any] = {"y": torch.tensor([1, 0]), "meta": [{"name": "a"}, {"name": "b"}]}
    words = gn.chain([torch.randn(2, 3), torch.randn(3, 3)])
    for structure in (
        gn.from_padded(*gn.to_padded(words), **given),
        gn.from_packed(gn.to_packed(words), **given),
        gn.from_nested(gn.to_nested(words), **given),
        gn.from_dense(*gn.to_dense(words, "x"), **given),
    ):
        assert structure.y.tolist() == [1, 0] and structure.meta == ({"name": "a"}, {"name": "b"})


def test_a_batch_of_pyg_padded_as_pyg_pads_it() -> None:
    graphs_of_pyg: Any = gn.to_pyg(gn.batch([gn.graph(torch.tensor([[0, 1], [1, 2]]), x=torch.randn(3, 2))] * 2))
    x, mask = to_dense_batch(graphs_of_pyg.x, graphs_of_pyg.batch)
    ours, our_mask, _ = gn.to_dense(gn.from_pyg(graphs_of_pyg))
    assert torch.equal(x, ours) and torch.equal(mask, our_mask)
