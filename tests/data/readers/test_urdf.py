"""URDF, beside yourdfpy's reader."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from network_files import ARM

import geonets as gn
from geonets.data.readers import JOINT_TYPES

REAL = Path(os.environ.get("GEONETS_DATA", "no such folder"), "robots")
FILES = sorted((REAL / "urdf").glob("*.urdf"))


def written(folder: Path, text: str = ARM) -> Path:
    path = folder / "arm.urdf"
    path.write_text(text)
    return path


def test_links_are_nodes_and_joints_typed_edges(tmp_path: Path) -> None:
    arm = gn.robot(written(tmp_path))
    assert arm.meta is not None
    assert arm.meta[0]["links"] == ["tip", "base", "fore"]
    assert arm.meta[0]["joints"] == ["wrist", "elbow"]
    links = arm.topology.links
    assert (links.senders.tolist(), links.receivers.tolist()) == ([2, 1], [0, 2])
    assert links.edge_type is not None
    assert [JOINT_TYPES[kind] for kind in links.edge_type] == ["fixed", "revolute"]
    torch.testing.assert_close(arm.pos, torch.tensor([[0.0, 1, 1], [0, 0, 0], [0, 0, 1]]))  # 90 degrees about z
    torch.testing.assert_close(arm.nodes["inertia"][1].diagonal(), torch.tensor([2.0, 1, 3]))
    assert arm.nodes["mass"].tolist() == [0, 2, 0]
    assert arm.edges["axis"].tolist() == [[0, 0, 0], [0, 0, 1]]
    assert arm.edges["limits"].tolist() == [[0, 0], [-1, 2]]
    assert arm.edges["effort"].tolist() == [torch.inf, 5]
    assert arm.edges["damping"].tolist() == [0, 0.5]
    assert arm.meta[0]["mimic"] == {"elbow": {"joint": "wrist", "multiplier": 2.0, "offset": 0.0}}
    motor = arm.levels["actuators"]
    assert (motor["link"].tolist(), motor["joint"].tolist(), motor["gear"][0, 0].item()) == ([2], [1], 50)


def test_joints_both_ways(tmp_path: Path) -> None:
    arm = gn.robot(written(tmp_path), directed=False)
    links = arm.topology.links
    rows = {
        (s, r): row for row, (s, r) in enumerate(zip(links.senders.tolist(), links.receivers.tolist(), strict=True))
    }
    assert rows.keys() == {(2, 0), (0, 2), (1, 2), (2, 1)}
    assert links.edge_type is not None and arm.meta is not None
    assert links.edge_type[rows[2, 1]] == links.edge_type[rows[1, 2]] + len(JOINT_TYPES)
    assert torch.equal(arm.edges["limits"][rows[2, 1]], arm.edges["limits"][rows[1, 2]])
    assert arm.meta[0]["joints"][rows[2, 1]] == "elbow"
    assert arm.levels["actuators"]["joint"].tolist() == [rows[1, 2]]


def test_robots_make_a_batch(tmp_path: Path) -> None:
    arm = gn.robot(written(tmp_path))
    both = gn.batch([arm, arm])
    assert both.levels["actuators"]["link"].tolist() == [2, 5]
    assert torch.equal(both[1].edges["axis"], arm.edges["axis"])


def test_every_joint_at_every_time_step(tmp_path: Path) -> None:
    arm = gn.robot(written(tmp_path), directed=False)
    angles = torch.randn(100 * arm.num_nodes, 2)
    moving = gn.Structure(gn.Product(gn.Chain(100), arm.topology), nodes={"x": angles})
    assert gn.nn.GCNConv(2, 5)(moving).x.shape == (300, 5)
    kinds = int(moving.topology.links.edge_type.max()) + 1  # type: ignore
    out = gn.nn.RGCNConv(2, 5, num_relations=kinds)(moving)
    changed = moving.replace(x=angles.index_fill(0, torch.tensor([150]), 9.0))
    assert not torch.equal(gn.nn.RGCNConv(2, 5, num_relations=kinds)(changed).x, out.x)


def test_substitutions_are_their_defaults(tmp_path: Path) -> None:
    text = ARM.replace('<origin xyz="1 0 0"/>', '<origin xyz="$(optenv WHERE 0 0 4)"/>')
    assert gn.robot(written(tmp_path, text)).edges["origin"][0].tolist() == [0, 0, 4]


@pytest.mark.skipif(not FILES, reason="GEONETS_DATA names no folder with robots/urdf")
def test_every_real_file_loads_and_the_malformed_one_does_not() -> None:
    assert len(FILES) == 28
    for path in FILES:
        s = gn.robot(path)
        assert s.topology.links.num_edges == s.num_nodes - 1
    (malformed,) = (REAL / "urdf_malformed").glob("*.urdf")
    with pytest.raises(gn.errors.ReadError, match="line 288"):
        gn.robot(malformed)


@pytest.mark.skipif(not FILES, reason="GEONETS_DATA names no folder with robots/urdf")
@pytest.mark.parametrize("path", [path for path in FILES if path.stem != "bullet_husky"], ids=lambda path: path.stem)
def test_equal_to_yourdfpy(path: Path) -> None:  # which cannot read the substitutions of bullet_husky
    import yourdfpy

    theirs = yourdfpy.URDF.load(str(path), build_scene_graph=True, load_meshes=False)
    ours = gn.robot(path)
    assert ours.meta is not None
    names = ours.meta[0]["links"]
    assert names == [link.name for link in theirs.robot.links]
    links = ours.topology.links
    for row, (sender, receiver) in enumerate(zip(links.senders.tolist(), links.receivers.tolist(), strict=True)):
        joint = theirs.joint_map[ours.meta[0]["joints"][row]]
        assert (joint.parent, joint.child) == (names[sender], names[receiver])
        assert links.edge_type is not None and joint.type == JOINT_TYPES[int(links.edge_type[row])]
        if joint.limit is not None and joint.type in ("revolute", "prismatic"):
            wanted = [joint.limit.lower or 0, joint.limit.upper or 0]
            np.testing.assert_allclose(ours.edges["limits"][row], wanted, atol=1e-5)
        origin = np.eye(4) if joint.origin is None else joint.origin
        np.testing.assert_allclose(ours.edges["origin"][row], origin[:3, 3], atol=1e-5)
        np.testing.assert_allclose(ours.edges["rotation"][row], origin[:3, :3], atol=1e-5)
    for place, link in enumerate(theirs.robot.links):
        mass = 0.0 if link.inertial is None else link.inertial.mass or 0.0
        np.testing.assert_allclose(ours.nodes["mass"][place], mass, rtol=1e-6)
        if not any(joint.mimic for joint in theirs.robot.joints):  # those move at rest by their offsets
            frame = theirs.get_transform(link.name, theirs.base_link)
            np.testing.assert_allclose(ours.pos[place], frame[:3, 3], atol=1e-5)
