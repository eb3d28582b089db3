"""Pickles of numbers, read without ever being run: arrays, sparse matrices, lists and dicts, and nothing else."""

from __future__ import annotations

import dataclasses
import math
import pickletools
from collections.abc import Callable
from typing import Any, final

import numpy as np

from geonets.core.errors import ReadError
from geonets.data.readers.source import Source

ARRAY = {"numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct"}
SPARSE = {"scipy.sparse.csr csr_matrix", "scipy.sparse._csr csr_matrix"}
EMPTY = {"collections defaultdict": dict, "__builtin__ list": list, "builtins list": list}
DTYPE, ENCODE = "numpy dtype", "_codecs encode"
KNOWN = ARRAY | SPARSE | EMPTY.keys() | {DTYPE, ENCODE, "numpy ndarray"}
"""The names that a pickle may mention; none of them is imported."""

NUMBERS = {"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"}
"""The kinds of numbers that an array may have."""


@final
@dataclasses.dataclass(frozen=True)
class Sparse:
    """A sparse matrix as its pickle describes it, its rows one after another; nothing is checked yet."""

    shape: Any
    pointers: Any
    columns: Any
    values: Any


@final
@dataclasses.dataclass(frozen=True)
class _Name:
    """A class or function of a library, which is not imported."""

    name: str


@final
@dataclasses.dataclass
class _Thing:
    """What a pickle says of an array, a dtype or a sparse matrix, before it is one."""

    name: str
    arguments: tuple[Any, ...]
    state: Any = None


def pickled(source: Source) -> Any:
    """What a pickle holds: a NumPy array of numbers, a `Sparse` matrix, or lists and dicts of numbers and strings.

    The instructions are followed one by one without importing or calling what they name, so nothing in them can run,
    and no memory is taken but for bytes that are there.

    Raises:
        ReadError: at the byte of the first instruction that wants anything else, or if the file is cut.
    """
    machine = _Machine(source)
    try:
        for code, argument, position in pickletools.genops(source.content):
            machine.position = position or 0
            machine.step(code.name, argument)
        return machine.finished(machine.stack[-1])
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError) as error:
        if isinstance(error, ReadError):
            raise
        got = f"a broken one ({type(error).__name__}: {error})"
        raise source.error("be a whole pickle", got, f"byte {machine.position}", "Fetch it again.") from None


@final
class _Machine:
    """The stack and the memory of a pickle."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.position = 0
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memory: dict[int, Any] = {}

    def step(self, code: str, argument: Any) -> None:
        """Follow one instruction."""
        if code in ARGUMENTS:
            self.stack.append(argument)
        elif code in CONSTANTS:
            self.stack.append(CONSTANTS[code]())
        else:
            self.demand(code in INSTRUCTIONS, f"the instruction {code}")
            INSTRUCTIONS[code](self, argument)

    def demand(self, held: bool, got: str) -> None:
        """Raise unless what holds for every table of numbers does."""
        if not held:
            cure = "Do not open it with pickle; fetch it from a source that you trust."
            raise self.source.error("hold numbers only", got, f"byte {self.position}", cure)

    def taken(self, count: int) -> list[Any]:
        """The last entries of the stack, which leave it."""
        start = len(self.stack) - count
        self.demand(start >= (self.marks[-1] if self.marks else 0), "an instruction without its entries")
        taken = self.stack[start:]
        del self.stack[start:]
        return taken

    def since_mark(self) -> list[Any]:
        """The entries above the last mark, which leave the stack."""
        mark = self.marks.pop()
        taken = self.stack[mark:]
        del self.stack[mark:]
        return taken

    def put(self, number: int | None) -> None:
        """Remember the last entry."""
        self.memory[len(self.memory) if number is None else number] = self.stack[-1]

    def name(self, name: str) -> None:
        """Mention a class or function."""
        self.demand(name in KNOWN, f"the name {name.replace(' ', '.')}")
        self.stack.append(_Name(name))

    def extend(self, entries: list[Any]) -> None:
        """Put entries at the end of a list."""
        self.demand(isinstance(self.stack[-1], list), f"entries for {type(self.stack[-1]).__name__}")
        self.stack[-1].extend(entries)

    def update(self, entries: list[Any]) -> None:
        """Put keys and values into a dict; the hash of a deep key would overflow the process's stack."""
        self.demand(isinstance(self.stack[-1], dict), f"items for {type(self.stack[-1]).__name__}")
        odd = next((type(key).__name__ for key in entries[::2] if not isinstance(key, int | str)), None)
        self.demand(odd is None, f"a key that is {odd}")
        self.stack[-1].update(zip(entries[::2], entries[1::2], strict=True))

    def build(self, state: Any) -> None:
        """Give a thing its state."""
        self.demand(isinstance(self.stack[-1], _Thing), f"a state for {type(self.stack[-1]).__name__}")
        self.stack[-1].state = state

    def make(self, maker: Any, arguments: Any) -> None:
        """Put in what a call would give, were it made."""
        self.demand(isinstance(maker, _Name) and isinstance(arguments, tuple), "a call of what has no name")
        if maker.name in EMPTY:
            self.stack.append(EMPTY[maker.name]())
        elif maker.name == ENCODE:  # how protocol 2 writes bytes
            self.stack.append(arguments[0].encode("latin-1"))
        else:
            self.stack.append(_Thing(maker.name, arguments))

    def finished(self, value: Any) -> Any:
        """The value, or the array or matrix that it describes."""
        self.demand(not isinstance(value, _Name), f"the name {getattr(value, 'name', '')!r} itself")
        if not isinstance(value, _Thing):
            return value
        if value.name in ARRAY:
            return self.array(value)
        self.demand(value.name in SPARSE and isinstance(value.state, dict), f"{value.name!r} by itself")
        state = value.state
        parts = (self.finished(state[name]) for name in ("indptr", "indices", "data"))
        return Sparse(state.get("_shape", state.get("shape")), *parts)

    def array(self, thing: _Thing) -> np.ndarray:
        """The array that a state `(version, shape, dtype, whether in Fortran order, bytes)` describes."""
        _, shape, dtype, fortran, content = thing.state
        is_number = isinstance(dtype, _Thing) and dtype.name == DTYPE and dtype.arguments[0] in NUMBERS
        self.demand(is_number, "an array of what is no number")
        kind = np.dtype(dtype.arguments[0])
        if dtype.state is not None and dtype.state[1] == ">":
            kind = kind.newbyteorder(">")
        content = content.encode("latin-1") if isinstance(content, str) else content  # as Python 2 writes bytes
        numbers = np.frombuffer(content, kind).astype(kind.newbyteorder("="))
        is_shape = isinstance(shape, tuple) and all(type(size) is int and size >= 0 for size in shape)
        self.demand(is_shape and math.prod(shape) == len(numbers), "an array of another shape than its bytes")
        return numbers.reshape(shape, order="F" if fortran else "C")


ARGUMENTS = {
    *("BININT", "BININT1", "BININT2", "INT", "LONG", "LONG1", "LONG4", "BINFLOAT", "FLOAT"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
}
"""Instructions that put their argument on the stack."""

CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
}
"""Instructions that put the same on the stack whenever they are met."""

INSTRUCTIONS: dict[str, Callable[[_Machine, Any], None]] = {
    **dict.fromkeys(("PROTO", "FRAME", "STOP"), lambda machine, argument: None),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"), _Machine.put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), lambda m, number: m.stack.append(m.memory[number])),
    **dict.fromkeys(("REDUCE", "NEWOBJ"), lambda machine, _: machine.make(*machine.taken(2))),
    "MARK": lambda machine, _: machine.marks.append(len(machine.stack)),
    "GLOBAL": _Machine.name,
    "STACK_GLOBAL": lambda machine, _: machine.name(" ".join(machine.taken(2))),
    "TUPLE1": lambda machine, _: machine.stack.append(tuple(machine.taken(1))),
    "TUPLE2": lambda machine, _: machine.stack.append(tuple(machine.taken(2))),
    "TUPLE3": lambda machine, _: machine.stack.append(tuple(machine.taken(3))),
    "TUPLE": lambda machine, _: machine.stack.append(tuple(machine.since_mark())),
    "LIST": lambda machine, _: machine.stack.append(machine.since_mark()),
    "APPEND": lambda machine, _: machine.extend(machine.taken(1)),
    "APPENDS": lambda machine, _: machine.extend(machine.since_mark()),
    "SETITEM": lambda machine, _: machine.update(machine.taken(2)),
    "SETITEMS": lambda machine, _: machine.update(machine.since_mark()),
    "BUILD": lambda machine, _: machine.build(*machine.taken(1)),
}
"""The other instructions that tables of numbers need."""
