"""MJCF, compiled by MuJoCo: the bodies, joints and actuators of a model as arrays."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np

mujoco: Any = importlib.import_module("mujoco")  # its names come from compiled code, which type checkers cannot see

BODIES = ("body_parentid", "body_pos", "body_quat", "body_mass", "body_inertia", "body_ipos", "body_iquat")
JOINTS = ("jnt_type", "jnt_bodyid", "jnt_pos", "jnt_axis", "jnt_limited", "jnt_range", "jnt_actfrclimited")
DRIVES = ("actuator_trntype", "actuator_gear", "actuator_ctrllimited", "actuator_ctrlrange", "actuator_forcelimited")


def answer(path: str, text: str, files: dict[str, str]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The tables of the compiled model; or what MuJoCo says is wrong with it, as `failed`."""
    try:
        model = mujoco.MjModel.from_xml_string(text, {name: Path(file).read_bytes() for name, file in files.items()})
    except ValueError as error:
        return {"failed": str(error)}, {}
    names = {
        "bodies": [model.body(number).name for number in range(model.nbody)],
        "joints": [model.joint(number).name for number in range(model.njnt)],
        "actuators": [model.actuator(number).name for number in range(model.nu)],
        "tendons": [model.tendon(number).name for number in range(model.ntendon)],
    }
    arrays = {name: getattr(model, name) for name in (*BODIES, *JOINTS, *DRIVES)}
    arrays["jnt_actfrcrange"], arrays["actuator_forcerange"] = model.jnt_actfrcrange, model.actuator_forcerange
    arrays["jnt_stiffness"] = linear(model.jnt_stiffness)
    for name in ("dof_damping", "dof_armature", "dof_frictionloss"):
        arrays[name] = linear(getattr(model, name))[model.jnt_dofadr]
    arrays["drives"] = np.array([drive(model, number) for number in range(model.nu)], np.int64).reshape(-1, 2)
    facts = {"names": names, "model": model.names.split(b"\0")[0].decode(), "coupled": coupled(model)}
    return facts, {name: np.array(array) for name, array in arrays.items()}


def linear(table: np.ndarray) -> np.ndarray:
    """The first column: newer versions of MuJoCo add those of higher powers."""
    return table if table.ndim == 1 else table[:, 0]


def drive(model: Any, actuator: int) -> tuple[int, int]:
    """The joint (or -1) and the body that an actuator acts on; the world where it is none."""
    kind, target = int(model.actuator_trntype[actuator]), int(model.actuator_trnid[actuator, 0])
    of = mujoco.mjtTrn
    if kind in (int(of.mjTRN_JOINT), int(of.mjTRN_JOINTINPARENT)):
        return target, int(model.jnt_bodyid[target])
    if kind in (int(of.mjTRN_SITE), int(of.mjTRN_SLIDERCRANK)):
        return -1, int(model.site_bodyid[target])
    return -1, target if kind == int(of.mjTRN_BODY) else 0


def coupled(model: Any) -> list[list[list[float]]]:
    """For each tendon the joints that it couples, with their factors."""
    found = []
    for first, count in zip(model.tendon_adr, model.tendon_num, strict=True):
        parts = range(first, first + count)
        chosen = [part for part in parts if model.wrap_type[part] == int(mujoco.mjtWrap.mjWRAP_JOINT)]
        found.append([[int(model.wrap_objid[part]), float(model.wrap_prm[part])] for part in chosen])
    return found
