"""What a scene holds: positions, colours, sticks, faces, labels."""

from __future__ import annotations

from pathlib import Path

import networkx
import numpy as np
import pytest
import torch

import geonets as gn
from geonets.core.errors import DtypeError, ItemError, OptionError, ShapeError, StructureError
from geonets.view import Scene
from geonets.view.elements import ELEMENT_COLORS
from geonets.view.paint import ACCENT, MUTED, PALETTE, Categories, Scale, rgb_of
from geonets.view.solids import SIDES, balls, sticks


def test_cloud_shows_the_points_of_one_item(cloud: gn.Structure) -> None:
    shown = Scene.of(cloud, item=1)
    assert shown.kind == "cloud"
    assert np.allclose(shown.positions, cloud[1].pos)
    assert shown.segments.shape == (0, 2) and shown.faces.shape == (0, 3)
    assert len(shown.labels) == 60 and (shown.radii > 0).all()
    assert Scene.of(cloud, item=-1).labels == shown.labels


def test_molecule_is_balls_and_sticks_with_each_bond_once(caffeine: gn.Structure) -> None:
    shown = Scene.of(caffeine)
    assert shown.kind == "molecule" and shown.title == "CN1C=NC2=C1C(=O)N(C(=O)N2C)C"
    assert len(shown.segments) == 15 == caffeine.topology.links.num_edges // 2
    assert len({tuple(sorted(pair)) for pair in shown.segments.tolist()}) == 15
    assert sorted(shown.strands.tolist()) == [1] * 11 + [2] * 4  # two C=O and, Kekule's way, one C=C and one C=N
    assert isinstance(shown.paint, Categories) and shown.paint.names == ("C", "N", "O")
    oxygen = int((caffeine.x[:, 0] == 8).nonzero()[0])
    assert np.allclose(shown.colors[oxygen], rgb_of(ELEMENT_COLORS["O"]))
    assert shown.labels[oxygen] == f"O {oxygen}"
    lengths = np.linalg.norm(np.diff(shown.positions[shown.segments], axis=1), axis=2)
    assert lengths.min() > 1.1 and lengths.max() < 1.6  # angstrom, between heavy atoms


def test_conformation_is_the_same_each_time(caffeine: gn.Structure) -> None:
    assert np.array_equal(Scene.of(caffeine).positions, Scene.of(caffeine).positions)


def test_given_positions_come_before_a_conformation(caffeine: gn.Structure) -> None:
    placed = caffeine.replace(pos=torch.randn(14, 3))
    shown = Scene.of(placed)
    assert shown.kind == "molecule" and np.allclose(shown.positions, placed.pos)


FLAT = """benzonitrile
  none

  8  8  0  0  0  0  0  0  0  0999 V2000
"""
for _atom in "CCCCCCCN":
    FLAT += f"    0.0000    0.0000    0.0000 {_atom}   0  0\n"
for _bond in ("1  2  2", "2  3  1", "3  4  2", "4  5  1", "5  6  2", "6  1  1", "1  7  1", "7  8  3"):
    FLAT += f"  {_bond}  0\n"
FLAT += "M  END\n"


@pytest.mark.parametrize("features", ["rdkit", "pyg"])
@pytest.mark.parametrize("placed", [True, False])
def test_a_molecule_of_any_reader_has_its_bond_orders(features: str, placed: bool, tmp_path: Path) -> None:
    (tmp_path / "a.mol").write_text(FLAT)
    read = gn.read(tmp_path / "a.mol", features=features)
    assert read.meta == ({"name": "benzonitrile"},)
    shown = Scene.of(read.replace(pos=torch.randn(8, 3)) if placed else read)
    assert (shown.kind, shown.title) == ("molecule", "benzonitrile")
    assert sorted(shown.strands.tolist()) == [1] * 4 + [2] * 3 + [3]
    assert isinstance(shown.paint, Categories) and shown.paint.names == ("C", "N")


def test_a_molecule_is_drawn_as_it_is_not_as_it_was(caffeine: gn.Structure) -> None:
    sulfur = caffeine.x.clone()
    sulfur[sulfur[:, 0] == 8, 0] = 16
    shown = Scene.of(caffeine.replace(x=sulfur))
    assert isinstance(shown.paint, Categories) and shown.paint.names == ("C", "N", "S")


def test_a_stereo_centre_is_wound_as_it_is() -> None:
    """PyG's codes take it from the SMILES string."""

    def turn(smiles: str, features: str) -> float:
        places = Scene.of(gn.molecule(smiles, features=features)).positions
        return float(np.sign(np.linalg.det(np.delete(places, 1, 0) - places[1])))

    left, right = ([turn(smiles, scheme) for scheme in ("rdkit", "pyg")] for smiles in ("C[C@H](N)O", "C[C@@H](N)O"))
    assert left[0] == left[1] == -right[0] == -right[1]


def test_numbers_that_are_no_atoms_are_a_network(caffeine: gn.Structure) -> None:
    for changed in (
        caffeine.replace(x=caffeine.x + 0.5),
        caffeine.replace(edge_attr=caffeine.edge_attr + 1),
        caffeine.replace(edge_attr=caffeine.edge_attr + torch.tensor([0, 9, 0])),
        caffeine.replace(x=caffeine.x[:, :8]),
    ):
        assert Scene.of(changed.replace(meta=None)).kind == "network"
    one_way = gn.graph(torch.tensor([[0], [1]]), torch.ones(2, 9), torch.ones(1, 3), torch.tensor([0]))
    assert Scene.of(one_way).kind == "network"


def test_hydrogens_are_drawn_where_they_are_nodes() -> None:
    shown = Scene.of(gn.molecule("C", hydrogens=True))
    assert isinstance(shown.paint, Categories) and shown.paint.names == ("C", "H")
    assert len(shown.segments) == 4


def test_ions_of_a_salt_stand_side_by_side() -> None:
    shown = Scene.of(gn.molecule("[Na+].CC(=O)[O-]"))
    assert np.linalg.norm(shown.positions[0] - shown.positions[1:], axis=1).min() > 1.9


def test_changed_molecule_is_drawn_as_a_network(caffeine: gn.Structure) -> None:
    """A record whose SMILES is of another size says nothing about these nodes."""
    other = gn.graph(torch.tensor([[0, 1], [1, 2]]), num_nodes=3, meta=[{"smiles": "CCCCCC"}])
    assert Scene.of(other).kind == "network"


def test_network_has_seeded_places_and_each_link_once(club: gn.Structure) -> None:
    shown = Scene.of(club)
    assert shown.kind == "network" and len(shown.segments) == 78
    assert np.array_equal(shown.positions, Scene.of(club).positions)
    assert np.ptp(shown.positions, axis=0).min() > 0.1  # three-dimensional


def test_loops_and_repeated_links_are_no_further_sticks() -> None:
    shown = Scene.of(gn.graph(torch.tensor([[0, 1, 0, 2, 2], [1, 0, 1, 2, 0]])))
    assert shown.segments.tolist() == [[0, 1], [0, 2]]


def test_node_names_are_labels() -> None:
    shown = Scene.of(gn.from_networkx(networkx.Graph([("ann", "bob")])))
    assert shown.labels == ("ann", "bob")


def test_mesh_is_triangles_of_its_own_vertices(tetrahedron: gn.Structure) -> None:
    two = gn.batch([tetrahedron, tetrahedron])
    shown = Scene.of(two, item=1)
    assert shown.kind == "mesh" and shown.faces.shape == (4, 3) and shown.faces.max() == 3
    assert not len(shown.segments)


def test_lattice_nodes_are_at_their_places() -> None:
    shown = Scene.of(gn.grid(torch.zeros(1, 2, 3, 1)))
    assert shown.kind == "lattice"
    assert shown.positions.tolist() == [[0, 0, 0], [1, 0, 0], [2, 0, 0], [0, -1, 0], [1, -1, 0], [2, -1, 0]]
    assert len(shown.segments) == 7
    assert shown.toward.tolist() == [0, 0, 1]  # a plane is seen from above


def test_flat_positions_get_a_third_coordinate() -> None:
    assert Scene.of(gn.points([torch.rand(5, 2)])).positions.shape == (5, 3)


@pytest.mark.parametrize("count", [1, 2])
def test_few_or_equal_points_have_a_size(count: int) -> None:
    shown = Scene.of(gn.points([torch.ones(count, 3)]))
    assert shown.extent > 0 and (shown.radii > 0).all() and np.isfinite(shown.toward).all()


def test_everything_is_within_the_extent(caffeine: gn.Structure) -> None:
    shown = Scene.of(caffeine)
    reach = np.linalg.norm(shown.positions - shown.center, axis=1) + shown.radii
    assert reach.max() == pytest.approx(shown.extent)


def test_all_items_stand_in_one_place() -> None:
    corner, faces = torch.eye(3), torch.tensor([[0, 1, 2]])
    scene = gn.mesh([corner, corner + 5], [faces, faces])
    shown = Scene.of(scene, color=torch.arange(6.0), item=None)
    assert shown.positions.shape == (6, 3) and shown.faces.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert len(shown.colors) == len(shown.labels) == 6


def test_bytes_are_red_green_and_blue() -> None:
    pixels = torch.tensor([[[[255, 0, 51], [0, 0, 0]]]], dtype=torch.uint8)
    assert np.allclose(Scene.of(gn.grid(pixels), color="x").colors, [[1, 0, 0.2], [0, 0, 0]])


def test_numbers_are_a_scale(cloud: gn.Structure) -> None:
    marked = cloud.replace(nodes={"height": cloud.pos[:, 2:]})
    shown = Scene.of(marked, color="height", item=1)
    assert isinstance(shown.paint, Scale) and shown.paint.name == "height"
    lowest, highest = (int(end) for end in (cloud[1].pos[:, 2].argmin(), cloud[1].pos[:, 2].argmax()))
    assert shown.paint.limits == pytest.approx((float(cloud[1].pos[lowest, 2]), float(cloud[1].pos[highest, 2])))
    assert np.allclose(shown.colors[highest], (0.993248, 0.906157, 0.143936))  # viridis ends in yellow
    assert shown.labels[lowest] == f"node {lowest}: height {float(cloud[1].pos[lowest, 2]):.4g}"


def test_what_is_not_finite_is_grey(cloud: gn.Structure) -> None:
    values = cloud[0].pos[:, 0].clone()
    values[3] = float("nan")
    assert np.allclose(Scene.of(cloud[0], color=values).colors[3], rgb_of(MUTED))


def test_categories_of_every_kind() -> None:
    three = gn.points([torch.randn(3, 3)])
    names = Scene.of(three, color=["b", "a", "b"])
    assert isinstance(names.paint, Categories) and names.paint.names == ("a", "b")
    assert np.allclose(names.colors, [rgb_of(PALETTE[1]), rgb_of(PALETTE[0]), rgb_of(PALETTE[1])])
    assert names.labels == ("node 0: b", "node 1: a", "node 2: b")
    flags = Scene.of(three.replace(nodes={"critical": torch.tensor([True, False, True])}), color="critical")
    assert isinstance(flags.paint, Categories) and flags.paint.names == ("not critical", "critical")
    assert flags.paint.colors == (MUTED, ACCENT)
    numbers = Scene.of(three.replace(nodes={"part": torch.tensor([4, 4, 7])}), color="part")
    assert isinstance(numbers.paint, Categories) and numbers.paint.names == ("part 4", "part 7")


def test_many_integers_are_a_scale() -> None:
    assert isinstance(Scene.of(gn.points([torch.randn(30, 3)]), color=torch.arange(30)).paint, Scale)


def test_three_columns_are_red_green_blue(cloud: gn.Structure) -> None:
    colors = torch.rand(100, 3)
    assert np.allclose(Scene.of(cloud, color=colors, item=1).colors, colors[40:])
    assert np.allclose(Scene.of(cloud, color=colors[40:], item=1).colors, colors[40:])


def test_half_precision_and_gradients_can_be_drawn(cloud: gn.Structure) -> None:
    values = torch.randn(40, dtype=torch.bfloat16).requires_grad_()
    assert isinstance(Scene.of(cloud[0], color=values).paint, Scale)


def test_balls_and_sticks_have_the_stated_sizes(caffeine: gn.Structure) -> None:
    shown = Scene.of(caffeine)
    vertices, triangles = balls(shown.positions, shown.radii)
    middle = np.repeat(shown.positions, len(vertices) // 14, axis=0)
    assert np.allclose(np.linalg.norm(vertices - middle, axis=1), np.repeat(shown.radii, len(vertices) // 14))
    assert triangles.max() == len(vertices) - 1
    vertices, triangles, owners = sticks(shown)
    halves = 2 * int(shown.strands.sum())
    assert len(vertices) == len(owners) == halves * 2 * SIDES and triangles.max() == len(vertices) - 1
    to_owner = np.linalg.norm(vertices - shown.positions[owners], axis=1)
    assert to_owner.max() < 1.0  # half a bond and a stick's width


def test_nothing_to_show_is_an_error() -> None:
    unplaced = gn.points(None, x=torch.ones(1, 5, 2))
    with pytest.raises(
        StructureError, match=r"`structure` must have positions or links to be shown; got neither \(item 0\)"
    ):
        Scene.of(unplaced)
    with pytest.raises(StructureError, match="`structure` must have positions or links"):
        Scene.of(gn.graph(torch.empty(2, 0, dtype=torch.long), num_nodes=4))
    with pytest.raises(StructureError, match=r"`structure` must have nodes to be shown; got none \(item 1\)"):
        Scene.of(gn.points([torch.randn(2, 3), torch.randn(0, 3)]), item=1)
    with pytest.raises(ItemError, match="`items` must be between -1 and 0; got 4"):
        Scene.of(unplaced, item=4)


def test_positions_must_fit_into_space() -> None:
    with pytest.raises(ShapeError, match=r"`pos` must have one to three coordinates to be shown; got shape \(5, 4\)"):
        Scene.of(gn.points([torch.randn(5, 4)]))
    with pytest.raises(
        StructureError, match=r"`pos` must be finite to be shown; got \[nan, 0.0, 0.0\] \(item 0, node 1\)"
    ):
        Scene.of(gn.points([torch.tensor([[0.0, 0, 0], [float("nan"), 0, 0]])]))


def test_colors_must_fit_the_nodes(cloud: gn.Structure) -> None:
    with pytest.raises(
        OptionError, match=r"`color` must name a node field .*; got 'charge', and the fields are \['pos'\]"
    ):
        Scene.of(cloud, color="charge")
    with pytest.raises(ShapeError, match=r"`color` must have one value.*each of the 40 nodes; got shape \(7,\)"):
        Scene.of(cloud, color=torch.ones(7))
    with pytest.raises(ShapeError, match=r"got shape \(40, 2\)"):
        Scene.of(cloud, color=torch.ones(100, 2))
    with pytest.raises(OptionError, match=r"`color` must be red, green and blue between 0 and 1 .*; got 255 .. 255"):
        Scene.of(cloud, color=torch.full((100, 3), 255))
    with pytest.raises(DtypeError, match="`color` must hold numbers, bools or strings; got complex64"):
        Scene.of(cloud, color=torch.ones(100, dtype=torch.complex64))
