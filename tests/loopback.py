"""A web server on loopback that serves what a test tells it, rightly or not."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Misbehaviour = Callable[[Any], bool]
"""Answers a request in its own way; False leaves it to the server."""


class Server(ThreadingHTTPServer):
    """Serves `contents` by path, with ranges; `asked` lists every request's path and range."""

    daemon_threads = True

    def __init__(self, contents: dict[str, bytes], misbehaviour: Misbehaviour | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.contents, self.misbehaviour = contents, misbehaviour
        self.asked: list[tuple[str, str | None]] = []

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{path}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what the tests are about."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"
    server: Any

    def do_GET(self) -> None:
        path = self.path.lstrip("/")
        self.server.asked.append((path, self.headers["Range"]))
        if self.server.misbehaviour is not None and self.server.misbehaviour(self):
            return
        if path not in self.server.contents:
            self.send_error(404)
            return
        content = self.server.contents[path]
        version = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        start = 0
        if self.headers["Range"] and self.headers["If-Range"] in (None, version):
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
        if start > len(content) or (start and start == len(content)):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("ETag", version)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start:])

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@contextlib.contextmanager
def serving(contents: dict[str, bytes], misbehaviour: Misbehaviour | None = None) -> Iterator[Server]:
    server = Server(contents, misbehaviour)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def says(handler: Any, status: int = 200, body: bytes = b"", length: int | None = None, **headers: str) -> bool:
    """Answer so."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    if length is not None:
        handler.send_header("Content-Length", str(length))
    handler.end_headers()
    handler.wfile.write(body)
    return True


def endless(handler: Any) -> bool:
    """Bytes without end."""
    says(handler, Content_Type="application/octet-stream")
    with contextlib.suppress(OSError):
        while True:
            handler.wfile.write(bytes(1 << 16))
    return True


def dripping(handler: Any) -> bool:
    """A byte now and then."""
    says(handler, length=1000)
    with contextlib.suppress(OSError):
        for _ in range(100):
            handler.wfile.write(b".")
            time.sleep(0.1)
    return True


def silent(handler: Any) -> bool:
    """Nothing at all, for a while."""
    time.sleep(2)
    return True


def falling_silent(handler: Any) -> bool:
    """Some bytes, then nothing."""
    says(handler, body=b"...", length=1000)
    time.sleep(2)
    return True
