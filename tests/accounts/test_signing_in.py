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
from tests.tools.house import BOSS, HERE, PASSWORD, QUICK, House

IDLE = 15 * 60.0


@pytest.fixture
def house(house: House) -> House:
    """Return a practice with one account."""
    house.make_first()
    return house


def test_only_hashes_are_kept(house: House) -> None:
    """Neither the password nor the cookie stand in the database."""
    cookie = house.sign_in()
    with house.database.read() as connection:
        kept = connection.execute(sa.select(account.c.password)).scalar_one()
        digest = connection.execute(sa.select(account_session.c.digest)).scalar_one()
    assert kept.startswith("$scrypt$ln=4,r=1,p=1$")
    assert PASSWORD not in kept
    assert cookie not in digest


def test_every_sign_in_is_a_new_session(house: House) -> None:
    """What the browser had before it is over (session fixation)."""
    first = house.sign_in()
    second = house.access.desk.sign_in("chef", PASSWORD, HERE, before=first).cookie
    assert first != second
    assert not house.is_in(first)
    assert house.is_in(second)
    planted = "planted-by-somebody-else-planted"
    third = house.access.desk.sign_in("chef", PASSWORD, HERE, before=planted).cookie
    assert third != planted
    assert not house.is_in(planted)


def test_a_session_ends_when_nobody_does_anything(house: House) -> None:
    """A page that asks again by itself is nobody."""
    cookie = house.sign_in()
    for _ in range(10):
        house.clock.turn(IDLE / 10 - 0.01)
        assert house.is_in(cookie)
    assert house.access.memory.seconds_left(cookie) == pytest.approx(0.1)
    house.clock.turn(0.2)
    assert not house.is_in(cookie, acting=True)
    assert house.access.memory.is_over(cookie)
    assert not house.access.memory.is_over("none of ours")


def test_a_session_in_use_ends_after_twelve_hours(house: House) -> None:
    """Whatever the person does."""
    cookie = house.sign_in()
    for _ in range(int(LONGEST_SESSION // 600) - 1):
        house.clock.turn(600)
        assert house.is_in(cookie, acting=True)
    assert 0 < house.access.memory.seconds_left(cookie) <= 600
    house.clock.turn(600)
    assert not house.is_in(cookie)


def test_a_session_outlives_a_restart(house: House) -> None:
    """The time of the last act counts, as far as it was written down."""
    cookie = house.sign_in()
    house.clock.turn(IDLE - 60)
    assert house.is_in(cookie, acting=True)
    house.access.memory.note_uses()
    house.access = house.opened()
    house.clock.turn(IDLE - 1)
    assert house.is_in(cookie)
    house.clock.turn(2)
    assert not house.is_in(cookie)


@pytest.mark.parametrize("seconds", [3600.0, -3600.0, 40 * 86400.0])
def test_a_jump_of_the_clock_ends_no_session(house: House, seconds: float) -> None:
    """Neither that of the running service nor one read after a restart."""
    steady = SteadyClock(house.clock)
    house.clock, wall = steady, house.clock  # type: ignore[assignment]
    house.access = house.opened()
    cookie = house.sign_in()
    wall.turn(60)
    wall.step(seconds)
    ClockWatch(house.database, steady).look()
    assert house.access.memory.seconds_left(cookie) == pytest.approx(IDLE - 60)
    house.access = house.opened()
    assert house.access.memory.seconds_left(cookie) == pytest.approx(IDLE - 60)


def test_signed_out_is_out(house: House) -> None:
    """Here, and with the other word everywhere."""
    here, elsewhere = house.sign_in(), house.sign_in()
    house.access.desk.sign_out(here, HERE)
    assert not house.is_in(here)
    assert not house.access.memory.is_over(here)
    assert house.is_in(elsewhere)
    house.access.desk.sign_out("none of ours", HERE)
    chef = house.access.accounts.named("chef")
    house.access.desk.sign_out_everywhere(chef, BOSS)
    assert not house.is_in(elsewhere)


def test_a_new_password_ends_every_other_session(house: House) -> None:
    """The person goes on in a new one; the old password must be right."""
    here, elsewhere = house.sign_in(), house.sign_in()
    who = house.access.memory.signed_in(here, acting=True)
    assert who is not None
    with pytest.raises(SignInRefused):
        house.access.desk.change_password(who, "wrong", "noch ein langes Wort", HERE)
    assert house.is_in(here)

    new = house.access.desk.change_password(who, PASSWORD, "noch ein langes Wort", HERE)

    assert [house.is_in(one) for one in (here, elsewhere, new.cookie)] == [False, False, True]
    assert house.is_in(house.sign_in(password="noch ein langes Wort"))


def test_looking_who_is_there_asks_no_database(
    house: House, statements: Callable[[], list[str]]
) -> None:
    """However many pages ask again every two seconds, good cookies and bad ones."""
    cookie = house.sign_in()
    token = house.access.tokens.make("AIS", ["worklist-add"], BOSS)
    statements()
    for _ in range(100):
        assert house.is_in(cookie)
        assert not house.is_in("none of ours")
        assert house.access.memory.token(token.secret) is not None
        assert house.access.memory.token("none of ours") is None
    assert statements() == []
    house.access.memory.follow()
    assert len([one for one in statements() if one.startswith("SELECT")]) == 1


def test_what_another_process_changes_is_followed(house: House) -> None:
    """The command line signs out and revokes; the service knows at its next look."""
    cookie = house.sign_in()
    made = house.access.tokens.make("AIS", ["worklist-add"], BOSS)
    command = house.opened()
    command.desk.sign_out_everywhere(command.accounts.named("chef"), BOSS)
    command.tokens.revoke(made.token.id, BOSS)

    house.access.memory.follow()

    assert not house.is_in(cookie)
    assert house.access.memory.token(made.secret) is None


def test_sessions_are_forgotten_a_day_after_their_end(house: House) -> None:
    """Until then a person can be told why they have to sign in."""
    cookie = house.sign_in()
    house.clock.turn(IDLE + 86400 - 10)
    house.access.desk.forget_over()
    house.access.memory.follow()
    assert house.access.memory.is_over(cookie)
    house.clock.turn(11)
    house.access.desk.forget_over()
    house.access.memory.follow()
    assert not house.access.memory.is_over(cookie)


# ---------------------------------------------------------------------------- guessing


def guess(house: House, name: str, address: str, times: int) -> list[int]:
    """Guess so often; return how many tries were left after each, -1 where none was taken."""
    left = []
    for number in range(times):
        try:
            house.sign_in(name, f"guess {number}", address)
        except SignInRefused as refused:
            left.append(refused.left)
        except TooManyTries:
            left.append(-1)
    return left


@pytest.mark.parametrize("name", ["chef", "CHEF", "nobody-has-this-name"])
def test_guessing_is_slowed_down(house: House, name: str) -> None:
    """Five tries, then one each minute, whether there is such an account or not."""
    assert guess(house, name, HERE, TRIES_HERE + 2) == [4, 3, 2, 1, 0, -1, -1]
    with pytest.raises(TooManyTries, match=r"Bitte 1 Minute warten\."):
        house.sign_in(name, PASSWORD)
    house.clock.turn(60)
    assert guess(house, name, HERE, 2) == [0, -1]


def test_the_right_password_begins_anew(house: House) -> None:
    """Who mistypes four times every morning is never locked out."""
    for _ in range(10):
        guess(house, "chef", HERE, TRIES_HERE - 1)
        house.sign_in()
        house.clock.turn(86400)


def test_who_guesses_elsewhere_does_not_lock_out_the_person(house: House) -> None:
    """Unless they guess from many addresses."""
    guess(house, "chef", "192.0.2.66", 50)
    assert house.is_in(house.sign_in())
    for number in range(10):
        guess(house, "chef", f"198.51.100.{number}", TRIES_HERE)
    with pytest.raises(TooManyTries):
        house.sign_in()


def test_guessing_many_names_is_slowed_down_by_address(house: House) -> None:
    """One password tried on all names (password spraying)."""
    refused = [guess(house, f"name{n}", HERE, 1) for n in range(TRIES_OF_ADDRESS + 5)]
    assert refused[-5:] == [[-1]] * 5
    assert house.is_in(house.sign_in(address="192.0.2.8"))


def test_no_more_is_guessed_than_the_buckets_allow(house: House) -> None:
    """From a thousand addresses at once."""
    through = sum(
        guess(house, "chef", f"10.{number // 250}.{number % 250}.1", 1) != [-1]
        for number in range(200)
    )
    assert through == TRIES_OF_NAME


@pytest.mark.parametrize("name", ["chef", "stilled", "invited", "nobody"])
def test_every_name_costs_the_same(
    house: House, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """One hash with the same parameters, so that time does not tell who has an account."""
    house.make("stilled", "S", Role.READER)
    house.access.accounts.deactivate("stilled", BOSS)
    house.access.accounts.make("invited", "I", Role.READER, BOSS)
    made: list[ScryptCost] = []
    derived = PasswordHasher._derived

    def counted(self: PasswordHasher, password: str, salt: bytes, cost: ScryptCost) -> bytes:
        made.append(cost)
        return derived(self, password, salt, cost)

    monkeypatch.setattr(PasswordHasher, "_derived", counted)
    with pytest.raises(SignInRefused):
        house.sign_in(name, "wrong")
    assert made == [QUICK]


def test_refused_tries_are_in_the_trail(house: House) -> None:
    """With the account where there is one; what else was typed may be a password."""
    for name in ("chef", "my-secret-password"):
        with pytest.raises(SignInRefused):
            house.sign_in(name, "wrong")
    found = house.trail.entries(AuditQuery(acts=("failed-sign-in",)))
    assert [one.done.subject for one in found] == ["", "account:chef"]
    assert {one.actor.address for one in found} == {HERE}


def test_a_hash_grows_with_its_time(house: House) -> None:
    """Who signs in has the password hashed again by today's parameters."""
    stronger = PasswordHasher(ScryptCost(5, 1, 1))
    house.access = Access.of(
        house.database, house.trail, house.clock, idle_minutes=15, hasher=stronger
    )
    house.sign_in()
    with house.database.read() as connection:
        kept = connection.execute(sa.select(account.c.password)).scalar_one()
    assert kept.startswith("$scrypt$ln=5,r=1,p=1$")
    assert house.is_in(house.sign_in())


def test_the_usual_parameters_are_those_of_owasp() -> None:
    """N 2^15, r 8, p 3; letters compose to the same, whatever keyboard typed them."""
    hasher = PasswordHasher()
    kept = hasher.hashed("Bärenstärke 12")
    assert kept.startswith("$scrypt$ln=15,r=8,p=3$")
    assert hasher.is_right("Ba\u0308rensta\u0308rke 12", kept)
    assert not hasher.is_right("Bärenstärke 13", kept)
    assert not hasher.is_right("Bärenstärke 12", "")
