"""The links that open a study: made by a person for some hours, shown once, revoked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gdtbridge.accounts import store, study_link_store
from gdtbridge.accounts.book import AccountParts
from gdtbridge.accounts.errors import AccountError
from gdtbridge.accounts.model import digest_of, new_secret
from gdtbridge.accounts.study_link import NewStudyLink, SharedStudy, StudyLink
from gdtbridge.audit import Actor, DoneAct
from gdtbridge.errors import NotFound

MOST_LINKS: Final = 1000
"""Links that are good at a time."""
KEPT_SECONDS: Final = 30 * 24 * 3600.0
"""How long an ended link is listed."""
PREFIX: Final = "gdtl_"
"""How a secret begins, so that a person or a scanner of secrets knows it when it lies somewhere."""
HOUR_SECONDS: Final = 3600.0


class StudyLinkBook:
    """The links. Thread-safe; every call may raise `BridgeError`."""

    def __init__(self, parts: AccountParts) -> None:
        self._parts = parts

    def all(self) -> Sequence[StudyLink]:
        """Return all links, ended ones too for a while, those made first first."""
        return self._parts.memory.study_links

    def good(self, shared: SharedStudy) -> Sequence[StudyLink]:
        """Return the links that show a study at the moment, the newest first."""
        found = (one for one in self.all() if one.shared == shared and self.is_good(one))
        return sorted(found, key=lambda one: one.id, reverse=True)

    def is_good(self, link: StudyLink) -> bool:
        """Return whether a link shows something at the moment, as far as its time goes."""
        return _is_good(link, self._parts.clock.utc())

    def make(self, shared: SharedStudy, hours: float, by: Actor) -> NewStudyLink:
        """Make a link that is good for ``hours``; its secret is in the answer and nowhere else.

        Raises `AccountError` where there are too many.
        """
        now = self._parts.clock.utc()
        if len([one for one in self.all() if _is_good(one, now)]) >= MOST_LINKS:
            raise AccountError("link", "Zu viele Links. Bitte welche sperren. / Too many links.")
        secret = PREFIX + new_secret()
        digest, until = digest_of(secret), now + hours * HOUR_SECONDS
        with self._parts.database.write() as connection:
            study_link_store.forget_study_links(connection, now - KEPT_SECONDS)
            made = study_link_store.add_study_link(connection, digest, shared, by.name, now, until)
            store.count_change(connection)
            self._parts.trail.enter(connection, by, _done("made-study-link", made))
        self._parts.memory.follow()
        return NewStudyLink(made, secret)

    def revoke(self, link_id: int, by: Actor) -> StudyLink:
        """Let a link open nothing any more; raise `NotFound`. Once more it is no error."""
        self._parts.memory.follow()
        link = next((one for one in self.all() if one.id == link_id), None)
        if link is None:
            raise NotFound(
                "Diesen Link gibt es nicht; gdtbridge access study-links zeigt sie. / There is no "
                "such link; gdtbridge access study-links lists them."
            )
        if link.revoked_at is not None:
            return link
        with self._parts.database.write() as connection:
            now = self._parts.clock.utc()
            study_link_store.change_study_link(connection, link.id, revoked_at=now)
            store.count_change(connection)
            self._parts.trail.enter(connection, by, _done("revoked-study-link", link))
        self._parts.memory.follow()
        return link


def _is_good(link: StudyLink, now: float) -> bool:
    return link.revoked_at is None and link.expires_at > now


def _done(act: str, link: StudyLink) -> DoneAct:
    shared = link.shared
    return DoneAct(act, shared.patient_id, f"exam:{shared.study_instance_uid}", link.name)
