"""*Konten*: who has an account, and what is done with one; for who administers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from flask import Response

from gdtbridge.accounts import Access, Account, AccountError, Role
from gdtbridge.accounts.model import link_path
from gdtbridge.errors import NotFound
from gdtbridge.settings import Settings
from gdtbridge.web.access.principal import principal
from gdtbridge.web.pages.frame import Frame, Notice
from gdtbridge.web.pages.header import PATHS, Area
from gdtbridge.web.pages.posted import posted
from gdtbridge.web.pages.routing import READ, PageRoute
from gdtbridge.web.pages.submissions import FIELD

HOME: Final = f"{PATHS[Area.SYSTEM]}/konten"
ONE: Final = f"{HOME}/<int:number>"
WRITE: Final = ("POST",)


@dataclass(frozen=True, slots=True)
class AccountForm:
    """What somebody typed about an account, and what is wrong with it, by field."""

    fields: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccountPages:
    """Shows accounts and changes them; the audit trail is told by the core."""

    frame: Frame
    access: Access
    settings: Settings

    def routes(self) -> tuple[PageRoute, ...]:
        """Return the pages: path, name, view, methods."""
        return (
            (HOME, "accounts", self.all, READ),
            (HOME, "account_make", self.make, WRITE),
            (ONE, "account_show", self.one, READ),
            (ONE, "account_change", self.change, WRITE),
            (f"{ONE}/link", "account_link", self.link, WRITE),
            (f"{ONE}/abmelden", "account_end", self.sign_out, WRITE),
            (f"{ONE}/stilllegen", "account_still", self.deactivate, WRITE),
            (f"{ONE}/freigeben", "account_open", self.reactivate, WRITE),
            (f"{ONE}/loeschen", "account_doubt", self.ask_removal, READ),
            (f"{ONE}/loeschen", "account_remove", self.remove, WRITE),
        )

    # ------------------------------------------------------------------ all

    def all(self) -> Response:
        """Show every account, and the form of a new one."""
        return self._all(AccountForm())

    def _all(self, form: AccountForm) -> Response:
        return self.frame.show(
            "system/accounts.html",
            self.frame.texts("accounts.title"),
            Area.SYSTEM,
            status=422 if form.errors else 200,
            own=True,
            accounts=self.access.accounts.all(),
            home=HOME,
            form=form,
            roles=list(Role),
        )

    def make(self) -> Response:
        """Make an account and show its one-time link."""
        return self._once(self._make)

    def _make(self, fields: Mapping[str, str]) -> Response:
        accounts, by = self.access.accounts, principal().actor
        name, shown_name = fields.get("name", ""), fields.get("shown_name", "")
        try:
            made = accounts.make(name, shown_name, _role(fields), by)
        except AccountError as error:
            return self._all(self._form(fields, error))
        return self._show_link(made, accounts.link(made.name, by))

    # ------------------------------------------------------------------ one

    def one(self, number: int) -> Response:
        """Show an account."""
        return self._one(self._account(number), AccountForm())

    def _one(self, account: Account, form: AccountForm) -> Response:
        return self.frame.show(
            "system/account.html",
            account.shown_name,
            Area.SYSTEM,
            status=422 if form.errors else 200,
            own=True,
            account=account,
            home=HOME,
            here=f"{HOME}/{account.id}",
            form=form,
            roles=list(Role),
        )

    def change(self, number: int) -> Response:
        """Change the name to show and the role."""
        account = self._account(number)
        return self._once(lambda fields: self._change(account, fields))

    def _change(self, account: Account, fields: Mapping[str, str]) -> Response:
        shown_name, by = fields.get("shown_name", ""), principal().actor
        try:
            self.access.accounts.change(account.name, shown_name, _role(fields), by)
        except AccountError as error:
            return self._one(account, self._form(fields, error))
        return self._done("changed", account)

    def link(self, number: int) -> Response:
        """Make a one-time link for a password and show it."""
        account = self._account(number)

        def make(_: Mapping[str, str]) -> Response:
            secret = self.access.accounts.link(account.name, principal().actor)
            return self._show_link(account, secret)

        return self._tried(account, make)

    def sign_out(self, number: int) -> Response:
        """End every session of an account."""
        account = self._account(number)

        def end(_: Mapping[str, str]) -> Response:
            self.access.desk.sign_out_everywhere(account, principal().actor)
            return self._done("signed_out", account)

        return self._once(end)

    def deactivate(self, number: int) -> Response:
        """Let nobody sign in with an account."""
        account = self._account(number)

        def still(_: Mapping[str, str]) -> Response:
            self.access.accounts.deactivate(account.name, principal().actor)
            return self._done("deactivated", account)

        return self._tried(account, still)

    def reactivate(self, number: int) -> Response:
        """Let an account sign in again."""
        account = self._account(number)

        def reopen(_: Mapping[str, str]) -> Response:
            self.access.accounts.reactivate(account.name, principal().actor)
            return self._done("reactivated", account)

        return self._once(reopen)

    def ask_removal(self, number: int) -> Response:
        """Ask once more before an account is deleted."""
        account = self._account(number)
        return self.frame.show(
            "system/account_remove.html",
            self.frame.texts("accounts.remove_title", name=account.shown_name),
            Area.SYSTEM,
            own=True,
            account=account,
            back=f"{HOME}/{account.id}",
        )

    def remove(self, number: int) -> Response:
        """Delete an account, or deactivate it where the audit trail names it."""
        account = self._account(number)

        def remove(_: Mapping[str, str]) -> Response:
            deleted = self.access.accounts.remove(account.name, principal().actor)
            return self._done("removed" if deleted else "kept", account)

        return self._tried(account, remove)

    # ------------------------------------------------------------------ what they share

    def _account(self, number: int) -> Account:
        found = next((one for one in self.access.accounts.all() if one.id == number), None)
        if found is None:
            raise NotFound("Dieses Konto gibt es nicht mehr. / This account is gone.")
        return found

    def _once(self, act: Callable[[Mapping[str, str]], Response]) -> Response:
        fields = posted()
        return self.frame.submissions.once(fields.get(FIELD, ""), lambda: act(fields))

    def _tried(self, account: Account, act: Callable[[Mapping[str, str]], Response]) -> Response:
        """Do what may not be possible; then the account's page says why not."""
        try:
            return self._once(act)
        except AccountError as error:
            return self._one(account, self._form({}, error))

    def _form(self, fields: Mapping[str, str], error: AccountError) -> AccountForm:
        return AccountForm(fields, {error.field: self.frame.texts.half(error.problem)})

    def _done(self, what: str, account: Account) -> Response:
        sentence = self.frame.texts(f"accounts.done.{what}", name=account.shown_name)
        return self.frame.go(HOME, Notice(sentence))

    def _show_link(self, account: Account, secret: str) -> Response:
        """Show a link once: it is in this answer and nowhere else."""
        return self.frame.show(
            "system/link.html",
            self.frame.texts("accounts.link_title", name=account.shown_name),
            Area.SYSTEM,
            own=True,
            account=account,
            address=self.settings.http.address + link_path(secret),
            home=HOME,
        )


def _role(fields: Mapping[str, str]) -> Role:
    try:
        return Role(fields.get("role", ""))
    except ValueError:
        raise AccountError("role", "Bitte eine Rolle wählen. / Please choose a role.") from None
