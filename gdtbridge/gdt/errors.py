"""The errors of the GDT language, one tree.

::

    GdtError            something about GDT is wrong (also: an unknown dialect or character set)
    ├── GdtDateError    a field is no date or no time of day
    ├── NotGdtError     the reader's only error: these bytes are no GDT file
    └── GdtWriteError   a record cannot be written; names the field

The texts (German first, then English) never quote what a file or a patient's record contains.
"""

from __future__ import annotations


class GdtError(ValueError):
    """Something about GDT is wrong; the text says what, in German and English."""


class GdtDateError(GdtError):
    """The content of a field is no date or no time of day; the text says what is expected."""


class NotGdtError(GdtError):
    """The bytes are not a GDT file, or are more than a reader should take."""


class GdtWriteError(GdtError):
    """A record cannot be written because of one field.

    ``field`` is the field number ("3000"), ``problem`` a German/English sentence without content.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem
