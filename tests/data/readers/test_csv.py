"""Tables: strict about rows and entries, and grouped into items and steps only where columns say so."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from messages.tables import TABLE, csv

import geonets as gn

WEATHER = Path(os.environ.get("GEONETS_DATA", "no such folder"), "sequences/weather")
real = pytest.mark.skipif(not WEATHER.exists(), reason="GEONETS_DATA is unset")


def test_every_row_is_an_item_unless_columns_say_otherwise() -> None:
    rows = csv("a,b\n1,2.5\n3,4\n\n")
    assert (len(rows), rows.num_nodes) == (2, 2)
    assert rows.nodes["a"].tolist() == [1, 3]
    assert (rows.nodes["a"].dtype, rows.nodes["b"].dtype) == (torch.int64, torch.float64)
    chosen = csv("a,b,c\n1,2,0\n3,4,1\n", columns=("b", "a"), y="c")
    assert chosen.x.tolist() == [[2, 1], [4, 3]]
    assert chosen.x.dtype == torch.float32
    assert (set(chosen.nodes), chosen.y.tolist()) == ({"x"}, [0, 1])


def test_items_and_steps() -> None:
    shuffled = "\n".join([TABLE.splitlines()[row] for row in (0, 2, 3, 1)])
    found = csv(shuffled, columns=("t",), item="place", time="day", categories=("word",))
    assert isinstance(found.topology, gn.Chain)
    assert found.topology.node_counts.tolist() == [2, 1]
    assert found.x[:, 0].tolist() == [1, 2, 3]
    assert found.nodes["time"].tolist() == [1577836800.0, 1577923200.0, 1577836800.0]
    assert found.nodes["word"].tolist() == [0, 1, 0]
    assert found.meta == (
        {"categories": {"word": ["x", "y"]}, "name": "a"},
        {"categories": {"word": ["x", "y"]}, "name": "b"},
    )
    sets = csv(shuffled, columns=("t",), item="place")
    assert isinstance(sets.topology, gn.Set)
    assert sets.x[:, 0].tolist() == [2, 1, 3]  # as in the file


def test_what_is_missing_is_said() -> None:
    text = "a,b,c\n1,,x\n2,NA,\n3,4,y\n"
    filled = csv(text, columns=("a", "b"), categories=("c",), missing=-9)
    assert filled.x.tolist() == [[1, -9], [2, -9], [3, 4]]
    assert filled.nodes["c"].tolist() == [0, -1, 1]
    assert csv(text, columns=("a", "b"), missing="drop").x.tolist() == [[3, 4]]
    assert csv(text, columns=("a", "b"), missing="keep").x[:, 1].isnan().tolist() == [True, True, False]
    assert csv("a\nNA\nb\n", categories={"a": ["b", "NA"]}).nodes["a"].tolist() == [1, 0]
    assert csv("a\nNA\nb\n", categories={"a": ["c", "b"]}, missing=0).nodes["a"].tolist() == [-1, 1]


def test_rows_that_are_left_out_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n3\nx,4\n5,6\n7,nan\n")
    rows, errors = gn.read(path, on_error="skip")
    assert rows.nodes["a"].tolist() == [1, 5]
    assert [error.place for error in errors] == [
        "record 2, line 3",
        "record 2, line 4, column a",
        "record 4, line 6, column b",
    ]


def test_delimiters_quotes_and_names() -> None:
    assert csv("a;b\n1;2\n").nodes["b"].tolist() == [2]
    assert csv("a\tb\n1\t2\n").nodes["b"].tolist() == [2]
    assert csv('a,"b, c"\n1,"2"\n').nodes["b, c"].tolist() == [2]
    assert csv("1,2\n3,4\n", header=False).nodes["1"].tolist() == [2, 4]
    assert csv("\ufeffsrc\n1\n").nodes["src"].tolist() == [1]
    assert csv('"",a\n1,2\n').nodes["0"].tolist() == [1]


def test_no_rows() -> None:
    for options in ({}, {"time": "t"}, {"item": "place"}, {"item": "place", "time": "t"}):
        found = csv("place,t\n", **options)
        assert found.num_nodes == 0


def test_whole_numbers_are_exact() -> None:
    assert csv(f"a\n{2**62 + 1}\n").nodes["a"].tolist() == [2**62 + 1]


@real
def test_australian_weather_equals_pandas() -> None:
    import pandas

    columns, path = ("Temp3pm", "Humidity3pm", "Pressure3pm"), WEATHER / "weatherAUS.csv.gz"
    start = time.perf_counter()
    days = gn.read(path, columns=columns, y="RainTomorrow", categories=("RainTomorrow",), missing="keep")
    assert time.perf_counter() - start < 20
    frame = pandas.read_csv(path)
    assert len(days) == len(frame) == 142_193
    np.testing.assert_array_equal(days.x, frame[list(columns)].to_numpy(np.float32))
    assert days.y.tolist() == (frame["RainTomorrow"] == "Yes").astype(int).tolist()
    stations = gn.read(path, columns=columns, item="Location", time="Date", missing="keep")
    assert len(stations) == frame["Location"].nunique()


WORDS = ("Location", "WindGustDir", "WindDir9am", "WindDir3pm", "RainToday", "RainTomorrow")
TABLES: list[tuple[str, int, dict[str, Any]]] = [
    ("seattle-weather.csv", 1461, {"time": "date", "categories": ("weather",)}),
    ("daily-min-temperatures.csv", 3650, {"time": "Date"}),
    ("beijing_pollution_hourly.csv.gz", 43_824, {"time": "No", "categories": ("cbwd",), "missing": "keep"}),
    ("rattle_canberra_weather.csv", 366, {"time": "Date", "categories": WORDS, "missing": "keep"}),
]


@real
@pytest.mark.parametrize(("name", "count", "options"), TABLES, ids=[table[0] for table in TABLES])
def test_tables_of_others(name: str, count: int, options: dict[str, Any]) -> None:
    assert gn.read(WEATHER / name, **options).num_nodes == count


def test_a_suffix_that_several_formats_have(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("src\tdst\n0\t1\n")
    assert gn.read(tmp_path / "a.tsv").nodes["dst"].tolist() == [1]
