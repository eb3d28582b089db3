"""`symmetries`: what a layer respects on a structure, in words and by trial."""

from __future__ import annotations

from typing import Any

import torch

from geonets.check.order import permutation
from geonets.check.poses import rotation
from geonets.check.reach import causality
from geonets.check.shifts import translation
from geonets.check.trial import Call, Trial
from geonets.core.errors import GeonetsError
from geonets.core.structure import Structure


def symmetries(
    layer: Any, structure: Structure, *, draws: int = 2, call: Call | None = None, seed: int = 0
) -> tuple[str, ...]:
    """Which symmetries hold, each found by its check.

    Args:
        layer: a layer, a model, or a function of structures; it is copied and left as it was.
        structure: what to try it on.
        draws: random orders and motions of each kind.
        call: how the layer is called; `layer(structure)` unless given.
        seed: of the trials.

    Returns:
        Some of `"permutation"`, `"translation (exact)"`, `"translation (interior)"`, `"causal"`, and, where positions
        are read at all, the group of their motions, such as `"E(3)"`.

    Example:
        >>> import torch, geonets as gn
        >>> gn.check.symmetries(gn.nn.Conv1d(3, 4, 3, padding=1), gn.chain(torch.randn(1, 12, 3)))
        ('translation (interior)',)
        >>> gn.check.symmetries(gn.nn.LSTM(3, 4), gn.chain(torch.randn(1, 12, 3)))
        ('causal',)
    """
    words = []
    if permutation(layer, structure, draws=draws, call=call, seed=seed):
        words.append("permutation")
    shifted = _verdict(translation, layer, structure, call, seed)
    if shifted in ("exact", "interior only"):
        words.append(f"translation ({shifted.split()[0]})")
    if _verdict(causality, layer, structure, call, seed) == "causal":
        words.append("causal")
    if _reads_positions(layer, structure, call, seed):
        turned = rotation(layer, structure, draws=draws, call=call, seed=seed).verdict
        words += [turned] if turned != "fails" else []
    return tuple(words)


def _verdict(check: Any, layer: Any, structure: Structure, call: Call | None, seed: int) -> str:
    try:
        return check(layer, structure, call=call, seed=seed).verdict
    except GeonetsError:  # the question has no meaning here
        return "fails"


def _reads_positions(layer: Any, structure: Structure, call: Call | None, seed: int) -> bool:
    """Whether other positions give another result."""
    if structure.pos is None or not structure.num_nodes:
        return False
    trial = Trial(layer, structure, False, call, seed)
    given = trial.structure
    before, after = trial(given), trial(given.replace(pos=trial.normal(given.pos)))
    return any(
        old.rows.shape != new.rows.shape or not torch.equal(old.rows, new.rows)
        for old, new in zip(before, after, strict=True)
    )
