"""The law of `convolve`."""

from __future__ import annotations

import torch
from torch import Tensor

from geonets.core.topology import EdgeList
from geonets.engine.rules import Call
from geonets.engine.spec import ConvolveOperands, ConvolveSpec


def convolve(call: Call, spec: ConvolveSpec, operands: ConvolveOperands) -> Tensor:
    """`y_i = b + sum_{j -> i} sum_k a_ijk W_k x_j`."""
    edges = spec.neighborhood.edges(call.structure, call.source)
    weight = operands.weight.flatten(2)  # (C_out, C_in / groups, K)
    x = operands.x.unflatten(1, (spec.groups, -1))  # (N, groups, C_in / groups)
    by_group = weight.reshape(spec.groups, -1, *weight.shape[1:])  # (groups, C_out / groups, C_in / groups, K)
    out = operands.x.new_zeros(edges.num_receivers, len(weight))
    for kind in range(weight.shape[2]):
        heard, strength = _of_kind(kind, spec, operands.influence, edges)
        messages = x[edges.senders[heard]].transpose(0, 1) @ by_group[..., kind].transpose(1, 2)
        messages = strength[:, None] * messages.transpose(0, 1).flatten(1)
        out = out.index_add(0, edges.receivers[heard], messages.to(out.dtype))  # autocast narrows products
    return out if operands.bias is None else out + operands.bias


def _of_kind(kind: int, spec: ConvolveSpec, influence: Tensor | None, edges: EdgeList) -> tuple[Tensor, Tensor]:
    """The edges on which weight `kind` acts, and `a` there."""
    if spec.influence == "soft":
        assert influence is not None
        return torch.arange(edges.num_edges, device=influence.device), influence[:, kind]
    kinds = influence if spec.influence == "chosen" else edges.edge_type
    assert kinds is not None
    heard = (kinds == kind).nonzero().squeeze(1)
    if spec.influence == "weighted":
        assert influence is not None
        return heard, influence[heard]
    return heard, heard.new_ones(len(heard))
