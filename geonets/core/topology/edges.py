"""`EdgeList`: who may speak to whom, in receiver order, with its CSR pointers and its transpose."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from geonets.core.errors import DtypeError, ShapeError, StructureError
from geonets.core.ranges import require_room
from geonets.core.records import Later, Record
from geonets.core.topology.levels import CycleError, topological_levels
from geonets.core.topology.slicing import Cut


@dataclasses.dataclass(frozen=True, eq=False)
class Transpose(Record):
    """Edge rows in sender order.

    Args:
        rows: `(E,)` row numbers of the edge list, ascending by sender.
        pointers: `(num_senders+1,)` where each sender's rows start.
    """

    rows: Tensor
    pointers: Tensor

    @property
    def degrees(self) -> Tensor:
        """`(num_senders,)` how many edges each node sends."""
        return self.remember("degrees", lambda: self.pointers[1:] - self.pointers[:-1])


@dataclasses.dataclass(frozen=True, eq=False)
class EdgeList(Record):
    """Typed edges from senders to receivers, sorted by receiver once and never again.

    Rows are in **receiver order**; edges of one receiver keep the order in which they were given.
    `input_order[e]` is the row at which edge `e` was given. Build one with `EdgeList.of`.

    Args:
        senders: `(E,)` long.
        receivers: `(E,)` long, ascending.
        edge_type: `(E,)` long relation of each edge, or None.
        num_senders: how many nodes may send.
        num_receivers: how many nodes may receive.
        pointers: `(num_receivers+1,)` where each receiver's edges start.
        order: the input order, or None when the edges were given in receiver order.
        by_sender: the transpose, where it is sliced from a larger list; else it is sorted when first asked for.
    """

    senders: Tensor
    receivers: Tensor
    edge_type: Tensor | None
    num_senders: int
    num_receivers: int
    pointers: Tensor
    order: Tensor | Later[Tensor] | None = None
    by_sender: Transpose | Later[Transpose] | None = None

    @staticmethod
    def of(
        senders: Tensor,
        receivers: Tensor,
        edge_type: Tensor | None = None,
        *,
        num_senders: int,
        num_receivers: int,
    ) -> EdgeList:
        """Check edges and sort them by receiver, keeping the given order among the edges of one receiver.

        Raises:
            DtypeError: if an index is not an integer tensor.
            ShapeError: if the tensors are not of one length.
            StructureError: if an index is negative or names a node that does not exist.

        Example:
            >>> edges = EdgeList.of(torch.tensor([0, 1]), torch.tensor([1, 0]), num_senders=2, num_receivers=2)
            >>> edges.senders.tolist(), edges.receivers.tolist(), edges.input_order.tolist()
            ([1, 0], [0, 1], [1, 0])
        """
        senders = _checked(senders, "senders", None, num_senders)
        receivers = _checked(receivers, "receivers", len(senders), num_receivers)
        if edge_type is not None:
            edge_type = _checked(edge_type, "edge_type", len(senders), None)
        order = None
        if bool((receivers[1:] < receivers[:-1]).any()):
            receivers, order = torch.sort(receivers, stable=True)
            senders = senders.index_select(0, order)
            edge_type = None if edge_type is None else edge_type.index_select(0, order)
        return EdgeList.of_sorted(senders, receivers, edge_type, num_senders, num_receivers, order)

    @staticmethod
    def of_sorted(
        senders: Tensor,
        receivers: Tensor,
        edge_type: Tensor | None,
        num_senders: int,
        num_receivers: int,
        input_order: Tensor | None = None,
    ) -> EdgeList:
        """Wrap edges that are known to be valid and in receiver order."""
        pointers = _pointers(receivers, num_receivers)
        return EdgeList(senders, receivers, edge_type, num_senders, num_receivers, pointers, input_order)

    @property
    def num_edges(self) -> int:
        """`E`."""
        return self.held("senders").shape[0]

    @property
    def degrees(self) -> Tensor:
        """`(num_receivers,)` how many edges each node receives."""
        return self.remember("degrees", lambda: self.pointers[1:] - self.pointers[:-1])

    @property
    def transpose(self) -> Transpose:
        """The edge rows in sender order."""
        if self.by_sender is None:
            return self.remember("transpose", self._transpose)
        return self.by_sender() if isinstance(self.by_sender, Later) else self.by_sender

    @property
    def input_order(self) -> Tensor | None:
        """`(E,)` the row at which each edge was given, or None when they were given in receiver order."""
        return self.order() if isinstance(self.order, Later) else self.order

    @property
    def receivers_by_sender(self) -> Tensor:
        """`(E,)` receivers in the order of the transpose."""
        return self.remember("receivers_by_sender", lambda: self.receivers.index_select(0, self.transpose.rows))

    @property
    def has_loops(self) -> bool:
        """Whether some edge leads back to its sender."""
        return self.remember("has_loops", lambda: self.loop_counts is not None)

    @property
    def loop_counts(self) -> Tensor | None:
        """`(num_receivers,)` how many edges each node sends to itself, or None when there is no such edge."""
        return self.remember("loop_counts", self._loop_counts)

    @property
    def reversed(self) -> EdgeList:
        """The same edges pointing the other way; `input_order` names rows of this list."""
        return self.remember("reversed", self._reversed)

    @property
    def with_loops(self) -> EdgeList:
        """These edges with exactly one self-loop a node, last among the node's edges.

        `input_order` names rows of this list, or `E + i` for the new loop of node `i`.
        """
        return self.remember("with_loops", self._with_loops)

    @property
    def pairs(self) -> tuple[Tensor, Tensor] | None:
        """`(P,)` a row of each pair of nodes with an edge, whatever its direction, and `(E,)` the pair of each row.

        What depends on the pair alone, such as a distance, is computed once. None where few pairs have two edges.
        """
        return self.remember("pairs", self._pairs)

    @property
    def levels(self) -> list[Tensor]:
        """Nodes in topological order: the first level receives nothing, a later one only from earlier ones.

        Raises:
            StructureError: if the edges form a cycle; the message names one.
        """
        return self.remember(
            "levels", lambda: topological_levels(self.degrees, self.transpose.pointers, self.receivers_by_sender)
        )

    @property
    def cycle(self) -> list[int] | None:
        """Nodes of a cycle of edges, the first once more at the end; None where there is no cycle."""
        return self.remember("cycle", self._cycle)

    @property
    def late_levels(self) -> list[Tensor]:
        """Nodes in topological order, each as late as those that wait for it allow.

        On chains, trees and lattices every edge then leads from one level to the next.

        Raises:
            StructureError: if the edges form a cycle; the message names one.
        """
        return self.remember("late_levels", self._late_levels)

    def select(self, cut: Cut, input_order: Tensor | None) -> EdgeList:
        """The edges of chosen items, renumbered; pointers and transpose are sliced, nothing is sorted.

        Args:
            cut: which items.
            input_order: this list's input order, with each item's edges contiguous.
        """
        rows, own_type = cut.edge_rows, self.held("edge_type")
        senders, receivers, pointers = cut.edges(self.held("senders"), self.held("pointers"), self.held("degrees"))
        chosen = EdgeList(
            senders,
            receivers,
            None if own_type is None else rows.take(own_type),
            cut.num_nodes,
            cut.num_nodes,
            pointers,
            None if input_order is None else Later(lambda: rows.take(input_order) + cut.row_shift),
            Later(lambda: self._sliced_transpose(cut)),
        )
        if not self.has_loops:
            chosen.remember("loop_counts", lambda: None)
            chosen.remember("has_loops", lambda: False)
        return chosen

    @staticmethod
    def join(parts: list[EdgeList]) -> EdgeList:
        """The edges of all parts, each part's nodes numbered after those of the parts before."""
        shifts = [0]
        for part in parts:
            shifts.append(shifts[-1] + part.num_receivers)
        starts = [0]
        for part in parts:
            starts.append(starts[-1] + part.num_edges)
        types = [part.edge_type for part in parts]
        if any(t is None for t in types) and any(t is not None for t in types):
            raise StructureError(
                "`edge_type` must be given for all graphs of a batch or for none; got both. "
                "Give the untyped graphs edge_type=torch.zeros(E, dtype=torch.long)."
            )
        orders = None
        if any(part.input_order is not None for part in parts):
            orders = torch.cat([_order(part) + start for part, start in zip(parts, starts, strict=False)])
        return EdgeList.of_sorted(
            torch.cat([part.senders + shift for part, shift in zip(parts, shifts, strict=False)]),
            torch.cat([part.receivers + shift for part, shift in zip(parts, shifts, strict=False)]),
            None if types[0] is None else torch.cat([t for t in types if t is not None]),
            shifts[-1],
            shifts[-1],
            orders,
        )

    def of_types(self, edge_type: Tensor) -> EdgeList:
        """The same edges with other types, `(E,)` in receiver order."""
        return dataclasses.replace(self, edge_type=edge_type)

    def in_receiver_order(self, rows: Tensor) -> Tensor:
        """Edge rows that are in the order in which the edges were given, put into the order of this list."""
        return rows if self.input_order is None else rows.index_select(0, self.input_order)

    def in_input_order(self, rows: Tensor) -> Tensor:
        """Edge rows (features, senders, ...) put back into the order in which the edges were given."""
        if self.input_order is None:
            return rows
        return torch.empty_like(rows).index_copy_(0, self.input_order, rows)

    def _sliced_transpose(self, cut: Cut) -> Transpose:
        own = self.transpose
        return Transpose(*cut.transpose(own.held("rows"), own.held("pointers"), own.held("degrees")))

    def _transpose(self) -> Transpose:
        ordered, rows = torch.sort(self.senders, stable=True)
        return Transpose(rows, _pointers(ordered, self.num_senders))

    def _loop_counts(self) -> Tensor | None:
        loops = self.senders == self.receivers
        if not bool(loops.any()):
            return None
        return torch.bincount(self.receivers[loops], minlength=self.num_receivers)

    def _reversed(self) -> EdgeList:
        rows = self.transpose.rows
        return EdgeList(
            self.receivers_by_sender,
            self.senders.index_select(0, rows),
            None if self.edge_type is None else self.edge_type.index_select(0, rows),
            self.num_receivers,
            self.num_senders,
            self.transpose.pointers,
            rows,
        )

    def _cycle(self) -> list[int] | None:
        try:
            self.levels  # noqa: B018  remembered, if there are any
        except CycleError as error:
            return error.cycle
        return None

    def _late_levels(self) -> list[Tensor]:
        try:
            return self.reversed.levels[::-1]
        except StructureError:
            return self.levels  # names the cycle as these edges run

    def _pairs(self) -> tuple[Tensor, Tensor] | None:
        low, high = torch.minimum(self.senders, self.receivers), torch.maximum(self.senders, self.receivers)
        found, pair = torch.unique(low * self.num_senders + high, return_inverse=True)
        if self.num_senders != self.num_receivers or 4 * len(found) > 3 * self.num_edges:
            return None
        numbers = torch.arange(self.num_edges, device=pair.device)
        return numbers.new_zeros(len(found)).scatter_reduce(0, pair, numbers, "amin", include_self=False), pair

    def _with_loops(self) -> EdgeList:
        nodes = torch.arange(self.num_receivers + 1, device=self.senders.device)
        rows = torch.arange(self.num_edges, device=nodes.device)
        kept, pointers = rows, self.pointers
        if self.has_loops:
            kept = (self.senders != self.receivers).nonzero().squeeze(1)
            pointers = _pointers(self.receivers.index_select(0, kept), self.num_receivers)
        senders, receivers = (index.index_select(0, kept) for index in (self.senders, self.receivers))
        pointers = pointers + nodes
        # one loop before each edge for every earlier receiver, and its own loop behind a receiver's last edge
        places, ends, nodes = rows[: len(kept)] + receivers, pointers[1:] - 1, nodes[:-1]

        def beside(of_edges: Tensor, of_loops: Tensor) -> Tensor:
            both = of_loops.new_empty(len(of_edges) + len(of_loops))
            return both.index_copy_(0, places, of_edges).index_copy_(0, ends, of_loops)

        return EdgeList(
            beside(senders, nodes),
            beside(receivers, nodes),
            None if self.edge_type is None else beside(self.edge_type.index_select(0, kept), torch.zeros_like(nodes)),
            self.num_senders,
            self.num_receivers,
            pointers,
            Later(lambda: beside(kept, nodes + self.num_edges)),
            None if self.has_loops else Later(lambda: self._transpose_with_loops(places, ends)),
        )

    def _transpose_with_loops(self, places: Tensor, ends: Tensor) -> Transpose:
        """From where edges and loops stand: each sender's loop comes last."""
        own, nodes = self.transpose, torch.arange(self.num_senders + 1, device=places.device)
        earlier = self.senders.index_select(0, own.rows)  # each of which has a loop
        rows = places.new_empty(len(places) + len(ends))
        spots = torch.arange(len(places), device=places.device) + earlier
        rows.index_copy_(0, spots, places.index_select(0, own.rows))
        pointers = own.pointers + nodes
        return Transpose(rows.index_copy_(0, pointers[1:] - 1, ends), pointers)

    def __repr__(self) -> str:
        kinds = "" if self.edge_type is None else ", typed"
        return (
            f"EdgeList({self.num_edges} edges in receiver order{kinds}, "
            f"{self.num_senders} senders -> {self.num_receivers} receivers)"
        )


def _checked(index: Tensor, name: str, length: int | None, bound: int | None) -> Tensor:
    if not isinstance(index, Tensor) or index.is_floating_point() or index.is_complex() or index.dtype == torch.bool:
        got = index.dtype if isinstance(index, Tensor) else type(index).__name__
        raise DtypeError(f"`{name}` must be an integer tensor; got {got}. Convert it with .long().")
    if index.ndim != 1 or (length is not None and len(index) != length):
        rows = "E" if length is None else str(length)
        raise ShapeError(
            f"`{name}` must have shape ({rows},), one entry an edge; got {tuple(index.shape)}. Pass one row per edge."
        )
    if len(index):
        low, high = (int(v) for v in torch.aminmax(index))
        if low < 0 or (bound is not None and high >= bound):
            wrong = (index < 0) if low < 0 else (index >= (bound or 0))
            row = int(wrong.nonzero()[0])
            limit = "at least 0" if bound is None else f"between 0 and {bound - 1}"
            raise StructureError(
                f"`{name}` must be {limit}; got {int(index[row])} (edge {row}). "
                "Number the nodes from 0, and pass num_nodes if some have no edges."
            )
    return index.long().contiguous()


def _pointers(ascending: Tensor, count: int) -> Tensor:
    require_room(count, "num_nodes")
    return torch.searchsorted(ascending, torch.arange(count + 1, device=ascending.device))


def _order(part: EdgeList) -> Tensor:
    if part.input_order is not None:
        return part.input_order
    return torch.arange(part.num_edges, device=part.senders.device)
