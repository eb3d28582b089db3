"""Structures in files: every field, level and record, and the topology below them."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor

from geonets.core.fields import Level
from geonets.core.records import LaterFields, freeze
from geonets.core.structure import Structure
from geonets.core.topology import Set
from geonets.data.storage.description import Description
from geonets.data.storage.header import MAX_HEADER
from geonets.data.storage.laws import between
from geonets.data.storage.opened import VERSION, Opened
from geonets.data.storage.records import StoredRecords, as_tensors
from geonets.data.storage.replacing import replacing
from geonets.data.storage.rows import StoredRows
from geonets.data.storage.topologies import described, rebuilt
from geonets.data.storage.writing import write

INTEGERS = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)
TEXT, STARTS = "meta/text", "meta/offsets"


def taken_apart(structure: Structure) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a structure by name, and the words that say how they belong together.

    Raises:
        DtypeError: if meta is not JSON-able.
        UnsupportedError: if the topology is of a kind that no file can hold.
    """
    tensors: dict[str, Tensor] = {}
    about = {"topology": described(structure.topology, "topology", tensors), "levels": {}}
    for level in ("nodes", "edges", "globals"):
        fields = getattr(structure, level)
        about[level] = list(fields)
        tensors |= {_key(level, name): field for name, field in fields.items()}
    for name, level in structure.levels.items():
        tensors[_key("levels", name)] = level.offsets
        tensors |= {_key("levels", name, field): rows for field, rows in level.fields.items()}
        rows = int(level.offsets[-1])
        about["levels"][name] = {"rows": rows, "fields": list(level.fields), "node_ids": sorted(level.node_ids)}
    if structure.meta is not None:
        tensors[TEXT], tensors[STARTS] = as_tensors(structure.meta)
        about["meta"] = {"bytes": len(tensors[TEXT])}
    return tensors, {"geonets": VERSION, "structure": json.dumps(about)}


def save_file(structure: Structure, path: Path) -> None:
    """Write a structure to a file, in the place of an old one when it is whole."""
    tensors, metadata = taken_apart(structure)
    with replacing(path) as file:
        write(file, tensors, metadata)


def put_together(path: Path, max_header: int = MAX_HEADER) -> Structure:
    """The structure in a file, over its mapped bytes.

    Raises:
        ReadError: if the file is not such a file, or is damaged.
    """
    file = Opened(path, max_header)
    about = Description.of(file.header.metadata.get("structure", ""), "header, structure", file.fault)
    topology = rebuilt(about.part("topology"), "topology", file)
    counts = {"nodes": topology.num_nodes, "globals": topology.num_items, "edges": 0}
    names = {level: about.words(level) for level in ("nodes", "edges", "globals")}
    if names["edges"]:
        if not topology.has_links:
            raise about.error("no fields of edges where there are none", names["edges"], f"{about.place}.edges")
        counts["edges"] = topology.links.num_edges
    if sum("y" in fields for fields in names.values()) > 1:
        raise about.error("a field y on one level only", names, about.place)
    fields = {
        level: LaterFields({name: file.rows(_key(level, name), counts[level]) for name in words})
        for level, words in names.items()
    }
    levels = {name: _level(part, name, file, topology.node_offsets) for name, part in about.parts("levels").items()}
    meta = None
    if "meta" in about.value:
        size = about.part("meta").count("bytes")
        starts = file.offsets(STARTS, topology.num_items, size)
        text = file.rows(TEXT, size, dtype=torch.uint8)
        meta = StoredRecords(text, starts, range(topology.num_items), file.fault)
    file.end()
    return Structure(Set(0))._with(topology=topology, **fields, levels=freeze(levels), meta=meta)


def _level(about: Description, name: str, file: Opened, node_offsets: Tensor) -> Level:
    rows, node_ids = about.count("rows"), frozenset(about.words("node_ids"))
    offsets = file.offsets(_key("levels", name), len(node_offsets) - 1, rows)
    law = between("name nodes of its own item", offsets, node_offsets[:-1], node_offsets[1:])
    fields: dict[str, StoredRows] = {}
    for field in about.words("fields"):
        key = _key("levels", name, field)
        fields[field] = file.rows(key, rows, law=law if field in node_ids else None)
        if field in node_ids and fields[field].dtype not in INTEGERS:
            raise about.error("node_ids that are integers", fields[field].dtype, f"{about.place}.node_ids")
    if not node_ids <= fields.keys():
        raise about.error("node_ids among its fields", sorted(node_ids), f"{about.place}.node_ids")
    level = Level(offsets[1:] - offsets[:-1], LaterFields(fields), node_ids)
    level.remember("offsets", lambda: offsets)
    return level


def _key(*names: str) -> str:
    """The name of a tensor in the file, from which its parts can be told."""
    return "/".join(name.replace("%", "%25").replace("/", "%2F") for name in names)
