"""Resources as JSON, decimals with the digits they were sent with (R4 2.24.0.1, decimal)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from gdtbridge.sr.numbers import plain


def json_text(value: Any) -> str:  # noqa: ANN401 - JSON
    """Return the JSON of a value; `Decimal` is a number as it stands."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{json_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(json_text, value)) + "]"
    if isinstance(value, Decimal):
        return plain(value)
    return json.dumps(value, ensure_ascii=False)
