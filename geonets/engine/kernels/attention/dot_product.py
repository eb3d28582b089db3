"""Scaled-dot-product attention that may be differentiated twice, and in which nobody may be heard."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


def dot_product(
    query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None = None, causal: bool = False, dropout: float = 0.0
) -> Tensor:
    """`softmax(q k^T / sqrt(D) + b) v`; a row whose biases are all `-inf` gives 0, where torch's layers give NaN.

    Args:
        query: `(B, H, n, D)`.
        key: `(B, H, m, D)`.
        value: `(B, H, m, D_v)`.
        bias: what broadcasts to `(B, H, n, m)`, or None.
        causal: place `i` hears places up to `i` only.
        dropout: the part of the weights to leave out.

    Returns:
        `(B, H, n, D_v)`.
    """
    if bias is None:
        return _attend(query, key, value, None, causal, dropout)
    bias = bias.to(query.dtype)
    if causal:
        bias = bias.masked_fill(_future(query, key), -torch.inf)
    silent = (bias == -torch.inf).all(-1, keepdim=True)
    rows = _attend(query, key, value, bias.masked_fill(silent, 0), False, dropout)
    return rows.masked_fill(silent, 0)


def _attend(query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None, causal: bool, dropout: float) -> Tensor:
    inputs = [tensor for tensor in (query, key, value, bias) if tensor is not None]
    learning = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in inputs)
    if learning and (dropout or (bias is not None and bias.requires_grad)):
        return _explicit(query, key, value, bias, causal, dropout)  # no fused form has these gradients twice
    if learning and not torch.compiler.is_compiling():
        rows = _Fused.apply(query, key, value, bias, causal)
        assert isinstance(rows, Tensor)
        return rows
    return functional.scaled_dot_product_attention(query, key, value, bias, dropout, causal)


class _Fused(torch.autograd.Function):
    """Torch's fused attention; where its gradient is to be differentiated, the explicit form takes its place."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None, causal: bool) -> Tensor:
        ctx.save_for_backward(query, key, value, bias)
        ctx.causal = causal
        with torch.enable_grad():
            ctx.leaves = q, k, v = [t.detach().requires_grad_(t.requires_grad) for t in (query, key, value)]
            ctx.rows = functional.scaled_dot_product_attention(q, k, v, bias, 0.0, causal)
        return ctx.rows.detach()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, bias = ctx.saved_tensors
        twice = torch.is_grad_enabled()  # a second derivative was asked for
        inputs = [query, key, value] if twice else ctx.leaves
        rows = _explicit(query, key, value, bias, ctx.causal, 0.0) if twice else ctx.rows
        wanted = [tensor for tensor, needed in zip(inputs, ctx.needs_input_grad, strict=False) if needed]
        found = iter(torch.autograd.grad(rows, wanted, grads[0].to(rows.dtype), retain_graph=True, create_graph=twice))
        return *(next(found) if needed else None for needed in ctx.needs_input_grad[:3]), None, None


def _explicit(query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None, causal: bool, dropout: float) -> Tensor:
    scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
    scores = scores if bias is None else scores + bias
    if causal:
        scores = scores.masked_fill(_future(query, key), -torch.inf)
    return functional.dropout(scores.softmax(-1), dropout) @ value


def _future(query: Tensor, key: Tensor) -> Tensor:
    return torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool, device=query.device).triu(1)
