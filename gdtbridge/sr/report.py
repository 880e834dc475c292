"""A file to a report, in this process (`reader.ReportReader` reads in a child process)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from gdtbridge.dataset.parser import Item, ParsedDataset
from gdtbridge.dataset.tags import Tag
from gdtbridge.dataset.text import TextDecoder
from gdtbridge.dataset.values import to_date, to_time
from gdtbridge.sr.codes import normal
from gdtbridge.sr.content import MAX_CHARACTERS, ContentReader, NumFinding
from gdtbridge.sr.context import ModifierContext
from gdtbridge.sr.elements import read_elements
from gdtbridge.sr.findings import names_of, number_findings
from gdtbridge.sr.ge_xml import untold_averages
from gdtbridge.sr.identity import NumberedId, identity_of, numbered, precedence
from gdtbridge.sr.model import (
    LOSSES,
    Code,
    Measurement,
    MeasurementProperty,
    NotAReportError,
    NumDecision,
    PredecessorTest,
    Report,
    UntoldValue,
    is_report,
)
from gdtbridge.sr.no_results import OTHER_REPORT, is_other_report
from gdtbridge.sr.numbers import plain
from gdtbridge.sr.predecessor import predecessor_tests
from gdtbridge.sr.profiles import ReportOrigin, device_of
from gdtbridge.sr.rules import NO_RESULTS, RULES
from gdtbridge.sr.selection import FindingSelection, FindingVerdict, select
from gdtbridge.sr.statements import statements_of
from gdtbridge.sr.tree import ROOT, walk

T = TypeVar("T")

MAX_PREDECESSORS: Final = 32

CHILD: Final = 8
"""Years below which nobody is pregnant."""
MALE: Final = "M"
"""Patient's Sex of those who never are."""


def read_report(path: Path, *, explain: bool = False) -> Report:
    """Return the Structured Report in ``path``; raise `ReportError` if there is none to read.

    Faults inside are warnings of the report and cost the items they are in, no others. With
    ``explain`` the report has a decision for every NUM of the file.
    """
    elements = read_elements(path)
    root = elements.root
    content = ContentReader(
        TextDecoder(root.values.get(Tag.SpecificCharacterSet, b""), longest=MAX_CHARACTERS),
        root,
        elements.big_endian,
    )
    _refuse_others(content, root)
    manufacturer = content.string(root, Tag.Manufacturer)
    model = content.string(root, Tag.ManufacturerModelName)
    content.template = _template(content, root)
    content.passed = [] if explain else None
    title, sop_class = content.name(root), content.string(root, Tag.SOPClassUID)
    content.device = device_of(
        ReportOrigin(manufacturer, model, content.template, normal(title), _private_concepts(root))
    )
    content.is_other = is_other_report(sop_class, content.template, title)
    if content.is_other:
        content.warnings.add(OTHER_REPORT, ROOT)
    content.never_pregnant = _is_never_pregnant(content, root)
    _warn_of_damage(content, elements)
    walk(content)
    number_findings(content)
    _ask_private_xml(content, elements)
    selection = select(_of(content, earlier=False), content.device)
    before = select(_of(content, earlier=True), content.device)
    verdicts = selection.verdicts + [
        FindingVerdict(one, "earlier") for one in _of(content, earlier=True)
    ]
    statements, unlisted, statement_decisions = statements_of(
        content, selection.kept, explain=explain
    )
    return Report(
        sop_class_uid=content.string(root, Tag.SOPClassUID),
        sop_uid=content.string(root, Tag.SOPInstanceUID),
        study_uid=content.string(root, Tag.StudyInstanceUID),
        template=content.template,
        patient_id=content.string(root, Tag.PatientID),
        manufacturer=manufacturer,
        completion=content.string(root, Tag.CompletionFlag) or None,
        content_time=_content_time(content, root),
        measurements=_measurements(selection),
        warnings=content.warnings.all(),
        not_measured=selection.not_measured,
        patient_name=content.string(root, Tag.PatientName).rstrip("^ "),
        patient_birth_date=content.string(root, Tag.PatientBirthDate),
        accession_number=_accession_number(content, root),
        model=model,
        station=content.string(root, Tag.StationName),
        exam_date=_first(content, root, to_date, Tag.StudyDate, Tag.ContentDate),
        exam_time=_first(content, root, to_time, Tag.StudyTime, Tag.ContentTime),
        predecessors=tuple(_predecessors(content, root))[:MAX_PREDECESSORS],
        profile=content.device.name,
        decisions=_decisions(content, verdicts),
        untold=tuple(_untold(verdicts)),
        earlier=_measurements(before),
        statements=statements,
        statement_decisions=statement_decisions,
        unlisted=unlisted,
        is_other_kind=content.is_other,
    )


def _of(content: ContentReader, *, earlier: bool) -> list[NumFinding]:
    """Return the findings of earlier exams, or those of this one."""
    return [one for one in content.findings if (one.earlier is not None) is earlier]


def _refuse_others(content: ContentReader, root: Item) -> None:
    """Raise `NotAReportError` unless there is a content tree that calls itself one."""
    has_tree = Tag.ContentSequence in root.sequences
    if is_report(content.string(root, Tag.SOPClassUID)):
        if not has_tree:
            raise NotAReportError("Der Bericht hat keinen Inhalt. / The report has no content.")
    elif not has_tree or content.kind(root) != "CONTAINER":
        raise NotAReportError("Das ist kein Structured Report. / This is no Structured Report.")


def _template(content: ContentReader, root: Item) -> str | None:
    items = root.sequences.get(Tag.ContentTemplateSequence)
    return (content.string(items[0], Tag.TemplateIdentifier) or None) if items else None


def _is_never_pregnant(content: ContentReader, root: Item) -> bool:
    """Return whether the patient is a man or too young; False where that is not known."""
    if content.string(root, Tag.PatientSex) == MALE:
        return True
    born = to_date(content.string(root, Tag.PatientBirthDate))
    day = _first(content, root, to_date, Tag.StudyDate, Tag.ContentDate)
    return born is not None and day is not None and day.year - born.year < CHILD


def _private_concepts(root: Item) -> frozenset[str]:
    """Return the values of all concept names in private schemes (``99…``)."""
    found: set[bytes] = set()
    waiting = [root]
    while waiting:
        item = waiting.pop()
        waiting += item.sequences.get(Tag.ContentSequence, ())
        for name in item.sequences.get(Tag.ConceptNameCodeSequence, ()):
            if name.values.get(Tag.CodingSchemeDesignator, b"").startswith(b"99"):
                found.add(name.values.get(Tag.CodeValue, b""))
    return frozenset(one.decode("ascii", "replace").strip("\0 ") for one in found)


def _warn_of_damage(content: ContentReader, elements: ParsedDataset) -> None:
    if elements.cut:
        content.warnings.add("truncated", ROOT)
    elif elements.damaged or elements.repeated:
        content.warnings.add("damaged", ROOT)


def _ask_private_xml(content: ContentReader, elements: ParsedDataset) -> None:
    count = untold_averages(elements.private, content.findings)
    if count:
        content.warnings.add("untold_averages", ROOT, str(count))


def _content_time(content: ContentReader, root: Item) -> str | None:
    """Return Content Date and Time as ISO 8601 local time; None without a valid date."""
    day = to_date(content.string(root, Tag.ContentDate))
    clock = to_time(content.string(root, Tag.ContentTime))
    if day is None or clock is None:
        return day.isoformat() if day is not None else None
    return datetime.combine(day, clock).isoformat()


def _first(
    content: ContentReader, root: Item, read: Callable[[str], T | None], *tags: Tag
) -> T | None:
    """Return the value of the first element that ``read`` understands."""
    found = (read(content.string(root, tag)) for tag in tags)
    return next((one for one in found if one is not None), None)


def _accession_number(content: ContentReader, root: Item) -> str:
    """Return the accession number, else that of the one request the report is about.

    Devices put it into Referenced Request Sequence only (PS3.3 C.17.2.1).
    """
    own = content.string(root, Tag.AccessionNumber)
    if own:
        return own
    requests = root.sequences.get(Tag.ReferencedRequestSequence, [])
    asked = {content.string(request, Tag.AccessionNumber) for request in requests} - {""}
    return asked.pop() if len(asked) == 1 else ""


def _predecessors(content: ContentReader, root: Item) -> Iterator[str]:
    for study in root.sequences.get(Tag.PredecessorDocumentsSequence, ()):
        for series in study.sequences.get(Tag.ReferencedSeriesSequence, ()):
            for document in series.sequences.get(Tag.ReferencedSOPSequence, ()):
                uid = content.string(document, Tag.ReferencedSOPInstanceUID)
                if uid:
                    yield uid


def _decisions(
    content: ContentReader, verdicts: Sequence[FindingVerdict]
) -> tuple[NumDecision, ...] | None:
    """Return the decision on every NUM in the order of the file; None where nobody asked."""
    if content.passed is None:
        return None
    decided = content.passed + [
        NumDecision(
            place=verdict.finding.place,
            name=verdict.finding.name.text,
            value=verdict.finding.sent if verdict.finding.fault else plain(verdict.finding.value),
            unit=verdict.finding.unit,
            kept=verdict.rule in RULES and RULES[verdict.rule].kept,
            rule=verdict.rule,
            beside=verdict.beside,
        )
        for verdict in verdicts
    ]
    return tuple(sorted(decided, key=lambda one: [int(part) for part in one.place.split(".")]))


def _untold(verdicts: Iterable[FindingVerdict]) -> Iterator[UntoldValue]:
    """Yield what could not be read, and what the device sent in place of a result."""
    for verdict in verdicts:
        if verdict.rule in LOSSES or verdict.rule in NO_RESULTS:
            nameless = NumberedId("", identity_of(verdict.finding), 1, 1)
            yield UntoldValue(_measurement(verdict.finding, nameless, None), verdict.rule)


def _measurements(selection: FindingSelection) -> tuple[Measurement, ...]:
    if not selection.kept:
        return ()
    findings, before = selection.kept, predecessor_tests(selection.verdicts)
    pairs = zip(findings, numbered(findings, selection.identities), strict=True)
    return tuple(_measurement(one, made, before.get(one.place)) for one, made in pairs)


def _measurement(
    finding: NumFinding, made: NumberedId, predecessor: PredecessorTest | None
) -> Measurement:
    context = finding.context
    return Measurement(
        id=made.id,
        name=finding.name.text,
        value=finding.value,
        unit=finding.unit,
        unit_code=finding.unit_code or "",
        code=finding.name.value,
        scheme=finding.name.scheme,
        site=_text(context.site),
        laterality=_text(context.laterality),
        mode=_text(context.mode),
        method=_text(context.method, context.equation),
        derivation=_text(context.derivation),
        phase=_text(context.cycle, context.breathing),
        fetus=_text(context.fetus),
        label=_text(context.label or context.short_label),
        topography=_text(context.topography),
        flow=_text(context.flow),
        view=_text(context.view),
        stage=_text(context.stage),
        protocol=_text(context.protocol),
        selection=_text(context.selection),
        device_id=finding.row.device_id or None if finding.row is not None else None,
        predecessor=predecessor,
        place=finding.place,
        identity=made.identity,
        section=_text(context.section),
        group=_group(context),
        companion_of=_text(finding.companion_of),
        further=tuple(
            MeasurementProperty(name.text, code.text, "", name.value, name.scheme)
            for name, code in context.further
        ),
        properties=finding.properties,
        inferred_from=finding.inferred_from,
        observed=finding.observed or None,
        other_side=_text(context.other_side),
        repeat=made.repeat,
        repeats=made.repeats,
        stands=made.stands,
        precedence=precedence(finding),
        findings=names_of(context),
        subject=finding.subject,
        earlier=finding.earlier,
    )


def _group(context: ModifierContext) -> str | None:
    if context.tracking is None and context.containers:
        return " / ".join(container.text for container in context.containers)
    return _text(context.tracking)


def _text(code: Code | None, second: Code | None = None) -> str | None:
    if code is None or second is None:
        code = code or second
        return code.text or None if code is not None else None
    return f"{code.text}, {second.text}"
