"""The lines of a day in words: state, second line, and what a screen reader is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from gdtbridge.clarifying.looking import key_of
from gdtbridge.day import STATES, DayLine, LineAct, LineReason, LineState, ReasonCode, StateLook
from gdtbridge.web.pages.formats import Formats
from gdtbridge.web.pages.visitor import Visitor

TOLD: Final = frozenset({LineState.NEEDS_YOU, LineState.IN_CHART})
"""States a screen reader is told of when a line comes into them."""
OF_DETAIL: Final = frozenset({ReasonCode.HELD, ReasonCode.REPORT, ReasonCode.STEP})
"""Reasons whose detail is what *Zu klären* calls them."""
OF_DELIVERY: Final = frozenset(
    {
        *(ReasonCode.DELIVERY_QUESTION, ReasonCode.DELIVERY_FAILED, ReasonCode.DELIVERY_STUCK),
        ReasonCode.UNCOLLECTED,
    }
)
"""Reasons that are seen to where deliveries are."""
BUSY: Final = frozenset({LineState.IN_EXAMINATION, LineState.RECEIVING})


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line with its words: state, second line, hover text, and what is announced of it."""

    line: DayLine
    look: StateLook
    word: str
    reason: str
    hover: str = ""
    announced: str = ""
    came: str = ""
    """What a device sent of it."""

    @property
    def is_unshown(self) -> bool:
        """Whether no device will show the entry."""
        return self.line.reason.code is ReasonCode.UNSHOWN

    def href(self, visitor: Visitor) -> str:
        """Return where the line leads: to its exam, else to its form; empty for nowhere."""
        if self.line.exam_id:
            return f"/untersuchung/{self.line.exam_id}"
        if LineAct.EDIT in self.line.acts and visitor.may_change:
            return f"/eintrag/{quote(self.line.order_number)}"
        return ""

    @property
    def again_href(self) -> str:
        """Return the form that puts the patient on the list once more; empty where it is unsure.

        Like the order of the line, else with the number its exam was sent under.
        """
        if self.line.order_number:
            return f"/eintrag?{urlencode({'wie': self.line.order_number})}"
        if not self.line.patient.id or self.line.reason.code is ReasonCode.HELD:
            return ""
        return f"/eintrag?{urlencode({'nr': self.line.patient.id})}"

    def help_href(self, visitor: Visitor) -> str:
        """Return where a person does what the line needs."""
        code = self.line.reason.code
        if code is ReasonCode.HELD:
            return f"/klaeren/{key_of(self.line.exam_id)}"
        if code in OF_DELIVERY:
            return "/zustellungen"
        if code is ReasonCode.REMARK:
            return self.href(visitor) or "/klaeren"
        return "/klaeren"

    @property
    def tone(self) -> str:
        """How the row stands out: for a person, for what is going on, or not at all."""
        if self.line.state is LineState.NEEDS_YOU:
            return "hot"
        return "now" if self.line.state in BUSY else ""

    @property
    def devices(self) -> str:
        """Where it is to be done, or was."""
        return ", ".join(one.shown for one in self.line.devices)


def shown(line: DayLine, formats: Formats) -> ShownLine:
    """Return a line in words."""
    texts = formats.texts
    word = texts(f"states.{line.state}")
    told = reason_text(line, formats)
    hover = ""
    if line.reason.code is ReasonCode.COLLECTED:
        hover = texts("today.collected_hover", time=formats.moment(line.reason.at))
    elif line.reason.code is ReasonCode.REMARK:
        hover = line.reason.detail
    announced = ""
    if line.state in TOLD:
        announced = texts("today.announced", name=line.patient.listed_name, state=word)
    came = _counted(line.pictures, line.reports, formats)
    return ShownLine(line, STATES[line.state], word, told, hover, announced, came)


def reason_text(line: DayLine, formats: Formats) -> str:
    """Return the second line; empty where there is nothing to say."""
    reason, texts = line.reason, formats.texts
    if reason.code is ReasonCode.NONE:
        return ""
    if reason.code in OF_DETAIL:
        return formats.reason(reason.detail)
    if reason.code is ReasonCode.OBJECTS:
        return _objects(reason, formats)
    if reason.code is ReasonCode.BY_DEVICE and not reason.detail:
        return formats.clock(reason.at)
    return texts(
        f"today.reason.{reason.code}",
        time=formats.moment(reason.at),
        device=reason.device.shown if reason.device is not None else texts("entry.station"),
        detail=reason.detail,
    )


def _objects(reason: LineReason, formats: Formats) -> str:
    what = _counted(reason.pictures, reason.reports, formats)
    return formats.texts("today.reason.objects", what=what or formats.texts("today.something"))


def _counted(pictures: int, reports: int, formats: Formats) -> str:
    """Return how many pictures and reports there are, in words; empty for none."""
    texts, parts = formats.texts, []
    if pictures:
        parts.append(texts("today.pictures", n=pictures))
    if reports:
        parts.append(texts("today.reports", n=reports))
    return ", ".join(parts)
