"""Cards for tests, and a program that asks for a data set in a process of its own."""

from __future__ import annotations

import gzip
import hashlib
import multiprocessing
import signal
import warnings
from multiprocessing.connection import Connection
from pathlib import Path

import geonets as gn
from geonets.data.catalog import Limits
from geonets.data.catalog.digests import read_json

CORNER = "OFF 3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"
CONTENT = gzip.compress(CORNER.encode(), mtime=0)

CARD = """
title = "One corner"
about = "Tests."
kind = "meshes"
task = "nothing"
licence = "MIT"
citation = "nobody"
homepage = "https://example.org"
features = "pos (3)"
{more}

[[files]]
name = "corner.off.gz"
addresses = ["{address}"]
sha256 = "{sha256}"

[read]
format = "off"
"""


def shelf(folder: Path, address: str, content: bytes = CONTENT, sha256: str | None = None, more: str = "") -> Path:
    """A folder with the card `corner`."""
    folder.mkdir(exist_ok=True)
    digest = hashlib.sha256(content).hexdigest() if sha256 is None else sha256
    (folder / "corner.toml").write_text(CARD.format(address=address, sha256=digest, more=more))
    return folder


class Asking:
    """A process that asks for a data set; it is forked from one that has imported everything."""

    def __init__(self, name: str, cards: Path, root: Path) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["geonets", "shelves", "requests", "filelock", "tqdm"])
        self.receiver, sender = context.Pipe(duplex=False)
        self.process = context.Process(target=ask, args=(name, str(cards), str(root), sender))
        self.process.start()
        sender.close()
        self.began = self.receiver.recv()

    @property
    def found(self) -> str:
        """What it has got."""
        told, self.made_by = self.receiver.recv() if self.receiver.poll(300) else ("nothing", None)
        self.process.join(300)
        return told

    def kill(self) -> bool:
        """Kill it where it stands; whether it was still at work."""
        self.process.kill()
        self.process.join()
        return self.process.exitcode == -signal.SIGKILL


def ask(name: str, cards: str, root: str, sender: Connection) -> None:
    """Ask for a data set, and tell what came of it."""
    warnings.simplefilter("ignore")
    sender.send("began")
    try:
        found = gn.dataset(name, cards=cards, root=root, limits=Limits(60, 600, attempts=2, pause=0.01)).full
        (made,) = Path(root).rglob("made.json")
        by = read_json(made)["by"]
        sender.send((f"{len(found)} {found.num_nodes} {float(found.pos.sum())}", by))
    except BaseException as error:
        sender.send((f"{type(error).__name__}: {error}", None))
