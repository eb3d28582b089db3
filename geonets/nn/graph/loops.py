"""Edge features where every node also hears itself."""

from __future__ import annotations

import torch
from torch import Tensor

from geonets.core.errors import OptionError
from geonets.core.neighborhoods import Neighborhood
from geonets.core.ranges import segment_mean
from geonets.core.structure import Structure
from geonets.core.topology import EdgeList


def with_loop_features(
    edge_rows: Tensor, structure: Structure, looped: Neighborhood, fill_value: float | str
) -> Tensor:
    """Edge features of the structure's links, put into the order of the links with self-loops.

    Args:
        edge_rows: `(E, C)`.
        structure: whose links they belong to.
        looped: the links `WithLoops`.
        fill_value: features of the added loops: a number, or `"mean"` of the edges that the node receives.

    Raises:
        OptionError: if `fill_value` is another word.
    """
    order = looped.edges(structure).input_order
    assert order is not None
    loop_rows = _loop_features(structure.topology.links, edge_rows, fill_value)
    return torch.cat([edge_rows, loop_rows]).index_select(0, order)


def _loop_features(links: EdgeList, edge_rows: Tensor, fill_value: float | str) -> Tensor:
    if isinstance(fill_value, int | float):
        return edge_rows.new_full((links.num_receivers, edge_rows.shape[1]), float(fill_value))
    if fill_value != "mean":
        raise OptionError(f"`fill_value` must be a number or 'mean'; got {fill_value!r}. Choose one of them.")
    proper = (links.senders != links.receivers).to(edge_rows.dtype)[:, None]
    sums = segment_mean(torch.cat([edge_rows * proper, proper], 1), links.pointers, links.receivers)
    return sums[:, :-1] / torch.where(sums[:, -1:] > 0, sums[:, -1:], 1)
