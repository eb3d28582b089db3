"""The peak of the memory that a step asks torch for, beyond what was there before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def peak_of(step: Callable[[], object]) -> int:
    """Bytes. What other libraries hold beside torch is not seen."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as record:
        step()
    profiler: Any = record.profiler
    events = [event for event in profiler.kineto_results.events() if event.name() == "[memory]"]
    held = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak
