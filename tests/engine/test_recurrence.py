"""Fused recurrences and the compiler."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import geonets as gn


@pytest.mark.parametrize("make", [gn.nn.RNN, gn.nn.LSTM, gn.nn.GRU])
def test_a_compiler_traces_uniform_chains_in_one_graph(make: Any) -> None:
    layer, x = make(3, 4, 2, bidirectional=True), torch.randn(2, 5, 3)
    compiled = torch.compile(layer, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(gn.chain(x)).x, layer(gn.chain(x)).x)
