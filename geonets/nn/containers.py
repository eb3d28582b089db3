"""`Sequential`: layers one after another, and what may stand among them."""

from __future__ import annotations

from typing import Any

from torch import nn

from geonets.core.errors import UnsupportedError
from geonets.nn.layer import Layer, on_nodes

ROW_BY_ROW = (
    nn.Linear,
    nn.Identity,
    nn.Dropout,
    nn.LayerNorm,
    nn.RMSNorm,
    nn.ReLU,
    nn.ReLU6,
    nn.LeakyReLU,
    nn.PReLU,
    nn.ELU,
    nn.SELU,
    nn.CELU,
    nn.GELU,
    nn.SiLU,
    nn.Mish,
    nn.Softplus,
    nn.Softsign,
    nn.Tanh,
    nn.Sigmoid,
    nn.LogSigmoid,
    nn.Hardtanh,
    nn.Hardswish,
    nn.Hardsigmoid,
)
"""Torch modules that are known to act on each row by itself."""

OURS = {
    **{name: name for name in ("Conv1d", "Conv2d", "Conv3d", "RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell")},
    **{name: name for name in ("MaxPool1d", "MaxPool2d", "MaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d")},
    **{f"ConvTranspose{axes}d": f"ConvTranspose{axes}d" for axes in (1, 2, 3)},
    **{f"BatchNorm{axes}d": "BatchNorm" for axes in (1, 2, 3)},
    **{f"AdaptiveAvgPool{axes}d": "Readout" for axes in (1, 2, 3)},
    **{f"AdaptiveMaxPool{axes}d": "Readout" for axes in (1, 2, 3)},
    **{name: name for name in ("MultiheadAttention", "TransformerEncoderLayer", "TransformerEncoder")},
    **{name: name for name in ("TransformerDecoderLayer", "TransformerDecoder")},
    "Sequential": "Sequential",
}
"""Our layer for each torch module that would mix rows."""


class Sequential(Layer, nn.Sequential):
    """Layers applied one after another; keys as in `torch.nn.Sequential`.

    Besides geonets' layers it takes torch modules that are known to act on each node alone (`Linear`, activations,
    `Dropout`, `LayerNorm` over channels). Any other must be wrapped in `PerNode`: packed rows belong to several items.

    Args:
        *layers: in order, or one `OrderedDict` of names and layers.

    Raises:
        UnsupportedError: for a torch module that might mix the rows of different nodes.

    Example:
        >>> import torch, geonets as gn
        >>> net = gn.nn.Sequential(gn.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), gn.nn.Readout("mean"), gn.nn.Linear(4, 10))
        >>> net(gn.grid([torch.randn(8, 8, 1), torch.randn(5, 9, 1)])).x.shape
        torch.Size([2, 10])
    """

    def __init__(self, *layers: Any) -> None:
        super().__init__(*layers)
        for position, layer in enumerate(self):
            _require_node_wise(layer, position)

    def forward(self, input: Any) -> Any:
        for layer in self:
            input = layer(input) if isinstance(layer, Layer) else on_nodes(layer, input)
        return input


def _require_node_wise(layer: nn.Module, position: int) -> None:
    if isinstance(layer, Layer):
        return
    name = type(layer).__name__
    known = type(layer) in ROW_BY_ROW and not (isinstance(layer, nn.LayerNorm) and len(layer.normalized_shape) != 1)
    if known or (type(layer) is nn.Sequential and all(type(inner) in ROW_BY_ROW for inner in layer)):
        return
    ours = OURS.get(name) if type(layer).__module__.startswith("torch.nn") else None
    advice = f"Use gn.nn.{ours}" if ours else "Use a layer of gn.nn"
    raise UnsupportedError(
        "`layers` must act on structures or on each node alone; "
        f"got {type(layer).__module__}.{name} (position {position}), which may mix the packed rows "
        f"of different items. {advice}, or wrap it in gn.nn.PerNode(...) if it does not."
    )
