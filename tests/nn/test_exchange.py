"""Weights move both ways, bit for bit, and the outputs stay."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest
import torch
from every_layer import graph
from torch import nn

import geonets as gn

torch.default_generator.manual_seed(0)
FLAT = {"rows": (5, 4)}
MODULES: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "conv 1d": (lambda: nn.Conv1d(4, 6, 3, 2, 1, 2, 2, padding_mode="replicate"), (2, 4, 9)),
    "conv 2d": (lambda: nn.Conv2d(4, 6, (3, 2), padding=(1, 0), bias=False), (2, 4, 5, 6)),
    "conv 3d": (lambda: nn.Conv3d(4, 2, 3, padding="same"), (2, 4, 4, 5, 3)),
    "transposed conv 2d": (lambda: nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, groups=2), (2, 4, 5, 6)),
    "transposed conv 1d": (lambda: nn.ConvTranspose1d(4, 3, 4, 3, dilation=2, bias=False), (2, 4, 7)),
    "max pool": (lambda: nn.MaxPool2d(3, 2, 1, ceil_mode=True), (2, 4, 6, 7)),
    "average pool": (lambda: nn.AvgPool3d(2, count_include_pad=False), (2, 4, 4, 4, 4)),
    "batch norm": (lambda: nn.BatchNorm2d(4, eps=1e-3, momentum=0.3), (2, 4, 5, 6)),
    "batch norm without statistics": (lambda: nn.BatchNorm3d(4, affine=False), (2, 4, 3, 2, 2)),
    "group norm": (lambda: nn.GroupNorm(2, 4), (2, 4, 5, 6)),
    "group norm on chains": (lambda: nn.GroupNorm(4, 4, affine=False), (2, 4, 5)),
    "instance norm": (lambda: nn.InstanceNorm2d(4, affine=True), (2, 4, 5, 6)),
    "network": (
        lambda: nn.Sequential(
            nn.Conv2d(4, 8, 3, padding=1, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Sequential(nn.Conv2d(8, 6, 1), nn.GELU("tanh"), nn.Dropout(0.3)),
            nn.AdaptiveAvgPool2d((1, 1)),
            nn.Flatten(),
            nn.Linear(6, 3),
            nn.Hardtanh(),
        ),
        (2, 4, 6, 8),
    ),
    "network by names": (
        lambda: nn.Sequential(
            OrderedDict(
                features=nn.Sequential(nn.Conv1d(4, 5, 3), nn.ELU(0.5), nn.AdaptiveMaxPool1d(1), nn.Flatten(1)),
                head=nn.Sequential(nn.LayerNorm(5), nn.Linear(5, 2, bias=False)),
            )
        ),
        (2, 4, 9),
    ),
}
"""Modules that take channels first."""


def trained(make: Callable[[], nn.Module], shape: tuple[int, ...]) -> nn.Module:
    """The module in float64 and evaluation mode, with running statistics that are not those of the start."""
    torch.default_generator.manual_seed(0)
    module = make().double()
    module(torch.randn(shape, dtype=torch.float64))
    for parameter in module.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    return module.eval()


def assert_same_weights(one: nn.Module, other: nn.Module) -> None:
    assert list(one.state_dict()) == list(other.state_dict())
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name
        assert value.data_ptr() != other.state_dict()[name].data_ptr() or not value.numel(), f"{name} is shared"


@pytest.mark.parametrize("name", MODULES)
def test_a_module_comes_in_and_goes_out_again(name: str) -> None:
    make, shape = MODULES[name]
    module = trained(make, shape)
    images = torch.randn(shape, dtype=torch.float64)
    grid = gn.grid(images, channels_first=True)
    expected = module(images)
    layer = gn.from_torch(module)
    assert_same_weights(layer, module)
    rows = expected.movedim(1, -1).flatten(0, -2)
    torch.testing.assert_close(layer(grid).x, rows, atol=1e-10, rtol=1e-10)
    back = gn.to_torch(layer, axes=len(shape) - 2)
    assert_same_weights(back, module)
    torch.testing.assert_close(back(images), expected, atol=1e-10, rtol=1e-10)


CHANNELS_LAST: dict[str, Callable[[], nn.Module]] = {
    "linear": lambda: nn.Linear(4, 3),
    "layer norm": lambda: nn.LayerNorm(4, eps=1e-3, bias=False),
    "rnn": lambda: nn.RNN(4, 3, 2, nonlinearity="relu", batch_first=True),
    "lstm": lambda: nn.LSTM(4, 3, bidirectional=True, batch_first=True, bias=False),
    "gru": lambda: nn.GRU(4, 3, batch_first=True, dropout=0.0),
    "softplus": lambda: nn.Softplus(2.0, 5.0),
}


@pytest.mark.parametrize("name", CHANNELS_LAST)
def test_a_module_of_chains_comes_in_and_goes_out_again(name: str) -> None:
    torch.default_generator.manual_seed(0)
    module = CHANNELS_LAST[name]().double().eval()
    x = torch.randn(2, 5, 4, dtype=torch.float64)
    found = module(x)
    expected = found[0] if isinstance(found, tuple) else found
    layer = gn.from_torch(module)
    assert_same_weights(layer, module)
    torch.testing.assert_close(layer(gn.chain(x)).x, expected.flatten(0, 1), atol=1e-10, rtol=1e-10)
    back = gn.to_torch(layer)
    again = back(x)
    assert_same_weights(back, module)
    assert torch.equal(again[0] if isinstance(again, tuple) else again, expected)


def test_attention_comes_in_and_goes_out_again() -> None:
    for options in ({}, {"kdim": 6, "vdim": 5}, {"bias": False}):
        module = nn.MultiheadAttention(8, 2, batch_first=True, **options).double()  # pyright: ignore[reportArgumentType]
        query, key, value = (torch.randn(2, 3, width, dtype=torch.float64) for width in (8, module.kdim, module.vdim))
        layer = gn.from_torch(module)
        assert_same_weights(layer, module)
        expected = module(query, key, value)[0]
        found = layer(gn.chain(query), gn.chain(key), gn.chain(value)).x
        torch.testing.assert_close(found, expected.flatten(0, 1), atol=1e-10, rtol=1e-10)
        torch.testing.assert_close(gn.to_torch(layer)(query, key, value)[0], expected, atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize("norm_first", [False, True])
def test_transformers_come_in_and_go_out_again(norm_first: bool) -> None:
    options: dict[str, Any] = {"dim_feedforward": 16, "activation": "gelu", "norm_first": norm_first}
    options |= {"batch_first": True, "bias": not norm_first}
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, **options), 2, nn.LayerNorm(8), False)
    decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, **options), 2)
    words, others = torch.randn(2, 5, 8, dtype=torch.float64), torch.randn(2, 3, 8, dtype=torch.float64)
    encoder, decoder = encoder.double().eval(), decoder.double().eval()
    for module, given in ((encoder, [words]), (encoder.layers[0], [words]), (decoder, [words, others])):
        for parameter in module.parameters():
            parameter.data += 0.1 * torch.randn_like(parameter)
        expected = module(*given)
        layer = gn.from_torch(module)
        assert_same_weights(layer, module)
        found = layer(*[gn.chain(rows) for rows in given]).x
        torch.testing.assert_close(found, expected.flatten(0, 1), atol=1e-10, rtol=1e-10)
        back = gn.to_torch(layer)
        assert_same_weights(back, module)
        torch.testing.assert_close(back(*given), expected, atol=1e-10, rtol=1e-10)


def test_words_and_cells() -> None:
    embedding = nn.Embedding(7, 3, padding_idx=0)
    words = torch.randint(0, 7, (2, 5, 1))
    assert torch.equal(gn.from_torch(embedding)(gn.chain(words)).x, embedding(words[..., 0]).flatten(0, 1))
    for cell in (nn.LSTMCell(3, 4), nn.GRUCell(3, 4, bias=False), nn.RNNCell(3, 4, nonlinearity="relu")):
        assert_same_weights(gn.from_torch(cell), cell)
        assert type(gn.to_torch(gn.from_torch(cell))) is type(cell)


def test_a_group_norm_of_ragged_images_is_that_of_each() -> None:
    norm = nn.GroupNorm(2, 4).double()
    images = [torch.randn(5, 6, 4, dtype=torch.float64), torch.randn(2, 3, 4, dtype=torch.float64)]
    rows = torch.cat([norm(image.movedim(-1, 0)[None])[0].movedim(0, -1).reshape(-1, 4) for image in images])
    torch.testing.assert_close(gn.from_torch(norm)(gn.grid(images)).x, rows, atol=1e-10, rtol=1e-10)


def test_modes_types_and_frozen_weights_come_along() -> None:
    module = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3)).to(torch.bfloat16)
    module[0].weight.requires_grad_(False)
    module[1].eval()
    before = torch.get_rng_state()
    layer = gn.from_torch(module)
    assert torch.equal(torch.get_rng_state(), before), "converting draws no random numbers"
    assert layer[0].weight.dtype == torch.bfloat16 and not layer[0].weight.requires_grad
    assert [layer.training, layer[0].training, layer[1].training] == [True, True, False]
    assert not gn.from_torch(nn.ReLU(inplace=True)).inplace, "records do not change in place"


def test_an_mlp_and_a_wrapped_module_go_out() -> None:
    x = torch.randn(5, 4)
    net = gn.nn.Sequential(gn.nn.MLP([4, 8, 3], norm="layer"), gn.nn.PerNode(nn.Linear(3, 2)), nn.SiLU())
    torch.testing.assert_close(gn.to_torch(net)(x), net(gn.points(None, x=x[None])).x)


def test_graph_layers_go_to_pyg() -> None:
    structure = graph([4, 3], seed=3)
    edge_index = torch.stack([structure.topology.links.senders, structure.topology.links.receivers])
    for layer in (
        gn.nn.GCNConv(4, 3, bias=False).double(),
        gn.nn.SAGEConv(4, 3, aggr="mean", normalize=True).double(),
        gn.nn.GINConv(gn.nn.MLP([4, 3]), eps=0.5, train_eps=True).double(),
        gn.nn.GATConv(4, 3, heads=2, concat=False, neighborhood=gn.Links()).double(),
    ):
        native = gn.to_pyg(layer)
        assert type(native).__module__.startswith("torch_geometric")
        assert_same_weights(native, layer)
        torch.testing.assert_close(native(structure.x, edge_index), layer(structure).x, atol=1e-10, rtol=1e-10)
