"""What must be the same thing under two names, and the lecture's own numbers."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from drawing import assert_same, with_grads

import geonets as gn

IMAGE, STAMP = [[0.2, 0.5], [0.1, 0.6]], [[0.1, 0.3], [0.3, 0.4]]
SECOND_IMAGE, SECOND_STAMP = [[0.4, 0.4], [0.7, 0.1]], [[0.3, 0.6], [0.4, 0.6]]
STAMPS: dict[str, tuple[Any, Any, Any, float, float]] = {
    "Conv1d": (gn.nn.Conv1d, [0.3, 0.1], [0.7, 0.2], 1.23, 1.13),
    "Conv2d": (gn.nn.Conv2d, IMAGE, STAMP, 1.44, 1.32),
    "Conv3d": (gn.nn.Conv3d, [IMAGE, SECOND_IMAGE], [STAMP, SECOND_STAMP], 2.14, 2.06),
}


@pytest.mark.parametrize("name", STAMPS)
def test_the_lectures_worked_numbers(name: str) -> None:
    """1.23, 1.44 and 2.14 are cross-correlations; flipping the kernel gives 1.13, 1.32 and 2.06."""
    make, values, stamp, right, flipped = STAMPS[name]
    image = torch.tensor(values, dtype=torch.float64)
    axes = tuple(range(2, 2 + image.ndim))
    conv = make(1, 1, 2).double()
    conv.weight.data = torch.tensor(stamp, dtype=torch.float64)[None, None]
    conv.bias.data.fill_(1.0)
    assert conv(gn.grid(image[None, ..., None])).x.item() == pytest.approx(right, abs=1e-12)
    conv.weight.data = conv.weight.data.flip(axes)
    assert conv(gn.grid(image[None, ..., None])).x.item() == pytest.approx(flipped, abs=1e-12)


def test_the_bias_is_added_once_however_many_channels() -> None:
    conv = gn.nn.Conv2d(2, 1, 2).double()
    conv.weight.data = torch.tensor([[STAMP, SECOND_STAMP]], dtype=torch.float64)
    conv.bias.data.fill_(1.0)  # pyright: ignore[reportOptionalMemberAccess]
    image = torch.tensor([IMAGE, SECOND_IMAGE], dtype=torch.float64).movedim(0, -1)
    assert conv(gn.grid(image[None])).x.item() == pytest.approx(2.14, abs=1e-12)


def test_an_lstm_on_a_path_is_an_lstm() -> None:
    x = torch.randn(7, 3, dtype=torch.float64)
    path = torch.stack([torch.arange(6), torch.arange(1, 7)])
    for layer in (gn.nn.LSTM(3, 4, 2, bidirectional=True), gn.nn.GRU(3, 4), gn.nn.RNN(3, 4)):
        layer.double()
        assert_same(with_grads(layer, gn.graph(path, x=x)), with_grads(layer, gn.chain([x])))


def test_a_tree_lstm_is_tais_child_sum_lstm() -> None:
    """Equations 2-8 of Tai et al. 2015, one node after another."""
    layer = gn.nn.LSTM(3, 4).double()
    parent = {1: 0, 2: 0, 3: 1, 4: 1, 5: 2, 6: 3}
    tree = gn.graph(torch.tensor([list(parent), list(parent.values())]), x=torch.randn(7, 3, dtype=torch.float64))
    weights = dict(layer.named_parameters())
    input_gates = tree.x @ weights["weight_ih_l0"].T + weights["bias_ih_l0"] + weights["bias_hh_l0"]
    hidden: dict[int, torch.Tensor] = {}
    memory: dict[int, torch.Tensor] = {}
    for node in (6, 5, 4, 3, 2, 1, 0):
        children = [child for child, above in parent.items() if above == node]
        total = sum((hidden[child] for child in children), torch.zeros(4, dtype=torch.float64))
        w_i, w_f, w_g, w_o = weights["weight_hh_l0"].chunk(4)
        i, f, g, o = input_gates[node].chunk(4)
        kept = sum(((f + w_f @ hidden[child]).sigmoid() * memory[child] for child in children), torch.zeros(4).double())
        memory[node] = (i + w_i @ total).sigmoid() * (g + w_g @ total).tanh() + kept
        hidden[node] = (o + w_o @ total).sigmoid() * memory[node].tanh()
    expected = torch.stack([hidden[node] for node in range(7)])
    torch.testing.assert_close(layer(tree).x, expected, atol=1e-10, rtol=1e-10)


def test_chain_times_grid_is_the_grid_of_conv3d() -> None:
    video = gn.grid(torch.randn(2, 4, 5, 6, 3, dtype=torch.float64), axes=("time", "y", "x"))
    topology = gn.Product(gn.Chain(4, num_items=2), gn.Grid((5, 6), num_items=2))
    assert type(topology) is gn.Grid and topology.axes == ("time", "y", "x") and topology.uniform == (4, 5, 6)
    conv = gn.nn.Conv3d(3, 2, 3, padding=1).double()
    torch.testing.assert_close(conv(gn.Structure(topology, {"x": video.x})).x, conv(video).x)


def test_a_readout_is_one_round_of_messages_to_a_hub() -> None:
    clouds = gn.points(None, x=[torch.randn(5, 3), torch.randn(2, 3)])
    hub = gn.nn.MessagePassing(lambda sender: sender, "sum", reads=("sender",), neighborhood=gn.Hub())
    out = hub(clouds)
    torch.testing.assert_close(out.x, gn.nn.Readout("sum")(clouds).x)
    assert out.topology.node_counts.tolist() == [1, 1]


def test_deep_sets_are_a_hub_and_oneself() -> None:
    """`lambda I + gamma 1 1^T` (Zaheer et al. 2017): on complete edges one sum does what a readout broadcast does."""
    clouds = gn.points(None, x=[torch.randn(5, 3), torch.randn(2, 3)])
    everybody = gn.nn.MessagePassing(lambda sender: sender, "sum", reads=("sender",), neighborhood=gn.Complete())
    broadcast = gn.nn.Readout("sum")(clouds).x[clouds.topology.item_ids]
    torch.testing.assert_close(everybody(clouds).x, broadcast)


def test_a_convolution_is_relational_message_passing() -> None:
    """One weight for each edge type, which is the kernel offset (Schlichtkrull et al. 2018 with c = 1)."""
    conv = gn.nn.Conv2d(3, 4, 3, padding=1, bias=False).double()
    image = gn.grid([torch.randn(5, 4, 3, dtype=torch.float64), torch.randn(2, 3, 3, dtype=torch.float64)])
    edges = conv.spec.neighborhood.edges(image)
    per_type = conv.weight.flatten(2).movedim(2, 0)[edges.edge_type]
    messages = torch.einsum("eoi,ei->eo", per_type, image.x[edges.senders])
    out = torch.zeros(image.num_nodes, 4, dtype=torch.float64).index_add(0, edges.receivers, messages)
    torch.testing.assert_close(conv(image).x, out, atol=1e-10, rtol=1e-10)


def test_dilated_causal_lags_are_wavenets_conv1d() -> None:
    """A kernel of 2 with dilation 4 hears lags 0 and 4 once the chain is padded on the left only."""
    conv = gn.nn.Conv1d(2, 3, 2, dilation=4).double()
    x = torch.randn(10, 2, dtype=torch.float64)
    padded = torch.cat([torch.zeros(4, 2, dtype=torch.float64), x])
    weight, bias = conv.weight, conv.bias
    assert bias is not None
    lagged = torch.cat([torch.zeros(4, 2, dtype=torch.float64), x[:-4]])
    expected = x @ weight[:, :, 1].T + lagged @ weight[:, :, 0].T + bias
    torch.testing.assert_close(conv(gn.chain([padded])).x, expected, atol=1e-10, rtol=1e-10)


def test_parallel_rounds_equal_the_recurrence_only_after_as_many_rounds_as_steps() -> None:
    layer, x = gn.nn.RNN(3, 4).double(), torch.randn(1, 6, 3, dtype=torch.float64)
    weights = dict(layer.named_parameters())
    steady = x[0] @ weights["weight_ih_l0"].T + weights["bias_ih_l0"] + weights["bias_hh_l0"]
    expected, hidden = layer(gn.chain(x)).x, torch.zeros(6, 4, dtype=torch.float64)
    errors = []
    for _ in range(6):
        before = torch.cat([torch.zeros(1, 4, dtype=torch.float64), hidden[:-1]])
        hidden = (steady + before @ weights["weight_hh_l0"].T).tanh()
        errors.append((hidden - expected).abs().max().item())
    assert errors[-1] < 1e-10 and errors[-2] > 1e-6
