"""What a report keeps together, as an Observation with members (R4 10.1, grouping).

A group is a container of the report with several values: a measurement group, an organ, a side. It
has no value of its own, and says of its members only what is true of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Final

from gdtbridge.fhir.coding import concept
from gdtbridge.fhir.elements import Json, reference, said, tidy
from gdtbridge.fhir.resources.observations import (
    BODY_SITE,
    ReportFact,
    ReportPart,
    facts_of,
    told_of,
)
from gdtbridge.fhir.succession import WITHDRAWN
from gdtbridge.sr.codes import MEASUREMENT_GROUP
from gdtbridge.sr.model import Code

SHARED: Final = ("bodySite", "contained", "focus", "method")
"""Elements a group has where all of its members have them alike."""
GROUP: Final = Code(MEASUREMENT_GROUP[1], MEASUREMENT_GROUP[0], "Measurement Group")


def observations_of(one: ReportPart) -> Iterator[ReportFact]:
    """Yield all that a report tells, in its order, then what it keeps together."""
    groups: dict[str, list[ReportFact]] = {}
    for fact in facts_of(one):
        container = fact.place.rpartition(".")[0]
        if "." in container:  # else it is the report itself
            groups.setdefault(container, []).append(fact)
        yield fact
    for place, members in groups.items():
        if len(members) > 1:
            id_ = one.value_id(f"group:{place}")
            made = partial(_group, one, id_, members)
            yield ReportFact(id_, made, any(each.counts for each in members), place)


def _group(one: ReportPart, id_: str, members: Sequence[ReportFact]) -> Json:
    told = [each.made() for each in members]
    counting = [each for each in members if each.counts]
    sections = {each.section for each in members}
    text = sections.pop() if len(sections) == 1 else ""
    group = told_of(one, GROUP, id_) | _shared(told)
    group["code"] |= {"text": tidy(text or GROUP.meaning)}
    group["category"] = [*group["category"], concept(GROUP)]
    if not counting:
        group["status"] = WITHDRAWN
    return group | {
        "hasMember": [reference("Observation", each.id) for each in counting or members]
    }


def _shared(told: Sequence[Json]) -> Json:
    """Return what all members say alike."""
    first, *others = told
    alike = {
        name: first[name]
        for name in SHARED
        if name in first and all(each.get(name) == first[name] for each in others)
    }
    site = [each for each in first.get("extension", ()) if each["url"] == BODY_SITE]
    return alike | said(
        extension=site if "contained" in alike else [],
        component=list(_in_all([each.get("component", ()) for each in told])),
    )


def _in_all(several: Sequence[Iterable[Json]]) -> Iterator[Json]:
    first, *others = several
    for one in first:
        if all(one in each for each in others):
            yield one
