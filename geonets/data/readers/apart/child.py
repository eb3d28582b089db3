"""The process that a native parser runs in: it limits itself, does one task, and answers with plain bytes.

It is started as a script, with the order on its standard input: JSON of `task` (the file of this folder whose `answer`
does the work), `path`, `options`, `memory` and `seconds`. The answer on its standard output is the length of a JSON
header (8 bytes, little-endian), the header (`facts`, or `wrong`, and the name, dtype and shape of each array), and the
arrays one after another.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

Answer = tuple[dict[str, Any], dict[str, np.ndarray]]
"""What a task answers: facts that JSON can hold, and arrays. `facts["wrong"]` is what `Source.error` takes."""


def limit(memory: int, seconds: int) -> None:
    """Give up address space, processor time, core files and writing to files, where the system knows such limits."""
    try:
        import resource
    except ImportError:
        return
    for kind, amount in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        most = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        resource.setrlimit(kind, (most, most))


def answer(order: dict[str, Any]) -> Answer:
    """Do the task; whatever a library raises is said in the answer."""
    script = Path(__file__).with_name(f"{order['task']}.py")
    spec = importlib.util.spec_from_file_location(script.stem, script)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    limit(order["memory"], order["seconds"])
    try:
        return module.answer(order["path"], **order["options"])
    except MemoryError:
        rule, cure = f"need at most {order['memory']} bytes of memory", "Read fewer of its arrays."
        return {"wrong": [rule, "more", "the whole file", cure]}, {}
    except Exception as error:  # a damaged file may raise anything
        message = " ".join(f"{type(error).__name__}: {error}".split())
        return {"wrong": ["be intact", message, "the whole file", "Fetch or write it again."]}, {}


def send(file: BinaryIO, facts: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Write an answer."""
    plain = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()}
    listed = [[name, array.dtype.str, list(array.shape)] for name, array in plain.items()]
    header = json.dumps({"facts": facts, "arrays": listed}).encode()
    file.write(len(header).to_bytes(8, "little"))
    file.write(header)
    for array in plain.values():
        file.write(array.reshape(-1).view(np.uint8).data if array.size else b"")
    file.flush()


def main() -> None:
    """Read the order, do it, answer."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is no answer
    send(out, *answer(json.load(sys.stdin)))


if __name__ == "__main__":
    main()
