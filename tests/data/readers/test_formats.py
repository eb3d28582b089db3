"""The formats that are known, and the page that says what becomes of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from geonets.data.readers import FORMATS, Format

PAGE = Path(__file__).parents[3] / "docs" / "files.md"


def test_the_page_names_formats_that_exist() -> None:
    rows = [line.split("|")[1] for line in PAGE.read_text().partition("## Bare arrays")[0].splitlines() if "|" in line]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)} - {"format"}
    assert len(named) > 20
    assert named <= {known.name for known in FORMATS}


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)
def test_every_format_has_a_reader_whose_options_have_defaults(known: Format) -> None:
    assert known.reader.__doc__
    assert known.suffixes == tuple(suffix.lower() for suffix in known.suffixes)
    assert all(suffix.startswith(".") for suffix in known.suffixes)
    assert known.options is not None


def test_every_name_stands_once() -> None:
    names = [known.name for known in FORMATS]
    assert len(set(names)) == len(names)
