"""Messages of layers that read positions, and of those that join what nodes knew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geonets as gn
from messages.things import chain, path, ring

CASES: list[tuple[str, Callable[[], Any]]] = [
    ("`structure` must have positions for EGNNConv; got none", lambda: gn.nn.EGNNConv(4, 2)(ring)),
    ("`structure` must have positions for SchNetInteraction", lambda: gn.nn.SchNetInteraction(4, 5, 6, 2.0)(ring)),
    (
        "`mlp` and `max_neighbors` must have one entry for each of the 2 radii; got 1 and 2",
        lambda: gn.nn.SetAbstraction(0.5, [0.1, 0.2], 8, gn.nn.MLP([3, 4])),
    ),
    ("`ratio` must be a part of the nodes", lambda: gn.nn.SetAbstraction(1.5, 0.1, 8, gn.nn.MLP([3, 4]))),
    ("`structure` must have positions for SetAb", lambda: gn.nn.SetAbstraction(2, 0.1, 8, gn.nn.MLP([3, 4]))(ring)),
    ("`residual` must be False where.*got 4 and 2", lambda: gn.nn.EGNNConv(4, 2, residual=True)),
    ("`mode` must be one of cat, max, lstm; got 'sum'", lambda: gn.nn.JumpingKnowledge("sum")),
    (
        "`channels` and `num_layers` must be given with mode='lstm'; got 4 and None",
        lambda: gn.nn.JumpingKnowledge("lstm", 4),
    ),
    (
        "`structures` must be results of layers on the same nodes; got 2 topologies",
        lambda: gn.nn.JumpingKnowledge("cat")([ring, path]),
    ),
    ("`structures` must be results.*got 0 topologies", lambda: gn.nn.JumpingKnowledge("cat")([])),
    (
        "`structure` must be a Structure; got Tensor",
        lambda: gn.nn.PointNetConv()(chain.x),
    ),
]
