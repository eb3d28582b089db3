"""The cache, with real processes and a real server: interrupted, crowded, full and damaged, it stays right."""

from __future__ import annotations

import hashlib
import io
import os
import random
import shutil
import subprocess
import sys
import time
import warnings
import zipfile
from pathlib import Path

import pytest
from loopback import serving
from shelves import CONTENT, CORNER, Asking, shelf

import geonets as gn
from geonets.core.errors import FetchError, ReadError
from geonets.data.catalog import Limits

RIGHT = "1 3 2.0"
QUICK = Limits(silence=20, seconds=60, bytes=1 << 22, attempts=2, pause=0.01)


def test_eight_ask_at_once_and_one_prepares(tmp_path: Path) -> None:
    with serving({"corner": CONTENT}) as server:
        cards = shelf(tmp_path / "cards", server.address("corner"))
        processes = [Asking("corner", cards, tmp_path / "root") for _ in range(8)]
        assert [process.found for process in processes] == [RIGHT] * 8
        assert len({process.made_by for process in processes}) == 1
        assert [path for path, _ in server.asked] == ["corner"]
    (home,) = (tmp_path / "root").iterdir()
    assert len(list(home.glob("prepared-*"))) == 1
    assert not list(home.glob(".working-*"))


@pytest.mark.parametrize("moments", [5, pytest.param(30, marks=pytest.mark.slow)])
def test_killed_at_random_moments_it_leaves_a_usable_cache(moments: int, tmp_path: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        for number in range(100):
            packed.writestr(f"corner{number:03d}.off", CORNER)
    draw = random.Random(0)
    with serving({"corners": archive.getvalue()}) as server:
        cards = shelf(tmp_path / "cards", server.address("corners"), archive.getvalue())
        card = (cards / "corner.toml").read_text().replace('name = "corner.off.gz"', 'name = "a.zip"\nunpack = true')
        (cards / "corner.toml").write_text(card + 'files.all = ["*.off"]\n')
        whole = Asking("corner", cards, tmp_path / "first")
        begun = time.monotonic()
        assert whole.found == "100 300 200.0"
        span = time.monotonic() - begun
        cut = 0
        for _ in range(moments):
            shutil.rmtree(tmp_path / "root", ignore_errors=True)
            process = Asking("corner", cards, tmp_path / "root")
            time.sleep(draw.uniform(0, span))
            cut += process.kill()
            assert Asking("corner", cards, tmp_path / "root").found == "100 300 200.0"
            (home,) = (tmp_path / "root").iterdir()
            assert sorted(path.name.partition("-")[0] for path in home.iterdir()) == [".lock", "files", "prepared"]
    assert cut


def test_a_flipped_bit_of_a_download_is_noticed_and_mended(tmp_path: Path) -> None:
    with serving({"corner": CONTENT}) as server:
        cards = shelf(tmp_path / "cards", server.address("corner"))
        gn.dataset("corner", cards=cards, root=tmp_path / "root")
        (cached,) = (tmp_path / "root").rglob("corner.off.gz")
        flip(cached)
        assert len(gn.dataset("corner", cards=cards, root=tmp_path / "root").full) == 1  # it was prepared before
        with pytest.warns(UserWarning, match="is not what was downloaded: it is fetched again"):
            gn.dataset("corner", cards=cards, root=tmp_path / "root", refresh=True)
        assert cached.read_bytes() == CONTENT
        assert len(server.asked) == 2


def test_what_a_killed_process_left_behind_is_swept(tmp_path: Path) -> None:
    with serving({"corner": CONTENT}) as server:
        cards = shelf(tmp_path / "cards", server.address("corner"))
        gn.dataset("corner", cards=cards, root=tmp_path / "root")
        (home,) = (tmp_path / "root").iterdir()
        (home / ".working-1").mkdir()
        gn.dataset("corner", cards=cards, root=tmp_path / "root")
        assert not list(home.glob(".working-*"))


@pytest.mark.parametrize("name", ["full.geonets", "made.json"])
def test_a_flipped_bit_of_what_was_prepared_is_noticed(name: str, tmp_path: Path) -> None:
    with serving({"corner": CONTENT}) as server:
        cards = shelf(tmp_path / "cards", server.address("corner"))
        right = gn.dataset("corner", cards=cards, root=tmp_path / "root").full.pos.clone()
        (stored,) = (tmp_path / "root").rglob(name)
        content, noticed = stored.read_bytes(), []
        for at in random.Random(0).sample(range(len(content)), 40):
            stored.write_bytes(content)
            flip(stored, at)
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                try:
                    pos = gn.dataset("corner", cards=cards, root=tmp_path / "root").full.pos
                except ReadError as error:
                    noticed.append(str(error))
                    stored.unlink()
                    continue
            assert pos.equal(right)
            noticed += [str(warning.message) for warning in told]
        assert len(noticed) > (39 if name == "made.json" else 20)  # between tensors bits may mean nothing
        assert all(name in message for message in noticed)


def test_an_unknown_checksum_is_recorded_and_enforced(tmp_path: Path) -> None:
    with serving({"corner": CONTENT}) as server:
        cards = shelf(tmp_path / "cards", server.address("corner"), sha256="unverified")
        with pytest.warns(UserWarning, match=f"{hashlib.sha256(CONTENT).hexdigest()} is recorded"):
            gn.dataset("corner", cards=cards, root=tmp_path / "root")
        (cached,) = (tmp_path / "root").rglob("corner.off.gz")
        cached.unlink()
        gn.dataset("corner", cards=cards, root=tmp_path / "root", refresh=True)
        cached.unlink()
        server.contents["corner"] = CONTENT + b"\0"
        with pytest.raises(FetchError, match="must have the sha256"):
            gn.dataset("corner", cards=cards, root=tmp_path / "root", refresh=True, limits=QUICK)


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_keeps_what_was_there(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(small)], check=False).returncode:
        pytest.skip("this machine does not allow a small disk to be mounted")
    try:
        with serving({"corner": CONTENT, "flood": bytes(300_000)}) as server:
            cards = shelf(tmp_path / "cards", server.address("corner"))
            gn.dataset("corner", cards=cards, root=small)
            (small / "ballast").write_bytes(bytes(180_000))
            many = "\n".join(["OFF 9000 0 0", *["0 0 0"] * 9000]).encode()
            server.contents["corner"] = many
            shelf(tmp_path / "more", server.address("corner"), many)
            with pytest.raises(FetchError, match=r"must have room for corner; got No space left|fit on the disk"):
                gn.dataset("corner", cards=tmp_path / "more", root=small, limits=QUICK)
            shelf(tmp_path / "flood", server.address("flood"), bytes(300_000))
            with pytest.raises(FetchError, match=r"fit on the disk, which has \d+ bytes left; got 300000"):
                gn.dataset("corner", cards=tmp_path / "flood", root=small, limits=QUICK)
            assert gn.dataset("corner", cards=cards, root=small).full.num_nodes == 3
            assert not list(small.rglob(".working-*"))
    finally:
        subprocess.run(["umount", str(small)], check=True)


def flip(path: Path, at: int = 20) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 4
    path.write_bytes(content)
