"""What the page of deliveries tells of an archive: what waits, what it took, what it refused."""

from __future__ import annotations

from gdtbridge.overview.deliveries import Destination, DestinationState
from tests.forward.conftest import Forwarding

CANNOT_UNDERSTAND = 0xC000


def examine(forwarding: Forwarding, count: int = 2) -> None:
    """Have a device send an exam of some objects, and decide on it."""
    for number in range(1, count + 1):
        forwarding.practice.send(
            StudyInstanceUID="2.25.500",
            SOPInstanceUID=f"2.25.500.{number}",
            PatientID="4711",
            AccessionNumber="",
        )
    forwarding.practice.wait()


def archive(forwarding: Forwarding) -> Destination:
    """Return the archive as the page shows it."""
    report = forwarding.practice.core.deliveries.report()
    return next(one for one in report.destinations if one.name == "PACS")


def test_an_archive_that_is_off_waits_without_alarm(forwarding: Forwarding) -> None:
    """Whom it is about, why, and after an hour that somebody has to look."""
    examine(forwarding)
    forwarding.forward()
    one = archive(forwarding)
    assert (one.state, one.cause) == (DestinationState.WAITING, "unreachable")
    (item,) = one.items
    assert item.patient is not None
    assert (item.kind, item.patient.id, item.exam_id) == ("copy", "4711", 1)
    forwarding.forward(seconds=3700)
    assert archive(forwarding).state is DestinationState.AWAY


def test_what_it_took_today_is_counted(forwarding: Forwarding) -> None:
    """Sent is not confirmed; tomorrow it is not of today any more."""
    examine(forwarding, 3)
    with forwarding.peer.listening():
        forwarding.forward()
    figures = archive(forwarding).archive
    assert (figures.sent_today, figures.confirmed_today) == (3, 0)
    assert archive(forwarding).state is DestinationState.CALM
    forwarding.practice.clock.turn(24 * 3600)
    assert archive(forwarding).archive.sent_today == 0


def test_what_it_will_not_take_is_refused(forwarding: Forwarding) -> None:
    """With how much, since when and its own words, until it is sent again or given up."""
    examine(forwarding)
    forwarding.peer.answer = lambda _: CANNOT_UNDERSTAND
    with forwarding.peer.listening():
        forwarding.forward()
        one = archive(forwarding)
        assert one.state is DestinationState.REFUSED
        assert one.archive.failed is not None
        assert one.archive.failed.count == 2
        forwarding.peer.answer = lambda _: 0
        forwarding.practice.core.forward.again(to="PACS")
        forwarding.forward()
    assert archive(forwarding).state is DestinationState.CALM


def test_a_paused_archive_is_calm_and_told(forwarding: Forwarding) -> None:
    """Nothing is sent, and nothing alarms, however long it lasts."""
    examine(forwarding)
    outbox = forwarding.practice.core.outbox
    outbox.pause("forward:PACS", "Wartung", "Anna")
    with forwarding.peer.listening() as peer:
        forwarding.forward(seconds=3 * 24 * 3600)
        assert peer.uids == []
        assert archive(forwarding).state is DestinationState.PAUSED
        found = forwarding.practice.core.attention.items()
        assert not [one for one in found if one.code.startswith("forward")]
        outbox.resume("forward:PACS")
        forwarding.forward()
        assert len(peer.uids) == 2
