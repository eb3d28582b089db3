"""A layer on trial: a float64 copy of it, what it answers, and how far two answers lie apart."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from geonets.check.report import Gap, Place, Report
from geonets.core.errors import DtypeError
from geonets.core.structure import Structure
from geonets.core.topology import Lattice, Topology

Call = Callable[[Any, Structure], Any]
LEVELS = ("nodes", "edges", "globals")


@dataclasses.dataclass(frozen=True, eq=False)
class Answer:
    """One tensor that a layer returns.

    Args:
        name: of the field.
        level: `"nodes"`, `"edges"` or `"globals"`: what its rows stand for.
        rows: the tensor.
        structure: whose field it is.
    """

    name: str
    level: str
    rows: Tensor
    structure: Structure

    @property
    def topology(self) -> Topology:
        """Whose rows these are."""
        return self.structure.topology

    def of_items(self, items: Any) -> Answer:
        """What it says of some items, one item after another."""
        part = self.structure[items]
        return Answer(self.name, self.level, getattr(part, self.level)[self.name], part)


class Trial:
    """A layer in float64, which can be asked again and again while the user's own stays as it is.

    Args:
        layer: a module, or any function of structures.
        structure: what it is tried on.
        training: leave the copy in training mode.
        call: how the layer is called; `layer(structure)` unless given.
        seed: of all that is random, in here and in the layer.
    """

    def __init__(self, layer: Any, structure: Any, training: bool, call: Call | None, seed: int) -> None:
        if not isinstance(structure, Structure):
            raise DtypeError(
                f"`structure` must be a Structure to be checked on; got {type(structure).__name__}. "
                "Build one with gn.chain, gn.grid, gn.points or gn.graph."
            )
        self.name = type(layer).__name__ if isinstance(layer, nn.Module) else getattr(layer, "__name__", "function")
        self.layer = copy.deepcopy(layer)
        if isinstance(self.layer, nn.Module):
            self.layer.to(torch.float64).train(training)
        self.structure = structure.to(torch.float64)
        self.call: Call = call or (lambda layer, structure: layer(structure))
        self.seed = seed
        self.generator = torch.Generator().manual_seed(seed)

    def __call__(self, structure: Structure) -> list[Answer]:
        """What the layer answers, gradients not recorded."""
        with torch.no_grad():
            return self.answers(structure)

    def answers(self, structure: Structure) -> list[Answer]:
        """What the layer answers: `x`, and every other floating-point field that it changed."""
        elsewhere = [self.structure.device] if self.structure.device.type == "cuda" else []
        with torch.random.fork_rng(devices=elsewhere):
            torch.default_generator.manual_seed(self.seed)  # torch.manual_seed asks for all devices, 2 ms
            if elsewhere:
                torch.cuda.manual_seed_all(self.seed)
            return list(_answers(self.call(self.layer, structure), structure, self.name))

    def normal(self, like: Tensor) -> Tensor:
        """Random numbers of the shape of a tensor."""
        drawn = torch.randn(like.shape, generator=self.generator, dtype=torch.float64)
        return drawn.to(like.device)

    def order(self, count: int) -> Tensor:
        """A random order of so many things."""
        return torch.randperm(count, generator=self.generator).to(self.structure.device)

    def parameters(self) -> dict[str, Tensor]:
        """The copy's parameters by name."""
        return dict(self.layer.named_parameters()) if isinstance(self.layer, nn.Module) else {}

    def report(
        self,
        check: str,
        worst: Gap,
        tolerance: float,
        verdict: str,
        tried: str,
        *,
        law: str,
        advice: str,
        ok: bool | None = None,
        details: tuple[str, ...] = (),
    ) -> Report:
        """What a check found on this trial; the law holds unless the worst gap is too large, or as said by `ok`."""
        holds = not worst.too_large if ok is None else ok
        on = repr(self.structure.topology)
        found = worst.worst, worst.relative, tolerance, worst.where, worst.what
        return Report(check, self.name, on, holds, verdict, *found, tried, details, law, advice)

    def leaves(self, structure: Structure) -> tuple[Structure, dict[str, Tensor]]:
        """The same structure with floating-point features of which gradients are recorded, and these by name."""
        leaves: dict[str, Tensor] = {}
        changes: dict[str, dict[str, Tensor]] = {level: {} for level in LEVELS}
        for level in LEVELS:
            for name, field in getattr(structure, level).items():
                if field.is_floating_point() and name != "y":
                    leaves[name] = changes[level][name] = field.detach().clone().requires_grad_()
        return structure.replace(**{level: fields for level, fields in changes.items() if fields}), leaves


def projection(answers: list[Answer], weights: list[Tensor]) -> Tensor:
    """One number: the sum of all answers, weighted."""
    return sum(((answer.rows * weight).sum() for answer, weight in zip(answers, weights, strict=True)), torch.zeros(()))


def gradients_of(total: Tensor, wanted: list[Tensor], graph: bool = False) -> list[Tensor]:
    """The gradients, zeros where there are none."""
    if not total.requires_grad or not wanted:
        return [torch.zeros_like(part) for part in wanted]
    grads = torch.autograd.grad(total, wanted, allow_unused=True, create_graph=graph)
    return [torch.zeros_like(part) if grad is None else grad for part, grad in zip(wanted, grads, strict=True)]


def gap_between(expected: Tensor, found: Answer, tolerance: float, what: str) -> Gap:
    """How far an answer is from what was expected, where it is worst, and whether that is too far."""
    rows = found.rows
    if expected.shape != rows.shape:
        note = f"{what}: rows {tuple(rows.shape)} in place of {tuple(expected.shape)}"
        return Gap(float("inf"), float("inf"), True, None, note)
    if not rows.numel():
        return Gap(0.0, 0.0, False, None, what)
    errors = distances(expected, rows)
    scale = scale_of(expected)
    entry = int(errors.flatten().argmax())
    worst = float(errors.flatten()[entry])
    place = place_of(found, entry // errors[0].numel(), entry % errors[0].numel())
    return Gap(worst, worst / scale, worst > tolerance * scale, place, what)


def distances(expected: Tensor, found: Tensor) -> Tensor:
    """`(N, ...)` absolute differences; infinite where one of the two is no number."""
    same = (expected == found) | (expected.isnan() & found.isnan())
    return torch.where(same, 0.0, (expected - found).abs().nan_to_num(torch.inf, torch.inf, torch.inf))


def scale_of(*tensors: Tensor) -> float:
    """The largest finite entry, 1 where there is none but zeros: what differences are measured in."""
    peaks = [float(tensor.abs().nan_to_num(0.0, 0.0, 0.0).max()) for tensor in tensors if tensor.numel()]
    return max(peaks, default=0.0) or 1.0


def place_of(answer: Answer, row: int, channel: int) -> Place:
    """Where a row of an answer is."""
    channels = answer.rows[0].numel()
    named = channel if channels > 1 else None
    if answer.level != "nodes":
        return Place(answer.name, answer.level, row, None, None, named, None)
    topology = answer.topology
    item = int(topology.item_ids[row])
    node = row - int(topology.node_offsets[item])
    if not isinstance(topology, Lattice):
        return Place(answer.name, "nodes", node, item, None, named, None)
    coordinates = topology.coordinates()[row]
    last = topology.sizes.sizes[item] - 1
    at_border = bool(((coordinates == 0) | (coordinates == last)).any())
    along = dict(zip(topology.axes, coordinates.tolist(), strict=True))
    return Place(answer.name, "nodes", node, item, along, named, at_border)


def on_nodes(answer: Answer, given: Structure) -> bool:
    """Whether the rows of an answer are those of the nodes that were given."""
    return answer.level == "nodes" and torch.equal(answer.topology.node_counts, given.topology.node_counts)


def on_items(answer: Answer, given: Structure) -> bool:
    """Whether an answer has one row an item."""
    one_each = answer.topology.uniform == (1,) and len(answer.structure) == len(given)
    return answer.level == "globals" or (one_each and answer.level == "nodes")


def _answers(result: Any, given: Structure, layer: str) -> Iterator[Answer]:
    if isinstance(result, Structure):
        for level in LEVELS:
            for name, field in getattr(result, level).items():
                untouched = field is getattr(given, level).get(name) and (level, name) != ("nodes", "x")
                if field.is_floating_point() and not untouched:
                    yield Answer(name, level, field, result)
    elif isinstance(result, Tensor) and result.ndim and len(result) in (given.num_nodes, len(given)):
        level = "nodes" if len(result) == given.num_nodes else "globals"
        yield Answer("x", level, result, given.replace(**{level: {"x": result}}))
    else:
        got = f"a tensor of shape {tuple(result.shape)}" if isinstance(result, Tensor) else type(result).__name__
        raise DtypeError(
            f"`layer` must return a Structure, or rows of nodes or items, to be checked; got {got} ({layer}). "
            "Choose a part of what it returns: call=lambda layer, structure: layer(structure)[0]."
        )
