"""What every recurrent layer does with its spec: all of a structure at once, a step at a time, or window by window."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor

from geonets.core.errors import ShapeError, UnsupportedError
from geonets.core.structure import Structure
from geonets.core.topology import Chain
from geonets.core.windows import windows
from geonets.engine.plan import run
from geonets.engine.spec import RecurOperands, RecurSpec
from geonets.engine.spec.recur import FORWARD
from geonets.nn.layer import Layer, features, remembered

State = Tensor | tuple[Tensor, ...]
spec_of = remembered(RecurSpec)


class Recurrence(Layer, abc.ABC):
    """`h_i = cell(x_i, reduce_{j -> i} h_j)` in topological order: a spec, and the operands that belong to it."""

    @property
    @abc.abstractmethod
    def spec(self) -> RecurSpec:
        """What the planner reads."""

    @abc.abstractmethod
    def operands(self, x: Tensor, state: tuple[Tensor, ...] | None) -> RecurOperands:
        """The tensors that the planner's choice computes on."""

    def forward(self, input: Any, hx: State | None = None, return_state: bool = False) -> Any:
        """Process a chain, or any acyclic graph, from its beginnings to its ends.

        Args:
            input: nodes with `input_size` channels.
            hx: state before the first node of every item: `(layers * directions, B, H)`, for an LSTM `(h, c)`.
            return_state: also return the state after the last node, in the same form.

        Returns:
            A Structure with `directions * H` channels; with `return_state` a pair of it and the state.

        Raises:
            StructureError: if the graph has a cycle.
            UnsupportedError: if `return_state` is asked of anything but chains.
        """
        x, spec = features(input, getattr(self, "input_size", None)), self.spec
        state = None if hx is None else hx if isinstance(hx, tuple) else (hx,)
        state = None if state is None else _checked_state(spec, state, len(input))
        rows, last = run(spec, self.operands(x, state), input, training=self.training)
        out = input.replace(x=rows)
        if not return_state:
            return out
        if last is None:
            raise UnsupportedError(
                f"`return_state` must be asked of chains only, where one node is the last; got {input.topology!r}. "
                "Read the rows of the nodes that you need."
            )
        last = tuple(part[0] for part in last) if spec.cell == "opaque" else last
        return out, last[0] if len(last) == 1 else last

    def step(self, input: Any, hx: State | None = None) -> Any:
        """Process the next step of every chain, as it arrives.

        Args:
            input: `(B, C)` rows, one a chain, or a Structure with these rows.
            hx: what the last call returned, or `return_state` of a longer stretch; None before the first step.

        Returns:
            A pair of the output, rows or a Structure as it was given, and the state.

        Raises:
            UnsupportedError: if the layer also reads its chains from their ends.
        """
        spec = self.spec
        if spec.directions != FORWARD or spec.rounds:
            raise UnsupportedError(
                "`step` must be asked of layers that read forward, in one direction; "
                f"got {self}. Give it the whole chain, whose end it reads too."
            )
        rows = features(input) if isinstance(input, Structure) else input
        arrived = Structure(Chain(1, num_items=len(rows)), {"x": rows})
        out, state = self.forward(arrived, hx, return_state=True)
        return input.replace(x=out.x) if isinstance(input, Structure) else out.x, state

    def truncated(
        self,
        input: Structure,
        steps: int,
        hx: State | None = None,
        before: Callable[[Structure], Structure] | None = None,
    ) -> Iterator[tuple[Structure, Structure, State]]:
        """Go through long chains window by window; the state goes on, its gradient ends with the window.

        Values are those of the whole run. Call `backward` for each window, and the memory is that of one.

        Args:
            input: chains of any lengths.
            steps: steps of a window.
            hx: state before the first.
            before: what each window passes first, such as an embedding, so that it is part of the window's graph.

        Yields:
            The window with all its fields, the layer's output on it, and the state after it, cut from the graph.

        Raises:
            OptionError: if `steps` is not positive.
            UnsupportedError: if the input is no batch of chains, or the layer also reads its chains from their ends.

        Reference: Williams & Peng, "An efficient gradient-based algorithm for on-line training of recurrent network
            trajectories", 1990.

        Example:
            >>> import torch, geonets as gn
            >>> lstm, text = gn.nn.LSTM(3, 8), gn.chain(torch.randn(2, 100, 3), nodes={"y": torch.randn(200, 8)})
            >>> for part, out, state in lstm.truncated(text, steps=35):
            ...     (out.x - part.y).square().mean().backward()
        """
        for part in windows(input, steps):
            out, state = self(part if before is None else before(part), hx, return_state=True)
            state = tuple(half.detach() for half in state) if isinstance(state, tuple) else state.detach()
            yield part, out, state
            hx = state


def _checked_state(spec: RecurSpec, state: tuple[Tensor, ...], num_items: int) -> tuple[Tensor, ...]:
    """The state with one axis for layers and directions, which an opaque cell's user leaves out."""
    layers = () if spec.cell == "opaque" else (spec.num_layers * spec.num_directions,)
    shapes = [(*layers, num_items, size) for size in spec.parts]
    if [tuple(part.shape) for part in state] != shapes:
        form = "(h, c)" if spec.cell == "lstm" else "tensors"
        wanted = f"a tensor of shape {shapes[0]}" if len(shapes) == 1 else f"a tuple {form} of shapes {shapes}"
        axes = "(items, size)" if spec.cell == "opaque" else "(layers * directions, items, hidden)"
        raise ShapeError(
            f"`hx` must be {wanted} {axes}; got {[tuple(part.shape) for part in state]}. "
            "Pass what return_state=True gave, or leave it out for zeros."
        )
    return tuple(part[None] for part in state) if spec.cell == "opaque" else state
