"""Layers made of `recur`."""

from __future__ import annotations

import geonets as gn
from every_layer.structures import chain, cloud, forest

LAYERS = {
    "RNN": (lambda: gn.nn.RNN(4, 3), [chain, forest]),
    "LSTM": (lambda: gn.nn.LSTM(4, 3, 2, bidirectional=True), [chain, forest]),
    "GRU": (lambda: gn.nn.GRU(4, 3), [chain, forest]),
    "RNNCell": (lambda: gn.nn.RNNCell(4, 3), [chain, cloud]),
    "LSTMCell": (lambda: gn.nn.LSTMCell(4, 3), [chain, cloud]),
    "GRUCell": (lambda: gn.nn.GRUCell(4, 3), [chain, cloud]),
}
