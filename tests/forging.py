"""Files that `save` would never write: whole and with the right checksums, but with other words or numbers in them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor

import geonets as gn
from geonets.data.storage.structures import taken_apart
from geonets.data.storage.writing import write

Change = Callable[[dict[str, Any], dict[str, Tensor]], Any]


def forged(structure: gn.Structure, change: Change) -> Path:
    """A file of the structure with its description and tensors changed in place."""
    tensors, metadata = taken_apart(structure)
    tensors = {name: tensor.clone() for name, tensor in tensors.items()}
    about = json.loads(metadata["structure"])
    change(about, tensors)
    path = Path(tempfile.mkdtemp(), "forged.geonets")
    with path.open("wb") as file:
        write(file, tensors, {**metadata, "structure": json.dumps(about)})
    return path


def raw(header: Any, payload: bytes = b"") -> Path:
    """A safetensors file with this header, or with this text in its place."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path = Path(tempfile.mkdtemp(), "raw.safetensors")
    path.write_bytes(len(text).to_bytes(8, "little") + text + payload)
    return path
