"""``gdtbridge access``: accounts of people, one-time links, tokens of programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gdtbridge.commands.options import (
    as_json_option,
    core_of,
    minute_of,
    print_json,
    print_rows,
    terminal_user,
    view_of,
    with_settings,
)
from gdtbridge.settings import Settings

if TYPE_CHECKING:
    from gdtbridge.accounts import AccessToken, Account, StudyLink

ROLES = click.Choice(["admin", "practice", "reader"])


@click.group()
def access() -> None:
    """Wer hereindarf: Konten, Einmal-Links, Zugangsschlüssel. / Accounts, links, tokens."""


def first_invitation(address: str) -> str:
    """Return the words that show a person the link of the first account."""
    return (
        "\nNoch gibt es kein Konto. Das erste legen Sie hier an (24 Stunden, nur einmal): / There "
        f"is no account yet; make the first one here:\n\n  {address}\n"
    )


@access.command("link")
@with_settings
@click.option("--account", "name", help="Für dieses Konto. / For this account.")
def access_link(settings: Settings, name: str | None) -> None:
    """Einen Einmal-Link zeigen: erstes Konto oder neues Kennwort. / Show a one-time link.

    Er gilt 24 Stunden und nur einmal; ein früherer für dasselbe Konto gilt dann nicht mehr. / Good
    for 24 hours and once; an earlier one for the same account is not good any more.
    """
    from gdtbridge.accounts.model import link_path

    with core_of(settings) as core:
        accounts = core.access.accounts
        by = terminal_user()
        secret = accounts.link(name, by) if name else accounts.first_link(by)
    click.echo(settings.http.address + link_path(secret))


@access.command("accounts")
@with_settings
@as_json_option
def access_accounts(settings: Settings, *, as_json: bool) -> None:
    """Die Konten zeigen. / Show the accounts."""
    with view_of(settings) as core:
        found = core.access.accounts.all()
    print_rows([_account_row(one) for one in found], as_json=as_json)


@access.command("add")
@with_settings
@click.argument("name")
@click.argument("shown_name")
@click.option("--role", type=ROLES, default="practice", show_default=True, help="Rolle. / Role.")
def access_add(settings: Settings, name: str, shown_name: str, role: str) -> None:
    """Ein Konto anlegen und seinen Einmal-Link zeigen. / Make an account, show its link.

    NAME wird zum Anmelden getippt (anna), SHOWN_NAME lesen andere ("Anna Krüger"). Das Kennwort
    wählt die Person mit dem Link selbst. / NAME is typed to sign in, SHOWN_NAME is what others
    read; the person chooses the password by the link.
    """
    from gdtbridge.accounts import Role
    from gdtbridge.accounts.model import link_path

    with core_of(settings) as core:
        by = terminal_user()
        core.access.accounts.make(name, shown_name, Role(role), by)
        secret = core.access.accounts.link(name, by)
    click.echo(settings.http.address + link_path(secret))


@access.command("role")
@with_settings
@click.argument("name")
@click.argument("role", type=ROLES)
def access_role(settings: Settings, name: str, role: str) -> None:
    """Einem Konto eine andere Rolle geben. / Give an account another role.

    Wer damit angemeldet ist, meldet sich neu an. / Who is signed in has to sign in again.
    """
    from gdtbridge.accounts import Role

    with core_of(settings) as core:
        account = core.access.accounts.named(name)
        core.access.accounts.change(name, account.shown_name, Role(role), terminal_user())


@access.command("deactivate")
@with_settings
@click.argument("name")
def access_deactivate(settings: Settings, name: str) -> None:
    """Ein Konto stilllegen: Niemand meldet sich damit mehr an. / Let nobody sign in with it."""
    with core_of(settings) as core:
        core.access.accounts.deactivate(name, terminal_user())


@access.command("reactivate")
@with_settings
@click.argument("name")
def access_reactivate(settings: Settings, name: str) -> None:
    """Ein stillgelegtes Konto wieder freigeben. / Let a deactivated account sign in again."""
    with core_of(settings) as core:
        core.access.accounts.reactivate(name, terminal_user())


@access.command("remove")
@with_settings
@click.argument("name")
def access_remove(settings: Settings, name: str) -> None:
    """Ein Konto löschen, oder stilllegen, wenn der Verlauf es nennt. / Delete an account.

    One that the audit trail names is deactivated instead.
    """
    with core_of(settings) as core:
        deleted = core.access.accounts.remove(name, terminal_user())
    done = "gelöscht. / deleted." if deleted else "stillgelegt. / deactivated."
    click.echo(f"{name}: {done}")


@access.command("sign-out")
@with_settings
@click.argument("name")
def access_sign_out(settings: Settings, name: str) -> None:
    """Ein Konto überall abmelden. / End every session of an account."""
    with core_of(settings) as core:
        account = core.access.accounts.named(name)
        core.access.desk.sign_out_everywhere(account, terminal_user())


@access.command("tokens")
@with_settings
@as_json_option
def access_tokens(settings: Settings, *, as_json: bool) -> None:
    """Die Zugangsschlüssel von Programmen zeigen. / Show the tokens of programs."""
    with view_of(settings) as core:
        found = core.access.tokens.all()
    print_rows([_token_row(one) for one in found], as_json=as_json)


@access.group("token")
def access_token() -> None:
    """Zugangsschlüssel von Programmen. / Tokens of programs."""


@access_token.command("add")
@with_settings
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    help="Wofür er gilt; mehrmals möglich. / What it is for; may be repeated.",
)
@click.option(
    "--aet",
    default="",
    help="AE-Titel des Geräts, für das er steht. / AE title of the device it stands for.",
)
@as_json_option
def access_token_add(
    settings: Settings, name: str, scopes: tuple[str, ...], aet: str, *, as_json: bool
) -> None:
    """Einen Zugangsschlüssel erstellen; er wird nur jetzt gezeigt. / Make one, shown once."""
    with core_of(settings) as core:
        made = core.access.tokens.make(name, scopes, terminal_user(), aet)
    if as_json:
        print_json({"token": made.token.id, "secret": made.secret})
    else:
        click.echo(made.secret)


@access_token.command("revoke")
@with_settings
@click.argument("number", type=int)
def access_token_revoke(settings: Settings, number: int) -> None:
    """Einen Zugangsschlüssel sperren. / Let a token open nothing any more."""
    with core_of(settings) as core:
        core.access.tokens.revoke(number, terminal_user())


@access.command("study-links")
@with_settings
@as_json_option
def access_study_links(settings: Settings, *, as_json: bool) -> None:
    """Die Links zeigen, die eine Untersuchung zeigen. / Show the links to studies."""
    with view_of(settings) as core:
        found, now = core.access.study_links.all(), core.clock.utc()
    print_rows([_study_link_row(one, now) for one in found], as_json=as_json)


@access.group("study-link")
def access_study_link() -> None:
    """Links, die eine Untersuchung zeigen. / Links to studies."""


@access_study_link.command("revoke")
@with_settings
@click.argument("number", type=int)
def access_study_link_revoke(settings: Settings, number: int) -> None:
    """Einen Link sperren. / Let a link show nothing any more."""
    with core_of(settings) as core:
        core.access.study_links.revoke(number, terminal_user())


def _account_row(one: Account) -> dict[str, str]:
    from gdtbridge.accounts.model import ROLE_WORDS

    open_ = "offen / open" if one.has_password else "ohne Kennwort / no password yet"
    return {
        "account": one.name,
        "shown_name": one.shown_name,
        "role": ROLE_WORDS[one.role],
        "state": open_ if one.is_active else "stillgelegt / deactivated",
        "signed_in": minute_of(one.signed_in_at),
    }


def _token_row(one: AccessToken) -> dict[str, str]:
    return {
        "token": str(one.id),
        "name": one.name,
        "scopes": ", ".join(sorted(one.scopes)),
        "aet": one.aet,
        "made": minute_of(one.made_at),
        "made_by": one.made_by,
        "used": minute_of(one.used_at),
        "state": "gesperrt / revoked" if one.revoked_at is not None else "gilt / good",
    }


def _study_link_row(one: StudyLink, now: float) -> dict[str, str]:
    state = "gilt / good" if one.expires_at > now else "abgelaufen / over"
    if one.revoked_at is not None:
        state = "gesperrt / revoked"
    return {
        "link": str(one.id),
        "study_instance_uid": one.shared.study_instance_uid,
        "patient_id": one.shared.patient_id,
        "made": minute_of(one.made_at),
        "made_by": one.made_by,
        "until": minute_of(one.expires_at),
        "used": minute_of(one.opened_at),
        "state": state,
    }
