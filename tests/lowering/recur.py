"""Kernels for recurrences, each with a case that reaches it."""

from __future__ import annotations

from typing import Any
from unittest import mock

import torch
from drawing import chains, graphs, grids, rows, trees
from hypothesis import strategies as st
from torch import nn

import geonets as gn
from geonets.engine.kernels import chains as chains_kernel
from lowering.cases import case


@case("fused_recurrence", "bucketed_recurrence")
def recurrence(draw: Any) -> tuple[nn.Module, gn.Structure]:
    return _recurrent(draw), draw(chains(3, ragged=draw(st.booleans())))


@case("bucketed_recurrence")
def recurrence_from_a_state(draw: Any) -> tuple[nn.Module, gn.Structure]:
    layer, structure = _recurrent(draw), draw(chains(3))
    return _FromAState(layer, draw, len(structure)), structure


@case("chain_memories")
def memories_of_chains(draw: Any) -> tuple[nn.Module, gn.Structure]:
    return _OfAnySize(_lstm(draw)), draw(chains(3))


@case("chain_memories")
def memories_of_chains_from_a_state(draw: Any) -> tuple[nn.Module, gn.Structure]:
    layer, structure = _lstm(draw), draw(chains(3))
    return _OfAnySize(_FromAState(layer, draw, len(structure))), structure


@case("level_memories", "level_recurrence")
def tree_recurrence(draw: Any) -> tuple[nn.Module, gn.Structure]:
    return _recurrent(draw), draw(st.one_of(trees(3), grids(3, 2)))


@case("level_memories", "level_recurrence")
def tree_recurrence_from_a_state(draw: Any) -> tuple[nn.Module, gn.Structure]:
    layer, structure = _recurrent(draw), draw(st.one_of(trees(3), grids(3, 2)))
    return _FromAState(layer, draw, len(structure)), structure


@case("level_recurrence")
def sweeps(draw: Any) -> tuple[nn.Module, gn.Structure]:
    axes = draw(st.integers(2, 3))
    cells = [(gn.nn.RNN2d, gn.nn.LSTM2d, gn.nn.GRU2d), (gn.nn.RNN3d, gn.nn.LSTM3d, gn.nn.GRU3d)]
    make = draw(st.sampled_from(cells[axes - 2]))
    return make(3, 2, draw(st.integers(1, 2)), draw(st.booleans())), draw(grids(3, axes))


@case("level_recurrence")
def positions_of_children(draw: Any) -> tuple[nn.Module, gn.Structure]:
    structure = draw(trees(3))
    links = structure.topology.links
    types = torch.tensor(draw(st.lists(st.integers(0, 2), min_size=links.num_edges, max_size=links.num_edges)))
    topology = gn.Graph(links.senders, links.receivers, structure.topology.node_counts, types.long())
    return gn.nn.NaryTreeLSTM(3, 2, 3, bias=draw(st.booleans())), gn.Structure(topology, structure.nodes)


@case("level_recurrence")
def cells_of_ones_own(draw: Any) -> tuple[nn.Module, gn.Structure]:
    options: dict[str, Any] = {"reduce": draw(st.sampled_from(["sum", "mean"])), "reverse": draw(st.booleans())}
    layer = gn.nn.Recurrent(draw(st.sampled_from([nn.GRUCell(3, 2), nn.LSTMCell(3, 2)])), **options)
    return layer, draw(st.one_of(chains(3), chains(3, ragged=False), trees(3), grids(3, 2)))


@case("round_recurrence")
def rounds(draw: Any) -> tuple[nn.Module, gn.Structure]:
    count, structure = draw(st.integers(1, 3)), draw(st.one_of(graphs(3), trees(3), chains(3)))
    if draw(st.booleans()):
        return gn.nn.Recurrent(nn.GRUCell(3, 2), reduce="mean", rounds=count), structure
    layer = draw(st.sampled_from([gn.nn.RNN, gn.nn.LSTM, gn.nn.GRU]))(3, 2, rounds=count)
    return draw(st.sampled_from([layer, _FromAState(layer, draw, len(structure))])), structure


class _FromAState(nn.Module):
    """A recurrence that starts from a state which is learned; where it returns one, that is added to every row."""

    def __init__(self, layer: Any, draw: Any, num_items: int) -> None:
        super().__init__()
        self.layer = layer
        count, seed = layer.spec.num_layers * layer.spec.num_directions, draw(st.integers(0, 99))
        shapes = [(count, num_items, size) for size in layer.spec.parts]
        drawn = [rows(count * num_items, shape[2], seed + place).reshape(shape) for place, shape in enumerate(shapes)]
        self.start = nn.ParameterList(drawn)

    def forward(self, structure: gn.Structure) -> gn.Structure:
        hx: Any = tuple(self.start) if len(self.start) > 1 else self.start[0]
        if not isinstance(structure.topology, gn.Chain):
            return self.layer(structure, hx)
        out, state = self.layer(structure, hx, return_state=True)
        last = sum(part.sum(2).sum(0) for part in (state if isinstance(state, tuple) else (state,)))
        assert isinstance(last, torch.Tensor)
        return out.replace(x=out.x + last[structure.topology.item_ids, None])


def _recurrent(draw: Any) -> nn.Module:
    make = draw(st.sampled_from([gn.nn.RNN, gn.nn.LSTM, gn.nn.GRU]))
    options = {"num_layers": draw(st.integers(1, 2)), "bidirectional": draw(st.booleans()), "bias": draw(st.booleans())}
    if make is gn.nn.RNN:
        options["nonlinearity"] = draw(st.sampled_from(["tanh", "relu"]))
    if make is gn.nn.LSTM:
        options["proj_size"] = draw(st.integers(0, 2))
    return make(3, 3, **options)


def _lstm(draw: Any) -> nn.Module:
    options = {"num_layers": draw(st.integers(1, 2)), "bidirectional": draw(st.booleans()), "bias": draw(st.booleans())}
    return gn.nn.LSTM(3, 3, **options)


class _OfAnySize(nn.Module):
    """Steps of chains that are too small to be worth it."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, structure: gn.Structure) -> gn.Structure:
        with mock.patch.object(chains_kernel, "WORTH", 0):
            return self.layer(structure)
