"""Everything about who may come in, as one thing to hand over."""

from __future__ import annotations

from dataclasses import dataclass

from gdtbridge.accounts.book import AccountBook, AccountParts
from gdtbridge.accounts.memory import AccessMemory
from gdtbridge.accounts.passwords import PasswordHasher
from gdtbridge.accounts.signing_in import SignInDesk
from gdtbridge.accounts.study_link_book import StudyLinkBook
from gdtbridge.accounts.token_book import TokenBook
from gdtbridge.audit import AuditTrail
from gdtbridge.database import Database
from gdtbridge.durable.clock import Clock


@dataclass(frozen=True, slots=True)
class Access:
    """Accounts, sessions and tokens, and what is known of them without the database."""

    accounts: AccountBook
    desk: SignInDesk
    tokens: TokenBook
    memory: AccessMemory
    study_links: StudyLinkBook

    @classmethod
    def of(
        cls,
        database: Database,
        trail: AuditTrail,
        clock: Clock,
        *,
        idle_minutes: float,
        hasher: PasswordHasher | None = None,
    ) -> Access:
        """Wire it; nothing is read yet. A session nobody uses ends after ``idle_minutes``."""
        idle_seconds = idle_minutes * 60
        memory = AccessMemory(database, clock, idle_seconds=idle_seconds)
        parts = AccountParts(database, memory, hasher or PasswordHasher(), trail, clock)
        book = AccountBook(parts)
        desk = SignInDesk(parts, book, idle_seconds=idle_seconds)
        return cls(book, desk, TokenBook(parts), memory, StudyLinkBook(parts))
