"""Sound, read by libsndfile."""

from __future__ import annotations

from typing import Any

import numpy as np
import soundfile

WHOLE = {"PCM_S8", "PCM_U8", "PCM_16"}
"""How samples are stored that 16 bits hold."""


def answer(path: str, most: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """All samples, `(T, channels)`, and how many there are a second."""
    with soundfile.SoundFile(path) as file:
        dtype = "int16" if file.subtype in WHOLE else "int32" if file.subtype in ("PCM_24", "PCM_32") else "float32"
        parts, total = [], 0
        while len(part := file.read(1 << 16, dtype=dtype, always_2d=True)):  # lengths in headers are not trusted
            parts.append(part)
            total += part.nbytes
            if total > most:
                rule, cure = f"have at most {most} bytes of samples", "Raise the limit: read(path, max_bytes=...)."
                return {"wrong": [rule, "more", "the whole file", cure]}, {}
        empty = np.zeros((0, file.channels), dtype)
        return {"rate": file.samplerate}, {"x": np.concatenate(parts) if parts else empty}
