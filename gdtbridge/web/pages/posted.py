"""What a form of ours sends: its fields as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import request

from gdtbridge.web.forms import raw_values
from gdtbridge.web.problems import refuse

UNREADABLE: Final = (
    "Das Formular ist nicht in UTF-8. Bitte die Seite neu laden. / The form is not in UTF-8. Please"
    " load the page again."
)


def posted() -> Mapping[str, str]:
    """Return the fields of the form at hand, the last of each name.

    Raises `CallRefused` (400) for one that is not text; that it is ours the guard has seen to.
    """
    try:
        return {one.name: one.value.decode("utf-8") for one in raw_values(request)}
    except UnicodeDecodeError as error:
        raise refuse(400, UNREADABLE) from error
