"""`FromPyG`: any convolution of PyTorch Geometric on any structure."""

from __future__ import annotations

import inspect

import torch
from torch import nn

from geonets.core.errors import ShapeError
from geonets.core.neighborhoods import Neighborhood
from geonets.core.structure import Structure
from geonets.nn.layer import Layer, features
from geonets.nn.message_passing import LINKS


class FromPyG(Layer):
    """Run a PyG convolution as it is.

    It is called with those of `x, edge_index, edge_attr, edge_weight, edge_type, pos, batch` that it names.

    Args:
        conv: a `torch_geometric.nn` convolution.
        neighborhood: who hears whom; the topology's own links unless given.

    Example:
        >>> import torch, geonets as gn
        >>> from torch_geometric.nn import GraphConv
        >>> gn.nn.FromPyG(GraphConv(3, 8))(gn.chain(torch.randn(2, 5, 3))).x.shape
        torch.Size([10, 8])
    """

    def __init__(self, conv: nn.Module, neighborhood: Neighborhood = LINKS) -> None:
        super().__init__()
        self.conv, self.neighborhood = conv, neighborhood

    def forward(self, structure: Structure) -> Structure:
        edges = self.neighborhood.edges(structure)
        own_links = edges is structure.topology.links if structure.edges else False
        known = {
            "x": structure.x,
            "edge_index": torch.stack([edges.senders, edges.receivers]),
            "edge_attr": structure.edge_attr if own_links else None,
            "edge_weight": structure.edges.get("edge_weight") if own_links else None,
            "edge_type": edges.edge_type,
            "pos": structure.pos,
            "batch": structure.topology.item_ids,
        }
        names = _parameters(self.conv)
        if "pos" not in names:
            features(structure)
        rows = self.conv(**{name: value for name, value in known.items() if name in names and value is not None})
        if not isinstance(rows, torch.Tensor) or len(rows) != structure.num_nodes:
            got = tuple(rows.shape) if isinstance(rows, torch.Tensor) else type(rows).__name__
            raise ShapeError(
                f"`conv` must return one row a node, {structure.num_nodes}; got {got} from {type(self.conv).__name__}. "
                "Use a convolution; a pooling has its own layer here: gn.nn.Readout."
            )
        return structure.replace(x=rows)


def _parameters(conv: nn.Module) -> set[str]:
    """The names that a convolution takes; those it hands on to an inner `conv` included."""
    parameters = inspect.signature(conv.forward).parameters.values()
    names = {parameter.name for parameter in parameters}
    inner = getattr(conv, "conv", None)
    if isinstance(inner, nn.Module) and any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters):
        names |= _parameters(inner)
    return names
