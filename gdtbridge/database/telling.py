"""What people are told when the database complains: what it quotes may be a patient's."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.exc import OperationalError, SQLAlchemyError

from gdtbridge.errors import BridgeError, DatabaseError, DatabaseUnavailable, OutOfResources


def told(error: SQLAlchemyError) -> BridgeError:
    """Return our error for the database's: what it quotes may be a patient's, its code is not.

    No room is SQLITE_FULL, or disk_full of PostgreSQL (53100).
    """
    codes = _codes(error)
    if not {"SQLITE_FULL", "53100"}.isdisjoint(codes):
        return OutOfResources(
            "Die Platte der Datenbank ist voll. / The disk of the database is full."
        )
    if is_locked(error):
        return locked()
    if _is_away(error, codes):
        return lost()
    code = next(iter(codes), type(error).__name__)
    return DatabaseError(
        "Die Datenbank ist gerade nicht benutzbar; bitte noch einmal versuchen. / The database "
        f"cannot be used at the moment; please try again. [{code}]"
    )


def _codes(error: SQLAlchemyError) -> list[str]:
    cause = getattr(error, "orig", None)
    codes = (getattr(cause, name, None) for name in ("sqlite_errorname", "sqlstate"))
    return [code for code in codes if code]


def is_locked(error: SQLAlchemyError) -> bool:
    """Whether it is a lock of another program: SQLITE_BUSY, or lock_not_available (55P03)."""
    return any(code.startswith("SQLITE_BUSY") or code == "55P03" for code in _codes(error))


def _is_away(error: SQLAlchemyError, codes: Sequence[str]) -> bool:
    """Whether a server does not answer or ends (57P01 to 57P05, class 08)."""
    if not codes:
        return isinstance(error, OperationalError)
    return any(code.startswith(("57P", "08")) for code in codes)


def lost() -> DatabaseUnavailable:
    """Return the error of a database that is out of reach, or another service's."""
    return DatabaseUnavailable(
        "Die Datenbank ist nicht erreichbar, oder ein anderer Dienst hat sie übernommen; bitte "
        "später noch einmal versuchen. / The database cannot be reached, or another service has "
        "taken it over; please try again later."
    )


def locked() -> DatabaseUnavailable:
    """Return the error of a database another program keeps locked for too long."""
    return DatabaseUnavailable(
        "Die Datenbank ist von einem anderen Programm gesperrt (Datensicherung?); bitte später noch"
        " einmal versuchen. / The database is locked by another program (a backup?); please try "
        "again later."
    )
