"""A device is told that its images are kept when other archives have them too, if that is set."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from gdtbridge.errors import SettingsError
from gdtbridge.forward import CopyState
from gdtbridge.schema import forward_copy
from gdtbridge.settings import load_settings
from tests.commitment.asking import Asking, referenced
from tests.forward.conftest import PEER, Forwarding

UID, STUDY = "2.25.500.1", "2.25.500"
CLAIMED = {"StudyInstanceUID": STUDY, "AccessionNumber": ""}


@pytest.fixture
def rules(request: pytest.FixtureRequest) -> str:
    """Return a rule for ultrasound, and what is required before a device is told."""
    required = getattr(request, "param", "sent")
    return f'modalities = ["US"]\n[commitment]\nrequires_forwarding = "{required}"\n'


@pytest.fixture
def asking(forwarding: Forwarding) -> Asking:
    """Return a device that has sent an image and asks about it."""
    asking = Asking(forwarding.practice)
    forwarding.practice.send(SOPInstanceUID=UID, **CLAIMED)
    return asking


def ask(asking: Asking, uid: str = UID, transaction: str = "2.25.1") -> None:
    """Ask about an image and have it looked at."""
    asking.ask(referenced(uid), transaction)
    asking.wait()


def settle(one: Forwarding, state: CopyState) -> None:
    """Let all copies be in a state."""
    with one.practice.database.write() as connection:
        connection.execute(sa.update(forward_copy).values(state=state))


def test_it_waits_until_the_copy_is_sent(forwarding: Forwarding, asking: Asking) -> None:
    """While the exam is open, while its copy waits, and no longer."""
    ask(asking)
    assert asking.answers() == []
    forwarding.practice.wait()
    asking.wait(16)
    assert asking.answers() == []
    with forwarding.peer.listening():
        forwarding.forward()
    asking.wait(16)
    assert asking.outcome() == {UID: 0}


@pytest.mark.parametrize("rules", ["confirmed"], indirect=True)
def test_it_waits_until_the_copy_is_confirmed(forwarding: Forwarding, asking: Asking) -> None:
    """That the archive took it is not enough where a confirmation is required."""
    forwarding.practice.wait()
    with forwarding.peer.listening():
        forwarding.forward()
    ask(asking)
    assert asking.answers() == []
    settle(forwarding, CopyState.CONFIRMED)
    asking.wait(16)
    assert asking.outcome() == {UID: 0}


@pytest.mark.parametrize("state", [CopyState.WAITING, CopyState.FAILED])
def test_a_day_is_the_limit(forwarding: Forwarding, asking: Asking, state: CopyState) -> None:
    """Then the device hears that it has to keep the image, and nothing is damaged here."""
    forwarding.practice.wait()
    with forwarding.peer.listening():
        forwarding.forward()
    settle(forwarding, state)
    ask(asking)
    asking.wait(24 * 3600 - 1)
    assert asking.answers() == []
    asking.wait(1)
    assert asking.outcome() == {UID: 0x0213}
    assert asking.promised() == set()
    codes = [one.code for one in forwarding.practice.core.attention.items()]
    assert "object-damaged" not in codes


@pytest.mark.parametrize("state", [CopyState.SUPERSEDED, CopyState.ENDED])
def test_what_nobody_is_to_have_is_kept(
    forwarding: Forwarding, asking: Asking, state: CopyState
) -> None:
    """A copy that a person ended, or whose object no longer counts, is not waited for."""
    forwarding.practice.wait()
    with forwarding.peer.listening():
        forwarding.forward()
    settle(forwarding, state)
    ask(asking)
    assert asking.outcome() == {UID: 0}


def test_what_no_rule_wants_is_not_waited_for(forwarding: Forwarding, asking: Asking) -> None:
    """What is no ultrasound goes nowhere: it is kept at once."""
    forwarding.practice.send(
        SOPInstanceUID="2.25.600.1", StudyInstanceUID="2.25.600", Modality="CT"
    )
    ask(asking, "2.25.600.1")
    assert asking.outcome() == {"2.25.600.1": 0}


def test_what_is_held_is_waited_for(forwarding: Forwarding, asking: Asking) -> None:
    """It leaves when a person has said whose it is."""
    forwarding.practice.send(
        SOPInstanceUID="2.25.700.1", StudyInstanceUID="2.25.700", PatientID="", AccessionNumber=""
    )
    forwarding.practice.wait()
    with forwarding.peer.listening():
        forwarding.forward()
        ask(asking, "2.25.700.1")
        assert asking.answers() == []
        forwarding.practice.core.held.release("2.25.700", "4712")
        forwarding.practice.wait()
        asking.wait(16)
        assert asking.answers() == []
        forwarding.forward()
    asking.wait(16)
    assert asking.outcome() == {"2.25.700.1": 0}


def test_a_late_object_is_waited_for(forwarding: Forwarding, asking: Asking) -> None:
    """Its exam was sent on; itself it was not."""
    forwarding.practice.wait()
    with forwarding.peer.listening():
        forwarding.forward()
        forwarding.practice.send(SOPInstanceUID="2.25.500.2", **CLAIMED)
        ask(asking, "2.25.500.2")
        assert asking.answers() == []
        forwarding.practice.wait()
        forwarding.forward()
    asking.wait(16)
    assert asking.outcome() == {"2.25.500.2": 0}


def test_an_exam_from_before_the_rule(forwarding: Forwarding, asking: Asking) -> None:
    """Nothing of it leaves by itself, so nothing is waited for."""
    forwarding.practice.wait()
    with forwarding.practice.database.write() as connection:
        connection.execute(sa.text("DELETE FROM outbox WHERE kind = 'forward'"))
    ask(asking)
    assert asking.outcome() == {UID: 0}


def test_what_never_confirms_cannot_be_required(forwarding: Forwarding) -> None:
    """Devices would wait for ever: the start says so."""
    file = forwarding.practice.folder / "gdtbridge.toml"
    text = PEER.format(port=104).replace("port = 104", 'confirm = "none"')
    file.write_text(f'{text}[commitment]\nrequires_forwarding = "confirmed"\n')
    with pytest.raises(SettingsError, match="PACS bestätigt nie"):
        load_settings(file)
