"""``[[peer]]``: another archive or viewer, and what it may do with ours."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gdtbridge.devices.profile import AnswerLetters
from gdtbridge.settings.fields import AeTitle, Port
from gdtbridge.settings.tls import ClientTlsKeys


class PeerSettings(ClientTlsKeys):
    """A table ``[[peer]]``: who asks from ``host`` under the title ``aet``.

    ``confirm`` says how it is found out whether it keeps what it was sent.
    """

    aet: AeTitle
    host: Annotated[str, Field(min_length=1)]
    port: Annotated[Port, Field(ge=1)] = 104
    query: bool = True
    sees_held: bool = False
    charset: AnswerLetters = "device"
    confirm: Literal["commitment", "query", "none"] = "commitment"
    confirm_hours: Annotated[int, Field(ge=1, le=720)] = 26
