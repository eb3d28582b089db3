"""Safetensors of other programs, against the package; pickles are refused and never run."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from every_layer.structures import graph
from forging import forged
from fuzzing import mutants
from safetensors.torch import save_file
from same import assert_same_structure

import geonets as gn


def test_tensors_by_name(tmp_path: Path) -> None:
    path = tmp_path / "some.safetensors"
    tensors = {
        "pos": torch.randn(6, 3),
        "half": torch.randn(6).to(torch.bfloat16),
        "count": torch.arange(6).to(torch.uint16),
        "centre": torch.tensor(2.5),
        "faces": torch.tensor([[0, 1, 2]]),
    }
    save_file(tensors, path)
    cloud = gn.read(path, fields=["pos", "half", "count", "centre", "faces"])
    assert isinstance(cloud.topology, gn.Set) and cloud.num_nodes == 6
    assert torch.equal(cloud.pos, tensors["pos"]) and torch.equal(cloud.nodes["half"], tensors["half"])
    assert cloud.nodes["count"].dtype == torch.int32 and cloud.nodes["count"].tolist() == list(range(6))
    assert cloud.globals["centre"].tolist() == [2.5] and cloud.levels["faces"]["faces"].shape == (1, 3)
    images = {"pixels": torch.rand(4, 5, 6, 3)}
    save_file(images, path)
    grid = gn.read(path, kind="grid", batched=True)
    assert len(grid) == 4 and grid.topology.uniform == (5, 6)


def test_what_was_saved_is_read_as_it_was(tmp_path: Path) -> None:
    structure = graph([3, 5], 0)
    gn.save(structure, tmp_path / "some.geonets")
    assert_same_structure(gn.read(tmp_path / "some.geonets"), structure)


class Payload:
    def __reduce__(self) -> Any:
        return Path.write_text, (Path("PWNED"), "")


@pytest.mark.parametrize("name", ["a.pt", "a.pth", "a.pkl"])
@pytest.mark.parametrize("legacy", [False, True])
def test_pickles_are_refused_and_not_run(
    name: str, legacy: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if name == "a.pkl":
        Path(name).write_bytes(pickle.dumps(Payload()))
    else:
        torch.save({"weight": Payload()}, name, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(gn.errors.ReadError, match=r"cannot run code.*byte 0.*gn\.save"):
        gn.read(name)
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]


def test_mutants_of_a_saved_structure_are_refused_or_right(tmp_path: Path) -> None:
    structure = graph([3, 5, 0, 2], 0).replace(meta=[{"item": item} for item in range(4)])
    gn.save(structure, tmp_path / "some.geonets")
    path = tmp_path / "mutant.geonets"
    named: list[bool] = []
    for content in mutants([(tmp_path / "some.geonets").read_bytes()], 400, seed=0):
        path.write_bytes(content)
        try:
            found = gn.load(path)
            assert_same_structure(found, structure)
        except gn.errors.ReadError as error:
            named.append(bool(error.source and error.place))
    assert all(named) and len(named) > 300


def test_any_number_in_a_forged_file_is_refused_or_harmless() -> None:
    draw = torch.Generator().manual_seed(0)
    structure = graph([3, 5, 0, 2], 0)

    def scramble(_: Any, tensors: dict[str, torch.Tensor]) -> None:
        names = [name for name in sorted(tensors) if name.startswith("topology") and len(tensors[name])]
        chosen = tensors[names[int(torch.randint(len(names), (), generator=draw))]]
        place = int(torch.randint(len(chosen), (), generator=draw))
        chosen[place] += int(torch.randint(-12, 13, (), generator=draw)) * 10 ** int(
            torch.randint(9, (), generator=draw)
        )

    named: list[bool] = []
    for _ in range(300):
        try:
            found = gn.load(forged(structure, scramble))
            for part in (found[[0, 1, 3]], found):
                links = part.topology.links
                assert int(links.senders.max()) < part.num_nodes and int(links.senders.min()) >= 0
                assert int(links.transpose.pointers[-1]) == int(links.pointers[-1]) == links.num_edges
                assert part.x[links.senders].shape == part.x[links.receivers].shape
                assert links.in_input_order(links.transpose.rows).shape == (links.num_edges,)
        except gn.errors.ReadError as error:
            named.append(bool(error.source and error.place))
    assert all(named) and len(named) > 100
