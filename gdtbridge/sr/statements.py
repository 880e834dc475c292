"""Dates, texts and codes of a report that a doctor expects: ET, comments, the child's position.

A CODE, TEXT or DATE that is contained, or a property of a finding, says something of its own unless
it modifies something else. Which are told ``statements.tsv`` says; what is left out has a rule
(`rules`), so that ``--explain`` names it. Nothing that says who somebody is is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from gdtbridge.dataset.parser import Item
from gdtbridge.dataset.tags import Tag
from gdtbridge.dataset.text import one_line
from gdtbridge.sr.attributes import CONCEPT_MODIFIER, OLD_GE_TEXTS
from gdtbridge.sr.codes import SILENT_MODIFIERS, Concept, normal, role_of
from gdtbridge.sr.content import ContentReader, NumFinding, StatementFinding
from gdtbridge.sr.context import ModifierContext
from gdtbridge.sr.findings import SAYING, is_answer, is_named_finding, is_organ, names_of
from gdtbridge.sr.identity import Identity, context_keys, made_id
from gdtbridge.sr.model import (
    Code,
    MeasurementProperty,
    ReportLimitError,
    ReportStatement,
    StatementDecision,
    Subject,
)
from gdtbridge.sr.statement_table import StatementUse, row_of

KINDS: Final = SAYING | {"PNAME", "UIDREF"}
"""Value Types that may say something of their own (PS3.3 C.17.3.2.1)."""

SURVEY: Final[Concept] = ("DCM", "131370")
"""Fetal Anatomy Survey (PS3.16 TID 5030): each code is what was looked at, and how it is."""

SEXES: Final = frozenset({StatementUse.FETAL_SEX, StatementUse.SUBJECT_SEX})

MAX_TEXT: Final = 4000
"""Characters of a text; what is longer is cut and ends so."""

CUT: Final = " … (gekürzt)"

MAX_STATEMENTS: Final = 2000


def visit(content: ContentReader, item: Item, place: str, context: ModifierContext) -> None:
    """Keep an item that says something of its own; ``context`` holds at the item.

    Too many raise `ReportLimitError`, because none may be lost silently.
    """
    kind = content.kind(item)
    name = content.name(item)
    if kind not in KINDS or not item.complete or role_of(name) is not None:
        return
    if content.relation(item) == CONCEPT_MODIFIER:
        return
    if normal(name) in SILENT_MODIFIERS or name.value in OLD_GE_TEXTS or not name.text:
        return
    value = content.code(item, Tag.ConceptCodeSequence) if kind == "CODE" else None
    value = value or Code("", "", _text(content, item))
    if len(content.statements) >= MAX_STATEMENTS:
        raise ReportLimitError("Zu viele Angaben. / Too many statements.")
    observed = content.string(item, Tag.ObservationDateTime) or context.observed
    content.statements.append(StatementFinding(name, kind, value, context, place, observed))


def _text(content: ContentReader, item: Item) -> str:
    """Return a text in its lines, another value as it is."""
    raw = item.values.get(Tag.TextValue)
    if not raw:
        value = content.modifier_value(item)
        return value.text if value is not None else ""
    lines = (" ".join(one_line(line).split()) for line in content.text.as_sent(raw).splitlines())
    text = "\n".join(line for line in lines if line.strip("\0 "))
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT].rstrip() + CUT


def statements_of(
    content: ContentReader, values: Sequence[NumFinding], *, explain: bool
) -> tuple[tuple[ReportStatement, ...], tuple[str, ...], tuple[StatementDecision, ...] | None]:
    """Return what is told, in tree order, the names of what no table has, and the decisions.

    Those are on every item with ``explain``, else None.

    ``values`` are the numbers that are told: what is in their names is not told again.
    """
    named = {finding.place for one in values for finding in one.context.findings}
    told: dict[tuple[Identity, str], StatementFinding] = {}
    unlisted, decisions = [], []
    for one in content.statements:
        rule = _rule(one, named)
        key = (_identity(one), _said(one))
        if rule in TOLD and key in told:
            rule = "said_before"
        elif rule in TOLD:
            told[key] = one
        elif rule == "unlisted":
            unlisted.append(one.name.text)
        if explain:
            decisions.append(_decision(one, rule))
    return tuple(_numbered(told)), tuple(unlisted), tuple(decisions) if explain else None


TOLD: Final = frozenset({"stated", "fetal_sex"})
"""Rules of what a report has; whether the sex of a fetus reaches the chart the practice says."""


def _rule(one: StatementFinding, named: set[str]) -> str:
    """Return the name of the rule (`rules.RULES`) by which an item is told or left out."""
    row = row_of(one.name)
    use = row.use if row is not None else None
    if one.kind == "PNAME" or use is StatementUse.IDENTIFYING:
        return "identifying"
    if one.kind in SAYING and use in SEXES:
        is_child = one.context.fetus is not None or one.context.subject is Subject.FETUS
        return "fetal_sex" if is_child or use is StatementUse.FETAL_SEX else "circumstance"
    if one.kind not in SAYING or use is StatementUse.CIRCUMSTANCE:
        return "circumstance"
    if one.earlier is not None:
        return "earlier_exam"
    return _rule_of_words(one, named, is_listed=use is not None)


def _rule_of_words(one: StatementFinding, named: set[str], *, is_listed: bool) -> str:
    if not one.value.text:
        return "no_text"
    is_site = is_named_finding(one.name) and is_organ(one.value)
    if is_site or one.place in named or _is_in_group(one, named):
        return "in_names"
    return "stated" if is_listed or _speaks_for_itself(one) else "unlisted"


def _is_in_group(one: StatementFinding, named: set[str]) -> bool:
    """Return whether an item is the finding its measurement group's numbers are named for."""
    if not is_named_finding(one.name) or is_answer(one.value):
        return False
    group = one.place.rpartition(".")[0]
    return group in named and any(
        finding.place == group and not finding.container for finding in one.context.findings
    )


def _speaks_for_itself(one: StatementFinding) -> bool:
    """Return whether a code no row has is told in the device's words: below a finding, in a survey.

    A code names no person, a text might.
    """
    section = one.context.section
    surveyed = section is not None and normal(section) == SURVEY
    return one.kind == "CODE" and (surveyed or bool(one.context.findings))


def _identity(one: StatementFinding) -> Identity:
    name = ":".join(normal(one.name)) if one.name.value else f"={one.name.meaning.casefold()}"
    return (name, *context_keys(one.context))


def _said(one: StatementFinding) -> str:
    return ":".join(normal(one.value)) if one.value.value else one.value.meaning


def _decision(one: StatementFinding, rule: str) -> StatementDecision:
    hidden = rule in {"identifying", "fetal_sex"} or one.kind not in SAYING
    value = "" if hidden else one.value.text.replace("\n", " ")
    return StatementDecision(one.place, one.name.text, value, rule == "stated", rule)


def _numbered(
    told: dict[tuple[Identity, str], StatementFinding],
) -> Iterator[ReportStatement]:
    """Yield what is told; of several that say something of one thing the words are in the id."""
    alike = Counter(identity for identity, _ in told)
    for (identity, said), one in told.items():
        whole = (*identity, said) if alike[identity] > 1 else identity
        yield _statement(one, made_id("TEXT", whole), identity)


def _statement(one: StatementFinding, made: str, identity: Identity) -> ReportStatement:
    context = one.context
    row = row_of(one.name)
    containers = " / ".join(container.text for container in context.containers)
    tracking = context.tracking or context.tracking_uid
    return ReportStatement(
        id=made,
        name=one.name.text,
        kind=one.kind,
        value=one.value.text,
        code=one.name.value,
        scheme=one.name.scheme,
        value_code=one.value.value,
        value_scheme=one.value.scheme,
        site=_words(context.site),
        laterality=_words(context.laterality),
        topography=_words(context.topography),
        fetus=_words(context.fetus),
        label=_words(context.label or context.short_label),
        stage=_words(context.stage),
        group=_words(tracking) or containers or None,
        section=_words(context.section),
        findings=names_of(context),
        further=tuple(
            MeasurementProperty(name.text, code.text, "", name.value, name.scheme)
            for name, code in context.further
        ),
        identity=identity,
        place=one.place,
        fetal_sex=row is not None and row.use in SEXES,
    )


def _words(code: Code | None) -> str | None:
    return (code.text or None) if code is not None else None
