"""Message passing over a body that moves: a chain of time steps times a graph of typed joints."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import geonets as gn

STEPS, BODY = (
    5,
    gn.Graph(torch.tensor([0, 1, 1, 2, 1, 3]), torch.tensor([1, 0, 2, 1, 3, 1]), 4, torch.tensor([0, 0, 1, 1, 0, 0])),
)
"""Four links, three joints of two types, each joint an edge in both directions."""


class NerveNet(torch.nn.Module):
    """Wang et al. 2018, equations 2-5: a matrix for each type of edge, a GRU for each node, several rounds."""

    def __init__(self, num_types: int, rounds: int = 3) -> None:
        super().__init__()
        self.weights = torch.nn.Parameter(torch.randn(num_types, 4, 4) / 2)
        self.cell, self.rounds = torch.nn.GRUCell(4, 4), rounds
        self.hear = gn.nn.MessagePassing(self.message, "mean", self.cell_of, ("sender", "edge"))

    def message(self, sender: torch.Tensor, edge: torch.Tensor) -> torch.Tensor:
        return torch.einsum("ek,kij,ej->ei", edge, self.weights, sender)

    def cell_of(self, state: torch.Tensor, heard: torch.Tensor) -> torch.Tensor:
        return self.cell(heard, state)

    def forward(self, structure: gn.Structure) -> gn.Structure:
        types = structure.topology.links.edge_type
        assert types is not None
        one_hot = torch.nn.functional.one_hot(types, len(self.weights)).to(structure.x.dtype)
        structure = structure.replace(edge_attr=one_hot)
        for _ in range(self.rounds):
            structure = self.hear(structure)
        return structure


def moving() -> gn.Structure:
    x = torch.randn(STEPS * 4, 4, dtype=torch.float64)
    return gn.Structure(gn.Product(gn.Chain(STEPS), BODY), {"x": x})


def neighbours(step: int, joint: int) -> list[tuple[int, int, int]]:
    """Who speaks to a node of the product, and the type of the edge: even along time, odd along the body."""
    found = [(step - 1, joint, 0)] if step else []
    found += [(step + 1, joint, 2)] if step + 1 < STEPS else []
    links = BODY.links
    assert links.edge_type is not None
    for sender, receiver, kind in zip(
        links.senders.tolist(), links.receivers.tolist(), links.edge_type.tolist(), strict=True
    ):
        found += [(step, sender, 2 * kind + 1)] if receiver == joint else []
    return found


def test_a_moving_body_hears_along_time_and_along_its_joints() -> None:
    net, structure = NerveNet(4).double(), moving()
    state = structure.x.reshape(STEPS, 4, 4)
    for _ in range(net.rounds):
        rows = []
        for step in range(STEPS):
            for joint in range(4):
                heard = [net.weights[kind] @ state[t, j] for t, j, kind in neighbours(step, joint)]
                rows.append(net.cell(torch.stack(heard).mean(0), state[step, joint]))
        state = torch.stack(rows).reshape(STEPS, 4, 4)
    torch.testing.assert_close(net(structure).x, state.flatten(0, 1), atol=1e-10, rtol=1e-10)


def test_deaf_to_time_it_is_a_batch_of_bodies() -> None:
    structure = moving()
    net = NerveNet(4).double()
    net.hear = gn.nn.MessagePassing(net.message, "sum", net.cell_of, ("sender", "edge"))
    net.weights.data[[0, 2]] = 0  # what comes along time is not heard
    bodies = gn.batch([gn.Structure(BODY, {"x": rows}) for rows in structure.x.split(4)])
    alone = NerveNet(2).double()
    alone.load_state_dict({**net.state_dict(), "weights": net.weights.data[[1, 3]]})
    alone.hear = gn.nn.MessagePassing(alone.message, "sum", alone.cell_of, ("sender", "edge"))
    torch.testing.assert_close(net(structure).x, alone(bodies).x, atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize("count", [1, 3])
def test_layers_of_graphs_run_on_a_product(count: int) -> None:
    """The same numbers as on a graph of the same edges, whatever reads them."""
    one = moving()
    structure = gn.batch([one.replace(x=one.x + shift) for shift in range(count)])
    structure = structure.replace(pos=torch.randn(structure.num_nodes, 3, dtype=torch.float64))
    flat = gn.connect(structure, gn.Links())
    layers: list[Any] = [
        gn.nn.GINConv(gn.nn.MLP([4, 3])),
        gn.nn.GATv2Conv(4, 3, heads=2),
        gn.nn.EGNNConv(4, 3),
        gn.nn.PointTransformerConv(4, 3),
        gn.nn.DeepSets(4, 3),
        gn.nn.VirtualNode(4),
        gn.nn.SchNetInteraction(4, 6, 5, cutoff=4.0),
        gn.nn.GNBlock(gn.nn.MLP([8, 5]), gn.nn.MLP([9, 3]), gn.nn.MLP([8, 2])),
    ]
    for layer in layers:
        ours, graphs = layer.double()(structure), layer(flat)
        torch.testing.assert_close(ours.x, graphs.x, atol=1e-10, rtol=1e-10)
        torch.testing.assert_close(ours[count - 1].x, layer(structure[count - 1]).x, atol=1e-10, rtol=1e-10)
