"""Counts that no memory holds cost nothing, or are refused: in a process that may have 4 GiB, nothing runs out of them."""

from __future__ import annotations

import subprocess
import sys

import pytest

SMALL_HOUSE = """
import resource
import torch
import geonets as gn

resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
edges, huge = torch.tensor([[0], [1]]), 10**15
"""
QUESTION = """
try:
    print(repr({what}))
except gn.errors.GeonetsError as error:
    print(type(error).__name__, error)
"""

CHEAP = {
    "gn.Set(huge)": "Set(1 item of 1000000000000000 nodes)",
    "gn.Set(3, huge)": "Set(1000000000000000 items of 3 nodes)",
    "gn.Set(torch.tensor([huge]))": "Set(1 item of 1000000000000000 nodes)",
    "gn.Chain(huge)": "Chain(1 item of 1000000000000000 nodes along (time))",
    "gn.Grid((10**7, 10**8))": "Grid(1 item of 10000000 x 100000000 nodes along (y, x))",
    "gn.Structure(gn.Set(3, huge))[5].topology": "Set(1 item of 3 nodes)",
    "gn.Product(gn.Chain(huge), gn.Set(3))": "Product(1 item of 1000000000000000 x 3 nodes: Chain x Set)",
}

REFUSED = {
    "gn.Graph(edges[0], edges[1], huge)": "`num_nodes` must be a number that memory has room for",
    "gn.Graph(edges[0], edges[1], 2**30)": "`num_nodes` must be a number that memory has room for",
    "gn.graph(edges, num_nodes=huge)": "`num_nodes` must be a number that memory has room for",
    "gn.graph(huge * edges)": "`num_nodes` must be a number that memory has room for",
    "gn.points(torch.zeros(2, 3), batch=torch.tensor([0, 1]), num_items=huge)": "`num_items` must be a number",
    "gn.Set(3, huge).node_counts": "`num_items` must be a number",
    "gn.Chain(huge).links": "`num_nodes` must be a number",
    "gn.Grid((huge, huge))": "`sizes` must have fewer than 2**63 nodes",
    "gn.Grid(torch.tensor([[2**32, 2**32], [1, 1]]))": "`sizes` must have fewer than 2**63 nodes",
    "gn.Set(torch.tensor([2**62, 2**62, 2**62, 2**61 + 2**62]))": "`sizes` must have fewer than 2**63 nodes",
    "gn.voxels([torch.tensor([[0, 0, 0], [huge, huge, huge]])])": "`sizes` must have fewer than 2**63 nodes",
    "gn.Structure(gn.Chain(huge), {'x': torch.zeros(3, 1)})": "`nodes['x']` must have 1000000000000000 rows",
}


def said(cases: dict[str, str]) -> list[str]:
    """What a process says of each, one line a case."""
    program = SMALL_HOUSE + "".join(QUESTION.replace("{what}", case) for case in cases)
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no RLIMIT_AS")
def test_a_count_that_needs_no_rows_costs_nothing() -> None:
    assert said(CHEAP) == list(CHEAP.values())


@pytest.mark.skipif(sys.platform == "win32", reason="there is no RLIMIT_AS")
def test_a_count_that_memory_cannot_hold_is_refused() -> None:
    for line, (case, text) in zip(said(REFUSED), REFUSED.items(), strict=True):
        assert line.startswith(("StructureError", "ShapeError")) and text in line, (case, line)
