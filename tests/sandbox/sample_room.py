"""A room for the tests, whose one task does what it is asked to."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from typing import Final

from gdtbridge.sandbox.client import SandboxClient
from gdtbridge.sandbox.room import SandboxRoom, SandboxTask, SandboxTexts


class SampleError(ValueError):
    """An error of the room."""


class SampleLimit(SampleError):
    """The limit of the room."""


class SampleHindered(SampleLimit):
    """The limit of the room that says nothing of the file."""


class SampleDamage(SampleError):
    """The damage of the room."""


@dataclass(frozen=True, slots=True)
class Echo:
    """What came in, and a body."""

    text: str
    data: bytes


def echo(
    text: str = "",
    quads: int = 0,
    noise: str = "",
    error: str = "",
    *,
    die: bool = False,
    sleep: bool = False,
    compute: bool = False,
) -> Echo:
    """Return the text and ``quads`` times four bytes, or do something bad."""
    os.write(1, noise.encode())
    if die:
        os._exit(3)
    if sleep:
        signal.pause()
    while compute:
        pass
    if error:
        raise {"own": SampleDamage, "memory": MemoryError, "other": KeyError}[error]("a reason")
    return Echo(text, b"\n1 \0" * quads)


def nothing() -> None:
    """Prepare nothing."""


ECHO: Final = SandboxTask(f"{__name__}:echo", Echo)
ROOM: Final = SandboxRoom(
    place=f"{__name__}:ROOM",
    tasks=(ECHO,),
    errors=(SampleDamage, SampleLimit),
    damage=SampleDamage,
    limit=SampleLimit,
    hindered=SampleHindered,
    texts=SandboxTexts("failed: ", "memory", "too large", "nonsense"),
    prepare=f"{__name__}:nothing",
    max_text=200,
    max_body=4_000_000,
)


class SampleClient(SandboxClient):
    """Calls the one task."""

    room = ROOM
