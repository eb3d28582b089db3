"""SciPy's sparse matrices, arrays, and anything that speaks DLPack."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse
import torch
from torch_geometric.utils import from_scipy_sparse_matrix

import geonets as gn


class Foreign:
    """An array of another library: all that it shares is DLPack."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor = tensor

    def __dlpack__(self, **options: Any) -> Any:
        return self.tensor.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.tensor.__dlpack_device__()


@pytest.mark.parametrize("form", ["coo_array", "csr_array", "csc_matrix", "lil_array", "dok_array", "coo_matrix"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool"])
def test_a_matrix_and_back(form: str, dtype: str) -> None:
    dense = np.random.default_rng(0).integers(0, 3, (5, 5)).astype(dtype)
    matrix = getattr(scipy.sparse, form)(dense)
    found = gn.from_scipy(matrix, x=torch.randn(5, 2))
    back = gn.to_scipy(found, weight=False if dtype == "bool" else "edge_weight")
    assert back.dtype == matrix.dtype and np.array_equal(back.toarray(), dense)
    index, weight = from_scipy_sparse_matrix(matrix)
    links = found.topology.links
    ends = torch.stack([links.in_input_order(links.senders), links.in_input_order(links.receivers)])
    assert torch.equal(ends, index)
    assert dtype == "bool" or torch.equal(links.in_input_order(found.edges["edge_weight"]), weight)


def test_stored_zeros_and_repeated_entries_are_edges() -> None:
    matrix = scipy.sparse.coo_array(
        (np.array([0.0, 1.0, 2.0]), (np.array([0, 1, 1]), np.array([1, 0, 0]))), shape=(3, 3)
    )
    found = gn.from_scipy(matrix)
    assert found.topology.links.num_edges == 3 and found.num_nodes == 3
    assert gn.to_scipy(found).data.tolist() == [0.0, 1.0, 2.0]


def test_several_matrices_are_several_items() -> None:
    parts = [scipy.sparse.eye_array(count).tocsr() for count in (2, 0, 3)]
    found = gn.from_scipy(parts, x=[torch.randn(count, 1) for count in (2, 0, 3)], y=[0, 1, 0])
    assert found.topology.node_counts.tolist() == [2, 0, 3]
    assert [matrix.shape for matrix in gn.to_scipy(found, weight="edge_weight")] == [(2, 2), (0, 0), (3, 3)]


def test_another_field_can_be_the_entries() -> None:
    ring = gn.graph(torch.tensor([[2, 0, 1], [0, 1, 2]]), edges={"length": torch.tensor([1.0, 2.0, 3.0])})
    assert gn.to_scipy(ring, weight="length").toarray()[2, 0] == 1.0
    assert gn.to_scipy(gn.chain(torch.zeros(1, 3, 1)), weight=False).toarray().sum() == 4


def test_arrays_share_their_memory_where_they_can() -> None:
    array = np.zeros((2, 3, 1), dtype=np.float32)
    shared = gn.chain(array)
    array[0, 0] = 5
    assert shared.x[0, 0] == 5


@pytest.mark.parametrize(
    "array",
    [
        np.broadcast_to(np.arange(6.0), (2, 6)).reshape(2, 6, 1),
        np.arange(6.0).reshape(1, 6, 1)[:, ::-1],
        np.arange(6.0).reshape(1, 6, 1).astype(">f8"),
        np.asfortranarray(np.arange(12.0).reshape(2, 3, 2)),
    ],
    ids=["read-only", "backwards", "other byte order", "columns first"],
)
def test_arrays_that_torch_cannot_share_are_copied(array: Any) -> None:
    array.flags.writeable = False
    assert np.array_equal(gn.chain(array).x, array.reshape(-1, array.shape[-1]))
    assert np.array_equal(gn.chain(list(array)).x, array.reshape(-1, array.shape[-1]))


@pytest.mark.parametrize(("width", "dtype"), [(16, torch.int32), (32, torch.int64), (64, torch.int64)])
def test_unsigned_numbers_become_signed_ones_that_hold_them(width: int, dtype: torch.dtype) -> None:
    array = np.array([[[0], [2 ** min(width, 63) - 1]]], dtype=f"uint{width}")
    for given in (array, Foreign(torch.from_numpy(array))):
        found = gn.chain(given)
        assert found.x.dtype == dtype and found.x.flatten().tolist() == array.flatten().tolist()
        assert found[torch.tensor([0])].num_nodes == 2
    with pytest.raises(gn.errors.DtypeError, match="beyond 63 bits"):
        gn.chain(np.array([[[2**63]]], dtype=np.uint64))


def test_whatever_speaks_dlpack_is_taken_without_a_copy() -> None:
    tensor = torch.randn(2, 5, 3)
    assert gn.chain(Foreign(tensor)).x.data_ptr() == tensor.data_ptr()
    assert torch.equal(gn.points([Foreign(tensor[0])]).pos, tensor[0])
    assert np.from_dlpack(gn.chain(tensor).x).shape == (10, 3)  # and given, as every tensor is
