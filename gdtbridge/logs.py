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
from pathlib import Path
from typing import Final

from gdtbridge.errors import DatabaseError

log = logging.getLogger(__name__)

OWN: Final = ("gdtbridge", "worklist")
FORMAT: Final = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_UNSEEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What ends a line, moves a terminal's cursor or turns the reading direction."""


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


def _is_own(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] in OWN


def _foreign(record: logging.LogRecord) -> str:
    return f"{record.msg if record.args else 'message'} ({record.module}:{record.lineno})"


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
