"""Features kept sparse are the same features: their layers give what they give on dense ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from every_layer.structures import papers

import geonets as gn


def words(counts: list[int], seed: int) -> gn.Structure:
    """A graph whose `x` is mostly zero, and the same as a level."""
    structure = papers(counts, seed)
    return structure.replace(x=structure.x * (structure.x > 0.3))


PAIRS = {
    "Linear": (lambda: gn.nn.Linear(4, 3).double(), lambda: gn.nn.SparseLinear(4, 3, "words").double()),
    "GCNConv": (lambda: gn.nn.GCNConv(4, 3).double(), lambda: gn.nn.GCNConv(4, 3, level="words").double()),
}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("counts", [[5, 0, 3, 1], [4], [0], [], [2, 2]])
def test_as_on_dense_features(name: str, counts: list[int]) -> None:
    dense, sparse = (build() for build in PAIRS[name])
    sparse.load_state_dict(dense.state_dict())
    structure = words(counts, 0)
    expected, found = dense(structure).x, sparse(structure.replace(x=None)).x
    torch.testing.assert_close(found, expected, atol=1e-12, rtol=1e-12)
    of_dense, of_sparse = (
        torch.autograd.grad(rows.square().sum(), list(layer.parameters()))
        for rows, layer in ((expected, dense), (found, sparse))
    )
    torch.testing.assert_close(of_sparse, of_dense, atol=1e-12, rtol=1e-12)
    with gn.reference():
        torch.testing.assert_close(sparse(structure).x, expected, atol=1e-12, rtol=1e-12)


def test_values_learn() -> None:
    structure, layer = words([3, 2], 1), gn.nn.SparseLinear(4, 2, "words").double()
    x = structure.x.clone().requires_grad_()
    of_x = torch.autograd.grad(layer(gn.keep_sparse(structure, x, "words")).x.sum(), x)[0]
    torch.testing.assert_close(of_x, layer.weight.sum(0).expand_as(x) * (x != 0))


def test_entries_go_with_their_nodes(tmp_path: Path) -> None:
    structure, layer = words([3, 2, 4], 2), gn.nn.SparseLinear(4, 2, "words").double()
    whole = layer(structure)
    for items in ([1, 0], [2], slice(1, 3)):
        torch.testing.assert_close(layer(structure[items]).x, whole[items].x)
    torch.testing.assert_close(layer(gn.batch([structure[2], structure[:2]])).x, whole[[2, 0, 1]].x)
    kept = torch.tensor([True, False, True] * 3)
    torch.testing.assert_close(layer(structure.nodes_where(kept)).x, whole.x[kept])
    gn.save(structure, tmp_path / "papers.geonets")
    torch.testing.assert_close(layer(gn.load(tmp_path / "papers.geonets")).x, whole.x)


@pytest.mark.filterwarnings("ignore:Sparse CSR")
def test_any_layout() -> None:
    structure = words([3, 2], 3)
    layouts: list[Any] = [structure.x, structure.x.to_sparse_coo(), structure.x.to_sparse_csr()]
    for x in layouts:
        found = gn.keep_sparse(structure, x, "words").levels["words"]
        for name, field in structure.levels["words"].fields.items():
            torch.testing.assert_close(found[name], field)
