"""Whether a resource is what a search asks for: elements, compared by the parameter's kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gdtbridge.fhir.date_range import range_of
from gdtbridge.fhir.elements import OID, Json
from gdtbridge.fhir.query import MISSING, NOT, SearchCondition, SearchValue
from gdtbridge.fhir.tables import ParameterKind, SearchParameter
from gdtbridge.people.folding import folded_words


def matches(resource: Json, conditions: Iterable[SearchCondition]) -> bool:
    """Return whether a resource meets all conditions."""
    return all(_meets(resource, one) for one in conditions)


def _meets(resource: Json, condition: SearchCondition) -> bool:
    if condition.parameter.name == "_id" and condition.is_plain:
        return resource["id"] in condition.texts  # of which there may be thousands
    elements = list(elements_of(resource, condition.parameter))
    if condition.modifier == MISSING:
        return (not elements) is (condition.texts[0] == "true")
    fits = any(_fits(one, value, condition) for one in elements for value in condition.values)
    return fits is (condition.modifier != NOT)


def elements_of(resource: Json, parameter: SearchParameter) -> Iterator[Any]:
    """Yield the elements a search parameter is about."""
    for path in parameter.paths:
        yield from at_path(resource, path)


def at_path(element: Any, path: str) -> Iterator[Any]:  # noqa: ANN401 - JSON
    """Yield what stands at a path (``context.related``), each element of a list by itself."""
    return _at(element, path.split("."))


def _at(element: Any, path: list[str]) -> Iterator[Any]:  # noqa: ANN401 - JSON
    if isinstance(element, list):
        for one in element:
            yield from _at(one, path)
    elif not path:
        yield element
    elif isinstance(element, Mapping) and path[0] in element:
        yield from _at(element[path[0]], path[1:])


def _fits(element: Any, value: SearchValue, condition: SearchCondition) -> bool:  # noqa: ANN401
    match condition.parameter.kind:
        case ParameterKind.STRING:
            return _reads(str(element), value.text, condition.modifier)
        case ParameterKind.DATE:
            found = range_of(str(element))
            wanted = value.range
            return found is not None and wanted is not None and found.fits(value.prefix, wanted)
        case ParameterKind.REFERENCE:
            return _leads_to(element.get("reference", ""), value.text)
        case ParameterKind.QUANTITY:
            return value.quantity is not None and value.quantity.fits(element)
        case ParameterKind.TOKEN:
            return any(_is(*pair, value) for pair in tokens_of(element))


def _reads(said: str, wanted: str, modifier: str) -> bool:
    """Return whether a text is, has or begins like another; umlauts, accents and case aside.

    Each word of a text may be its beginning: who is looked for as Heide may be named von der Heide.
    """
    if modifier == "exact":
        return said == wanted
    words = f" {' '.join(folded_words(said))} "
    looked_for = " ".join(folded_words(wanted))
    return (looked_for if modifier == "contains" else f" {looked_for}") in words


def _leads_to(reference: str, wanted: str) -> bool:
    """Return whether a reference is meant: ``Patient/1``, its id, or its whole address."""
    if "/" not in wanted:
        return reference.partition("/")[2] == wanted
    return reference == "/".join(wanted.rsplit("/", 2)[-2:])


def tokens_of(element: Any) -> Iterator[tuple[str | None, str, bool]]:  # noqa: ANN401 - JSON
    """Yield system, code, and whether its case counts; None for the system where it has none."""
    if isinstance(element, bool):
        yield None, str(element).lower(), False
    elif isinstance(element, str):
        yield None, element, False
    elif "coding" in element or "text" in element:  # CodeableConcept
        for one in element.get("coding", ()):
            yield one.get("system", ""), one.get("code", ""), False
    elif "code" in element:  # Coding
        yield element.get("system", ""), element["code"], False
    elif "value" in element:  # Identifier
        yield element.get("system", ""), element["value"], True


def _is(system: str | None, code: str, is_exact: bool, wanted: SearchValue) -> bool:  # noqa: FBT001
    """Return whether a token is meant; a UID may have ``urn:oid:`` before it or not."""
    if wanted.system is not None and system is not None and wanted.system != system:
        return False
    if not wanted.text:
        return wanted.system is not None and wanted.system == system
    told, asked = code.removeprefix(OID), wanted.text.removeprefix(OID)
    return told == asked if is_exact else told.casefold() == asked.casefold()
