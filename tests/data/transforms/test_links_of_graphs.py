"""Links and encodings of graphs; PyG's transforms and NetworkX are witnesses."""

from __future__ import annotations

import networkx
import pytest
import torch
from torch_geometric import transforms as pyg
from torch_geometric import utils
from torch_geometric.data import Data

import geonets as gn
from geonets import transforms as t


def random_graph(seed: int, count: int = 12, links: int = 30) -> torch.Tensor:
    return torch.randint(0, count, (2, links), generator=torch.Generator().manual_seed(seed))


def pairs(structure: gn.Structure) -> list[tuple[int, int]]:
    links = structure.topology.links
    return sorted(zip(links.senders.tolist(), links.receivers.tolist(), strict=True))


def their_pairs(edge_index: torch.Tensor) -> list[tuple[int, int]]:
    return sorted(map(tuple, edge_index.T.tolist()))


@pytest.mark.parametrize("seed", range(10))
def test_pyg_has_the_same_links(seed: int) -> None:
    edge_index = random_graph(seed)
    graph = gn.graph(edge_index, num_nodes=12)
    assert pairs(t.coalesce(graph)) == their_pairs(utils.coalesce(edge_index))
    assert pairs(t.remove_self_loops(graph)) == their_pairs(utils.remove_self_loops(edge_index)[0])
    simple = t.coalesce(graph)
    theirs = pyg.ToUndirected()(Data(edge_index=utils.coalesce(edge_index), num_nodes=12))
    assert pairs(t.to_undirected(simple)) == their_pairs(theirs.edge_index)
    bare = utils.remove_self_loops(edge_index)[0]
    theirs = pyg.AddSelfLoops()(Data(edge_index=bare, num_nodes=12))
    assert pairs(t.add_self_loops(gn.graph(bare, num_nodes=12))) == their_pairs(theirs.edge_index)
    ours = t.add_self_loops(graph)
    assert pairs(ours) == pairs(t.add_self_loops(ours))
    largest = pyg.LargestConnectedComponents()(Data(edge_index=edge_index, num_nodes=12))
    assert t.largest_component(graph).num_nodes == largest.num_nodes
    one_hot = pyg.OneHotDegree(30, in_degree=True)(Data(edge_index=edge_index, num_nodes=12)).x
    assert torch.equal(t.one_hot(t.degree(graph), "degree", 31, into="x").x, one_hot)


@pytest.mark.parametrize("reduce", ["sum", "mean", "max", "min"])
def test_pyg_merges_fields_alike(reduce: str) -> None:
    for seed in range(5):
        edge_index, weight = random_graph(seed, 5, 40), torch.randn(40, 2, dtype=torch.float64)
        merged, theirs = utils.coalesce(edge_index, weight, reduce=reduce)
        ours = t.coalesce(gn.graph(edge_index, edge_attr=weight, num_nodes=5), reduce)
        links = ours.topology.links
        places = {tuple(pair): row for row, pair in enumerate(merged.T.tolist())}
        rows = [places[pair] for pair in zip(links.senders.tolist(), links.receivers.tolist(), strict=True)]
        torch.testing.assert_close(ours.edge_attr, theirs[rows])


def as_given(links: gn.EdgeList) -> list[list[int]]:
    """Senders, receivers and types."""
    assert links.edge_type is not None
    return [links.in_input_order(rows).tolist() for rows in (links.senders, links.receivers, links.edge_type)]


def test_links_keep_their_order_types_and_fields() -> None:
    edge_index = torch.tensor([[2, 0, 2, 0, 1], [0, 1, 0, 1, 0]])
    graph = gn.graph(edge_index, edge_attr=torch.arange(5.0)[:, None], edge_type=torch.tensor([0, 0, 0, 1, 0]))
    merged = t.coalesce(graph, "first")
    links = merged.topology.links
    given = as_given(links)
    assert given == [[2, 0, 0, 1], [0, 1, 1, 0], [0, 0, 1, 0]]
    assert links.in_input_order(merged.edge_attr).flatten().tolist() == [0, 1, 3, 4]
    both = t.to_undirected(graph)
    links = both.topology.links
    given = as_given(links)
    assert given == [[2, 0, 2, 0, 1, 0, 0, 1], [0, 1, 0, 1, 0, 2, 2, 0], [0, 0, 0, 1, 0, 0, 0, 1]]
    assert links.in_input_order(both.edge_attr).flatten().tolist() == [0, 1, 2, 3, 4, 0, 2, 3]
    looped = t.add_self_loops(graph, {"edge_attr": -1.0}, edge_type=7)
    links = looped.topology.links
    assert links.in_input_order(looped.edge_attr).flatten().tolist() == [0, 1, 2, 3, 4, -1, -1, -1]
    assert as_given(links)[2][-3:] == [7, 7, 7]
    counted = graph.replace(edge_attr=None, edges={"count": torch.tensor([1, 1, 1, 1, 1])})
    assert sorted(t.coalesce(counted).edges["count"].tolist()) == [1, 1, 1, 2]


def test_chains_and_grids_have_links_too() -> None:
    chain = gn.chain([torch.randn(4, 1), torch.randn(2, 1)])
    looped = t.add_self_loops(chain, edge_type=9)
    assert looped.topology.links.num_edges == 8 + 6 and looped.topology.node_counts.tolist() == [4, 2]
    walks = t.random_walk_encoding(chain, 2).nodes["random_walk"]
    assert walks[:, 1].tolist() == [0.5, 0.75, 0.75, 0.5, 1.0, 1.0]


@pytest.mark.parametrize("seed", range(6))
def test_walks_are_pygs_and_matrix_powers(seed: int) -> None:
    edge_index = utils.coalesce(random_graph(seed))
    theirs = pyg.AddRandomWalkPE(6, attr_name="walk")(Data(edge_index=edge_index, num_nodes=12)).walk
    graph = gn.graph(edge_index, num_nodes=12)
    torch.testing.assert_close(t.random_walk_encoding(graph, 6).nodes["random_walk"], theirs)


def test_walks_of_a_large_graph_are_found_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = gn.graph(random_graph(0, 60, 200), num_nodes=60)
    whole = t.random_walk_encoding(graph, 4).nodes["random_walk"]
    monkeypatch.setattr("geonets.data.transforms.encodings.ENTRIES", 1500)
    assert torch.equal(t.random_walk_encoding(graph, 4).nodes["random_walk"], whole)


def connected(seed: int, count: int = 14) -> networkx.Graph:
    return networkx.connected_watts_strogatz_graph(count, 4, 0.4, seed=seed)


@pytest.mark.parametrize("dense", [1024, 3])
@pytest.mark.parametrize("seed", range(4))
def test_eigenvectors_are_pygs_up_to_sign(seed: int, dense: int) -> None:
    network = connected(seed)
    edge_index = utils.from_networkx(network).edge_index
    data = pyg.AddLaplacianEigenvectorPE(3, attr_name="pe")(Data(edge_index=edge_index, num_nodes=14))
    found = t.laplacian_encoding(gn.graph(edge_index), 3, dense=dense).nodes["laplacian"]
    torch.testing.assert_close(found.abs(), data.pe.abs(), atol=1e-4, rtol=1e-4)
    matrix = torch.from_numpy(networkx.normalized_laplacian_matrix(network).toarray()).float()
    values = torch.linalg.eigvalsh(matrix)[1:4]
    torch.testing.assert_close(matrix @ found, found * values, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found.T @ found, torch.eye(3), atol=1e-4, rtol=1e-4)
    assert bool((found.gather(0, found.abs().argmax(0)[None]) > 0).all())


def test_small_items_have_empty_columns_and_flips_change_signs_only() -> None:
    networks = [connected(1), networkx.path_graph(2), networkx.empty_graph(1), connected(2, 9), connected(3, 9)]
    items = [gn.graph(torch.tensor([*n.edges], dtype=torch.long).reshape(-1, 2).T, num_nodes=len(n)) for n in networks]
    batch = gn.batch(items)
    plain = t.laplacian_encoding(batch, 4).nodes["laplacian"]
    assert plain[14:16, 1:].abs().sum() == 0 and plain[16].abs().sum() == 0
    torch.testing.assert_close(plain[14:16, 0].abs(), torch.full((2,), 0.5).sqrt())
    for item, network in zip(t.laplacian_encoding(batch, 4), items, strict=True):
        torch.testing.assert_close(item.nodes["laplacian"], t.laplacian_encoding(network, 4).nodes["laplacian"])
    flipped = t.laplacian_encoding(batch, 4, flips=True, seed=1).nodes["laplacian"]
    assert torch.equal(flipped.abs(), plain.abs()) and not torch.equal(flipped, plain)
    signs = (flipped[:14] / plain[:14]).sign()
    assert torch.equal(signs, signs[:1].expand_as(signs))


@pytest.mark.parametrize("seed", range(5))
def test_the_largest_component_is_networkxs(seed: int) -> None:
    edge_index = random_graph(seed, 20, 14)
    network = networkx.MultiDiGraph()
    network.add_nodes_from(range(20))
    network.add_edges_from(edge_index.T.tolist())
    parts = [sorted(part) for part in networkx.weakly_connected_components(network)]
    largest = min(parts, key=lambda part: (-len(part), part))
    graph = gn.graph(edge_index, num_nodes=20, nodes={"number": torch.arange(20)})
    assert t.largest_component(graph).nodes["number"].tolist() == largest
