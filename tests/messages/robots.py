"""Robots that cannot be read: each names the file, the line, the element and the cure."""

from __future__ import annotations

from typing import Any

import geonets as gn
from geonets.data.readers import Source, xml
from geonets.data.readers.xml import document

from .readers import read, written

LINKS = '<link name="a"/><link name="b"/><link name="c"/>'


def urdf(inside: str) -> Any:
    """What becomes of a robot with these elements."""
    return read("r.urdf", f'<robot name="r">\n{inside}</robot>')


def joint(first: str, second: str, inside: str = "", name: str = "j", kind: str = "revolute") -> str:
    """A joint between two links."""
    return f'<joint name="{name}" type="{kind}"><parent link="{first}"/><child link="{second}"/>{inside}</joint>'


def mjcf(inside: str) -> Any:
    """What becomes of a model with these elements."""
    return read("m.xml", f"<mujoco>\n{inside}</mujoco>")


def crowded() -> Any:
    """What becomes of a file with more elements than are allowed."""
    most = xml.MAX_ELEMENTS
    xml.MAX_ELEMENTS = 2
    try:
        return document(Source(written("a.xml", "<a><b/><c/></a>")))
    finally:
        xml.MAX_ELEMENTS = most


def large() -> Any:
    """What becomes of a model with a mesh of more bytes than a file may have."""
    text = '<mujoco><asset><mesh file="large.stl"/></asset></mujoco>'
    path = written("m.xml", text)
    (path.parent / "large.stl").write_bytes(bytes(1000))
    return gn.read(path, max_bytes=100)


OUTSIDE = '<asset><mesh file="/etc/passwd"/></asset>'
CASES = [
    ("must be whole XML; got unclosed token .*line 2, column 0", lambda: read("a.urdf", "<robot>\n<link")),
    ("must have no entities .*; got Entities", lambda: read("a.urdf", '<!DOCTYPE r [<!ENTITY a "b">]><robot/>')),
    ("must be XML in a known encoding; got .*odd", lambda: read("a.urdf", '<?xml version="1.0" encoding="odd"?><r/>')),
    ("must have at most 2 elements, 200 within each other", crowded),
    ("must be a <robot>; got <sdf> .*line 1", lambda: read("a.urdf", "<sdf/>")),
    ("must have at least one link; got none", lambda: urdf("")),
    ("must give every link a name of its own; got 'a' again .*line 2, link a", lambda: urdf(LINKS + LINKS)),
    ("must have joints of type fixed, .*; got screw .*joint j", lambda: urdf(LINKS[:-16] + joint("a", "b", kind="screw"))),
    ("must name a link that is there as the child; got 'z'", lambda: urdf(LINKS + joint("a", "z"))),
    ("must have 3 finite numbers as xyz; got 'nan 0 0' .*joint j origin",
        lambda: urdf('<link name="a"/><link name="b"/>' + joint("a", "b", '<origin xyz="nan 0 0"/>'))),
    ("must have a finite number as value; got '1e39' .*link a mass",
        lambda: urdf('<link name="a"><inertial><mass value="1e39"/></inertial></link>')),
    ("must have masses that are not negative; got -1",
        lambda: urdf('<link name="a"><inertial><mass value="-1"/></inertial></link>')),
    ("must have an axis of some length; got 0 0 0 .*joint j axis",
        lambda: urdf('<link name="a"/><link name="b"/>' + joint("a", "b", '<axis xyz="0 0 0"/>'))),
    ("must have lower limits below upper ones",
        lambda: urdf('<link name="a"/><link name="b"/>' + joint("a", "b", '<limit lower="2" upper="1"/>'))),
    ("must have one parent for each link; got link 'b' as the child of joints 'j' and 'k'",
        lambda: urdf(LINKS + joint("a", "b") + joint("c", "b", name="k"))),
    ("must have one root link; got 'a', 'c' .*link c", lambda: urdf(LINKS + joint("a", "b"))),
    ("must have no loops; got joint 'j' in or below one",
        lambda: urdf(LINKS + joint("b", "c") + joint("c", "b", name="k"))),
    ("must be a <mujoco> model; got <sdf>", lambda: read("m.xml", "<sdf/>", format="mjcf")),
    ("must include at most 1000 files, each once; got 'm.xml' again .*include", lambda: mjcf('<include file="m.xml"/>')),
    ("must name files that are there; got 'no.xml' .*line 2, include", lambda: mjcf('<include file="no.xml"/>')),
    ("must name files inside its folder only; got '/etc/passwd' .*line 2, mesh", lambda: mjcf(OUTSIDE)),
    ("must have finite numbers; got size='inf 1' .*geom size", lambda: mjcf('<geom size="inf 1"/>')),
    ("must be a model without parts elsewhere; got <model>", lambda: mjcf('<asset><model file="a.xml"/></asset>')),
    ("must name files of at most 100 bytes; got 'large.stl'", large),
    ("must be a model that MuJoCo compiles; got .*unrecognized element.*line 2, legs", lambda: mjcf("<legs/>")),
]  # fmt: skip
