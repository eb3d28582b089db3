"""The law of `convolve`."""

from __future__ import annotations

from torch import Tensor

from geonets.engine.rules import Call
from geonets.engine.spec import ConvolveOperands, ConvolveSpec


def convolve(call: Call, spec: ConvolveSpec, operands: ConvolveOperands) -> Tensor:
    """`y_i = b + sum_k sum_{j -> i, type k} W_k x_j`."""
    edges = spec.neighborhood.edges(call.structure, call.source)
    assert edges.edge_type is not None
    weight = operands.weight.flatten(2)  # (C_out, C_in / groups, K)
    x = operands.x.unflatten(1, (spec.groups, -1))  # (N, groups, C_in / groups)
    by_group = weight.reshape(spec.groups, -1, *weight.shape[1:])  # (groups, C_out / groups, C_in / groups, K)
    out = operands.x.new_zeros(edges.num_receivers, len(weight))
    for offset in range(weight.shape[2]):
        chosen = edges.edge_type == offset
        messages = x[edges.senders[chosen]].transpose(0, 1) @ by_group[..., offset].transpose(1, 2)
        out = out.index_add(0, edges.receivers[chosen], messages.transpose(0, 1).flatten(1))
    return out if operands.bias is None else out + operands.bias
