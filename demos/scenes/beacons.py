"""One question on five structures: which dots are nearer to a red beacon than to a blue one?

A third of the nodes carry a dot, a few carry a beacon, and a dot takes the colour of the beacon that is fewest steps
away. Chain, image and volume are lattices, the cloud is the surface of a ring, the graph a maze.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.sparse import coo_matrix, csgraph
from torch import Tensor

import geonets as gn

EMPTY, RED, BLUE = 0, 1, 2
BEACONS = {"chain": 4, "image": 2, "volume": 2, "cloud": 2, "graph": 4}
LOUD = 10.0  # two nodes in a thousand must be heard at first


def blank(kind: str, count: int, random: np.random.Generator) -> gn.Structure:
    """Structures without features."""
    match kind:
        case "chain":
            return gn.Structure(gn.Chain(128, num_items=count))
        case "image":
            return gn.Structure(gn.Grid((36, 36), num_items=count))
        case "volume":
            return gn.Structure(gn.Grid((4, 4, 54), num_items=count))
        case "cloud":
            return gn.points([torus(random) for _ in range(count)])
        case _:
            return gn.batch([maze(random) for _ in range(count)])


def torus(random: np.random.Generator, count: int = 600) -> Tensor:
    """Points on the surface of a ring."""
    around, across = random.uniform(0, 2 * np.pi, (2, count))
    radius = 2 + 0.6 * np.cos(across)
    places = np.stack([radius * np.cos(around), radius * np.sin(around), 0.6 * np.sin(across)], 1)
    return torch.tensor(places, dtype=torch.float32)


def maze(random: np.random.Generator, side: int = 12) -> gn.Structure:
    """A random tree on a square lattice: one way from everywhere to everywhere."""
    links = gn.Grid((side, side)).links
    walls = coo_matrix((random.random(links.num_edges) + 0.1, (links.senders.numpy(), links.receivers.numpy())))
    ways = torch.tensor(np.stack(csgraph.minimum_spanning_tree(walls).nonzero()), dtype=torch.long)
    return gn.graph(torch.cat([ways, ways.flip(0)], 1), num_nodes=side * side)


def scenes(kind: str, count: int, seed: int) -> gn.Structure:
    """`x`: red beacon, blue beacon, dot; `y`: empty, red, blue; `steps`: to the nearest beacon."""
    random = np.random.default_rng(seed)
    structure = blank(kind, count, random)
    links, total = gn.Near(6).edges(structure), structure.num_nodes
    ways = coo_matrix((np.ones(links.num_edges), (links.senders.numpy(), links.receivers.numpy())), (total, total))
    starts = structure.topology.node_offsets[:-1].numpy()
    places = np.stack([start + random.choice(total // count, BEACONS[kind], replace=False) for start in starts])
    red, blue = (
        csgraph.dijkstra(ways, False, places[:, colour::2].ravel(), unweighted=True, min_only=True) for colour in (0, 1)
    )
    gap = np.nan_to_num(red - blue)  # cut off from all beacons: no dot
    dots = (random.random(total) < 1 / 3) & (np.abs(gap) >= 3)  # none where the colour is a close call
    dots[places] = False
    x = np.zeros((total, 3), np.float32)
    x[places[:, ::2], 0], x[places[:, 1::2], 1], x[:, 2] = LOUD, LOUD, dots
    fields = {"x": x, "y": np.where(dots, np.where(gap < 0, RED, BLUE), EMPTY), "steps": np.minimum(red, blue)}
    return structure.replace(nodes={name: torch.from_numpy(field) for name, field in fields.items()})
