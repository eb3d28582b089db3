"""A scene in an Open3D window, or as a picture that Open3D renders without one."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from geonets.core.errors import MissingPackageError
from geonets.core.packages import require
from geonets.view.page import MANY_SEGMENTS, description
from geonets.view.paint import COLORMAP, MUTED, Array, Categories, Scale, rgb_of
from geonets.view.scene import Scene
from geonets.view.solids import balls, sticks

ADVICE = "apt-get install libegl1 libgl1 libusb-1.0-0"
WIDTH, HEIGHT = 1200, 900
OVERSAMPLING = 2
"""Open3D draws without smoothing edges: a picture is drawn larger and made smaller."""

MANY_BALLS = 10_000
"""Beyond which nodes are drawn as squares."""

NARROWER = -5
"""Steps of five degrees from Open3D's 60, which stretches balls near the border."""


def has_display() -> bool:
    """Whether a desktop window could be seen."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def show_window(scene: Scene) -> None:
    """Open a window and return when the user closes it.

    Raises:
        MissingPackageError: if Open3D, or a system library below it, is missing, or no window can be opened.
    """
    visualizer = _visualizer(_open3d(), scene, visible=True, scale=1)
    visualizer.run()
    visualizer.destroy_window()


def write_picture(scene: Scene, path: Path) -> None:
    """Write a PNG with title and legend; no display is needed.

    Raises:
        MissingPackageError: if Open3D, or a system library below it, is missing, or it cannot draw.
    """
    visualizer = _visualizer(_open3d(), scene, visible=False, scale=OVERSAMPLING)
    image = np.asarray(visualizer.capture_screen_float_buffer(True))
    visualizer.destroy_window()
    height, width = image.shape[0] // OVERSAMPLING, image.shape[1] // OVERSAMPLING
    blocks = image[: height * OVERSAMPLING, : width * OVERSAMPLING]
    small = blocks.reshape(height, OVERSAMPLING, width, OVERSAMPLING, 3).mean((1, 3))
    _lettered(small, scene).savefig(path, dpi=100)


def _open3d() -> Any:
    try:
        return importlib.import_module("open3d")
    except (ImportError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise MissingPackageError(
            f"`open3d` must load to draw a window or a PNG; got: {reason}. On Linux run: {ADVICE}"
        ) from None


def _visualizer(open3d: Any, scene: Scene, visible: bool, scale: int) -> Any:
    quiet = open3d.utility.VerbosityContextManager(open3d.utility.VerbosityLevel.Error)
    with quiet:
        visualizer = open3d.visualization.Visualizer()
        if not visualizer.create_window(scene.title or "geonets", WIDTH * scale, HEIGHT * scale, visible=visible):
            raise MissingPackageError(
                f"`open3d` must find OpenGL to draw; got no context for it. On Linux run: {ADVICE}"
            )
    options = visualizer.get_render_option()
    options.background_color = np.ones(3)
    options.point_size = float(np.clip(0.72 * HEIGHT * scale * scene.radii.mean() / scene.extent, 3, 24))
    options.mesh_show_back_face = True
    options.mesh_shade_option = open3d.visualization.MeshShadeOption.Color
    for geometry in _geometries(open3d, scene):
        visualizer.add_geometry(geometry)
    camera = visualizer.get_view_control()
    camera.set_lookat(scene.center)
    camera.set_front(scene.toward)
    camera.set_up(scene.up)
    camera.change_field_of_view(NARROWER)
    camera.set_zoom(0.6)
    return visualizer


def _geometries(open3d: Any, scene: Scene) -> list[Any]:
    if len(scene.faces):
        return [_mesh(open3d, scene.positions, scene.faces, scene.colors)]
    if len(scene.positions) > MANY_BALLS:
        cloud = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(scene.positions))
        cloud.colors = open3d.utility.Vector3dVector(scene.colors)
        return [cloud, *_lines(open3d, scene)]
    vertices, triangles = balls(scene.positions, scene.radii, fine=1000, fair=MANY_BALLS)
    solids = [_mesh(open3d, vertices, triangles, np.repeat(scene.colors, len(vertices) // len(scene.colors), axis=0))]
    if len(scene.segments) > MANY_SEGMENTS:
        return [*solids, *_lines(open3d, scene)]
    if len(scene.segments):
        vertices, triangles, owners = sticks(scene)
        colors = scene.colors[owners] if scene.kind == "molecule" else np.tile(rgb_of(MUTED), (len(vertices), 1))
        solids.append(_mesh(open3d, vertices, triangles, colors))
    return solids


def _mesh(open3d: Any, vertices: Array, triangles: Array, colors: Array) -> Any:
    mesh = open3d.geometry.TriangleMesh(
        open3d.utility.Vector3dVector(vertices), open3d.utility.Vector3iVector(triangles.astype(np.int32))
    )
    mesh.vertex_colors = open3d.utility.Vector3dVector(colors)
    mesh.compute_vertex_normals()
    return mesh


def _lines(open3d: Any, scene: Scene) -> list[Any]:
    if not len(scene.segments):
        return []
    lines = open3d.geometry.LineSet(
        open3d.utility.Vector3dVector(scene.positions), open3d.utility.Vector2iVector(scene.segments.astype(np.int32))
    )
    lines.paint_uniform_color(rgb_of(MUTED))
    return [lines]


def _lettered(image: Array, scene: Scene) -> Any:
    """The picture under its title and above its legend, as a Matplotlib figure."""
    figure = require("matplotlib.figure", "matplotlib").Figure(figsize=(WIDTH / 100, HEIGHT / 100), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(image.clip(0, 1), aspect="auto", interpolation="lanczos")
    axes.set_axis_off()
    title = scene.title or scene.kind.capitalize()
    figure.text(0.025, 0.965, title, size=17, weight="bold", color="#1a2230", va="top", parse_math=False)
    figure.text(0.025, 0.922, description(scene), size=12.5, color="#5b6678", va="top")
    if isinstance(scene.paint, Categories):
        dots = require("matplotlib.lines", "matplotlib").Line2D
        style = {"linestyle": "none", "marker": "o", "markersize": 10}
        handles = [dots([], [], color=color, **style) for color in scene.paint.colors]
        columns = min(len(handles), 8)
        figure.legend(handles, scene.paint.names, loc="lower center", ncols=columns, frameon=False, fontsize=12.5)
    elif isinstance(scene.paint, Scale):
        cm = require("matplotlib.cm", "matplotlib")
        limits = require("matplotlib.colors", "matplotlib").Normalize(*scene.paint.limits)
        bar = figure.colorbar(cm.ScalarMappable(limits, COLORMAP), cax=figure.add_axes((0.93, 0.25, 0.012, 0.5)))
        bar.set_label(scene.paint.name)
        bar.outline.set_visible(False)
    return figure
