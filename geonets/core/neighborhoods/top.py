"""`Top`: the nodes with the highest scores receive."""

from __future__ import annotations

import dataclasses
from typing import final

import torch
from torch import Tensor

from geonets.core.errors import StructureError
from geonets.core.neighborhoods.coarsening import Coarse, Coarsening
from geonets.core.neighborhoods.independent import distinct_links
from geonets.core.options import one_of
from geonets.core.ranges import Sizes, concatenated_ranges
from geonets.core.sampling import check_ratio, kept_counts
from geonets.core.structure import Structure
from geonets.core.topology import EdgeList, Graph, Set, Topology


@final
@dataclasses.dataclass(frozen=True)
class Top(Coarsening):
    """The nodes of each item with the highest scores receive, highest first; of equal scores the lower number.

    A chosen node hears itself and, unless `alone`, the nodes that were not chosen and have a link to it. Links among
    chosen nodes stay, with their types and features; on a set there are none.

    Args:
        ratio: the part of each item's nodes that is chosen (rounded up), or their number as an int.
        score: the node field that holds the scores, `(N,)` or `(N, 1)`.
        alone: a chosen node hears itself only.
        hops: 2 also links chosen nodes that are two links apart, each pair once and without types.
        least: choose by this score, not by `ratio`: all nodes above it, and the best of an item in any case.

    Reference: Gao & Ji, "Graph U-Nets", 2019, equations 2 and 4 (`hops=2` is its graph connectivity augmentation).
    """

    ratio: float | int = 0.5
    score: str = "score"
    alone: bool = False
    hops: int = 1
    least: float | None = None

    def __post_init__(self) -> None:
        check_ratio(self.ratio)
        one_of("hops", self.hops, (1, 2))

    def found(self, structure: Structure) -> Coarse:
        """Remembered with the structure: another score is another structure."""
        return structure.remember(self.key, lambda: self.coarse(structure))

    def coarse(self, structure: Structure) -> Coarse:
        topology = structure.topology
        nodes, counts = self._chosen(structure)
        sizes = Sizes.of(counts, axes=1)
        everyone = torch.arange(topology.num_nodes, device=topology.device)
        numbers = torch.arange(len(nodes), device=topology.device)
        place = torch.full_like(everyone, -1).index_copy_(0, nodes, numbers)
        senders, receivers = [nodes], [numbers]
        coarse, link_rows = Set(sizes), None
        if not isinstance(topology, Set):
            links = topology.links
            heard_from = place.index_select(0, links.senders)
            heard_by = place.index_select(0, links.receivers)
            if not self.alone:
                outside = (heard_from < 0) & (heard_by >= 0)
                senders.append(links.senders[outside])
                receivers.append(heard_by[outside])
            coarse, link_rows = self._linked(links, heard_from, heard_by, sizes)
        edges = EdgeList.of(
            torch.cat(senders), torch.cat(receivers), num_senders=topology.num_nodes, num_receivers=len(nodes)
        )
        return Coarse(coarse, edges, nodes, link_rows)

    def _chosen(self, structure: Structure) -> tuple[Tensor, Tensor]:
        topology, score = structure.topology, structure.nodes.get(self.score)
        if score is None or score.numel() != topology.num_nodes:
            got = "none" if score is None else f"shape {tuple(score.shape)}"
            raise StructureError(
                f"`structure.nodes[{self.score!r}]` must be one score a node for {self}; got {got}. "
                f"Give it: structure.replace(nodes={{{self.score!r}: score}}), or use gn.nn.TopKPooling."
            )
        by_score = score.detach().reshape(-1).argsort(descending=True, stable=True)
        order = by_score.index_select(0, topology.item_ids.index_select(0, by_score).argsort(stable=True))
        counts = self._counts(topology, score.detach().reshape(-1))
        return order.index_select(0, concatenated_ranges(topology.node_offsets[:-1], counts)), counts

    def _counts(self, topology: Topology, score: Tensor) -> Tensor:
        if self.least is None:
            return kept_counts(topology, self.ratio)
        best = score.new_zeros(topology.num_items).scatter_reduce(
            0, topology.item_ids, score, "amax", include_self=False
        )
        bound = (best - 1e-7).clamp(max=self.least)  # as PyG: the best stays, and what equals it
        above = topology.item_ids[score > bound.index_select(0, topology.item_ids)]
        return torch.bincount(above, minlength=topology.num_items)

    def _linked(
        self, links: EdgeList, senders: Tensor, receivers: Tensor, sizes: Sizes
    ) -> tuple[Topology, Tensor | None]:
        """The chosen nodes' links, and which of the structure's links they are."""
        rows = ((senders >= 0) & (receivers >= 0)).nonzero().squeeze(1)
        if self.hops == 2:
            first, second = _two_links(links)
            around = (
                senders.index_select(0, torch.cat([rows, first])),
                receivers.index_select(0, torch.cat([rows, second])),
            )
            inside = (around[0] >= 0) & (around[1] >= 0)
            return distinct_links(around[0][inside], around[1][inside], sizes), None
        kinds = None if links.edge_type is None else links.edge_type.index_select(0, rows)
        edges = EdgeList.of(
            senders.index_select(0, rows),
            receivers.index_select(0, rows),
            kinds,
            num_senders=sizes.total,
            num_receivers=sizes.total,
        )
        order = edges.input_order
        graph = Graph.of_edges(sizes, dataclasses.replace(edges, order=None))
        return graph, rows if order is None else rows.index_select(0, order)


def _two_links(links: EdgeList) -> tuple[Tensor, Tensor]:
    """All pairs of link rows of which the second starts where the first ends."""
    starts = links.transpose.pointers
    onward = (starts[1:] - starts[:-1]).index_select(0, links.receivers)
    first = torch.repeat_interleave(onward)
    after = concatenated_ranges(starts[:-1].index_select(0, links.receivers), onward)
    return first, links.transpose.rows.index_select(0, after)
