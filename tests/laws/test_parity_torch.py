"""Law 2: the same weights in torch.nn give the same outputs and gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from drawing import SEEDS, assert_same, rows, weighting, with_grads
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import geonets as gn

CONVS = [(gn.nn.Conv1d, nn.Conv1d), (gn.nn.Conv2d, nn.Conv2d), (gn.nn.Conv3d, nn.Conv3d)]
MAX_POOLS = [(gn.nn.MaxPool1d, nn.MaxPool1d), (gn.nn.MaxPool2d, nn.MaxPool2d), (gn.nn.MaxPool3d, nn.MaxPool3d)]
AVG_POOLS = [(gn.nn.AvgPool1d, nn.AvgPool1d), (gn.nn.AvgPool2d, nn.AvgPool2d), (gn.nn.AvgPool3d, nn.AvgPool3d)]


def native_images(native: Any, x: torch.Tensor) -> list[torch.Tensor]:
    """Torch's module on channels-first images: its rows channels last, the gradient of the rows, those of the weights."""
    leaf = x.clone().requires_grad_()
    out = native(leaf.movedim(-1, 1)).movedim(1, -1)
    flat = out.reshape(-1, out.shape[-1])
    grads = torch.autograd.grad((flat * weighting(flat)).sum(), [leaf, *native.parameters()])
    return [flat.detach(), grads[0].reshape(-1, x.shape[-1]), *grads[1:]]


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")  # torch's own copy
@settings(max_examples=60, deadline=None)
@given(axes=st.integers(1, 3), data=st.data(), seed=SEEDS)
def test_convolutions_with_any_options(axes: int, data: Any, seed: int) -> None:
    torch.default_generator.manual_seed(seed)
    ours, theirs = CONVS[axes - 1]
    each = st.tuples(*[st.integers(1, 3)] * axes)
    options: dict[str, Any] = {
        "kernel_size": data.draw(each),
        "padding": data.draw(st.one_of(st.integers(0, 2), st.sampled_from(["same", "valid"]))),
        "dilation": data.draw(st.integers(1, 2)),
        "groups": data.draw(st.sampled_from([1, 2])),
        "bias": data.draw(st.booleans()),
        "padding_mode": data.draw(st.sampled_from(["zeros", "reflect", "replicate", "circular"])),
    }
    options["stride"] = 1 if options["padding"] == "same" else data.draw(each)
    sizes = data.draw(st.tuples(*[st.integers(6, 8)] * axes))
    layer, native = ours(4, 2, **options).double(), theirs(4, 2, **options).double()
    native.load_state_dict(layer.state_dict())
    x = torch.randn(2, *sizes, 4, dtype=torch.float64)
    assert_same(with_grads(layer, gn.grid(x)), native_images(native, x))


@settings(max_examples=60, deadline=None)
@given(axes=st.integers(1, 3), data=st.data(), seed=SEEDS)
def test_poolings_with_any_options(axes: int, data: Any, seed: int) -> None:
    torch.default_generator.manual_seed(seed)
    kernel = data.draw(st.integers(1, 3))
    options: dict[str, Any] = {"padding": data.draw(st.integers(0, kernel // 2)), "ceil_mode": data.draw(st.booleans())}
    options["stride"] = data.draw(st.one_of(st.none(), st.integers(1, 3)))
    if data.draw(st.booleans()):
        ours, theirs = MAX_POOLS[axes - 1]
        options["dilation"] = data.draw(st.integers(1, 2))
    else:
        ours, theirs = AVG_POOLS[axes - 1]
        options["count_include_pad"] = data.draw(st.booleans())
    x = torch.randint(-3, 4, (2, *data.draw(st.tuples(*[st.integers(5, 7)] * axes)), 2)).double()
    assert_same(with_grads(ours(kernel, **options), gn.grid(x)), native_images(theirs(kernel, **options), x))


@settings(max_examples=60, deadline=None)
@given(data=st.data(), seed=SEEDS)
def test_recurrences_on_ragged_chains(data: Any, seed: int) -> None:
    torch.default_generator.manual_seed(seed)
    ours, theirs = data.draw(st.sampled_from([(gn.nn.RNN, nn.RNN), (gn.nn.LSTM, nn.LSTM), (gn.nn.GRU, nn.GRU)]))
    options = {"num_layers": data.draw(st.integers(1, 3)), "bidirectional": data.draw(st.booleans())}
    options["bias"] = data.draw(st.booleans())
    if ours is gn.nn.LSTM:
        options["proj_size"] = data.draw(st.integers(0, 3))
    layer, native = ours(3, 4, **options).double(), theirs(3, 4, batch_first=True, **options).double()
    native.load_state_dict(layer.state_dict())
    uniform = st.tuples(st.integers(1, 4), st.integers(1, 6)).map(lambda drawn: [drawn[1]] * drawn[0])
    lengths = data.draw(st.one_of(st.lists(st.integers(1, 20), min_size=1, max_size=5), uniform))
    parts = [rows(length, 3, seed + place) for place, length in enumerate(lengths)]
    count = options["num_layers"] * (1 + options["bidirectional"])
    start = [torch.randn(count, len(lengths), size, dtype=torch.float64) for size in layer.spec.parts]
    hx: Any = tuple(start) if ours is gn.nn.LSTM else start[0]

    def run_ours(module: Any, structure: gn.Structure) -> list[Any]:
        out, state = module(structure, hx, return_state=True)
        return [out, *(state if isinstance(state, tuple) else (state,))]

    def run_theirs(module: Any, structure: gn.Structure) -> list[Any]:
        outs, states = [], []
        for place, item in enumerate(structure):
            own: Any = tuple(part[:, place : place + 1] for part in start)
            out, state = module(item.x[None], own if ours is gn.nn.LSTM else own[0])
            outs.append(out[0])
            states.append(state if isinstance(state, tuple) else (state,))
        return [torch.cat(outs), *(torch.cat(parts, 1) for parts in zip(*states, strict=True))]

    structure = gn.chain(parts)
    assert_same(with_grads(layer, structure, run_ours), with_grads(native, structure, run_theirs))


@pytest.mark.parametrize(
    ("ours", "theirs"), [(gn.nn.RNNCell, nn.RNNCell), (gn.nn.LSTMCell, nn.LSTMCell), (gn.nn.GRUCell, nn.GRUCell)]
)
def test_cells_step_like_torch(ours: Any, theirs: Any) -> None:
    cell, native = ours(3, 5).double(), theirs(3, 5).double()
    native.load_state_dict(cell.state_dict())
    state, expected = None, None
    for x_t in torch.randn(4, 6, 3, dtype=torch.float64):
        state = cell(gn.points(None, x=x_t[:, None]), state)
        expected = native(x_t, expected)
    assert state is not None
    last: Any = expected[0] if isinstance(expected, tuple) else expected
    assert_same([state.x], [last])


def test_a_loop_over_cells_is_the_layer() -> None:
    """The lecture's two code paths agree once the weights are copied (its own slide does not copy them)."""
    layer, cell = gn.nn.RNN(3, 8).double(), gn.nn.RNNCell(3, 8).double()
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in layer.state_dict().items()})
    x = torch.randn(24, 10, 3, dtype=torch.float64)
    h = None
    for step in range(10):
        h = cell(gn.points(None, x=x[:, step : step + 1]), h)
    assert h is not None
    last = layer(gn.chain(x)).x.reshape(24, 10, 8)[:, -1]
    torch.testing.assert_close(h.x, last, atol=1e-10, rtol=1e-10)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), seed=SEEDS)
def test_attention(data: Any, seed: int) -> None:
    torch.default_generator.manual_seed(seed)
    own = data.draw(st.booleans())
    causal = own and data.draw(st.booleans())
    widths: dict[str, Any] = {} if own else {"kdim": 6, "vdim": 6}
    heads, bias = data.draw(st.sampled_from([1, 2, 4])), data.draw(st.booleans())
    layer = gn.nn.MultiheadAttention(8, heads, bias=bias, **widths).double()
    native = nn.MultiheadAttention(8, heads, bias=bias, batch_first=True, **widths).double()
    native.load_state_dict(layer.state_dict())
    lengths = data.draw(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=3))
    words = gn.chain([rows(length, 8, seed + place) for place, (length, _) in enumerate(lengths)])
    pixels = gn.points(None, x=[rows(count, 6, seed - place) for place, (_, count) in enumerate(lengths)])

    def run_ours(module: Any, structure: gn.Structure) -> Any:
        return module(structure, is_causal=causal) if own else module(structure, pixels)

    def run_theirs(module: Any, structure: gn.Structure) -> list[torch.Tensor]:
        outs = []
        for item, others in zip(structure, pixels, strict=True):
            query = item.x[None]
            heard = query if own else others.x[None]
            mask = torch.ones(len(item.x), len(item.x)).triu(1).bool() if causal else None
            outs.append(module(query, heard, heard, attn_mask=mask)[0][0])
        return [torch.cat(outs)]

    assert_same(with_grads(layer, words, run_ours), with_grads(native, words, run_theirs))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (gn.nn.Linear(4, 3), nn.Linear(4, 3)),
        (gn.nn.BatchNorm(4), nn.BatchNorm1d(4)),
        (gn.nn.LayerNorm(4), nn.LayerNorm(4)),
        (gn.nn.ReLU(), nn.ReLU()),
        (gn.nn.LeakyReLU(0.3), nn.LeakyReLU(0.3)),
        (gn.nn.ELU(), nn.ELU()),
        (gn.nn.GELU(), nn.GELU()),
        (gn.nn.SiLU(), nn.SiLU()),
        (gn.nn.Softplus(), nn.Softplus()),
        (gn.nn.Tanh(), nn.Tanh()),
        (gn.nn.Sigmoid(), nn.Sigmoid()),
    ],
    ids=lambda module: type(module).__name__,
)
def test_layers_that_act_on_each_node(ours: Any, theirs: Any) -> None:
    ours, theirs = ours.double(), theirs.double()
    theirs.load_state_dict(ours.state_dict())
    structure = gn.chain([rows(5, 4, 1), rows(2, 4, 2)])
    assert_same(with_grads(ours, structure), with_grads(theirs, structure, lambda m, s: [m(s.x)]))


def test_batch_norm_keeps_running_statistics_like_batch_norm_2d() -> None:
    ours: Any = gn.nn.BatchNorm(3).double()
    theirs: Any = nn.BatchNorm2d(3).double()
    images = torch.randn(4, 5, 6, 3, dtype=torch.float64)
    for _ in range(3):
        ours(gn.grid(images))
        theirs(images.movedim(-1, 1))
    assert_same([ours.running_mean, ours.running_var], [theirs.running_mean, theirs.running_var])


def test_state_dicts_travel_both_ways() -> None:
    pairs: list[tuple[Any, Any]] = [
        (gn.nn.Conv2d(2, 4, 3, groups=2), nn.Conv2d(2, 4, 3, groups=2)),
        (gn.nn.LSTM(3, 4, 2, bidirectional=True), nn.LSTM(3, 4, 2, bidirectional=True)),
        (gn.nn.MultiheadAttention(8, 2, kdim=6, vdim=6), nn.MultiheadAttention(8, 2, kdim=6, vdim=6)),
        (
            gn.nn.Sequential(gn.nn.Conv1d(2, 3, 3), nn.ReLU(), gn.nn.Linear(3, 1)),
            nn.Sequential(nn.Conv1d(2, 3, 3), nn.ReLU(), nn.Linear(3, 1)),
        ),
    ]
    for ours, theirs in pairs:
        theirs.load_state_dict(ours.state_dict())
        ours.load_state_dict(theirs.state_dict())
        for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.equal(mine, other)


def test_initialisation_is_torchs() -> None:
    torch.default_generator.manual_seed(7)
    ours = [gn.nn.Conv2d(2, 4, 3), gn.nn.LSTM(3, 4), gn.nn.MultiheadAttention(8, 2), gn.nn.Linear(3, 2)]
    torch.default_generator.manual_seed(7)
    theirs = [nn.Conv2d(2, 4, 3), nn.LSTM(3, 4), nn.MultiheadAttention(8, 2), nn.Linear(3, 2)]
    for mine, other in zip(ours, theirs, strict=True):
        for name, value in other.state_dict().items():
            assert torch.equal(mine.state_dict()[name], value)
