"""Identities of recurrences: trees, grids, rounds, steps, windows and cells that must come to the same."""

from __future__ import annotations

from typing import Any

import every_layer
import pytest
import torch
from drawing import SEEDS, assert_same, rows, with_grads
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import geonets as gn

CELLS = [(gn.nn.RNN, nn.RNNCell), (gn.nn.LSTM, nn.LSTMCell), (gn.nn.GRU, nn.GRUCell)]
speech = gn.chain([rows(length, 3, length) for length in (7, 0, 4, 12, 1)])


def parts_of(state: Any) -> tuple[torch.Tensor, ...]:
    return state if isinstance(state, tuple) else (state,)


def close(ours: Any, theirs: Any) -> None:
    for mine, other in zip(parts_of(ours), parts_of(theirs), strict=True):
        torch.testing.assert_close(mine, other, atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize(("layer_of", "cell_of"), CELLS)
def test_a_cell_of_torchs_is_the_layer(layer_of: Any, cell_of: Any) -> None:
    layer, cell = layer_of(3, 4).double(), cell_of(3, 4).double()
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in layer.state_dict().items()})
    custom = gn.nn.Recurrent(cell)
    assert_same(with_grads(custom, speech), with_grads(layer, speech))
    start = tuple(rows(5, 4, seed) for seed in range(len(layer.spec.parts)))
    hx: Any = start[0] if len(start) == 1 else start
    out, state = custom(speech, hx, return_state=True)
    expected, last = layer(speech, tuple(p[None] for p in start) if len(start) > 1 else hx[None], return_state=True)
    close(out.x, expected.x)
    close(tuple(p[None] for p in parts_of(state)), parts_of(last))


@pytest.mark.parametrize("cell", [nn.GRUCell(3, 4).double(), nn.LSTMCell(3, 4).double(), gn.nn.GRUCell(3, 4).double()])
def test_a_cell_of_ones_own_is_a_plain_loop(cell: Any) -> None:
    """On chains a loop over time; on a tree a loop over nodes, children first."""
    for item, found in zip(speech, gn.nn.Recurrent(cell)(speech), strict=True):
        state = None
        for place, x_t in enumerate(item.x):
            state = cell(x_t[None], state)
            close(found.x[place][None], parts_of(state)[0])
    tree = every_layer.forest([7], 3)
    tree = tree.replace(x=tree.x[:, :3])
    links, states = tree.topology.links, {}
    for node in reversed(range(7)):  # every edge leads to a smaller number
        children = [states[child] for child in links.senders[links.receivers == node].tolist()]
        heard = tuple(torch.stack(parts).sum(0) for parts in zip(*children, strict=True)) if children else None
        before: Any = heard[0] if heard and len(heard) == 1 else heard
        states[node] = parts_of(cell(tree.x[node][None], before))
    close(gn.nn.Recurrent(cell)(tree).x, torch.cat([states[node][0] for node in range(7)]))


@pytest.mark.parametrize("make", [gn.nn.RNN, gn.nn.LSTM, gn.nn.GRU])
@pytest.mark.parametrize("num_layers", [1, 3])
def test_steps_are_the_whole_run(make: Any, num_layers: int) -> None:
    layer = make(3, 4, num_layers).double()
    x = torch.randn(5, 9, 3, dtype=torch.float64)
    whole, last = layer(gn.chain(x), return_state=True)
    state, shown = None, []
    for step in range(9):
        y, state = layer.step(x[:, step], state)
        shown.append(y)
    close(torch.stack(shown, 1).flatten(0, 1), whole.x)
    close(state, last)
    structured, _ = layer.step(gn.points(None, x=x[:, :1]))
    close(structured.x, shown[0])


def test_steps_of_a_projection_and_of_a_cell_of_ones_own() -> None:
    for layer in (gn.nn.LSTM(3, 4, 2, proj_size=2).double(), gn.nn.Recurrent(nn.LSTMCell(3, 4)).double()):
        _, state = layer(gn.chain(speech[3].x[None, :11]), return_state=True)
        y, _ = layer.step(speech[3].x[11:], state)
        close(y, layer(speech[3]).x[-1:])


@pytest.mark.parametrize("make", [gn.nn.RNN, gn.nn.LSTM, gn.nn.GRU])
@pytest.mark.parametrize("steps", [1, 3, 12, 50])
def test_windows_are_the_whole_run(make: Any, steps: int) -> None:
    layer = make(3, 4, 2).double()
    whole, last = layer(speech, return_state=True)
    tagged = speech.replace(nodes={"place": torch.arange(speech.num_nodes)})
    found, state = torch.full_like(whole.x, torch.nan), None
    for part, out, after in layer.truncated(tagged, steps):
        found[part.nodes["place"]], state = out.x.detach(), after
        close(part.x, speech.x[part.nodes["place"]])
        assert all(not half.requires_grad for half in parts_of(state))
    close(found, whole.x)
    close(state, last)


def test_gradients_end_with_their_window() -> None:
    layer = gn.nn.LSTM(3, 4).double()
    x = torch.randn(1, 10, 3, dtype=torch.float64, requires_grad=True)
    *_, (_, out, _) = layer.truncated(gn.chain(x), 4)
    (grad,) = torch.autograd.grad(out.x[-1].sum(), x)
    assert bool((grad[0, :8] == 0).all()) and bool((grad[0, 8:] != 0).any(1).all())
    (whole,) = torch.autograd.grad(layer(gn.chain(x)).x[-1].sum(), x)
    ((_, out, _),) = layer.truncated(gn.chain(x), 10)
    (same,) = torch.autograd.grad(out.x[-1].sum(), x)
    assert bool((whole != 0).all())
    close(same, whole)


def test_an_embedding_belongs_to_its_window() -> None:
    """The graph of one window is freed by its backward pass, what comes before the layer included."""
    embed, layer = gn.nn.Linear(3, 5).double(), gn.nn.GRU(5, 4).double()
    for _, out, _ in layer.truncated(speech, 5, before=embed):
        out.x.sum().backward()
    assert embed.weight.grad is not None


@pytest.mark.parametrize("make", [gn.nn.RNN, gn.nn.LSTM, gn.nn.GRU])
@pytest.mark.parametrize("num_layers", [1, 2])
def test_as_many_rounds_as_levels_are_the_topological_order(make: Any, num_layers: int) -> None:
    layer = make(4, 3, num_layers, bidirectional=True).double()
    rounds = make(4, 3, num_layers, bidirectional=True, rounds=9).double()
    rounds.load_state_dict(layer.state_dict())
    for structure in (every_layer.forest([9, 0, 5], 1), every_layer.grid([4, 3], 1), every_layer.chain([9, 4], 1)):
        assert_same(with_grads(rounds, structure), with_grads(layer, structure))
        start = tuple(rows(2 * num_layers * len(structure), 3, seed) for seed in range(len(layer.spec.parts)))
        start = tuple(part.reshape(2 * num_layers, len(structure), 3) for part in start)
        hx: Any = start[0] if len(start) == 1 else start
        close(rounds(structure, hx).x, layer(structure, hx).x)


def test_fewer_rounds_are_not() -> None:
    layer, rounds = gn.nn.RNN(4, 3).double(), gn.nn.RNN(4, 3, rounds=8).double()
    rounds.load_state_dict(layer.state_dict())
    path = every_layer.chain([9], 1)
    assert (rounds(path).x - layer(path).x).abs()[-1].max().item() > 1e-9
    close(rounds(path).x[:-1], layer(path).x[:-1])


@pytest.mark.parametrize(
    ("sweeps_of", "chain_of"), [(gn.nn.RNN2d, gn.nn.RNN), (gn.nn.LSTM2d, gn.nn.LSTM), (gn.nn.GRU2d, gn.nn.GRU)]
)
@pytest.mark.parametrize("shape", [(1, 6), (6, 1)])
def test_sweeps_of_a_strip_are_a_chain_in_both_directions(
    sweeps_of: Any, chain_of: Any, shape: tuple[int, int]
) -> None:
    layer, chain = sweeps_of(3, 4).double(), chain_of(3, 4, bidirectional=True).double()
    axis = shape.index(6)
    weights = layer.state_dict()
    back = f"_reverse{axis}"
    for kind in ("weight_ih", "bias_ih", "bias_hh", "weight_hh"):
        for ours, theirs in (("", ""), (back, "_reverse")):
            value = weights[f"{kind}_l0{ours}"]
            if kind == "weight_hh":
                value = value[axis]
                if chain_of is gn.nn.LSTM:  # i, f_0, f_1, g, o: only the forget gate of this axis counts
                    value = torch.cat([gate for number, gate in enumerate(value.split(4)) if number != 2 - axis])
            getattr(chain, f"{kind}_l0{theirs}").data.copy_(value)
    x = torch.randn(2, *shape, 3, dtype=torch.float64)
    corners = layer(gn.grid(x)).x.reshape(12, 4, 4)
    both = chain(gn.chain(x.reshape(2, 6, 3))).x.reshape(12, 2, 4)
    close(corners[:, [0, 2 - axis]], both)


def test_a_pixel_of_the_sweeps_has_seen_the_whole_image() -> None:
    layer = gn.nn.LSTM2d(3, 4).double()
    x = torch.randn(1, 3, 4, 3, dtype=torch.float64, requires_grad=True)
    (grad,) = torch.autograd.grad(layer(gn.grid(x)).x.reshape(3, 4, 16)[1, 2].sum(), x)
    assert bool((grad != 0).any(-1).all())
    (grad,) = torch.autograd.grad(layer(gn.grid(x)).x.reshape(3, 4, 16)[1, 2, :4].sum(), x)
    assert bool(((grad != 0).any(-1)[0] == torch.tensor([[True] * 3 + [False]] * 2 + [[False] * 4])).all())


def test_a_tree_whose_nodes_have_one_child_is_an_lstm() -> None:
    nary, lstm = gn.nn.NaryTreeLSTM(4, 3, 1).double(), gn.nn.LSTM(4, 3).double()
    lstm.load_state_dict({name: value.squeeze(0) for name, value in nary.state_dict().items()})
    chains = every_layer.chain([5, 0, 7], 1)
    ours, theirs = with_grads(nary, chains), with_grads(lstm, chains)
    assert_same([part.squeeze(0) for part in ours], theirs)


def test_positions_of_children_are_tai_et_als_equations() -> None:
    """Eq. 9-14, node by node."""
    layer: Any = gn.nn.NaryTreeLSTM(4, 3, 2).double()
    tree = every_layer.forest([9], 5)
    w, u = layer.weight_ih_l0, layer.weight_hh_l0
    bias = layer.bias_ih_l0 + layer.bias_hh_l0
    links, h, c = tree.topology.links, {}, {}
    for j in reversed(range(9)):
        rows_in = (links.receivers == j).nonzero().flatten().tolist()
        children = [(int(links.senders[row]), int(links.edge_type[row])) for row in rows_in]  # pyright: ignore[reportOptionalSubscript]
        from_x = dict(zip("ifgo", (w @ tree.x[j] + bias).split(3), strict=True))
        heard = (
            [torch.zeros(3).double()] * 5 if not children else sum_of([(u[pos] @ h[k]).split(3) for k, pos in children])
        )
        i, g, o = (
            (from_x["i"] + heard[0]).sigmoid(),
            (from_x["g"] + heard[3]).tanh(),
            (from_x["o"] + heard[4]).sigmoid(),
        )
        forget = [(from_x["f"] + heard[1 + pos]).sigmoid() * c[k] for k, pos in children]
        c[j] = i * g + (torch.stack(forget).sum(0) if forget else 0)
        h[j] = o * c[j].tanh()
    close(layer(tree).x, torch.stack([h[j] for j in range(9)]))


def sum_of(parts: list[Any]) -> list[torch.Tensor]:
    return [torch.stack(gates).sum(0) for gates in zip(*parts, strict=True)]


@pytest.mark.parametrize("make", [gn.nn.RNN, gn.nn.LSTM, gn.nn.GRU])
def test_the_future_changes_no_bit_of_the_past(make: Any) -> None:
    """Ragged: what comes later, and how long the mates are, leaves earlier outputs as they are."""
    layer = make(3, 4, 2)
    for chains in ([torch.randn(20, 3), torch.randn(17, 3)], [torch.randn(20, 3), torch.randn(20, 3)]):
        changed = [torch.cat([x[:9], torch.randn(len(x) - 9, 3)]) for x in chains]
        before, after = layer(gn.chain(chains)), layer(gn.chain(changed))
        for mine, other in zip(before, after, strict=True):
            assert torch.equal(mine.x[:9], other.x[:9])
            assert not torch.equal(mine.x[9:], other.x[9:])


@settings(max_examples=30, deadline=None)
@given(data=st.data(), seed=SEEDS)
def test_second_derivatives_of_a_chain(data: Any, seed: int) -> None:
    torch.default_generator.manual_seed(seed)
    layer = data.draw(st.sampled_from([gn.nn.RNN, gn.nn.LSTM, gn.nn.GRU]))(2, 2).double()
    lengths = data.draw(st.sampled_from([[3, 3], [3, 0, 1]]))
    structure = gn.Structure(gn.Chain(lengths), {"x": rows(sum(lengths), 2, seed)})
    x = structure.x.clone().requires_grad_()
    assert torch.autograd.gradgradcheck(lambda part: layer(structure.replace(x=part)).x, (x,), atol=1e-6)


@pytest.mark.parametrize("make", [gn.nn.RNN, gn.nn.LSTM, gn.nn.GRU])
@pytest.mark.parametrize("lengths", [[6, 6], [6, 4]])
def test_second_derivatives_in_single_precision(make: Any, lengths: list[int]) -> None:
    """oneDNN computes these chains, where doubles use torch's own loops."""

    def penalty(layer: Any, x: torch.Tensor) -> torch.Tensor:
        leaf = x.clone().requires_grad_()
        out = layer(gn.Structure(gn.Chain(lengths), {"x": leaf})).x
        (grad,) = torch.autograd.grad(out.square().sum(), leaf, create_graph=True)
        return torch.autograd.grad(grad.square().sum(), layer.weight_hh_l0)[0]

    layer, x = make(3, 4), torch.randn(sum(lengths), 3)
    single = penalty(layer, x)
    torch.testing.assert_close(single.double(), penalty(layer.double(), x.double()), atol=1e-4, rtol=1e-4)
