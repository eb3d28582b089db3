"""The peak of the memory that a step asks torch for, beyond what was there before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def peak_of(step: Callable[[], object]) -> int:
    """Bytes. What other libraries hold beside torch is not seen."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as record:
        step()
    results: Any = record.profiler
    changes = [(event.start_ns(), event.nbytes()) for event in results.kineto_results.events() if event.name() == "[memory]"]
    held = peak = 0
    for _, change in sorted(changes, key=lambda pair: pair[0]):
        held += change
        peak = max(peak, held)
    return peak
