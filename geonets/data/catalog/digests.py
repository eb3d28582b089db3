"""Checksums of files, and a ledger of those that were seen first."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, final

CHUNK = 1 << 20


def digest(path: Path, kind: str = "sha256") -> str:
    """The checksum of a file in hexadecimal digits.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "a").write_bytes(b"")
        ...     digest(Path(folder, "a"), "md5")
        'd41d8cd98f00b204e9800998ecf8427e'
    """
    found = hashlib.new(kind, usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
    return found.hexdigest()


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write a JSON object whole or not at all, with its checksum in the first line."""
    text = json.dumps(value, indent=1, sort_keys=True)
    beside = path.with_name(f".{path.name}-{os.getpid()}")
    beside.write_text(f"{_sum(text)}\n{text}", encoding="utf-8")
    beside.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """What `write_json` wrote; empty where the file is missing or damaged."""
    try:
        first, _, text = path.read_text(encoding="utf-8").partition("\n")
    except (OSError, ValueError):
        return {}
    return json.loads(text) if first == _sum(text) else {}


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@final
class Ledger:
    """The checksums of files whose cards tell none, as they were at the first download.

    Args:
        path: of the file that keeps them.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __getitem__(self, name: str) -> str | None:
        return read_json(self.path).get(name)

    def record(self, name: str, value: str) -> None:
        """Keep the checksum of a file."""
        write_json(self.path, {**read_json(self.path), name: value})
