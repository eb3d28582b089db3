"""Law 8: every error that geonets raises on purpose is reached here, and reads as it should."""

from __future__ import annotations

import ast
import re
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from messages import CASES
from messages.things import chain

import geonets as gn
from geonets.core.errors import GeonetsError
from geonets.core.packages import require

ROOMS = ("core", "engine", "nn", "data", "models", "check")
SENTENCE = re.compile(
    r"^`[^`]+`(, `[^`]+`| and `[^`]+`)* must .+; got .+\. .+\.$|^`[^`]+` must .+; got: .+\. Run: .+$", re.DOTALL
)


def raised_by(action: Callable[[], Any]) -> tuple[GeonetsError, str, int]:
    """The error, and where in the package it was raised."""
    with pytest.raises(GeonetsError) as caught:
        action()
    frame = [f for f in traceback.extract_tb(caught.value.__traceback__) if f"{Path('geonets')}" in f.filename][-1]
    assert frame.lineno is not None
    return caught.value, str(Path(frame.filename).resolve()), frame.lineno


@pytest.mark.parametrize(("text", "action"), CASES, ids=[f"{n:03d}" for n in range(len(CASES))])
def test_a_message_says_what_was_wrong_and_what_to_do(text: str, action: Callable[[], Any]) -> None:
    error, _, _ = raised_by(action)
    assert re.search(text, str(error), re.DOTALL), str(error)
    assert SENTENCE.match(str(error)), str(error)


def test_every_error_of_the_core_is_reached() -> None:
    reached = {raised_by(action)[1:] for _, action in CASES}
    missed = []
    root = Path(gn.__file__).parent
    for file in (path for room in ROOMS for path in (root / room).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if (
                not isinstance(node, ast.Raise)
                or node.exc is None
                or ast.unparse(node.exc).split("(")[0] in ("TypeError", "AssertionError")  # ours, not a user's
                or ast.unparse(node.exc).startswith("_Again(")  # caught where it is raised
            ):
                continue
            lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            if not any((str(file.resolve()), line) in reached for line in lines):
                missed.append(f"{file.relative_to(root)}:{node.lineno}")
    assert not missed


def test_errors_are_also_what_python_programmers_catch() -> None:
    for action, builtin in [
        (lambda: chain[7], IndexError),
        (lambda: gn.KNN(0), ValueError),
        (lambda: require("nope"), ImportError),
    ]:
        with pytest.raises(builtin):
            action()
