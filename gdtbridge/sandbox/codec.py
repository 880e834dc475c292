"""Values as JSON: dataclasses, tuples, Decimals, dates, times, paths, enums, and one `bytes`.

A dataclass is an object with its fields, everything else of these a text. `bytes` is not in the
JSON but the body behind the line (`answer.ChildAnswer`), so a value may hold it once. Reading
follows the annotations of the classes; what does not fit raises TypeError, ValueError or KeyError.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date, time
from decimal import Decimal
from enum import Enum
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

_Writer = Callable[[Any], object]
_Reader = Callable[[Any, bytes], Any]

_BODY: Final = "the body"


def encode(value: object) -> tuple[str, bytes]:
    """Return a value as one line of ASCII, without end, and the body; raise TypeError."""
    bodies: list[bytes] = []

    def plain(one: object) -> object:
        if isinstance(one, bytes):
            bodies.append(one)
            return _BODY
        kind: Any = type(one)
        return _writer(kind)(one)

    text = json.dumps(value, default=plain)
    if len(bodies) > 1:
        raise TypeError("two bodies")
    return text, bodies[0] if bodies else b""


def decode(kind: Callable[..., T], sent: object, body: bytes = b"") -> T:
    """Return the value `encode` wrote; ``sent`` is the JSON already read (errors see above)."""
    reader = _reader(kind)
    if reader is None and isinstance(kind, type) and not isinstance(sent, kind):
        raise TypeError(type(sent).__name__)
    value: T = _as_it_is(sent, body) if reader is None else reader(sent, body)
    return value


def _as_it_is(sent: Any, _: bytes) -> Any:  # noqa: ANN401 - JSON
    return sent


@cache
def _writer(kind: Any) -> _Writer:  # noqa: ANN401 - a class
    """Return the function that makes JSON of a value of the class; raise TypeError."""
    if is_dataclass(kind):
        names = tuple(field.name for field in fields(kind))
        return lambda value: {name: getattr(value, name) for name in names}
    if issubclass(kind, date | time):
        return lambda value: value.isoformat()
    if issubclass(kind, Decimal | Path):
        return str
    raise TypeError(kind.__name__)


@cache
def _reader(kind: Any) -> _Reader | None:  # noqa: ANN401 - an annotation
    """Return the function that makes a value of the annotation; None where JSON made it already."""
    origin = get_origin(kind) or kind
    if origin in {str, int, float, bool, dict}:
        return None
    if origin in {Union, UnionType}:
        return _optional(kind)
    if origin is tuple:
        return _tuple(get_args(kind))
    return _object(kind) if is_dataclass(kind) else _single(kind)


def _single(kind: Any) -> _Reader:  # noqa: ANN401 - a class
    if kind is bytes:
        return _read_body
    if issubclass(kind, date | time):
        return lambda sent, _: kind.fromisoformat(sent)
    if issubclass(kind, Decimal | Path | Enum):
        return lambda sent, _: kind(sent)
    raise TypeError(str(kind))


def _read_body(sent: object, body: bytes) -> bytes:
    if sent != _BODY:
        raise ValueError("no body")
    return body


def _optional(kind: Any) -> _Reader | None:  # noqa: ANN401 - an annotation
    (there,) = (one for one in get_args(kind) if one is not type(None))
    reader = _reader(there)
    if reader is None:
        return None
    return lambda sent, body: None if sent is None else reader(sent, body)


def _tuple(kinds: tuple[Any, ...]) -> _Reader:
    if kinds[-1:] != (Ellipsis,):
        readers = [_reader(kind) for kind in kinds]
        return lambda sent, body: tuple(
            one if reader is None else reader(one, body)
            for reader, one in zip(readers, sent, strict=True)
        )
    reader = _reader(kinds[0])
    if reader is None:
        return lambda sent, _: tuple(sent)
    return lambda sent, body: tuple([reader(one, body) for one in sent])


def _object(kind: Any) -> _Reader:  # noqa: ANN401 - a dataclass
    readers = [(name, _reader(hint)) for name, hint in get_type_hints(kind).items()]
    made = [(name, reader) for name, reader in readers if reader is not None]

    def read(sent: dict[str, Any], body: bytes) -> object:
        for name, reader in made:
            sent[name] = reader(sent[name], body)
        return kind(**sent)

    return read
