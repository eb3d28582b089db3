"""What a native parser does in a process of its own stays there."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from messages.arrays import apart

import geonets as gn
from geonets.data.readers import isolation

LIMITED = f"""
import os
import importlib.util
spec = importlib.util.spec_from_file_location("child", {str(isolation.CHILD)!r})
child = importlib.util.module_from_spec(spec)
spec.loader.exec_module(child)
child.limit(4 << 30, 60)
"""
WRONG = 'child.send(sys.stdout.buffer, {"wrong": ["r", str(%s), "p", "c."]}, {})'


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits")
@pytest.mark.parametrize(
    ("attempt", "error"),
    [
        ("bytearray(8 << 30)", "MemoryError"),
        ("os.write(os.open('a', os.O_CREAT | os.O_WRONLY), b'x')", "File too large"),
    ],
)
def test_it_is_limited(attempt: str, error: str, tmp_path: Path) -> None:
    code = LIMITED + f"try:\n    {attempt}\nexcept BaseException as error:\n    print(repr(error))\n"
    ran = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd=tmp_path)
    assert error in ran.stdout + ran.stderr


def test_it_works_in_a_folder_that_is_removed() -> None:
    with pytest.raises(gn.errors.ReadError, match="must r; got ") as caught:
        apart(LIMITED + WRONG % "os.getcwd()")
    folder = str(caught.value).partition("got ")[2].partition(" ")[0]
    assert folder != os.getcwd()
    assert not Path(folder).exists()


def test_it_does_not_outlive_its_time() -> None:
    start = time.monotonic()
    with pytest.raises(gn.errors.ReadError, match="within 1 seconds"):
        apart("print('x' * 100, flush=True)\nwhile True: pass", seconds=1)
    assert time.monotonic() - start < 10


def test_endless_answers_end() -> None:
    with subprocess.Popen(["yes"], stdout=subprocess.PIPE) as endless:
        assert endless.stdout is not None
        assert len(isolation._everything(endless.stdout, 1 << 20)) <= 3 << 20
        endless.kill()


def test_arrays_without_content_come_back(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = np.zeros((0, 3))
        file["y"] = np.float32(2)
    assert gn.read(tmp_path / "a.h5").x.shape == (0, 3)
