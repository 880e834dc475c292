"""What is remembered of stored objects: in memory for a moment, on the disk for longer."""

from __future__ import annotations

import io
import json
import threading
import time
from collections import OrderedDict
from typing import Final, TypeVar

from gdtbridge.pictures.looking import PictureFacts, PictureProblem, ShownFrame
from gdtbridge.sandbox.answer import ChildAnswer, read_answer
from gdtbridge.sandbox.codec import decode, encode
from gdtbridge.viewing.cache import DiskCache
from gdtbridge.viewing.flights import Flights

MOST_KEPT: Final = 64
"""Objects whose facts are in memory."""
MOST_BYTES: Final = 4 * 1024 * 1024
"""Bytes of what they say of where each frame is; one object has 1.6 MB at most."""
MOST_PROBLEMS: Final = 1000
PROBLEM_SECONDS: Final = 600.0
"""How long a frame that took too much is not tried again."""
_LONGEST: Final = 1 << 23
_BIGGEST: Final = 1 << 26
_EDITION: Final = 2
"""Changes when the same object is to be shown otherwise than before."""

T = TypeVar("T")


class PictureMemory:
    """Facts and frames that were made, and what is being made. Thread-safe."""

    def __init__(self, cache: DiskCache) -> None:
        self.cache = cache
        self.facts_under_way: Flights[PictureFacts] = Flights()
        self.frames_under_way: Flights[ShownFrame] = Flights()
        self._lock = threading.Lock()
        self._facts: OrderedDict[str, PictureFacts] = OrderedDict()
        self._problems: OrderedDict[str, tuple[float, ShownFrame]] = OrderedDict()

    def facts(self, key: str) -> PictureFacts | None:
        """Return the facts of an object, where they are known."""
        with self._lock:
            if (kept := self._facts.get(key)) is not None:
                self._facts.move_to_end(key)
                return kept
        found = self._read(key, PictureFacts)
        if found is not None:
            self._keep(key, found)
        return found

    def keep_facts(self, key: str, facts: PictureFacts) -> None:
        """Remember the facts of an object; on the disk only those of one that can be shown."""
        self._keep(key, facts)
        if not facts.problem:
            self._write(key, facts)

    def frame(self, key: str) -> ShownFrame | None:
        """Return a frame that was made; its problem for a while where it had one."""
        with self._lock:
            since, frame = self._problems.get(key, (0.0, None))
            if frame is not None and time.monotonic() - since < PROBLEM_SECONDS:
                return frame
        return self._read(key, ShownFrame)

    def has_frame(self, key: str) -> bool:
        """Return whether a frame is kept on the disk, as far as is known without looking."""
        return self.cache.has(_edition_of(key))

    def keep_frame(self, key: str, frame: ShownFrame) -> None:
        """Remember a frame; the device's own is in the archive already."""
        if frame.problem == PictureProblem.TOO_LARGE:
            with self._lock:
                self._problems[key] = time.monotonic(), frame
                while len(self._problems) > MOST_PROBLEMS:
                    self._problems.popitem(last=False)
        elif not frame.is_own and not frame.problem:
            self._write(key, frame)

    def _keep(self, key: str, facts: PictureFacts) -> None:
        with self._lock:
            self._facts[key] = facts
            while len(self._facts) > MOST_KEPT or (
                len(self._facts) > 1
                and sum(len(one.spans) for one in self._facts.values()) > MOST_BYTES
            ):
                self._facts.popitem(last=False)

    def _read(self, key: str, kind: type[T]) -> T | None:
        content = self.cache.get(_edition_of(key))
        if content is None:
            return None
        try:
            answer = read_answer(io.BytesIO(content), _LONGEST, _BIGGEST)
            if answer is None:
                return None
            return decode(kind, json.loads(answer.text), answer.body)
        except (KeyError, TypeError, ValueError):  # of another version of ours
            return None

    def _write(self, key: str, value: object) -> None:
        text, body = encode(value)
        file = io.BytesIO()
        ChildAnswer(text.encode("ascii"), body).write_to(file)
        self.cache.put(_edition_of(key), file.getvalue())


def _edition_of(key: str) -> str:
    return f"{_EDITION} {key}"
