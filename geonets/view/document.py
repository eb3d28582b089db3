"""One self-contained HTML document: style, scripts and figures inside, nothing loaded from anywhere."""

from __future__ import annotations

import html
import importlib.resources
from typing import Any

from geonets.core.packages import require

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval' blob:; "
    "worker-src blob:; img-src data: blob:; font-src data:"
)
"""The browser itself holds the promise and refuses to load anything; Plotly's 3-D code is compiled on the page."""

CONFIG = {"displaylogo": False, "responsive": True, "displayModeBar": False}


def document(title: str, body: str, kind: str = "") -> str:
    """A whole page.

    Args:
        title: of the browser's tab.
        body: HTML.
        kind: class of the body: `"stage"` for one figure that fills the window.
    """
    plotly = f"<script>{_plotly()}</script>" if "Plotly.newPlot" in body else ""
    theme = f"<script>{_resource('page.js')}</script>" if plotly else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{html.escape(title)}</title>
<style>
{_resource("page.css")}</style>
{plotly}
</head>
<body class="{kind}">
{body}
{theme}
</body>
</html>
"""


def embed(figure: Any, name: str, scroll: bool = False) -> str:
    """A Plotly figure as HTML that draws itself where it stands in a document.

    Args:
        figure: the figure.
        name: its own on the page.
        scroll: the mouse wheel changes the size of what is shown; else it moves the page, as readers expect.
    """
    writer = require("plotly.io", "plotly")
    config = {**CONFIG, "scrollZoom": scroll}
    return writer.to_html(figure, full_html=False, include_plotlyjs=False, div_id=name, config=config)


def _plotly() -> str:
    return require("plotly.offline", "plotly").get_plotlyjs()


def _resource(name: str) -> str:
    return importlib.resources.files("geonets.view").joinpath(name).read_text(encoding="utf-8")
