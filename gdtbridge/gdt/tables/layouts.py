"""From the traits of a dialect to its records, row by row; one function for each form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from gdtbridge.gdt.tables.record_types import BODY_RANK
from gdtbridge.gdt.tables.rows import Layout, Layouts, Row, Source, constant
from gdtbridge.gdt.tables.traits import Form, LinkPlace, Traits, ValueForm

_FIXED: Final = frozenset({"8000", "8100", "9218", "3000", "8410", "8420", "8421"})

ESSENTIAL: Final = frozenset(
    _FIXED | {"8001", "8002", "8003", "8200", "8201", "8202", "8411", "3101", "3102", "3103"}
)
"""Fields no practice can leave out: with them goes the patient, a value or its unit."""


@cache
def layouts_of(traits: Traits) -> Layouts:
    """Return the records of a dialect."""
    if traits.form is Form.FLAT:
        return _flat(traits)
    if traits.form is Form.MEDICAL_OFFICE:
        return _medical_office(traits)
    return _objects(traits)


def _kept(traits: Traits, rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return the rows the dialect does not leave out."""
    return tuple(row for row in rows if row.field not in traits.omit)


def _sorted(traits: Traits, rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return rows of the body in the order of the standard, unless the dialect has its own."""
    own = {field: rank - len(traits.order) for rank, field in enumerate(traits.order)}
    return tuple(sorted(rows, key=lambda row: own.get(row.field, BODY_RANK[row.field])))


# --- rows the forms share ------------------------------------------------------------------------

_IDS: Final = (Row("8315", Source.RECEIVER), Row("8316", Source.SENDER))

_NAMES: Final = (
    Row("3101", Source.FAMILY_NAME),
    Row("3102", Source.GIVEN_NAME),
    Row("3103", Source.BIRTH_DATE),
    Row("3110", Source.SEX),
)

_MOMENT: Final = (Row("6200", Source.DATE), Row("6201", Source.TIME))

_STUDY_TEST: Final = (
    Row("8410", Source.TEST_ID),
    Row("8411", Source.TEST_NAME),
    Row("8432", Source.DATE),
    Row("8439", Source.TIME),
    Row("8470", Source.ACCESSION_REMARK),
)

_VALUE: Final = (
    Row("8410", Source.TEST_ID),
    Row("8411", Source.TEST_NAME),
    Row("8420", Source.VALUE),
    Row("8421", Source.UNIT),
    Row("8432", Source.DATE),
    Row("8439", Source.TIME),
    Row("8470", Source.REMARKS),
)

_ATTACHMENT: Final = (
    Row("6302", Source.ATTACHMENT_NAME),
    Row("6303", Source.ATTACHMENT_FORMAT),
    Row("6304", Source.ATTACHMENT_DESCRIPTION),
    Row("6305", Source.ATTACHMENT_PATH),
)

_LINK: Final = (
    Row("9152", Source.LINK_COUNT),
    Row("9153", Source.LINK_TEXT),
    Row("9154", Source.LINK),
)


def _patient(traits: Traits) -> tuple[Row, ...]:
    """Return who it is."""
    copy = (Row(traits.patient_id_copy, Source.PATIENT_ID),) if traits.patient_id_copy else ()
    return (Row("3000", Source.PATIENT_ID), *copy, *_NAMES)


def _attached(traits: Traits) -> tuple[Row, ...]:
    """Return the rows of one attachment."""
    return _ATTACHMENT if traits.attachments or traits.link is LinkPlace.ATTACHMENT else ()


def _attached_values(traits: Traits) -> tuple[Row, ...]:
    """Return the rows of one attachment beside values, which have no link."""
    return _ATTACHMENT if traits.attachments else ()


def _correction_and_title(traits: Traits) -> tuple[Row, ...]:
    """Return what stands above the values."""
    rows = [Row(traits.comment_field, Source.CORRECTION)]
    if traits.values is not ValueForm.GROUPS:
        rows.append(Row(traits.comment_field, Source.VALUE_TITLE))
    return tuple(rows)


def _text(traits: Traits) -> tuple[Row, ...]:
    """Return the row of a value's line of text."""
    if traits.values is ValueForm.GROUPS:
        return ()
    return (Row(traits.comment_field, Source.VALUE_LINES),)


# --- flat records: GDT 1.0 to 2.1 ----------------------------------------------------------------


def _flat(traits: Traits) -> Layouts:
    """Return the records in the order of the 2.1 tables."""
    head = (
        constant("8000", "6310"),
        Row("8100", Source.LENGTH),
        *_IDS,
        Row("9206", Source.CHARSET),
        constant("9218", traits.version),
        *_patient(traits),
    )
    body = (
        Row("8310", Source.CASE_ID),
        Row("8402", Source.DEVICE_CODE),
        *_MOMENT,
        Row("6227", Source.ACCESSION_REMARK),
    )

    def layout(more: tuple[Row, ...]) -> Layout:
        return Layout(
            traits.receiver, traits.sender, _kept(traits, (*head, *_sorted(traits, (*body, *more))))
        )

    def study(comment: Source) -> Layout:
        made = layout((Row(traits.comment_field, comment),))
        return Layout(
            made.receiver,
            made.sender,
            made.head,
            attached=_attached(traits),
            tail=_kept(traits, _STUDY_TEST),
        )

    values = layout(_correction_and_title(traits))
    groups = () if traits.values is ValueForm.TEXT else _kept(traits, _VALUE)
    return Layouts(
        study(Source.COMMENT),
        study(Source.DESCRIPTION),
        Layout(
            values.receiver,
            values.sender,
            values.head,
            _text(traits),
            attached=_attached_values(traits),
            each=groups,
        ),
    )


# --- records in objects: GDT 3.0 and 3.1 ---------------------------------------------------------

TEST_OBJECT: Final[Mapping[Form, str]] = MappingProxyType(
    {Form.COUNTED_OBJECTS: "Obj_Laborergebnis", Form.NAMED_OBJECTS: "Obj_Untersuchung"}
)
"""The object a group of 8410 stands in."""


def object_rows(form: Form, name: str, rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return the rows between the marks of an object: 8200/8201 count, 8002/8003 name."""
    if form is Form.COUNTED_OBJECTS:
        return (constant("8200", name), *rows, Row("8201", Source.OBJECT_LINES))
    return (constant("8002", name), *rows, constant("8003", name))


def record_start(form: Form, record_type: str) -> tuple[Row, ...]:
    """Return the first rows: the record type and, but for 3.1, the length."""
    if form is Form.NAMED_OBJECTS:
        return (constant("8000", record_type),)
    length = Source.LENGTH if form is Form.FLAT else Source.LONG_LENGTH
    return (constant("8000", record_type), Row("8100", length))


def record_end(form: Form, record_type: str) -> tuple[Row, ...]:
    """Return the last row: 3.0 counts the lines, 3.1 names the record type again."""
    if form is Form.FLAT:
        return ()
    if form is Form.COUNTED_OBJECTS:
        return (Row("8202", Source.RECORD_LINES),)
    return (constant("8001", record_type),)


def _objects(traits: Traits) -> Layouts:
    """Return the records in objects; comments stand between them."""
    form = traits.form

    def object_(name: str, rows: Iterable[Row]) -> tuple[Row, ...]:
        return object_rows(form, name, _kept(traits, rows))

    header = (*_IDS, Row("9206", Source.CHARSET), constant("9218", traits.version))
    request = (
        *_MOMENT,
        Row("8310", Source.CASE_ID_OR_ACCESSION),
        Row("8314", Source.REQUEST_UID),
        Row("8402", Source.DEVICE_CODE),
    )
    head = (
        *record_start(form, "6310"),
        *object_("Obj_Kopfdaten", header),
        *object_("Obj_Patient", _patient(traits)),
        *object_("Obj_Anforderung", request),
    )
    test, end = TEST_OBJECT[form], record_end(form, "6310")
    remark = _kept(traits, (Row("6227", Source.ACCESSION_REMARK),))
    link = object_("Obj_Anhang", _LINK) if traits.link is LinkPlace.URL else ()
    attached, attached_values = _attached(traits), _attached_values(traits)

    def study(comment: Source) -> Layout:
        return Layout(
            traits.receiver,
            traits.sender,
            (*head, *remark, Row(traits.comment_field, comment)),
            attached=object_("Obj_Anhang", attached) if attached else (),
            tail=(*link, *object_(test, _STUDY_TEST), *end),
        )

    return Layouts(
        study(Source.COMMENT),
        study(Source.DESCRIPTION),
        Layout(
            traits.receiver,
            traits.sender,
            (*head, *remark, *_correction_and_title(traits)),
            _text(traits),
            attached=object_("Obj_Anhang", attached_values) if attached_values else (),
            each=() if traits.values is ValueForm.TEXT else object_(test, _VALUE),
            tail=end,
        ),
    )


# --- Medical Office (Indamed): what orthanc-gdt wrote and Medical Office is known to import ------


def _medical_office(traits: Traits) -> Layouts:
    """Return the study record in objects and the flat value record, both ended by 8001."""

    def study(comment: Source) -> Layout:
        header = (*_IDS, constant("9218", traits.version))
        examination = (
            Row("8310", Source.CASE_ID),
            Row("8402", Source.ORDERED_DEVICE_CODE),
            Row("8410", Source.TEST_ID),
            Row("8411", Source.TEST_NAME),
            Row("8413", Source.ACCESSION),
            Row("8428", Source.ACCESSION),
            Row("8432", Source.DATE),
            Row("8439", Source.TIME),
            Row(traits.comment_field, comment),
        )
        rows = (
            constant("8000", "6310"),
            *object_rows(traits.form, "Obj_Kopfdaten", _kept(traits, header)),
            *object_rows(traits.form, "Obj_Patient", (Row("3000", Source.PATIENT_ID),)),
            *object_rows(traits.form, "Obj_Untersuchung", _kept(traits, examination)),
            constant("8001", "6310"),
        )
        return Layout(traits.receiver, traits.sender, rows)

    head = (
        constant("8000", "6310"),
        *_IDS,
        constant("9218", "01.0"),
        Row("3000", Source.PATIENT_ID),
        Row("8310", Source.CASE_ID),
        Row("8402", Source.ORDERED_DEVICE_CODE),
        Row("6200", Source.DATE),
        *_correction_and_title(traits),
    )
    return Layouts(
        study(Source.ACCESSION_AND_COMMENT),
        study(Source.ACCESSION_AND_DESCRIPTION),
        Layout(
            traits.values_receiver or traits.receiver,
            traits.sender,
            _kept(traits, head),
            _text(traits),
            each=() if traits.values is ValueForm.TEXT else _kept(traits, _VALUE),
            tail=(constant("8001", "6310"),),
        ),
    )
