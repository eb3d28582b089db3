"""The command line: what it writes, and that what the user can mend comes as one line, not as a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from shape_files import SHAPES

import geonets as gn
from geonets.cli import main
from geonets.core.errors import ReadError
from geonets.data.readers import FORMATS

CUBE = "OFF\n4 2 0\n0 0 0\n1 0 0\n0 1 0\n1 1 0\n3 0 1 2\n3 1 3 2\n"


def test_a_molecule_and_a_mesh_can_be_looked_at(tmp_path: Path) -> None:
    shape = tmp_path / "square.off"
    shape.write_text(CUBE)
    for what in ("CCO", str(shape)):
        page = tmp_path / "page.html"
        done = CliRunner().invoke(main, ["view", what, "--save", str(page)])
        assert done.exit_code == 0, done.output
        assert str(page) in done.output and "Plotly.newPlot" in page.read_text()


def test_all_parts_of_a_scene_can_be_looked_at(tmp_path: Path) -> None:
    scene, page = tmp_path / "scene.glb", tmp_path / "page.html"
    scene.write_bytes(SHAPES["gltf"]["pyramid.glb"])
    for options, nodes in (([], "node 4"), (["--item", "1"], "node 4"), (["--all"], "node 9")):
        done = CliRunner().invoke(main, ["view", str(scene), "--save", str(page), *options])
        assert done.exit_code == 0, done.output
        assert f"{nodes}" in page.read_text()
    done = CliRunner().invoke(main, ["view", str(scene), "--save", str(page), "--item", "2"])
    assert done.exit_code == 1 and "Error: `" in done.output


@pytest.mark.parametrize(("what", "text"), [("C1CC", "`smiles` must be"), ("no_such_file.stl", "`path` must exist")])
def test_what_the_user_can_mend_is_told_in_one_line(what: str, text: str) -> None:
    done = CliRunner().invoke(main, ["view", what])
    assert done.exit_code == 1 and f"Error: {text}" in done.output and "Traceback" not in done.output


def test_points_without_return_are_not_looked_at(tmp_path: Path) -> None:
    scan, page = tmp_path / "scan.pcd", tmp_path / "page.html"
    scan.write_bytes(SHAPES["pcd"]["ascii.pcd"])
    done = CliRunner().invoke(main, ["view", str(scan), "--save", str(page)])
    assert done.exit_code == 0 and page.exists(), done.output


def test_what_a_file_holds(tmp_path: Path) -> None:
    shape = tmp_path / "square.off"
    shape.write_text(CUBE)
    done = CliRunner().invoke(main, ["read", str(shape)])
    assert done.exit_code == 0, done.output
    rows = [line.split() for line in done.output.splitlines()]
    assert "Graph(1 item of 4 nodes, 10 edges)" in done.output
    assert ["nodes", "pos", "4", "x", "3", "float32", "0", "0.33333", "1"] in rows
    assert ["faces", "vertices", "2", "x", "3", "int64", "0", "1.5", "3"] in rows


def test_a_file_can_be_read_as_another_format_than_its_name_says(tmp_path: Path) -> None:
    shape = tmp_path / "square"
    shape.write_text("0 0 0\n1 1 1\n")
    assert CliRunner().invoke(main, ["read", str(shape)]).exit_code == 1
    done = CliRunner().invoke(main, ["read", str(shape), "--format", "points"])
    assert done.exit_code == 0 and "Set(1 item of 2 nodes)" in done.output


def test_what_was_left_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = gn.points([torch.zeros(2, 3)]), [ReadError("`path` must be whole; got half (a, record 2). Mend it.")]
    monkeypatch.setattr("geonets.data.readers.read", lambda path, format, on_error: found)
    done = CliRunner().invoke(main, ["read", "a.sdf", "--skip"])
    assert done.exit_code == 0 and done.output.splitlines()[-1].startswith("left out: `path` must be whole")


def test_formats_are_listed() -> None:
    done = CliRunner().invoke(main, ["formats"])
    assert done.exit_code == 0, done.output
    rows = [line.split() for line in done.output.splitlines()[2:]]
    assert [row[0] for row in rows] == [known.name for known in FORMATS] and ".ply" in done.output


def test_the_demo_takes_a_folder_and_a_seed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    taken: list[object] = []
    monkeypatch.setattr("geonets.tour.tour", lambda out, seed: taken.extend([out, seed]))
    done = CliRunner().invoke(main, ["demo", "--out", str(tmp_path), "--seed", "3"])
    assert done.exit_code == 0 and taken == [tmp_path, 3]


def test_data_sets_are_listed_shown_and_brought(tmp_path: Path) -> None:
    listed = CliRunner().invoke(main, ["datasets"])
    assert listed.exit_code == 0 and "karate" in listed.output and "licence" in listed.output
    shown = CliRunner().invoke(main, ["datasets", "ESOL"])
    assert shown.exit_code == 0 and "log10(mol/L)" in shown.output and "Delaney" in shown.output
    brought = CliRunner().invoke(main, ["datasets", "karate", "--fetch", "--root", str(tmp_path)])
    assert brought.exit_code == 0 and "train 2, test 32 nodes" in brought.output
    refused = CliRunner().invoke(main, ["datasets", "modelnet10", "--fetch", "--root", str(tmp_path)])
    assert refused.exit_code == 1 and "`accept_licence` must be True" in refused.output
    lost = CliRunner().invoke(main, ["datasets", "atlantis"])
    assert lost.exit_code == 1 and "Error: `name` must be one of" in lost.output
