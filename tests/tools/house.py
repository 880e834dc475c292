"""A practice's accounts in a real database, with passwords that are quick to hash."""

from __future__ import annotations

from gdtbridge.accounts import Access, Role
from gdtbridge.accounts.passwords import PasswordHasher, ScryptCost
from gdtbridge.audit import Actor, ActorKind, AuditQuery, AuditTrail
from gdtbridge.database import Database
from tests.tools.clock import HandClock

QUICK = ScryptCost(4, 1, 1)
PASSWORD = "vier kleine graue Katzen"
BOSS = Actor(ActorKind.COMMAND, "root")
HERE = "192.0.2.7"


class House:
    """Who comes and goes in a practice with the accounts ``chef`` (admin) and ``anna``."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = HandClock()
        self.trail = AuditTrail(database, self.clock, days=30)
        self.access = self.opened()

    def opened(self) -> Access:
        """Return the accounts as another process on the same database has them."""
        return Access.of(
            self.database, self.trail, self.clock, idle_minutes=15, hasher=PasswordHasher(QUICK)
        )

    def make_first(self, name: str = "chef") -> None:
        """Make the first account by its link."""
        secret = self.access.accounts.first_link(BOSS)
        self.access.accounts.use_first_link(secret, name, "Dr. Sommer", PASSWORD, HERE)

    def make(self, name: str, shown_name: str, role: Role) -> None:
        """Make an account, and set its password by its link."""
        accounts = self.access.accounts
        accounts.make(name, shown_name, role, BOSS)
        accounts.use_link(accounts.link(name, BOSS), PASSWORD, HERE)

    def sign_in(self, name: str = "chef", password: str = PASSWORD, address: str = HERE) -> str:
        """Return the cookie of a new session."""
        return self.access.desk.sign_in(name, password, address).cookie

    def is_in(self, cookie: str, *, acting: bool = False) -> bool:
        """Return whether a cookie is good."""
        return self.access.memory.signed_in(cookie, acting=acting) is not None

    def acts(self) -> list[str]:
        """Return what was done, in the order it was done."""
        self.trail.keep()
        return [one.done.act for one in reversed(self.trail.entries(AuditQuery()))]
