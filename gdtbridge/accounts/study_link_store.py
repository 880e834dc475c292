"""Links that open a study, in the database, each call in the caller's transaction."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gdtbridge.accounts.study_link import SharedStudy, StudyLink
from gdtbridge.database import Connection
from gdtbridge.schema import study_link


def study_links(connection: Connection) -> list[tuple[str, StudyLink]]:
    """Return the digest of each link and the link, those made first first."""
    query = sa.select(study_link).order_by(study_link.c.id)
    return [(row.digest, _link(row)) for row in connection.execute(query)]


def add_study_link(
    connection: Connection, digest: str, shared: SharedStudy, made_by: str, at: float, until: float
) -> StudyLink:
    """Enter a link made ``at`` that is good ``until`` (UTC seconds)."""
    entered = sa.insert(study_link).values(
        digest=digest,
        study_instance_uid=shared.study_instance_uid,
        patient_id=shared.patient_id,
        made_at=at,
        made_by=made_by,
        expires_at=until,
    )
    return _link(connection.execute(entered.returning(study_link)).one())


def change_study_link(connection: Connection, link_id: int, **values: object) -> None:
    """Change columns of a link."""
    connection.execute(sa.update(study_link).where(study_link.c.id == link_id).values(values))


def forget_study_links(connection: Connection, ended_before: float) -> None:
    """Delete the links that were good no longer than that (UTC seconds)."""
    connection.execute(sa.delete(study_link).where(study_link.c.expires_at < ended_before))


def _link(row: sa.Row[Any]) -> StudyLink:
    return StudyLink(
        row.id,
        SharedStudy(row.study_instance_uid, row.patient_id),
        row.made_at,
        row.made_by,
        row.expires_at,
        row.opened_at,
        row.revoked_at,
    )
