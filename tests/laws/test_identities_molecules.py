"""Layers for atoms: against their equations written as loops, and forces against finite differences."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from drawing import SEEDS, assert_same, graphs, with_grads
from every_layer import graph
from hypothesis import given, settings
from hypothesis import strategies as st

import geonets as gn


def egnn_by_hand(layer: Any, structure: gn.Structure, neighbours: list[tuple[int, int, Any]]) -> list[torch.Tensor]:
    """Equations 3-6 of Satorras et al. 2021, one edge after another; `neighbours` lists sender, receiver, edge row."""
    x, pos = structure.x, structure.pos
    messages = [x.new_zeros(layer.coord_mlp[0].in_features)] * len(x)
    shifts, counts = [pos.new_zeros(pos.shape[1])] * len(x), [0] * len(x)
    for j, i, edge in neighbours:
        step = pos[i] - pos[j]
        message = layer.edge_mlp(torch.cat([x[i], x[j], (step @ step)[None], *edge]))  # (3)
        if layer.att_mlp is not None:
            message = layer.att_mlp(message) * message
        if layer.normalize:
            step = step / (1 + step.square().sum().clamp(min=1e-300).sqrt())
        messages[i] = messages[i] + message  # (5), and (6) below
        shifts[i] = shifts[i] + step * layer.coord_mlp(message)
        counts[i] += 1
    moved = [pos[i] + shifts[i] / max(counts[i], 1) for i in range(len(x))]  # (4)
    rows = [layer.node_mlp(torch.cat([x[i], messages[i]])) + (x[i] if layer.residual else 0) for i in range(len(x))]
    return [torch.stack(rows), torch.stack(moved)]


@settings(max_examples=50, deadline=None)
@given(structure=graphs(3, edge_channels=2, dim=3), seed=SEEDS, options=st.tuples(*[st.booleans()] * 5))
def test_an_egnn_is_its_equations(structure: gn.Structure, seed: int, options: tuple[bool, ...]) -> None:
    torch.default_generator.manual_seed(seed)
    attention, normalize, tanh, residual, with_edges = options
    layer = gn.nn.EGNNConv(3, 3, 5, 2 if with_edges else None, attention, normalize, tanh, residual).double()
    if not structure.num_nodes:
        return
    links = structure.topology.links
    ends = list(zip(links.senders.tolist(), links.receivers.tolist(), range(links.num_edges), strict=True))

    def by_hand(module: Any, given: gn.Structure) -> list[torch.Tensor]:
        rows = [(j, i, [given.edge_attr[e]] if with_edges else []) for j, i, e in ends if i != j]
        return egnn_by_hand(module, given, rows)

    ours = with_grads(layer, structure, lambda m, s: [m(s).x, m(s).pos])
    assert_same(ours, with_grads(layer, structure, by_hand))


def test_an_egnn_among_all_leaves_itself_out() -> None:
    layer = gn.nn.EGNNConv(3, 4, neighborhood=gn.Complete()).double()
    cloud = gn.points([torch.randn(5, 3).double()], x=[torch.randn(5, 3).double()])
    pairs = [(j, i, []) for j, i in itertools.permutations(range(5), 2)]
    moved = layer(cloud)
    assert_same([moved.x, moved.pos], egnn_by_hand(layer, cloud, pairs))


def test_beyond_the_cutoff_nothing_is_heard() -> None:
    far = torch.tensor([[0.0, 0, 0], [1, 0, 0], [9, 0, 0]], dtype=torch.float64)
    everybody = gn.points([far], x=[torch.randn(3, 4).double()])
    layer = gn.nn.SchNetInteraction(4, 8, 5, cutoff=4.0, neighborhood=gn.WithoutLoops(gn.Complete())).double()
    near = gn.nn.SchNetInteraction(4, 8, 5, cutoff=4.0, neighborhood=gn.Radius(4.0)).double()
    near.load_state_dict(layer.state_dict())
    assert_same(with_grads(layer, everybody), with_grads(near, everybody))


@pytest.mark.parametrize("readout", ["add", "mean"])
def test_schnet_equals_pygs(readout: str) -> None:
    """The same keys, energies and forces; PyG's is told the edges, which it finds by a package of its own."""
    from torch_geometric.nn import SchNet

    counts = [5, 3, 1]
    z = torch.randint(1, 10, (9, 1)).double()
    atoms = gn.points(list(torch.randn(9, 3).double().split(counts)), x=list(z.split(counts)))

    def near(pos: torch.Tensor, batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        edges = gn.Radius(3.0).edges(atoms)
        return torch.stack([edges.senders, edges.receivers]), (pos[edges.senders] - pos[edges.receivers]).norm(dim=-1)

    layer = gn.models.SchNet(8, 6, 3, 10, 3.0, readout).double()
    native = SchNet(8, 6, 3, 10, 3.0, near, readout=readout).double()
    native.load_state_dict(layer.state_dict())
    layer.load_state_dict(native.state_dict())
    results = []
    for model in (layer, lambda given: native(z.long().flatten(), given.pos, given.topology.item_ids)):
        pos = atoms.pos.clone().requires_grad_()
        out = model(atoms.replace(pos=pos))
        energy = out.x if isinstance(out, gn.Structure) else out
        results.append([energy.detach(), *torch.autograd.grad(energy.square().sum(), pos)])
    assert_same(*results)


@pytest.mark.parametrize("kind", ["SchNet", "PyG"])
def test_schnet_starts_as_pygs(kind: str) -> None:
    from torch_geometric.nn import SchNet

    make = {"SchNet": gn.models.SchNet, "PyG": SchNet}[kind]
    models = [make(16, 12, 1, 10, 3.0).state_dict() for _ in range(40)]
    spread = {key: torch.stack([model[key] for model in models]).std().item() for key in models[0]}
    assert spread["lin1.weight"] == pytest.approx((2 / 24) ** 0.5, rel=0.1)
    assert spread["interactions.0.conv.lin1.weight"] == pytest.approx((2 / 28) ** 0.5, rel=0.1)
    assert spread["embedding.weight"] == pytest.approx(1.0, rel=0.1)
    assert all(value == 0 for key, value in spread.items() if key.endswith("bias"))


class Energy(torch.nn.Module):
    """The energy of each molecule: interactions with residuals, then a sum over atoms."""

    def __init__(self, neighborhood: gn.Neighborhood) -> None:
        super().__init__()
        self.interactions = torch.nn.ModuleList(
            [gn.nn.SchNetInteraction(4, 8, 6, 3.0, neighborhood=neighborhood) for _ in range(2)]
        )
        self.head = gn.nn.Sequential(gn.nn.Linear(4, 3), gn.nn.ShiftedSoftplus(), gn.nn.Linear(3, 1))

    def forward(self, structure: gn.Structure) -> torch.Tensor:
        for interaction in self.interactions:
            structure = structure.replace(x=structure.x + interaction(structure).x)
        return gn.nn.Readout("sum")(self.head(structure)).x.squeeze(1)


@pytest.mark.parametrize("neighborhood", [gn.Links(), gn.Radius(3.0), gn.Complete()], ids=str)
def test_forces_are_finite_differences_of_the_energy(neighborhood: gn.Neighborhood) -> None:
    energy, atoms = Energy(neighborhood).double(), graph([5, 0, 1, 4], 3)
    pos = atoms.pos.clone().requires_grad_()
    (slope,) = torch.autograd.grad(energy(atoms.replace(pos=pos)).sum(), pos)
    step = 1e-6
    for node, axis in itertools.product(range(len(pos)), range(3)):
        moved = torch.zeros_like(atoms.pos)
        moved[node, axis] = step
        up, down = (energy(atoms.replace(pos=atoms.pos + sign * moved)).sum() for sign in (1, -1))
        assert slope[node, axis].item() == pytest.approx(((up - down) / (2 * step)).item(), abs=1e-7)
    by_item = slope.split(atoms.topology.node_counts.tolist())
    assert all(part.sum(0).abs().max().item() < 1e-10 for part in by_item)  # nobody pushes a molecule from within


@pytest.mark.parametrize("neighborhood", [gn.Links(), gn.Radius(3.0), gn.Complete()], ids=str)
def test_forces_can_be_learnt(neighborhood: gn.Neighborhood) -> None:
    """Second derivatives, self-loops and coincident atoms included."""
    energy, atoms = Energy(neighborhood).double(), graph([4, 0, 3], 5)
    pos = atoms.pos.clone().requires_grad_()
    assert torch.autograd.gradgradcheck(lambda p: energy(atoms.replace(pos=p)), (pos,), atol=1e-6)
    met = atoms.pos.clone()
    met[1] = met[0]
    met.requires_grad_()
    (slope,) = torch.autograd.grad(energy(atoms.replace(pos=met)).sum(), met, create_graph=True)
    wanted = [met, *energy.parameters()]
    grads = torch.autograd.grad(slope.square().sum(), wanted, allow_unused=True)
    assert all(grad is None or bool(grad.isfinite().all()) for grad in grads)


@pytest.mark.parametrize("neighborhood", [gn.Links(), gn.Complete()], ids=str)
def test_a_moved_molecule_has_second_derivatives(neighborhood: gn.Neighborhood) -> None:
    layer = gn.nn.EGNNConv(4, 3, normalize=True, attention=True, neighborhood=neighborhood).double()
    atoms = graph([4, 0, 2], 5)
    pos = atoms.pos.clone().requires_grad_()
    assert torch.autograd.gradgradcheck(lambda p: layer(atoms.replace(pos=p)).pos, (pos,), atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_lower_precision_stays_near(dtype: torch.dtype) -> None:
    atoms = graph([5, 0, 4], 3)
    layers: list[torch.nn.Module] = [
        gn.nn.SchNetInteraction(4, 8, 6, 3.0),
        gn.nn.EGNNConv(4, 4, edge_dim=4, normalize=True),
        gn.nn.CFConv(4, 4, 5, gn.nn.MLP([4, 5]), 3.0),
    ]
    for layer in layers:
        expected = layer.double()(atoms).x
        found = layer.to(dtype)(atoms.to(dtype)).x
        assert found.dtype == dtype
        error = (found.double() - expected).norm() / expected.norm()
        assert error.item() < (1e-5 if dtype == torch.float32 else 0.06)
