"""From results to records, a function for each kind of record.

A record is complete or it is refused with :class:`GdtWriteError`; a patient number is never
altered.
"""

from __future__ import annotations

from dataclasses import replace

from gdtbridge.gdt.errors import GdtWriteError
from gdtbridge.gdt.tables.dialects import Dialect
from gdtbridge.gdt.tables.options import LinkPlace
from gdtbridge.gdt.tables.rows import RecordLayout
from gdtbridge.gdt.text import printable
from gdtbridge.gdt.write.encoder import Loss
from gdtbridge.gdt.write.field_contents import (
    attachments_of,
    message_contents,
    retraction_contents,
    study_contents,
    value_contents,
)
from gdtbridge.gdt.write.record_writer import RecordContents, render
from gdtbridge.gdt.write.results import (
    GdtFile,
    Identification,
    MessageResult,
    RetractionResult,
    StudyResult,
    ValueResult,
)
from gdtbridge.people import Patient


def render_study(
    result: StudyResult, dialect: Dialect, ids: Identification, *, encoding: str | None = None
) -> GdtFile:
    """Return the study record (6310); raise `GdtWriteError` when there can be none."""
    return _study(result, dialect, dialect.layouts.study, ids, encoding)


def render_order_answer(
    result: StudyResult, dialect: Dialect, ids: Identification, *, encoding: str | None = None
) -> GdtFile:
    """Return the 6310 that answers a placed order (``description``: the requested procedure).

    Raises `GdtWriteError`.
    """
    return _study(result, dialect, dialect.layouts.order_answer, ids, encoding)


def render_values(
    result: ValueResult, dialect: Dialect, ids: Identification, *, encoding: str | None = None
) -> GdtFile:
    """Return the 6310 of a report's measurements.

    A dialect with field 8100 gets as many records as that field's digits need; attachments stand
    in the first. Raises `GdtWriteError`.
    """
    layout, options = dialect.layouts.values, dialect.options
    contents = value_contents(result, ids, layout, options)
    page = RecordContents(contents, result.values, attachments_of(result, options))
    rendered = render(dialect, layout, page, encoding)
    missing = _missing_attachments(result, dialect)
    return replace(rendered, losses=(*rendered.losses, *missing))


def render_retraction(
    result: RetractionResult, dialect: Dialect, ids: Identification, *, encoding: str | None = None
) -> GdtFile:
    """Return the 6310 that takes results back; it stands beside the study record, without values.

    Raises `GdtWriteError`.
    """
    layout = dialect.layouts.study
    page = RecordContents(retraction_contents(result, ids, layout, dialect.options))
    return render(dialect, layout, page, encoding)


def render_message(
    result: MessageResult, dialect: Dialect, ids: Identification, *, encoding: str | None = None
) -> GdtFile:
    """Return the 6310 of a message to staff; raise `GdtWriteError` when there can be none."""
    if not any(map(printable, result.lines)):
        raise GdtWriteError(
            dialect.options.comment_field,
            "Die Nachricht hat keinen Text. / The message has no text.",
        )
    layout = dialect.layouts.study
    page = RecordContents(message_contents(result, ids, layout, dialect.options))
    return render(dialect, layout, page, encoding)


def render_progress(
    result: StudyResult, dialect: Dialect, ids: Identification, *, encoding: str | None = None
) -> GdtFile | None:
    """Return the 6310 that tells an order's state (``remarks``); None where a dialect has none.

    It has the order's names but no test, so that nobody takes it for the result. Raises
    `GdtWriteError`.
    """
    layout = dialect.layouts.progress
    if layout is None:
        return None
    page = RecordContents(study_contents(result, ids, layout, dialect.options))
    return render(dialect, layout, page, encoding)


def render_master_data(
    patient: Patient, dialect: Dialect, ids: Identification, *, encoding: str | None = None
) -> GdtFile:
    """Return the 6301 of a patient; raise `GdtWriteError` when there can be none."""
    layout = dialect.layouts.master_data
    nothing = StudyResult(patient, None, None, "", "", "", test_id="", test_description="")
    page = RecordContents(study_contents(nothing, ids, layout, dialect.options))
    return render(dialect, layout, page, encoding)


def _study(
    result: StudyResult,
    dialect: Dialect,
    layout: RecordLayout,
    ids: Identification,
    encoding: str | None,
) -> GdtFile:
    """Return a study record or an order's answer."""
    attachments = attachments_of(result, dialect.options)
    page = RecordContents(study_contents(result, ids, layout, dialect.options), (), attachments)
    rendered = render(dialect, layout, page, encoding)
    missing = _missing_attachments(result, dialect)
    if result.link.strip() and dialect.options.link is LinkPlace.NONE:
        missing.append(f"9154 {Loss.UNSUPPORTED}")
    return replace(rendered, losses=(*rendered.losses, *missing))


def _missing_attachments(result: StudyResult | ValueResult, dialect: Dialect) -> list[str]:
    """Return the loss of attachments the dialect has no place for."""
    lost = result.attachments and not dialect.options.attachments
    return [f"6302 {Loss.UNSUPPORTED}"] if lost else []
