"""Graphs of several kinds of nodes from and to PyG's `HeteroData`: structures joined by `Between`."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor

from geonets.core.errors import DtypeError, StructureError
from geonets.core.fields import Fields
from geonets.core.neighborhoods import Between
from geonets.core.packages import require
from geonets.core.ranges import counts_of
from geonets.core.records import Record, freeze
from geonets.core.structure import Items, Level, Structure
from geonets.core.topology import Set
from geonets.data.interop.attributes import Attributes, placed, recorded, shared_names
from geonets.data.interop.pyg import COUNTS, batch_of, ends_of, follows

Kind = tuple[str, str, str]
"""Of edges: the kind of the senders, what they do, the kind of the receivers."""

ENDS = {"senders", "receivers"}


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Hetero(Record):
    """Structures with one kind of nodes each, as many items in all, and who hears whom across them.

    `len` and indexing are over items, of all structures alike. A layer takes one relation at a time:
    `layer(structures[receiver], source=structures[sender])`, where its neighborhood is `neighborhoods[kind]`.

    Args:
        structures: the nodes of each kind.
        neighborhoods: by sender kind, name and receiver kind, the rule by which receivers hear senders.
        globals: fields with one row an item.
        meta: a JSON-able record for each item, or None.

    Example:
        >>> import geonets as gn
        >>> users, films = gn.points(None, x=[torch.randn(3, 4)]), gn.points(None, x=[torch.randn(2, 5)])
        >>> films = gn.relate(films, users, torch.tensor([[0, 1, 2], [0, 0, 1]]), "rated by")
        >>> both = Hetero({"user": users, "film": films}, {("user", "rates", "film"): gn.Between("rated by")})
        >>> layer = gn.nn.SAGEConv((4, 5), 8, neighborhood=both.neighborhoods["user", "rates", "film"])
        >>> layer(both.structures["film"], source=both.structures["user"]).x.shape
        torch.Size([2, 8])
    """

    structures: Mapping[str, Structure]
    neighborhoods: Mapping[Kind, Between]
    globals: Fields = dataclasses.field(default_factory=dict)
    meta: tuple[dict[str, Any], ...] | None = None

    def __post_init__(self) -> None:
        for name in ("structures", "neighborhoods", "globals"):
            object.__setattr__(self, name, freeze(getattr(self, name)))
        counts = {kind: len(structure) for kind, structure in self.structures.items()}
        if len(set(counts.values())) != 1:
            raise StructureError(
                f"`structures` must have the same number of items, at least one structure; got {counts or 'none'}. "
                "Item b of one belongs to item b of the others."
            )
        for kind, hears in self.neighborhoods.items():
            if not {kind[0], kind[2]} <= self.structures.keys():
                raise StructureError(
                    f"`neighborhoods` must join kinds among {', '.join(self.structures)}; got {kind}. Name them alike."
                )
            hears.edges(self.structures[kind[2]], self.structures[kind[0]])

    def __len__(self) -> int:
        return len(next(iter(self.structures.values())))

    def __getitem__(self, items: Items) -> Hetero:
        structures = {kind: structure[items] for kind, structure in self.structures.items()}
        whole = Structure(Set(0, len(self)), globals=self.globals, meta=self.meta)[items]
        return self._with(structures=freeze(structures), globals=whole.globals, meta=whole.meta)

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Hetero:
        """Move all tensors to a device, floating-point ones also to a dtype."""
        return self.map_tensors(lambda t: t.to(device=device, dtype=dtype if t.is_floating_point() else None))

    def __repr__(self) -> str:
        kinds = [f"{kind:<12}{structure.topology!r}" for kind, structure in self.structures.items()]
        edges = [
            f"{' '.join(kind)}: {int(self.structures[kind[2]].levels[hears.level].counts.sum())} edges"
            for kind, hears in self.neighborhoods.items()
        ]
        return "\n  ".join(["Hetero", *kinds, *edges])


def from_hetero(source: Any) -> Hetero:
    """PyG's `HeteroData`, a batch of it, or a list, as structures joined by neighborhoods.

    The nodes of each kind are a set. The edges of a kind `(sender, name, receiver)` are a level
    `sender__name__receiver` of the receivers, with their fields.

    Args:
        source: heterogeneous graphs.

    Raises:
        DtypeError: if it is something else.
        StructureError: if an edge names a node that is not there, an attribute belongs to no level, or nodes of a kind
            cannot be counted.

    Example:
        >>> from torch_geometric.data import HeteroData
        >>> graph = HeteroData(user={"x": torch.ones(3, 4)}, film={"x": torch.ones(2, 5)})
        >>> graph["user", "rates", "film"].edge_index = torch.tensor([[0, 1, 2], [0, 0, 1]])
        >>> from_hetero(graph)
        Hetero
          user        Set(1 item of 3 nodes)
          film        Set(1 item of 2 nodes)
          user rates film: 3 edges
    """
    pyg = require("torch_geometric.data", "torch-geometric")
    if isinstance(source, list | tuple) and source and all(isinstance(part, pyg.HeteroData) for part in source):
        source = batch_of(pyg, list(source))
    graphs: Any = source
    if not isinstance(graphs, pyg.HeteroData):
        raise DtypeError(
            f"`source` must be a torch_geometric HeteroData, a batch or a list of it; got {type(source).__name__}. "
            "Pass Data to gn.from_pyg."
        )
    slices = getattr(graphs, "_slice_dict", {}) if isinstance(graphs, pyg.Batch) else None
    tensors = (value for store in graphs.stores for value in store.values() if isinstance(value, Tensor))
    device = next((value.device for value in tensors), None)
    structures = {}
    for kind in graphs.node_types:
        counts = _node_counts(kind, graphs[kind]).to(device)
        sizes = {"nodes": int(counts.sum()), "globals": len(counts)}
        own = None if slices is None else slices.get(kind, {})
        fields, meta = placed(Attributes(graphs[kind], sizes, counts.tolist(), own), _given(graphs[kind]))
        structures[kind] = Structure(Set(counts), fields["nodes"], globals=fields["globals"], meta=meta)
    neighborhoods = {}
    for kind in graphs.edge_types:
        level = "__".join(kind)
        receivers = structures[kind[2]]
        edges = _level(kind, _given(graphs[kind]), structures[kind[0]], receivers)
        structures[kind[2]] = receivers.replace(levels={**receivers.levels, level: edges})
        neighborhoods[kind] = Between(level)
    sizes = {"globals": len(next(iter(structures.values()), ()))}
    fields, meta = placed(Attributes(graphs, sizes, (), slices), _given(graphs._global_store))
    return Hetero(structures, neighborhoods, fields["globals"], None if meta is None else tuple(meta))


def to_hetero(hetero: Hetero) -> Any:
    """One item as PyG's `HeteroData`, several as a batch of it; edges in the order in which they were given.

    Args:
        hetero: of sets, whose levels are all named by its neighborhoods.

    Raises:
        StructureError: if there are links or levels that would be lost.

    Example:
        >>> from torch_geometric.data import HeteroData
        >>> graph = HeteroData(user={"x": torch.ones(3, 4)})
        >>> graph["user", "follows", "user"].edge_index = torch.tensor([[2, 0], [1, 0]])
        >>> to_hetero(from_hetero(graph))["user", "follows", "user"].edge_index.tolist()
        [[2, 0], [1, 0]]
    """
    pyg = require("torch_geometric.data", "torch-geometric")
    for kind, structure in hetero.structures.items():
        named = {hears.level for ends, hears in hetero.neighborhoods.items() if ends[2] == kind}
        lost = sorted(structure.levels.keys() - named) or (["links"] if structure.topology.has_links else [])
        if lost:
            raise StructureError(
                f"`structures[{kind!r}]` must have no links, and levels of neighborhoods only, for HeteroData, which "
                f"would lose others; got {', '.join(lost)}. Remove them, or add a Between for them."
            )
    parts = {"": hetero.meta, **{kind: part.meta for kind, part in hetero.structures.items()}}
    taken = {kind: (*COUNTS, *part.nodes, *part.globals) for kind, part in hetero.structures.items()}
    names = {kind: shared_names(meta, taken.get(kind, hetero.globals), pyg.HeteroData) for kind, meta in parts.items()}
    items = [_data(pyg, hetero[item], names) for item in range(len(hetero))]
    return items[0] if len(items) == 1 else pyg.Batch.from_data_list(items)


def _data(pyg: Any, item: Hetero, names: Mapping[str, list[str]]) -> Any:
    found = pyg.HeteroData()
    for name, value in {**item.globals, **recorded(item.meta, names[""])}.items():
        found[name] = value
    for kind, structure in item.structures.items():
        fields = {**structure.nodes, **structure.globals, **recorded(structure.meta, names[kind])}
        fields |= {} if structure.nodes else {"num_nodes": structure.num_nodes}
        for name, value in fields.items():
            found[kind][name] = value
    for kind, hears in item.neighborhoods.items():
        fields = item.structures[kind[2]].levels[hears.level].fields
        found[kind].edge_index = torch.stack([fields["senders"], fields["receivers"]])
        for name in fields.keys() - ENDS:
            found[kind][name] = fields[name]
    return found


def _given(store: Any) -> dict[str, Any]:
    given = {name: value for name, value in store.items() if value is not None and name not in COUNTS}
    return {name: value for name, value in given.items() if not follows(name, given)}


def _node_counts(kind: str, store: Any) -> Tensor:
    with warnings.catch_warnings():  # PyG warns where it cannot count
        warnings.simplefilter("ignore")
        num_nodes = store.num_nodes
    if num_nodes is None:
        raise StructureError(
            f"`{kind}` must have a field of its nodes, or num_nodes; got neither. Set data[{kind!r}].num_nodes."
        )
    return store["ptr"].diff() if "ptr" in store else torch.tensor([num_nodes])


def _level(kind: Kind, given: dict[str, Any], source: Structure, target: Structure) -> Level:
    """The edges of a kind as rows of the receivers, senders counted in their own item."""
    ends, weight = ends_of(given.pop("edge_index", None), given.pop("adj_t", None))
    ends = torch.empty(2, 0, dtype=torch.long, device=target.device) if ends is None else ends
    given |= {} if weight is None else {"edge_weight": weight}
    sizes = torch.tensor([source.num_nodes, target.num_nodes], device=ends.device)
    outside = ((ends < 0) | (ends >= sizes[:, None])).any(0).nonzero()
    if len(outside):
        row = int(outside[0])
        raise StructureError(
            f"`edge_index` must name nodes that are there; got {ends[0, row]} -> {ends[1, row]} of {sizes[0]} and "
            f"{sizes[1]} nodes (edge {row} of {kind}). Correct it, or set num_nodes."
        )
    fields = {}
    for name, value in given.items():
        if not isinstance(value, Tensor) or not value.ndim or len(value) != ends.shape[1] or name in ENDS:
            shape = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
            raise StructureError(
                f"`{name}` must be a tensor with a row for each of {ends.shape[1]} edges of {kind}, and not be called "
                f"senders or receivers; got {shape}. Delete, reshape or rename it first."
            )
        fields[name] = value
    items = target.topology.item_ids.index_select(0, ends[1])
    senders = ends[0] - source.topology.node_offsets[items]
    counts = counts_of(items, len(items), len(target), "edge_index")
    return Level(counts, {"senders": senders, "receivers": ends[1], **fields}, frozenset({"receivers"}))
