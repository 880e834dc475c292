"""Tasks of a room called as if they were functions of this process."""

from __future__ import annotations

import json
from types import TracebackType
from typing import ClassVar, Final, Self, TypeVar

from gdtbridge.sandbox.answer import ChildAnswer, ChildGone, ChildHindered
from gdtbridge.sandbox.codec import decode, encode
from gdtbridge.sandbox.room import SandboxRoom, SandboxTask

T = TypeVar("T")

IDLE_SECONDS: Final = 30.0
"""After so long without work a child ends."""


class SandboxClient:
    """Runs the tasks of one room in children of its own; threads may share one object.

    Used with ``with``, or closed by hand. ``seconds`` and ``memory_bytes`` change the limits of the
    room, ``processes`` is how many calls run at a time.
    """

    room: ClassVar[SandboxRoom]

    def __init__(
        self,
        *,
        seconds: float | None = None,
        memory_bytes: int | None = None,
        processes: int = 1,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        from gdtbridge.sandbox.pool import ChildPool  # not in a child, which starts faster

        self._children = ChildPool(
            self.room,
            seconds=self.room.seconds if seconds is None else seconds,
            memory_bytes=self.room.memory_bytes if memory_bytes is None else memory_bytes,
            processes=processes,
            idle_seconds=idle_seconds,
        )

    def call(self, task: SandboxTask[T], **arguments: object) -> T:
        """Return what the task's function returns; raise an error of the room and nothing else.

        ``arguments`` are those of the function, by name.
        """
        request, _ = encode({"task": task.function, "arguments": arguments})
        try:
            answer = self._children.ask(request.encode("ascii"))
        except ChildHindered as hindered:
            raise self.room.hindered(str(hindered)) from None
        except ChildGone as gone:
            raise self.room.limit(str(gone)) from None
        return result_of(self.room, task, answer)

    def close(self) -> None:
        """End all children at once; calls under way are hindered."""
        self._children.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def processes(self) -> tuple[int, ...]:
        """Return the process ids of the living children."""
        return self._children.processes()


def result_of(room: SandboxRoom, task: SandboxTask[T], answer: ChildAnswer) -> T:
    """Return the result in an answer or raise its error; a garbled answer is a limit."""
    try:
        sent = json.loads(answer.text)
        if "error" not in sent:
            return decode(task.result, sent["result"], answer.body)
        kinds = {kind.__name__: kind for kind in room.errors}
        error = kinds[sent["error"]](sent["message"])
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as garbled:
        raise room.limit(room.texts.nonsense) from garbled
    raise error
