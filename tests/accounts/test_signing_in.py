"""Sessions and tries: good for as long as they should be, and not a second more."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from gdtbridge.accounts import Access, Role, SignInRefused, TooManyTries
from gdtbridge.accounts.model import LONGEST_SESSION
from gdtbridge.accounts.passwords import PasswordHasher, ScryptCost
from gdtbridge.accounts.signing_in import TRIES_HERE, TRIES_OF_ADDRESS, TRIES_OF_NAME
from gdtbridge.audit import AuditQuery
from gdtbridge.clock_watch import ClockWatch
from gdtbridge.durable import SteadyClock
from gdtbridge.schema import account, account_session
from tests.accounts.conftest import BOSS, HERE, PASSWORD, QUICK, Reception

IDLE = 15 * 60.0


@pytest.fixture
def reception(reception: Reception) -> Reception:
    """Return a practice with one account."""
    reception.make_first()
    return reception


def test_only_hashes_are_kept(reception: Reception) -> None:
    """Neither the password nor the cookie stand in the database."""
    cookie = reception.sign_in()
    with reception.database.read() as connection:
        kept = connection.execute(sa.select(account.c.password)).scalar_one()
        digest = connection.execute(sa.select(account_session.c.digest)).scalar_one()
    assert kept.startswith("$scrypt$ln=4,r=1,p=1$")
    assert PASSWORD not in kept
    assert cookie not in digest


def test_every_sign_in_is_a_new_session(reception: Reception) -> None:
    """What the browser had before it is over (session fixation)."""
    first = reception.sign_in()
    second = reception.access.desk.sign_in("chef", PASSWORD, HERE, before=first).cookie
    assert first != second
    assert not reception.is_in(first)
    assert reception.is_in(second)
    planted = "planted-by-somebody-else-planted"
    third = reception.access.desk.sign_in("chef", PASSWORD, HERE, before=planted).cookie
    assert third != planted
    assert not reception.is_in(planted)


def test_a_session_ends_when_nobody_does_anything(reception: Reception) -> None:
    """A page that asks again by itself is nobody."""
    cookie = reception.sign_in()
    for _ in range(10):
        reception.clock.turn(IDLE / 10 - 0.01)
        assert reception.is_in(cookie)
    assert reception.access.memory.seconds_left(cookie) == pytest.approx(0.1)
    reception.clock.turn(0.2)
    assert not reception.is_in(cookie, acting=True)
    assert reception.access.memory.is_over(cookie)
    assert not reception.access.memory.is_over("none of ours")


def test_a_session_in_use_ends_after_twelve_hours(reception: Reception) -> None:
    """Whatever the person does."""
    cookie = reception.sign_in()
    for _ in range(int(LONGEST_SESSION // 600) - 1):
        reception.clock.turn(600)
        assert reception.is_in(cookie, acting=True)
    assert 0 < reception.access.memory.seconds_left(cookie) <= 600
    reception.clock.turn(600)
    assert not reception.is_in(cookie)


def test_a_session_outlives_a_restart(reception: Reception) -> None:
    """The time of the last act counts, as far as it was written down."""
    cookie = reception.sign_in()
    reception.clock.turn(IDLE - 60)
    assert reception.is_in(cookie, acting=True)
    reception.access.memory.note_uses()
    reception.access = reception.opened()
    reception.clock.turn(IDLE - 1)
    assert reception.is_in(cookie)
    reception.clock.turn(2)
    assert not reception.is_in(cookie)


@pytest.mark.parametrize("seconds", [3600.0, -3600.0, 40 * 86400.0])
def test_a_jump_of_the_clock_ends_no_session(reception: Reception, seconds: float) -> None:
    """Neither that of the running service nor one read after a restart."""
    steady = SteadyClock(reception.clock)
    reception.clock, wall = steady, reception.clock  # type: ignore[assignment]
    reception.access = reception.opened()
    cookie = reception.sign_in()
    wall.turn(60)
    wall.step(seconds)
    ClockWatch(reception.database, steady).look()
    assert reception.access.memory.seconds_left(cookie) == pytest.approx(IDLE - 60)
    reception.access = reception.opened()
    assert reception.access.memory.seconds_left(cookie) == pytest.approx(IDLE - 60)


def test_signed_out_is_out(reception: Reception) -> None:
    """Here, and with the other word everywhere."""
    here, elsewhere = reception.sign_in(), reception.sign_in()
    reception.access.desk.sign_out(here, HERE)
    assert not reception.is_in(here)
    assert not reception.access.memory.is_over(here)
    assert reception.is_in(elsewhere)
    reception.access.desk.sign_out("none of ours", HERE)
    chef = reception.access.accounts.named("chef")
    reception.access.desk.sign_out_everywhere(chef, BOSS)
    assert not reception.is_in(elsewhere)


def test_a_new_password_ends_every_other_session(reception: Reception) -> None:
    """The person goes on in a new one; the old password must be right."""
    here, elsewhere = reception.sign_in(), reception.sign_in()
    who = reception.access.memory.signed_in(here, acting=True)
    assert who is not None
    with pytest.raises(SignInRefused):
        reception.access.desk.change_password(who, "wrong", "noch ein langes Wort", HERE)
    assert reception.is_in(here)

    new = reception.access.desk.change_password(who, PASSWORD, "noch ein langes Wort", HERE)

    assert [reception.is_in(one) for one in (here, elsewhere, new.cookie)] == [False, False, True]
    assert reception.is_in(reception.sign_in(password="noch ein langes Wort"))


def test_looking_who_is_there_asks_no_database(
    reception: Reception, statements: Callable[[], list[str]]
) -> None:
    """However many pages ask again every two seconds, good cookies and bad ones."""
    cookie = reception.sign_in()
    token = reception.access.tokens.make("AIS", ["worklist-add"], BOSS)
    statements()
    for _ in range(100):
        assert reception.is_in(cookie)
        assert not reception.is_in("none of ours")
        assert reception.access.memory.token(token.secret) is not None
        assert reception.access.memory.token("none of ours") is None
    assert statements() == []
    reception.access.memory.follow()
    assert len([one for one in statements() if one.startswith("SELECT")]) == 1


def test_what_another_process_changes_is_followed(reception: Reception) -> None:
    """The command line signs out and revokes; the service knows at its next look."""
    cookie = reception.sign_in()
    made = reception.access.tokens.make("AIS", ["worklist-add"], BOSS)
    command = reception.opened()
    command.desk.sign_out_everywhere(command.accounts.named("chef"), BOSS)
    command.tokens.revoke(made.token.id, BOSS)

    reception.access.memory.follow()

    assert not reception.is_in(cookie)
    assert reception.access.memory.token(made.secret) is None


def test_sessions_are_forgotten_a_day_after_their_end(reception: Reception) -> None:
    """Until then a person can be told why they have to sign in."""
    cookie = reception.sign_in()
    reception.clock.turn(IDLE + 86400 - 10)
    reception.access.desk.forget_over()
    reception.access.memory.follow()
    assert reception.access.memory.is_over(cookie)
    reception.clock.turn(11)
    reception.access.desk.forget_over()
    reception.access.memory.follow()
    assert not reception.access.memory.is_over(cookie)


# ---------------------------------------------------------------------------- guessing


def guess(reception: Reception, name: str, address: str, times: int) -> list[int]:
    """Guess so often; return how many tries were left after each, -1 where none was taken."""
    left = []
    for number in range(times):
        try:
            reception.sign_in(name, f"guess {number}", address)
        except SignInRefused as refused:
            left.append(refused.left)
        except TooManyTries:
            left.append(-1)
    return left


@pytest.mark.parametrize("name", ["chef", "CHEF", "nobody-has-this-name"])
def test_guessing_is_slowed_down(reception: Reception, name: str) -> None:
    """Five tries, then one each minute, whether there is such an account or not."""
    assert guess(reception, name, HERE, TRIES_HERE + 2) == [4, 3, 2, 1, 0, -1, -1]
    with pytest.raises(TooManyTries, match=r"Bitte 1 Minute warten\."):
        reception.sign_in(name, PASSWORD)
    reception.clock.turn(60)
    assert guess(reception, name, HERE, 2) == [0, -1]


def test_the_right_password_begins_anew(reception: Reception) -> None:
    """Who mistypes four times every morning is never locked out."""
    for _ in range(10):
        guess(reception, "chef", HERE, TRIES_HERE - 1)
        reception.sign_in()
        reception.clock.turn(86400)


def test_who_guesses_elsewhere_does_not_lock_out_the_person(reception: Reception) -> None:
    """Unless they guess from many addresses."""
    guess(reception, "chef", "192.0.2.66", 50)
    assert reception.is_in(reception.sign_in())
    for number in range(10):
        guess(reception, "chef", f"198.51.100.{number}", TRIES_HERE)
    with pytest.raises(TooManyTries):
        reception.sign_in()


def test_guessing_many_names_is_slowed_down_by_address(reception: Reception) -> None:
    """One password tried on all names (password spraying)."""
    refused = [guess(reception, f"name{n}", HERE, 1) for n in range(TRIES_OF_ADDRESS + 5)]
    assert refused[-5:] == [[-1]] * 5
    assert reception.is_in(reception.sign_in(address="192.0.2.8"))


def test_no_more_is_guessed_than_the_buckets_allow(reception: Reception) -> None:
    """From a thousand addresses at once."""
    through = sum(
        guess(reception, "chef", f"10.{number // 250}.{number % 250}.1", 1) != [-1]
        for number in range(200)
    )
    assert through == TRIES_OF_NAME


@pytest.mark.parametrize("name", ["chef", "stilled", "invited", "nobody"])
def test_every_name_costs_the_same(
    reception: Reception, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """One hash with the same parameters, so that time does not tell who has an account."""
    reception.make("stilled", "S", Role.READER)
    reception.access.accounts.deactivate("stilled", BOSS)
    reception.access.accounts.make("invited", "I", Role.READER, BOSS)
    made: list[ScryptCost] = []
    derived = PasswordHasher._derived

    def counted(self: PasswordHasher, password: str, salt: bytes, cost: ScryptCost) -> bytes:
        made.append(cost)
        return derived(self, password, salt, cost)

    monkeypatch.setattr(PasswordHasher, "_derived", counted)
    with pytest.raises(SignInRefused):
        reception.sign_in(name, "wrong")
    assert made == [QUICK]


def test_refused_tries_are_in_the_trail(reception: Reception) -> None:
    """With the account where there is one; what else was typed may be a password."""
    for name in ("chef", "my-secret-password"):
        with pytest.raises(SignInRefused):
            reception.sign_in(name, "wrong")
    found = reception.trail.entries(AuditQuery(acts=("failed-sign-in",)))
    assert [one.done.subject for one in found] == ["", "account:chef"]
    assert {one.actor.address for one in found} == {HERE}


def test_a_hash_grows_with_its_time(reception: Reception) -> None:
    """Who signs in has the password hashed again by today's parameters."""
    stronger = PasswordHasher(ScryptCost(5, 1, 1))
    reception.access = Access.of(
        reception.database, reception.trail, reception.clock, idle_minutes=15, hasher=stronger
    )
    reception.sign_in()
    with reception.database.read() as connection:
        kept = connection.execute(sa.select(account.c.password)).scalar_one()
    assert kept.startswith("$scrypt$ln=5,r=1,p=1$")
    assert reception.is_in(reception.sign_in())


def test_the_usual_parameters_are_those_of_owasp() -> None:
    """N 2^15, r 8, p 3; letters compose to the same, whatever keyboard typed them."""
    hasher = PasswordHasher()
    kept = hasher.hashed("Bärenstärke 12")
    assert kept.startswith("$scrypt$ln=15,r=8,p=3$")
    assert hasher.is_right("Ba\u0308rensta\u0308rke 12", kept)
    assert not hasher.is_right("Bärenstärke 13", kept)
    assert not hasher.is_right("Bärenstärke 12", "")
