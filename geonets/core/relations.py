"""Relations: an integer for every pair of nodes of an item, taken from where they stand; no edges are needed for it."""

from __future__ import annotations

import abc
import dataclasses
import math
from typing import final

import torch
from torch import Tensor

from geonets.core.errors import OptionError, StructureError
from geonets.core.ranges import concatenated_ranges, offsets_of
from geonets.core.structure import Structure
from geonets.core.topology import OnLattice, Topology


@dataclasses.dataclass(frozen=True)
class Relation(abc.ABC):
    """How two nodes of an item stand to each other, as a number that a learnt table is looked up by.

    To add a relation: subclass as a frozen dataclass and say `num_relations` and `between`.
    """

    @property
    @abc.abstractmethod
    def num_relations(self) -> int:
        """`R`."""

    @property
    def of_places(self) -> bool:
        """Whether only the nodes' places count, so that full lattices of one size share all their relations."""
        return False

    @abc.abstractmethod
    def between(self, structure: Structure, receivers: Tensor, senders: Tensor) -> Tensor:
        """The relation of each pair, from 0 to `R - 1`.

        Args:
            structure: whose nodes they are.
            receivers: node numbers of any shape.
            senders: node numbers of a shape that broadcasts with it; each pair lies within one item.

        Raises:
            StructureError: if the relation has no meaning on this structure.
        """


@final
@dataclasses.dataclass(frozen=True)
class Offset(Relation):
    """Where the sender stands, seen from the receiver, along each axis of a lattice, at most `reach` steps away.

    `r = clamp(p_j - p_i, -reach, reach) + reach` along one axis; several count the last axis fastest. A farther sender
    counts as one at the border.

    Args:
        reach: steps, for each axis.

    Reference: Liu et al., "Swin transformer", 2021, equation 4; along one axis Shaw, Uszkoreit & Vaswani,
    "Self-attention with relative position representations", 2018, equation 5.

    Example:
        >>> import geonets as gn
        >>> gn.Offset((1, 1)).num_relations
        9
    """

    reach: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.reach or min(self.reach) < 0:
            raise OptionError(
                f"`reach` must be one number of at least 0 for each axis; got {self.reach}. Pass (7, 7), say."
            )

    @property
    def num_relations(self) -> int:
        return math.prod(2 * reach + 1 for reach in self.reach)

    @property
    def of_places(self) -> bool:
        return True

    def between(self, structure: Structure, receivers: Tensor, senders: Tensor) -> Tensor:
        lags = _lags(structure.topology, receivers, senders, len(self.reach), "Offset")
        found = torch.zeros_like(lags[0])
        for lag, reach in zip(lags, self.reach, strict=True):
            found = found * (2 * reach + 1) + lag.clamp(-reach, reach) + reach
        return found


@final
@dataclasses.dataclass(frozen=True)
class Lag(Relation):
    """How many steps of a chain the sender is ahead of the receiver: `r = clamp(p_j - p_i, -reach, reach) + reach`.

    Args:
        reach: steps; a farther sender counts as one at this distance.

    Reference: Shaw, Uszkoreit & Vaswani, "Self-attention with relative position representations", 2018, equation 5.

    Example:
        >>> import torch, geonets as gn
        >>> words = gn.chain(torch.zeros(1, 4, 1))
        >>> gn.Lag(2).between(words, torch.tensor([0]), torch.arange(4)).tolist()
        [2, 3, 4, 4]
    """

    reach: int

    def __post_init__(self) -> None:
        if self.reach < 0:
            raise OptionError(f"`reach` must be at least 0; got {self.reach}. Pass the number of steps.")

    @property
    def num_relations(self) -> int:
        return 2 * self.reach + 1

    @property
    def of_places(self) -> bool:
        return True

    def between(self, structure: Structure, receivers: Tensor, senders: Tensor) -> Tensor:
        (lag,) = _lags(structure.topology, receivers, senders, 1, "Lag")
        return lag.clamp(-self.reach, self.reach) + self.reach


@final
@dataclasses.dataclass(frozen=True)
class LagBuckets(Relation):
    """Lags along a chain in buckets that grow with the distance: exact up to a half, then by their logarithm.

    Args:
        num_buckets: how many; half of them for senders behind the receiver, unless only what came before counts.
        max_distance: the last bucket holds this lag and all beyond.
        bidirectional: else senders behind the receiver count as lag 0.

    Reference: Raffel et al., "Exploring the limits of transfer learning with a unified text-to-text transformer",
    2020, section 2.1.

    Example:
        >>> import torch, geonets as gn
        >>> words = gn.chain(torch.zeros(1, 100, 1))
        >>> gn.LagBuckets(8, 32).between(words, torch.tensor([50]), torch.tensor([50, 49, 51, 20, 99])).tolist()
        [0, 1, 5, 3, 7]
    """

    num_buckets: int = 32
    max_distance: int = 128
    bidirectional: bool = True

    def __post_init__(self) -> None:
        if self.num_buckets < 4 or self.num_buckets % 4 or self.max_distance <= self.num_buckets // 2:
            raise OptionError(
                "`num_buckets` must be a multiple of 4, and less than twice max_distance; "
                f"got {self.num_buckets} with max_distance={self.max_distance}. Pass 32 and 128, say."
            )

    @property
    def num_relations(self) -> int:
        return self.num_buckets

    @property
    def of_places(self) -> bool:
        return True

    def between(self, structure: Structure, receivers: Tensor, senders: Tensor) -> Tensor:
        (lag,) = _lags(structure.topology, receivers, senders, 1, "LagBuckets")
        count = self.num_buckets // 2 if self.bidirectional else self.num_buckets
        ahead = (lag > 0).long() * count if self.bidirectional else torch.zeros_like(lag)
        distance = lag.abs() if self.bidirectional else (-lag).clamp(min=0)
        exact = count // 2
        far = torch.log(distance.clamp(min=1).double() / exact) / math.log(self.max_distance / exact)
        far = (exact + (far * (count - exact)).long()).clamp(max=count - 1)
        return ahead + torch.where(distance < exact, distance, far)


@final
@dataclasses.dataclass(frozen=True)
class HopDistance(Relation):
    """How many links a message takes on its shortest way from the sender to the receiver.

    `r` is 0 for oneself, `d` for `d` links up to `reach`, and `reach + 1` for a longer way or none.

    Args:
        reach: the longest way that is told from others.

    Reference: Ying et al., "Do transformers really perform bad for graph representation?", 2021, equation 6.

    Example:
        >>> import torch, geonets as gn
        >>> path = gn.graph(torch.tensor([[0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 3, 2]]), num_nodes=5)
        >>> gn.HopDistance(2).between(path, torch.tensor([0]), torch.arange(5)).tolist()
        [0, 1, 2, 3, 3]
    """

    reach: int

    def __post_init__(self) -> None:
        if self.reach < 0:
            raise OptionError(f"`reach` must be at least 0; got {self.reach}. Pass the number of links.")

    @property
    def num_relations(self) -> int:
        return self.reach + 2

    def between(self, structure: Structure, receivers: Tensor, senders: Tensor) -> Tensor:
        topology = structure.topology
        table = topology.remember(("hops", self.reach), lambda: self._table(topology))
        return table.index_select(0, _pair_rows(topology, receivers, senders).flatten()).reshape(
            torch.broadcast_shapes(receivers.shape, senders.shape)
        )

    def _table(self, topology: Topology) -> Tensor:
        """Hops of all pairs, item by item, receivers first: breadth-first from every node at once, level by level."""
        edges, counts = topology.links, topology.node_counts
        table = torch.full((int(counts.square().sum()),), self.reach + 1, device=topology.device)
        receivers = reached = torch.arange(topology.num_nodes, device=topology.device)
        table[_pair_rows(topology, receivers, reached)] = 0
        for hops in range(1, self.reach + 1):
            degrees = edges.degrees.index_select(0, reached)
            rows = concatenated_ranges(edges.pointers.index_select(0, reached), degrees)
            pairs = _pair_rows(topology, receivers.repeat_interleave(degrees), edges.senders.index_select(0, rows))
            table[pairs[table[pairs] > hops]] = hops
            receivers, reached = _pairs_at(topology, (table == hops).nonzero().squeeze(1))
        return table


def _lags(topology: Topology, receivers: Tensor, senders: Tensor, num_axes: int, name: str) -> list[Tensor]:
    """Sender's minus receiver's place, along each axis; round a periodic one by the shorter way."""
    if not isinstance(topology, OnLattice) or topology.lattice.num_axes != num_axes:
        is_on = isinstance(topology, OnLattice)
        got = f"{topology.lattice.num_axes} axes" if is_on else f"a {type(topology).__name__}"
        raise StructureError(
            f"`structure` must be a lattice of {num_axes} axes for {name}; got {got}. "
            "Use gn.Offset with one reach an axis on lattices, or gn.HopDistance on graphs."
        )
    places = topology.coordinates()
    lags = [places[:, axis][senders] - places[:, axis][receivers] for axis in range(num_axes)]
    for axis in range(num_axes):
        if topology.lattice.periodic[axis]:  # the shorter way round
            size = topology.lattice.sizes.sizes[:, axis][topology.item_ids[receivers]].clamp(min=1)
            lags[axis] = (lags[axis] + size // 2) % size - size // 2
    return lags


def _pair_starts(topology: Topology) -> Tensor:
    return topology.remember("pair_starts", lambda: offsets_of(topology.node_counts.square()))


def _pair_rows(topology: Topology, receivers: Tensor, senders: Tensor) -> Tensor:
    """The row of each pair in a table of all pairs of all items."""
    items = topology.item_ids[receivers]
    first = topology.node_offsets[items]
    return _pair_starts(topology)[items] + (receivers - first) * topology.node_counts[items] + senders - first


def _pairs_at(topology: Topology, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Receivers and senders of some rows of that table."""
    starts = _pair_starts(topology)
    items = torch.searchsorted(starts, rows, right=True) - 1
    local, counts, first = rows - starts[items], topology.node_counts[items], topology.node_offsets[items]
    return first + local // counts, first + local % counts


def places_of(structure: Structure) -> Tensor:
    """`(N, A)` where each node stands: its place on a lattice, else its position.

    Raises:
        StructureError: if it has neither.
    """
    if isinstance(structure.topology, OnLattice):
        return structure.topology.coordinates()
    if structure.pos is None:
        raise StructureError(
            "`structure` must be a chain, a grid, or have positions, to say where nodes stand; "
            f"got a {type(structure.topology).__name__} without. Give it some: replace(pos=...)."
        )
    return structure.pos
