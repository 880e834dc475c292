"""What is asked of an archive and when, and what counts as confirmed."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gdtbridge.confirmation.book import (
    LOOK_AGAIN_SECONDS,
    MOST_LOSSES,
    REPORT_SECONDS,
    SETTLE_SECONDS,
)
from gdtbridge.confirmation.model import (
    CommitmentResult,
    Confirmation,
    ConfirmingArchive,
    ReportOutcome,
    StudyListing,
)
from gdtbridge.devices import Caller
from gdtbridge.devices.quirks import report_series
from gdtbridge.forward import CopyState
from gdtbridge.forward.store import change, copies_in, send_anew
from tests.confirmation.copies import AT_PACS, Copies, away
from tests.tools.marked import REPORT
from tests.tools.practice import Practice


@pytest.fixture
def copies(practice: Practice) -> Copies:
    """Return two objects an archive was sent."""
    found = Copies(practice)
    found.forward("2.25.1", "2.25.2")
    return found


@pytest.fixture
def listed(practice: Practice) -> Copies:
    """Return the same for an archive that is queried."""
    found = Copies(practice, ConfirmingArchive("PACS", Confirmation.QUERY, "GDTBRIDGE", 3600.0))
    found.forward("2.25.1", "2.25.2")
    return found


def test_a_study_is_asked_about_when_it_has_settled(copies: Copies) -> None:
    """Once for all of its objects, and again only when no report came for an hour."""
    assert copies.ask(SETTLE_SECONDS - 1) is None
    assert copies.shelf.asked == []
    assert copies.ask(1) == REPORT_SECONDS[0]
    assert [uids for _, uids in copies.shelf.asked] == [["2.25.1", "2.25.2"]]
    copies.ask(REPORT_SECONDS[0] - 1)
    assert len(copies.shelf.asked) == 1
    assert copies.states() == {"2.25.1": "sent", "2.25.2": "sent"}
    assert copies.book.unconfirmed() == {"PACS": 2}
    assert copies.ask(1) == REPORT_SECONDS[1]
    assert copies.ask(REPORT_SECONDS[1]) == copies.ask(0) == REPORT_SECONDS[2]
    assert len({uid for uid, _ in copies.shelf.asked}) == 3


def test_what_the_archive_answers_for_is_confirmed(copies: Copies) -> None:
    """Hours later, after a restart, and once for all: the same report again is taken."""
    copies.ask()
    copies.shelf.kept = {"2.25.1", "2.25.2"}
    copies.practice.clock.turn(8 * 3600)
    copies.anew()
    assert copies.report() is ReportOutcome.TAKEN
    assert copies.states() == {"2.25.1": "commitment", "2.25.2": "commitment"}
    assert copies.report() is ReportOutcome.TAKEN
    assert copies.ask(3600) is None


def test_a_report_on_the_association_of_the_request(copies: Copies) -> None:
    """It is taken before the request ends, and nobody waits for another."""
    copies.shelf.kept, copies.shelf.reports_at_once = {"2.25.1", "2.25.2"}, True
    assert copies.ask() is None
    assert set(copies.states().values()) == {"commitment"}


def test_nobody_else_confirms(copies: Copies) -> None:
    """Another title or address, an unknown transaction, other instances: nothing changes."""
    copies.ask()
    copies.shelf.kept = {"2.25.1", "2.25.2"}
    for stranger in (Caller("PACS", "10.0.0.9"), Caller("OTHER", "127.0.0.1")):
        assert copies.report(caller=stranger) is ReportOutcome.STRANGER
    made_up = CommitmentResult("2.25.99", frozenset({"2.25.1"}), {})
    assert copies.book.take_report(AT_PACS, made_up) is ReportOutcome.UNKNOWN
    others = CommitmentResult(copies.shelf.asked[0][0], frozenset({"2.25.3"}), {})
    assert copies.book.take_report(AT_PACS, others) is ReportOutcome.TAKEN
    assert set(copies.states().values()) == {"sent"}


def test_an_archive_that_keeps_nothing_is_found_out(copies: Copies) -> None:
    """Asked twice each time, sent again twice, then a person has to look."""
    copies.shelf.reports_at_once = True
    for _ in range(MOST_LOSSES):
        assert copies.ask() == LOOK_AGAIN_SECONDS
        copies.ask(LOOK_AGAIN_SECONDS)
        assert set(copies.states().values()) == {"waiting"}
        copies.deliver()
    copies.ask()
    assert copies.ask(LOOK_AGAIN_SECONDS) is None
    assert copies.sent_again == ["2.25.1", "2.25.2"] * MOST_LOSSES
    assert copies.states() == {"2.25.1": "failed", "2.25.2": "failed"}
    assert copies.reasons() == {"does not have it (0112)"}
    assert copies.ask(REPORT_SECONDS[-1]) is None


def test_one_of_two_is_lost(copies: Copies) -> None:
    """The other is confirmed, and only the lost one leaves again."""
    copies.shelf.kept, copies.shelf.reports_at_once = {"2.25.2"}, True
    copies.ask()
    copies.ask(LOOK_AGAIN_SECONDS)
    assert copies.states() == {"2.25.1": "waiting", "2.25.2": "commitment"}
    copies.deliver()
    copies.shelf.kept.add("2.25.1")
    copies.ask()
    assert set(copies.states().values()) == {"commitment"}
    assert copies.shelf.asked[-1][1] == ["2.25.1"]


def test_a_report_of_what_was_there_before_it_was_sent_again(copies: Copies) -> None:
    """A copy that left again, for another patient say, is not confirmed by an old request."""
    copies.ask()
    old = copies.shelf.result()
    copies.shelf.kept = {"2.25.1", "2.25.2"}
    late = copies.shelf.result()
    assert copies.book.take_report(AT_PACS, old) is ReportOutcome.TAKEN
    copies.ask(LOOK_AGAIN_SECONDS)
    copies.shelf.kept = set()
    assert copies.report() is ReportOutcome.TAKEN
    copies.deliver()
    assert copies.book.take_report(AT_PACS, late) is ReportOutcome.TAKEN
    assert set(copies.states().values()) == {"sent"}


def test_a_repeated_report_says_nothing_new(copies: Copies) -> None:
    """Who did not hear our answer tells again: nothing is sent for that."""
    copies.ask()
    copies.report()
    copies.ask(LOOK_AGAIN_SECONDS)
    assert {copies.report(0) for _ in range(9)} == {ReportOutcome.TAKEN}
    assert copies.sent_again == []


@pytest.mark.parametrize(
    ("reason", "state"),
    [(0x0119, "failed"), (0x0110, "waiting"), (0x0122, "sent"), (0x0213, "sent"), (7, "sent")],
)
def test_what_a_reason_asks_for(copies: Copies, reason: int, state: str) -> None:
    """Another object under the UID is for a person, a damaged one leaves again, others wait."""
    copies.shelf.reports_at_once, copies.shelf.reason = True, reason
    copies.ask()
    copies.ask(LOOK_AGAIN_SECONDS)
    assert set(copies.states().values()) == {state}
    assert all(f"({reason:04X})" in one for one in copies.reasons())


def test_an_archive_that_cannot_be_asked(copies: Copies) -> None:
    """It is left alone ever longer, also where it refuses; then everything is asked for."""
    copies.shelf.error = away()
    pauses = [copies.ask()]
    for _ in range(7):
        pauses.append(copies.ask(pauses[-1] or 0))
    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert copies.reasons() == {"cannot be reached"}
    copies.shelf.error, copies.shelf.status = None, 0x0122
    assert copies.ask(3600) == 3600
    assert copies.reasons() == {"answers the request with 0122"}
    copies.shelf.status = 0
    copies.shelf.kept, copies.shelf.reports_at_once = {"2.25.1", "2.25.2"}, True
    assert copies.ask(3600) is None
    assert set(copies.states().values()) == {"commitment"}


def test_a_fault_of_ours_keeps_no_other_exam_back(copies: Copies) -> None:
    """The exam waits as for an archive that is away; others are asked about."""
    copies.shelf.error = RuntimeError("bad")
    copies.ask()
    assert copies.reasons() == {"fault of the program"}
    copies.shelf.error, copies.shelf.reports_at_once = None, True
    copies.forward("2.25.9", study="2.25.101")
    copies.shelf.kept = {"2.25.9"}
    copies.ask(61)
    assert copies.states()["2.25.9"] == "commitment"


def test_a_query_confirms_what_is_listed(listed: Copies) -> None:
    """Said so, and not as commitment; what is not listed is looked for again, then sent again."""
    listed.shelf.kept = {"2.25.1"}
    assert listed.ask() == LOOK_AGAIN_SECONDS
    assert listed.states() == {"2.25.1": "query", "2.25.2": "sent"}
    listed.ask(LOOK_AGAIN_SECONDS)
    assert listed.states() == {"2.25.1": "query", "2.25.2": "waiting"}
    assert listed.sent_again == ["2.25.2"]


def test_a_report_is_looked_for_in_the_series_it_left_in(listed: Copies) -> None:
    """Reports of SonoScape leave in a series of their own; a picture stays in its series."""
    listed.forward("2.25.3", study="2.25.101", SOPClassUID=REPORT, SeriesInstanceUID="2.25.7")
    listed.ask()
    listed.ask(0)

    pictures, report = ["2.25.2000"], ["2.25.7", report_series("2.25.7")]
    assert dict(listed.shelf.asked) == {"2.25.100": pictures, "2.25.101": report}


def test_listed_under_another_patient(listed: Copies) -> None:
    """That is no confirmation, and a reason; an archive that names no number may be right."""
    listed.shelf.kept, listed.shelf.patient = {"2.25.1", "2.25.2"}, "815"
    listed.ask()
    assert set(listed.states().values()) == {"sent"}
    assert listed.reasons() == {"has it under another patient number"}
    listed.shelf.patient = ""
    listed.ask(86400)
    assert set(listed.states().values()) == {"query"}


@pytest.mark.parametrize("kept", [{"2.25.1", "2.25.2"}, set()], ids=["listed", "lost"])
def test_what_is_decided_while_the_archive_is_asked(listed: Copies, kept: set[str]) -> None:
    """A corrected copy leaves, an ended one does not: the answer is of what was there before."""
    shelf, answer, meanwhile = listed.shelf, listed.shelf.find_study, iter((False, True))

    def find(archive: ConfirmingArchive, study: str, series: Iterable[str]) -> StudyListing:
        if next(meanwhile):
            with listed.practice.database.write() as connection:
                sent = copies_in(connection, ["PACS"], [CopyState.SENT])
                corrected, ended = (one.id for one in sent)
                send_anew(connection, [corrected], listed.practice.clock.utc(), identity_id=None)
                change(connection, [ended], state=CopyState.ENDED)
        return answer(archive, study, series)

    shelf.find_study = find  # type: ignore[method-assign,assignment]
    listed.ask()
    assert set(listed.states().values()) == {"sent"}
    shelf.kept = kept
    listed.ask(LOOK_AGAIN_SECONDS)
    assert listed.states() == {"2.25.1": "waiting", "2.25.2": "ended"}


def test_an_archive_that_was_not_asked_confirms_nothing(practice: Practice) -> None:
    """Not on an association of ours either, where it names what another one was asked."""
    copies = Copies(practice)
    copies.forward("2.25.1")
    copies.ask()
    asked, copies.shelf.kept = copies.shelf.asked[0][0], {"2.25.1"}
    result = copies.shelf.result()
    other = ConfirmingArchive("OTHER", Confirmation.COMMITMENT, "GDTBRIDGE", 3600.0)
    said: list[ReportOutcome] = []

    def request(*arguments: object) -> int:
        said.append(arguments[3](result))  # type: ignore[operator]
        return 0

    copies.archive = other
    copies.forward("2.25.9", study="2.25.101")
    copies.shelf.request_commitment = request  # type: ignore[method-assign,assignment]
    copies.ask()
    assert asked == result.TransactionUID
    assert said == [ReportOutcome.STRANGER]
    assert copies.states() == {"2.25.1": "sent", "2.25.9": "sent"}


def test_listed_under_two_patients(listed: Copies) -> None:
    """Which of them an instance is under nobody knows: a person looks."""
    found = StudyListing(frozenset({"4711", "815"}), frozenset({"2.25.1", "2.25.2"}))
    listed.shelf.find_study = lambda *_: found  # type: ignore[method-assign]
    listed.ask()
    assert listed.reasons() == {"has it under another patient number"}


def test_old_requests_are_forgotten(copies: Copies) -> None:
    """A report after two months is one nobody asked for."""
    copies.ask()
    copies.practice.clock.turn(59 * 86400)
    copies.book.forget_old()
    assert copies.report() is ReportOutcome.TAKEN
    copies.practice.clock.turn(2 * 86400)
    copies.book.forget_old()
    assert copies.report() is ReportOutcome.UNKNOWN


ACTS = st.lists(
    st.sampled_from(["ask", "later", "report", "stale", "stranger", "lose", "keep", "deliver"]),
    max_size=25,
)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=ACTS)
def test_only_the_archive_that_has_it_confirms(practice: Practice, acts: list[str]) -> None:
    """Whatever order things happen in: confirmed is what the archive said it keeps, since sent."""
    copies = Copies(practice)
    study = f"2.25.{practice.clock.utc():.0f}"
    uid = f"{study}.1"
    copies.forward(uid, study=study)
    said = False
    for act in acts:
        practice.clock.turn(1)
        if act in {"ask", "later"}:
            copies.ask(11 if act == "ask" else 400)
        elif act == "lose":
            copies.shelf.kept.clear()
        elif act == "keep":
            copies.shelf.kept.add(uid)
        elif act == "deliver":
            copies.deliver()
        elif copies.shelf.asked:
            caller = Caller("OTHER", "127.0.0.1") if act == "stranger" else AT_PACS
            before = copies.states()[uid]
            copies.report(0 if act == "stale" else -1, caller)
            said |= act != "stranger" and uid in copies.shelf.kept and before == "sent"
        if copies.states()[uid] == "commitment":
            assert said
