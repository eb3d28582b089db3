"""What a recurrence remembers: products of Jacobians, gates that keep them, and gradients that vanish as theory says."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from drawing import rows
from torch import nn

import geonets as gn


@pytest.mark.parametrize(("scale", "expected"), [(100.0, 3.2e-14), (math.sqrt(1000), 31.6), (10.0, 3.2e16)])
def test_the_vanishing_gradient_of_the_lecture(scale: float, expected: float) -> None:
    """A chain of 30 linear relations `h <- W h`, `W = randn(1000, 1000) / scale`: |d sum(h_30) / d h_0| = sqrt(n) g^30."""
    size, steps = 1000, 30
    growth = math.sqrt(size) / scale
    assert math.isclose(math.sqrt(size) * growth**steps, expected, rel_tol=0.05)
    weight = torch.randn(size, size, dtype=torch.float64) / scale
    start = torch.randn(1, size, dtype=torch.float64, requires_grad=True)
    linear = gn.nn.Recurrent(lambda x, state: state @ weight, state_size=size)
    out = linear(gn.chain(torch.zeros(1, steps, 1, dtype=torch.float64)), start)
    (grad,) = torch.autograd.grad(out.x[-1].sum(), start)
    assert abs(math.log10(float(grad.norm()) / expected)) < 0.5


def test_an_open_forget_gate_keeps_what_an_rnn_loses() -> None:
    chains = gn.chain(torch.randn(2, 50, 4, dtype=torch.float64))
    lstm: Any = gn.nn.LSTM(4, 32).double()
    rnn, shut = gn.nn.RNN(4, 32).double(), gn.nn.LSTM(4, 32).double()
    lstm.bias_hh_l0.data[32:64] = 3.0
    kept, lost = gn.jacobian_spectrum(lstm, chains), gn.jacobian_spectrum(rnn, chains)
    assert kept.shape == (2, 64) and lost.shape == (2, 32)
    assert bool((kept[:, 0] > 1e-2).all()) and bool((lost[:, 0] < 1e-6).all())
    assert bool((gn.jacobian_spectrum(shut, chains)[:, 0] < 1e-6).all())  # torch's initialisation: half open


@pytest.mark.parametrize(
    "make", [lambda: gn.nn.GRU(3, 4, 2, bidirectional=True), lambda: gn.nn.Recurrent(nn.LSTMCell(3, 2))]
)
def test_the_spectrum_is_that_of_the_whole_jacobian(make: Any) -> None:
    layer, item = make().double(), gn.chain([rows(5, 3, 1)])
    shapes = [(4, 1, 4)] if isinstance(layer, gn.nn.GRU) else [(1, 2), (1, 2)]
    start = tuple(rows(math.prod(shape), 1, place).reshape(shape) for place, shape in enumerate(shapes))

    def end(flat: torch.Tensor) -> torch.Tensor:
        parts = [part.reshape(shape) for part, shape in zip(flat.split(len(flat) // len(shapes)), shapes, strict=True)]
        _, state = layer(item, parts[0] if len(parts) == 1 else tuple(parts), return_state=True)
        return torch.cat([part.flatten() for part in (state if isinstance(state, tuple) else (state,))])

    flat = torch.cat([part.flatten() for part in start])
    expected = torch.linalg.svdvals(torch.autograd.functional.jacobian(end, flat))
    hx: Any = start[0] if len(start) == 1 else start
    torch.testing.assert_close(gn.jacobian_spectrum(layer, item, hx)[0], expected)


def test_a_chain_without_steps_keeps_everything() -> None:
    chains = gn.chain([torch.randn(0, 3), torch.randn(4, 3)])
    values = gn.jacobian_spectrum(gn.nn.GRU(3, 4), chains)
    assert bool((values[0] == 1).all()) and bool((values[1] != 1).all())
