"""Samples of neighbours: with all of them layers see what they see on the whole graph."""

from __future__ import annotations

import pytest
import torch

import geonets as gn


def large(seed: int = 0, counts: tuple[int, ...] = (200,)) -> gn.Structure:
    generator = torch.Generator().manual_seed(seed)
    items = []
    for count in counts:
        ends = torch.randint(0, max(1, count), (2, 4 * count), generator=generator)
        items.append(
            gn.graph(
                ends,
                x=torch.randn(count, 5, generator=generator, dtype=torch.float64),
                edge_attr=torch.randn(4 * count, 2, generator=generator, dtype=torch.float64),
                edge_type=torch.randint(0, 3, (4 * count,), generator=generator),
                nodes={"label": torch.randint(0, 4, (count,), generator=generator)},
                globals={"name": torch.tensor([count])},
                meta=[{"name": str(count)}],
            )
        )
    return gn.batch(items)


def network(layers: int) -> gn.nn.Sequential:
    torch.manual_seed(0)
    steps = [[gn.nn.SAGEConv(5 if n == 0 else 8, 8), gn.nn.ReLU()] for n in range(layers)]
    return gn.nn.Sequential(*[step for pair in steps for step in pair]).double()


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("counts", [(200,), (60, 0, 90)])
def test_with_all_neighbours_the_seeds_know_what_they_know_on_the_whole_graph(
    layers: int, counts: tuple[int, ...]
) -> None:
    graph, net = large(counts=counts), network(layers)
    seeds = torch.randperm(graph.num_nodes, generator=torch.Generator().manual_seed(1))[:17]
    piece = gn.sample_neighbors(graph, seeds, (-1,) * layers)
    heard, whole = net(piece).x, net(graph).x
    items = graph.topology.item_ids[seeds]
    for item in range(len(graph)):
        mine = seeds[items == item]
        first, count = int(piece.topology.node_offsets[item]), int(piece.globals["num_seeds"][item])
        assert piece.nodes["node_id"][first : first + count].tolist() == mine.tolist()
        torch.testing.assert_close(heard[first : first + count], whole[mine], atol=1e-12, rtol=1e-12)


def test_training_on_batches_of_all_neighbours_is_training_on_the_whole_graph() -> None:
    graph, losses, grads = large(3), [], []
    for sampled in (False, True):
        net = network(2)
        pieces = gn.neighbor_batches(graph, (-1, -1), 32, shuffle=True, seed=0) if sampled else [graph]
        total = torch.zeros((), dtype=torch.float64)
        for piece in pieces:
            count = int(piece.globals["num_seeds"]) if sampled else piece.num_nodes
            loss = torch.nn.functional.cross_entropy(
                net(piece).x[:count], piece.nodes["label"][:count], reduction="sum"
            )
            loss.backward()
            total += loss.detach()
        losses.append(total)
        grads.append([parameter.grad for parameter in net.parameters()])
    torch.testing.assert_close(losses[0], losses[1])
    for whole, parts in zip(*grads, strict=True):
        torch.testing.assert_close(whole, parts)


def test_fields_links_and_records_travel() -> None:
    graph = large(1, (50, 40))
    piece = gn.sample_neighbors(graph, torch.tensor([70, 3, 12]), (2, 3), seed=0)
    nodes, rows = piece.nodes["node_id"], piece.edges["edge_id"]
    links, own = graph.topology.links, piece.topology.links
    assert torch.equal(piece.x, graph.x[nodes]) and torch.equal(piece.nodes["label"], graph.nodes["label"][nodes])
    assert (
        torch.equal(piece.edge_attr, graph.edge_attr[rows])
        and own.edge_type is not None
        and links.edge_type is not None
    )
    assert torch.equal(own.edge_type, links.edge_type[rows])
    assert torch.equal(nodes[own.senders], links.senders[rows]) and torch.equal(
        nodes[own.receivers], links.receivers[rows]
    )
    assert piece.globals["num_seeds"].tolist() == [2, 1] and piece.globals["name"].tolist() == [50, 40]
    assert piece.meta == graph.meta and len(rows.unique()) == len(rows) and len(nodes.unique()) == len(nodes)
    assert int(own.degrees[:2].max()) <= 2 and int(own.degrees.max()) <= 3
    assert torch.equal(
        gn.Graph(own.senders, own.receivers, piece.topology.node_counts, own.edge_type).links.senders, own.senders
    )
    assert len(piece[1].nodes["node_id"]) == int(piece.topology.node_counts[1])


def test_masks_name_seeds_and_no_seeds_are_no_nodes() -> None:
    graph = large()
    mask = torch.zeros(200, dtype=torch.bool)
    mask[[4, 9]] = True
    assert gn.sample_neighbors(graph, mask, ()).nodes["node_id"].tolist() == [4, 9]
    none = gn.sample_neighbors(graph, [], (3, 3))
    assert none.num_nodes == 0 and none.topology.links.num_edges == 0 and len(none) == 1
    alone = gn.sample_neighbors(gn.graph(torch.empty(2, 0).long(), num_nodes=3), [1], (5, 5))
    assert alone.num_nodes == 1
    assert gn.sample_neighbors(graph, [3], (0,)).num_nodes == 1


def flat(lists: list[list[int]]) -> list[int]:
    return [node for part in lists for node in part]


def test_batches_visit_every_seed_once_and_are_repeatable() -> None:
    graph = large()
    train = torch.arange(200) % 3 == 0

    def visited(**options: object) -> list[list[int]]:
        found = gn.neighbor_batches(graph, (2, 2), 20, seeds=train, **options)  # pyright: ignore[reportArgumentType]
        return [b.nodes["node_id"][: int(b.globals["num_seeds"])].tolist() for b in found]

    once, again, other = (visited(shuffle=True, seed=seed) for seed in (0, 0, 1))
    assert once == again != other
    assert sorted(flat(once)) == sorted(flat(other)) == train.nonzero().flatten().tolist()
    assert flat(visited()) == train.nonzero().flatten().tolist()
    assert [len(part) for part in visited(drop_last=True)] == [20, 20, 20]
    first, second = (next(iter(gn.neighbor_batches(graph, (1,), 50, seed=seed))) for seed in (0, 1))
    assert first.edges["edge_id"].tolist() != second.edges["edge_id"].tolist()
