"""`Structure`: features on a topology, always a batch of items, packed and immutable."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, final

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from geonets.core.errors import DtypeError, OptionError, ShapeError, StructureError
from geonets.core.fields import Fields, Level, check_level, checked, held, joined, taken, updated
from geonets.core.ranges import Rows, as_items
from geonets.core.records import flatten, freeze, unflatten
from geonets.core.structure.batches import Batches, Items
from geonets.core.structure.sections import Sections
from geonets.core.topology import Topology, join_topologies


@final
@dataclasses.dataclass(frozen=True, eq=False, init=False, repr=False)
class Structure(Sections, Batches["Structure"]):
    """Features on nodes, edges and items of a topology: one record, which is always a batch.

    `len`, iteration and indexing are over items: `s[0]`, `s[2:5]`, `s[[3, 1]]`, `s[mask]` are Structures again.
    `x`, `pos`, `edge_attr` and `y` are short for `nodes["x"]`, `nodes["pos"]`, `edges["edge_attr"]` and the `y` of
    whichever level has one. Edge rows are in receiver order, as in `topology.links`.

    Args:
        topology: who stands next to whom.
        nodes: fields with one row a node: `(N, ...)`.
        edges: fields with one row an edge of `topology.links`: `(E, ...)`.
        globals: fields with one row an item: `(B, ...)`.
        levels: further declared levels by name.
        meta: a JSON-able record for each item.

    Raises:
        DtypeError: if a field is no tensor.
        ShapeError: if a field has not one row for each member of its level.

    Example:
        >>> from geonets.core.topology import Chain
        >>> s = Structure(Chain([2, 3]), nodes={"x": torch.zeros(5, 4)})
        >>> len(s), s[1].x.shape
        (2, torch.Size([3, 4]))
    """

    topology: Topology
    nodes: Fields
    edges: Fields
    globals: Fields
    levels: Mapping[str, Level]
    meta: Sequence[dict[str, Any]] | None

    def __init__(
        self,
        topology: Topology,
        nodes: Fields | None = None,
        edges: Fields | None = None,
        globals: Fields | None = None,
        levels: Mapping[str, Level] | None = None,
        meta: Sequence[dict[str, Any]] | None = None,
    ) -> None:
        if not isinstance(topology, Topology):
            raise DtypeError(
                f"`topology` must be a Chain, Grid, SparseGrid, Set, Graph or Product; got {type(topology).__name__}. "
                "Use gn.chain, gn.grid, gn.points or gn.graph to build a Structure from tensors."
            )
        if meta is not None and len(meta) != topology.num_items:
            raise ShapeError(
                f"`meta` must have one record for each of the {topology.num_items} items; got {len(meta)}. "
                "Pass {} for items without a record."
            )
        edge_count = topology.links.num_edges if edges else 0
        _fill(
            self,
            topology=topology,
            nodes=checked(nodes, "nodes", topology.num_nodes),
            edges=checked(edges, "edges", edge_count),
            globals=checked(globals, "globals", topology.num_items),
            levels=freeze(levels or {}),
            meta=None if meta is None else tuple(meta),
        )
        for name, level in self.levels.items():
            check_level(name, level, topology.node_offsets)
        self.y  # noqa: B018  an ambiguous `y` is an error now, not later

    @property
    def x(self) -> Any:
        """`(N, C)` node features, or None."""
        return self.nodes.get("x")

    @property
    def pos(self) -> Any:
        """`(N, D)` node positions, or None."""
        return self.nodes.get("pos")

    @property
    def edge_attr(self) -> Any:
        """`(E, C)` edge features in receiver order, or None."""
        return self.edges.get("edge_attr")

    @property
    def y(self) -> Any:
        """The target, on whichever level it is, or None."""
        level = self._level_of_y()
        return None if level is None else getattr(self, level)["y"]

    @property
    def num_nodes(self) -> int:
        """`N`, of all items together."""
        return self.topology.num_nodes

    @property
    def device(self) -> torch.device:
        """Where the tensors live."""
        return self.topology.device

    def __len__(self) -> int:
        return self.topology.num_items

    def __iter__(self) -> Iterator[Structure]:
        return (self[item] for item in range(len(self)))

    def __getitem__(self, items: Items) -> Structure:
        chosen = as_items(items, len(self), self.device)
        topology, node_rows, edge_rows = self.topology.select(chosen)
        if self.edges and edge_rows is None:
            edge_rows = self.topology.edge_rows(chosen)
        levels = {}
        if self.levels:
            starts = self.topology.node_offsets[:-1]
            shift = topology.node_offsets[:-1] - starts[chosen]
            levels = {name: level.select(chosen, shift) for name, level in self.levels.items()}
        whole = Rows(span=chosen) if isinstance(chosen, slice) else Rows(numbers=chosen)
        meta = self.meta
        if isinstance(meta, tuple) and isinstance(chosen, Tensor):
            meta = tuple(meta[item] for item in chosen.tolist())
        elif meta is not None:
            meta: Any = meta[chosen]
        return self._with(
            topology=topology,
            nodes=taken(self.nodes, node_rows),
            edges=taken(self.edges, edge_rows) if edge_rows is not None else freeze({}),
            globals=taken(self.globals, whole),
            levels=freeze(levels),
            meta=meta,
        )

    def replace(self, **changes: Any) -> Structure:
        """The same structure with some fields changed; None removes a field.

        Args:
            **changes: `x`, `pos`, `edge_attr`, `y` by their short names; other fields by their level, as in
                `replace(nodes={"charge": q})`, which leaves the level's other fields as they are.

        Example:
            >>> from geonets.core.topology import Set
            >>> s = Structure(Set(3), nodes={"x": torch.ones(3, 1)})
            >>> s.replace(x=s.x * 2, globals={"name": torch.tensor([7])}).globals["name"].tolist()
            [7]
        """
        if len(changes) == 1 and "x" in changes:  # what every layer does
            return self._near(self._with(nodes=updated(self.nodes, changes, "nodes", self.topology.num_nodes)))
        by_level: dict[str, dict[str, Any]] = {}
        rest: dict[str, Any] = {}
        for name, value in changes.items():
            if name in _LEVEL_OF:
                by_level.setdefault(_LEVEL_OF[name], {})[name] = value
            elif name in _LEVELS:
                by_level.setdefault(name, {}).update(value)
            elif name == "y":
                by_level.setdefault(self._home_of_y(), {})["y"] = value
            elif name in ("levels", "meta"):
                rest[name] = value
            else:
                raise OptionError(
                    f"`{name}` must be one of x, pos, edge_attr, y, nodes, edges, globals, levels, meta; got {name!r}. "
                    f"Say which level the field belongs to: replace(nodes={{{name!r}: ...}})."
                )
        if rest:
            merged = {level: {**getattr(self, level), **by_level.get(level, {})} for level in _LEVELS}
            kept = {level: {k: v for k, v in fields.items() if v is not None} for level, fields in merged.items()}
            return Structure(self.topology, **{"levels": self.levels, "meta": self.meta, **kept, **rest})
        levels = {
            level: updated(getattr(self, level), new, level, self._rows(level))
            for level, new in by_level.items()
            if new
        }
        copy = self._near(self._with(**levels))
        if any("y" in new for new in by_level.values()):
            copy.y  # noqa: B018  an ambiguous `y` is an error now, not later
        return copy

    def on(self, topology: Topology, nodes: Fields) -> Structure:
        """The same items over another topology: globals and meta stay, edges and further levels go."""
        rows = checked(nodes, "nodes", topology.num_nodes)
        if topology is self.topology:
            return self._near(self._with(nodes=rows))
        return self._with(topology=topology, nodes=rows, edges=freeze({}), levels=freeze({}))

    def map(self, function: Callable[[Structure], Structure]) -> Structure:
        """Apply `function` to each item by itself and batch the results."""
        return batch([function(item) for item in self]) if len(self) else self

    def item_sizes(self, of: str) -> Tensor:
        return self.topology.edge_counts if of == "edges" else self.topology.node_counts

    def to(
        self,
        device: torch.device | str | torch.dtype | None = None,
        dtype: torch.dtype | None = None,
        non_blocking: bool = False,
    ) -> Structure:
        """Move all tensors to a device, or floating-point ones to a dtype: `to("cuda")`, `to(torch.float64)`."""
        if isinstance(device, torch.dtype):
            device, dtype = None, device
        return self.map_tensors(
            lambda t: t.to(device=device, dtype=dtype if t.is_floating_point() else None, non_blocking=non_blocking)
        )

    def pin_memory(self) -> Structure:
        """The same structure in page-locked memory, from which copies to a GPU are asynchronous."""
        return self.map_tensors(lambda tensor: tensor.pin_memory())

    def _near(self, copy: Structure) -> Structure:
        """Hand on the neighbours that were found from positions, if a copy has the same positions."""
        if self.pos is not None and copy.pos is self.pos:
            positional = self.remember("positional", dict)
            copy.remember("positional", lambda: positional)
        return copy

    def _level_of_y(self) -> str | None:
        found = [level for level in _LEVELS if "y" in getattr(self, level)]
        if len(found) > 1:
            raise StructureError(
                f"`y` must be on one level only; got it on {' and '.join(found)}. "
                "Give one of them another name, or remove it: replace(nodes={'y': None})."
            )
        return found[0] if found else None

    def _home_of_y(self) -> str:
        level = self._level_of_y()
        if level is None:
            raise StructureError(
                "`y` must be on a level already to be replaced; got a structure without y. "
                "Name its level: replace(globals={'y': ...}) for one target an item, nodes={'y': ...} for one a node."
            )
        return level

    def _rows(self, level: str) -> int:
        if level == "nodes":
            return self.topology.num_nodes
        return len(self) if level == "globals" else self.topology.links.num_edges

    def _described(self) -> list[tuple[str, str, str]]:
        rows = [(level, name, field) for level in _LEVELS for name, field in held(getattr(self, level)).items()]
        rows += [
            (name, field, rows) for name, level in self.levels.items() for field, rows in held(level.fields).items()
        ]
        return [(level, name, f"{tuple(f.shape)} {str(f.dtype).removeprefix('torch.')}") for level, name, f in rows]

    def __repr__(self) -> str:
        rows = self._described()
        first, second = (max([least, *(len(row[place]) + 1 for row in rows)]) for place, least in ((0, 8), (1, 12)))
        lines = [f"{level:<{first}}{name:<{second}}{what}" for level, name, what in rows]
        return "\n  ".join([f"Structure of {self.topology!r}", *lines])

    def _repr_html_(self) -> str:
        rows = "".join(
            "<tr>" + "".join(f"<td style='text-align:left'>{html.escape(cell)}</td>" for cell in row) + "</tr>"
            for row in self._described()
        )
        head = "<tr><th>level</th><th>field</th><th>shape, dtype</th></tr>"
        return f"<b>Structure</b> of {html.escape(repr(self.topology))}<table>{head}{rows}</table>"


_LEVELS = ("nodes", "edges", "globals")
_LEVEL_OF = {"x": "nodes", "pos": "nodes", "edge_attr": "edges"}


def batch(structures: Sequence[Structure]) -> Structure:
    """Put the items of several structures of one kind into one.

    Args:
        structures: with the same kind of topology and the same fields.

    Raises:
        StructureError: if there are none, if their topologies are of different kinds or their fields have other names.

    Example:
        >>> from geonets.core.topology import Set
        >>> batch([Structure(Set(2)), Structure(Set(5))])
        Structure of Set(2 items of 2 .. 5 nodes)
    """
    parts = list(structures)
    if not parts:
        raise StructureError("`structures` must hold at least one structure; got none. Pass a list of structures.")
    if len({frozenset(part.levels) for part in parts}) > 1:
        raise StructureError(
            "`levels` must have the same names in all structures of a batch; got "
            f"{sorted({name for part in parts for name in part.levels})} in some only. Add or remove them first."
        )
    node_starts = [0]
    for part in parts:
        node_starts.append(node_starts[-1] + part.num_nodes)
    metas = [part.meta for part in parts]
    meta = None
    if any(m is not None for m in metas):
        meta = tuple(r for part in parts for r in (part.meta or ({},) * len(part)))
    return parts[0]._with(
        topology=join_topologies([part.topology for part in parts]),
        nodes=joined("nodes", [part.nodes for part in parts]),
        edges=joined("edges", [part.edges for part in parts]),
        globals=joined("globals", [part.globals for part in parts]),
        levels=freeze({n: Level.join([p.levels[n] for p in parts], node_starts[:-1]) for n in parts[0].levels}),
        meta=meta,
    )


def _fill(structure: Structure, **fields: Any) -> None:
    for name, value in fields.items():
        object.__setattr__(structure, name, value)


pytree.register_pytree_node(Structure, flatten, unflatten)
