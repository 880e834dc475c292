"""From the options of a dialect to its records, row by row; one function for each form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Final

from gdtbridge.gdt.tables.objects import OBJECT_OF, OBJECTS
from gdtbridge.gdt.tables.options import (
    DialectOptions,
    LinkPlace,
    RecordForm,
    ResultObjects,
    ValueForm,
)
from gdtbridge.gdt.tables.record_types import BODY_RANK, echo_rank
from gdtbridge.gdt.tables.rows import (
    NEVER_OMITTED,
    ContentSource,
    DialectLayouts,
    FieldRow,
    RecordLayout,
    constant,
)

FINDING: Final = "6220"
"""The field of a finding (Befund)."""

_FIXED: Final = frozenset({"8000", "8100", "9218", "3000", "8410", "8420", "8421"})

ESSENTIAL: Final = frozenset(
    _FIXED | {"8001", "8002", "8003", "8200", "8201", "8202", "8411", "3101", "3102", "3103"}
)
"""Fields no practice can leave out: with them goes the patient, a value or its unit."""


@cache
def layouts_of(options: DialectOptions) -> DialectLayouts:
    """Return the records of a dialect."""
    if options.form is RecordForm.FLAT:
        return _flat(options)
    if options.form is RecordForm.MEDICAL_OFFICE:
        return _medical_office(options)
    return _objects(options)


def _kept(options: DialectOptions, rows: Iterable[FieldRow]) -> tuple[FieldRow, ...]:
    """Return the rows the dialect does not leave out."""
    return tuple(
        row for row in rows if row.field not in options.omit or row.source in NEVER_OMITTED
    )


def _sorted(options: DialectOptions, rows: Iterable[FieldRow]) -> tuple[FieldRow, ...]:
    """Return rows of the body in the order of the standard, unless the dialect has its own."""
    own = {field: rank - len(options.order) for rank, field in enumerate(options.order)}
    return tuple(sorted(rows, key=lambda row: own.get(row.field, BODY_RANK[row.field])))


# --- rows the forms share ------------------------------------------------------------------------

_IDS: Final = (FieldRow("8315", ContentSource.RECEIVER), FieldRow("8316", ContentSource.SENDER))

_NUMBER: Final = (
    FieldRow("3000", ContentSource.PATIENT_ID),
    FieldRow("0193", ContentSource.PATIENT_ID_0193),
)

_NAMES: Final = (
    FieldRow("3101", ContentSource.FAMILY_NAME),
    FieldRow("3102", ContentSource.GIVEN_NAME),
    FieldRow("3103", ContentSource.BIRTH_DATE),
    FieldRow("3110", ContentSource.SEX),
)

_MOMENT: Final = (FieldRow("6200", ContentSource.DATE), FieldRow("6201", ContentSource.TIME))

_ENTRY: Final = (
    FieldRow("6200", ContentSource.ENTRY_CODE),
    FieldRow("6201", ContentSource.ENTRY_TITLE),
)

_STUDY_TEST: Final = (
    FieldRow("8410", ContentSource.TEST_ID),
    FieldRow("8411", ContentSource.TEST_NAME),
    FieldRow("8432", ContentSource.DATE),
    FieldRow("8439", ContentSource.TIME),
    FieldRow("8470", ContentSource.RETRACTED),
)

_VALUE: Final = (
    FieldRow("8410", ContentSource.TEST_ID),
    FieldRow("8411", ContentSource.TEST_NAME),
    FieldRow("8420", ContentSource.VALUE),
    FieldRow("8421", ContentSource.UNIT),
    FieldRow("8432", ContentSource.DATE),
    FieldRow("8439", ContentSource.TIME),
    FieldRow("8460", ContentSource.NORMAL_TEXT),
    FieldRow("8461", ContentSource.NORMAL_LOWER),
    FieldRow("8462", ContentSource.NORMAL_UPPER),
    FieldRow("8470", ContentSource.REMARKS),
)

_ATTACHMENT: Final = (
    FieldRow("6302", ContentSource.ATTACHMENT_NAME),
    FieldRow("6303", ContentSource.ATTACHMENT_FORMAT),
    FieldRow("6304", ContentSource.ATTACHMENT_DESCRIPTION),
    FieldRow("6305", ContentSource.ATTACHMENT_PATH),
)

_LINK: Final = (
    FieldRow("9152", ContentSource.LINK_COUNT),
    FieldRow("9153", ContentSource.LINK_TEXT),
    FieldRow("9154", ContentSource.LINK),
)


def _header(options: DialectOptions) -> tuple[FieldRow, ...]:
    """Return the rows of ids, character set and version."""
    return (*_IDS, FieldRow("9206", ContentSource.CHARSET), constant("9218", options.version))


def _patient(options: DialectOptions) -> tuple[FieldRow, ...]:
    """Return the rows of number, name, birth date and sex."""
    copy = options.patient_id_copy
    again = (FieldRow(copy, ContentSource.PATIENT_ID_COPY),) if copy else ()
    return (*_NUMBER, *again, *_NAMES)


def _echo(options: DialectOptions, *names: str) -> tuple[FieldRow, ...]:
    """Return the rows of repeated fields that stand in these objects; "" is none."""
    fields = (field for field in options.echo if OBJECT_OF.get(field, "") in names)
    return tuple(FieldRow(field, ContentSource.ECHO) for field in fields)


def _with_echo(options: DialectOptions, rows: Sequence[FieldRow]) -> tuple[FieldRow, ...]:
    """Return rows of a flat record, each repeated field behind those that come before it."""
    found = list(rows)
    for field in sorted(options.echo, key=echo_rank):
        before = [at for at, row in enumerate(found) if _comes_before(row.field, field)]
        found.insert(before[-1] + 1, FieldRow(field, ContentSource.ECHO))
    return tuple(found)


def _comes_before(field: str, echoed: str) -> bool:
    """Return whether a field of a flat record stands before one that is repeated."""
    return field in BODY_RANK and BODY_RANK[field] <= echo_rank(echoed)


def _moment(options: DialectOptions) -> tuple[FieldRow, ...]:
    """Return the rows of 6200 and 6201: when it was, or code and title of the entry."""
    return _ENTRY if options.entry else _MOMENT


def _study_test(options: DialectOptions) -> tuple[FieldRow, ...]:
    """Return the rows of a study's test; it tells the accession number where no comment does."""
    remark = FieldRow("8470", ContentSource.ACCESSION_REMARK)
    return _kept(options, (*_STUDY_TEST, remark) if "6227" in options.omit else _STUDY_TEST)


def _attached(options: DialectOptions) -> tuple[FieldRow, ...]:
    """Return the rows of one attachment."""
    return _ATTACHMENT if options.attachments or options.link is LinkPlace.ATTACHMENT else ()


def _attached_values(options: DialectOptions) -> tuple[FieldRow, ...]:
    """Return the rows of one attachment beside values, which have no link."""
    return _ATTACHMENT if options.attachments else ()


def _study_comments(options: DialectOptions, comment: ContentSource) -> tuple[FieldRow, ...]:
    """Return the comments of a study: heading of a later record, comment, remarks."""
    sources = (ContentSource.STUDY_HEADING, comment, ContentSource.CHART_REMARKS)
    return tuple(FieldRow(options.comment_field, source) for source in sources)


def _value_comments(options: DialectOptions) -> tuple[FieldRow, ...]:
    """Return the comments above the values: correction mark, remarks and title."""
    rows = [
        *_findings(options),
        FieldRow(options.comment_field, ContentSource.CORRECTION),
        FieldRow(options.comment_field, ContentSource.CHART_REMARKS),
    ]
    if options.values is not ValueForm.GROUPS:
        rows.append(FieldRow(options.comment_field, ContentSource.VALUE_TITLE))
    return tuple(rows)


def _findings(options: DialectOptions) -> tuple[FieldRow, ...]:
    """Return the row of the values as a finding; none where it is no field or the text is one."""
    is_text = options.comment_field == FINDING and options.values is not ValueForm.GROUPS
    if not options.findings or is_text or FINDING in options.omit:
        return ()
    return (FieldRow(FINDING, ContentSource.FINDING_LINES),)


def _text(options: DialectOptions) -> tuple[FieldRow, ...]:
    """Return the row of a value's line of text, none where values are groups only."""
    if options.values is ValueForm.GROUPS:
        return ()
    return (FieldRow(options.comment_field, ContentSource.VALUE_LINES),)


def _stated(options: DialectOptions) -> tuple[FieldRow, ...]:
    """Return the row of what a report says in words, which every dialect has."""
    return (FieldRow(options.comment_field, ContentSource.STATEMENT),)


# --- flat records: GDT 1.0 to 2.1 ----------------------------------------------------------------


def _flat(options: DialectOptions) -> DialectLayouts:
    """Return the records in the order of the 2.1 tables."""
    head = (*record_start(options.form, "6310"), *_header(options), *_patient(options))
    body = (
        FieldRow("8310", ContentSource.CASE_ID),
        FieldRow("8402", ContentSource.DEVICE_CODE),
        *_moment(options),
        FieldRow("6227", ContentSource.ACCESSION_REMARK),
    )

    def layout(*more: FieldRow) -> RecordLayout:
        rows = _with_echo(options, (*head, *_sorted(options, (*body, *more))))
        return RecordLayout(options.receiver, options.sender, _kept(options, rows))

    def study(comment: ContentSource) -> RecordLayout:
        made = layout(*_study_comments(options, comment))
        return replace(made, attached=_attached(options), tail=_study_test(options))

    return DialectLayouts(
        study(ContentSource.COMMENT),
        study(ContentSource.DESCRIPTION),
        replace(
            layout(*_value_comments(options)),
            text=_text(options),
            stated=_stated(options),
            attached=_attached_values(options),
            each=() if options.values is ValueForm.TEXT else _kept(options, _VALUE),
        ),
        _master_data(options),
        layout(FieldRow(options.comment_field, ContentSource.CHART_REMARKS)),
    )


# --- records in objects: GDT 3.0 and 3.1 ---------------------------------------------------------

TEST_OBJECT: Final[Mapping[RecordForm, str]] = MappingProxyType(
    {RecordForm.COUNTED_OBJECTS: "Obj_Laborergebnis", RecordForm.NAMED_OBJECTS: "Obj_Untersuchung"}
)
"""The object a group of 8410 stands in."""


def object_rows(form: RecordForm, name: str, rows: Iterable[FieldRow]) -> tuple[FieldRow, ...]:
    """Return the rows between the marks of an object: 8200/8201 count, 8002/8003 name."""
    if form is RecordForm.COUNTED_OBJECTS:
        return (constant("8200", name), *rows, FieldRow("8201", ContentSource.OBJECT_LINES))
    return (constant("8002", name), *rows, constant("8003", name))


def record_start(form: RecordForm, record_type: str) -> tuple[FieldRow, ...]:
    """Return the first rows: the record type and, but for 3.1, the length."""
    if form is RecordForm.NAMED_OBJECTS:
        return (constant("8000", record_type),)
    length = ContentSource.LENGTH if form is RecordForm.FLAT else ContentSource.LONG_LENGTH
    return (constant("8000", record_type), FieldRow("8100", length))


def record_end(form: RecordForm, record_type: str) -> tuple[FieldRow, ...]:
    """Return the last row: 3.0 counts the lines, 3.1 names the record type again."""
    if form is RecordForm.FLAT:
        return ()
    if form is RecordForm.COUNTED_OBJECTS:
        return (FieldRow("8202", ContentSource.RECORD_LINES),)
    return (constant("8001", record_type),)


def _objects_head(options: DialectOptions) -> tuple[FieldRow, ...]:
    """Return the rows up to the comments: header, patient, request, and what they repeat."""
    request = (
        *_moment(options),
        FieldRow("8310", ContentSource.CASE_ID_OR_ACCESSION),
        FieldRow("8314", ContentSource.REQUEST_UID),
        FieldRow("8402", ContentSource.DEVICE_CODE),
    )
    objects = (
        ("Obj_Kopfdaten", _header(options)),
        ("Obj_Patient", _patient(options)),
        ("Obj_Basisdiagnostik", ()),
        ("Obj_Anforderung", request),
        ("Obj_Arztidentifikation", ()),
    )
    return (
        *record_start(options.form, "6310"),
        *(
            row
            for name, own in objects
            if (rows := (*own, *_echo(options, name)))
            for row in object_rows(options.form, name, _kept(options, rows))
        ),
        *_echo(options, ""),
    )


def _objects(options: DialectOptions) -> DialectLayouts:
    """Return the records in objects; comments stand between them."""
    form = options.form

    def object_(name: str, rows: Iterable[FieldRow]) -> tuple[FieldRow, ...]:
        return object_rows(form, name, _kept(options, rows))

    head = _objects_head(options)
    test, end = TEST_OBJECT[form], record_end(form, "6310")
    said = FieldRow(options.comment_field, ContentSource.CHART_REMARKS)
    remark = _kept(options, (FieldRow("6227", ContentSource.ACCESSION_REMARK),))
    link = object_("Obj_Anhang", _LINK) if options.link is LinkPlace.URL else ()
    attached, attached_values = _attached(options), _attached_values(options)

    def study(comment: ContentSource) -> RecordLayout:
        return RecordLayout(
            options.receiver,
            options.sender,
            (*head, *remark, *_study_comments(options, comment)),
            attached=object_("Obj_Anhang", attached) if attached else (),
            tail=(*link, *object_(test, _study_test(options)), *end),
        )

    values = RecordLayout(
        options.receiver,
        options.sender,
        (*head, *remark, *_value_comments(options)),
        _text(options),
        stated=_stated(options),
        attached=object_("Obj_Anhang", attached_values) if attached_values else (),
        tail=end,
    )
    return DialectLayouts(
        study(ContentSource.COMMENT),
        study(ContentSource.DESCRIPTION),
        _with_tests(values, options),
        _master_data(options),
        replace(values, head=(*head, *remark, said), text=(), attached=()),
    )


def _with_tests(layout: RecordLayout, options: DialectOptions) -> RecordLayout:
    """Return the layout with the rows of each value, in one object for all or in one for each."""
    if options.values is ValueForm.TEXT:
        return layout
    form, rows = options.form, _kept(options, _VALUE)
    if options.test_objects is ResultObjects.EACH:
        return replace(layout, each=object_rows(form, TEST_OBJECT[form], rows))
    start, end = object_rows(form, TEST_OBJECT[form], ())
    return replace(layout, each_start=(start,), each=rows, each_end=(end,))


# --- Medical Office (Indamed): what orthanc-gdt wrote and Medical Office is known to import ------


def _medical_office(options: DialectOptions) -> DialectLayouts:
    """Return the study record in objects and the flat value record, both ended by 8001."""

    def study(comment: ContentSource) -> RecordLayout:
        header = (*_IDS, constant("9218", options.version))
        examination = (
            FieldRow("8310", ContentSource.CASE_ID),
            FieldRow("8402", ContentSource.ORDERED_DEVICE_CODE),
            FieldRow("8410", ContentSource.TEST_ID),
            FieldRow("8411", ContentSource.TEST_NAME),
            FieldRow("8413", ContentSource.ACCESSION),
            FieldRow("8428", ContentSource.ACCESSION),
            FieldRow("8432", ContentSource.DATE),
            FieldRow("8439", ContentSource.TIME),
            *_study_comments(options, comment),
        )
        rows = (
            constant("8000", "6310"),
            *object_rows(options.form, "Obj_Kopfdaten", _kept(options, header)),
            *object_rows(options.form, "Obj_Patient", (*_NUMBER, *_echo(options, *OBJECTS))),
            *object_rows(options.form, "Obj_Untersuchung", _kept(options, examination)),
            constant("8001", "6310"),
        )
        return RecordLayout(options.receiver, options.sender, rows)

    head = (
        constant("8000", "6310"),
        *_IDS,
        constant("9218", "01.0"),
        *_NUMBER,
        *_echo(options, *OBJECTS),
        FieldRow("8310", ContentSource.CASE_ID),
        FieldRow("8402", ContentSource.ORDERED_DEVICE_CODE),
        FieldRow("6200", ContentSource.DATE),
        *_value_comments(options),
    )
    return DialectLayouts(
        study(ContentSource.ACCESSION_AND_COMMENT),
        study(ContentSource.ACCESSION_AND_DESCRIPTION),
        RecordLayout(
            options.values_receiver or options.receiver,
            options.sender,
            _kept(options, head),
            _text(options),
            stated=_stated(options),
            each=() if options.values is ValueForm.TEXT else _kept(options, _VALUE),
            tail=(constant("8001", "6310"),),
        ),
        _master_data(options),
    )


# --- master data ---------------------------------------------------------------------------------


def _master_data(options: DialectOptions) -> RecordLayout:
    """Return the 6301: header and patient, flat or as two objects; Medical Office's is a 3.1."""
    form = RecordForm.NAMED_OBJECTS if options.form is RecordForm.MEDICAL_OFFICE else options.form
    header = _kept(options, _header(options))
    patient: tuple[FieldRow, ...] = (*_NUMBER, *_NAMES)
    if form is not RecordForm.FLAT:
        header = object_rows(form, "Obj_Kopfdaten", header)
        patient = object_rows(form, "Obj_Patient", patient)
    rows = (*record_start(form, "6301"), *header, *patient, *record_end(form, "6301"))
    return RecordLayout(options.receiver, options.sender, rows)
