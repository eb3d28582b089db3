"""Points on meshes, by statistics; fields brought from cloud to cloud."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import trimesh
from scipy import stats

import geonets as gn


def meshes() -> list[trimesh.Trimesh]:
    return [
        trimesh.creation.box((1, 2, 5)),
        trimesh.creation.icosphere(subdivisions=1),
        trimesh.creation.cone(radius=1, height=3, sections=12),
    ]


def test_a_triangle_is_met_with_the_probability_of_its_area() -> None:
    shapes = meshes()
    mesh = gn.batch([gn.from_trimesh(shape) for shape in shapes])
    cloud = gn.sample_surface(mesh, [6000, 0, 9000], seed=0)
    assert cloud.topology.node_counts.tolist() == [6000, 0, 9000]
    for item in (0, 2):
        areas = np.asarray(shapes[item].area_faces)
        counts = np.bincount(cloud[item].nodes["face"].numpy(), minlength=len(areas))
        assert stats.chisquare(counts, areas / areas.sum() * counts.sum()).pvalue > 0.01


def test_points_lie_on_their_triangles_with_its_normal() -> None:
    for shape in meshes():
        cloud = gn.sample_surface(gn.from_trimesh(shape), 500, seed=1)
        faces = cloud.nodes["face"].numpy()
        np.testing.assert_allclose(cloud.nodes["normal"].numpy(), shape.face_normals[faces], atol=1e-5)
        weights = trimesh.triangles.points_to_barycentric(shape.triangles[faces], cloud.pos.numpy())
        assert weights.min() > -1e-5
        on = ((cloud.pos.numpy() - shape.triangles[faces][:, 0]) * shape.face_normals[faces]).sum(1)
        assert np.abs(on).max() < 1e-5


def test_places_within_a_triangle_are_uniform() -> None:
    square = gn.mesh(torch.tensor([[0.0, 0, 0], [3, 0, 0], [3, 1, 0], [0, 1, 0]]), [[0, 1, 2], [0, 2, 3]])
    pos = gn.sample_surface(square, 20_000, seed=0).pos.double().numpy()
    assert stats.kstest(pos[:, 0] / 3, "uniform").pvalue > 0.01
    assert stats.kstest(pos[:, 1], "uniform").pvalue > 0.01
    assert abs(np.corrcoef(pos[:, 0], pos[:, 1])[0, 1]) < 0.02


def test_an_item_does_not_depend_on_its_mates_and_its_fields_travel() -> None:
    ball, box = (gn.from_trimesh(shape) for shape in (meshes()[1], meshes()[0]))
    together = gn.batch([box, ball]).replace(
        globals={"y": torch.tensor([3, 4])}, meta=[{"name": "box"}, {"name": "ball"}]
    )
    cloud = gn.sample_surface(together, 50, seed=3)
    other = gn.sample_surface(gn.batch([ball, ball]), 50, seed=3)
    assert torch.equal(cloud[1].pos, other[1].pos) and torch.equal(cloud[1].nodes["face"], other[1].nodes["face"])
    assert cloud.y.tolist() == [3, 4] and cloud.meta == ({"name": "box"}, {"name": "ball"})
    assert not torch.equal(cloud.pos, gn.sample_surface(together, 50, seed=4).pos)


def test_triangles_without_area_are_never_met() -> None:
    corners = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    faces = torch.tensor([[0, 0, 1], [1, 1, 1], [0, 1, 2], [2, 2, 0]])
    flat = gn.mesh(torch.zeros(3, 3), [[0, 1, 2]])
    cloud = gn.sample_surface(gn.batch([flat, gn.mesh(corners, faces), flat]), [0, 3000, 0], seed=0)
    assert set(cloud.nodes["face"].tolist()) == {2}
    assert bool(cloud.pos.isfinite().all()) and bool(cloud.nodes["normal"].isfinite().all())


def test_points_move_with_the_vertices() -> None:
    ball = gn.from_trimesh(meshes()[1]).to(torch.float64)
    pos = ball.pos.clone().requires_grad_()
    cloud = gn.sample_surface(ball.replace(pos=pos), 100, seed=0)
    (slope,) = torch.autograd.grad(cloud.pos.sum(), pos)
    assert slope.sum().item() == pytest.approx(300)


def test_interpolation_is_pygs_formula() -> None:
    coarse = gn.points(
        [torch.rand(9, 3).double(), torch.rand(2, 3).double()], x=[torch.rand(9, 4).double(), torch.rand(2, 4).double()]
    )
    fine = gn.points([torch.rand(20, 3).double(), torch.rand(5, 3).double()])
    found = gn.interpolate(fine, coarse.replace(nodes={"heat": coarse.x}), "heat").nodes["heat"]
    expected = []
    for item in range(2):
        squared = torch.cdist(fine[item].pos, coarse[item].pos).square()
        near = squared.topk(min(3, squared.shape[1]), largest=False)
        weights = 1 / near.values.clamp(min=1e-16)
        expected.append((coarse[item].x[near.indices] * weights[..., None]).sum(1) / weights.sum(1, keepdim=True))
    torch.testing.assert_close(found, torch.cat(expected))
    itself = gn.interpolate(coarse.replace(x=None), coarse)
    torch.testing.assert_close(itself.x, coarse.x)
