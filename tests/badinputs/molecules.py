"""Molecules, as strings and files."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import geonets as gn

READY = ("smiles", "sdf", "pdb", "xyzmol")


def of_string(case: dict[str, Any]) -> gn.Structure:
    text: Any = case["literal"]
    chain = text.removeprefix("'C'*")
    return gn.molecule("C" * int(chain) if chain != text else ast.literal_eval(text))


ACTIONS = {"smiles": of_string}


def has(atoms: int, bonds: int) -> Callable[[gn.Structure], bool]:
    return lambda s: len(s) == 1 and s.num_nodes == atoms and s.topology.links.num_edges == 2 * bonds


CHECKS: dict[str, Callable[[Any], bool]] = {
    "smiles/control": has(3, 2),
    "smiles/long_chain": has(100_000, 99_999),
    "smiles/star": has(1, 0),
    "sdf/one_atom": has(1, 0),
    "sdf/control3": has(3, 2),
    "pdb/control": lambda s: s.num_nodes == 4 and s.pos[3, 0] == 11.4,
    "pdb/nonutf8": lambda s: s.num_nodes == 4 and s.pos[3, 0] == 11.4,
    "xyzmol/control": lambda s: s.x[:, 0].tolist() == [8, 1, 1] and s.pos[1, 0] == 0.96,
}
