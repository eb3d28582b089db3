"""Every card is well formed, names what there is, and states only checksums that are known."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from geonets.core.errors import ReadError
from geonets.data.catalog import Card, card, cards, recipes
from geonets.data.catalog.digests import digest
from geonets.data.catalog.listing import listing
from geonets.data.catalog.records import UNVERIFIED
from geonets.data.catalog.shelves import SHELVES, read_card
from geonets.data.readers import FORMATS

CARDS = cards()
WANTED = [
    "cora",
    "citeseer",
    "pubmed",
    "mutag",
    "proteins",
    "enzymes",
    "nci1",
    "imdb-binary",
    "esol",
    "freesolv",
    "lipophilicity",
    "bbbp",
    "bace",
    "tox21",
    "qm9",
    "zinc",
    "modelnet10",
    "modelnet40",
    "shapenet-part",
    "mnist",
    "cifar10",
    "tinyshakespeare",
    "babi",
    "weatheraus",
    "japanesevowels",
    "fsdd",
    "karate",
    "digits",
    "nci",
    "chembl",
    "solids",
]
ABROAD = {"train-images-idx3-ubyte.gz", "BBBP.csv"}
"""Files of these names that were packed or cut otherwise than at the address."""

RIGHT = """
title = "T"
about = "A"
kind = "graphs"
task = "t"
licence = "MIT"
citation = "c"
homepage = "h"
features = "x"
[read]
format = "off"
files.all = ["*.off"]
"""


def test_the_catalog_has_them() -> None:
    assert set(WANTED) <= CARDS.keys()


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS.keys())
def test_a_card_names_what_there_is(card: Card) -> None:
    if card.read.format is not None:
        format = next((known for known in FORMATS if known.name == card.read.format), None)
        assert format is not None, f"no format {card.read.format}"
        assert card.read.options.keys() <= format.options.keys()
    else:
        assert callable(getattr(recipes, str(card.read.recipe)))
    for file in card.files:
        assert file.addresses
        if file.sha256 == UNVERIFIED and file.md5 is None:
            assert not any(address.startswith("http:") for address in file.addresses)
    assert card.target is not None and card.target.name
    assert str(card).startswith(f"{card.name}: ")


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS.keys())
def test_a_checksum_is_that_of_the_bytes(card: Card, shared_data: Path) -> None:
    for file in card.files:
        for path in shared_data.rglob(file.name):
            if file.name not in ABROAD and file.sha256 != UNVERIFIED:
                assert (path.stat().st_size, digest(path)) == (file.size or path.stat().st_size, file.sha256)
            if file.name not in ABROAD and file.md5 is not None:
                assert digest(path, "md5") == file.md5


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS.keys())
def test_a_licence_that_restricts_the_use_is_accepted_first(card: Card) -> None:
    words = re.search(r"\bNC\b|(research|education) only|used with permission", card.licence)
    assert card.restricted == (words is not None), card.licence


def test_the_table_of_the_folder_is_current() -> None:
    page = (SHELVES[1] / "README.md").read_text()
    assert listing(CARDS.values(), "github") in page, "write it anew: python docs/datasets.py"


def test_names_are_found_however_they_are_written() -> None:
    assert card("Shapenet Part").name == "shapenet-part" and card("IMDB_binary").name == "imdb-binary"


BROKEN = {
    "colour = 1\n" + RIGHT: ("keys of these only: name, title", "colour"),
    RIGHT.replace('title = "T"', ""): ("tell the title", "title"),
    RIGHT.replace('"T"', '" "'): ("tell the title; got nothing", "title"),
    RIGHT.replace('"graphs"', '"graph"'): ("say one of graphs, images", "kind"),
    RIGHT.replace('"T"', "7"): ("have a str there; got 7", "title"),
    "items = 1.5\n" + RIGHT: ("have a int there; got 1.5", "items"),
    "read = 3\n" + RIGHT.partition("[read]")[0]: ("have a table there; got 3", "read"),
    RIGHT + "skip = 1\n": ("have a bool there; got 1", "read.skip"),
    RIGHT + 'files.some = ["a"]\n': ("name files of all", "read.files"),
    RIGHT + 'files.train = "a"\n': ("have a list there; got 'a'", "read.files.train"),
    RIGHT + 'files.val = ["{task}.off"]\n': (
        "words in braces that are among its choices; got '{task}",
        "read.files.val",
    ),
    RIGHT + 'files.val = ["{.off"]\n': ("words in braces that are among its choices", "read.files.val"),
    RIGHT + '[[files]]\nname = "a"\naddresses = ["package:a/../b"]\n': ("begin with https://", "files[0].addresses"),
    RIGHT + 'recipe = "karate"\n': ("name a format or a recipe", "read"),
    RIGHT + 'label = "("\n': ("have a regular expression there", "read.label"),
    RIGHT.replace('files.all = ["*.off"]', ""): ("name the files to be read", "read.files"),
    RIGHT + '[split]\nkind = "fair"\n': ("say one of published, random", "split.kind"),
    RIGHT + "[split]\nfractions = [1, 1, 1]\n": ("three fractions that make one", "split.fractions"),
    RIGHT + '[[files]]\nname = "../a"\n': ("name a file, without folders", "files[0].name"),
    RIGHT + '[[files]]\nname = "a"\naddresses = ["file:///a"]\n': ("begin with https://", "files[0].addresses"),
    RIGHT + '[[files]]\nname = "a"\nsha256 = "AB"\n': ("have a sha256 in lower-case", "files[0].sha256"),
    RIGHT + '[[results]]\nmodel = "m"\n': ("tell the metric", "results[0].metric"),
    "title = ": ("be written in TOML", "the text"),
}


@pytest.mark.parametrize("content", BROKEN, ids=lambda content: BROKEN[content][1] + BROKEN[content][0][:20])
def test_a_wrong_card_is_told_by_name_and_key(content: str, tmp_path: Path) -> None:
    rule, key = BROKEN[content]
    (tmp_path / "mine.toml").write_text(content)
    with pytest.raises(ReadError) as caught:
        read_card(tmp_path / "mine.toml")
    assert rule in str(caught.value) and "mine.toml" in str(caught.value) and caught.value.place == key


def test_the_right_card_is_right(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(RIGHT)
    assert read_card(tmp_path / "mine.toml").read.files == {"all": ("*.off",)}
    assert tomllib.loads(RIGHT)["kind"] == "graphs"


def test_a_wheel_has_its_own_shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shelf").mkdir()
    (tmp_path / "shelf" / "one.toml").write_text(RIGHT)
    monkeypatch.setattr("geonets.data.catalog.shelves.SHELVES", (tmp_path / "shelf", tmp_path / "nowhere"))
    assert list(cards()) == ["one"]
    wheel = tomllib.loads((SHELVES[1].parent / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]
    assert SHELVES[0].as_posix().endswith(wheel["force-include"]["datasets"])
