"""Mails of what needs a person: to a real server, not too many, of nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdtbridge.errors import SettingsError
from gdtbridge.outbox import MAIL, MailAccount, MailSender, MailText
from gdtbridge.outbox.model import AttemptResult
from gdtbridge.settings import load_settings
from tests.tools.certificate import self_signed, server_context
from tests.tools.desk import HOUR, MAIL_SETTINGS, Desk
from tests.tools.mail_server import MailServer

TEXT = MailText("Störung", "Zeile mit ä\n.\nEnde\n", 1_705_311_015.0)


def hold(desk: Desk, uid: str) -> None:
    """Let a device send an exam without a patient number."""
    desk.practice.send(StudyInstanceUID=uid, AccessionNumber="", PatientID="")
    desk.practice.wait()


def test_a_mail_tells_what_is_new_and_of_nobody(desk: Desk) -> None:
    """Kind, number and time, German first; to everybody who is named; never a patient."""
    hold(desk, "2.25.7")
    desk.look()
    (mail,) = desk.mail.mails

    assert mail["To"] == "edv@praxis.example, arzt@praxis.example"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].startswith("<gdtbridge-")
    assert str(mail["Subject"]).endswith(": 1 neu / new")
    text = mail.get_content()
    line = (
        "  1 Untersuchung ohne Zuordnung / exam of an uncertain patient [held-exam], seit / since "
    )
    assert f"Neu / New:\n{line}" in text
    assert "Müller" not in text
    assert "2.25.7" not in text


def test_mails_wait_for_the_pause_and_say_everything(desk: Desk) -> None:
    """Ten minutes at least between two; the second has the new ones and those that wait."""
    hold(desk, "2.25.7")
    desk.look(1)
    hold(desk, "2.25.8")
    hold(desk, "2.25.9")
    for _ in range(3):
        desk.look(60)
    assert len(desk.mail.mails) == 1
    desk.look(600)

    assert len(desk.mail.mails) == 2
    assert "Neu / New:\n  2 Untersuchungen" in desk.last_mail()
    assert "Wartet noch / Still waiting:\n  1 Untersuchung" in desk.last_mail()


def test_what_waits_is_told_once_a_day_until_it_is_done(desk: Desk) -> None:
    """A reminder every day; a last mail when nothing waits; then silence."""
    hold(desk, "2.25.7")
    desk.look()
    for _ in range(2 * 6):
        desk.look(4 * HOUR)
    assert len(desk.mail.mails) == 3
    assert ": 1 offen / open\n" in desk.last_mail()

    desk.practice.core.held.release("2.25.7", "4711")
    desk.practice.wait()
    for _ in range(3 * 6):
        desk.look(4 * HOUR)
    assert len(desk.mail.mails) == 4
    assert ": alles erledigt / all done\n" in desk.last_mail()


def test_a_restart_repeats_nothing(desk: Desk) -> None:
    """What was mailed stands in the database."""
    hold(desk, "2.25.7")
    desk.look()
    again = desk.practice.again()
    for source in again.core.attention.sources:
        again.core.announcer.look(source)
        again.core.mailer.mail()
    assert again.outbox.deliver_due(MAIL) == 0
    again.close()


def test_a_server_that_comes_back_gets_one_mail_with_what_waits(desk: Desk) -> None:
    """Mails that could not leave are replaced by the newest: nobody reads ten old ones."""
    desk.mail.refuse = "451 4.3.0 later"
    hold(desk, "2.25.7")
    desk.look()
    hold(desk, "2.25.8")
    desk.look()
    desk.look(48 * HOUR)
    desk.mail.refuse = ""
    desk.look(120)

    (mail,) = desk.mail.mails
    assert "  2 Untersuchungen ohne Zuordnung" in mail.get_content()


def test_a_clock_set_back_silences_nothing(desk: Desk) -> None:
    """A mail that seems to be of tomorrow does not count."""
    hold(desk, "2.25.7")
    desk.look()
    desk.practice.clock.step(-48 * HOUR)
    hold(desk, "2.25.8")
    desk.look(60)

    assert len(desk.mail.mails) == 2


def account(server: MailServer, **changes: object) -> MailAccount:
    """Return an account at a server of this machine."""
    values: dict[str, object] = {
        "host": "127.0.0.1",
        "port": server.port,
        "security": "none",
        "user": "",
        "password": "",
        "password_file": None,
        "sender": "gdtbridge@praxis.example",
        "recipients": ("edv@praxis.example",),
        "ca_file": None,
    }
    return MailAccount(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a certificate of this machine's number."""
    return self_signed(tmp_path_factory.mktemp("tls"), "IP:127.0.0.1")


def test_starttls_and_a_password_from_a_file(certificate: Path, tmp_path: Path) -> None:
    """The file is read anew each time: a new password counts at once."""
    file = tmp_path / "password"
    file.write_text("old\n")
    with MailServer(server_context(certificate), login="gdt:geheim") as server:
        sender = MailSender(
            account(
                server, security="starttls", user="gdt", password_file=file, ca_file=certificate
            )
        )
        assert sender.send(TEXT, "1").reason == "SMTP 535 5.7.8 wrong password"
        file.write_text("geheim\n")
        assert sender.send(TEXT, "1").result is AttemptResult.DELIVERED

    (mail,) = server.mails
    assert (mail["Subject"], mail.get_content()) == (TEXT.subject, TEXT.text)


def test_an_unknown_certificate_gets_no_password(certificate: Path) -> None:
    """The sender ends where it does not know whom it talks to."""
    with MailServer(server_context(certificate), login="gdt:geheim") as server:
        sender = MailSender(account(server, security="starttls", user="gdt", password="geheim"))
        attempt = sender.send(TEXT, "1")

    assert (attempt.result, attempt.reason) == (AttemptResult.LATER, "SSLCertVerificationError")
    assert server.mails == []


def test_a_server_without_starttls_gets_no_mail() -> None:
    """What was to be encrypted is not sent in the clear."""
    with MailServer() as server:
        attempt = MailSender(account(server, security="starttls")).send(TEXT, "1")

    assert (attempt.result, attempt.away) == (AttemptResult.LATER, True)
    assert server.mails == []


def test_nobody_listens() -> None:
    """Tried again later, like everything a mail server may get over."""
    with MailServer() as server:
        sender = MailSender(account(server))
    assert sender.send(TEXT, "1").reason == "ConnectionRefusedError"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"GDTBRIDGE_MAIL__TO": ""}, "mail.to"),
        ({"GDTBRIDGE_MAIL__FROM": ""}, "mail.from"),
        ({"GDTBRIDGE_MAIL__FROM": "a@b\r\nBcc: c@d"}, "mail.from"),
        ({"GDTBRIDGE_MAIL__TO": "praxis"}, "mail.to"),
        ({"GDTBRIDGE_MAIL__USER": "gdt", "GDTBRIDGE_MAIL__HOST": "mail.example"}, "mail.security"),
    ],
)
def test_settings_that_would_not_do_are_refused(changes: dict[str, str], told: str) -> None:
    """No recipient, no sender, none that is one, a password in the clear over the network."""
    with pytest.raises(SettingsError, match=told):
        load_settings(environ={**MAIL_SETTINGS, **changes})
