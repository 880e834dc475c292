"""The profiles of devices as data: `profiles.tsv`, a row for each maker or habit, with its source.

An empty cell says as every device; what a row says goes for all devices it fits, and a practice
changes single values for one of its own (``[[device]]``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Final, Literal, TypeAlias, cast, get_args

from gdtbridge.tsv import table

TABLE: Final = "devices/profiles.tsv"
STANDARD: Final = "standard"
"""The profile of a device nothing else is known of."""

AnswerLetters: TypeAlias = Literal["device", "latin-1", "utf-8", "ascii"]
StationMatching: TypeAlias = Literal["match", "calling", "ignore"]
NameForms: TypeAlias = Literal["alphabetic", "no-affixes", "one-component", "upper"]
CommitmentAssociation: TypeAlias = Literal["new", "same"]
PerformedSteps: TypeAlias = Literal["full", "started-only", "ignored"]


@dataclass(frozen=True, slots=True)
class NetworkProfile:
    """What a kind of device needs; the values of `STANDARD` suit a device that keeps the standard.

    ``charset`` is the character set of worklist answers: that of the query (``device``) or always
    the named one, transliterated where it lacks letters. ``station``: whether the station in a
    query is matched, is the calling AE title where the query names none, or does not count.
    ``modality``: empty as asked, ``*`` whatever is asked, else only entries of that one.
    ``institution``: only entries of that practice and of none; for one device, never of a maker.
    ``extra_days`` are days before and after those asked for. ``names`` are the `NameForms` of a
    patient's name. ``most_answers`` is 0 for no limit. ``shows_started``: whether entries
    being examined are among the answers. ``commitment``: on which association N-EVENT-REPORT is
    wanted. ``performed_steps``: whether a step is begun and ended (``full``), begun and never
    ended (``started-only``), so that nobody waits for its end, or means nothing (``ignored``).
    ``quirks`` are names of transformations of what this device sent.
    """

    name: str
    title: str = ""
    charset: AnswerLetters = "device"
    station: StationMatching = "match"
    modality: str = ""
    institution: str = ""
    extra_days: int = 0
    names: tuple[NameForms, ...] = ()
    most_answers: int = 0
    shows_started: bool = True
    commitment: CommitmentAssociation = "new"
    performed_steps: PerformedSteps = "full"
    quirks: tuple[str, ...] = ()
    source: str = ""


VALUES: Final = frozenset(one.name for one in fields(NetworkProfile)) - {"name", "title", "source"}
"""The values of a profile that a practice may set for one device."""


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """A row of the table: a profile, what it says at all, and which implementations it is for."""

    profile: NetworkProfile
    said: frozenset[str]
    implementations: tuple[str, ...]
    """Implementation Class UIDs (PS3.7 D.3.3.2) or their roots."""
    versions: tuple[str, ...]
    """Patterns of Implementation Version Names, in capitals."""

    def fits(self, class_uid: str, version_name: str) -> bool:
        """Return whether an implementation is of this row: by its UID and, if named, its version.

        A row without either fits nobody: a person chooses it.
        """
        if not self.implementations and not self.versions:
            return False
        by_uid = not self.implementations or any(
            class_uid == root or class_uid.startswith(f"{root}.") for root in self.implementations
        )
        version = version_name.strip().upper()
        by_version = not self.versions or any(fnmatchcase(version, one) for one in self.versions)
        return by_uid and by_version


def known_profiles() -> Mapping[str, ProfileRow]:
    """Return the rows of the table by name, in its order: the first that fits counts."""
    return _rows()


def profile_named(name: str) -> ProfileRow:
    """Return a row; raise `ValueError` with a sentence that names those there are."""
    rows = _rows()
    if name not in rows:
        raise ValueError(
            f"{name!r}: kein bekanntes Profil / no known profile: {', '.join(sorted(rows))}"
        )
    return rows[name]


def quirk_names() -> tuple[str, ...]:
    """Return the quirks there are; what they do is in `gdtbridge.devices.quirks`."""
    return tuple(row[0] for row in table("devices/quirks.tsv"))


def _words(cell: str) -> tuple[str, ...]:
    return tuple(word for part in cell.split(",") if (word := part.strip()))


def _one_of(kind: object) -> Callable[[str], str]:
    def read(cell: str) -> str:
        if cell not in get_args(kind):
            raise ValueError(f"{cell!r} is none of {get_args(kind)}")
        return cell

    return read


_READING: Final[Mapping[str, Callable[[str], object]]] = {
    "charset": _one_of(AnswerLetters),
    "station": _one_of(StationMatching),
    "modality": str,
    "extra_days": int,
    "names": lambda cell: tuple(map(_one_of(NameForms), _words(cell))),
    "most_answers": int,
    "shows_started": lambda cell: {"yes": True, "no": False}[cell],
    "commitment": _one_of(CommitmentAssociation),
    "performed_steps": _one_of(PerformedSteps),
    "quirks": _words,
}
_COLUMNS: Final = ("name", "title", "implementations", "versions", *_READING, "source")


@cache
def _rows() -> Mapping[str, ProfileRow]:
    return {row.profile.name: row for row in map(_row, table(TABLE))}


def _row(cells: list[str]) -> ProfileRow:
    row = dict(zip(_COLUMNS, cells, strict=True))
    said = {key: read(row[key]) for key, read in _READING.items() if row[key]}
    profile = NetworkProfile(
        name=row["name"],
        title=row["title"],
        source=row["source"],
        **cast("dict[str, Any]", said),
    )
    versions = tuple(one.upper() for one in _words(row["versions"]))
    return ProfileRow(profile, frozenset(said), _words(row["implementations"]), versions)
