"""Archives unpack whole or not at all, inside their folder, in bounds; `read` finds the one file that can be read."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

import geonets as gn
from geonets.core.errors import OptionError, ReadError
from geonets.data.archives import unpack

CORNER = b"OFF 3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"
FILES = {"top/a.off": CORNER, "top/deep/er/b.bin": bytes(range(256)) * 50, "top/empty": b""}


def tarred(path: Path, files: dict[str, bytes], mode: Any = "w") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def zipped(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_all_files_come_out_as_they_went_in(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    zipped(path, FILES) if kind == "zip" else tarred(path, FILES, "w" + kind[3:].replace(".", ":"))
    folder = unpack(path, tmp_path / "out")
    found = {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert found == FILES
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [path.name, "out"]


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_a_cut_anywhere_is_noticed_and_leaves_nothing(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    zipped(path, FILES) if kind == "zip" else tarred(path, FILES, "w" + kind[3:].replace(".", ":"))
    content = path.read_bytes()
    body = len(content) if kind != "tar" else content.rindex(b"ustar") + 512  # then zero blocks only
    for cut in range(0, body, max(1, body // 40)):
        path.write_bytes(content[:cut])
        with pytest.raises(ReadError):
            unpack(path, tmp_path / "out")
        assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_flipped_bit_anywhere_in_compressed_bytes_is_noticed(tmp_path: Path) -> None:
    path = tarred(tmp_path / "a.tar.gz", FILES, "w:gz")
    content = bytearray(path.read_bytes())
    for at in range(24, len(content), 7):
        content[at] ^= 16
        path.write_bytes(content)
        with pytest.raises(ReadError):
            unpack(path, tmp_path / "out")
        content[at] ^= 16


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", "..", "C:x", "\\\\host\\x", "a/\0b", "", "."])
def test_names_that_lead_out_are_refused(name: str, tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"_" * max(1, len(name)): b"x"})
    archive.write_bytes(archive.read_bytes().replace(b"_" * max(1, len(name)), name.encode() or b"/"))
    with pytest.raises(ReadError, match=r"names inside its folder only|intact"):
        unpack(archive, tmp_path / "in" / "out")


def test_a_name_that_begins_with_nothing_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"name": b"x"})
    path.write_bytes(path.read_bytes().replace(b"name", b"\0ame"))
    with pytest.raises(ReadError, match=r"names inside its folder only; got .*member 1"):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.GNUTYPE_SPARSE]
)
def test_links_and_devices_are_refused(kind: bytes, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        member = tarfile.TarInfo("a")
        member.type, member.linkname = kind, "b"
        archive.addfile(member)
    with pytest.raises(ReadError, match=r"files and folders only|intact"):
        unpack(tmp_path / "a.tar", tmp_path / "out")


@pytest.mark.parametrize("names", [["a", "a"], ["a", "A"], ["a", "a/b"], ["a/b", "a"], ["a", "./a"]])
def test_a_name_comes_once(names: list[str], tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name))
    with pytest.raises(ReadError, match=r"each name once.*member 2"):
        unpack(tmp_path / "a.tar", tmp_path / "out")


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar.bz2", "tar.xz"])
def test_a_bomb_stops_at_the_ratio(kind: str, tmp_path: Path) -> None:
    files = {"bomb": bytes(18 << 20)}
    path = tmp_path / f"a.{kind}"
    zipped(path, files) if kind == "zip" else tarred(path, files, "w" + kind[3:].replace(".", ":"))
    with pytest.raises(ReadError, match=r"at most 16777216 bytes, 200 for each"):
        unpack(path, tmp_path / "out")
    assert (unpack(path, tmp_path / "out", max_ratio=10**7) / "bomb").stat().st_size == 18 << 20


def test_a_header_without_end_is_refused(tmp_path: Path) -> None:
    long = tarred(tmp_path / "a.tar", {"n" * 3_000_000: b""})
    with pytest.raises(ReadError, match=r"a header of 30000.. bytes"):
        unpack(long, tmp_path / "out")


def test_members_between_two_headers_are_not_lost(tmp_path: Path) -> None:
    path = tarred(tmp_path / "a.tar", {"a": b"x", "b": b"y"})
    content = bytearray(path.read_bytes())
    content[1024] ^= 1  # the name of the second member: its header is none any more
    path.write_bytes(content)
    with pytest.raises(ReadError, match="bad checksum"):
        unpack(path, tmp_path / "out")


def test_the_folder_must_be_new(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", FILES)
    (tmp_path / "out").mkdir()
    unpack(path, tmp_path / "out")
    with pytest.raises(OptionError, match="must be new or empty"):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_read_finds_the_one_file_that_can_be_read(kind: str, tmp_path: Path) -> None:
    files = {"top/a.off": CORNER, "top/about": b"a page"}
    path = tmp_path / f"a.{kind}"
    zipped(path, files) if kind == "zip" else tarred(path, files, "w:gz")
    assert gn.read(path).num_nodes == 3
    zipped(tmp_path / "b.zip", {**files, "top/b.off": CORNER})
    with pytest.raises(ReadError, match=r"one file that can be read; got 2: top/a.off, top/b.off"):
        gn.read(tmp_path / "b.zip")
    assert gn.read(tmp_path / "b.zip", member="top/b.off", options={"format": "off"}).num_nodes == 3


def test_an_error_names_the_archive_and_the_member(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"in/a.off": b"OFF 1 0 0\nx y z\n"})
    with pytest.raises(ReadError, match=r"a.zip/in/a.off, line 2"):
        gn.read(path)


def test_the_checksum_behind_the_last_member_counts(tmp_path: Path) -> None:
    path = tarred(tmp_path / "a.tar", FILES)
    packed = bytearray(gzip.compress(path.read_bytes()))
    packed[-8] ^= 1
    path.write_bytes(packed)
    with pytest.raises(ReadError, match="intact"):
        unpack(path, tmp_path / "out")
