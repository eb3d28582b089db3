"""Tables of pandas: chains from rows in time, graphs from edges, and tables of every level."""

from __future__ import annotations

from typing import Any

import networkx
import numpy as np
import pandas
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import geonets as gn

RANDOM = np.random.default_rng(0)


def weather(counts: dict[str, int], seed: int = 0, dtype: str = "datetime64[ns]") -> pandas.DataFrame:
    generator = np.random.default_rng(seed)
    parts = [
        pandas.DataFrame(
            {
                "station": station,
                "date": pandas.date_range("2020-01-01", periods=count).astype(dtype),
                "rain": generator.random(count),
                "wind": generator.integers(0, 9, count),
                "wet": generator.choice(["No", "Yes"], count),
                "climate": "dry" if station < "b" else "humid",
            }
        )
        for station, count in counts.items()
    ]
    return pandas.concat(parts, ignore_index=True)


@pytest.mark.parametrize("dtype", ["datetime64[ns]", "datetime64[s]", "datetime64[ns, Europe/Berlin]"])
def test_a_table_and_back(dtype: str) -> None:
    whole = weather({"b": 4, "a": 2, "c": 1}, dtype="datetime64[ns]")
    whole["date"] = whole["date"].dt.tz_localize("Europe/Berlin") if "," in dtype else whole["date"].astype(dtype)
    shuffled = whole.sample(frac=1, random_state=3)
    options: dict[str, Any] = {"item": "station", "time": "date", "y": "wet", "dtype": torch.float64}
    found = gn.from_pandas(shuffled, ["wind", "rain"], **options)
    back = gn.to_pandas(found)
    wanted: Any = whole[["station", "wind", "rain", "date", "wet"]].astype({"wind": float})
    order = shuffled["station"].unique()
    wanted = pandas.concat([wanted[wanted["station"] == name] for name in order], ignore_index=True)
    assert_frame_equal(back, wanted, check_dtype=False)
    assert back["date"].dtype == whole["date"].dtype
    assert_frame_equal(gn.to_pandas(gn.from_pandas(back, ["wind", "rain"], **options)), back)


@settings(max_examples=30, deadline=None)
@given(counts=st.lists(st.integers(1, 5), min_size=1, max_size=4), seed=st.integers(0, 99))
def test_rows_go_to_their_item_in_the_order_of_time(counts: list[int], seed: int) -> None:
    whole = weather({f"s{place}": count for place, count in enumerate(counts)}, seed)
    found = gn.from_pandas(whole.sample(frac=1, random_state=seed), ["rain"], item="station", time="date")
    assert found.meta is not None
    for item, record in zip(found, found.meta, strict=True):
        wanted = whole.loc[whole["station"] == record["name"], "rain"].to_numpy(dtype=np.float32)
        assert np.array_equal(item.x[:, 0], wanted)


def test_without_an_item_it_is_one_chain_in_the_order_of_its_rows() -> None:
    found = gn.from_pandas(weather({"a": 5})[["rain", "wind"]])
    assert len(found) == 1 and found.x.shape == (5, 2) and found.x.dtype == torch.float32
    assert list(gn.to_pandas(found)) == ["item", "rain", "wind"]


def test_columns_that_are_numbers_are_taken_unless_said() -> None:
    found = gn.from_pandas(weather({"a": 2, "b": 3}), item="station", time="date", item_y="climate")
    assert found.x.shape == (5, 2) and found.globals["y"].tolist() == [0, 1]
    table = gn.to_pandas(found, "globals")
    assert table.to_dict("list") == {"station": ["a", "b"], "climate": ["dry", "humid"]}


def test_targets_that_are_numbers_stay_so() -> None:
    found = gn.from_pandas(weather({"a": 3}), ["rain"], y="wind")
    assert found.nodes["y"].dtype == torch.long
    assert gn.from_pandas(weather({"a": 3}), ["wind"], y="rain").nodes["y"].dtype == torch.float32


def test_missing_values_are_left_out_or_filled_only_on_request() -> None:
    frame = weather({"a": 3, "b": 2})
    frame.loc[1, "rain"] = np.nan
    options: dict[str, Any] = {"item": "station", "time": "date"}
    with pytest.raises(gn.errors.StructureError, match=r"column 'rain' \(row 1, index 1; 1 in all\)"):
        gn.from_pandas(frame, ["wind", "rain"], **options)
    assert gn.from_pandas(frame, ["wind"], **options).num_nodes == 5
    assert gn.from_pandas(frame, ["rain"], missing="drop", **options).topology.node_counts.tolist() == [2, 2]
    assert bool(gn.from_pandas(frame, ["rain"], missing="keep", **options).x[1].isnan())
    assert gn.from_pandas(frame, ["rain"], missing=-1.0, **options).x[1] == -1
    frame.loc[2, "station"] = None
    with pytest.raises(gn.errors.StructureError, match="column 'station'"):
        gn.from_pandas(frame, ["rain"], missing=0.0, **options)


def test_nullable_columns_are_numbers_too() -> None:
    frame = pandas.DataFrame(
        {"a": pandas.array([1, None, 3], "Int64"), "b": pandas.array([True, False, None], "boolean")}
    )
    assert gn.from_pandas(frame, missing=7).x.tolist() == [[1, 1], [7, 0], [3, 7]]


def test_the_same_as_a_loop_over_groups() -> None:
    frame = weather({"a": 4, "b": 7, "c": 2}).sample(frac=1, random_state=1)
    found = gn.from_pandas(frame, ["rain", "wind"], item="station", time="date", dtype=torch.float64)
    loop = [group.sort_values("date")[["rain", "wind"]].to_numpy() for _, group in frame.groupby("station", sort=False)]
    assert np.array_equal(found.x, np.concatenate(loop))


def test_a_list_of_edges_and_back() -> None:
    frame = pandas.DataFrame(
        {"source": list("bca"), "target": list("aab"), "weight": [1.0, 2.0, 3.0], "kind": ["x", "y", "x"]}
    )
    found = gn.from_pandas_edgelist(frame, columns=["weight"], edge_type="kind")
    links = found.topology.links
    assert found.num_nodes == 3 and links.edge_type is not None
    assert found.meta is not None and found.meta[0]["node_names"] == ["a", "b", "c"]
    back = gn.to_pandas(found, "edges")
    assert list(back["source"]) == list("bca") and list(back["target"]) == list("aab")
    assert list(back["edge_type"]) == [0, 1, 0] and found.meta[0]["edge_types"] == ["x", "y"]
    theirs = networkx.from_pandas_edgelist(frame, edge_attr="weight", create_using=networkx.DiGraph)
    ours = gn.to_networkx(found)
    assert set(ours.edges) == set(theirs.edges)
    assert all(ours.edges[edge]["edge_attr"] == [theirs.edges[edge]["weight"]] for edge in theirs.edges)


def test_a_table_of_nodes_says_their_order_and_features() -> None:
    nodes = pandas.DataFrame({"age": [30, 40, 50], "city": ["x", "y", "z"]}, index=["ann", "bob", "cid"])
    frame = pandas.DataFrame({"source": ["cid"], "target": ["ann"]})
    found = gn.from_pandas_edgelist(frame, nodes=nodes)
    assert found.x.flatten().tolist() == [30, 40, 50]
    assert (found.topology.links.senders.tolist(), found.topology.links.receivers.tolist()) == ([2], [0])


def test_numbers_keep_their_own_names() -> None:
    frame = pandas.DataFrame({"source": [2, 0], "target": [0, 1]})
    found = gn.from_pandas_edgelist(frame)
    assert found.meta is None and found.topology.links.senders.tolist() == [2, 0]
    gaps = gn.from_pandas_edgelist(pandas.DataFrame({"source": [20, 0], "target": [0, 10]}))
    assert gaps.meta is not None and gaps.meta[0]["node_names"] == [0, 10, 20] and gaps.num_nodes == 3


def test_every_level_is_a_table() -> None:
    mesh = gn.mesh([torch.eye(3), torch.eye(3)], [torch.tensor([[0, 1, 2]])] * 2, nodes={"kept": torch.arange(6)})
    mesh = mesh.replace(globals={"size": torch.tensor([1.0, 2.0])}, meta=[{"name": "a"}, {"name": "b"}])
    assert list(gn.to_pandas(mesh, "nodes")) == ["item", "pos_0", "pos_1", "pos_2", "kept"]
    edges = gn.to_pandas(mesh, "edges")
    assert edges["item"].value_counts().to_dict() == {"a": 6, "b": 6} and edges["source"].max() == 2
    assert gn.to_pandas(mesh, "globals")["size"].tolist() == [1.0, 2.0]
    assert gn.to_pandas(mesh, "faces")["vertices_2"].tolist() == [2, 2]
    assert gn.to_pandas(gn.chain(torch.zeros(0, 3, 2))).shape == (0, 3)
