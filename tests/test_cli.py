"""The command line: what it writes, and that what the user can mend comes as one line, not as a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from geonets.cli import main

CUBE = "OFF\n4 2 0\n0 0 0\n1 0 0\n0 1 0\n1 1 0\n3 0 1 2\n3 1 3 2\n"


def test_a_molecule_and_a_mesh_can_be_looked_at(tmp_path: Path) -> None:
    shape = tmp_path / "square.off"
    shape.write_text(CUBE)
    for what in ("CCO", str(shape)):
        page = tmp_path / "page.html"
        done = CliRunner().invoke(main, ["view", what, "--save", str(page)])
        assert done.exit_code == 0, done.output
        assert str(page) in done.output and "Plotly.newPlot" in page.read_text()


@pytest.mark.parametrize(("what", "text"), [("C1CC", "`smiles` must be"), ("no_such_file.stl", "`path` must be")])
def test_what_the_user_can_mend_is_told_in_one_line(what: str, text: str) -> None:
    done = CliRunner().invoke(main, ["view", what])
    assert done.exit_code == 1 and f"Error: {text}" in done.output and "Traceback" not in done.output


def test_the_demo_takes_a_folder_and_a_seed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    taken: list[object] = []
    monkeypatch.setattr("geonets.tour.tour", lambda out, seed: taken.extend([out, seed]))
    done = CliRunner().invoke(main, ["demo", "--out", str(tmp_path), "--seed", "3"])
    assert done.exit_code == 0 and taken == [tmp_path, 3]
