"""The pages tell the truth: their Python runs, what they show is printed, and the table of layers is current."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
import warnings
from pathlib import Path
from typing import Any

import pytest

import geonets as gn

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")


def run_page(text: str, name: str) -> None:
    """Run the page's Python blocks in one namespace; a text block says what the block before it prints."""
    blocks = BLOCK.findall(text)
    namespace: dict[str, Any] = {"__name__": "__page__"}
    printed = ""
    for place, (language, body) in enumerate(blocks):
        if language == "python":
            shown = io.StringIO()
            with contextlib.redirect_stdout(shown):
                exec(compile(body, f"{name}, block {place}", "exec", dont_inherit=True), namespace)
            printed = shown.getvalue()
        elif language == "text":
            assert printed.strip() == body.strip(), f"{name}: block {place} shows what is not printed"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_code_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)  # of foreign libraries, as they are imported
        run_page(page.read_text(), page.name)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    assert [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()] == []


def test_a_page_that_fails_is_noticed() -> None:
    with pytest.raises(NameError):
        run_page("```python\nx = 1\n```\n```python\ny\n```", "page")
    with pytest.raises(AssertionError, match="not printed"):
        run_page("```python\nprint(1)\n```\n```text\n2\n```", "page")
    run_page("```python\nx = 1\n```\n```python\nprint(x)\n```\n```text\n1\n```", "page")


def test_the_table_of_layers_is_current() -> None:
    layers = runpy.run_path(str(ROOT / "docs" / "layers.py"))
    assert layers["PAGE"].read_text() == layers["page"](), "run python docs/layers.py"


def test_the_table_holds_every_layer_once() -> None:
    layers = runpy.run_path(str(ROOT / "docs" / "layers.py"))
    assert set(layers["layers"]()) == set(gn.nn.__all__) - {"Layer"}
