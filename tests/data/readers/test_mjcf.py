"""MJCF, beside MuJoCo itself."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from network_files import LEG

import geonets as gn
from geonets.data.readers import JOINT_TYPES

REAL = Path(os.environ.get("GEONETS_DATA", "no such folder"), "robots")
EXPECTED = json.loads((REAL / "expected_mujoco.json").read_text()) if REAL.exists() else {}


def written(folder: Path, text: str = LEG, name: str = "leg.xml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_bodies_are_nodes_and_every_joint_is_an_edge(tmp_path: Path) -> None:
    leg = gn.robot(written(tmp_path))
    assert leg.meta is not None
    record = leg.meta[0]
    assert record["links"] == ["world", "torso", "thigh", "foot"]
    assert record["joints"] == ["root", "x", "z", ""]
    links = leg.topology.links
    assert list(zip(links.senders.tolist(), links.receivers.tolist(), strict=True)) == [(0, 1), (1, 2), (1, 2), (2, 3)]
    assert links.edge_type is not None
    assert [JOINT_TYPES[kind] for kind in links.edge_type] == ["floating", "revolute", "prismatic", "fixed"]
    torch.testing.assert_close(leg.pos[:, 2], torch.tensor([0.0, 1, 0.5, 0]))
    torch.testing.assert_close(leg.nodes["rotation"][3], torch.tensor([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]))
    torch.testing.assert_close(leg.nodes["com"][2], torch.tensor([0.2, 0, 0]))
    assert leg.edges["axis"].tolist() == [[0, 0, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert leg.edges["limits"][1:3].tolist() == [[-1, 2], [-torch.inf, torch.inf]]
    assert leg.edges["armature"].tolist() == [0, 0, 0.5, 0]
    assert leg.edges["damping"].tolist() == [0, 0.25, 0.25, 0]
    drives = leg.levels["actuators"]
    assert (drives["joint"].tolist(), drives["link"].tolist(), drives["transmission"].tolist()) == (
        [2, -1],
        [2, 0],
        [0, 3],
    )
    assert drives["control"].tolist() == [[-1, 1], [-torch.inf, torch.inf]]
    assert record["tendons"] == {"pull": {"x": 2.0, "z": -1.0}}


def test_files_are_included_once_and_from_the_folder(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    written(tmp_path, "<mujocoinclude><body name='b'><geom size='1'/></body></mujocoinclude>", "parts/b.xml")
    text = "<mujoco><worldbody><include file='parts/b.xml'/></worldbody></mujoco>"
    assert gn.robot(written(tmp_path, text)).num_nodes == 2
    written(tmp_path, "<mujocoinclude>\n<geom sice='1'/></mujocoinclude>", "parts/b.xml")
    with pytest.raises(gn.errors.ReadError, match=r"unrecognized attribute: 'sice'.*b\.xml, line 2, geom"):
        gn.robot(written(tmp_path, text))


@pytest.mark.parametrize("name", ["../cube.stl", "/etc/hostname", "C:/cube.stl", "link.stl", ""])
def test_no_file_outside_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "cube.stl").write_bytes(bytes(84))
    (tmp_path / "inside" / "link.stl").symlink_to(tmp_path / "cube.stl")
    text = f'<mujoco><asset><mesh name="m" file="{name}"/></asset></mujoco>'
    with pytest.raises(gn.errors.ReadError, match="must name files inside its folder only"):
        gn.robot(written(tmp_path / "inside", text))


def test_meshes_are_read_from_their_folder(tmp_path: Path) -> None:
    import trimesh

    (tmp_path / "shapes").mkdir()
    trimesh.creation.box((2, 2, 2)).export(tmp_path / "shapes" / "cube.stl")
    text = LEG.replace("<default>", '<asset><mesh file="cube.stl"/></asset><default>')
    text = text.replace(
        '<geom size="0.1"/></body></body>', '<geom type="mesh" mesh="cube" density="10"/></body></body>'
    )
    assert gn.robot(written(tmp_path, text)).nodes["mass"][3].item() == pytest.approx(80)


def test_urdf_and_mjcf_make_a_batch(tmp_path: Path) -> None:
    arm = "<robot name='r'><link name='a'/><link name='b'/><joint name='j' type='fixed'><parent link='a'/><child link='b'/></joint></robot>"
    both = gn.batch([gn.robot(written(tmp_path)), gn.robot(written(tmp_path, arm, "arm.urdf"))])
    assert both.num_nodes == 6


def test_a_model_of_a_billion_parts_is_stopped(tmp_path: Path) -> None:
    inner = "<geom size='1'/>"
    for _ in range(6):
        inner = f"<replicate count='1000'><body>{inner}</body></replicate>"
    with pytest.raises(gn.errors.ReadError, match=r"within 2 seconds|bytes of memory|crash|compiles"):
        gn.read(written(tmp_path, f"<mujoco><worldbody>{inner}</worldbody></mujoco>"), max_seconds=2)


@pytest.mark.skipif(not EXPECTED, reason="GEONETS_DATA names no folder with robots")
@pytest.mark.parametrize("name", EXPECTED)
def test_equal_to_mujoco(name: str) -> None:
    wanted = EXPECTED[name]
    if "error" in wanted:
        with pytest.raises(gn.errors.ReadError, match="must be a model that MuJoCo compiles"):
            gn.robot(REAL / name)
        return
    ours = gn.robot(REAL / name)
    links = ours.topology.links
    parent = np.zeros(ours.num_nodes, int)
    parent[links.receivers] = links.senders
    assert ours.meta is not None and links.edge_type is not None
    assert (parent.tolist(), ours.meta[0]["links"]) == (wanted["parent"], wanted["body"])
    assert int((links.edge_type > 0).sum()) == wanted["njnt"]
    assert len(ours.meta[0]["actuators"]) == wanted["nu"] == int(ours.levels["actuators"].counts)


@pytest.mark.skipif(not EXPECTED, reason="GEONETS_DATA names no folder with robots")
@pytest.mark.parametrize(
    "name", ["mjcf_dm_control/humanoid.xml", "mjcf_gymnasium/ant.xml", "mjcf_dm_control/manipulator.xml"]
)
def test_numbers_are_those_of_mujoco(name: str) -> None:
    mujoco: Any = pytest.importorskip("mujoco")
    model = mujoco.MjModel.from_xml_path(str(REAL / name))
    state = mujoco.MjData(model)
    mujoco.mj_kinematics(model, state)
    ours = gn.robot(REAL / name)
    np.testing.assert_allclose(ours.pos, state.xpos, atol=1e-6)
    np.testing.assert_allclose(ours.nodes["rotation"].flatten(1), state.xmat, atol=1e-6)
    np.testing.assert_allclose(ours.nodes["mass"], model.body_mass, rtol=1e-6)
    links = ours.topology.links
    assert links.edge_type is not None
    joints = links.edge_type > 0  # in MuJoCo's order
    np.testing.assert_allclose(ours.edges["anchor"][joints], model.jnt_pos, atol=1e-6)
    np.testing.assert_allclose(ours.edges["stiffness"][joints], model.jnt_stiffness, atol=1e-6)
    np.testing.assert_allclose(ours.levels["actuators"]["gear"], model.actuator_gear, rtol=1e-6)
