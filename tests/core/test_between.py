"""Node sets of different widths: related by listed edges, and crossed."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from every_layer.structures import chain, cloud, forest, graph, grid, moving, sparse, torus

import geonets as gn

KINDS = [chain, grid, torus, sparse, moving, cloud, graph, forest]


def related() -> tuple[gn.Structure, gn.Structure]:
    users = gn.points(None, x=[torch.randn(3, 4), torch.randn(1, 4), torch.zeros(0, 4)])
    films = gn.points(None, x=[torch.randn(2, 5), torch.randn(2, 5), torch.randn(1, 5)])
    edges = [torch.tensor([[2, 0, 1, 2], [1, 0, 0, 0]]), torch.tensor([[0], [1]]), torch.zeros(2, 0, dtype=torch.long)]
    types = [torch.tensor([0, 1, 1, 0]), torch.tensor([1]), torch.zeros(0, dtype=torch.long)]
    return gn.relate(films, users, edges, "rated by", types), users


def test_related_nodes_are_heard_and_no_others() -> None:
    films, users = related()
    edges = gn.Between("rated by").edges(films, users)
    assert edges.senders.tolist() == [0, 1, 2, 2, 3] and edges.receivers.tolist() == [0, 0, 0, 1, 3]
    assert edges.edge_type is not None and edges.edge_type.tolist() == [1, 1, 0, 0, 1]
    layer = gn.nn.MessagePassing(lambda user: user, "sum", reads=("sender",), neighborhood=gn.Between("rated by"))
    heard = layer(films, source=users).x
    expected = torch.zeros(5, 4).index_add(0, edges.receivers, users.x[edges.senders])
    torch.testing.assert_close(heard, expected)
    assert gn.Between("rated by").edges(films.replace(x=films.x * 2), users) is edges


def test_slices_and_batches_of_both_stay_related() -> None:
    films, users = related()
    layer = gn.nn.MessagePassing(lambda user: user, "sum", reads=("sender",), neighborhood=gn.Between("rated by"))
    whole = layer(films, source=users)
    for items in ([1, 0], [2], [0, 0, 1]):
        torch.testing.assert_close(layer(films[items], source=users[items]).x, whole[items].x)
    twice = layer(gn.batch([films, films]), source=gn.batch([users, users]))
    torch.testing.assert_close(twice.x, torch.cat([whole.x, whole.x]))


@pytest.mark.parametrize(("receiver", "sender"), list(itertools.product(KINDS, KINDS)))
def test_any_kind_hears_any_other_by_cross(receiver: Any, sender: Any) -> None:
    target, source = receiver([3, 0, 2, 1], 1), sender([0, 2, 3, 1], 2)
    layer = gn.nn.MessagePassing(lambda s, r: s * r, "max", reads=("sender", "receiver"), neighborhood=gn.Cross())
    attention = gn.nn.MultiheadAttention(4, 2).double()
    rows, attended = layer(target, source=source).x, attention(target, source)
    with gn.reference():
        torch.testing.assert_close(layer(target, source=source).x, rows)
        torch.testing.assert_close(attention(target, source).x, attended.x, atol=1e-10, rtol=1e-10)
    for mine, other, found in zip(target, source, layer(target, source=source), strict=True):
        expected = torch.zeros(mine.num_nodes, 4, dtype=torch.float64)
        if mine.num_nodes and other.num_nodes:
            expected = (mine.x[:, None] * other.x[None]).amax(1)
        torch.testing.assert_close(found.x, expected, atol=1e-12, rtol=1e-12)
