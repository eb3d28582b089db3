"""A scene as an interactive figure, and as one HTML page that works offline."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import numpy as np

from geonets.core.packages import require
from geonets.view.document import document, embed
from geonets.view.paint import COLORMAP, MUTED, Array, Categories, Paint, Plain, Scale
from geonets.view.scene import Scene
from geonets.view.solids import balls, sticks

MANY_NODES, MANY_SEGMENTS = 2000, 1500
"""Beyond which nodes are dots and links are lines, which browsers draw faster."""

MANY_NAMED_DOTS, MANY_NAMED_BALLS = 20_000, 600
"""Beyond which nodes say nothing when pointed at: every corner of a ball repeats its name."""

DISTANCE = 1.2
"""From the middle to the eye, in widths of the scene."""

LIGHTING = {"ambient": 0.58, "diffuse": 0.75, "specular": 0.22, "roughness": 0.5, "fresnel": 0.15}
COUNTED = {
    "cloud": ("points", ""),
    "lattice": ("nodes", ""),
    "molecule": ("atoms", "bonds"),
    "network": ("nodes", "links"),
    "mesh": ("vertices", "triangles"),
}


def write_page(scene: Scene, path: Path) -> None:
    """Write a page that shows the scene, as large as the window is."""
    title = scene.title or scene.kind.capitalize()
    head = f"<header><h1>{html.escape(title)}</h1><p>{html.escape(description(scene))}</p></header>"
    stage = f'<div class="solid">{embed(figure(scene), "scene", scroll=True)}</div>'
    path.write_text(document(title, head + stage, kind="stage"), encoding="utf-8")


def description(scene: Scene) -> str:
    """What the scene holds, in numbers: `"14 atoms, 15 bonds"`."""
    nodes, others = COUNTED[scene.kind]
    count = len(scene.faces) if scene.kind == "mesh" else len(scene.segments)
    parts = [_counted(len(scene.positions), nodes)] + ([_counted(count, others)] if others else [])
    return ", ".join(parts)


def figure(scene: Scene) -> Any:
    """A Plotly figure: lit balls and sticks, or dots and lines where there are many; equal scales on the three axes."""
    graph_objects = require("plotly.graph_objects", "plotly")
    low, high = scene.center - scene.extent, scene.center + scene.extent
    axes = {
        f"{name}axis": {"visible": False, "showspikes": False, "range": [low[axis], high[axis]], "autorange": False}
        for axis, name in enumerate("xyz")
    }
    camera = {
        "eye": dict(zip("xyz", DISTANCE * scene.toward, strict=True)),
        "up": dict(zip("xyz", scene.up, strict=True)),
    }
    upright = scene.up[2] == 1.0
    layout = {
        "template": "none",
        "autosize": True,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": "#6b7688"},
        "legend": {"orientation": "h", "x": 0.5, "xanchor": "center", "y": 0.01, "yanchor": "bottom"}
        | {"itemsizing": "constant", "bgcolor": "rgba(0,0,0,0)"},
        "scene": {"aspectmode": "cube", "camera": camera, "bgcolor": "rgba(0,0,0,0)", **axes}
        | {"dragmode": "turntable" if upright else "orbit"}
        | {"domain": {"y": [0.08 if isinstance(scene.paint, Categories) else 0, 1]}},
        "uirevision": "keep",
    }
    return graph_objects.Figure(_traces(scene, graph_objects), layout)


def _traces(scene: Scene, graph_objects: Any) -> list[Any]:
    if len(scene.faces):
        rgb, nodes = Plain(scene.colors), np.arange(len(scene.positions))
        solid = _solids(graph_objects, scene, (scene.positions, scene.faces, nodes), rgb, flat=True)
        return [*solid, *_key(graph_objects, scene.paint)]
    if len(scene.positions) > MANY_NODES:
        return [*_lines(graph_objects, scene), *_dots(graph_objects, scene)]
    vertices, triangles = balls(scene.positions, scene.radii)
    nodes = np.repeat(np.arange(len(scene.positions)), len(vertices) // len(scene.positions))
    traces = []
    if len(scene.segments) > MANY_SEGMENTS:
        traces = _lines(graph_objects, scene)
    elif len(scene.segments):
        ends, corners, owners = sticks(scene)
        if scene.kind == "molecule":
            triangles = np.concatenate([triangles, corners + len(vertices)])
            vertices, nodes = np.concatenate([vertices, ends]), np.concatenate([nodes, owners])
        else:
            traces = [_mesh(graph_objects, ends, corners, color=MUTED)]
    solid = _solids(graph_objects, scene, (vertices, triangles, nodes), scene.paint)
    return [*traces, *solid, *_key(graph_objects, scene.paint)]


def _solids(
    graph_objects: Any, scene: Scene, solid: tuple[Array, Array, Array], paint: Paint, flat: bool = False
) -> list[Any]:
    """Triangles in the colours of the nodes that own their vertices: one trace a category, or one."""
    vertices, triangles, nodes = solid
    named = len(scene.labels) <= MANY_NAMED_BALLS or flat
    labels = np.array(scene.labels)
    if not isinstance(paint, Categories):
        rgb = np.round(255 * paint.rgb).astype(np.uint8)
        colors = {"color": _css(rgb[0])} if (rgb == rgb[0]).all() else {"vertexcolor": rgb[nodes]}
        text = {"text": labels[nodes]} if named else {}
        return [_mesh(graph_objects, vertices, triangles, flatshading=flat, **text, **colors)]
    traces = []
    for code, (name, color) in enumerate(zip(paint.names, paint.colors, strict=True)):
        own = triangles[paint.codes[nodes[triangles[:, 0]]] == code]
        used, corners = np.unique(own, return_inverse=True)
        if len(used):
            look = {"color": color, "legendgroup": name} | ({"text": labels[nodes[used]]} if named else {})
            traces.append(_mesh(graph_objects, vertices[used], corners.reshape(-1, 3), **look))
    return traces


def _mesh(graph_objects: Any, vertices: Array, triangles: Array, **look: Any) -> Any:
    x, y, z = vertices.astype(np.float32).T
    i, j, k = triangles.astype(np.uint16 if len(vertices) < 2**16 else np.int32).T
    look = {
        "hoverinfo": "text" if "text" in look else "skip",
        "lighting": LIGHTING,
        "lightposition": {"x": 2000, "y": -3000, "z": 4000},
    } | look
    return graph_objects.Mesh3d(x=x, y=y, z=z, i=i, j=j, k=k, **look)


def _lines(graph_objects: Any, scene: Scene) -> list[Any]:
    if not len(scene.segments):
        return []
    broken = np.full((len(scene.segments), 3, 3), np.nan, dtype=np.float32)
    broken[:, :2] = scene.positions[scene.segments]
    x, y, z = broken.reshape(-1, 3).T
    line = {"color": MUTED, "width": 1.5}
    look = {"mode": "lines", "line": line, "opacity": 0.5, "hoverinfo": "skip", "showlegend": False}
    return [graph_objects.Scatter3d(x=x, y=y, z=z, **look)]


def _dots(graph_objects: Any, scene: Scene) -> list[Any]:
    size = float(np.clip(360 * scene.radii.mean() / scene.extent, 2.2, 8))
    labels = np.array(scene.labels) if len(scene.labels) <= MANY_NAMED_DOTS else None

    def dots(rows: Array, color: Any, **look: Any) -> Any:
        x, y, z = scene.positions[rows].astype(np.float32).T
        marker = {"size": size, "color": color, "line": {"width": 0}, **look.pop("marker", {})}
        text = {"text": labels[rows], "hoverinfo": "text"} if labels is not None else {"hoverinfo": "skip"}
        return graph_objects.Scatter3d(x=x, y=y, z=z, mode="markers", marker=marker, **text, **look)

    paint, everything = scene.paint, np.arange(len(scene.positions))
    if isinstance(paint, Categories):
        found = [(code, np.flatnonzero(paint.codes == code)) for code in range(len(paint.names))]
        return [dots(r, paint.colors[c], name=paint.names[c], showlegend=True) for c, r in found if len(r)]
    if isinstance(paint, Scale):
        return [dots(everything, paint.values.astype(np.float32), marker=_color_bar(paint), showlegend=False)]
    rgb = np.round(255 * paint.rgb).astype(np.uint8)
    color = _css(rgb[0]) if (rgb == rgb[0]).all() else [_css(row) for row in rgb]
    return [dots(everything, color, showlegend=False)]


def _key(graph_objects: Any, paint: Paint) -> list[Any]:
    """What the colours of solids mean: dots at no place, of which a click hides the category's solids as well."""
    nowhere = {"x": [None], "y": [None], "z": [None], "mode": "markers", "hoverinfo": "skip"}
    if isinstance(paint, Scale):
        marker = {"color": [paint.limits[0]], **_color_bar(paint)}
        return [graph_objects.Scatter3d(**nowhere, marker=marker, showlegend=False)]
    if isinstance(paint, Categories):
        pairs = [(name, {"color": color, "size": 9}) for name, color in zip(paint.names, paint.colors, strict=True)]
        return [graph_objects.Scatter3d(**nowhere, marker=m, name=n, legendgroup=n, showlegend=True) for n, m in pairs]
    return []


def _color_bar(paint: Scale) -> dict[str, Any]:
    low, high = paint.limits
    bar = {"title": {"text": paint.name, "side": "right"}, "thickness": 12, "len": 0.6, "x": 0.98, "xanchor": "right"}
    return {"colorscale": COLORMAP.capitalize(), "cmin": low, "cmax": high, "colorbar": bar | {"outlinewidth": 0}}


def _css(rgb: Array) -> str:
    return "#{:02x}{:02x}{:02x}".format(*rgb.tolist())


def _counted(count: int, noun: str) -> str:
    singular = {"vertices": "vertex"}.get(noun, noun.removesuffix("s"))
    return f"{count:,} {noun if count != 1 else singular}"
