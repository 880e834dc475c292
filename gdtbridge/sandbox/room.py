"""The table of a kind of child process: tasks, errors, texts and limits."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")

MEBIBYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SandboxTask(Generic[T]):
    """A function that a child runs: place (``package.module:name``) and class of the result.

    The parameters of the function have types that `codec` knows.
    """

    function: str
    result: type[T]


@dataclass(frozen=True, slots=True)
class SandboxTexts:
    """Texts for people when a child fails: German first, without a value of the file."""

    failed: str
    """An error nobody expected; the name of its class and a full stop are put behind."""
    memory: str
    too_large: str
    nonsense: str = "Der Leseprozess antwortet Unsinn. / The reading process answers nonsense."


@dataclass(frozen=True, slots=True)
class SandboxRoom:
    """A kind of child process: its tasks, what they may raise, and their limits.

    ``place`` is where a child finds this table, ``prepare`` a function called before the tasks are
    imported. ``errors`` arrive in the parent as themselves. Every other error of a task is a
    ``damage``, and a child that dies, is late or talks nonsense is a ``limit``, of the kind
    ``hindered`` where the machine is to blame (`ChildHindered`). ``seconds`` bounds the wall clock
    and the CPU time of one call, ``memory_bytes`` the address space of a child, ``max_text`` and
    ``max_body`` the bytes of one answer.
    """

    place: str
    tasks: tuple[SandboxTask[Any], ...]
    errors: tuple[type[Exception], ...]
    damage: type[Exception]
    limit: type[Exception]
    hindered: type[Exception]
    texts: SandboxTexts
    prepare: str
    seconds: float = 20.0
    memory_bytes: int = 512 * MEBIBYTE
    max_text: int = 32 * MEBIBYTE
    max_body: int = 0


def load(place: str) -> Any:  # noqa: ANN401 - whatever stands there
    """Return the function or value at ``package.module:name``."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
