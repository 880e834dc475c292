"""Logging: one line for each event, to stderr, without patient data.

Our own messages name things by our numbers. Libraries are less careful: what they say of values
they met (warnings, tracebacks with messages) is reduced to where it happened.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import warnings
from collections.abc import Collection
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from gdtbridge.errors import DatabaseError

log = logging.getLogger(__name__)

OWN: Final = ("gdtbridge", "worklist")
FORMAT: Final = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_UNSEEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What ends a line, moves a terminal's cursor or turns the reading direction."""

_OF_AN_ERROR: Final = re.compile(r"\w*(Error|Exception)|\w+ at \w+\.py:\d+")
"""What `describe` says of an error, without its text."""
LEFT_OUT: Final = "…"
TAIL_BYTES: Final = 256 * 1024


class QuietFormatter(logging.Formatter):
    """Formats a record on one line; an exception is told by its type and place alone."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; foreign records lose their arguments."""
        message = record.getMessage() if _is_own(record) else _foreign(record)
        line = FORMAT % {
            "asctime": self.formatTime(record),
            "levelname": record.levelname,
            "name": record.name,
            "message": _UNSEEN.sub(" ", message),
        }
        error = record.exc_info[1] if record.exc_info else None
        return f"{line} [{describe(error)}]" if error is not None else line


class ScrubbedFormatter(logging.Formatter):
    """Formats a record for whoever helps from outside: nothing of what was met is in the line.

    What stays is what stands in the program, numbers, types and places of errors, and words of a
    list. All else, however harmless it looks, is left out.
    """

    def __init__(self, words: Collection[str] = ()) -> None:
        """``words`` may stay: what settings name."""
        super().__init__()
        self._words = frozenset(words)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        message = self._message(record) if _is_own(record) else f"{record.module}:{record.lineno}"
        line = FORMAT % {
            "asctime": self.formatTime(record),
            "levelname": record.levelname,
            "name": record.name,
            "message": message,
        }
        error = record.exc_info[1] if record.exc_info else None
        return f"{line} [{_place_of(error)}]" if error is not None else line

    def _message(self, record: logging.LogRecord) -> str:
        template = str(record.msg)
        if not record.args:
            return template
        if not isinstance(record.args, tuple):
            return f"{template} ({record.module}:{record.lineno})"
        try:
            return template % tuple(map(self._kept, record.args))
        except (TypeError, ValueError):
            return f"{template} ({record.module}:{record.lineno})"

    def _kept(self, argument: object) -> object:
        if isinstance(argument, int | float):
            return argument
        text = str(argument)
        return text if text in self._words or _OF_AN_ERROR.fullmatch(text) else LEFT_OUT


def keep_tail(file: Path, words: Collection[str] = ()) -> None:
    """Keep the last lines of the log, scrubbed, in ``file`` and one beside it (``.1``).

    So the last words of a service that died are there. Raises `OSError`.
    """
    tail = RotatingFileHandler(file, maxBytes=TAIL_BYTES, backupCount=1, encoding="utf-8")
    tail.setFormatter(ScrubbedFormatter(words))
    logging.getLogger().addHandler(tail)


def tail_of(file: Path) -> str:
    """Return what `keep_tail` has kept, the oldest line first; empty where there is nothing."""
    found = ""
    for one in (file.with_name(f"{file.name}.1"), file):
        with suppress(OSError):
            found += one.read_text("utf-8")
    return found


def _is_own(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] in OWN


def _foreign(record: logging.LogRecord) -> str:
    return f"{record.msg if record.args else 'message'} ({record.module}:{record.lineno})"


def _place_of(error: BaseException) -> str:
    """Return type and innermost place of an error, and nothing of what it says."""
    return describe(error).partition(": ")[0]


def describe(error: BaseException | None) -> str:
    """Return type and innermost place of an error, without its text unless that names no value."""
    if error is None:
        return "no error"
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    file = Path(trace.tb_frame.f_code.co_filename).name
    said = f": {error}" if isinstance(error, DatabaseError) else ""
    return f"{type(error).__name__} at {file}:{trace.tb_lineno}{said}"


def set_up(*, verbose: bool = False) -> None:
    """Send the log to stderr; ``verbose`` adds what is of interest to developers only."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(QuietFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a late tick is no news
    for name in OWN:
        logging.getLogger(name).setLevel(logging.DEBUG if verbose else logging.INFO)
    logging.raiseExceptions = False  # or a message that cannot be formatted shows its arguments
    threading.excepthook = _note_thread
    warnings.simplefilter("ignore")  # pydicom's warnings quote the values they warn of


def _note_thread(unhandled: threading.ExceptHookArgs) -> None:
    """Log that a thread died, without the text of its error."""
    if unhandled.exc_type is not SystemExit:
        name = unhandled.thread.name if unhandled.thread is not None else "?"
        log.error("thread %r died: %s", name, describe(unhandled.exc_value))
