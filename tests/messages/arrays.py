"""Files of arrays that cannot be read."""

from __future__ import annotations

import io
import signal
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import geonets as gn
from geonets.core.packages import require
from geonets.data.readers import Source, isolation
from messages.readers import read


def npy(array: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, np.asarray(array), **options)
    return file.getvalue()


def npz(*members: tuple[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def arrays(**named: Any) -> bytes:
    return npz(*((f"{name}.npy", npy(array)) for name, array in named.items()))


def hdf5(write: Any, **options: Any) -> Any:
    """What becomes of an HDF5 file that is written so."""
    import h5py

    path = Path(tempfile.mkdtemp(), "a.h5")
    with h5py.File(path, "w") as file:
        write(file)
    return gn.read(path, **options)


def outside(file: Any) -> None:
    import h5py

    file["x"] = h5py.ExternalLink("/etc/passwd", "/x")


def virtual(file: Any) -> None:
    import h5py

    layout = h5py.VirtualLayout((2,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (2,))
    file.create_virtual_dataset("x", layout)


def without_shape(file: Any) -> None:
    import h5py

    file["x"] = h5py.Empty("f4")


def nested(file: Any) -> None:
    file.create_group("/".join("a" * 80))


def apart(code: str, seconds: int = 60) -> Any:
    """What comes of a child that runs this code instead of the task."""
    script = Path(tempfile.mkdtemp(), "child.py")
    script.write_text(f"import os, sys, time\nsys.stdin.read()\n{code}")
    with mock.patch.object(isolation, "CHILD", script):
        return isolation.apart(Source(script), "hdf5", seconds=seconds)


def says(header: str) -> str:
    content = header.encode()
    return f"sys.stdout.buffer.write({len(content).to_bytes(8, 'little') + content!r})"


def without(module: str, action: Any) -> Any:
    """What is done where a module is not installed."""
    with mock.patch.dict(sys.modules, {module: None}):
        return action()


HEADER = npy(np.zeros(3))[10:128].decode()
TWO = arrays(x=np.zeros((3, 2)), y=np.zeros(2))
BROKEN = bytearray(TWO)
BROKEN[TWO.index(b"\n", TWO.index(b"NUMPY")) + 5] ^= 1  # behind the header, whatever the time of writing
ENCRYPTED = bytearray(TWO)
ENCRYPTED[TWO.index(b"PK\1\2") + 8] |= 1


BOMB = npz(("x.npy", bytes(10**5)), compression=zipfile.ZIP_DEFLATED)
LONGER = bytearray(BOMB)
LONGER[BOMB.index(b"PK\1\2") + 24] ^= 1
MAGIC = b"\x89HDF\r\n\x1a\n"


def text(*letters: int) -> bytes:
    return npz(("x.npy", npy(np.zeros(2))), ("y.npy", npy(np.array(letters, np.uint32).view("<U1"))))


EMPTY_TEXTS = np.empty((10**9, 0), "<U1")


def header(text: str) -> bytes:
    return b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text.encode() + bytes(24)


CASES = [
    ("`nope` must be installed for this; .* pip install 'geonets.odd.'", lambda: require("nope", extra="odd")),
    ("`h5py` must be .* pip install 'geonets.hdf5.'", lambda: without("h5py", lambda: read("a.h5", MAGIC + bytes(99)))),
    ("must begin as an NPY file; got b'numpy' .*byte 0", lambda: read("a.npy", b"numpy")),
    ("must begin as an NPY file; got a pickle", lambda: read("a.npy", b"\x80\x04.")),
    ("must have a header of at most 10000 bytes", lambda: read("a.npy", b"\x93NUMPY\2\0" + b"\xff" * 9)),
    ("must have a header with descr", lambda: read("a.npy", header("__import__('os')"))),
    ("must have a header with descr", lambda: read("a.npy", header("(" * 100))),
    ("must have a header with descr", lambda: read("a.npy", header("{'descr': '<f8', 'shape': (3,)}"))),
    ("must have a header with descr", lambda: read("a.npy", header(HEADER.replace("<f8", "<what")))),
    ("must have a header with descr", lambda: read("a.npy", header(HEADER.replace("'<f8'", "8")))),
    ("must have a header with descr", lambda: read("a.npy", header("{1: 2"))),
    ("must hold numbers, not objects", lambda: read("a.npy", npy(np.array([None]), allow_pickle=True))),
    ("must hold the 32 bytes of an array of shape .4,.", lambda: read("a.npy", header(HEADER.replace("(3,)", "(4,)")))),
    ("must hold numbers that torch has; got dtype <U1", lambda: read("a.npy", npy(["a"]))),
    ("must hold numbers that torch has", lambda: read("a.npy", npy(np.zeros(2, np.longdouble)))),
    ("must hold letters of Unicode; got 0xd800 .*array y", lambda: read("a.npz", text(0xD800))),
    ("must hold letters of Unicode; got 0xffffffff", lambda: read("a.npz", text(0xFFFFFFFF))),
    ("must have at most 1000000 strings .*; got 1000001 .*array y", lambda: read("a.npz", text(*[65] * 1_000_001))),
    ("must have at most 1000000 strings", lambda: read("a.npz", npz(("x.npy", npy([1])), ("y.npy", npy(EMPTY_TEXTS))))),
    ("must have at most 1000000 rows without content", lambda: read("a.npy", npy(np.zeros((10**9, 0))))),
    ("must have whole numbers below 2.63", lambda: read("a.npy", npy(np.array([2**63], np.uint64)))),
    ("must hold an array; got none", lambda: read("a.npz", npz())),
    ("`kind` must be one of set, chain", lambda: read("a.npz", TWO, kind="cloud")),
    ("`axes` must be those of a grid; got kind='set'", lambda: read("a.npz", TWO, axes=("y", "x"))),
    ("must begin with an array of at least 3 axes .*array x", lambda: read("a.npz", TWO, kind="grid", batched=True)),
    ("must have 3 rows, one an item, .* shape .2,. .*array y", lambda: read("a.npz", TWO, kind="items")),
    ("must be a whole zip archive of arrays; got a pickle.*byte 0", lambda: read("a.npz", b"\x80\x04.")),
    ("must be a whole zip archive of arrays; .*end, byte 90", lambda: read("a.npz", TWO[:90])),
    ("must name every array once; got x twice", lambda: read("a.npz", npz(("x", b""), ("x.npy", b"")))),
    ("must have arrays of at most 9999 bytes; got 100000", lambda: read("a.npz", BOMB, max_bytes=9999)),
    ("must hold the 100001 bytes that the archive announces", lambda: read("a.npz", bytes(LONGER))),
    ("must hold the array z; got x, y", lambda: read("a.npz", TWO, fields=("z",))),
    ("must have intact arrays; got Bad CRC-32 .*x.npy", lambda: read("a.npz", bytes(BROKEN))),
    ("must have intact arrays; got .* encrypted", lambda: read("a.npz", bytes(ENCRYPTED))),
    (
        "must hold the array z; got x",
        lambda: hdf5(lambda file: file.create_dataset("x", data=np.zeros(3)), fields=("z",)),
    ),
    ("must be complete in itself; got a link to '/etc/passwd' .*x", lambda: hdf5(outside)),
    ("must be complete in itself; got a dataset whose content is in other files", lambda: hdf5(virtual)),
    ("must hold arrays; got a dataset without a shape", lambda: hdf5(without_shape)),
    ("must hold numbers; got object .*, s", lambda: hdf5(lambda file: file.create_dataset("s", data="words"))),
    (
        "must hold the 8000000000 bytes that it announces; got 0",
        lambda: hdf5(lambda f: f.create_dataset("x", (10**9,), "f8")),
    ),
    ("must have at most 100000 named objects, 64 groups deep", lambda: hdf5(nested)),
    (
        "must have arrays of at most 20000 bytes; got 32000",
        lambda: hdf5(lambda f: f.create_dataset("x", data=np.zeros(4000), compression=9), max_bytes=20000),
    ),
    ("must be intact; got OSError: .*", lambda: read("a.h5", MAGIC + bytes(99))),
    ("must be intact; got a crash", lambda: apart(f"os.kill(os.getpid(), {int(signal.SIGSEGV)})")),
    ("must be readable within 1 seconds; got more", lambda: apart("time.sleep(30)", seconds=1)),
    ("must be readable in a process of its own", lambda: apart(says("[]"))),
    ("must be readable in a process of its own", lambda: apart(says('{"facts": {}, "arrays": [["x", "|O", [3]]]}'))),
    ("must be readable in a process of its own", lambda: apart(says('{"facts": {}, "arrays": [["x", "<f8", [3]]]}'))),
    (
        "must be whole; got half",
        lambda: apart(says('{"facts": {"wrong": ["be whole", "half", "end", "Mend it."]}, "arrays": []}')),
    ),
]
