"""Recipes: data sets that no single format describes, from the files of each part to structures.

A recipe takes the files of each part by name, and options; it returns the items, the rows of the parts that it tells
apart, and notes.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from geonets.core.packages import require
from geonets.core.structure import Structure, batch
from geonets.core.topology import Chain
from geonets.data.catalog import rain, shapes
from geonets.data.constructors import chain, grid, points
from geonets.data.readers.read import read_source
from geonets.data.readers.source import Source
from geonets.data.readers.text import read_text

Files = dict[str, list[tuple[str, Path]]]
Made = tuple[Structure, dict[str, list[list[int]]], dict[str, Any]]


def karate(files: Files) -> Made:
    """Zachary's karate club from NetworkX: two members are labelled, the others are asked."""
    from geonets.data.interop import from_networkx

    graph = require("networkx").karate_club_graph()
    clubs = [graph.nodes[node]["club"] for node in graph]
    for node in graph:
        graph.nodes[node].clear()
    ties = from_networkx(graph)
    y = torch.tensor([int(club == "Officer") for club in clubs])
    full = ties.replace(nodes={"x": torch.eye(len(clubs)), "y": y})
    return full, {"train": [[0, 1], [33, 34]], "test": [[1, 33]]}, {"classes": ["Mr. Hi", "Officer"]}


def digits(files: Files) -> Made:
    """The 8 x 8 digits that come with scikit-learn."""
    table = np.loadtxt(files["all"][0][1], delimiter=",", dtype=np.float32)
    images = torch.from_numpy(table[:, :64].reshape(-1, 8, 8, 1) / 16)
    return grid(images, y=torch.from_numpy(table[:, 64].astype(np.int64))), {}, {}


def solids(files: Files, *, per_solid: int = 100, num_points: int = 128, seed: int = 0) -> Made:
    """Points on the surfaces of six solids, turned about z, scaled and shaken."""
    return shapes.clouds(per_solid, num_points, seed), {}, {"classes": list(shapes.solids())}


def mnist(files: Files) -> Made:
    """Images and labels of each part, which are files of their own."""
    parts = []
    for named in files.values():
        images, labels = (next(path for name, path in named if word in name) for word in ("images", "labels"))
        parts.append(read_source(Source(images), format="idx", labels=labels))
    return batch(parts), dict(zip(files, _spans(map(len, parts)), strict=True)), {}


def nci(files: Files) -> Made:
    """Lines of a SMILES string and its polar surface area, behind a line of remarks; impossible atoms are left out."""
    from geonets.data.interop import molecule

    rows = [line.rsplit(",", 1) for line in _lines(files) if line and not line.startswith("#")]
    y = torch.tensor([float(area) for _, area in rows])
    molecules, left_out = molecule([smiles for smiles, _ in rows], y=y, on_error="skip")
    return molecules, {}, {"skipped": [str(error) for error in left_out]}


def chembl(files: Files) -> Made:
    """A list of molecules and a table of their activities, joined by their numbers."""
    from geonets.data.interop import molecule

    molecules, table = (path.read_text() for _, path in sorted(files["all"], key=lambda named: named[0]))
    activity = dict(line.split(",") for line in table.splitlines()[1:])
    rows = [line.split() for line in molecules.splitlines()]
    y = torch.tensor([float(activity[number]) for _, number in rows])
    return molecule([smiles for smiles, _ in rows], y=y), {}, {}


def characters(files: Files, *, fractions: Sequence[float]) -> Made:
    """One text as chains of characters, cut in the order of reading; `x` counts the characters that occur."""
    text = read_text(Source(files["all"][0][1]))
    assert text.meta is not None
    stops = [round(share * text.num_nodes) for share in itertools.accumulate(fractions)]
    pieces = torch.tensor_split(text.x[:, None], stops[:-1])
    spans = {"train": [[0, 1]], "val": [[1, 2]], "test": [[2, 3]]}
    return chain(list(pieces)), spans, {"words": list(text.meta[0]["alphabet"])}


def babi(files: Files) -> Made:
    """Each question as a chain of words: those of all sentences before it, and its own, which come last."""
    asked = {part: [item for _, path in named for item in _questions(path)] for part, named in files.items()}
    everything = [item for items in asked.values() for item in items]
    words = sorted({word for item in everything for sentence in item["sentences"] for word in sentence})
    classes = sorted({item["answer"] for item in everything})
    number, kind = {word: n for n, word in enumerate(words)}, {answer: n for n, answer in enumerate(classes)}
    x = [torch.tensor([[number[w]] for sentence in item["sentences"] for w in sentence]) for item in everything]
    where = [torch.tensor([n for n, s in enumerate(item["sentences"]) for _ in s]) for item in everything]
    meta = [{"question": " ".join(item["sentences"][-1]), "answer": item["answer"]} for item in everything]
    y = torch.tensor([kind[item["answer"]] for item in everything])
    stories = chain(x, y=y, meta=meta, nodes={"sentence": torch.cat(where)})
    spans = dict(zip(asked, _spans(map(len, asked.values())), strict=True))
    return stories, spans, {"words": words, "classes": classes}


def weather(files: Files, *, columns: Sequence[str], val: str, test: str) -> Made:
    """Days as chains, one for each station and part; `day` counts from 1970."""
    whole = rain.stations(files["all"][0][1], columns)
    names = [record["station"] for record in whole.meta or ()]
    whole = whole[sorted(range(len(names)), key=names.__getitem__)]
    count, limits = len(whole), torch.tensor([rain.day_number(val), rain.day_number(test)])
    part = torch.bucketize(whole.nodes["day"], limits, right=True)
    chains = part * count + whole.topology.item_ids
    order, lengths = chains.argsort(stable=True), chains.bincount(minlength=3 * count)
    kept = lengths.nonzero()[:, 0]
    meta = [{"station": sorted(names)[number % count]} for number in kept.tolist()]
    days = Structure(Chain(lengths[kept]), {name: rows[order] for name, rows in whole.nodes.items()}, meta=meta)
    counts = (kept // count).bincount(minlength=3).tolist()
    return days, dict(zip(("train", "val", "test"), _spans(counts), strict=True)), {"columns": list(columns)}


def shapenet_part(files: Files) -> Made:
    """Clouds with normals and the part of each point; lists say which of them train, validate and test."""
    found = {f"{path.parent.name}/{path.stem}": path for _, path in files["all"] if path.parent.name.isdigit()}
    parts = {part: [_after_slash(name) for name in json.loads(files[part][0][1].read_text())] for part in PARTS}
    names = [name for listed in parts.values() for name in listed]
    kinds = sorted({name.partition("/")[0] for name in names})
    tables = [np.array(found[name].read_text().split(), np.float32).reshape(-1, 7) for name in names]
    category = torch.tensor([kinds.index(name.partition("/")[0]) for name in names])
    part_of = torch.from_numpy(np.concatenate([table[:, 6] for table in tables]).astype(np.int64))
    clouds = points(
        [torch.from_numpy(table[:, :3]) for table in tables],
        x=[torch.from_numpy(table[:, 3:6]) for table in tables],
        nodes={"y": part_of},
        globals={"category": category},
        meta=[{"name": name} for name in names],
    )
    return clouds, dict(zip(parts, _spans(map(len, parts.values())), strict=True)), {"categories": kinds}


PARTS = ("train", "val", "test")


def _after_slash(name: str) -> str:
    """`02691156/abc` of `shape_data/02691156/abc`."""
    return "/".join(name.split("/")[-2:])


def _lines(files: Files) -> list[str]:
    return Source(files["all"][0][1]).lines


def _spans(counts: Any) -> list[list[list[int]]]:
    """The span of each of several parts that follow one another."""
    stops = list(itertools.accumulate(counts))
    return [[[start, stop]] for start, stop in zip([0, *stops], stops, strict=False)]


def _questions(path: Path) -> Iterator[dict[str, Any]]:
    told: list[list[str]] = []
    for line in Source(path).lines:
        number, _, rest = line.partition(" ")
        told = [] if number == "1" else told
        sentence, *answer = rest.split("\t")
        words = re.findall(r"\w+", sentence.lower())
        if answer:
            yield {"sentences": [*told, words], "answer": answer[0].strip().lower()}
        else:
            told.append(words)
