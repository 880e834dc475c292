"""What a record asks for: its tests (8410, 8402), the rules of the practice, the device they name.

A record may name several tests, each with its own name (8411) and code (8402). Each is looked at;
they become one entry of the worklist or several, as `orders.entries` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gdtbridge.gdt.read.record import Record
from gdtbridge.gdt.tables.dates import parse_date, says_no_date
from gdtbridge.gdt.text import printable
from gdtbridge.gdt.write.results import OrderReference
from gdtbridge.settings import OrderCodeRule

_DESCRIPTION_LENGTH: Final = 64
"""Requested Procedure Description is an LO (PS3.5 Table 6.2-1), of so many characters."""


@dataclass(frozen=True, slots=True)
class OrderedTest:
    """A test a record asks for: 8402, 8410 and 8411 as far as they are said."""

    device_code: str = ""
    test_id: str = ""
    name: str = ""

    @property
    def codes(self) -> tuple[str, ...]:
        """What a rule may name, the test itself before its kind."""
        return (self.test_id, self.name, self.device_code)


@dataclass(frozen=True, slots=True)
class RequestedProcedure:
    """What shall be done where (Requested Procedure, PS3.3 C.4.11); None and empty: defaults.

    ``test`` is what a result repeats; ``others`` are tests of the same record no entry names.
    """

    modality: str | None
    station: str | None
    description: str
    test: OrderedTest = OrderedTest()
    others: tuple[OrderedTest, ...] = ()

    def named_in(self, reference: OrderReference) -> OrderReference:
        """Return a record's reference as that of this procedure."""
        return replace(
            reference,
            device_code=self.test.device_code,
            test_id=self.test.test_id,
            test_name=self.test.name,
        )


_NOTHING: Final = frozenset({"null", "(null)", "undefined"})
"""What programs write for a value they do not have."""


def text_of(record: Record, field: str) -> str:
    """Return the printable contents of a field that stands once, or goes on in the next line."""
    return said(" ".join(value.strip() for value in record.all(field)))


def said(value: str) -> str:
    """Return what a value says, printable; empty where a program wrote that it has none."""
    text = printable(value).strip()
    return "" if text.casefold() in _NOTHING else text


def word_for_procedure(record: Record) -> tuple[str, str]:
    """Return code and text in 6200 and 6201, where software puts no date there (x.concept)."""
    code = text_of(record, "6200")
    if says_no_date(code) or parse_date(code) is not None or not any(map(str.isalpha, code)):
        return "", ""
    return code, text_of(record, "6201")


def tests_of(record: Record) -> tuple[OrderedTest, ...]:
    """Return the tests a record asks for, in their order; one without anything where it has none.

    8411 names the 8410 before it, or the next where a name comes first of all. A test is of the
    kind (8402) named last before it; as many kinds as tests, all before them, belong together one
    by one. A kind no test has is a test of its own.
    """
    tests = list(_tests(record))
    codes = [code for value in record.all("8402") if (code := said(value))]
    order = [line.id for line in record.lines if line.id in {"8402", "8410"} and said(line.value)]
    if len(codes) == len(tests) and order == sorted(order):
        tests = [replace(one, device_code=code) for one, code in zip(tests, codes, strict=True)]
    first = next(iter(codes), "")
    tests = [replace(one, device_code=one.device_code or first) for one in tests]
    used = {one.device_code for one in tests}
    alone = [OrderedTest(code) for code in dict.fromkeys(codes) if code not in used]
    return (*tests, *alone) or (OrderedTest(),)


def _tests(record: Record) -> Iterator[OrderedTest]:
    """Yield each 8410 with its name and the 8402 between it and the 8410 before, if there is one.

    Without any 8410, what 8411 says is one test.
    """
    lines = [line for line in record.lines if line.id in {"8402", "8410", "8411"}]
    names_first = next((line.id for line in lines if line.id != "8402"), "") == "8411"
    code = ""
    names: list[str] = []
    test: OrderedTest | None = None
    for line in lines:
        value = said(line.value)
        if line.id == "8410" and value:
            if test is not None:
                yield _named(test, names if not names_first else [])
            test = OrderedTest(code, value, " ".join(names) if names_first else "")
            code, names = "", []
        elif line.id == "8402":
            code = value or code
        elif value and line.id == "8411":
            names.append(value)
    if test is not None:
        yield _named(test, names)
    elif names:
        yield OrderedTest(name=" ".join(names))


def _named(test: OrderedTest, names: list[str]) -> OrderedTest:
    return replace(test, name=" ".join(names)) if names and not test.name else test


def procedures_of(
    record: Record, rules: Sequence[OrderCodeRule], *, each: bool
) -> tuple[RequestedProcedure, ...]:
    """Return what a record asks for: one procedure, or where ``each`` one for each of its tests.

    Without ``each`` the first rule counts that names any of the tests. Tests that would be the same
    entry of the worklist are one.
    """
    tests = tests_of(record)
    general = (text_of(record, "6205"), *word_for_procedure(record))
    if not each or len(tests) == 1:
        return (_first(record, tests, general, rules),)
    found: dict[tuple[str | None, str | None, str], RequestedProcedure] = {}
    for test in tests:
        rule = next((rule for rule in rules if _names(rule, test.codes)), None)
        made = _made(rule, test, test.name or _described(record, (test,), general))
        found.setdefault((made.modality, made.station, made.description), made)
    return tuple(found.values())


def _first(
    record: Record,
    tests: Sequence[OrderedTest],
    general: tuple[str, ...],
    rules: Sequence[OrderCodeRule],
) -> RequestedProcedure:
    """Return the one procedure of a record: that of the first rule that names one of its tests."""
    for rule in rules:
        for test in tests:
            if _names(rule, test.codes):
                others = tuple(one for one in tests if one != test)
                own = test.name or _described(record, (test,), general)
                return replace(_made(rule, test, own), others=others)
        if _names(rule, general):
            return _made(rule, tests[0], _described(record, tests, general))
    return _made(None, tests[0], _described(record, tests, general))


def _names(rule: OrderCodeRule, codes: Sequence[str]) -> bool:
    wanted = rule.code.strip().casefold()
    return any(wanted == code.casefold() for code in codes if code)


def _made(rule: OrderCodeRule | None, test: OrderedTest, own: str) -> RequestedProcedure:
    description = own.replace("\\", "/")[:_DESCRIPTION_LENGTH].strip()
    if rule is None:
        return RequestedProcedure(None, None, description, test)
    return RequestedProcedure(rule.modality, rule.station, rule.procedure or description, test)


def _described(record: Record, tests: Sequence[OrderedTest], general: Sequence[str]) -> str:
    """Return the name of the procedure in a record's own words, the best first."""
    diagnosis, code, word = general
    choices = (
        ", ".join(one.name for one in tests if one.name),
        diagnosis,
        text_of(record, "6220"),
        ", ".join(one.test_id for one in tests if one.test_id),
        word or code,
        ", ".join(dict.fromkeys(one.device_code for one in tests if one.device_code)),
    )
    return next((choice for choice in choices if choice), "")
