"""Downloads: resumed, bounded, checked; whatever is not the file is refused, and says so."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from loopback import dripping, endless, falling_silent, says, serving, silent

from geonets.core.errors import FetchError
from geonets.data.catalog.digests import write_json
from geonets.data.catalog.download import Limits, download
from geonets.data.catalog.records import UNVERIFIED, File

CONTENT = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
QUICK = Limits(silence=20, seconds=60, bytes=1 << 21, attempts=3, pause=0.01)
HASTY = Limits(silence=0.5, seconds=60, bytes=1 << 21, attempts=3, pause=0.01)


def file(*addresses: str, sha256: str = SHA256, size: int | None = len(CONTENT), md5: str | None = None) -> File:
    return File("a.bin", addresses, sha256, md5, size)


def cut_after(count: int, times: int) -> Callable[[Any], bool]:
    """Break off after so many bytes, so many times."""
    left = itertools.count(times, -1)

    def misbehave(handler: Any) -> bool:
        if next(left) <= 0:
            return False
        start = int((handler.headers["Range"] or "bytes=0-").removeprefix("bytes=").rstrip("-"))
        version = f'"{SHA256[:16]}"'
        rest = CONTENT[start:]
        where = {"Content_Range": f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"} if start else {}
        return says(handler, 206 if start else 200, rest[:count], len(rest), ETag=version, **where)

    return misbehave


def test_a_file_comes_whole_and_nothing_else_stays(tmp_path: Path) -> None:
    with serving({"a": CONTENT}) as server:
        download(file(server.address("a")), tmp_path / "a.bin", limits=QUICK)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_a_cut_download_is_taken_up_where_it_broke_off(tmp_path: Path) -> None:
    with serving({"a": CONTENT}, cut_after(400_000, 2)) as server:
        download(file(server.address("a")), tmp_path / "a.bin", limits=QUICK)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    assert [asked for _, asked in server.asked] == [None, "bytes=400000-", "bytes=800000-"]


@pytest.mark.parametrize("sha256", [SHA256, UNVERIFIED])
def test_another_process_takes_it_up_too(sha256: str, tmp_path: Path) -> None:
    with serving({"a": CONTENT}, cut_after(400_000, 1)) as server:
        wanted = file(server.address("a"), sha256=sha256)
        with pytest.raises(FetchError, match=r"within 1 attempts; got 400000 of 1024000 bytes|an end after"):
            download(wanted, tmp_path / "a.bin", limits=Limits(attempts=1))
        assert not (tmp_path / "a.bin").exists()
        download(wanted, tmp_path / "a.bin", limits=QUICK)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    assert server.asked[-1][1] == "bytes=400000-"


def test_the_rest_of_another_version_is_not_appended(tmp_path: Path) -> None:
    with serving({"a": CONTENT[::-1]}, cut_after(400_000, 1)) as server:
        wanted = file(server.address("a"), sha256=UNVERIFIED)
        download(wanted, tmp_path / "a.bin", limits=QUICK)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT[::-1]


def test_another_part_of_the_file_is_not_appended(tmp_path: Path) -> None:
    def shifted(handler: Any) -> bool:
        if not handler.headers["Range"]:
            return False
        version = f'"{SHA256[:16]}"'
        return says(handler, 206, CONTENT[400_001:], ETag=version, Content_Range="bytes 400001-1023999/1024000")

    with serving({"a": CONTENT}, cut_after(400_000, 1)) as server:
        with pytest.raises(FetchError):
            download(file(server.address("a"), sha256=UNVERIFIED), tmp_path / "a.bin", limits=Limits(attempts=1))
        server.misbehaviour = shifted
        download(file(server.address("a"), sha256=UNVERIFIED), tmp_path / "a.bin", limits=QUICK)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


def test_a_part_that_does_not_fit_is_fetched_anew(tmp_path: Path) -> None:
    with serving({"a": CONTENT}) as server:
        (tmp_path / "a.bin.part").write_bytes(b"?" * 5000)
        write_json(tmp_path / "a.bin.part.json", {"address": server.address("a"), "version": ""})
        download(file(server.address("a")), tmp_path / "a.bin", limits=QUICK)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    assert [asked for _, asked in server.asked] == ["bytes=5000-", None]


PAGE = b"<!DOCTYPE html><title>Sign in</title>"
REFUSED: dict[str, tuple[Callable[[Any], bool] | None, dict[str, Any], str]] = {
    "another checksum": (None, {"sha256": "0" * 64}, f"must have the sha256 {'0' * 64}; got {SHA256}"),
    "another md5": (None, {"md5": "0" * 32}, f"must have the md5 {'0' * 32}"),
    "a page by its type": (lambda h: says(h, body=PAGE, Content_Type="text/html; charset=utf-8"), {}, "got a web page"),
    "a page by its look": (lambda h: says(h, body=PAGE), {}, "must be a file; got a web page, b'<!DOCTYPE html"),
    "silence": (silent, {}, r"within 3 attempts; got silence for 0.5 seconds"),
    "silence in the middle": (falling_silent, {}, r"within 3 attempts; got an end after 3 bytes, ReadTimeoutError"),
    "bytes without end": (endless, {"sha256": UNVERIFIED, "size": None}, "must have at most 2097152 bytes; got 2"),
    "more than it should have": (endless, {}, "must have 1024000 bytes; got 1"),
    "an announced flood": (
        lambda h: says(h, length=1 << 50),
        {"size": None},
        "must have at most 2097152 bytes; got 1125899",
    ),
    "drops": (dripping, {"size": None}, "must come within 0.3 seconds; got "),
    "a redirect to a file": (lambda h: says(h, 302, Location="file:///etc/passwd"), {}, "a redirect to file:///etc"),
    "a redirect to nowhere": (lambda h: says(h, 302, Location=""), {}, "after at most 5 redirects"),
    "a redirect in a circle": (lambda h: says(h, 302, Location="/a"), {}, "after at most 5 redirects"),
    "a refusal": (lambda h: says(h, 403), {}, "must be there; got 403 Forbidden"),
    "a server that is down": (lambda h: says(h, 503), {}, "within 3 attempts; got 503 Service Unavailable"),
    "too few bytes": (lambda h: says(h, body=b"..."), {"sha256": UNVERIFIED}, "must have the size 1024000; got 3"),
    "no answer in HTTP": (lambda h: bool(h.wfile.write(b"?\r\n")), {}, "within 3 attempts; got ConnectionError"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_the_file_is_refused(name: str, tmp_path: Path) -> None:
    misbehaviour, changes, message = REFUSED[name]
    limits = Limits(20, 0.3, 1 << 21, 3, 0.01) if name == "drops" else HASTY if "silence" in name else QUICK
    with serving({"a": CONTENT}, misbehaviour) as server:
        with pytest.raises(FetchError, match=message) as caught:
            download(file(server.address("a"), **changes), tmp_path / "a.bin", limits=limits)
    assert server.address("a") in str(caught.value)
    assert not (tmp_path / "a.bin").exists()


def test_redirects_are_followed_and_the_next_address_is_tried(tmp_path: Path) -> None:
    redirect = lambda h: h.path == "/old" and says(h, 301, Location="/a")  # noqa: E731
    with serving({"a": CONTENT}, redirect) as server:
        download(file(server.address("gone"), server.address("old")), tmp_path / "a.bin", limits=QUICK)
        assert [path for path, _ in server.asked] == ["gone", "old", "a"]
        wanted = file(server.address("gone"), server.address("a"), sha256="0" * 64)
        with pytest.raises(FetchError, match=r"at one of its 2 addresses; got: be there; got 404 .*; have the sha256"):
            download(wanted, tmp_path / "b.bin", limits=QUICK)


def test_a_dead_port_says_so(tmp_path: Path) -> None:
    with serving({}) as server:
        address = server.address("a")
    with pytest.raises(FetchError, match="must come within 3 attempts; got ConnectionError"):
        download(file(address), tmp_path / "a.bin", limits=QUICK)
