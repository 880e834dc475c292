"""A file to a report, in this process (`reader.ReportReader` does it in a guarded one)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from pathlib import Path
from typing import Final

from gdtbridge.measurements.content import Content, Finding
from gdtbridge.measurements.elements import Elements, Item, Tag
from gdtbridge.measurements.identity import identity_of, ids_of, marked_for_seed
from gdtbridge.measurements.model import Code, Measurement, NotAReportError, Report, is_report
from gdtbridge.measurements.part10 import read_elements
from gdtbridge.measurements.selection import (
    without_copies,
    without_single_readings,
    without_unmeasured,
)
from gdtbridge.measurements.text import Decoder
from gdtbridge.measurements.tree import walk

_ROOT: Final = "1"


def read_report(path: Path) -> Report:
    """Return what the Structured Report in ``path`` says; raise `ReportError` if nothing can be.

    Faults inside are warnings of the report and cost the items they are in, no others.
    """
    elements = read_elements(path)
    root = elements.root
    content = Content(Decoder(root.values.get(Tag.SpecificCharacterSet, b"")))
    _refuse_others(content, root)
    content.template = _template(content, root)
    _warn_of_damage(content, elements)
    walk(content, root)
    manufacturer = content.string(root, Tag.Manufacturer)
    findings, not_measured = without_unmeasured(content.findings, manufacturer)
    findings = marked_for_seed(without_single_readings(findings))
    return Report(
        sop_class_uid=content.string(root, Tag.SOPClassUID),
        sop_uid=content.string(root, Tag.SOPInstanceUID),
        study_uid=content.string(root, Tag.StudyInstanceUID),
        template=content.template,
        patient_id=content.string(root, Tag.PatientID),
        manufacturer=manufacturer,
        completion=content.string(root, Tag.CompletionFlag) or None,
        content_time=_content_time(content, root),
        measurements=_measurements(without_copies(findings)),
        warnings=content.warnings.all(),
        not_measured=not_measured,
    )


def _refuse_others(content: Content, root: Item) -> None:
    """Raise `NotAReportError` unless there is a content tree that calls itself one."""
    has_tree = Tag.ContentSequence in root.sequences
    if is_report(content.string(root, Tag.SOPClassUID)):
        if not has_tree:
            raise NotAReportError("Der Bericht hat keinen Inhalt. / The report has no content.")
    elif not has_tree or content.kind(root) != "CONTAINER":
        raise NotAReportError("Das ist kein Structured Report. / This is no Structured Report.")


def _template(content: Content, root: Item) -> str | None:
    items = root.sequences.get(Tag.ContentTemplateSequence)
    return (content.string(items[0], Tag.TemplateIdentifier) or None) if items else None


def _warn_of_damage(content: Content, elements: Elements) -> None:
    if elements.cut:
        content.warnings.add("truncated", _ROOT)
    elif elements.damaged:
        content.warnings.add("damaged", _ROOT)


def _content_time(content: Content, root: Item) -> str | None:
    """Return Content Date and Time as ISO 8601 local time; None without a valid date."""
    day = content.string(root, Tag.ContentDate).replace(".", "")
    clock = content.string(root, Tag.ContentTime).replace(":", "")[:6]
    try:
        if len(day) != 8:
            return None
        found = date(int(day[:4]), int(day[4:6]), int(day[6:])).isoformat()
    except ValueError:
        return None
    try:
        return f"{found}T{time(int(clock[:2]), int(clock[2:4] or 0), int(clock[4:] or 0))}"
    except ValueError:
        return found


def _measurements(findings: Sequence[Finding]) -> tuple[Measurement, ...]:
    pairs = zip(findings, ids_of(findings), strict=True)
    return tuple(_measurement(finding, made) for finding, made in pairs)


def _measurement(finding: Finding, made: str) -> Measurement:
    context, seed = finding.context, finding.seed
    return Measurement(
        id=made,
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
        label=_text(context.label),
        topography=_text(context.topography),
        flow=_text(context.flow),
        view=_text(context.view),
        stage=_text(context.stage),
        protocol=_text(context.protocol),
        selection=_text(context.selection),
        device_id=finding.device_id,
        seed_id=seed.id if seed is not None and finding.kept_by_seed else None,
        seed_name=seed.name if seed is not None else None,
        seed_sources=seed.sources if seed is not None else (),
        seed_unit=finding.unit_code if seed is not None else None,
        place=finding.place,
        identity=identity_of(finding),
    )


def _text(*codes: Code | None) -> str | None:
    return ", ".join(code.text for code in codes if code is not None) or None
