"""A form that is sent twice does its work once.

A double click, a page sent again after going back, a browser that tries anew: each form carries a
key of its own, and a second time the first one's answer is given. The same form with other content,
from a page the browser brought back, is another submission: what it says must not be lost.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from flask import Response, request

from gdtbridge.web.pages.visitor import visitor

FIELD: Final = "once"
"""Name of the hidden field."""
KEPT_SECONDS: Final = 3600.0
MOST_KEPT: Final = 1000


@dataclass(slots=True)
class _Submission:
    at: float
    lock: threading.Lock = field(default_factory=threading.Lock)
    answer: Response | None = None


def content_sent() -> str:
    """Return what stands for the form at hand: where it goes, what it says, and whose it is."""
    said = f"{visitor().account_id} {request.path}\n".encode() + request.get_data(cache=True)
    return hashlib.sha256(said).hexdigest()


class Submissions:
    """What was sent lately, by its key; the oldest are forgotten first."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, content: Callable[[], str] = str
    ) -> None:
        """``content`` tells what is being sent by whom: equal texts are one submission."""
        self._clock = clock
        self._content = content
        self._known: OrderedDict[str, _Submission] = OrderedDict()
        self._lock = threading.Lock()

    @staticmethod
    def new_key() -> str:
        """Return a key for a form that is shown."""
        return secrets.token_urlsafe(12)

    def once(self, key: str, act: Callable[[], Response]) -> Response:
        """Return the answer of ``act``, or that of before for what was sent already with a key.

        An act that raises, or that has to be corrected (400 and more), counts as not done.
        """
        if not key:
            return act()
        key += self._content()
        with self._lock:
            one = self._known.setdefault(key, _Submission(self._clock()))
            self._forget()
        with one.lock:
            if one.answer is None:
                answer = act()
                if answer.status_code >= 400:
                    return answer
                one.answer = answer
            return one.answer

    def _forget(self) -> None:
        oldest = next(iter(self._known.values()))
        while len(self._known) > MOST_KEPT or self._clock() - oldest.at > KEPT_SECONDS:
            self._known.popitem(last=False)
            oldest = next(iter(self._known.values()), _Submission(self._clock()))
