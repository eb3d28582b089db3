"""`view` writes pages that load nothing, pictures that are not blank, and falls back where Open3D is missing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import geonets as gn
from geonets.core.errors import OptionError, StructureError
from geonets.view import Scene, view
from geonets.view.page import description, figure
from geonets.view.show import _advise

Photograph = Callable[[Path], tuple[np.ndarray, list[str]]]


@pytest.fixture(autouse=True)
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test opens a window, and each sees the advice for the first time."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    _advise.cache_clear()


@pytest.fixture
def missing_open3d(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "open3d", None)


def is_drawn(pixels: np.ndarray) -> bool:
    """More than letters on paper: many colours, on a fair part of the picture."""
    paper = np.bincount(pixels.reshape(-1, 3) @ [65536, 256, 1]).argmax()
    marked = (pixels.reshape(-1, 3) @ [65536, 256, 1]) != paper
    return marked.mean() > 0.02 and len(np.unique(pixels.reshape(-1, 3), axis=0)) > 200


@pytest.mark.parametrize("name", ["caffeine", "club", "cloud", "tetrahedron"])
def test_page_loads_nothing(
    name: str, tmp_path: Path, loads: Callable[[str], list[str]], request: pytest.FixtureRequest
) -> None:
    path = view(request.getfixturevalue(name), save=tmp_path / "new folder" / "scene.html")
    assert path is not None and path == tmp_path / "new folder" / "scene.html"
    page = path.read_text(encoding="utf-8")
    assert loads(page) == []
    assert "Content-Security-Policy" in page and "default-src 'none'" in page
    assert page.count("Plotly.newPlot(") >= 1


def test_the_search_for_loads_finds_them(loads: Callable[[str], list[str]]) -> None:
    assert loads('<script src="https://cdn.plot.ly/plotly.js"></script>') == ["https://cdn.plot.ly/plotly.js"]
    assert loads('<link href="https://fonts.example/a.css" rel="stylesheet">') == ["https://fonts.example/a.css"]


def test_page_is_the_same_each_time(caffeine: gn.Structure, tmp_path: Path) -> None:
    first, second = (view(caffeine, save=tmp_path / f"{n}.html") for n in "ab")
    assert first is not None and second is not None and first.read_bytes() == second.read_bytes()


def test_titles_are_text_not_markup(caffeine: gn.Structure, tmp_path: Path) -> None:
    path = view(caffeine, save=tmp_path / "scene.html", title="<script>alert(1)</script>")
    assert path is not None and "<script>alert" not in path.read_text(encoding="utf-8")


def test_category_names_are_text_not_markup(tmp_path: Path) -> None:
    path = view(gn.points([torch.randn(2, 3)]), color=["</script><b>", "a"], save=tmp_path / "scene.html")
    assert path is not None and "</script><b>" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["caffeine", "tetrahedron"])
def test_browser_draws_the_page(
    name: str, tmp_path: Path, photograph: Photograph, request: pytest.FixtureRequest
) -> None:
    path = view(request.getfixturevalue(name), save=tmp_path / "scene.html")
    assert path is not None
    pixels, errors = photograph(path)
    assert is_drawn(pixels) and errors == []


def test_figure_has_equal_scales_and_no_box(caffeine: gn.Structure) -> None:
    drawn = figure(Scene.of(caffeine))
    space = drawn.layout.scene
    sides = [np.ptp(axis.range) for axis in (space.xaxis, space.yaxis, space.zaxis)]
    assert space.aspectmode == "cube" and sides == pytest.approx([sides[0]] * 3)
    assert not any(axis.visible for axis in (space.xaxis, space.yaxis, space.zaxis))
    assert sorted(trace.name for trace in drawn.data if trace.showlegend) == ["C", "N", "O"]


def test_many_nodes_become_dots_and_lines() -> None:
    many = gn.connect(gn.points([torch.rand(2500, 3)]), gn.KNN(4))
    kinds = {(trace.type, trace.mode) for trace in figure(Scene.of(many)).data}
    assert kinds == {("scatter3d", "lines"), ("scatter3d", "markers")}
    scale = figure(Scene.of(many, color=many.pos[:, 0])).data[-1]
    assert len(scale.marker.color) == 2500 and scale.marker.colorbar.title.text == "value"


def test_description_counts(caffeine: gn.Structure, cloud: gn.Structure, tetrahedron: gn.Structure) -> None:
    assert description(Scene.of(caffeine)) == "14 atoms, 15 bonds"
    assert description(Scene.of(cloud)) == "40 points"
    assert description(Scene.of(tetrahedron)) == "4 vertices, 4 triangles"
    assert description(Scene.of(gn.molecule("CC"))) == "2 atoms, 1 bond"


@pytest.mark.usefixtures("open3d")
@pytest.mark.parametrize("name", ["caffeine", "club", "cloud", "tetrahedron"])
def test_picture_is_not_blank(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    from PIL import Image

    path = view(request.getfixturevalue(name), save=tmp_path / "scene.png")
    assert path is not None and path == tmp_path / "scene.png"
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"))
    assert pixels.shape == (900, 1200, 3) and is_drawn(pixels[100:800])


@pytest.mark.usefixtures("open3d")
def test_picture_shows_the_colors(tmp_path: Path) -> None:
    from PIL import Image

    path = view(gn.points([torch.randn(30, 3)]), color=["all"] * 30, save=tmp_path / "blue.png")
    assert path is not None
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"))[100:800].reshape(-1, 3).astype(int)
    drawn = pixels[pixels.min(1) < 200]
    assert (drawn[:, 2] > drawn[:, 0] + 40).mean() > 0.9  # #0072b2 is blue, lit from wherever


@pytest.mark.usefixtures("missing_open3d")
def test_picture_without_open3d_becomes_a_page_with_one_line_of_advice(
    caffeine: gn.Structure, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert view(caffeine, save=tmp_path / "scene.png") == tmp_path / "scene.html"
    assert not (tmp_path / "scene.png").exists() and (tmp_path / "scene.html").stat().st_size > 1_000_000
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    assert "apt-get install libegl1 libgl1 libusb-1.0-0" in said.err and "`open3d` must load" in said.err
    view(caffeine, save=tmp_path / "again.png")
    assert capsys.readouterr().err == ""  # once is enough


@pytest.mark.usefixtures("missing_open3d")
def test_window_without_open3d_becomes_a_page(
    cloud: gn.Structure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISPLAY", ":0")
    assert view(cloud) == Path("geonets-view.html")
    said = capsys.readouterr()
    assert str(tmp_path / "geonets-view.html") in said.out and "apt-get install" in said.err


def test_without_a_display_a_page_is_written_here(
    cloud: gn.Structure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert view(cloud) == Path("geonets-view.html")
    assert (tmp_path / "geonets-view.html").exists()
    said = capsys.readouterr()
    assert str(tmp_path / "geonets-view.html") in said.out and said.err == ""


def test_other_endings_are_refused_before_anything_is_written(caffeine: gn.Structure, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"`save` must end in .png or .html; got '.*scene.pdf'. Choose one of them."):
        view(caffeine, save=tmp_path / "scene.pdf")
    with pytest.raises(StructureError, match="`structure` must have positions or links"):
        view(gn.points(None, x=torch.ones(1, 3, 1)), save=tmp_path / "sub" / "scene.html")
    assert list(tmp_path.iterdir()) == []
