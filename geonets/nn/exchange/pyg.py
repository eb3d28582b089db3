"""`layer_to_pyg`: the same weights in a convolution of PyG's."""

from __future__ import annotations

import copy
from typing import Any

from torch import nn

from geonets.core.errors import UnsupportedError
from geonets.core.packages import require
from geonets.nn.layer import Layer, NodeWise


def layer_to_pyg(layer: Layer) -> Any:
    """The same layer as PyG's class of its name, with a copy of the weights; `gn.to_pyg(layer)` calls it.

    PyG's is called with `x, edge_index, ...`: its edges come with the call, so a `neighborhood` is not carried over.

    Raises:
        UnsupportedError: if PyG has no class of that name.

    Example:
        >>> import torch, geonets as gn
        >>> layer, ring = gn.nn.GATConv(3, 8), gn.graph(torch.tensor([[0, 1, 2], [1, 2, 0]]), x=torch.randn(3, 3))
        >>> edge_index = torch.stack([ring.topology.links.senders, ring.topology.links.receivers])
        >>> torch.allclose(gn.to_pyg(layer)(ring.x, edge_index), layer(ring).x, atol=1e-6)
        True
    """
    pyg = require("torch_geometric.nn", "torch-geometric")
    kind = getattr(pyg, type(layer).__name__, None)
    if kind is None or not type(layer).__module__.startswith("geonets."):
        raise UnsupportedError(
            f"`layer` must have a counterpart in torch_geometric.nn; got {type(layer).__name__}. "
            "Convert the layers that have one, one by one."
        )
    arguments = {name: _carried(value) for name, value in layer.arguments.items() if name != "neighborhood"}
    twin: nn.Module = kind(**arguments)
    first = next(layer.parameters(), None)
    twin = twin if first is None else twin.to(first.device, first.dtype)
    twin.load_state_dict(layer.state_dict())
    return twin.train(layer.training)


def _carried(value: Any) -> Any:
    """An argument as PyG's class takes it: layers that hear others become PyG's, what acts on rows stays as it is."""
    hears = isinstance(value, Layer) and not isinstance(value, NodeWise)
    return layer_to_pyg(value) if hears else copy.deepcopy(value)
