"""Reading in a process of its own: for native parsers that a damaged file may crash, hang or take over."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO, Any

import numpy as np

from geonets.data.readers.source import Source

CHILD = Path(__file__).parent / "apart" / "child.py"
MAX_SECONDS, MAX_MEMORY, MAX_HEADER = 60, 8 << 30, 64 << 20
PLAIN = re.compile(r"[<>|][biufc]\d{1,2}|[|]S\d{1,9}|[<>]U\d{1,9}")
"""The dtypes that an answer may have: numbers and text, no objects."""

Answer = tuple[dict[str, Any], dict[str, np.ndarray]]


def apart(source: Source, task: str, *, seconds: int = MAX_SECONDS, memory: int = MAX_MEMORY, **options: Any) -> Answer:
    """Have a file read by `apart/<task>.py` in a process of its own, under limits.

    The process works in an empty folder that is removed afterwards, may not write, and answers with JSON and plain
    arrays, which are checked like a file. If it crashes, hangs or takes too much, that is a `ReadError`.

    Args:
        source: the file; a compressed one is handed over decompressed.
        task: a file of the folder `apart` with `answer(path, **options) -> (facts, arrays)`.
        seconds: the most time that it may take.
        memory: the most bytes of address space that it may have.
        **options: for the task, as far as JSON can hold them.

    Returns:
        What the task answered: facts and arrays.

    Raises:
        ReadError: if it found something wrong, crashed, took too long, or did not answer properly.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = str(source.on_disk(folder))
        order = {"task": task, "path": path, "options": options, "memory": memory, "seconds": seconds}
        child = subprocess.Popen(
            [sys.executable, "-P", str(CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1"},
        )
        late = threading.Timer(seconds, child.kill)
        late.start()
        try:
            with child:
                assert child.stdin is not None and child.stdout is not None
                with contextlib.suppress(BrokenPipeError):
                    child.stdin.write(json.dumps(order).encode())
                    child.stdin.close()
                said = _everything(child.stdout, source.max_bytes + MAX_HEADER)
                child.kill()  # it has nothing more to say
        finally:
            in_time = late.is_alive()
            late.cancel()
    if not in_time:
        raise source.error(f"be readable within {seconds} seconds", "more", "the whole file", "Check the file.")
    return _checked(source, said, child.returncode)


def _everything(pipe: IO[bytes], most: int) -> bytearray:
    """What comes through a pipe, up to a limit."""
    said = bytearray()
    while len(said) <= most and (part := pipe.read(1 << 20)):
        said += part
    return said


def _checked(source: Source, said: bytearray, code: int) -> Answer:
    """An answer, once it is known to be whole; a library that was taken over could send anything."""
    length = int.from_bytes(said[:8], "little")
    if len(said) < 8 or not 0 < length <= min(MAX_HEADER, len(said) - 8):
        got = f"a crash (exit code {code}) of the library that reads it"
        raise source.error("be intact", got, "the whole file", "Fetch or write it again.")
    try:
        header = json.loads(said[8 : 8 + length])
        facts = dict(header["facts"])
        listed = [(str(name), str(dtype), [int(n) for n in shape]) for name, dtype, shape in header["arrays"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        facts, listed = {}, [("?", "?", [])]
    if "wrong" in facts:
        rule, got, place, cure = map(str, facts["wrong"])
        raise source.error(rule, got, place, cure)
    at, arrays = 8 + length, {}
    for name, dtype, shape in listed:
        plain = PLAIN.fullmatch(dtype) and all(n >= 0 for n in shape)
        count = math.prod(shape)
        size = count * np.dtype(dtype).itemsize if plain else -1
        if not 0 <= size <= len(said) - at:
            got = f"an answer that is none (array {name!r})"
            raise source.error("be readable in a process of its own", got, "the whole file", "Fetch it again.")
        arrays[name] = np.frombuffer(said, dtype, count, at).reshape(shape) if size else np.empty(shape, dtype)
        at += size
    return facts, arrays
