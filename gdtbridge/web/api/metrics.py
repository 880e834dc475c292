"""``GET /metrics``: the state of the parts in the text form of Prometheus, version 0.0.4."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gdtbridge import __version__
from gdtbridge.attention import KINDS
from gdtbridge.health import Figure, PartState
from gdtbridge.tsv import table

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the table: its name, its type, the name of its one label, what it means."""

    name: str
    type: str
    label: str
    help: str

    def lines(self, values: Mapping[str, float]) -> Iterator[str]:
        """Yield the metric with its values by label; nothing where there is no value."""
        if values:
            yield f"# HELP {self.name} {self.help}"
            yield f"# TYPE {self.name} {self.type}"
        for which, value in values.items():
            label = f'{{{self.label}="{_escaped(which)}"}}' if self.label else ""
            yield f"{self.name}{label} {_number(value)}"


METRICS: Final[Mapping[str, Metric]] = MappingProxyType(
    {cells[0]: Metric(*cells) for cells in table("web/api/metrics.tsv")}
)
"""Every metric by its name, in the order of the answer."""


def exposition(parts: Mapping[str, PartState]) -> str:
    """Return the answer for the state of the parts."""
    told = dict(_figures(parts))
    lines = [
        line
        for name, metric in METRICS.items()
        for line in metric.lines({one.which: told[one] for one in told if one.name == name})
    ]
    return "\n".join(lines) + "\n"


def _figures(parts: Mapping[str, PartState]) -> Iterator[tuple[Figure, float]]:
    yield Figure("gdtbridge_info", __version__), 1
    yield Figure("gdtbridge_ready"), all(part.ok for part in parts.values())
    for code in KINDS:
        count = sum(part.waiting.get(code, 0) for part in parts.values())
        yield Figure("gdtbridge_attention", code), count
    for name, part in parts.items():
        yield Figure("gdtbridge_part_up", name), part.ok
        yield from part.figures.items()


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if math.isfinite(value) and value == int(value) else repr(value)
