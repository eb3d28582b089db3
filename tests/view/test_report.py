"""A report is one page that loads nothing, shows what was put in, and escapes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import geonets as gn
from geonets.core.errors import DtypeError, OptionError, ShapeError
from geonets.view import Report

COLUMNS, ROWS = ["model", "accuracy"], [["grid", "0.985"], ["shuffled", "0.612"]]
VOID = {"meta", "img", "br", "link", "hr", "input"}


@pytest.fixture
def report(caffeine: gn.Structure, club: gn.Structure) -> Report:
    picture = Figure(figsize=(3, 2))
    picture.subplots().plot([0, 1], [1, 0])
    page = Report("Digits", "Five structures, *one* vocabulary.")
    page.heading("Results").text("Bold is **this**.\n\n- one\n- two").table(COLUMNS, ROWS, best=[0], twins=[1])
    page.curves("Learning", {"grid": [0.5, 0.9, 0.98], "shuffled": [0.4, 0.5, 0.6]}, "accuracy", twins=["shuffled"])
    page.bars("Final", {"grid": 0.985, "shuffled": 0.612}, "accuracy", twins=["shuffled"])
    page.heading("Pictures").figure("A line", picture, "falls")
    page.scene(caffeine, title="Caffeine").scene(
        club, color=["a"] * 17 + ["b"] * 17, title="Club", caption="Two halves."
    )
    return page


class Balance(HTMLParser):
    """Which tags are open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def written(page: Report, tmp_path: Path) -> str:
    return page.save(tmp_path / "report.html").read_text(encoding="utf-8")


def without_scripts(page: str) -> str:
    return re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)


def test_report_is_one_file_that_loads_nothing(
    report: Report, tmp_path: Path, loads: Callable[[str], list[str]]
) -> None:
    page = written(report, tmp_path / "made for it")
    assert loads(page) == []
    assert page.count("plotly.js v") == 1 and page.count("Plotly.newPlot(") >= 4  # the library once, four figures
    assert [path.name for path in (tmp_path / "made for it").iterdir()] == ["report.html"]


def test_tags_are_balanced(report: Report, tmp_path: Path) -> None:
    parser = Balance()
    parser.feed(without_scripts(written(report, tmp_path)))
    assert parser.wrong == [] and parser.open == []


def test_everything_is_on_the_page(report: Report, tmp_path: Path) -> None:
    page = without_scripts(written(report, tmp_path))
    assert "<h1>Digits</h1>" in page and "Five structures, <em>one</em> vocabulary." in page
    assert '<a href="#section-2">Pictures</a>' in page and '<h2 id="section-2">Pictures</h2>' in page
    assert "<p>Bold is <strong>this</strong>.</p>" in page and "<ul><li>one</li><li>two</li></ul>" in page
    assert '<tr class="best"><td>grid<span class="mark">best</span></td><td class="number">0.985</td></tr>' in page
    assert '<tr class="twin"><td>shuffled<span class="mark">must fail</span></td>' in page
    assert '<img alt="A line" src="data:image/png;base64,' in page
    assert "14 atoms, 15 bonds" in page and "<figcaption>Two halves.</figcaption>" in page
    assert page.count('class="gallery"') == 2  # figures that follow each other stand side by side


def test_a_report_of_words_needs_no_scripts(tmp_path: Path) -> None:
    page = written(Report("Words").text("Only words."), tmp_path)
    assert "<script" not in page and len(page) < 20_000


def test_texts_are_escaped(tmp_path: Path) -> None:
    page = Report("<b>t</b>", "a < b & c").heading("<i>").text("`x < y` and 2 * 3 * 4")
    page = written(page.table(["<td>"], [["<u>"]]), tmp_path)
    assert not re.search(r"<(b|i|u)>", page) and "<code>x &lt; y</code> and 2 * 3 * 4" in page
    assert "<title>&lt;b&gt;t&lt;/b&gt;</title>" in page


@pytest.mark.parametrize(
    ("cells", "right"),
    [
        (["0.985", "-1", "1,797"], True),
        (["12.1 s", "98 %", "<= 0.30"], True),
        (["0.98 \u00b1 0.01", "", "2e-16"], True),
        (["31/32", "-", "1.5x"], True),
        (["12 of 32 right", "0.9", "0.8"], False),
        (["a", "b", "c"], False),
    ],
)
def test_columns_of_numbers_stand_to_the_right(cells: list[str], right: bool, tmp_path: Path) -> None:
    page = written(Report("t").table(["column"], [[cell] for cell in cells]), tmp_path)
    assert ('<th class="number">' in page) == right


def test_browser_draws_curves_and_scenes(
    report: Report, tmp_path: Path, photograph: Callable[[Path], tuple[np.ndarray, list[str]]]
) -> None:
    pixels, errors = photograph(report.save(tmp_path / "report.html"))
    assert errors == []
    blue, orange = (pixels == [0, 114, 178]).all(2), (pixels == [230, 159, 0]).all(2)
    assert blue.sum() > 100 and orange.sum() > 20  # the two curves, on top of whatever else is there
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 200


def test_tables_must_fit() -> None:
    with pytest.raises(ShapeError, match=r"`rows` must have 2 cells each, one a column; got 1 \(row 1\)"):
        Report("t").table(COLUMNS, [["a", "b"], ["c"]])
    with pytest.raises(ShapeError, match=r"`best` must number rows between 0 and 1; got \[2\]. Count from 0."):
        Report("t").table(COLUMNS, ROWS, best=[2])
    with pytest.raises(ShapeError, match="`twins` must number rows"):
        Report("t").table(COLUMNS, ROWS, twins=[-1])


def test_pictures_must_be_pictures() -> None:
    with pytest.raises(DtypeError, match="`picture` must be the bytes of a PNG or a Matplotlib figure; got bytes"):
        Report("t").figure("p", b"GIF89a")
    with pytest.raises(DtypeError, match="got str"):
        Report("t").figure("p", "picture.png")


def test_reports_are_html(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"`path` must end in .html; got '.*report.pdf'. Name an HTML file."):
        Report("t").save(tmp_path / "report.pdf")
