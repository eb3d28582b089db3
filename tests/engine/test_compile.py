"""Promise: `torch.compile` makes one graph of a layer, and keeps it when only sizes change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch._dynamo as dynamo
import torch.fx.experimental._config as fx_config
from every_layer import made
from lowering.cases import without_loops
from promises import IDS, LAYERS, PAGE, PROMISES, UNTRACED, breaks, case_of_each, cell, specialised, untraced
from torch._dynamo.exc import RecompileError

from geonets.engine.plan import RULES

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
UNIFORM, RAGGED = [[4, 4], [6, 6, 6], [7, 7, 7, 7]], [[5, 3], [6, 3, 4], [7, 5, 2, 2]]


@pytest.fixture(autouse=True)
def tracer() -> Iterator[None]:
    dynamo.reset()
    apart: Any = fx_config  # sizes that are equal by chance may differ later
    config: Any = dynamo.config
    with (
        apart.patch(use_duck_shape=False),
        config.patch(allow_rnn=True, error_on_recompile=True, specialize_float=True),
    ):
        yield
    dynamo.reset()


def compiled(name: str, draw: Any, sizes: list[list[int]]) -> None:
    """Run in one graph on structures of three sizes, whose edges have been built."""
    layer = made(name)
    traced = torch.compile(layer, fullgraph=True, dynamic=True, backend="eager")
    structures = [draw(counts, 1) for counts in sizes]
    with without_loops():  # the kernels that a trace chooses build their edges
        expected = [layer(structure).x for structure in structures]
    if breaks("one graph", layer, structures[0]):
        with pytest.raises(Exception, match="data-dependent"):
            traced(structures[0])
        return
    torch.testing.assert_close(traced(structures[0]).x, expected[0], atol=1e-10, rtol=1e-10)
    one_length = name.startswith("JumpingKnowledge")  # its chains are as long as there are layers to join
    if len(sizes) > 1 and breaks("any size", layer, structures[0]) and not one_length:
        with pytest.raises(RecompileError):
            traced(structures[1])
        return
    for structure, rows in zip(structures[1:], expected[1:], strict=True):
        torch.testing.assert_close(traced(structure).x, rows, atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize("kernel", [rule.name for rule in RULES])
def test_each_kernel_compiles_once(kernel: str) -> None:
    if kernel not in case_of_each():
        pytest.skip(f"no layer of tests/every_layer is lowered to {kernel}")
    name, draw, uniform = case_of_each()[kernel]
    compiled(name, draw, UNIFORM if uniform else RAGGED)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "draw"), LAYERS, ids=IDS)
def test_every_layer_compiles_once(name: str, draw: Any) -> None:
    if untraced(name, draw):
        layer, structure = made(name), draw(UNIFORM[0], 1)
        layer(structure)
        with pytest.raises(Exception, match=r"(?i)data.dependent"):
            torch.compile(layer, fullgraph=True, dynamic=True, backend="eager")(structure)
    elif name in ("RNN3d", "LSTM3d", "GRU3d"):  # unrolled corner by corner and level by level: minutes to trace
        compiled(name, draw, [[2, 2]])
    else:
        compiled(name, draw, UNIFORM[:1] if specialised(name, draw) else UNIFORM)


@pytest.mark.parametrize("name", ["Conv2d", "GCNConv", "GATConv"])
def test_gradients_are_compiled_too(name: str) -> None:
    from every_layer import LAYERS as ALL

    layer, structure = made(name), ALL[name][1][0]([4, 4], 1)
    leaf = structure.x.clone().requires_grad_()
    layer(structure)
    traced = torch.compile(layer, fullgraph=True, backend="aot_eager")
    wanted = [leaf, *layer.parameters()]
    expected = torch.autograd.grad(layer(structure.replace(x=leaf)).x.square().sum(), wanted)
    found = torch.autograd.grad(traced(structure.replace(x=leaf)).x.square().sum(), wanted)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-10, rtol=1e-10)


def test_a_recompilation_is_noticed() -> None:
    def by_size(x: torch.Tensor) -> torch.Tensor:
        return x * (2 if len(x) == 4 else 3)

    traced = torch.compile(by_size, fullgraph=True, backend="eager")
    traced(torch.ones(4))
    with pytest.raises(RecompileError):
        traced(torch.ones(5))


def test_the_page_tells_which_promise_which_kernel_keeps() -> None:
    rows = [line.strip("| \n").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    told = {row[0].strip("`"): dict(zip(PROMISES, row[1:], strict=True)) for row in rows}
    assert set(told) == {rule.name for rule in RULES}
    for kernel, cells in told.items():
        for promise, said in cells.items():
            assert said == cell(kernel, promise), (kernel, promise)


def test_the_page_names_the_layers_that_are_not_traced() -> None:
    text = " ".join(PAGE.read_text().split())
    for name, (_, reason) in UNTRACED.items():
        assert f"`{name}`" in text and reason in text, name
