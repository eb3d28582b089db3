"""HDF5, read by h5py: every dataset of the file itself, found without following a link that may lead out of it."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
from h5py import h5o  # type: ignore

MOST_OBJECTS, MOST_DEPTH, BEST_RATIO = 100_000, 64, 1032
"""How many groups and datasets, how deep; how much smaller deflate can make an array at best."""

Wrong = list[str]
"""What `Source.error` takes: rule, what was found, place, what to do."""


def answer(path: str, fields: list[str] | None, most: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The datasets by their paths, and the attributes that JSON can hold."""
    with h5py.File(path, "r", locking=False) as file:
        found, wrong = datasets(file)
        chosen = found if fields is None else {name: found[name] for name in fields if name in found}
        total = 0
        for name, dataset in chosen.items():
            wrong = wrong or unreadable(name, dataset)
            total += 0 if wrong else dataset.nbytes
        if total > most:
            wrong = wrong or [f"have arrays of at most {most} bytes", f"{total}", "all arrays", "Raise max_bytes."]
        if wrong:
            return {"wrong": wrong}, {}
        attributes = {"/": plain(file)} | {name: plain(dataset) for name, dataset in chosen.items()}
        facts = {"found": list(found), "attributes": {name: held for name, held in attributes.items() if held}}
        return facts, {name: dataset[()] for name, dataset in chosen.items()}


def datasets(file: Any) -> tuple[dict[str, Any], Wrong]:
    """Every dataset that hard links lead to; soft links are further names of these."""
    found: dict[str, Any] = {}
    seen = {place_of(file)}
    waiting = [("", file, 0)]
    while waiting:
        path, group, depth = waiting.pop()
        inside = []
        for key in group:
            name = f"{path}{key}"
            link = group.get(key, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                got = f"a link to {link.filename!r}"
                return {}, ["be complete in itself", got, name, "Copy what it links to into the file."]
            if not isinstance(link, h5py.HardLink):
                continue
            if len(seen) + len(found) > MOST_OBJECTS or depth > MOST_DEPTH or not name.isprintable():
                rule = f"have at most {MOST_OBJECTS} named objects, {MOST_DEPTH} groups deep"
                return {}, [rule, "others", repr(name), "Write the arrays into a simpler file."]
            member = group[key]
            address = place_of(member)
            if isinstance(member, h5py.Dataset):
                found[name] = member
            elif isinstance(member, h5py.Group) and address not in seen:
                seen.add(address)
                inside.append((f"{name}/", member, depth + 1))
        waiting += reversed(inside)
    return found, []


def place_of(thing: Any) -> int:
    """Where in the file a group or dataset stands: the same for all its names."""
    return h5o.get_info(thing.id).addr


def unreadable(name: str, dataset: Any) -> Wrong:
    """Why the content of a dataset is not to be read, or nothing."""
    if dataset.is_virtual or dataset.external:
        return ["be complete in itself", "a dataset whose content is in other files", name, "Copy it into the file."]
    if dataset.shape is None:
        return ["hold arrays", "a dataset without a shape", name, "Leave it out: read(path, fields=(...))."]
    if dataset.dtype.hasobject:
        return ["hold numbers", f"{dataset.dtype}", name, "Leave it out: read(path, fields=(...))."]
    stored = dataset.id.get_storage_size()
    if dataset.nbytes > BEST_RATIO * stored:
        rule = f"hold the {dataset.nbytes} bytes that it announces"
        return [rule, f"{stored}", name, "Write it again, or leave it out: read(path, fields=(...))."]
    return []


def plain(thing: Any) -> dict[str, Any]:
    """The attributes that JSON can hold."""
    held = {}
    for name, value in thing.attrs.items():
        if isinstance(value, bytes):
            held[name] = value.decode(errors="replace")
        elif isinstance(value, np.ndarray | np.generic) and value.size <= 1000 and value.dtype.kind in "biufU":
            held[name] = value.tolist()
        elif isinstance(value, str):
            held[name] = value
    return held
