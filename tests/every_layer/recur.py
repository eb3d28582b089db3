"""Layers made of `recur`."""

from __future__ import annotations

import torch

import geonets as gn
from every_layer.structures import chain, cloud, forest, graph, grid, volume


def _leaky(x: torch.Tensor, state: tuple[torch.Tensor, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """A state of two parts of different widths."""
    fast, slow = state
    return 0.5 * fast + x.tanh(), 0.9 * slow + fast[:, :2] * x[:, 2:]


LAYERS = {
    "RNN": (lambda: gn.nn.RNN(4, 3), [chain, grid, forest]),
    "RNN in rounds": (lambda: gn.nn.RNN(4, 3, rounds=2), [chain, grid, graph, forest]),
    "LSTM": (lambda: gn.nn.LSTM(4, 3, 2, bidirectional=True), [chain, grid, forest]),
    "LSTM with projections": (lambda: gn.nn.LSTM(4, 3, 2, bidirectional=True, proj_size=2), [chain, forest]),
    "LSTM in rounds": (lambda: gn.nn.LSTM(4, 3, rounds=2), [graph]),
    "GRU": (lambda: gn.nn.GRU(4, 3), [chain, grid, forest]),
    "GRU in rounds": (lambda: gn.nn.GRU(4, 3, rounds=2), [graph]),
    "NaryTreeLSTM": (lambda: gn.nn.NaryTreeLSTM(4, 3, 2), [chain, grid, forest]),
    "RNN2d": (lambda: gn.nn.RNN2d(4, 3), [grid]),
    "LSTM2d": (lambda: gn.nn.LSTM2d(4, 2, 2), [grid]),
    "GRU2d": (lambda: gn.nn.GRU2d(4, 3), [grid]),
    "RNN3d": (lambda: gn.nn.RNN3d(4, 2), [volume]),
    "LSTM3d": (lambda: gn.nn.LSTM3d(4, 2), [volume]),
    "GRU3d": (lambda: gn.nn.GRU3d(4, 2), [volume]),
    "Recurrent": (lambda: gn.nn.Recurrent(torch.nn.GRUCell(4, 3)), [chain, grid, forest]),
    "Recurrent of two parts": (lambda: gn.nn.Recurrent(_leaky, (4, 2), "mean"), [chain, grid, forest]),
    "Recurrent in rounds": (lambda: gn.nn.Recurrent(_leaky, (4, 2), "mean", rounds=2), [graph]),
    "RNNCell": (lambda: gn.nn.RNNCell(4, 3), [chain, cloud]),
    "LSTMCell": (lambda: gn.nn.LSTMCell(4, 3), [chain, cloud]),
    "GRUCell": (lambda: gn.nn.GRUCell(4, 3), [chain, cloud]),
}
