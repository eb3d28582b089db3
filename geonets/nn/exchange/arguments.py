"""The arguments that a torch module was built with, read back from its attributes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from torch import nn

from geonets.nn.layer import Layer

RECURRENT = ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional")
NAMES: dict[type, tuple[str, ...]] = {
    nn.RNN: (*RECURRENT, "nonlinearity"),
    nn.LSTM: (*RECURRENT, "proj_size"),
    nn.GRU: RECURRENT,
}
"""Where the signature of `__init__` does not tell."""

LEFT_OUT = {"self", "device", "dtype", "inplace", "_weight", "_freeze", "min_value", "max_value"}
"""What is not carried over: places and types follow the weights, and records do not change in place."""

TRANSFORMER: dict[str, Callable[[Any], Any]] = {
    "d_model": lambda module: module.linear1.in_features,
    "nhead": lambda module: module.self_attn.num_heads,
    "dim_feedforward": lambda module: module.linear1.out_features,
    "dropout": lambda module: module.dropout.p,
    "layer_norm_eps": lambda module: module.norm1.eps,
    "batch_first": lambda module: getattr(module, "arguments", {}).get("batch_first", module.self_attn.batch_first),
    "bias": lambda module: module.linear1.bias is not None,
}
READERS: dict[type, dict[str, Callable[[Any], Any]]] = {
    nn.MultiheadAttention: {
        "bias": lambda module: module.in_proj_bias is not None,
        "add_bias_kv": lambda module: module.bias_k is not None,
    },
    nn.TransformerEncoderLayer: TRANSFORMER,
    nn.TransformerDecoderLayer: TRANSFORMER,
    nn.RNN: {"nonlinearity": lambda module: module.mode.removeprefix("RNN_").lower()},
}
"""Arguments that a module does not keep under their own name."""


def arguments_of(module: Any, kind: type[nn.Module], convert: Callable[[Any], Any]) -> dict[str, Any]:
    """What `kind(**arguments)` must be given to be built like `module`.

    Args:
        module: of `kind`, or a layer with the same attributes.
        kind: a class of `torch.nn`.
        convert: what is done to arguments that are modules themselves.
    """
    names = NAMES.get(kind) or tuple(inspect.signature(kind.__init__).parameters)
    readers = READERS.get(kind, {})
    found: dict[str, Any] = {}
    for name in names:
        if name in readers:
            found[name] = readers[name](module)
        elif name == "bias":
            bias = getattr(module, name, None)
            found[name] = bias if isinstance(bias, bool) else bias is not None
        elif name not in LEFT_OUT and hasattr(module, name):
            value = getattr(module, name)
            found[name] = convert(value) if isinstance(value, nn.Module) else value
    if "encoder_layer" in names or "decoder_layer" in names:
        found[names[1]] = convert(module.layers[0])
    return found


def options_beyond(layer: Layer, kind: type[nn.Module]) -> dict[str, Any]:
    """Options of a layer that `kind`, its class in torch, does not have, where they are not at their defaults."""
    taken = {*NAMES.get(kind, ()), *inspect.signature(kind.__init__).parameters, "device", "dtype"}
    own = inspect.signature(type(layer).__init__).parameters
    beyond = {name: value for name, value in layer.arguments.items() if name not in taken}
    return {name: value for name, value in beyond.items() if value != own[name].default}
