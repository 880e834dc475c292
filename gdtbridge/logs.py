"""Logging: one line for each event, to stderr, without patient data.

Our own messages name things by our numbers. Libraries are less careful: what they say of values
they met (warnings, tracebacks with messages) is reduced to where it happened.
"""

from __future__ import annotations

import logging
import sys
import warnings
from pathlib import Path
from typing import Final

OWN: Final = ("gdtbridge", "worklist")
FORMAT: Final = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


class QuietFormatter(logging.Formatter):
    """Formats a record on one line; an exception is told by its type and place alone."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; foreign records lose their arguments."""
        message = record.getMessage() if _is_own(record) else _foreign(record)
        line = FORMAT % {
            "asctime": self.formatTime(record),
            "levelname": record.levelname,
            "name": record.name,
            "message": message.replace("\r", " ").replace("\n", " "),
        }
        error = record.exc_info[1] if record.exc_info else None
        return f"{line} [{describe(error)}]" if error is not None else line


def _is_own(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] in OWN


def _foreign(record: logging.LogRecord) -> str:
    return f"{record.msg if record.args else 'message'} ({record.module}:{record.lineno})"


def describe(error: BaseException | None) -> str:
    """Return type and innermost place of an error, without its text."""
    if error is None:
        return "no error"
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    file = Path(trace.tb_frame.f_code.co_filename).name
    return f"{type(error).__name__} at {file}:{trace.tb_lineno}"


def set_up(*, verbose: bool = False) -> None:
    """Send the log to stderr; ``verbose`` adds what is of interest to developers only."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(QuietFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in OWN:
        logging.getLogger(name).setLevel(logging.DEBUG if verbose else logging.INFO)
    warnings.simplefilter("ignore")  # pydicom's warnings quote the values they warn of
