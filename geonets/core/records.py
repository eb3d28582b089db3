"""What every record of geonets shares: frozen fields, remembered derivations, tensors that move together."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast, final

from torch import Tensor

T = TypeVar("T")
_TENSOR = "tensor"


class Later(Generic[T]):
    """A value of a record that is derived when it is first asked for, and then kept."""

    def __init__(self, derive: Callable[[], T]) -> None:
        self._derive: Callable[[], T] | None = derive
        self._value: T | None = None

    def __call__(self) -> T:
        """The value."""
        if self._derive is not None:
            self._value, self._derive = self._derive(), None  # lets go of what it was derived from
        return cast("T", self._value)


@dataclasses.dataclass(frozen=True, eq=False)
class Record:
    """A frozen dataclass that derives what is asked of it once and remembers it.

    What is remembered is never copied, pickled or moved: it is derived again where it is needed. A field may be put
    off: it is then derived when it is first asked for, and `held` gives what will derive it.
    """

    def remember(self, key: Hashable, derive: Callable[[], T]) -> T:
        """Return `derive()`, computed at the first call with this key."""
        memory = self.__dict__.get("_memory")
        if memory is None:
            memory = self.__dict__["_memory"] = {}
        if key not in memory:
            memory[key] = derive()
        return memory[key]

    def put_off(self, **later: Later[Any]) -> Self:
        """The same record with some fields, or properties that `held` is asked for, to be derived later."""
        copy = self._with()
        for name in later:
            copy.__dict__.pop(name, None)
        copy.__dict__["_later"] = later
        return copy

    def held(self, name: str) -> Any:
        """A field or property where it is there, else the `Later` that will give it; for those who want some rows."""
        later = self.__dict__.get("_later")
        return later[name] if later and name in later else getattr(self, name)

    if not TYPE_CHECKING:  # checkers take it for leave to ask for anything

        def __getattr__(self, name: str) -> Any:
            later = self.__dict__.get("_later")
            if not later or name not in later or name not in self.__dataclass_fields__:
                return object.__getattribute__(self, name)  # says that there is none
            self.__dict__[name] = value = later[name]()
            return value

    def map_tensors(self, function: Callable[[Tensor], Tensor]) -> Self:
        """The same record with `function` applied to every tensor in it, those of inner records included."""
        tensors, skeleton = flatten(self)
        return unflatten([function(tensor) for tensor in tensors], skeleton)

    def _with(self, **changes: Any) -> Self:
        """A copy with some fields changed and nothing validated; what was remembered is dropped."""
        copy = object.__new__(type(self))
        fields = copy.__dict__
        for name, value in self.__dict__.items():  # none is taken out again: a trace could not write that down
            if name != "_memory":
                fields[name] = value
        fields.update(changes)
        if "_later" in fields:
            fields["_later"] = {name: value for name, value in fields["_later"].items() if name not in changes}
        return copy

    def __reduce__(self) -> tuple[Any, ...]:
        tensors, skeleton = flatten(self)
        return unflatten, (tensors, skeleton)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.map_tensors(lambda tensor: tensor.detach().clone().requires_grad_(tensor.requires_grad))


def flatten(record: Record) -> tuple[list[Tensor], Any]:
    """All tensors of a record, and its skeleton: what remains when they are taken out (comparable, picklable)."""
    tensors: list[Tensor] = []
    return tensors, _take_out(record, tensors)


def unflatten(tensors: Iterable[Tensor], skeleton: Any) -> Any:
    """Put tensors back into the skeleton that `flatten` left."""
    return _put_back(skeleton, iter(tensors))


@final
class LaterFields(Mapping[str, Any]):
    """A read-only mapping some of whose values are derived when they are asked for; `held` has them as they are."""

    def __init__(self, held: Mapping[str, Any]) -> None:
        self.held = freeze(held)

    def __getitem__(self, name: str) -> Any:
        value = self.held[name]
        return value() if isinstance(value, Later) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self.held)

    def __len__(self) -> int:
        return len(self.held)

    def __contains__(self, name: object) -> bool:
        return name in self.held


def freeze(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """A read-only mapping of its own."""
    if type(fields) is LaterFields:  # isinstance asks an abstract class at length
        return fields
    return MappingProxyType(dict(fields))


def _take_out(value: Any, tensors: list[Tensor]) -> Any:
    if isinstance(value, Later):
        value = value()
    if isinstance(value, Tensor):
        tensors.append(value)
        return _TENSOR
    if isinstance(value, Record):
        names = value.__dataclass_fields__
        return type(value), tuple((name, _take_out(getattr(value, name), tensors)) for name in names)
    if isinstance(value, MappingProxyType | LaterFields):
        return dict, tuple((name, _take_out(part, tensors)) for name, part in value.items())
    return None, value


def _put_back(skeleton: Any, tensors: Iterator[Tensor]) -> Any:
    if skeleton == _TENSOR:
        return next(tensors)
    kind, parts = skeleton
    if kind is None:
        return parts
    fields = {name: _put_back(part, tensors) for name, part in parts}
    return freeze(fields) if kind is dict else _build(kind, fields)


def _build(kind: type[Any], fields: dict[str, Any]) -> Any:
    record = object.__new__(kind)
    record.__dict__.update(fields)
    return record
