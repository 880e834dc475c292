"""Accounts, one-time links, roles: who can get in, and that somebody always can."""

from __future__ import annotations

import pytest

from gdtbridge.accounts import Account, AccountError, LinkPurpose, Role, SignInRefused
from gdtbridge.accounts.model import LINK_SECONDS
from gdtbridge.errors import NotFound
from tests.tools.house import BOSS, HERE, PASSWORD, House


def account(house: House, name: str) -> Account:
    """Return an account."""
    return house.access.accounts.named(name)


def test_there_is_no_account_and_no_password_at_first(house: House) -> None:
    """Nobody can sign in, whatever is typed; the page may be open to this machine."""
    assert not house.access.memory.has_accounts
    for name in ("admin", "root", "gdtbridge", ""):
        with pytest.raises(SignInRefused):
            house.sign_in(name, name)


def test_the_first_link_makes_an_administrator_once(house: House) -> None:
    """After it the link is none, and no further one is made."""
    accounts = house.access.accounts
    secret = accounts.first_link(BOSS)
    opened = accounts.opened(secret)
    assert opened is not None
    assert opened.purpose is LinkPurpose.FIRST

    made = accounts.use_first_link(secret, "Chef", "Dr.  Sommer ", PASSWORD, HERE)

    assert (made.name, made.shown_name, made.role) == ("Chef", "Dr. Sommer", Role.ADMIN)
    assert house.access.memory.has_accounts
    assert accounts.opened(secret) is None
    with pytest.raises(AccountError, match="gilt nicht mehr"):
        accounts.use_first_link(secret, "other", "Other", PASSWORD, HERE)
    with pytest.raises(AccountError, match="--account"):
        accounts.first_link(BOSS)
    assert house.is_in(house.sign_in("chef"))


def test_a_link_of_yesterday_is_none(house: House) -> None:
    """It is good for 24 hours; so is one that was replaced: not."""
    accounts = house.access.accounts
    first, second = accounts.first_link(BOSS), accounts.first_link(BOSS)
    assert accounts.opened(first) is None
    house.clock.turn(LINK_SECONDS - 1)
    assert accounts.opened(second) is not None
    house.clock.turn(1)
    assert accounts.opened(second) is None
    with pytest.raises(AccountError) as refused:
        accounts.use_first_link(second, "chef", "Chef", PASSWORD, HERE)
    assert refused.value.field == "link"


def test_a_forgotten_password_is_set_by_a_link(house: House) -> None:
    """The old one is good until then; afterwards it is not, and nobody stays signed in by it."""
    house.make_first()
    old = house.sign_in()
    secret = house.access.accounts.link("CHEF", BOSS)
    assert house.is_in(old)

    house.access.accounts.use_link(secret, "ein ganz anderes Wort", HERE)

    assert not house.is_in(old)
    with pytest.raises(SignInRefused):
        house.sign_in()
    assert house.is_in(house.sign_in(password="ein ganz anderes Wort"))
    with pytest.raises(AccountError):
        house.access.accounts.use_link(secret, PASSWORD, HERE)


@pytest.mark.parametrize(
    "password",
    ["", "kurz", "123456789", "aaaaaaaaaaaaaaaa", "chefchef12", "gdtbridge12", "x" * 201],
)
def test_a_password_that_is_easily_guessed_is_refused(house: House, password: str) -> None:
    """And the link is as good as before."""
    accounts = house.access.accounts
    secret = accounts.first_link(BOSS)
    with pytest.raises(AccountError) as refused:
        accounts.use_first_link(secret, "chef", "Chef", password, HERE)
    assert refused.value.field == "password"
    assert accounts.opened(secret) is not None


@pytest.mark.parametrize(
    ("name", "shown_name", "field"),
    [
        ("", "Anna", "name"),
        ("an na", "Anna", "name"),
        ("a/b", "Anna", "name"),
        ("<b>", "Anna", "name"),
        ("an\u200bna", "Anna", "name"),
        ("x" * 65, "Anna", "name"),
        ("anna", " ", "shown_name"),
        ("anna", "x" * 65, "shown_name"),
        ("anna", "An\u202ena", "shown_name"),
        ("CHEF", "Anna", "name"),
        ("\uff43\uff48\uff45\uff46", "Anna", "name"),
    ],
)
def test_a_name_that_misleads_is_refused(
    house: House, name: str, shown_name: str, field: str
) -> None:
    """Two accounts never look alike to who types, nor to the program."""
    house.make_first()
    with pytest.raises(AccountError) as refused:
        house.access.accounts.make(name, shown_name, Role.READER, BOSS)
    assert refused.value.field == field


def test_another_role_takes_effect_at_once(house: House) -> None:
    """Who was signed in with the old one has to sign in again."""
    house.make_first()
    house.make("anna", "Anna Krüger", Role.ADMIN)
    cookie = house.sign_in("anna")

    house.access.accounts.change("anna", "Anna Krüger", Role.READER, BOSS)

    assert not house.is_in(cookie)
    signed_in = house.access.memory.signed_in(house.sign_in("anna"), acting=True)
    assert signed_in is not None
    assert signed_in.account.role is Role.READER


def test_another_shown_name_ends_no_session(house: House) -> None:
    """Nothing of what the person may do has changed."""
    house.make_first()
    cookie = house.sign_in()
    house.access.accounts.change("chef", "Dr. Winter", Role.ADMIN, BOSS)
    signed_in = house.access.memory.signed_in(cookie, acting=True)
    assert signed_in is not None
    assert signed_in.account.shown_name == "Dr. Winter"


def test_there_is_always_somebody_who_administers(house: House) -> None:
    """The last such account can be neither stilled, deleted nor made less."""
    house.make_first()
    accounts = house.access.accounts
    accounts.make("anna", "Anna", Role.ADMIN, BOSS)  # has no password yet: cannot get in
    for attempt in (
        lambda: accounts.deactivate("chef", BOSS),
        lambda: accounts.remove("chef", BOSS),
        lambda: accounts.change("chef", "Chef", Role.PRACTICE, BOSS),
    ):
        with pytest.raises(AccountError, match="letzte"):
            attempt()
    accounts.use_link(accounts.link("anna", BOSS), PASSWORD, HERE)
    accounts.deactivate("chef", BOSS)
    assert not account(house, "chef").is_active
    assert house.access.memory.has_accounts


def test_a_deactivated_account_is_out_at_once(house: House) -> None:
    """Its sessions end, its links too; reactivated it has its password again."""
    house.make_first()
    house.make("anna", "Anna", Role.PRACTICE)
    cookie, secret = house.sign_in("anna"), house.access.accounts.link("anna", BOSS)

    house.access.accounts.deactivate("anna", BOSS)

    assert not house.is_in(cookie)
    assert house.access.accounts.opened(secret) is None
    with pytest.raises(SignInRefused):
        house.sign_in("anna")
    with pytest.raises(AccountError):
        house.access.accounts.link("anna", BOSS)
    house.access.accounts.reactivate("anna", BOSS)
    assert house.is_in(house.sign_in("anna"))


def test_who_did_something_is_deactivated_instead_of_deleted(house: House) -> None:
    """The trail goes on naming a person that exists."""
    house.make_first()
    house.make("anna", "Anna", Role.PRACTICE)  # set a password: the trail has it
    house.access.accounts.make("berta", "Berta", Role.PRACTICE, BOSS)

    assert house.access.accounts.remove("berta", BOSS)
    assert not house.access.accounts.remove("anna", BOSS)

    with pytest.raises(NotFound):
        account(house, "berta")
    assert not account(house, "anna").is_active


def test_every_change_is_in_the_trail(house: House) -> None:
    """In the transaction of the change."""
    house.make_first()
    house.make("anna", "Anna", Role.PRACTICE)
    accounts = house.access.accounts
    accounts.change("anna", "Anna Krüger", Role.READER, BOSS)
    accounts.deactivate("anna", BOSS)
    accounts.reactivate("anna", BOSS)
    assert house.acts() == [
        *("made-link", "made-account"),
        *("made-account", "made-link", "set-password"),
        *("changed-account", "deactivated-account", "reactivated-account"),
    ]
