"""NPY, NPZ and HDF5: arrays come back as they were written, and their shapes alone say what they are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

import geonets as gn

DRAW = np.random.default_rng(0)
NUMBERS = [
    np.arange(6.0).reshape(3, 2),
    np.asfortranarray(np.arange(6, dtype=">i4").reshape(3, 2)),
    np.array([True, False]),
    np.arange(4, dtype=np.float16),
    np.array([1 + 2j]),
    np.zeros((0, 5), np.int8),
    np.arange(24.0).reshape(2, 3, 4)[::-1, 1:],
]
DATA = Path(os.environ.get("GEONETS_DATA", "no such folder"))


def saved(path: Path, **arrays: Any) -> Path:
    np.savez_compressed(path, **arrays)
    return path


def stored(path: Path, **arrays: Any) -> Path:
    import h5py

    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array)
    return path


@pytest.mark.parametrize("array", NUMBERS, ids=range(len(NUMBERS)))
def test_numbers_come_back(array: np.ndarray, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", array)
    expected = torch.from_numpy(np.ascontiguousarray(array.astype(array.dtype.newbyteorder("="))))
    for path in (tmp_path / "a.npy", saved(tmp_path / "a.npz", x=array), stored(tmp_path / "a.h5", x=array)):
        x = gn.read(path).x
        assert x.dtype == expected.dtype
        assert torch.equal(x, expected)


def test_unsigned_numbers_lose_nothing(tmp_path: Path) -> None:
    for dtype, wide in ((np.uint16, torch.int32), (np.uint32, torch.int64), (np.uint64, torch.int64)):
        most = min(int(np.iinfo(dtype).max), 2**63 - 1)
        x = gn.read(saved(tmp_path / "a.npz", x=np.array([0, most], dtype))).x
        assert (x.dtype, x.tolist()) == (wide, [0, most])


def test_damage_is_noticed(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(9.0))
    whole = (tmp_path / "a.npy").read_bytes()
    np.savez(tmp_path / "a.npz", x=np.arange(9.0))
    zipped = bytearray((tmp_path / "a.npz").read_bytes())
    zipped[zipped.index(whole[-8:])] ^= 1
    for name, content, message in (
        ("a.npy", whole + bytes(8), "must hold the 72 bytes .* got 80"),
        ("a.npy", whole[:-1], "must hold the 72 bytes .* got 71"),
        ("a.npz", bytes(zipped), "Bad CRC-32 for file 'x.npy'"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(gn.errors.ReadError, match=message):
            gn.read(tmp_path / name)


def test_records_are_a_field_for_each_column(tmp_path: Path) -> None:
    records = np.array([(1.0, [1, 2, 3]), (2.0, [4, 5, 6])], [("height", "f4"), ("colour", "u1", (3,))])
    np.save(tmp_path / "a.npy", records)
    cloud = gn.read(tmp_path / "a.npy")
    assert cloud.nodes["height"].tolist() == [1, 2]
    assert cloud.nodes["colour"].tolist() == [[1, 2, 3], [4, 5, 6]]
    both = gn.read(saved(tmp_path / "a.npz", points=records, mass=np.ones(2)))
    assert set(both.nodes) == {"points.height", "points.colour", "mass"}


def test_one_item_unless_said_otherwise(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", x=np.zeros((5, 3)), label=np.arange(5), edges=np.zeros((2, 7)), size=4.0)
    cloud = gn.read(path)
    assert isinstance(cloud.topology, gn.Set)
    assert (len(cloud), cloud.num_nodes, set(cloud.nodes)) == (1, 5, {"x", "label"})
    assert cloud.levels["edges"]["edges"].shape == (2, 7)
    assert cloud.globals["size"].tolist() == [4]
    assert isinstance(gn.read(path, kind="chain").topology, gn.Chain)
    assert gn.read(path, fields=("edges", "x")).num_nodes == 2  # the first says what a row is
    rows = gn.read(path, kind="items", fields=("x", "label"))
    assert rows.topology.node_counts.tolist() == [1] * 5


@pytest.mark.parametrize("suffix", ["npz", "h5", "safetensors"])
def test_arrays_are_chosen_alike_in_every_format(suffix: str, tmp_path: Path) -> None:
    arrays, path = {"x": np.zeros((5, 3)), "y": np.arange(2.0)}, tmp_path / f"a.{suffix}"
    if suffix == "safetensors":
        save_file(arrays, path)
    else:
        (saved if suffix == "npz" else stored)(path, **arrays)
    assert gn.read(path).num_nodes == 5
    assert set(gn.read(path, fields="y").nodes) == {"y"}  # one name is a name, not its letters
    assert gn.read(path, fields=("y", "x")).num_nodes == 2
    with pytest.raises(gn.errors.ReadError, match=r"must hold the array z; got x, y .*all arrays"):
        gn.read(path, fields=("x", "z"))


def test_text_is_kept_in_meta(tmp_path: Path) -> None:
    names, classes = np.array(["a", "\u00e9t\u00e9"]), np.array([b"no", "\u00e9".encode(), b"x"])
    arrays: dict[str, Any] = {"names": names, "x": np.zeros((2, 3)), "classes": classes, "unit": np.array("mm", ">U2")}
    path = saved(tmp_path / "a.npz", **arrays)
    words = ["a", "\u00e9t\u00e9"]
    alone = gn.read(path)
    assert (alone.num_nodes, set(alone.nodes)) == (2, {"x"})  # a text says nothing of rows
    assert alone.meta == ({"names": words, "classes": ["no", "\u00e9", "x"], "unit": "mm"},)
    several = gn.read(path, kind="items")
    assert several.meta is not None and [item["names"] for item in several.meta] == words
    assert [item["unit"] for item in several.meta] == ["mm"] * 2
    gn.save(several, tmp_path / "a.geonets")
    assert gn.load(tmp_path / "a.geonets").meta == several.meta
    old = gn.read(saved(tmp_path / "b.npz", x=np.zeros(2), y=np.array([b"\xe9"])))
    assert old.meta == ({"y": ["\u00e9"]},)
    records = np.zeros(2, [("height", "<f4"), ("name", "<U3")])
    assert gn.read(saved(tmp_path / "c.npz", p=records)).meta == ({"p.name": ["", ""]},)
    hdf5 = gn.read(stored(tmp_path / "a.h5", x=np.zeros(2), y=np.array([b"a", b"b"])))
    assert hdf5.meta == ({"y": ["a", "b"]},)


@pytest.mark.skipif(not DATA.exists(), reason="GEONETS_DATA is unset")
def test_voxels_with_the_names_of_their_classes() -> None:
    (path,) = (DATA / "points" / "modelnet10_voxels").glob("*.npz")
    voxels = gn.read(path)
    assert voxels.meta is not None and voxels.meta[0]["classes"] == ["chair", "monitor"]
    assert (voxels.num_nodes, set(voxels.levels)) == (967, {"grid"})


def test_a_leading_axis_of_items(tmp_path: Path) -> None:
    path = stored(tmp_path / "a.h5", image=DRAW.random((4, 6, 5, 3)), label=np.arange(4), mask=np.ones((4, 6, 5)))
    photos = gn.read(path, kind="grid", batched=True)
    assert photos.topology.node_counts.tolist() == [30] * 4
    assert (photos.nodes["image"].shape, photos.nodes["mask"].shape) == ((120, 3), (120,))
    assert photos.globals["label"].tolist() == [0, 1, 2, 3]
    volumes = gn.read(path, kind="grid", batched=True, axes=("z", "y", "x"), fields=("image",))
    assert volumes.nodes["image"].shape == (360,)
    assert gn.read(path, kind="chain", batched=True, fields=("image",)).nodes["image"].shape == (24, 5, 3)


def test_groups_attributes_and_links_of_hdf5(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["deep/er/x"] = np.arange(3)
        file["deep/er/x"].attrs["unit"] = "m"
        file["deep/again"] = file["deep"]  # a circle
        file["soft"] = h5py.SoftLink("/deep/er/x")
        file["dangling"] = h5py.SoftLink("/nowhere")
    found = gn.read(tmp_path / "a.h5")
    assert set(found.nodes) == {"deep/er/x"}
    assert found.meta == ({"attributes": {"deep/er/x": {"unit": "m"}}},)


def test_content_in_other_files_is_not_fetched(tmp_path: Path) -> None:
    import h5py

    (tmp_path / "secret").write_bytes(bytes(80))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("x", (10,), "f8", external=[(str(tmp_path / "secret"), 0, 80)])
    with pytest.raises(gn.errors.ReadError, match="content is in other files"):
        gn.read(tmp_path / "a.h5")


def test_compressed_hdf5(tmp_path: Path) -> None:
    import gzip

    path = stored(tmp_path / "a.h5", x=np.arange(9))
    (tmp_path / "a.h5.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert gn.read(tmp_path / "a.h5.gz").x.tolist() == list(range(9))


@pytest.mark.skipif(not DATA.exists(), reason="GEONETS_DATA is unset")
def test_archives_of_others() -> None:
    clevr = gn.read(DATA / "images/sort_of_clevr/sort_of_clevr_train.npz", kind="grid", batched=True)
    assert len(clevr) == 400
    assert clevr.nodes["image"].shape == (400 * 75 * 75, 3)
    assert clevr.globals["ternary_q"].shape == (400, 10, 18)
