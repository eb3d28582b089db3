"""What is damaged is noticed; what interrupts the writing leaves the old file."""

from __future__ import annotations

import errno
import os
import random
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from every_layer.structures import graph, grid
from same import assert_same_structure

import geonets as gn


def small() -> gn.Structure:
    return graph([3, 5, 0, 2], 0).replace(globals={"y": torch.arange(4)}, meta=[{"item": item} for item in range(4)])


def read_all(path: Path) -> None:
    stored = gn.load(path)
    for items in ([0, 1], [2, 3]):
        batch = stored[items]
        assert batch.topology.links.transpose and list(batch.meta or ()) is not batch.topology.links.input_order


def test_a_flipped_bit_anywhere_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "some.geonets"
    gn.save(small(), path)
    read_all(path)
    content = path.read_bytes()
    draw = random.Random(0)
    header = 8 + int.from_bytes(content[:8], "little")
    for byte in [*range(0, header, 5), *range(header, len(content), 3)]:
        broken = bytearray(content)
        broken[byte] ^= 1 << draw.randrange(8)
        path.write_bytes(broken)
        with pytest.raises(gn.errors.ReadError, match="geonets") as caught:
            gn.load(path) if byte < header else read_all(path)
        assert caught.value.place


def test_a_cut_file_is_noticed_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "some.geonets"
    gn.save(small(), path)
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(gn.errors.ReadError):
            gn.load(path)


def test_damage_elsewhere_does_not_hinder(tmp_path: Path) -> None:
    images = gn.grid(torch.rand(64, 32, 32, 3))
    gn.save(images, tmp_path / "images.geonets")
    content = bytearray((tmp_path / "images.geonets").read_bytes())
    content[-1] ^= 1
    (tmp_path / "images.geonets").write_bytes(content)
    stored = gn.load(tmp_path / "images.geonets")
    assert_same_structure(stored[[3, 60]], images[[3, 60]])
    with pytest.raises(gn.errors.ReadError, match="nodes/x, bytes"):
        stored[[3, 63]]
    with pytest.raises(gn.errors.ReadError, match="nodes/x, bytes"):
        stored.x


def in_a_child(action: Callable[[], Any]) -> int:
    """Run an action in a process of its own."""
    child = os.fork()
    if not child:
        try:
            action()
        finally:
            os._exit(0)
    return child


def test_a_killed_process_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "some.geonets"
    versions = [grid([40] * 20, 0), grid([41] * 30, 1)]

    def save_for_ever() -> None:
        while True:
            for version in versions:
                gn.save(version, path)

    gn.save(versions[0], path)
    draw, seen = random.Random(0), set()
    for _ in range(30):
        child = in_a_child(save_for_ever)
        time.sleep(draw.uniform(0.001, 0.06))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found = gn.load(path)
        seen.add(len(found))
        assert_same_structure(found, versions[len(found) == 30])
    assert len(seen) == 2
    gn.save(versions[0], path)
    assert os.listdir(tmp_path) == ["some.geonets"], "what the killed left is taken away"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_keeps_the_old_file(small_disk: Path) -> None:
    path = small_disk / "some.geonets"
    gn.save(small(), path)
    with pytest.raises(OSError, match="No space left") as caught:
        gn.save(gn.points(torch.rand(1, 300_000, 3)), path)
    assert caught.value.errno == errno.ENOSPC and "as it was" in caught.value.__notes__[0]
    assert os.listdir(small_disk) == ["some.geonets"]
    assert_same_structure(gn.load(path), small())


def test_a_quota_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "some.geonets"
    gn.save(small(), path)

    def exceed() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        gn.save(gn.points(torch.rand(1, 300_000, 3)), path)

    os.waitpid(in_a_child(exceed), 0)
    assert os.listdir(tmp_path) == ["some.geonets"]
    assert_same_structure(gn.load(path), small())


def test_a_save_that_cannot_be_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(gn.errors.DtypeError):
        gn.save(gn.Structure(gn.Set(2), {"x": torch.zeros(2, dtype=torch.complex128)}), tmp_path / "some.geonets")
    assert not os.listdir(tmp_path)
