"""`FromPyG`: any convolution of PyTorch Geometric on any structure."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import nn

from geonets.core.errors import ShapeError, StructureError
from geonets.core.neighborhoods import Neighborhood
from geonets.core.structure import Structure
from geonets.nn.layer import Layer, features
from geonets.nn.message_passing import LINKS

OPTIONAL = ("edge_attr", "edge_weight", "edge_type")
"""What some convolutions cannot do without although PyG declares it optional."""


class FromPyG(Layer):
    """Run a PyG convolution as it is.

    It is called with those of `x, edge_index, edge_attr, edge_weight, edge_type, pos, batch` that it names, edges in
    receiver order; whatever else it names, such as `x_0` or `normal`, is the structure's field of that name.

    Args:
        conv: a `torch_geometric.nn` convolution that returns one row a node.
        neighborhood: who hears whom; the topology's own links unless given.

    Raises:
        StructureError: if the convolution must be given what the structure does not have, as those must that run on
            several kinds of nodes at once.
        ShapeError: if it does not return one row a node.

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
        reads, given = _reads(self.conv), self._arguments(structure)
        missing = [name for name, required in reads.items() if required and name not in given]
        if "pos" not in reads and "x" in missing:
            features(structure)
        elif "x" in missing:  # positions are enough for it
            given["x"] = None
            missing.remove("x")
        if missing:
            raise self._starved(missing)
        try:
            rows = self.conv(**{name: value for name, value in given.items() if name in reads})
        except (AssertionError, AttributeError, TypeError) as error:
            missing = [name for name in OPTIONAL if name in reads and name not in given]
            if not missing:
                raise
            raise self._starved(missing) from error
        if not isinstance(rows, torch.Tensor) or len(rows) != structure.num_nodes:
            got = tuple(rows.shape) if isinstance(rows, torch.Tensor) else type(rows).__name__
            raise ShapeError(
                f"`conv` must return one row a node, {structure.num_nodes}; got {got} from {type(self.conv).__name__}. "
                "Use a convolution; a pooling has its own layer here: gn.nn.Readout."
            )
        return structure.replace(x=rows)

    def _starved(self, missing: list[str]) -> StructureError:
        return StructureError(
            f"`structure` must have all that {type(self.conv).__name__} reads; got no {', '.join(missing)}. "
            "Give it as a field of its level, structure.replace(nodes={...}, edges={...}); several kinds of nodes, "
            "signed or hyper-edges have no place in one Structure."
        )

    def _arguments(self, structure: Structure) -> dict[str, Any]:
        """All that a convolution may read of a structure, by PyG's names."""
        edges = self.neighborhood.edges(structure)
        own_links = bool(structure.edges) and edges is structure.topology.links
        known = {
            **structure.nodes,
            **(structure.edges if own_links else {}),
            "edge_index": torch.stack([edges.senders, edges.receivers]),
            "edge_type": edges.edge_type,
            "batch": structure.topology.item_ids,
        }
        return {name: value for name, value in known.items() if value is not None}


def _reads(conv: nn.Module) -> dict[str, bool]:
    """The names that a convolution takes, and whether it must be given them; also what it hands on to an inner one."""
    parameters = inspect.signature(conv.forward).parameters.values()
    open_ended = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    reads = {p.name: p.default is inspect.Parameter.empty for p in parameters if p.kind not in open_ended}
    inner = getattr(conv, "conv", getattr(conv, "phi", None))
    if isinstance(inner, nn.Module) and any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters):
        reads = {**_reads(inner), **reads}
    return reads
