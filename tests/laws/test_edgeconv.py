"""`EdgeConv` whose maximum passes its network equals the same messages one an edge; in training, too."""

from __future__ import annotations

import contextlib
import copy

import pytest
import torch
from every_layer import graph
from lowering.cases import without_loops
from torch import nn

import geonets as gn

ENDS = {
    "linear": lambda: [],
    "relu": lambda: [nn.ReLU()],
    "leaky": lambda: [nn.LeakyReLU(0.2)],
    "norm": lambda: [nn.BatchNorm1d(5), nn.LeakyReLU(0.2)],
    "norm and two": lambda: [nn.BatchNorm1d(5, momentum=None), nn.Tanh(), nn.ReLU()],
    "norm without weights": lambda: [nn.BatchNorm1d(5, affine=False), nn.ReLU()],
    "norm without memory": lambda: [nn.BatchNorm1d(5, track_running_stats=False), nn.ReLU()],
    "ours": lambda: [gn.nn.BatchNorm(5), gn.nn.LeakyReLU(0.1)],
}


class PlainEdgeConv(gn.nn.Layer):
    """Every message is computed, and looked at by nobody before the maximum."""

    def __init__(self, network: nn.Module, aggr: str) -> None:
        super().__init__()
        self.nn = network
        self.conv = gn.nn.MessagePassing(
            lambda sender, receiver, _: network(torch.cat([receiver, sender - receiver], 1)), aggr
        )

    def forward(self, structure: gn.Structure) -> gn.Structure:
        return self.conv(structure)


def network(end: str, seed: int = 0) -> nn.Sequential:
    torch.default_generator.manual_seed(seed)
    made = nn.Sequential(nn.Linear(8, 5), *ENDS[end]()).double()
    for part in made:
        if isinstance(part, nn.BatchNorm1d) and part.weight is not None:
            nn.init.normal_(part.weight)  # of both signs: some channels fall
            nn.init.normal_(part.bias)
    return made


def grads_of(layer: nn.Module, structure: gn.Structure) -> list[torch.Tensor]:
    x = structure.x.clone().requires_grad_()
    out = layer(structure.replace(x=x)).x
    weights = torch.linspace(-1, 2, out.numel(), dtype=out.dtype).reshape(out.shape)
    return [out, *torch.autograd.grad((out * weights).sum(), [x, *layer.parameters()], allow_unused=True)]


@pytest.mark.parametrize("by_loops", [True, False], ids=["loops", "torch"])
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("aggr", ["max", "min"])
@pytest.mark.parametrize("end", list(ENDS))
def test_a_maximum_passes_what_rises(end: str, aggr: str, training: bool, by_loops: bool) -> None:
    draw = torch.Generator().manual_seed(1)
    index = torch.cat([torch.randint(9, (2, 30), generator=draw), torch.tensor([[2, 2, 5], [3, 3, 5]])], 1)
    structure = gn.graph(
        index, x=torch.randn(11, 4, generator=draw).double()
    )  # two nodes hear nobody, some hear one twice
    ours = gn.nn.EdgeConv(network(end), aggr).train(training)
    plain = PlainEdgeConv(copy.deepcopy(ours.nn), aggr).train(training)
    for _ in range(2):
        with contextlib.nullcontext() if by_loops else without_loops():
            found = grads_of(ours, structure)
        with gn.reference():
            expected = grads_of(plain, structure)
        for mine, law in zip(found, expected, strict=True):
            torch.testing.assert_close(mine, law, rtol=1e-9, atol=1e-10)
    for (name, mine), law in zip(ours.nn.state_dict().items(), plain.nn.state_dict().values(), strict=True):
        torch.testing.assert_close(mine, law, msg=name)


def test_moments_survive_a_large_offset() -> None:
    torch.default_generator.manual_seed(0)
    x = (torch.randn(200, 4) + 1e4).double()
    clouds = gn.points([torch.randn(200, 3)])
    hears = gn.KNN(6)
    exact, single = (
        gn.nn.EdgeConv(network("norm"), "max", hears).to(dtype) for dtype in (torch.float64, torch.float32)
    )
    exact(clouds.replace(x=x))
    single(clouds.replace(x=x.float()))
    for mine, law in zip(single.nn[1].buffers(), exact.nn[1].buffers(), strict=True):
        torch.testing.assert_close(mine.double(), law.double(), rtol=1e-3, atol=0)


def test_its_messages_are_rows_of_senders() -> None:
    for end, name in (("norm", "reduce_peaks"), ("relu", "reduce_peaks")):
        (step,) = gn.explain_plan(gn.nn.EdgeConv(network(end)), graph([5], 1))
        assert step.plan.name in (name, "reference")
    silu = nn.Sequential(nn.Linear(8, 5), nn.SiLU()).double()
    (step,) = gn.explain_plan(gn.nn.EdgeConv(silu), graph([5], 1))
    assert step.plan.name in ("reduce_segments", "reference")
