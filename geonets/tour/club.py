"""Zachary's karate club from two labels: who your friends are tells where you go."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor, nn
from torch.nn import functional

import geonets.nn as layers
from geonets.core.structure import Structure
from geonets.data.interop import from_networkx
from geonets.tour.breakage import without_edges
from geonets.tour.trials import Bound, Budget, Contest, Part, Solid, Task, Trial
from geonets.training import accuracy

TEXT = """
34 members of a karate club, 78 friendships, and a quarrel between the instructor and the president, after which
the club split (Zachary 1977). Only the sides of these two are told, and members have no features but
their own number (one-hot). Two rounds of GCN carry the two labels along the friendships; the twin is trained alike, on
a club without any. Tested on the 32 others; for whoever knows nothing that is a toss of 32 coins, so both are trained
five times, and the score is the mean.
"""
INSTRUCTOR, PRESIDENT = 0, 33
SIDES = ("Mr. Hi", "Officer")
UNTOLD = -100
"""The class that `cross_entropy` leaves out."""
STARTS = 5
BUDGET = Budget(500, 1, 1e-2, schedule=None)


def members() -> Structure:
    """The club as one graph; `y` is the side of each member."""
    import networkx

    network = networkx.karate_club_graph()
    side = torch.tensor([SIDES.index(network.nodes[member]["club"]) for member in network])
    friends = from_networkx(network)
    return friends.replace(x=torch.eye(friends.num_nodes), nodes={"y": side})


def graph_model() -> nn.Module:
    """Two rounds of GCN, with dropout between them as in Kipf & Welling 2017."""
    return layers.Sequential(layers.GCNConv(34, 32), layers.ReLU(), layers.Dropout(0.5), layers.GCNConv(32, 2))


def visit(seed: int = 0, quick: bool = False) -> Part:
    """Train on the club, and on one without friendships."""
    friends = members()
    strangers = _with_sides(without_edges(friends), friends.nodes["y"])
    told = torch.zeros(friends.num_nodes, dtype=torch.bool)
    told[[INSTRUCTOR, PRESIDENT]] = True
    labels = torch.where(told, friends.y, UNTOLD)

    def untold(rows: Tensor, target: Tensor) -> float:
        return accuracy(rows[~told], target[~told])

    def run(name: str, given: Structure, asked: Bound, broken: bool = False) -> Trial:
        seeds = range(seed * STARTS, seed * STARTS + (1 if quick else STARTS))
        tasks = [Task(functional.cross_entropy, untold, BUDGET, start, quick) for start in seeds]
        learn = _with_sides(given, labels)
        trials = [task.run(name, graph_model, learn, given, asked, broken) for task in tasks]
        return dataclasses.replace(trials[0], score=sum(trial.score for trial in trials) / len(trials))

    model = run("GCN", friends, Bound(">=", 31 / 32))
    alone = run("no edges", strangers, Bound("<=", 0.6), broken=True)
    predicted = model.rows.argmax(1)
    wrong = (predicted != friends.y).nonzero().flatten().tolist()
    names = [f"with {SIDES[side]}" for side in predicted.tolist()]
    misses = ", ".join(f"member {member}" for member in wrong) or "nobody"
    caption = f"As predicted from two labels. Put on the wrong side: {misses}."
    view = Solid(friends, names, "The club after the quarrel", caption)
    return Part("A karate club: a graph of people", TEXT, (Contest("club", "accuracy", model, (alone,)),), (view,))


def _with_sides(structure: Structure, sides: Tensor) -> Structure:
    return structure.replace(nodes={"y": sides})
