"""`jacobian_spectrum`: how much of its first state a recurrence still knows at the end."""

from __future__ import annotations

import torch
from torch import Tensor

from geonets.core.structure import Structure
from geonets.nn.recurrent.base import Recurrence, State


def jacobian_spectrum(layer: Recurrence, chains: Structure, hx: State | None = None) -> Tensor:
    """Singular values of `d state_T / d state_0`, the product of the Jacobians of all steps.

    Values that shrink towards 0 with the length are gradients that vanish, and a past that is forgotten; values that
    grow are gradients that explode, and an end that depends on its beginning in every digit.

    Args:
        layer: a recurrence, `Recurrent` with a cell of one's own included.
        chains: of any lengths.
        hx: state at which to differentiate; zeros unless given.

    Returns:
        `(B, S)` singular values of each chain, the largest first; `S` counts all channels of the state.

    Reference: Hochreiter, "Untersuchungen zu dynamischen neuronalen Netzen", 1991; Bengio, Simard & Frasconi,
        "Learning long-term dependencies with gradient descent is difficult", 1994, section 3.

    Example:
        >>> import torch, geonets as gn
        >>> halve = gn.nn.Recurrent(lambda x, state: 0.5 * state + x, state_size=2)
        >>> gn.jacobian_spectrum(halve, gn.chain(torch.randn(1, 3, 2)))
        tensor([[0.1250, 0.1250]])
    """
    spec, count = layer.spec, len(chains)
    layers = () if spec.cell == "opaque" else (spec.num_layers * spec.num_directions,)
    if hx is None:
        assert chains.x is not None
        hx = tuple(chains.x.new_zeros(*layers, count, size) for size in spec.parts)
    with torch.enable_grad():
        start = [part.detach().requires_grad_() for part in (hx if isinstance(hx, tuple) else (hx,))]
        given = start[0] if len(start) == 1 else tuple(start)
        _, end = layer(chains, given, return_state=True)
        final = torch.cat([_by_item(part) for part in (end if isinstance(end, tuple) else (end,))], 1)  # (B, S)
        rows = []
        for channel in final.unbind(1):  # items do not mix, so that one pass serves all
            grads = torch.autograd.grad(channel.sum(), start, retain_graph=True)
            rows.append(torch.cat([_by_item(grad) for grad in grads], 1))
    return torch.linalg.svdvals(torch.stack(rows, 1))


def _by_item(state: Tensor) -> Tensor:
    """`(B, S)` from `(layers, B, H)` or `(B, H)`."""
    return state.movedim(-2, 0).flatten(1)
