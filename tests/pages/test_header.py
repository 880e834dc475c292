"""What stands above every page, and what *System* says of the parts: green means proven."""

from __future__ import annotations

import pytest

from gdtbridge.health import PartState
from gdtbridge.language import Language
from gdtbridge.people import Patient
from gdtbridge.web.pages.formats import Formats
from gdtbridge.web.pages.header import Area, house_state
from gdtbridge.web.pages.system.parts import part_lines
from gdtbridge.web.pages.texts import texts_of

FINE = PartState(ok=True)
BROKEN = PartState(ok=False)


@pytest.mark.parametrize(
    ("parts", "place"),
    [
        ({"outbox:gdt": BROKEN, "outbox:haus": FINE}, Area.DELIVERIES),
        (
            {"outbox:gdt": BROKEN, "attention": PartState(False, "", {"place-missing": 1})},
            Area.DELIVERIES,
        ),
        (
            {"outbox:gdt": BROKEN, "attention": PartState(False, "", {"disk-full": 1})},
            Area.SYSTEM,
        ),
        ({"scheduler": BROKEN}, Area.SYSTEM),
        ({"dicom": BROKEN}, Area.DEVICES),
    ],
)
def test_what_does_not_work_leads_where_it_is_seen_to(
    parts: dict[str, PartState], place: Area
) -> None:
    """A missing folder of results is a matter of deliveries; of several areas System tells."""
    assert house_state(parts).place is place


@pytest.mark.parametrize("language", Language)
def test_a_part_that_waits_is_not_called_working(language: Language) -> None:
    """An archive that is off takes nothing: neither green nor a fault within its patience."""
    parts = {"forward": PartState(ok=True, waits=True), "outbox:gdt": FINE}
    forward, outbox = part_lines(parts, texts_of(language))
    assert (forward.ok, forward.waits, outbox.waits) == (True, True, False)
    assert forward.meaning == texts_of(language)("system.part.forward.waits")
    assert house_state(parts).waits == ("forward",)


def test_a_language_writes_every_date_in_one_way() -> None:
    """Also a birth date and the day of a record."""
    formats = Formats(texts_of(Language.ENGLISH))
    patient = Patient.of_parts("1", ("A", "B"), "20190517", None)
    assert formats.born(patient) == f"*{formats.record_day('17052019')}" == "*17/05/2019"
