"""``gdtbridge forward``: what people see and ask, beside a service."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from gdtbridge.cli import main
from gdtbridge.confirmation.book import SETTLE_SECONDS
from tests.forward.conftest import Forwarding
from tests.forward.test_forwarding import STUDY, sent


class Terminal:
    """Somebody at the command line of the practice."""

    def __init__(self, forwarding: Forwarding) -> None:
        self.file = forwarding.practice.folder / "gdtbridge.toml"

    def run(self, *arguments: str, status: int = 0) -> Result:
        """Run ``gdtbridge forward``, which ends with a status."""
        done = CliRunner().invoke(main, ["forward", *arguments, "--config", str(self.file)])
        assert done.exit_code == status, done.output
        return done

    def listed(self, *arguments: str) -> list[dict[str, str]]:
        """Return what a list says as JSON, without what is wrong elsewhere."""
        found = json.loads(self.run("list", *arguments, "--json").stdout)
        rows: list[dict[str, str]] = found["targets"] if isinstance(found, dict) else found
        return rows


@pytest.fixture
def terminal(forwarding: Forwarding) -> Terminal:
    """Return a terminal beside the practice."""
    return Terminal(forwarding)


def test_what_waits_and_what_was_refused_is_listed(
    forwarding: Forwarding, terminal: Terminal
) -> None:
    """By archive, and object by object where wanted."""
    uids = sent(forwarding, 2)
    forwarding.peer.answer = lambda dataset: 0xC000 if str(dataset.SOPInstanceUID) == uids[0] else 0
    forwarding.practice.wait()
    (row,) = terminal.listed()
    assert (row["target"], row["exams"], row["waiting"]) == ("PACS", "1", "0")
    forwarding.forward()
    (row,) = terminal.listed()
    assert (row["exams"], row["waiting"]) == ("1", "2")
    assert "nicht erreichbar" in row["reason"]
    with forwarding.peer.listening():
        forwarding.forward()
    (row,) = terminal.listed("--to", "pacs")
    assert (row["sent"], row["failed"]) == ("1", "1")
    assert terminal.listed("--to", "OTHER") == []
    (failed,) = terminal.listed("--failed")
    assert (failed["sop_instance_uid"], failed["state"]) == (uids[0], "failed")
    assert "(C000)" in failed["reason"]
    every = terminal.run("list", "--study", STUDY).stdout
    assert "gesendet, nicht bestätigt" in every
    assert "aufgegeben" in every


def test_why_an_archive_does_not_confirm(forwarding: Forwarding, terminal: Terminal) -> None:
    """An archive that took everything and cannot be asked says why beside its counts."""
    sent(forwarding)
    forwarding.practice.wait()
    with forwarding.peer.listening():
        forwarding.forward()
    assert terminal.listed()[0]["reason"] == ""
    confirmations = forwarding.practice.core.confirmations
    forwarding.practice.clock.turn(SETTLE_SECONDS)
    confirmations.ask_due(confirmations.archives[0])

    (row,) = terminal.listed()
    assert row["sent"] == "1"
    assert "nicht erreichbar" in row["reason"]


def test_objects_are_sent_again_or_given_up(forwarding: Forwarding, terminal: Terminal) -> None:
    """By number, or all that failed; a study by its UID."""
    uids = sent(forwarding, 2)
    forwarding.peer.answer = lambda _: 0xC000
    forwarding.practice.wait()
    with forwarding.peer.listening() as peer:
        forwarding.forward()
        numbers = [one["number"] for one in terminal.listed("--failed")]
        assert "2 Objekte" in terminal.run("again", "--failed").stdout
        forwarding.forward()
        peer.answer = lambda _: 0
        terminal.run("end", numbers[0])
        terminal.run("again", numbers[1])
        forwarding.forward()
        assert (forwarding.states(), len(peer.uids)) == ({"ended": 1, "sent": 1}, 1)
        assert "PACS: 2 Objekte" in terminal.run("study", STUDY, "--to", "PACS").stdout
        terminal.run("study", STUDY, "--object", uids[0])
        forwarding.forward()
        assert forwarding.states() == {"sent": 2}
    for wrong in (("again", "99"), ("study", "1.2.3"), ("study", STUDY, "--to", "X")):
        terminal.run(*wrong, status=1)
    for usage in (("again",), ("again", "1", "--failed"), ("end",)):
        terminal.run(*usage, status=2)


def test_a_wrong_copy_is_listed_until_somebody_saw_to_it(
    forwarding: Forwarding, terminal: Terminal
) -> None:
    """With the old and the new number."""
    sent(forwarding)
    corrections = forwarding.practice.core.corrections
    with forwarding.peer.listening():
        forwarding.practice.wait()
        forwarding.forward()
        corrections.withdraw(STUDY, "4711", "falsche Akte", to="4713", confirmed=True)
        forwarding.practice.wait()
        forwarding.forward()
    (wrong,) = json.loads(terminal.run("list", "--json").stdout)["wrong"]
    assert (wrong["old"], wrong["new"], wrong["instances"]) == ("4711", "4713", "1")
    assert "4713" in terminal.run("list").stdout
    items = forwarding.practice.core.attention.items()
    (item,) = (one for one in items if one.code == "forward-wrong-copy")
    assert item.whose.startswith("4711 ")
    terminal.run("corrected", wrong["number"])
    assert json.loads(terminal.run("list", "--json").stdout)["wrong"] == []
    terminal.run("corrected", wrong["number"], status=1)


def test_an_archive_that_is_gone_is_given_up(forwarding: Forwarding, terminal: Terminal) -> None:
    """With everything that waits for it, tried or not, and nothing of it comes back."""
    for number in range(3):
        sent(forwarding, study=f"2.25.80{number}")
    forwarding.practice.wait()
    forwarding.forward()
    terminal.run("end", "--to", "pacs")
    with forwarding.peer.listening() as peer:
        forwarding.forward()
        assert (peer.uids, terminal.listed()[0]["exams"]) == ([], "0")
