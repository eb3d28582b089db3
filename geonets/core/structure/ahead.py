"""What comes next is made ready in a thread while what is there is used."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import TypeVar

import torch

T = TypeVar("T")


def ahead(source: Iterator[T], count: int) -> Iterator[T]:
    """The same things in the same order, up to `count` of them made ready by a thread.

    The thread ends with the iterator, also when that is left early. An error comes where its thing would have come.
    """
    ready: queue.Queue[Future[T] | None] = queue.Queue(count)
    is_left = threading.Event()
    with_grad = torch.is_grad_enabled()

    def put(made: Future[T] | None) -> None:
        while not is_left.is_set():
            with contextlib.suppress(queue.Full):
                ready.put(made, timeout=0.1)
                return

    def make() -> None:
        try:
            with torch.set_grad_enabled(with_grad):
                for thing in source:
                    made: Future[T] = Future()
                    made.set_result(thing)
                    put(made)
                    if is_left.is_set():
                        return
        except BaseException as error:  # is raised where its thing is waited for
            failed: Future[T] = Future()
            failed.set_exception(error)
            put(failed)
        put(None)

    thread = threading.Thread(target=make, name="geonets-batches", daemon=True)
    thread.start()
    try:
        while (made := ready.get()) is not None:
            yield made.result()
    finally:
        is_left.set()
        thread.join()
