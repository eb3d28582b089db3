"""`Report`: tables, curves and 3-D views on one page that works offline."""

from __future__ import annotations

import base64
import html
import io
import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, final

from geonets.core.errors import DtypeError, OptionError, ShapeError
from geonets.core.packages import require
from geonets.core.structure import Structure
from geonets.view.document import document, embed
from geonets.view.page import description, figure
from geonets.view.paint import MUTED, PALETTE, SINGLE, Color
from geonets.view.scene import Scene

BEST_MARK, TWIN_MARK = "best", "must fail"
PNG_START = b"\x89PNG\r\n\x1a\n"
NUMBER = re.compile(
    r"(<=|>=|[<>~\u2264\u2265])?\s*[-+\u2212]?\d[\d.,]*(e[-+]?\d+)?([/\u00b1 ]+[\d.]+)?\s*(%|[a-zA-Z]{1,3})?"
)
"""A number as tables have them: with a relation before it, an exponent, a tolerance or a whole, and a short unit."""

NO_NUMBER = ("", "-", "\u2013", "\u2014")


@final
class Report:
    """A page that grows from top to bottom: every method adds a part and returns the report.

    Figures that follow each other stand side by side where the window is wide enough. The page follows the reader from
    light to dark, and loads nothing.

    Args:
        title: at its top.
        subtitle: below, in a sentence or two.

    Example:
        >>> import tempfile
        >>> page = Report("Digits", "Five structures, one vocabulary.").heading("Results")
        >>> page = page.table(["model", "accuracy"], [["grid", "0.98"], ["shuffled", "0.61"]], best=[0], twins=[1])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     page.save(f"{folder}/report.html").name
        'report.html'
    """

    def __init__(self, title: str, subtitle: str = "") -> None:
        self.title, self.subtitle = title, subtitle
        self._parts: list[tuple[str, str]] = []
        self._headings: list[str] = []
        self._numbers: Iterator[int] = itertools.count(1)

    def heading(self, text: str) -> Report:
        """Begin a section; the top of the page links to it."""
        self._headings.append(text)
        return self._add("block", f'<h2 id="section-{len(self._headings)}">{_inline(text)}</h2>')

    def text(self, text: str) -> Report:
        """Paragraphs between blank lines; `**bold**`, `*italic*`, `` `code` ``; lists of lines that begin with `- `."""
        for block in re.split(r"\n\s*\n", text.strip()):
            lines = [line.strip() for line in block.splitlines()]
            if all(line.startswith("- ") for line in lines):
                entries = "".join(f"<li>{_inline(line[2:])}</li>" for line in lines)
                self._add("block", f"<ul>{entries}</ul>")
            else:
                self._add("block", f"<p>{_inline(' '.join(lines))}</p>")
        return self

    def table(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[str]],
        best: Collection[int] = (),
        twins: Collection[int] = (),
    ) -> Report:
        """A table; columns of numbers stand to the right.

        Args:
            columns: their names.
            rows: one text for each column.
            best: numbers of the rows that won.
            twins: numbers of the rows of broken twins, which must fail.

        Raises:
            ShapeError: if a row has not one cell a column, or there is no row of a number in `best` or `twins`.
        """
        for number, row in enumerate(rows):
            if len(row) != len(columns):
                raise ShapeError(
                    f"`rows` must have {len(columns)} cells each, one a column; got {len(row)} (row {number}). "
                    "Pass '' for an empty cell."
                )
        for name, marked in (("best", best), ("twins", twins)):
            if any(not 0 <= number < len(rows) for number in marked):
                raise ShapeError(
                    f"`{name}` must number rows between 0 and {len(rows) - 1}; got {sorted(marked)}. Count from 0."
                )
        numeric = [
            bool(rows)
            and all(text in NO_NUMBER or NUMBER.fullmatch(text) for text in (str(r[place]).strip() for r in rows))
            for place in range(len(columns))
        ]
        head = "".join(_cell("th", column, right) for column, right in zip(columns, numeric, strict=True))
        body = "".join(
            _row(row, numeric, "best" if number in best else "twin" if number in twins else "")
            for number, row in enumerate(rows)
        )
        grid = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        return self._add("block", f'<div class="card wide" tabindex="0">{grid}</div>')

    def curves(
        self,
        title: str,
        series: Mapping[str, Sequence[float]],
        y_label: str,
        x_label: str = "epoch",
        twins: Collection[str] = (),
        caption: str = "",
    ) -> Report:
        """One line for each entry of `series`, over 1, 2, ...; those of `twins` are dashed."""
        graph_objects = require("plotly.graph_objects", "plotly")
        lines = []
        for (name, values), color in zip(series.items(), itertools.cycle(PALETTE), strict=False):
            line = {"color": color, "width": 2.2, "dash": "dot" if name in twins else "solid"}
            look = {"mode": "lines" if len(values) > 1 else "markers", "name": name, "line": line}
            lines.append(graph_objects.Scatter(x=list(range(1, len(values) + 1)), y=[float(v) for v in values], **look))
        return self._plot(title, lines, x_label, y_label, caption, legend=len(lines) > 1)

    def bars(
        self,
        title: str,
        values: Mapping[str, float],
        y_label: str,
        twins: Collection[str] = (),
        caption: str = "",
    ) -> Report:
        """One bar for each entry of `values`, with its number; those of `twins` are grey."""
        graph_objects = require("plotly.graph_objects", "plotly")
        bar = graph_objects.Bar(
            x=list(values),
            y=[float(value) for value in values.values()],
            text=[f"{value:.3g}" for value in values.values()],
            textposition="outside",
            cliponaxis=False,
            marker={"color": [MUTED if name in twins else SINGLE for name in values]},
            hoverinfo="skip",
        )
        return self._plot(title, [bar], "", y_label, caption, legend=False)

    def figure(self, title: str, picture: Any, caption: str = "") -> Report:
        """A picture: the bytes of a PNG, or a Matplotlib figure.

        Raises:
            DtypeError: if it is neither.
        """
        if hasattr(picture, "savefig"):
            buffer = io.BytesIO()
            picture.savefig(buffer, format="png", dpi=160, bbox_inches="tight")
            picture = buffer.getvalue()
        if not isinstance(picture, bytes) or not picture.startswith(PNG_START):
            raise DtypeError(
                f"`picture` must be the bytes of a PNG or a Matplotlib figure; got {type(picture).__name__}. "
                "Read a file with Path(...).read_bytes()."
            )
        source = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
        return self._card(title, f'<img alt="{html.escape(title)}" src="{source}">', caption)

    def scene(
        self,
        structure: Structure,
        color: Color = None,
        title: str = "",
        caption: str | None = None,
        item: int = 0,
    ) -> Report:
        """One item in 3-D, to be turned with the mouse; `color` and `item` as in `view`."""
        shown = Scene.of(structure, color, title or None, item)
        inside = f'<div class="solid">{embed(figure(shown), self._name())}</div>'
        return self._card(shown.title, inside, description(shown) if caption is None else caption)

    def save(self, path: str | Path) -> Path:
        """Write the page.

        Raises:
            OptionError: if the path does not end in `.html`.
        """
        target = Path(path)
        if target.suffix.lower() != ".html":
            raise OptionError(f"`path` must end in .html; got {str(path)!r}. Name an HTML file.")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(document(self.title, self._body()), encoding="utf-8")
        return target

    def _body(self) -> str:
        links = "".join(
            f'<a href="#section-{number}">{_inline(text)}</a>' for number, text in enumerate(self._headings, 1)
        )
        subtitle = f"<p>{_inline(self.subtitle)}</p>" if self.subtitle else ""
        head = f'<header class="title"><h1>{_inline(self.title)}</h1>{subtitle}</header>'
        parts = []
        for kind, group in itertools.groupby(self._parts, key=lambda part: part[0]):
            inside = "\n".join(text for _, text in group)
            parts.append(f'<div class="gallery">{inside}</div>' if kind == "card" else inside)
        quiet = "<noscript>Curves and 3-D views need JavaScript.</noscript>"
        return "\n".join([f"<main>{head}", f"<nav>{links}</nav>" if links else "", quiet, *parts, "</main>"])

    def _plot(self, title: str, traces: list[Any], x_label: str, y_label: str, caption: str, legend: bool) -> Report:
        graph_objects = require("plotly.graph_objects", "plotly")
        quiet = {"showgrid": False, "zeroline": False, "ticks": "", "automargin": True, "fixedrange": True}
        layout = {
            "template": "none",
            "autosize": True,
            "margin": {"l": 56, "r": 18, "t": 14, "b": 44},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": "system-ui, sans-serif", "size": 12.5, "color": "#6b7688"},
            "xaxis": {**quiet, "title": {"text": x_label, "standoff": 8}},
            "yaxis": {**quiet, "showgrid": True, "title": {"text": y_label, "standoff": 8}},
            "showlegend": legend,
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "bgcolor": "rgba(0,0,0,0)"},
            "hovermode": "x unified",
            "bargap": 0.45,
        }
        drawn = graph_objects.Figure(traces, layout)
        return self._card(title, f'<div class="plot">{embed(drawn, self._name())}</div>', caption)

    def _card(self, title: str, inside: str, caption: str) -> Report:
        head = f"<h3>{_inline(title)}</h3>" if title else ""
        below = f"<figcaption>{_inline(caption)}</figcaption>" if caption else ""
        return self._add("card", f'<figure class="card">{head}{inside}{below}</figure>')

    def _name(self) -> str:
        return f"figure-{next(self._numbers)}"

    def _add(self, kind: str, part: str) -> Report:
        self._parts.append((kind, part))
        return self


def _row(row: Sequence[str], numeric: Sequence[bool], kind: str) -> str:
    mark = {"best": BEST_MARK, "twin": TWIN_MARK}.get(kind, "")
    cells = [_cell("td", cell, right) for cell, right in zip(row, numeric, strict=True)]
    if mark:
        cells[0] = cells[0].removesuffix("</td>") + f'<span class="mark">{mark}</span></td>'
    return f'<tr class="{kind}">{"".join(cells)}</tr>' if kind else f"<tr>{''.join(cells)}</tr>"


def _cell(tag: str, text: object, right: bool) -> str:
    kind = ' class="number"' if right else ""
    return f"<{tag}{kind}>{_inline(str(text))}</{tag}>"


def _inline(text: str) -> str:
    """Escaped text with bold, italic and code."""
    parts = re.split(r"(`[^`]+`)", text)
    for place, part in enumerate(parts):
        if place % 2:
            parts[place] = f"<code>{html.escape(part[1:-1])}</code>"
        else:
            safe = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html.escape(part))
            parts[place] = re.sub(r"(?<![\w*])\*(\S(?:[^*]*\S)?)\*(?![\w*])", r"<em>\1</em>", safe)
    return "".join(parts)
