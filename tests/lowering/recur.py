"""Kernels for recurrences, each with a case that reaches it."""

from __future__ import annotations

from typing import Any

import torch
from drawing import chains, grids, trees
from hypothesis import strategies as st

import geonets as gn
from lowering.cases import case


@case("fused_recurrence", "packed_recurrence")
def recurrence(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    return _recurrent(draw), draw(chains(3, ragged=draw(st.booleans())))


@case("level_recurrence")
def tree_recurrence(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
    return _recurrent(draw), draw(st.one_of(trees(3), grids(3, 2)))


def _recurrent(draw: Any) -> torch.nn.Module:
    make = draw(st.sampled_from([gn.nn.RNN, gn.nn.LSTM, gn.nn.GRU]))
    options = {"num_layers": draw(st.integers(1, 2)), "bidirectional": draw(st.booleans()), "bias": draw(st.booleans())}
    if make is gn.nn.RNN:
        options["nonlinearity"] = draw(st.sampled_from(["tanh", "relu"]))
    return make(3, 2, **options)
