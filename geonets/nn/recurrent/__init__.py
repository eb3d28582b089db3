"""Layers made of `recur`: torch's own, one step of them, sweeps of grids, N-ary trees, and cells of one's own."""

from geonets.nn.recurrent.cells import GRUCell, LSTMCell, RNNCell
from geonets.nn.recurrent.custom import Recurrent
from geonets.nn.recurrent.layers import GRU, LSTM, RNN
from geonets.nn.recurrent.sweeps import GRU2d, GRU3d, LSTM2d, LSTM3d, NaryTreeLSTM, RNN2d, RNN3d

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "GRU2d",
    "GRU3d",
    "GRUCell",
    "LSTM2d",
    "LSTM3d",
    "LSTMCell",
    "NaryTreeLSTM",
    "RNN2d",
    "RNN3d",
    "RNNCell",
    "Recurrent",
]
