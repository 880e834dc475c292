"""What a form of ours sends: its fields as text, once it is certain that it was ours."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

from flask import request

from gdtbridge.web.forms import raw_values
from gdtbridge.web.pages.visitor import visitor
from gdtbridge.web.problems import refuse

TOKEN_FIELD: Final = "form_token"  # noqa: S105 - the name of a field
TOKEN_HEADER: Final = "X-Form-Token"  # noqa: S105 - the name of a header
STALE: Final = (
    "Die Seite ist zu alt. Bitte neu laden; es wurde nichts geändert. / The page is too old. Please"
    " load it again; nothing was changed."
)
UNREADABLE: Final = (
    "Das Formular ist nicht in UTF-8. Bitte die Seite neu laden. / The form is not in UTF-8. Please"
    " load the page again."
)


def posted() -> Mapping[str, str]:
    """Return the fields of the form at hand, the last of each name.

    Raises `CallRefused` (403) for a form that does not carry the visitor's token, and (400) for
    one that is not text.
    """
    try:
        fields = {one.name: one.value.decode("utf-8") for one in raw_values(request)}
    except UnicodeDecodeError as error:
        raise refuse(400, UNREADABLE) from error
    wanted = visitor().form_token
    shown = request.headers.get(TOKEN_HEADER, "") or fields.get(TOKEN_FIELD, "")
    if wanted and not hmac.compare_digest(shown.encode(), wanted.encode()):
        raise refuse(403, STALE)
    return fields
