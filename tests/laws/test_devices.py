"""Law 7: the same numbers on another device, and page-locked memory; needs a GPU."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from every_layer import CASES, IDS, graph, made

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")


@pytest.mark.parametrize(("name", "draw"), CASES, ids=IDS)
def test_a_layer_on_a_gpu_equals_itself_on_a_cpu(name: str, draw: Any) -> None:
    layer, structure = made(name), draw([4, 0, 3], seed=1)
    expected = layer(structure).x
    found = layer.to("cuda")(structure.to("cuda"))
    assert found.x.device.type == found.topology.device.type == "cuda"
    torch.testing.assert_close(found.x.cpu(), expected, atol=1e-8, rtol=1e-8)


def test_page_locked_memory_holds_the_same_structure() -> None:
    structure = graph([4, 3], seed=1)
    pinned = structure.pin_memory()
    assert pinned.x.is_pinned() and torch.equal(pinned.x, structure.x)
