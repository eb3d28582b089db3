"""Messages of saving and loading: files that are damaged, forged, or of another program."""

from __future__ import annotations

import gzip
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from every_layer.structures import graph, grid, sparse
from forging import forged, raw

import geonets as gn
from geonets.core.topology.base import Topology
from geonets.data.storage import checksums
from geonets.data.storage.checksums import NAME
from messages.things import level

FOLDER = Path(tempfile.mkdtemp())
ROWS = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
ROWS_OF_TWO = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
MORE = {**ROWS, "data_offsets": [4, 8]}
PAIRS = {"kind": "Set", "sizes": {"items": 1, "axes": 1, "nodes": 2, "size": [2]}}


def odd() -> Any:
    """A structure on a topology of one's own."""
    kind = type("Odd", (Topology,), {name: gn.Set.__dict__[name] for name in ("sizes", "links", "select", "join")})
    topology = object.__new__(kind)
    topology.__dict__["set_sizes"] = gn.Set(2).sizes
    return gn.Structure(topology)


def named(**entries: Any) -> Path:
    return raw(entries, b"\0" * 8)


def load_of(structure: gn.Structure, change: Any, use: Callable[[gn.Structure], Any] = lambda s: s) -> Any:
    return lambda: use(gn.load(forged(structure, change)))


def put(*keys: Any, value: Any) -> Any:
    """A change of the description."""

    def change(about: Any, _: Any) -> None:
        for key in keys[:-1]:
            about = about[key]
        about[keys[-1]] = value

    return change


def number(name: str, place: Any, value: Any) -> Any:
    """A change of one number."""
    return lambda _, tensors: tensors[name].__setitem__(place, value)


def tensor(name: str, value: Any) -> Any:
    """A change of a whole tensor; None takes it away."""
    return lambda _, tensors: tensors.pop(name) if value is None else tensors.__setitem__(name, value)


def flipped(name: str, use: Callable[[gn.Structure], Any]) -> Any:
    """A bit flipped in a tensor of a sound file."""

    def action() -> Any:
        path = forged(TYPED, lambda about, tensors: None)
        content = bytearray(path.read_bytes())
        length = int.from_bytes(content[:8], "little")
        start = json.loads(content[8 : 8 + length])[name]["data_offsets"][0]
        content[8 + length + start] ^= 4
        path.write_bytes(content)
        return use(gn.load(path))

    return action


def cut_while_open() -> Any:
    path, large = FOLDER / "cut.geonets", checksums.LARGE
    gn.save(gn.Structure(gn.Set([5, 9000]), {"x": torch.zeros(9005)}), path)
    checksums.LARGE = 1000
    try:
        opened = gn.load(path)
        assert opened[[1, 1]].num_nodes == 18_000
        os.truncate(path, 1 << 14)
        return opened[[1, 1]]
    finally:
        checksums.LARGE = large


def written(content: bytes) -> Path:
    path = Path(tempfile.mkdtemp(), "some.geonets")
    path.write_bytes(content)
    return path


def suffixed(suffix: str, content: bytes) -> Path:
    path = written(content).with_suffix(suffix)
    path.write_bytes(content)
    return path


def zipped() -> Path:
    gn.save(CHAIN, FOLDER / "zip.geonets")
    return suffixed(".geonets.gz", gzip.compress((FOLDER / "zip.geonets").read_bytes()))


def torch_saved() -> Path:
    path = FOLDER / "weights.pt"
    torch.save({"weight": torch.zeros(2)}, path)
    return path


def version(words: dict[str, str]) -> Any:
    """A file with other words in its metadata."""

    def action() -> Any:
        path = FOLDER / "other.geonets"
        gn.save(gn.chain(torch.zeros(1, 2, 1)), path)
        content = path.read_bytes()
        length = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + length])
        header["__metadata__"] |= words
        return gn.load(raw(header, content[8 + length :]))

    return action


def sharded(index: bytes | None = None, **changes: Any) -> Path:
    """A folder of two files whose index is another, or says something else."""
    folder = Path(tempfile.mkdtemp())
    gn.save(CHAIN, folder, shard=1)
    about = json.loads((folder / "index.json").read_text())
    (folder / "index.json").write_bytes(index or json.dumps({**about, **changes}).encode())
    return folder


TYPED = graph([3, 5, 4], 0)
IMAGES, MASKED = grid([3, 2, 4], 0), sparse([3, 2, 4], 0)
NAMED = gn.chain([torch.zeros(2, 1), torch.zeros(3, 1)]).replace(meta=[{"a": 1}, {"a": 2}])
MOVING = gn.Structure(gn.Product(gn.Chain([2, 3]), gn.Set([2, 1])))
FACES = level()
CHAIN = gn.chain(torch.zeros(2, 3, 1))


def first(structure: gn.Structure) -> Any:
    return structure[[0, 1]]


def transposed(structure: gn.Structure) -> Any:
    return structure[[0, 1]].topology.links.transpose


CASES: list[tuple[str, Any]] = [
    # the header
    ("must begin with 8 bytes.*got 0 bytes .*byte 0", lambda: gn.load(written(b""))),
    ("must exist; got no such file .*nowhere", lambda: gn.load("nowhere")),
    ("must have a header of at most 20 bytes; got", lambda: gn.load(named(w=ROWS), max_header=20)),
    ("must have the .* bytes of header that it announces", lambda: gn.load(written(b"\xff\0\0\0\0\0\0\0{}"))),
    ("must have metadata of words only", lambda: gn.load(named(__metadata__={"a": 1}))),
    ("must name everything in its header once; got 'w' twice", lambda: gn.load(raw(b'{"w": {}, "w": {}}'))),
    ("must have a header that is JSON; got", lambda: gn.load(raw(b"{w}"))),
    ("must have a header that names tensors; got list", lambda: gn.load(raw(b"[]"))),
    ("must give each tensor a dtype.*tensor w", lambda: gn.load(named(w={"dtype": "F32"}))),
    ("must have tensors of one of BOOL.*got 'F7' .*tensor w", lambda: gn.load(named(w={**ROWS, "dtype": "F7"}))),
    ("must have a shape and two offsets.*tensor w", lambda: gn.load(named(w={**ROWS, "shape": [-1]}))),
    ("must end with its tensors.*tensor w", lambda: gn.load(named(w={**ROWS, "data_offsets": [0, 99]}))),
    ("must have the 8 bytes that F32 of shape .2. takes; got 4", lambda: gn.load(named(w={**ROWS, "shape": [2]}))),
    ("must hold its tensors one after.*hole", lambda: gn.load(named(w={**ROWS, "data_offsets": [4, 8]}))),
    ("must hold its tensors one after.*overlap.*tensor w", lambda: gn.load(named(v=ROWS, w=ROWS))),
    ("must end with its last tensor; got 4 more bytes .*tensor w", lambda: gn.load(named(w=ROWS))),
    # what it is
    ("must be written by gn.save; got a safetensors file of another", lambda: gn.load(named(w=ROWS, v=MORE))),
    ("must be of version 1 of the schema; got version 9", version({"geonets": "9"})),
    ("must have the header that was written; got another", version({"structure": "{}"})),
    (
        "must have 2 checksums of type torch.uint64; got",
        lambda: gn.load(raw({NAME: ROWS, "v": MORE, "__metadata__": {"geonets": "1"}}, bytes(8))),
    ),
    ("must hold what it describes; got no such tensor .*nodes/x", load_of(CHAIN, tensor("nodes/x", None))),
    ("must have shape .6,. there; got", load_of(CHAIN, tensor("nodes/x", torch.zeros(7, 1)))),
    (
        "must have torch.int64 of shape .*senders",
        load_of(TYPED, lambda _, tensors: tensors.update({"topology/senders": tensors["topology/senders"].int()})),
    ),
    ("must describe all that it holds; got a tensor that is not .*odd", load_of(CHAIN, tensor("odd", torch.zeros(1)))),
    ("must have offsets from 0 to 12, ascending", load_of(TYPED, number("topology/offsets", 1, 99))),
    # what it says
    ("must describe an object there; got 3", load_of(CHAIN, put("topology", "sizes", value=3))),
    ("must describe its topology there", load_of(CHAIN, lambda about, _: about.pop("topology"))),
    ("must describe a count there; got -1", load_of(CHAIN, put("topology", "sizes", "items", value=-1))),
    ("must describe one of Chain, .* at most 8 deep there", load_of(CHAIN, put("topology", "kind", value="Tree"))),
    ("must describe sizes along 1 axes", load_of(CHAIN, put("topology", "sizes", "axes", value=2))),
    ("must describe 2 x .3. nodes there; got 7", load_of(CHAIN, put("topology", "sizes", "nodes", value=7))),
    ("must have sizes that make up its nodes.*item 1", load_of(IMAGES, number("topology/sizes", (1, 1), 9))),
    ("must describe whether each axis is periodic", load_of(IMAGES, put("topology", "periodic", value=[True]))),
    (
        "must describe a lattice of 3 items there",
        load_of(MASKED, put("topology", "lattice", value=PAIRS)),
    ),
    (
        "must describe factors of as many items",
        load_of(MOVING, put("topology", "first", value=PAIRS)),
    ),
    ("must describe an order that is given", load_of(TYPED, put("topology", "order", value="none"))),
    ("must describe no fields of edges where", load_of(gn.points([torch.zeros(2, 3)]), put("edges", value=["w"]))),
    (
        "must describe a field y on one level",
        load_of(CHAIN, lambda a, _: (a["nodes"].append("y"), a.update(globals=["y"]))),
    ),
    (
        "must describe node_ids that are integers",
        load_of(FACES, tensor("levels/faces/vertices", torch.zeros(1, 3))),
    ),
    ("must describe node_ids among its fields", load_of(FACES, put("levels", "faces", "node_ids", value=["odd"]))),
    # what is in it
    ("must be as it was saved; got other bytes.*nodes/x", flipped("nodes/x", lambda s: s.x)),
    ("must name nodes of its own item.*senders, item 0", load_of(TYPED, number("topology/senders", 0, 4), first)),
    ("must count the edges of every item.*item 1", load_of(TYPED, number("topology/degrees", 5, 99), first)),
    ("must count the edges.*degrees, item 0", load_of(TYPED, number("topology/degrees", slice(0, 3), 0), first)),
    ("must name edges of its own item", load_of(TYPED, number("topology/transpose/rows", 0, 7), transposed)),
    ("must have types of edges that are not neg", load_of(TYPED, number("topology/edge_type", 0, -1), first)),
    (
        "must hold places of its lattice.*item 0",
        load_of(MASKED, number("topology/places", 0, torch.tensor([0, 9])), first),
    ),
    (
        "must hold places of its lattice",
        load_of(MASKED, number("topology/places", slice(0, 2), torch.tensor([0, 0])), first),
    ),
    (
        "must name nodes of its own item.*vertices",
        load_of(FACES, number("levels/faces/vertices", 0, 3), lambda s: s[0]),
    ),
    ("must be as long as when it was opened; got fewer bytes", cut_while_open),
    (
        "must have a JSON object for every item; got b'.*meta of item 1",
        load_of(NAMED, number("meta/text", -1, 65), lambda s: list(s.meta or ())),
    ),
    ("`budget` must be at least the size", lambda: gn.BudgetSampler(range(2), CHAIN.topology.node_counts, 2)),
    # other programs' files
    ("must hold the array b; got a .*all arrays", lambda: gn.read(named(a=ROWS_OF_TWO), fields=["b"])),
    ("must be of a format that cannot run code.*got a pickle.*byte 0", lambda: gn.read(suffixed(".pkl", b"\x80\4."))),
    ("must be of a format that cannot run code.*got a damaged archive.*end", lambda: gn.read(suffixed(".pt", b"PK"))),
    ("must be of a format that cannot.*got an archive .*data.pkl, byte 0", lambda: gn.read(torch_saved())),
    ("must not be compressed, to be mapped; got a .gz file", lambda: gn.read(zipped())),
    # folders
    ("must be a folder of shards; got no index.json", lambda: gn.load(FOLDER)),
    ("must have an index of at most", lambda: gn.load(sharded(index=b" " * 100_000_001))),
    ("must describe an object there", lambda: gn.load(sharded(index=b"[1, 2"))),
    ("must describe version 1, and one count", lambda: gn.load(sharded(items=[2]))),
    ("must describe files of its own folder", lambda: gn.load(sharded(files=["../a", "b"]))),
    ("must name files that are there", lambda: gn.load(sharded(files=["a", "b"]))[0]),
    ("must name files of 9 items; got 1", lambda: gn.load(sharded(items=[9, 1]))[0]),
    ("`shard` must be at least 1; got 0", lambda: gn.save(CHAIN, FOLDER / "b", shard=0)),
    ("`structure` must hold at least one", lambda: gn.save([], FOLDER / "b", shard=1)),
    # what cannot be saved
    ("`shard` must say how many items a file holds", lambda: gn.save([CHAIN], FOLDER / "a")),
    ("`meta` must be JSON-able.*item 0", lambda: gn.save(CHAIN.replace(meta=[{"a": {1}}, {}]), FOLDER / "a")),
    ("`meta` must be JSON-able.*item 1", lambda: gn.save(CHAIN.replace(meta=[{}, {"a": (1, 2)}]), FOLDER / "a")),
    (
        "`nodes/x` must be a dense tensor of one of torch.bool.*got torch.complex128",
        lambda: gn.save(gn.Structure(gn.Set(2), {"x": torch.zeros(2, dtype=torch.complex128)}), FOLDER / "a"),
    ),
    ("`structure` must be on one of Chain, Grid.*got Odd", lambda: gn.save(odd(), FOLDER / "a")),
]
