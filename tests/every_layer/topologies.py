"""Layers on tori, sparse grids and products, and layers along and across their axes."""

from __future__ import annotations

import geonets as gn
from every_layer.structures import grid, moving, ring, sparse, torus, volume

LAYERS = {
    "Conv1d on rings": (lambda: gn.nn.Conv1d(4, 3, 3, padding=1), [ring]),
    "Conv2d on tori": (lambda: gn.nn.Conv2d(4, 3, 3, padding=1), [torus, sparse]),
    "Conv2d with strides": (lambda: gn.nn.Conv2d(4, 3, 3, stride=2, padding=1), [sparse]),
    "MaxPool1d on rings": (lambda: gn.nn.MaxPool1d(3, stride=1, padding=1), [ring]),
    "MaxPool2d of what exists": (lambda: gn.nn.MaxPool2d(3, 2, 1), [sparse]),
    "AvgPool2d on tori": (lambda: gn.nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False), [torus, sparse]),
    "Readout everywhere": (lambda: gn.nn.Readout("mean"), [torus, sparse, moving]),
    "GCNConv everywhere": (lambda: gn.nn.GCNConv(4, 3), [ring, torus, sparse, moving]),
    "SAGEConv everywhere": (lambda: gn.nn.SAGEConv(4, 3, aggr="max"), [torus, sparse, moving]),
    "SAGEConv through time": (lambda: gn.nn.SAGEConv(4, 3, neighborhood=gn.Along("time")), [moving]),
    "GATConv everywhere": (lambda: gn.nn.GATConv(4, 3, neighborhood=gn.Strong()), [torus, moving]),
    "MultiheadAttention everywhere": (lambda: gn.nn.MultiheadAttention(4, 2), [torus, sparse, moving]),
    "GRU from corner to corner": (lambda: gn.nn.GRU(4, 3), [sparse]),
    "Across": (lambda: gn.nn.Across("first", gn.nn.SAGEConv(4, 3)), [grid, volume, moving]),
    "Across with strides": (lambda: gn.nn.Across("y", gn.nn.Conv1d(4, 3, 3, stride=2, padding=1)), [grid]),
    "Across to one": (lambda: gn.nn.Across("first", gn.nn.Readout("max")), [grid, moving]),
    "Along": (lambda: gn.nn.Along("first", gn.nn.LSTM(4, 3)), [grid, moving]),
    "Along with strides": (lambda: gn.nn.Along("first", gn.nn.Conv1d(4, 3, 3, stride=2, padding=1)), [volume, moving]),
    "Along to one": (lambda: gn.nn.Along("first", gn.nn.Readout("mean")), [grid, moving]),
}
