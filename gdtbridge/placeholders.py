"""Templates of a practice's own: ``{name}`` stands for a value; other braces for themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

PLACE: Final = re.compile(r"\{([a-z_]+)\}")
"""A variable."""


def _as_it_is(value: str) -> str:
    return value


def fill(
    template: str, values: Mapping[str, str], escaped: Callable[[str], str] = _as_it_is
) -> str:
    """Return a template with its values, each ``escaped`` for its place; what has none is empty."""
    return PLACE.sub(lambda found: escaped(values.get(found[1], "")), template)


def names_in(template: str) -> Sequence[str]:
    """Return the variables of a template in their order."""
    return PLACE.findall(template)
