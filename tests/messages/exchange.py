"""Messages of the exchange of weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

import geonets as gn
from messages.things import chain

unknown: Any = "Conv2d"

CASES: list[tuple[str, Callable[[], Any]]] = [
    ("`module` must be a torch module; got str", lambda: gn.from_torch(unknown)),
    ("`layer` must be a layer; got str", lambda: gn.to_torch(unknown)),
    (
        "`module.1` must have a counterpart .*torch.nn.modules.flatten.Flatten",
        lambda: gn.from_torch(nn.Sequential(nn.Conv2d(1, 1, 1), nn.Flatten())),
    ),
    ("`module` must have a counterpart .*AdaptiveAvgPool2d", lambda: gn.from_torch(nn.AdaptiveAvgPool2d(2))),
    (
        "`module.1` must read channels where the module before it wrote them; got Linear, .* last",
        lambda: gn.from_torch(nn.Sequential(nn.Conv2d(1, 4, 1), nn.Linear(4, 4))),
    ),
    (
        "`layer.1.0` must read channels .* got Conv1d, .* first",
        lambda: gn.to_torch(gn.nn.Sequential(gn.nn.Linear(4, 4), gn.nn.Sequential(gn.nn.Conv1d(4, 4, 1)))),
    ),
    ("`layer` must have a counterpart in torch.nn; got GCNConv.*gn.to_pyg", lambda: gn.to_torch(gn.nn.GCNConv(2, 2))),
    ("`layer` must have a counterpart in torch.nn; got Readout", lambda: gn.to_torch(gn.nn.Readout("sum"))),
    (
        "`layer.0` must be what torch's MultiheadAttention can be; got rotary=100.0",
        lambda: gn.to_torch(gn.nn.Sequential(gn.nn.MultiheadAttention(4, 2, rotary=100.0))),
    ),
    (
        "`layer` must not be padded by 'causal' .* got Conv1d",
        lambda: gn.to_torch(gn.nn.Conv1d(2, 2, 2, padding="causal")),
    ),
    ("`axes` must tell how many axes .* nothing before layer tells", lambda: gn.to_torch(gn.nn.BatchNorm(2))),
    ("`layer` must have a counterpart in torch_geometric.nn; got Conv1d", lambda: gn.to_pyg(gn.nn.Conv1d(2, 2, 1))),
    (
        "`track_running_stats` must be False; got True",
        lambda: gn.nn.InstanceNorm(2, track_running_stats=True)(chain),
    ),
]
