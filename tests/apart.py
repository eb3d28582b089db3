"""Functions in processes of their own, which neither a crash nor a limit there takes down with them.

They are forked from one process that has imported what they need, and nothing else happened to it.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    ["torch", "geonets.data.readers.read", "badinputs", "rdkit.Chem", "trimesh", "scipy.sparse"]
)


def printed(function: Callable[..., None], *args: Any, seconds: float | None = None) -> tuple[str, str, int | None]:
    """What `function(*args)` prints in a process of its own: its output, its errors and the exit code.

    Args:
        function: of a module that can be imported.
        *args: for it.
        seconds: after which the process is killed.
    """
    with tempfile.TemporaryDirectory() as folder:
        streams = Path(folder, "out"), Path(folder, "err")
        child = FORKS.Process(target=_redirected, args=(streams, function, args))
        child.start()
        child.join(seconds)
        child.kill()
        child.join()
        out, err = (path.read_text() if path.exists() else "" for path in streams)
        return out, err, child.exitcode


def _redirected(streams: tuple[Path, Path], function: Callable[..., None], args: tuple[Any, ...]) -> None:
    import torch

    torch.set_num_threads(1)
    for number, path in enumerate(streams, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    function(*args)
