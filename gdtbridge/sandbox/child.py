"""The child's program: ``python -m gdtbridge.sandbox.child ROOM SECONDS MEMORY_BYTES``.

``ROOM`` is the place of a `SandboxRoom`. Requests are lines of JSON on standard input, ``{"task":
function, "arguments": {…}}``; each is answered in turn on standard output (`ChildAnswer`) with
``{"result": …}`` or ``{"error": class, "message": …}``. Nothing else is written anywhere, least of
all values of a file; the wall clock is the parent's.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Final, get_type_hints

from gdtbridge.sandbox.answer import ChildAnswer
from gdtbridge.sandbox.codec import decode, encode
from gdtbridge.sandbox.limits import limit_cpu, limit_memory, own_standard_output
from gdtbridge.sandbox.room import SandboxRoom, load

READY: Final = ChildAnswer(b'{"ready": true}')

Functions = Mapping[str, Callable[..., object]]


def serve(
    room: SandboxRoom, functions: Functions, requests: BinaryIO, answers: BinaryIO, seconds: float
) -> None:
    """Answer each line of ``requests``; each may use ``seconds`` of CPU time."""
    READY.write_to(answers)
    for line in requests:
        limit_cpu(seconds)
        answer(room, functions, line).write_to(answers)


def answer(room: SandboxRoom, functions: Functions, line: bytes) -> ChildAnswer:
    """Return the answer to one request; whatever goes wrong is an error answer."""
    gc.disable()  # a tree has no cycles, and looking for them takes a third of the time
    try:
        text, body = encode({"result": _call(functions, line)})
    except room.errors as error:
        return _error(room, error)
    except (MemoryError, RecursionError):
        return _error(room, room.limit(room.texts.memory))
    except Exception as error:  # noqa: BLE001 - whatever a file provokes is about that file only
        return _error(room, room.damage(f"{room.texts.failed}{type(error).__name__}."))
    finally:
        gc.enable()
    if len(text) > room.max_text or len(body) > room.max_body:
        return _error(room, room.limit(room.texts.too_large))
    return ChildAnswer(text.encode("ascii"), body)


def _call(functions: Functions, line: bytes) -> object:
    request = json.loads(line)
    function = functions[request["task"]]
    kinds: dict[str, Any] = get_type_hints(function)
    return function(
        **{name: decode(kinds[name], one) for name, one in request["arguments"].items()}
    )


def _error(room: SandboxRoom, error: Exception) -> ChildAnswer:
    name = next(kind.__name__ for kind in type(error).__mro__ if kind in room.errors)
    return ChildAnswer(json.dumps({"error": name, "message": str(error)}).encode("ascii"))


def main(place: str, seconds: str, memory_bytes: str) -> None:
    """Answer the requests of standard input until it ends."""
    gc.disable()  # all that is imported stays; `answer` says when it is on
    sys.modules.setdefault("requests", None)  # type: ignore[arg-type]  # pydicom has it to download
    room: SandboxRoom = load(place)
    load(room.prepare)()
    functions = {task.function: load(task.function) for task in room.tasks}
    limit_memory(int(memory_bytes))
    with own_standard_output() as answers:
        serve(room, functions, sys.stdin.buffer, answers, float(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
