"""``docs/reference/conformance.md`` says what the code does: services, statuses, limits, keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.uid import UID

from gdtbridge.commitment import (
    LARGEST_REQUEST,
    DuplicateTransaction,
    FailureReason,
    TooManyCommitments,
)
from gdtbridge.commitment.book import MOST_OPEN
from gdtbridge.confirmation.model import ReportOutcome
from gdtbridge.dataset.part10 import (
    IMPLEMENTATION_CLASS_UID,
    IMPLEMENTATION_VERSION_NAME,
    file_meta,
)
from gdtbridge.dataset.sop_classes import is_storage
from gdtbridge.dataset.text import SpecificCharacterSet
from gdtbridge.dicom import identifier
from gdtbridge.dicom.archive_client import USUAL_LIMITS, InformationModel
from gdtbridge.dicom.command import CommandField, CommandSet, DimseStatus, encode_command
from gdtbridge.dicom.commitment_report import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
)
from gdtbridge.dicom.negotiation import (
    COMMITMENT_INSTANCE,
    GET_MODELS,
    MODALITY_WORKLIST,
    MOVE_MODELS,
    PERFORMED_STEP,
    PERFORMED_STEP_RETRIEVE,
    QUERY_MODELS,
    STORAGE_COMMITMENT,
    VERIFICATION,
    ContextResult,
    answer_context,
)
from gdtbridge.dicom.remote_retrieve import STALL_SECONDS, USUAL_CLASSES
from gdtbridge.dicom.service import MAX_IDENTIFIER
from gdtbridge.dicom.upper_layer import (
    association_control,
    connections,
    messages,
    reactor,
    request,
    sockets,
)
from gdtbridge.errors import (
    DatabaseUnavailable,
    NotAskedFor,
    OutOfResources,
    SopClassMismatch,
    StoreError,
)
from gdtbridge.exams.fetching import AWAITED_SECONDS
from gdtbridge.exams.steps import StepFault, StepMessage, StepRefused
from gdtbridge.exams.steps.keeping import MOST_MESSAGES
from gdtbridge.exams.steps.reading import MOST_BYTES
from gdtbridge.retrieve import query_keys
from gdtbridge.retrieve.attributes import QueryLevel, keywords
from gdtbridge.retrieve.leaving import LeavingObject
from gdtbridge.retrieve.peers import ArchivePeer
from gdtbridge.retrieve.query_keys import QueryRefused
from gdtbridge.settings import DicomSettings, StorageSettings, WorklistSettings
from tests.dicom.test_dicom_worklist import entry
from tests.tools.device import (
    RawAssociation,
    cancel_rq,
    command_element,
    command_set,
    find_rq,
    store_rq,
)
from tests.tools.dicom_server import Bridge
from tests.tools.elements import EXPLICIT, IMPLICIT, US_IMAGE, element, identification
from tests.tools.retrieving import get_association, get_rq, keep_objects, received
from worklist import Match
from worklist.attributes import MATCHING, ROOT, SPS, TYPE_1


@pytest.fixture(scope="module")
def text(project: Path) -> str:
    """Return the statement."""
    return (project / "docs" / "reference" / "conformance.md").read_text(encoding="utf-8")


def section(text: str, start: str, end: str) -> str:
    """Return what stands between two marks."""
    return text.partition(start)[2].partition(end)[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of every row of the tables in ``text``."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


# ---------------------------------------------------------------------------- services


def test_services_are_the_ones_negotiated(text: str) -> None:
    """A service is offered exactly where the statement says yes."""
    overview = section(text, "## 1 ", "## 2 ")
    named = re.findall(r"\| `([0-9.]+)` \| (?:yes|no) \| (yes|no) \|", overview)
    assert {uid for uid, _ in named} >= {VERIFICATION, MODALITY_WORKLIST}
    for uid, offered in named:
        is_accepted = answer_context(uid, [IMPLICIT]).result is ContextResult.ACCEPTED
        assert is_accepted == (offered == "yes"), uid


def test_transfer_syntaxes_are_the_ones_negotiated(text: str) -> None:
    """Those named for all but storage are accepted, all others are not."""
    named = re.findall(r"`([0-9.]+)` [A-Z]", section(text, "#### 3.2.2", "#### 3.2.3"))
    for abstract in (
        VERIFICATION,
        MODALITY_WORKLIST,
        PERFORMED_STEP,
        PERFORMED_STEP_RETRIEVE,
        STORAGE_COMMITMENT,
        *QUERY_MODELS,
        *MOVE_MODELS,
        *GET_MODELS,
    ):
        for uid in named:
            assert answer_context(abstract, [uid]).result is ContextResult.ACCEPTED
    known = [uid for uid in named if UID(uid).is_transfer_syntax]
    assert len(known) == len(named) == 4
    refused = answer_context(MODALITY_WORKLIST, ["1.2.840.10008.1.2.4.50"])
    assert refused.result is ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED
    for uid in ("1.2.840.10008.5.1.4.1.1.999.7", "1.2.840.113619.4.30"):
        assert is_storage(uid)


# ---------------------------------------------------------------------------- statuses

Provoke = Callable[[Bridge], int]
ECHO_RQ = command_set(
    command_element(0x0002, VERIFICATION),
    command_element(0x0100, 0x0030),
    command_element(0x0800, 0x0101),
)
OTHER_RQ = ECHO_RQ.replace(command_element(0x0100, 0x0030), command_element(0x0100, 0x0150))
STORE_RQ = store_rq(US_IMAGE, "1.2.3")


def answer(command: bytes, dataset: bytes | None, context: str = US_IMAGE) -> Provoke:
    """Return what sends one request and returns the status of the answer."""

    def provoke(bridge: Bridge) -> int:
        syntax = EXPLICIT if context == US_IMAGE else IMPLICIT
        with RawAssociation(bridge.port).associate([(context, [syntax])]) as peer:
            peer.message(1, command, dataset)
            return peer.response().status

    return provoke


def failing(error: Exception, provoke: Provoke) -> Provoke:
    """Return ``provoke`` with a core that raises."""

    def inner(bridge: Bridge) -> int:
        bridge.core.error = error
        return provoke(bridge)

    return inner


def finding(*, unsupported: bool, find: Provoke | None = None) -> Provoke:
    """Return what finds one entry."""

    def provoke(bridge: Bridge) -> int:
        bridge.core.matches = [Match(entry("A"), unsupported)]
        return (find or FIND)(bridge)

    return provoke


def cancelled(bridge: Bridge, model: str = MODALITY_WORKLIST) -> int:
    """Cancel a query of very many answers."""
    bridge.core.matches = [Match(entry(f"N{number}"), False) for number in range(5000)]
    with RawAssociation(bridge.port).associate([(model, [IMPLICIT])]) as peer:
        peer.message(1, find_rq(), b"")
        peer.message(1, cancel_rq())
        status = 0xFF00
        while status == 0xFF00:
            status = peer.response().status
    return status


def unknown_peer(bridge: Bridge) -> int:
    """Ask as nobody the settings name."""
    bridge.core.refuses_queries = True
    return QUERY(bridge)


def unknown_mover(bridge: Bridge) -> int:
    """Retrieve as nobody the settings name."""
    bridge.core.refuses_queries = True
    return answer(move_rq(), b"", MOVE_MODELS[0])(bridge)


def move_rq() -> bytes:
    """Return the command set of a C-MOVE request."""
    return encode_command(
        CommandSet(
            CommandField=CommandField.C_MOVE_RQ,
            CommandDataSetType=1,
            AffectedSOPClassUID=MOVE_MODELS[0],
            MessageID=1,
            MoveDestination="PACS",
            Priority=0,
        )
    )


def moving(*kept: bool, refuses: bool = False, cancels: bool = False) -> Provoke:
    """Return what has objects sent to the server itself; of those not ``kept`` the file is gone."""

    def provoke(bridge: Bridge) -> int:
        bridge.core.destination = ArchivePeer("PACS", "127.0.0.1", bridge.port, None)
        said = {"PatientID": "1"}
        for number, is_there in enumerate(kept):
            file = bridge.spool / f"{number}.dcm"
            if is_there:
                uid = f"2.25.{number + 1}"
                file.write_bytes(file_meta(US_IMAGE, uid, EXPLICIT) + identification())
            bridge.core.objects.append(
                LeavingObject(file, US_IMAGE, f"2.25.{number + 1}", EXPLICIT, said, said, "", "")
            )
        if refuses:
            bridge.core.room_error = OutOfResources("")
        with RawAssociation(bridge.port).associate([(MOVE_MODELS[0], [IMPLICIT])]) as peer:
            peer.message(1, move_rq(), b"")
            if cancels:
                peer.message(1, cancel_rq())
            statuses = [peer.response().status]
            while statuses[-1] == 0xFF00:
                statuses.append(peer.response().status)
        return statuses[-1] if len(set(statuses)) > 1 or cancels else statuses[0]

    return provoke


def getting_objects(
    count: int, *, gone: int = 0, last: bool = True, cancels: bool = False
) -> Provoke:
    """Return what retrieves objects, the files of some of which are ``gone``."""

    def provoke(bridge: Bridge) -> int:
        keep_objects(bridge, count - gone, count)
        with get_association(bridge.port) as peer:
            peer.message(1, get_rq(), b"")
            if cancels:
                peer.message(1, cancel_rq())
            *pending, final = received(peer)[1]
        return (final if last else pending[0]).status

    return provoke


def unknown_getter(bridge: Bridge) -> int:
    """Retrieve as nobody the settings name."""
    bridge.core.refuses_queries = True
    return answer(get_rq(), b"", GET_MODELS[0])(bridge)


def pending(bridge: Bridge) -> int:
    """Return the first answer of a retrieval of two objects."""
    moving(True, True)(bridge)
    with RawAssociation(bridge.port).associate([(MOVE_MODELS[0], [IMPLICIT])]) as peer:
        peer.message(1, move_rq(), b"")
        return peer.response().status


def step_rq(field: int, sop_class: str = PERFORMED_STEP, uid: str = "1.2.3", tag: int = 0) -> bytes:
    """Return the command set of a request about a step."""
    return encode_command(
        CommandSet(
            CommandField=field,
            CommandDataSetType=0x0101 if field == CommandField.N_GET_RQ else 1,
            AffectedSOPClassUID=sop_class,
            MessageID=1,
            AffectedSOPInstanceUID=uid,
            AttributeIdentifierList=(tag,) if tag else (),
        )
    )


def step(
    field: int, dataset: bytes | None = None, sop_class: str = PERFORMED_STEP, uid: str = "1.2.3"
) -> Provoke:
    """Return what sends one request about a step."""
    return answer(step_rq(field, sop_class, uid), dataset, PERFORMED_STEP)


def getting(tag: int = 0) -> Provoke:
    """Return what asks for a step, or for one of its attributes."""

    def provoke(bridge: Bridge) -> int:
        status = element(0x00400252, b"CS", "COMPLETED")
        bridge.core.steps = [StepMessage(status, EXPLICIT)]
        command = step_rq(CommandField.N_GET_RQ, PERFORMED_STEP_RETRIEVE, tag=tag)
        return answer(command, None, PERFORMED_STEP_RETRIEVE)(bridge)

    return provoke


def refusing(fault: StepFault, provoke: Provoke) -> Provoke:
    """Return ``provoke`` with a core that refuses a step."""
    return failing(StepRefused(fault), provoke)


CREATE, SET = step(0x0140, b"data"), step(0x0120, b"data")
ECHO, STORE = answer(ECHO_RQ, None, VERIFICATION), answer(STORE_RQ, b"data")
FIND = answer(find_rq(), b"", MODALITY_WORKLIST)
QUERY = answer(find_rq(), b"", QUERY_MODELS[0])
COMMITMENT_RQ = command_set(
    command_element(0x0003, STORAGE_COMMITMENT),
    command_element(0x0100, 0x0130),
    command_element(0x0110, 1),
    command_element(0x0800, 1),
    command_element(0x1001, COMMITMENT_INSTANCE),
    command_element(0x1008, 1),
)
OTHER_ACTION_RQ = COMMITMENT_RQ.replace(command_element(0x1008, 1), command_element(0x1008, 2))
ASKED = element(0x00081195, b"UI", "2.25.1", ts=IMPLICIT) + element(
    0x00081199,
    b"SQ",
    b"\xfe\xff\x00\xe0\x10\0\0\0" + element(0x00081155, b"UI", "2.25.11", ts=IMPLICIT),
    ts=IMPLICIT,
)
COMMIT = answer(COMMITMENT_RQ, ASKED, STORAGE_COMMITMENT)
EVENT_RQ = command_set(
    command_element(0x0002, STORAGE_COMMITMENT),
    command_element(0x0100, 0x0100),
    command_element(0x0110, 1),
    command_element(0x0800, 1),
    command_element(0x1000, COMMITMENT_INSTANCE),
    command_element(0x1002, 1),
)
OTHER_EVENT_RQ = EVENT_RQ.replace(command_element(0x1002, 1), command_element(0x1002, 3))
REPORT = answer(EVENT_RQ, ASKED, STORAGE_COMMITMENT)


def unasked(bridge: Bridge) -> int:
    """Report on what nobody asked."""
    bridge.core.outcome = ReportOutcome.UNKNOWN
    return REPORT(bridge)


PROVOKED: dict[str, dict[str, Provoke]] = {
    "C-ECHO:": {"0000": ECHO},
    "C-STORE:": {
        "0000": STORE,
        "A700": failing(OutOfResources(""), STORE),
        "A900": failing(SopClassMismatch(""), STORE),
        "C000": answer(STORE_RQ, b""),
        "0110": failing(RuntimeError(), STORE),
        "0122": answer(STORE_RQ, b"data", VERIFICATION),
        "0124": failing(NotAskedFor(""), STORE),
    },
    "C-FIND (Modality Worklist):": {
        "FF00": finding(unsupported=False),
        "FF01": finding(unsupported=True),
        "0000": FIND,
        "FE00": cancelled,
        "A700": failing(OutOfResources(""), FIND),
        "A900": answer(find_rq(), bytes(MAX_IDENTIFIER + 1), MODALITY_WORKLIST),
        "C001": failing(RuntimeError(), FIND),
        "0122": answer(find_rq(), b"", VERIFICATION),
    },
    "C-FIND (Query/Retrieve):": {
        "FF00": finding(unsupported=False, find=QUERY),
        "FF01": finding(unsupported=True, find=QUERY),
        "0000": QUERY,
        "FE00": partial(cancelled, model=QUERY_MODELS[1]),
        "0124": unknown_peer,
        "A700": failing(DatabaseUnavailable(""), QUERY),
        "A900": failing(QueryRefused("QueryRetrieveLevel (0008,0052)"), QUERY),
        "C001": failing(RuntimeError(), QUERY),
    },
    "C-MOVE (Query/Retrieve):": {
        "FF00": pending,
        "0000": moving(True, True),
        "B000": moving(True, False),
        "FE00": moving(*[True] * 50, cancels=True),
        "0124": unknown_mover,
        "A700": failing(DatabaseUnavailable(""), moving()),
        "A702": moving(True, True, refuses=True),
        "A801": answer(move_rq(), b"", MOVE_MODELS[0]),
        "A900": failing(QueryRefused("a unique key of the level"), moving()),
        "C001": failing(RuntimeError(), moving()),
    },
    "C-GET (Query/Retrieve):": {
        "FF00": getting_objects(2, last=False),
        "0000": getting_objects(2),
        "B000": getting_objects(2, gone=1),
        "FE00": getting_objects(50, cancels=True),
        "0124": unknown_getter,
        "A700": failing(DatabaseUnavailable(""), getting_objects(0)),
        "A702": getting_objects(2, gone=2),
        "A900": failing(QueryRefused("a unique key of the level"), getting_objects(0)),
        "C001": failing(RuntimeError(), getting_objects(0)),
    },
    "N-ACTION (Storage Commitment):": {
        "0000": COMMIT,
        "0110": failing(DatabaseUnavailable(""), COMMIT),
        "0115": answer(COMMITMENT_RQ, b"", STORAGE_COMMITMENT),
        "0123": answer(OTHER_ACTION_RQ, ASKED, STORAGE_COMMITMENT),
        "0131": failing(DuplicateTransaction(""), COMMIT),
        "0213": failing(TooManyCommitments(""), COMMIT),
    },
    "N-EVENT-REPORT (Storage Commitment, of peers that were asked):": {
        "0000": REPORT,
        "0110": failing(DatabaseUnavailable(""), REPORT),
        "0112": unasked,
        "0113": answer(OTHER_EVENT_RQ, ASKED, STORAGE_COMMITMENT),
        "0115": answer(EVENT_RQ, b"", STORAGE_COMMITMENT),
        "0213": answer(EVENT_RQ, bytes(LARGEST_REQUEST + 1), STORAGE_COMMITMENT),
    },
    "N-CREATE (Modality Performed Procedure Step):": {
        "0000": CREATE,
        "0106": refusing(StepFault.STATE, CREATE),
        "0110": refusing(StepFault.UNREADABLE, CREATE),
        "0111": refusing(StepFault.DUPLICATE, CREATE),
        "0117": step(0x0140, b"data", uid="nonsense"),
        "0118": step(0x0140, b"data", sop_class="1.2.3"),
        "0120": refusing(StepFault.NO_DATASET, CREATE),
        "0122": answer(step_rq(0x0140), b"data", VERIFICATION),
        "0213": failing(OutOfResources(""), CREATE),
    },
    "N-SET (Modality Performed Procedure Step):": {
        "0000": SET,
        "0106": refusing(StepFault.STATE, SET),
        "0110": refusing(StepFault.FINAL, SET),
        "0112": refusing(StepFault.UNKNOWN, SET),
        "0118": step(0x0120, b"data", sop_class="1.2.3"),
        "0120": refusing(StepFault.NO_DATASET, SET),
        "0122": answer(step_rq(0x0120), b"data", VERIFICATION),
        "0213": refusing(StepFault.TOO_LARGE, SET),
    },
    "N-GET (Modality Performed Procedure Step, also in the Retrieve context):": {
        "0000": getting(),
        "0001": getting(0x00100020),
        "0110": failing(RuntimeError(), getting()),
        "0112": refusing(StepFault.UNKNOWN, getting()),
        "0118": step(0x0110, sop_class="1.2.3"),
        "0122": answer(step_rq(0x0110), None, VERIFICATION),
        "0213": failing(OutOfResources(""), getting()),
    },
    "Any other request:": {"0211": answer(OTHER_RQ, None, VERIFICATION)},
}


@pytest.mark.parametrize("service", PROVOKED)
def test_statuses_are_the_ones_provoked(text: str, service: str) -> None:
    """The table of each service names what the test below provokes, no more and no less."""
    table = section(text, f"\n{service}\n\n", "\n\n")
    assert [row[0] for row in rows(table)][1:] == list(PROVOKED[service])


@pytest.mark.parametrize(
    ("service", "status"), [(name, one) for name, all_ in PROVOKED.items() for one in all_]
)
def test_each_status_is_given(bridge: Bridge, service: str, status: str) -> None:
    """The running server answers with the status the statement names."""
    assert f"{PROVOKED[service][status](bridge):04X}" == status


def test_query_keys_are_the_ones_of_the_code(text: str) -> None:
    """Each level of a query names its keys."""
    table = rows(section(text, "| level | keys |", "\n\n"))
    named = {row[0]: re.findall(r"`(\w+)`", row[1]) for row in table if row[0] in list(QueryLevel)}
    assert named == {level: list(keywords()[level]) for level in QueryLevel}


def test_no_status_is_left_out() -> None:
    """Every status the code knows is in a table."""
    named = {int(status, 16) for table in PROVOKED.values() for status in table}
    assert named == set(DimseStatus)
    assert {error.status for error in StoreError.__subclasses__()} <= named


def test_what_is_said_of_a_user_of_query_and_retrieve_is_so(text: str) -> None:
    """SOP classes and limits of the fetching side are those of the code."""
    told = section(text, "#### 3.2.8", "\n### ").replace("\n", " ")
    study, patient = InformationModel.STUDY_ROOT, InformationModel.PATIENT_ROOT
    named = re.findall(r"`(1\.2\.840\.10008\.[\d.]+)`", told)
    assert named == [study.find, patient.find, study.get, study.move]
    limits = USUAL_LIMITS
    assert f"{limits.answers:,} answers of {MAX_IDENTIFIER // 1024} KB" in told
    assert f"{limits.seconds:.0f} seconds" in told
    assert (limits.total_seconds, STALL_SECONDS, AWAITED_SECONDS) == (600, 300, 3600)
    assert f"{len(USUAL_CLASSES)} usual ones" in told


def test_failure_reasons_are_the_ones_of_the_code(text: str) -> None:
    """Each reason an instance may fail for is named; 0131 is said by the N-ACTION."""
    table = section(text, "| Failure Reason (0008,1197) | when |", "\n\n")
    named = {int(row[0].split()[0], 16) for row in rows(table) if row[0][0].isdigit()}
    assert named == set(FailureReason)
    said = section(text, "**Until when**", "\n\n")
    assert f"after {FIRST_PAUSE:.0f}, 10, 20 … {LONGEST_PAUSE:.0f}\nseconds" in said


def test_rejections_are_the_ones_of_the_code(text: str) -> None:
    """Result, source and reason of each rejection; 1-2-2 is pynetdicom's own."""
    table = section(text, "| rejection |", "\n\n")
    named = {row[0].split()[0] for row in rows(table)}
    control = association_control
    codes = (control.CALLING_NOT_RECOGNIZED, control.LOCAL_LIMIT_EXCEEDED, (1, 2, 2))
    assert named == {"-".join(map(str, code)) for code in codes}


# ---------------------------------------------------------------------------- limits


def limits() -> dict[str, str]:
    """Return every limit as the statement writes it."""
    dicom = DicomSettings()
    half_open = connections.HALF_OPEN_LIMIT, connections.HALF_OPEN_LIMIT_OF_ADDRESS
    return {
        "associations": f"{dicom.max_associations} (`dicom.max_associations`)",
        "associations of one address": (
            "half of them, at least 4 (`dicom.max_associations_per_address`)"
        ),
        "connections without an association": (
            f"{half_open[0]}, of one address {half_open[1]}, or as many as may associate; "
            "the oldest gives way"
        ),
        "time to associate": f"{sockets.ASSOCIATE_SECONDS:.0f} s",
        "time for one PDU, either way": f"{sockets.PDU_SECONDS:.0f} s",
        "pause within a message": f"{reactor.STALL_SECONDS:.0f} s",
        "association without a message": f"{reactor.IDLE_SECONDS:.0f} s",
        "PDU received (announced as maximum length)": f"{sockets.MAX_PDU} bytes",
        "association request": f"{sockets.MAX_REQUEST} bytes",
        "presentation contexts": f"{request.MAX_CONTEXTS}",
        "transfer syntaxes of one context": f"{request.MAX_SYNTAXES}",
        "requests sent ahead": (
            f"{messages.MAX_PENDING}; further ones are read when one is answered"
        ),
        "command set": f"{messages.MAX_COMMAND} bytes",
        "storage commitment request": f"{LARGEST_REQUEST} bytes, also inflated",
        "requests of one device without a report": f"{MOST_OPEN}",
        "query": (
            f"{MAX_IDENTIFIER} bytes, also inflated; {identifier.MAX_VALUES} separators of values, "
            f"in the archive {query_keys.MOST_VALUES} values beside UIDs"
        ),
        "performed procedure step": f"{MOST_BYTES} bytes a message, {MOST_MESSAGES} messages",
        "object": f"{dicom.max_object_mb} MB (`dicom.max_object_mb`)",
        "disk space kept free": f"{StorageSettings().min_free_mb} MB (`storage.min_free_mb`)",
    }


def test_limits_are_the_ones_of_the_code(text: str) -> None:
    """Each limit stands there with its figure, and no other does."""
    table = section(text, "| limit | value |", "\n\n")
    assert {row[0]: row[1] for row in rows(table)} == limits()


@pytest.mark.parametrize(("limit", "share"), [(50, 25), (3, 4)])
def test_share_of_one_address(limit: int, share: int) -> None:
    """Half of the associations, at least 4, as the statement says."""
    assert connections.ConnectionTable(limit)._limit_of_address == share


def test_sheet_for_the_technician(text: str) -> None:
    """Port, titles and identification are the ones in force."""
    dicom = DicomSettings()
    for words in (
        f"| port | {dicom.port} (`dicom.port`) |",
        f"| `{dicom.aet}` (`dicom.aet`)",
        f"`{WorklistSettings().station}` unless set otherwise (`worklist.station`)",
        f"| maximum PDU | any; {sockets.MAX_PDU} is best |",
        f"`{IMPLEMENTATION_CLASS_UID}`",
        f"`{IMPLEMENTATION_VERSION_NAME}`",
    ):
        assert words in text, words


# ---------------------------------------------------------------------------- worklist


def test_keys_are_the_ones_matched_and_returned(text: str) -> None:
    """The table has every matching key and every attribute that always returns."""
    expected = []
    for level, mark in ((ROOT, ""), (SPS, "> ")):
        for tag in sorted(MATCHING[level] | TYPE_1[level]):
            matched = "yes" if tag in MATCHING[level] else "no"
            returned = "always" if tag in TYPE_1[level] else "when asked"
            place = f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
            name = f"{mark}{keyword_for_tag(tag)}"
            expected.append([name, place, dictionary_VR(tag), matched, returned])
    assert rows(section(text, "| attribute | tag |", "\n\n")) == expected


def test_character_sets_are_the_ones_written(text: str) -> None:
    """Each character set an answer can have is named."""
    [line] = re.findall(r"\| worklist answers \|.*", text)
    assert set(re.findall(r"`([^`]+)`", line)) == {one.value for one in SpecificCharacterSet} - {""}
