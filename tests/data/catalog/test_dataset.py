"""A data set by name: the same from a download, from a folder and from the cache; real files through the same path."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from loopback import serving
from shelves import CONTENT, CORNER, shelf

import geonets as gn
from geonets.core.errors import FetchError, OptionError, ReadError
from geonets.data.catalog import Dataset, Limits
from geonets.data.catalog.digests import read_json
from geonets.data.catalog.materials import ACCEPT

REAL: dict[str, tuple[str, dict[str, Any], tuple[int, int, int, int], str]] = {
    "cora": ("planetoid/Cora", {}, (1, 140, 500, 1000), "published"),
    "mutag": ("tudataset/MUTAG", {}, (188, 150, 19, 19), "stratified"),
    "proteins": ("tudataset/PROTEINS", {}, (1113, 890, 112, 111), "stratified"),
    "enzymes": ("tudataset/ENZYMES", {}, (600, 480, 60, 60), "stratified"),
    "imdb-binary": ("tudataset/IMDB-BINARY", {}, (1000, 800, 100, 100), "stratified"),
    "mnist": ("images/mnist", {}, (70000, 60000, 0, 10000), "published"),
    "tinyshakespeare": ("sequences/text", {}, (3, 1, 1, 1), "published"),
    "babi": ("sequences/babi", {"task": 2}, (2000, 1000, 0, 1000), "published"),
    "weatheraus": ("sequences/weather", {}, (147, 49, 49, 49), "published"),
    "fsdd": ("sequences/fsdd", {}, (800, 600, 0, 200), "published"),
    "esol": ("molecules/moleculenet", {}, (1128, 902, 113, 113), "random"),
    "freesolv": ("molecules/moleculenet", {}, (642, 514, 64, 64), "random"),
    "lipophilicity": ("molecules/moleculenet", {}, (4200, 3360, 420, 420), "random"),
    "bbbp": ("molecules/moleculenet", {"y": "BBBP"}, (2039, 1631, 204, 204), "scaffold"),
    "tox21": ("molecules/moleculenet", {}, (7823, 6258, 783, 782), "random"),
    "qm9": ("molecules/quantum", {"file": "qm9_mini.sdf", "table": "qm9_mini.sdf.csv"}, (21, 17, 2, 2), "random"),
    "japanesevowels": ("sequences/uea", {}, (640, 270, 0, 370), "published"),
}
"""The folder of real files, options, how many items there are in all and in each part, and the split."""

SLOW = {"bbbp", "tox21", "lipophilicity"}


@pytest.mark.filterwarnings("ignore:.*records of .* are left out")
@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in REAL])
def test_real_files_take_the_path_of_a_download(name: str, shared_data: Path, tmp_path: Path) -> None:
    folder, options, counts, kind = REAL[name]
    first = gn.dataset(name, source=shared_data / folder, root=tmp_path, **options)
    again = gn.dataset(name, source=shared_data / folder, root=tmp_path, **options)
    for found in (first, again):
        sizes = [int(part.sum()) if found.is_network else len(part) for part in (found.train, found.val, found.test)]
        assert (len(found.full), *sizes) == counts
        assert found.how.startswith(kind)
        assert repr(found).startswith(f"Dataset {name}: ") and "<table>" in found._repr_html_()
    assert len(list((tmp_path / name).glob("prepared-*"))) == 1


def test_rain_is_split_by_time_and_holds_every_day(shared_data: Path, tmp_path: Path) -> None:
    rain = gn.dataset("weatheraus", source=shared_data / "sequences/weather", root=tmp_path)
    assert rain.full.num_nodes == 142_193
    day = [int(part.nodes["day"].min()) for part in (rain.train, rain.val, rain.test)]
    assert rain.train.nodes["day"].max() < day[1] and rain.val.nodes["day"].max() < day[2]
    assert torch.bincount(rain.full.y).tolist() == [110316, 31877]
    assert rain.full.x.shape[1] == 3 and rain.full.x.isnan().any()


def test_a_question_holds_the_story_before_it(shared_data: Path, tmp_path: Path) -> None:
    babi = gn.dataset("babi", source=shared_data / "sequences/babi", root=tmp_path)
    third = babi.train[2]
    words = [babi.notes["words"][number] for number in third.x[:, 0].tolist()]
    assert " ".join(words).endswith("john moved to the office sandra journeyed to the bathroom where is daniel")
    assert babi.classes[int(third.y)] == "hallway" and third.meta == (
        {"answer": "hallway", "question": "where is daniel"},
    )
    assert int(third.nodes["sentence"][-1]) == 6


def test_characters_are_those_of_the_text(shared_data: Path, tmp_path: Path) -> None:
    plays = gn.dataset("tinyshakespeare", source=shared_data / "sequences/text", root=tmp_path)
    assert plays.full.num_nodes == 1_115_394 and len(plays.notes["words"]) == 65
    start = "".join(plays.notes["words"][number] for number in plays.train.x[:14, 0].tolist())
    assert start == "First Citizen:"


def test_a_speaker_is_told_by_the_name_of_the_file(shared_data: Path, tmp_path: Path) -> None:
    digits = gn.dataset("fsdd", source=shared_data / "sequences/fsdd", root=tmp_path)
    assert digits.full.y.bincount().tolist() == [80] * 10
    assert {item["speaker"] for item in digits.full.meta or ()} == {"jackson", "nicolas", "theo", "yweweler"}


def test_a_download_and_a_folder_give_the_same(tmp_path: Path) -> None:
    with serving({"corner": CONTENT}) as server:
        cards = shelf(tmp_path / "cards", server.address("corner"))
        fetched = gn.dataset("corner", cards=cards, root=tmp_path / "a")
        (tmp_path / "mine" / "deep").mkdir(parents=True)
        (tmp_path / "mine" / "deep" / "corner.off.gz").write_bytes(CONTENT)
        found = gn.dataset("corner", cards=cards, root=tmp_path / "b", source=tmp_path / "mine")
        assert len(server.asked) == 1
    assert fetched.full.pos.equal(found.full.pos)
    assert gn.dataset("corner", cards=cards, root=tmp_path / "a").full.pos.equal(found.full.pos)  # no server any more


MINE = """
title = "Corners of two kinds"
about = "Tests."
kind = "meshes"
task = "classification"
licence = "mine"
citation = "me"
homepage = "https://example.org"
features = "pos (3)"

[target]
name = "kind"

[read]
format = "off"
label = '(?P<y>[a-z]+)/(?P<part>[a-z]+)/\\w+\\.off$'
files.train = ["train/*.off"]
files.test = ["test/{only}.off"]
choices.only = "*"

[split]
kind = "published"
"""


def test_ones_own_files_need_no_address(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(MINE)
    for place in ("left/train/a", "left/train/b", "right/train/a", "right/test/c", "left/test/d"):
        file = tmp_path / f"{place}.off"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(CORNER)
    mine = gn.dataset("mine", cards=tmp_path, root=tmp_path / "root")
    assert (len(mine.train), len(mine.val), len(mine.test)) == (3, 0, 2)
    assert mine.classes == ["left", "right"] and mine.train.y.tolist() == [0, 0, 1] and mine.test.y.tolist() == [0, 1]
    assert [item["part"] for item in mine.test.meta or ()] == ["test", "test"]
    assert len(gn.dataset("mine", cards=tmp_path, root=tmp_path / "root", only="c").test) == 1
    (tmp_path / "left/train/e.off").write_text(CORNER)
    assert len(gn.dataset("mine", cards=tmp_path, root=tmp_path / "root").train) == 4  # a new file is noticed
    with pytest.raises(OptionError, match=r"`only` must be str in mine; got 3"):
        gn.dataset("mine", cards=tmp_path, root=tmp_path / "root", only=3)


def test_an_archive_is_unpacked_and_its_labels_read(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for place in ("train/bed_1", "train/bed_2", "test/bed_3"):
            archive.writestr(f"ModelNet10/bed/{place}.off", CORNER)
        archive.writestr("ModelNet10/desk/train/desk_1.off", CORNER)
        archive.writestr("__MACOSX/ModelNet10/bed/train/._bed_1.off", "?")
    (tmp_path / "ModelNet10.zip").write_bytes(packed.getvalue())
    found = gn.dataset("modelnet10", source=tmp_path, root=tmp_path / "root")
    assert (len(found.train), len(found.test)) == (3, 1)
    assert [found.classes[kind] for kind in found.train.y.tolist()] == ["bed", "bed", "desk"]
    assert not list((tmp_path / "root").rglob("*.off"))


def test_sets_without_bytes_at_hand_read_files_as_their_makers_write_them(tmp_path: Path) -> None:
    image = bytes([3]) + bytes(range(256)) * 12
    for name in ("data_batch_1.bin", "data_batch_2.bin", "test_batch.bin"):
        (tmp_path / name).write_bytes(image * 2)
    cifar = gn.dataset("cifar10", source=tmp_path, root=tmp_path / "root")
    assert (len(cifar.train), len(cifar.test)) == (4, 2) and cifar.classes[int(cifar.test.y[0])] == "cat"
    (tmp_path / "bace.csv").write_text("mol,CID,Class,Model\nCCO,B1,1,Train\nCCN,B2,0,Test\n")
    assert gn.dataset("bace", source=tmp_path, root=tmp_path / "root").full.y.tolist() == [1, 0]
    quoted = 'smiles,logP,qed,SAS\n"CCO\n",1.0,0.5,2.0\n"C\n",3.0,0.25,4.0\n'  # lines end within the quotes
    (tmp_path / "250k_rndm_zinc_drugs_clean_3.csv").write_text(quoted)
    zinc = gn.dataset("zinc", source=tmp_path, root=tmp_path / "root")
    assert zinc.full.y.tolist() == [[1.0, 0.5, 2.0], [3.0, 0.25, 4.0]] and zinc.full.num_nodes == 4


def test_parts_of_shapes_go_where_the_lists_say(tmp_path: Path) -> None:
    lists = {"train": ["02691156/a", "03467517/b"], "val": ["03467517/c"], "test": ["02691156/d"]}
    for part, names in lists.items():
        file = tmp_path / "bench" / "train_test_split" / f"shuffled_{part}_file_list.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps([f"shape_data/{name}" for name in names]))
        for name in names:
            cloud = tmp_path / "bench" / f"{name}.txt"
            cloud.parent.mkdir(exist_ok=True)
            cloud.write_text("0 1 2 0.6 0.8 0 4\n" * (3 + len(name) % 2) + "1 1 1 0 0 1 7.000000\n")
    shapes = gn.dataset("shapenet-part", source=tmp_path, root=tmp_path / "root")
    assert (len(shapes.train), len(shapes.val), len(shapes.test)) == (2, 1, 1)
    assert shapes.test.y.tolist() == [4, 4, 4, 7] and shapes.test.x.shape == (4, 3)
    assert shapes.train.globals["category"].tolist() == [0, 1]
    (tmp_path / "bench" / "02691156" / "d.txt").unlink()
    with pytest.raises(ReadError, match=r"as its recipe expects; got KeyError"):
        gn.dataset("shapenet-part", source=tmp_path, root=tmp_path / "root")


def test_a_licence_that_restricts_is_accepted_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving({"corner": CONTENT}) as server:
        cards = shelf(tmp_path / "cards", server.address("corner"), more="restricted = true")
        with pytest.raises(OptionError, match=r"`accept_licence` must be True .*its licence: MIT"):
            gn.dataset("corner", cards=cards, root=tmp_path / "a")
        assert server.asked == []
        assert len(gn.dataset("corner", cards=cards, root=tmp_path / "a", accept_licence=True).full) == 1
        assert len(gn.dataset("corner", cards=cards, root=tmp_path / "a").full) == 1
        monkeypatch.setenv(ACCEPT, "other, Corner")
        assert len(gn.dataset("corner", cards=cards, root=tmp_path / "b").full) == 1


def test_a_card_is_right_about_the_number_of_items(tmp_path: Path) -> None:
    with serving({"corner": CONTENT}) as server:
        cards = shelf(tmp_path / "cards", server.address("corner"), more="items = 2")
        with pytest.raises(ReadError, match=r"must have 2 items; got 1 .*corner.toml, items"):
            gn.dataset("corner", cards=cards, root=tmp_path / "a")
    assert not list((tmp_path / "a").rglob("prepared-*"))


def test_a_changed_card_prepares_anew(tmp_path: Path) -> None:
    with serving({"corner": CONTENT}) as server:
        cards = shelf(tmp_path / "cards", server.address("corner"))
        assert gn.dataset("corner", cards=cards, root=tmp_path / "a").full.y is None
        with (cards / "corner.toml").open("a") as card:
            card.write("label = '(?P<y>[a-z]+).off.gz'\n")
        assert gn.dataset("corner", cards=cards, root=tmp_path / "a").full.y.tolist() == [0]
        assert len(server.asked) == 1


def test_another_process_at_work_is_waited_for_and_named(tmp_path: Path) -> None:
    import filelock

    cards = shelf(tmp_path / "cards", "http://127.0.0.1:9/corner")
    with pytest.raises(FetchError):
        gn.dataset("corner", cards=cards, root=tmp_path / "a", limits=Limits(attempts=1))
    (home,) = (tmp_path / "a").iterdir()
    with filelock.FileLock(home / ".lock"), pytest.raises(FetchError, match=r"got another at work for 0.1 seconds"):
        gn.dataset("corner", cards=cards, root=tmp_path / "a", limits=Limits(seconds=0.1))


def test_splits_of_ones_own_and_folds() -> None:
    digits = gn.dataset("digits")
    other = digits.split("random", fractions=(0.5, 0.25, 0.25), seed=3)
    assert other.full is digits.full and other.how == "random (0.5, 0.25, 0.25), seed 3"
    assert len(other.train) == 898 and not other.train.y.equal(digits.train.y[:898])
    folds = digits.folds(10, seed=1)
    assert sum(len(fold.test) for fold in folds) == 1797 and folds[0].val.y.equal(folds[1].test.y)
    club = gn.dataset("karate").split("random", seed=1)
    assert club.train.dtype == torch.bool and int((club.train | club.val | club.test).sum()) == 34
    assert [int(fold.test.sum()) for fold in club.folds(4)] == [9, 9, 8, 8]


def test_a_part_of_neighbours_is_a_view() -> None:
    digits = gn.dataset("digits")
    parts = dataclasses.replace(digits, rows={"train": torch.arange(10), "test": torch.arange(1780, 1797)})
    assert isinstance(parts, Dataset) and len(parts.val) == 0
    assert parts.test.x.data_ptr() == digits.full.x[1780 * 64 :].data_ptr()


def test_what_is_kept_is_json_and_one_file(tmp_path: Path) -> None:
    gn.dataset("karate", root=tmp_path)
    (made,) = tmp_path.rglob("made.json")
    assert read_json(made)["rows"] == {"train": [[0, 1], [33, 34]], "test": [[1, 33]]}
    assert sorted(path.name for path in made.parent.iterdir()) == ["full.geonets", "made.json"]
