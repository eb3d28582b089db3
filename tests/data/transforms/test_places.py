"""Positions: centred, scaled, turned, mirrored, cropped; PyG's transforms are witnesses."""

from __future__ import annotations

import math

import pytest
import torch
from scipy import stats
from torch_geometric import transforms as pyg
from torch_geometric.data import Data

import geonets as gn
from geonets import transforms as t
from geonets.core.sampling import farthest_points


def cloud(count: int = 40, seed: int = 0, dim: int = 3) -> gn.Structure:
    return gn.points([torch.randn(count, dim, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)])


def as_data(structure: gn.Structure) -> Data:
    return Data(pos=structure.pos.clone())


def test_pyg_centers_and_normalises_alike() -> None:
    structure = cloud()
    torch.testing.assert_close(t.center(structure).pos, pyg.Center()(as_data(structure)).pos)
    theirs = pyg.NormalizeScale()(as_data(structure)).pos
    torch.testing.assert_close(t.normalize(structure, "cube").pos, theirs / 0.999999)


def test_normalised_is_of_size_one_and_forgets_shift_and_scale() -> None:
    structure = gn.points([torch.randn(9, 3).double(), torch.zeros(4, 3).double() + 2, torch.randn(1, 3).double()])
    ours = t.normalize(structure)
    reach = [float(item.pos.norm(dim=1).max()) for item in ours]
    assert reach == pytest.approx([1, 0, 0], abs=1e-12)
    torch.testing.assert_close(t.normalize(structure.replace(pos=structure.pos * 7 + 3)).pos, ours.pos)
    torch.testing.assert_close(t.normalize(ours).pos, ours.pos)


def test_a_turn_keeps_distances_and_turns_vectors_of_every_level() -> None:
    structure = gn.points(
        [torch.randn(6, 3).double(), torch.randn(5, 3).double()],
        nodes={"normal": torch.randn(11, 3).double(), "frame": torch.randn(11, 2, 3).double()},
        globals={"force": torch.randn(2, 3).double()},
    )
    structure = gn.connect(structure, gn.KNN(2))
    links = structure.topology.links
    structure = structure.replace(edges={"step": structure.pos[links.senders] - structure.pos[links.receivers]})
    level = gn.Level(torch.tensor([1, 2]), {"tip": torch.randn(3, 3).double()})
    structure = structure.replace(levels={"arrows": level})
    turned = t.rotate(structure, seed=0, vectors=["normal", "frame", "force", "step", "tip"])
    torch.testing.assert_close(turned.edges["step"], turned.pos[links.senders] - turned.pos[links.receivers])
    for item in range(2):
        before, after = structure[item], turned[item]
        matrix = torch.linalg.lstsq(before.pos, after.pos).solution.T
        torch.testing.assert_close(matrix @ matrix.T, torch.eye(3).double())
        assert float(torch.linalg.det(matrix)) == pytest.approx(1)
        for ours, theirs in [
            (after.nodes["normal"], before.nodes["normal"]),
            (after.nodes["frame"], before.nodes["frame"]),
            (after.globals["force"], before.globals["force"]),
            (after.levels["arrows"]["tip"], before.levels["arrows"]["tip"]),
        ]:
            torch.testing.assert_close(ours, theirs @ matrix.T)
    assert not torch.allclose(turned[0].pos[:5], t.rotate(structure, seed=1)[0].pos[:5])
    assert torch.equal(gn.KNN(3).edges(turned).senders, gn.KNN(3).edges(structure).senders)


def test_turns_are_spread_evenly_over_the_group() -> None:
    many = gn.points(torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]).double().expand(4000, 2, 3))
    turned = t.rotate(many, seed=0).pos.reshape(4000, 2, 3)
    for axis in range(3):  # Archimedes: every coordinate of a random direction is uniform
        assert stats.kstest((turned[:, 0, axis] / 2 + 0.5).numpy(), "uniform").pvalue > 0.01
    third = torch.linalg.cross(turned[:, 0], turned[:, 1])
    trace = turned[:, 0, 0] + turned[:, 1, 1] + third[:, 2]
    angle = ((trace - 1) / 2).clamp(-1, 1).acos()
    assert stats.kstest(((angle - angle.sin()) / math.pi).numpy(), "uniform").pvalue > 0.01  # Haar


@pytest.mark.parametrize("axis", ["z", 2, (0.0, 0.0, -4.0)])
def test_a_turn_about_an_axis_leaves_it_and_stays_within_its_angle(axis: str) -> None:
    many = gn.points(torch.tensor([[[1.0, 0.0, 5.0]]]).double().expand(2000, 1, 3))
    turned = t.rotate(many, axis=axis, degrees=40, seed=0).pos
    torch.testing.assert_close(turned[:, 2], torch.full((2000,), 5.0).double())
    angles = torch.atan2(turned[:, 1], turned[:, 0]) / math.radians(40)
    assert stats.kstest((angles / 2 + 0.5).numpy(), "uniform").pvalue > 0.01


def test_pyg_turns_alike_by_a_matrix_and_in_the_plane() -> None:
    structure, turn = cloud(), torch.linalg.qr(torch.randn(3, 3).double())[0]
    theirs = pyg.LinearTransformation(turn)(as_data(structure)).pos
    torch.testing.assert_close(t.rotate(structure, turn).pos, theirs)
    half = t.rotate(cloud(dim=2), degrees=0.0)
    torch.testing.assert_close(half.pos, cloud(dim=2).pos)
    flat = t.rotate(cloud(dim=2), degrees=20, seed=0).pos
    torch.testing.assert_close(flat.norm(dim=1), cloud(dim=2).pos.norm(dim=1))
    one = t.rotate(cloud(dim=1), seed=0).pos
    torch.testing.assert_close(one, cloud(dim=1).pos)


def test_flip_is_pygs_and_twice_is_nothing() -> None:
    structure = cloud()
    torch.testing.assert_close(t.flip(structure, 1).pos, pyg.RandomFlip(1, p=1.0)(as_data(structure)).pos)
    torch.testing.assert_close(t.flip(t.flip(structure, "y"), -2).pos, structure.pos)
    mirrored = t.flip(gn.points(torch.ones(2000, 1, 3)), "x", share=0.25, seed=0).pos[:, 0] < 0
    assert 430 < int(mirrored.sum()) < 570


def test_a_mirrored_mesh_is_still_outside_out() -> None:
    import trimesh

    ball = gn.from_trimesh(trimesh.creation.icosphere(subdivisions=1))
    for mesh in (ball, t.flip(ball, "x"), t.flip(gn.batch([ball] * 6), 2, share=0.5, seed=0)):
        sample = gn.sample_surface(mesh, 200, seed=0)
        assert bool(((sample.pos * sample.nodes["normal"]).sum(1) > 0.5).all())


def test_images_are_mirrored_along_an_axis() -> None:
    photos = [torch.randn(3, 4, 2), torch.randn(5, 2, 2), torch.randn(0, 3, 2)]
    images = gn.grid(photos, nodes={"place": torch.arange(22)})
    for axis, number in (("y", 0), ("x", 1)):
        mirrored = t.flip(images, axis)
        for ours, theirs in zip(mirrored, photos, strict=True):
            assert torch.equal(ours.x, theirs.flip(number).flatten(0, 1))
        assert torch.equal(t.flip(mirrored, axis).nodes["place"], images.nodes["place"])
    some = t.flip(images, "x", share=0.5, seed=1)
    for item, photo in enumerate(photos):
        assert any(torch.equal(some[item].x, way.flatten(0, 1)) for way in (photo, photo.flip(1)))
    chain = gn.chain(torch.arange(6.0).reshape(2, 3, 1))
    assert t.flip(chain, "time").x.flatten().tolist() == [2, 1, 0, 5, 4, 3]


def test_sparse_images_are_mirrored_with_their_places_and_levels() -> None:
    images = gn.grid([torch.randn(4, 5, 1), torch.randn(3, 3, 1)])
    marked = images.replace(
        levels={"mark": gn.Level(torch.tensor([1, 1]), {"at": torch.tensor([7, 25])}, frozenset(["at"]))}
    )
    for mask in (images.x[:, 0] > 0, torch.ones(29, dtype=torch.bool)):
        mask[[7, 25]] = True
        sparse, whole = marked.nodes_where(mask), t.flip(marked, "x")
        for mirrored in (t.flip(sparse, "x"), whole):
            assert torch.equal(mirrored.x[mirrored.levels["mark"]["at"]], images.x[torch.tensor([7, 25])])
        flipped_mask = torch.cat(
            [m.reshape(s).flip(1).flatten() for m, s in zip(mask.split([20, 9]), [(4, 5), (3, 3)], strict=True)]
        )
        expected = whole.nodes_where(flipped_mask)
        assert torch.equal(t.flip(sparse, "x").x, expected.x)
        assert torch.equal(t.flip(sparse, "x").topology.links.senders, expected.topology.links.senders)


def test_jitter_is_normal_and_cut_off() -> None:
    still = gn.points([torch.zeros(30_000, 3).double()])
    moved = t.jitter(still, 0.1, seed=0).pos
    assert stats.kstest((moved / 0.1).flatten().numpy(), "norm").pvalue > 0.01
    cut = t.jitter(still, 0.1, clip=0.05, seed=0).pos
    torch.testing.assert_close(cut, moved.clamp(-0.05, 0.05))


def test_crops_of_grids_are_crops_and_every_box_is_as_likely() -> None:
    images = gn.grid(torch.arange(6.0).reshape(1, 6, 1).expand(3000, 6, 1), axes=("x",))
    crops = t.random_crop(images, x=4, seed=0).x.reshape(3000, 4)
    assert torch.equal(crops, crops[:, :1] + torch.arange(4))
    _, counts = crops[:, 0].unique(return_counts=True)
    assert len(counts) == 3 and stats.chisquare(counts.numpy()).pvalue > 0.01
    photos = [torch.randn(9, 7, 2), torch.randn(3, 12, 2), torch.randn(0, 5, 2)]
    cut = t.random_crop(gn.grid(photos), y=5, x=6, seed=0)
    assert cut.topology.sizes.sizes.tolist() == [[5, 6], [3, 6], [0, 5]]
    windows = photos[0].unfold(0, 5, 1).unfold(1, 6, 1).permute(0, 1, 3, 4, 2).reshape(-1, 30, 2)
    assert any(torch.equal(cut[0].x, window) for window in windows)
    video = gn.grid(torch.randn(2, 8, 4, 4, 1), axes=("time", "y", "x"))
    assert t.random_crop(video, time=3, seed=0).topology.uniform == (3, 4, 4)


def test_crops_of_clouds_are_balls() -> None:
    structure = gn.points([torch.randn(50, 2), torch.randn(3, 2), torch.randn(0, 2)])
    cut = t.random_crop(structure, 10, seed=0)
    assert cut.topology.node_counts.tolist() == [10, 3, 0]
    whole, part = structure[0].pos, cut[0].pos
    apart = torch.cdist(part, whole)
    assert any(
        sorted(apart[i].tolist())[:10] == pytest.approx(sorted(torch.cdist(part[i : i + 1], part)[0].tolist()))
        for i in range(10)
    )


def test_subsamples_keep_order_and_links() -> None:
    ring = gn.chain([torch.arange(20.0)[:, None]], periodic=True)
    some = t.subsample(ring, 0.5, seed=0)
    assert some.num_nodes == 10 and bool((some.x[1:] > some.x[:-1]).all())
    cloud = gn.points([torch.rand(100, 3)])
    spread = t.subsample(cloud, 10, by="farthest")
    assert torch.equal(spread.pos, cloud.pos[farthest_points(cloud.pos, cloud.topology, 10).nodes.sort().values])
