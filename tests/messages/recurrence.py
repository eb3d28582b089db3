"""Messages of recurrences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import geonets as gn
from messages.things import chain, image, path

NAMELESS = gn.nn.Recurrent(lambda x, state: x[:, :1], state_size=2)
typed = gn.graph(torch.tensor([[0], [1]]), x=torch.randn(2, 4), edge_type=torch.tensor([2]))

CASES: list[tuple[str, Callable[[], Any]]] = [
    ("`return_state` must be asked of chains only", lambda: gn.nn.LSTM(4, 2)(path, return_state=True)),
    (
        "`hx` must be a tuple .h, c. of shapes .*1, 2, 3.*; got ..1, 2, 3..",
        lambda: gn.nn.LSTM(2, 3)(chain, torch.zeros(1, 2, 3)),
    ),
    ("`hx` must be a tensor of shape .1, 2, 3.", lambda: gn.nn.GRU(2, 3)(chain, torch.zeros(1, 1, 3))),
    ("`hx` must be a tensor of shape .2, 2. .items, size.", lambda: NAMELESS(chain, torch.zeros(1, 2, 2))),
    ("`nonlinearity` must be one of tanh, relu; got 'selu'", lambda: gn.nn.RNN(2, 3, nonlinearity="selu")),
    ("`step` must be asked of layers that read forward.*bidirectional=True", lambda: _backwards().step(chain.x)),
    ("`steps` must be positive; got 0", lambda: list(gn.nn.GRU(2, 3).truncated(chain, 0))),
    ("`chains` must be chains, which have a time.*got Grid", lambda: gn.windows(image, 3)),
    ("`structure` must be a lattice with 2 axes.*got Chain", lambda: gn.nn.LSTM2d(2, 3)(chain)),
    ("`structure` must be a lattice with 2 axes.*got Graph", lambda: gn.nn.RNN2d(4, 3)(path)),
    ("`arity` must be positive; got 0", lambda: gn.nn.NaryTreeLSTM(2, 3, 0)),
    ("`edge_type` must be the position of each child, 0 to 1; got none", lambda: gn.nn.NaryTreeLSTM(4, 3, 2)(path)),
    ("`edge_type` must be the position of each child, 0 to 1; got 2", lambda: gn.nn.NaryTreeLSTM(4, 3, 2)(typed)),
    ("`state_size` must be given for a cell without hidden_size; got None", lambda: gn.nn.Recurrent(torch.add)),
    ("`cell` must return a state like the one.*.1, 2.; got .1, 1.", lambda: NAMELESS(chain)),
    (
        "`edges` must be free of cycles.*0 -> 1 -> 2 -> 0|1 -> 2 -> 0 -> 1|2 -> 0 -> 1 -> 2",
        lambda: gn.nn.LSTM(4, 2)(gn.graph(torch.tensor([[0, 1, 2], [1, 2, 0]]), x=torch.randn(3, 4))),
    ),
]


def _backwards() -> gn.nn.LSTM:
    return gn.nn.LSTM(2, 3, bidirectional=True)
