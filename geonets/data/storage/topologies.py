"""Topologies in files: for each kind, what is written of it and how it is put together again."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from geonets.core.errors import UnsupportedError
from geonets.core.ranges import Sizes, offsets_of
from geonets.core.records import Later
from geonets.core.topology import Chain, EdgeList, Graph, Grid, Lattice, Product, Set, SparseGrid, Topology, Transpose
from geonets.data.storage.description import Description
from geonets.data.storage.laws import adding_up, ascending_places, between, not_negative
from geonets.data.storage.opened import Opened
from geonets.data.storage.rows import AGAIN

Tensors = dict[str, Tensor]
"""What is written, by name; filled while a structure is described."""

DEEPEST = 8
"""Products in products that are read."""


def described(topology: Topology, place: str, tensors: Tensors) -> dict[str, Any]:
    """What a file says of a topology, its tensors put among those that are written.

    Raises:
        UnsupportedError: if it is of a kind that no file can hold.
    """
    kind = type(topology).__name__
    if kind not in KINDS or not isinstance(topology, Chain | Grid | Set | Graph | SparseGrid | Product):
        raise UnsupportedError(
            f"`structure` must be on one of {', '.join(KINDS)} to be saved; got {kind}. "
            "Put its features on one of them: structure.on(topology, nodes)."
        )
    return {"kind": kind, **KINDS[kind][0](topology, place, tensors)}


def rebuilt(about: Description, place: str, file: Opened) -> Topology:
    """The topology that a file describes.

    Raises:
        ReadError: if it cannot be.
    """
    kind = about.word("kind")
    if kind not in KINDS or place.count("/") > DEEPEST:
        raise about.error(f"one of {', '.join(KINDS)}, at most {DEEPEST} deep", kind, f"{about.place}.kind")
    return KINDS[kind][1](about, place, file)


def _sizes(sizes: Sizes, place: str, tensors: Tensors) -> dict[str, Any]:
    if sizes.uniform is None:
        tensors[f"{place}/offsets"] = sizes.offsets
        if sizes.table.shape[1] > 1:
            tensors[f"{place}/sizes"] = sizes.table
    about = {"items": sizes.num_items, "axes": sizes.table.shape[1], "nodes": sizes.total}
    return {**about, "size": None if sizes.uniform is None else list(sizes.uniform)}


def _read_sizes(about: Description, place: str, file: Opened, axes: int | None = None) -> Sizes:
    items, width, total, size = (about.count("items"), about.count("axes"), about.count("nodes"), about.counts("size"))
    if width < 1 or axes not in (None, width) or (size is not None and len(size) != width):
        raise about.error(f"sizes along {axes or 'some'} axes", width, f"{about.place}.axes")
    if size is not None:
        if items * math.prod(size) != total:
            raise about.error(f"{items} x {size} nodes", total, f"{about.place}.nodes")
        return Sizes.of(tuple(size), items)
    offsets = file.offsets(f"{place}/offsets", items, total)
    counts = offsets[1:] - offsets[:-1]
    table = counts[:, None]
    if width > 1:
        table = file.numbers(f"{place}/sizes", items, width)
        products = table.prod(1), table.double().prod(1)  # whole numbers may wrap
        wrong = (table < 0).any(1) | (products[0] != counts) | (products[1] != counts)
        if bool(wrong.any()):
            item = int(wrong.nonzero()[0, 0])
            raise file.fault("have sizes that make up its nodes", "others", f"tensor {place}/sizes, item {item}", AGAIN)
    sizes = Sizes(None, items, table, total)
    sizes.remember("offsets", lambda: offsets)
    sizes.remember("counts", lambda: counts)
    return sizes


def _set(topology: Set, place: str, tensors: Tensors) -> dict[str, Any]:
    return {"sizes": _sizes(topology.sizes, place, tensors)}


def _read_set(about: Description, place: str, file: Opened) -> Set:
    return Set(_read_sizes(about.part("sizes"), place, file, axes=1))


def _lattice(topology: Lattice, place: str, tensors: Tensors) -> dict[str, Any]:
    axes = {"axes": list(topology.axes), "periodic": list(topology.periodic)}
    return {"sizes": _sizes(topology.sizes, place, tensors), **axes}


def _read_lattice(about: Description, place: str, file: Opened) -> Lattice:
    axes, periodic = tuple(about.words("axes")), tuple(about.flags("periodic"))
    is_chain = about.word("kind") == "Chain"
    if len(periodic) != len(axes) or not axes or (is_chain and len(axes) > 1):
        raise about.error("whether each axis is periodic", periodic, f"{about.place}.periodic")
    sizes = _read_sizes(about.part("sizes"), place, file, len(axes))
    bare = Chain(1) if is_chain else Grid((1,), ("x",))
    return bare._with(lattice_sizes=sizes, axes=axes, periodic=periodic)


def _sparse(topology: SparseGrid, place: str, tensors: Tensors) -> dict[str, Any]:
    tensors[f"{place}/places"] = topology.places
    lattice = described(topology.full, f"{place}/lattice", tensors)
    return {"sizes": _sizes(topology.sizes, place, tensors), "lattice": lattice}


def _read_sparse(about: Description, place: str, file: Opened) -> SparseGrid:
    full = rebuilt(about.part("lattice"), f"{place}/lattice", file)
    sizes = _read_sizes(about.part("sizes"), place, file, axes=1)
    if not isinstance(full, Lattice) or full.num_items != sizes.num_items:
        raise about.error(f"a lattice of {sizes.num_items} items", full, f"{about.place}.lattice")
    law = ascending_places("hold places of its lattice in their order", sizes.offsets, full.sizes.sizes)
    places = file.numbers_later(f"{place}/places", sizes.total, full.num_axes, law=law)
    bare = SparseGrid(Chain(1), torch.empty(0, 1, dtype=torch.long), 0)
    return bare._with(full=full, sparse_sizes=sizes).put_off(places=places)


def _product(topology: Product, place: str, tensors: Tensors) -> dict[str, Any]:
    first = described(topology.first, f"{place}/first", tensors)
    return {"first": first, "second": described(topology.second, f"{place}/second", tensors)}


def _read_product(about: Description, place: str, file: Opened) -> Topology:
    first, second = (rebuilt(about.part(name), f"{place}/{name}", file) for name in ("first", "second"))
    if first.num_items != second.num_items:
        raise about.error("factors of as many items", (first.num_items, second.num_items), about.place)
    return Product(first, second)


def _graph(topology: Graph, place: str, tensors: Tensors) -> dict[str, Any]:
    links, transpose = topology.links, topology.links.transpose
    tensors[f"{place}/senders"], tensors[f"{place}/degrees"] = links.senders, links.degrees
    tensors[f"{place}/transpose/rows"], tensors[f"{place}/transpose/degrees"] = transpose.rows, transpose.degrees
    tensors[f"{place}/edge_offsets"] = topology.edge_offsets
    order, in_items = links.input_order, topology.order_in_items
    if links.edge_type is not None:
        tensors[f"{place}/edge_type"] = links.edge_type
    if order is not None and in_items is not None:
        tensors[f"{place}/input_order"] = in_items
        if not torch.equal(order, in_items):
            tensors[f"{place}/input_order_of_all"] = order
    return {
        "sizes": _sizes(topology.sizes, place, tensors),
        "edges": links.num_edges,
        "typed": links.edge_type is not None,
        "order": "given" if order is None else "items" if f"{place}/input_order_of_all" not in tensors else "mixed",
        "loops": links.has_loops,
    }


def _read_graph(about: Description, place: str, file: Opened) -> Graph:
    sizes = _read_sizes(about.part("sizes"), place, file, axes=1)
    num_nodes, num_edges, order = sizes.total, about.count("edges"), about.word("order")
    if order not in ("given", "items", "mixed"):
        raise about.error("an order that is given, items or mixed", order, f"{about.place}.order")
    nodes = sizes.offsets
    ends = file.offsets(f"{place}/edge_offsets", sizes.num_items, num_edges)
    own_nodes = between("name nodes of its own item", ends, nodes[:-1], nodes[1:])
    own_edges = between("name edges of its own item", ends, ends[:-1], ends[1:])
    all_there = adding_up("count the edges of every item", nodes, ends)
    senders = file.numbers_later(f"{place}/senders", num_edges, law=own_nodes)
    degrees = file.numbers_later(f"{place}/degrees", num_nodes, law=all_there)
    sent = file.numbers_later(f"{place}/transpose/degrees", num_nodes, law=all_there)
    rows = file.numbers_later(f"{place}/transpose/rows", num_edges, law=own_edges)
    in_items = whole = None
    later: dict[str, Later[Any]] = {"senders": senders, "degrees": degrees}
    if about.flag("typed"):
        law = not_negative("have types of edges that are not negative", ends)
        later["edge_type"] = file.numbers_later(f"{place}/edge_type", num_edges, law=law)
    if order != "given":
        in_items = whole = file.numbers_later(f"{place}/input_order", num_edges, law=own_edges)
    if order == "mixed":
        one = torch.tensor([0, num_edges])
        any_edge = between("name edges that are there", one, one[:1], one[1:])
        whole = file.numbers_later(f"{place}/input_order_of_all", num_edges, law=any_edge)
    none = torch.empty(0, dtype=torch.long)
    pointers = Later(lambda: offsets_of(sent()))
    transpose = Transpose(none, none).put_off(rows=rows, degrees=sent, pointers=pointers)
    later["pointers"] = Later(lambda: offsets_of(degrees()))
    later["receivers"] = Later(lambda: torch.repeat_interleave(degrees()))
    edges = EdgeList(none, none, None, num_nodes, num_nodes, none, whole, transpose).put_off(**later)
    has_loops = about.flag("loops")
    edges.remember("has_loops", lambda: has_loops)
    if not has_loops:
        edges.remember("loop_counts", lambda: None)
    graph = Graph.of_edges(sizes, edges)
    graph.remember("edge_offsets", lambda: ends)
    graph.remember("order_in_items", lambda: in_items)
    return graph


KINDS: dict[str, tuple[Callable[..., dict[str, Any]], Callable[[Description, str, Opened], Any]]] = {
    "Chain": (_lattice, _read_lattice),
    "Grid": (_lattice, _read_lattice),
    "SparseGrid": (_sparse, _read_sparse),
    "Set": (_set, _read_set),
    "Graph": (_graph, _read_graph),
    "Product": (_product, _read_product),
}
"""How each kind is described, and how it is put together again."""
