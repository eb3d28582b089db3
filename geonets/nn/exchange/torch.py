"""`from_torch` and `to_torch`: the same weights in a layer of ours and in a module of torch's."""

from __future__ import annotations

import copy
from collections import OrderedDict
from typing import Any

import torch
from torch import nn

from geonets.core.errors import DtypeError, OptionError, UnsupportedError
from geonets.nn import attention, containers, convolution, nodewise, norms, pooling, recurrent, transposed
from geonets.nn.exchange.arguments import arguments_of, options_beyond
from geonets.nn.exchange.layout import Layout
from geonets.nn.layer import Layer

ROOMS = (convolution, transposed, pooling, recurrent, attention, nodewise, norms)
TWINS: dict[type[nn.Module], type[Any]] = {
    getattr(nn, name): layer
    for room in ROOMS
    for name, layer in vars(room).items()
    if isinstance(layer, type) and issubclass(layer, Layer) and hasattr(nn, name) and layer is not containers.Sequential
}
"""Torch's class -> ours, where they share a name."""
BY_AXES: dict[type[nn.Module], type[Any]] = {
    getattr(nn, f"{ours.__name__}{axes}d"): ours for ours in (norms.BatchNorm, norms.InstanceNorm) for axes in (1, 2, 3)
}
"""Torch's class -> ours, where torch has one for each number of axes."""
READOUTS: dict[type[nn.Module], str] = {
    getattr(nn, f"Adaptive{word}Pool{axes}d"): reduce
    for word, reduce in (("Avg", "mean"), ("Max", "max"))
    for axes in (1, 2, 3)
}


def from_torch(module: nn.Module) -> Any:
    """The same layer or network on structures, with a copy of the weights, bit for bit.

    `Conv*`, `ConvTranspose*`, poolings, norms, RNNs, attention, transformer layers, `Linear` and activations become the
    layer of their name; a pooling to size 1 becomes `Readout`, and a `Flatten` behind it nothing. Keys stay. What the
    module took as `(B, C, H, W)` the layer takes as `gn.grid(x, channels_first=True)`, and as items of any sizes.

    Args:
        module: one of these, or a `torch.nn.Sequential` of them.

    Returns:
        The layer, in the same mode, dtype and place.

    Raises:
        DtypeError: if it is no torch module.
        UnsupportedError: for a module without a counterpart; the message names it.

    Example:
        >>> import torch, geonets as gn
        >>> net = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1))
        >>> ours = gn.from_torch(net)
        >>> photos = gn.grid([torch.randn(9, 9, 3), torch.randn(7, 12, 3)])
        >>> ours(photos).x.shape, torch.equal(ours[0].weight, net[0].weight)
        (torch.Size([2, 8]), True)
    """
    if not isinstance(module, nn.Module):
        raise DtypeError(
            f"`module` must be a torch module; got {type(module).__name__}. Pass torch.nn.Conv2d(...), say."
        )
    return _carried(_from_torch(module, "module"), module)


def to_torch(layer: nn.Module, axes: int | None = None) -> nn.Module:
    """The same layer or network as a module of torch's, with a copy of the weights, bit for bit.

    Args:
        layer: a layer that torch has, a `Readout` of mean or max, a `gn.nn.Sequential` or `MLP` of them.
        axes: how many axes the items have, for `BatchNorm` and `Readout`, whose class in torch depends on it; in a
            `Sequential` the convolutions and poolings tell.

    Returns:
        The module, which takes `(B, C, *sizes)` where the layer took grids.

    Raises:
        UnsupportedError: for a layer without a counterpart; the message names it.

    Example:
        >>> import torch, geonets as gn
        >>> net = gn.nn.Sequential(gn.nn.Conv2d(3, 8, 3), gn.nn.BatchNorm(8), gn.nn.ReLU(), gn.nn.Readout("mean"))
        >>> gn.to_torch(net)(torch.randn(2, 3, 9, 9)).shape
        torch.Size([2, 8])
    """
    if not isinstance(layer, nn.Module):
        raise DtypeError(f"`layer` must be a layer; got {type(layer).__name__}. Pass gn.nn.Conv2d(...), say.")
    return _carried(_to_torch(layer, Layout(axes), "layer"), layer)


def _from_torch(module: nn.Module, place: str) -> Any:
    kind = type(module)
    if isinstance(module, Layer):
        return copy.deepcopy(module)
    if kind is nn.Sequential:
        return containers.Sequential(_parts_from_torch(module, place))
    if kind in READOUTS and _is_one(module.output_size):
        return pooling.Readout(READOUTS[kind])
    ours = TWINS.get(kind) or BY_AXES.get(kind)
    if ours is not None:
        return _built(ours, arguments_of(module, kind, from_torch))
    if kind in containers.ROW_BY_ROW:
        return copy.deepcopy(module)
    raise UnsupportedError(
        f"`{place}` must have a counterpart among geonets' layers; got {kind.__module__}.{kind.__name__}. "
        "Convert its parts, or wrap it in gn.nn.PerNode(...) if it acts on each node alone."
    )


def _parts_from_torch(modules: nn.Module, place: str) -> OrderedDict[str, nn.Module]:
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    before, layout = None, Layout()
    for name, module in modules.named_children():
        layout = layout.after(module, f"{place}.{name}")
        flat = type(module) is nn.Flatten and isinstance(before, pooling.Readout)  # one row an item already
        before = parts[name] = nn.Identity() if flat else _from_torch(module, f"{place}.{name}")
    return parts


def _to_torch(layer: Any, layout: Layout, place: str) -> nn.Module:
    kind = type(layer)
    if kind is containers.Sequential:
        return nn.Sequential(_parts_to_torch(layer, layout, place))
    if kind is nodewise.MLP:
        return nn.Sequential(OrderedDict((name, copy.deepcopy(part)) for name, part in layer.named_children()))
    if kind is nodewise.PerNode:
        return nn.Sequential(OrderedDict(module=copy.deepcopy(layer.module)))
    if kind is pooling.Readout and layer.spec.reduce in READOUTS.values():
        pool = {"mean": "AdaptiveAvgPool", "max": "AdaptiveMaxPool"}[layer.spec.reduce]
        return nn.Sequential(getattr(nn, f"{pool}{_axes(layout, place)}d")(1), nn.Flatten())
    if kind in BY_AXES.values():
        theirs: Any = getattr(nn, f"{kind.__name__}{_axes(layout, place)}d")
        return _built(theirs, arguments_of(layer, theirs, to_torch))
    for theirs, ours in TWINS.items():
        if kind is ours:
            _require_torchs_options(layer, place)
            return _built(theirs, arguments_of(layer, theirs, to_torch))
    if not isinstance(layer, Layer):
        return copy.deepcopy(layer)
    raise UnsupportedError(
        f"`{place}` must have a counterpart in torch.nn; got {kind.__name__}. "
        "Convert its parts; graph layers have theirs in PyG: gn.to_pyg(layer)."
    )


def _parts_to_torch(layers: nn.Module, layout: Layout, place: str) -> OrderedDict[str, nn.Module]:
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    for name, layer in layers.named_children():
        parts[name] = _to_torch(layer, layout, f"{place}.{name}")
        layout = layout.after(parts[name], f"{place}.{name}")
    return parts


def _require_torchs_options(layer: nn.Module, place: str) -> None:
    """Raise where a layer, or one inside it, uses an option that torch's class does not have."""
    twins = {ours: theirs for theirs, ours in TWINS.items()}
    part: Any
    for part in layer.modules():
        if getattr(part, "padding", None) == "causal":
            raise UnsupportedError(
                f"`{place}` must not be padded by 'causal' to be a module of torch.nn; got {type(part).__name__}. "
                "Pad on the left yourself: torch.nn.Sequential(torch.nn.ConstantPad1d((left, 0), 0.0), ...)."
            )
        known = isinstance(part, Layer) and type(part) in twins
        beyond = options_beyond(part, twins[type(part)]) if known else {}
        for name, value in beyond.items():
            raise UnsupportedError(
                f"`{place}` must be what torch's {type(part).__name__} can be; got {name}={value!r}. "
                "Build it without, or keep the layer as it is."
            )


def _axes(layout: Layout, place: str) -> int:
    if layout.axes is None:
        raise OptionError(
            f"`axes` must tell how many axes the items have, 1 to 3; got None, and nothing before {place} tells. "
            "Pass to_torch(layer, axes=2) for images."
        )
    return layout.axes


def _built(kind: type[Any], arguments: dict[str, Any]) -> Any:
    with torch.random.fork_rng(devices=[]):  # the weights are overwritten: leave the user's random numbers alone
        return kind(**arguments)


def _carried(twin: nn.Module, original: nn.Module) -> Any:
    """Give the twin the weights, modes, dtype and place of the original; their keys are the same."""
    weights, learned = original.state_dict(), dict(original.named_parameters())
    for name, tensor in [*twin.named_parameters(), *twin.named_buffers()]:
        tensor.data = weights[name].detach().clone()
        tensor.requires_grad_(name in learned and learned[name].requires_grad)
    modes = {name: module.training for name, module in original.named_modules()}
    for name, module in twin.named_modules():
        module.training = modes.get(name, original.training)
    return twin


def _is_one(size: Any) -> bool:
    return size == 1 or (isinstance(size, tuple) and all(each == 1 for each in size))
