"""`Sections`: what a `Structure` is cut into, and how results are put back."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor

from geonets.core.errors import OptionError, ShapeError
from geonets.core.fields import Fields, Level, checked
from geonets.core.records import Record, freeze
from geonets.core.structure.assumptions import Assumptions, assumptions
from geonets.core.topology import Part, Topology, axis_of, cropped, induced


class Sections(Record, abc.ABC):
    """Parts of a structure as structures of their own: chosen nodes, boxes, slices and fibres."""

    if TYPE_CHECKING:  # said here, held by Structure
        topology: Topology
        nodes: Fields
        edges: Fields
        globals: Fields
        levels: Mapping[str, Level]
        meta: Sequence[dict[str, Any]] | None

    def nodes_where(self, mask: Tensor) -> Self:
        """The nodes where a mask is true, with the links between them; every item stays, if only without nodes.

        Of a chain or grid they are a `SparseGrid`, of a graph the induced subgraph, of a product a graph. Rows of
        further levels stay where all the nodes that they name stay, and are renumbered.

        Args:
            mask: `(N,)` bool.

        Raises:
            DtypeError: if the mask is no bool tensor.
            ShapeError: if it has not one entry a node.

        Example:
            >>> import geonets as gn
            >>> image = gn.grid(torch.arange(6.0).reshape(1, 2, 3, 1))
            >>> image.nodes_where(image.x[:, 0] > 2).topology
            SparseGrid(1 item of 3 nodes at 2 x 3 places along (y, x))
        """
        return self._part(induced(self.topology, mask))

    def crop(self, **spans: slice) -> Self:
        """A box of every item: `crop(y=slice(2, 9), x=slice(-5, None))` of an image, still a grid.

        Places are counted in each item by itself, as slices count them. An axis that is named is periodic no longer.

        Args:
            **spans: for each axis to be cropped a slice of step 1; its ends may be `(B,)` tensors, one for each item.

        Raises:
            OptionError: if a step is not 1.
            StructureError: if there is no such axis.

        Example:
            >>> import geonets as gn
            >>> gn.grid(torch.randn(2, 8, 8, 1)).crop(y=slice(2, None), x=slice(-3, -1)).topology
            Grid(2 items of 6 x 2 nodes along (y, x))
        """
        return self._part(cropped(self.topology, spans))

    def across(self, axis: str) -> Self:
        """Slices: the nodes at each place along an axis as an item of their own, item after item.

        Node fields travel; fields and meta of an item go with each of its slices; edges and further levels do not.
        Across the slowest axis, which is the first factor of a product, the slices are views.

        Args:
            axis: the name of an axis of a chain or grid, also of one that is a factor of a product; or `"first"`,
                `"second"`: a factor. `"second.first"` is a factor of a factor.

        Raises:
            StructureError: if there is no such axis.

        Example:
            >>> import geonets as gn
            >>> video = gn.grid(torch.randn(2, 16, 8, 8, 3), axes=("time", "y", "x"))
            >>> video.across("time").topology
            Grid(32 items of 8 x 8 nodes along (y, x))
        """
        found = axis_of(self.topology, axis)
        return self._divided(found.slices, found.slice_rows, found.moving.node_counts)

    def along(self, axis: str) -> Self:
        """Fibres: the nodes that differ only in their place along an axis as an item of their own, a chain mostly.

        Node fields travel; fields and meta of an item go with each of its fibres; edges and further levels do not.

        Args:
            axis: as in `across`.

        Raises:
            StructureError: if there is no such axis.

        Example:
            >>> import geonets as gn
            >>> video = gn.grid(torch.randn(2, 16, 8, 8, 3), axes=("time", "y", "x"))
            >>> video.along("time").topology
            Chain(128 items of 16 nodes along (time))
        """
        found = axis_of(self.topology, axis)
        return self._divided(found.fibres, found.fibre_rows, found.rest.node_counts)

    def assumptions(self) -> Assumptions:
        """What is assumed by treating these items as this kind of structure, in words, aspect by aspect.

        Example:
            >>> import geonets as gn
            >>> print(gn.chain(torch.randn(2, 10, 3), periodic=True).assumptions()["boundary"])
            along time there is none, the last node is followed by the first
        """
        return assumptions(self.topology, "pos" in self.nodes)

    def put_back(
        self,
        part: Self,
        *,
        where: Tensor | None = None,
        crop: Mapping[str, slice] | None = None,
        across: str | None = None,
        along: str | None = None,
        fill: float | None = None,
    ) -> Self:
        """The whole with the node fields of a part in their places.

        Say how the part was taken: by `nodes_where(where)`, `crop(**crop)`, `across(...)` or `along(...)`. The other
        nodes keep their values of a field that has the same shape; else, or where `fill` is given, they get `fill`.
        Slices and fibres may have changed their topology, if all of an item changed it alike: the whole is then built
        of them, and has the part's fields only.

        Args:
            part: the part, with new fields.
            where: the mask.
            crop: the spans.
            across: the axis across which the part has slices.
            along: the axis along which the part has fibres.
            fill: for the other nodes; 0 unless given.

        Raises:
            OptionError: if not exactly one of the four ways is named.
            ShapeError: if the part has another number of nodes.

        Example:
            >>> import geonets as gn
            >>> image = gn.grid(torch.tensor([[[[1.0], [2.0], [3.0]]]]))
            >>> dark = image.x[:, 0] < 3
            >>> part = image.nodes_where(dark)
            >>> image.put_back(part.replace(x=-part.x), where=dark).x.flatten()
            tensor([-1., -2.,  3.])
        """
        ways = {"where": where, "crop": crop, "across": across, "along": along}
        named = [name for name, way in ways.items() if way is not None]
        if len(named) != 1:
            raise OptionError(
                "`where`, `crop`, `across` and `along` must be given once, to say how the part was taken; "
                f"got {', '.join(named) or 'none'}. Pass one of them."
            )
        if where is not None:
            return self._with_rows(part, induced(self.topology, where).nodes, fill)
        if crop is not None:
            return self._with_rows(part, cropped(self.topology, crop).nodes, fill)
        axis = axis_of(self.topology, across or along or "")
        mine = axis.slices if across is not None else axis.fibres
        if part.topology is mine:
            return self._with_rows(part, axis.slice_rows if across is not None else axis.fibre_rows, fill)
        whole, rows = (axis.of_slices if across is not None else axis.of_fibres)(part.topology)
        fields = {
            name: field if rows is None else _placed(None, field, rows, len(field), 0)
            for name, field in part.nodes.items()
        }
        return self._with(
            topology=whole, nodes=checked(fields, "nodes", whole.num_nodes), edges=freeze({}), levels=freeze({})
        )

    def _part(self, part: Part) -> Self:
        edges = freeze({})
        if self.edges:
            rows = part.edge_rows()
            edges = freeze({name: field.index_select(0, rows) for name, field in self.edges.items()})
        levels = self.levels
        if levels:
            kept = part.kept
            levels = freeze({name: level.where(kept) for name, level in levels.items()})
        nodes = {name: field.index_select(0, part.nodes) for name, field in self.nodes.items()}
        return self._with(topology=part.topology, nodes=freeze(nodes), edges=edges, levels=levels)

    def _divided(self, topology: Topology, rows: Tensor | None, counts: Tensor) -> Self:
        items = torch.repeat_interleave(torch.arange(len(counts), device=counts.device), counts)
        nodes = {n: field if rows is None else field.index_select(0, rows) for n, field in self.nodes.items()}
        return self._with(
            topology=topology,
            nodes=freeze(nodes),
            edges=freeze({}),
            globals=freeze({name: field.index_select(0, items) for name, field in self.globals.items()}),
            levels=freeze({}),
            meta=None if self.meta is None else tuple(self.meta[item] for item in items.tolist()),
        )

    def _with_rows(self, part: Self, rows: Tensor | None, fill: float | None) -> Self:
        count = self.topology.num_nodes if rows is None else len(rows)
        if part.topology.num_nodes != count:
            raise ShapeError(
                f"`part` must have the {count} nodes of the part that was taken; got {part.topology.num_nodes}. "
                "Put back what nodes_where, crop, across or along gave, with new fields."
            )
        new = {}
        for name, field in part.nodes.items():
            old = self.nodes.get(name) if fill is None else None
            new[name] = field if rows is None else _placed(old, field, rows, self.topology.num_nodes, fill or 0)
        return self._with(nodes=freeze({**self.nodes, **new}))


def _placed(old: Tensor | None, rows: Tensor, places: Tensor, count: int, fill: float) -> Tensor:
    """`rows` at their places among `count` rows; elsewhere the old ones, if they have the same shape, or `fill`."""
    if old is None or old.shape[1:] != rows.shape[1:]:
        old = rows.new_full((count, *rows.shape[1:]), fill)
    return old.to(rows.dtype).index_copy(0, places, rows)
