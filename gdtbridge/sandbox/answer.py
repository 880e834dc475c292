"""The frame of an answer on its way from a child to its parent: one line, and bytes behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO


class ChildGone(Exception):
    """A child gave no answer; the text says why and holds nothing of the file."""


class ChildHindered(ChildGone):
    """The machine was in the way, as far as can be seen: later there may be an answer."""


@dataclass(frozen=True, slots=True)
class ChildAnswer:
    """An answer: ``text`` is one line of ASCII (a JSON object), ``body`` raw bytes.

    On the wire the text is a line of its own. Where there is a body, its length and a blank stand
    before the text and its bytes follow the line; a JSON object never starts with a digit.
    """

    text: bytes
    body: bytes = b""

    def write_to(self, stream: IO[bytes]) -> None:
        """Write the answer and flush the stream."""
        length = b"%d " % len(self.body) if self.body else b""
        stream.write(length + self.text + b"\n" + self.body)
        stream.flush()


def read_answer(stream: IO[bytes], max_text: int, max_body: int) -> ChildAnswer | None:
    """Return the next answer; None at the end of the stream and for an answer over a limit."""
    line = stream.readline(max_text + 2)
    if not line.endswith(b"\n"):
        return None
    line = line[:-1]
    length, blank, text = line.partition(b" ")
    if not (blank and length.isdigit()):
        return ChildAnswer(line)
    if len(length) > 12 or int(length) > max_body:
        return None
    body = stream.read(int(length))
    return ChildAnswer(text, body) if len(body) == int(length) else None
