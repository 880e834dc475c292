"""What the files of a practice software tell of its settings: a proposal with the reasons.

Orders tell what the software calls itself and us, its version, character set, codes and file
names; results that others left for it tell what it is used to read. What cannot be told from files
is left as it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from gdtbridge.gdt.read.record import Record
from gdtbridge.gdt.tables.dialects import DIALECTS, Dialect
from gdtbridge.gdt.tables.fields import field_length
from gdtbridge.gdt.tables.ids import is_id
from gdtbridge.gdt.tables.options import VERSIONS, RecordForm, ValueForm
from gdtbridge.gdt.tables.patient_fields import NUMBER_ELSEWHERE
from gdtbridge.gdt.text import printable

ORDERS: Final = ("6300", "6301", "6302", "6303", "6311")
"""Record types a practice software writes; 6310 are results others left for it."""

_SETS: Final = {
    **dict.fromkeys(("cp437", "cp850"), "cp437"),
    **dict.fromkeys(("cp1252", "iso8859-1"), "iso8859-1"),
    "iso8859-15": "iso8859-15",
    "utf-8": "utf-8",
}
"""Codec of what was read to the character set that is written."""

_SHORT_IDS: Final = re.compile(r"([A-Za-z0-9]{4})([A-Za-z0-9_]{4})")
"""A name made of two short ids: who receives and who sends."""

_MOST_CODES: Final = 40
_NAME: Final = 5
"""Letters from which on a part of a product's name is taken for it."""


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file of the practice: its name, and its records as they were read."""

    name: str
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class ProposedSetting:
    """One setting, or a row of a list of tables, and why (German / English).

    ``table`` is the TOML section (``gdt``, ``dialects.NAME``), ``cells`` are its keys and values.
    ``is_row`` says that the section is a list (``[[orders.map]]``).
    """

    table: str
    cells: tuple[tuple[str, object], ...]
    reason: str
    is_row: bool = False


@dataclass(frozen=True, slots=True)
class LearnedSettings:
    """What is proposed, and what a person has to look at (German / English)."""

    settings: tuple[ProposedSetting, ...]
    remarks: tuple[str, ...]


@dataclass
class _Seen:
    """The records of all files, by what they are."""

    files: Sequence[WrittenFile]
    orders: list[Record] = field(init=False)
    results: list[Record] = field(init=False)

    def __post_init__(self) -> None:
        records = [record for file in self.files for record in file.records]
        self.orders = [one for one in records if one.record_type in ORDERS]
        self.results = [one for one in records if one.record_type == "6310"]

    def said(self, number: str) -> Counter[str]:
        """Return what orders say in a field, and how often."""
        texts = (printable(one.first(number) or "") for one in self.orders)
        return Counter(text for text in texts if text)


def learn(files: Sequence[WrittenFile], name: str, ours: str = "GDTBRIDG") -> LearnedSettings:
    """Return the settings these files suggest for a dialect called ``name``.

    ``ours`` is our id until now (8316).
    """
    seen = _Seen(files)
    base, why = _base(seen)
    changes = [*_ids(seen), *_writing(seen, base), *_reading(seen, base), *_names(seen, base)]
    settings = [
        ProposedSetting("gdt", (("dialect", name),), "der Dialekt dieser Software / its dialect"),
        *(one for one in _receivers(seen, ours)),
        *_order_settings(seen),
        *_numbers(seen),
        ProposedSetting(f"dialects.{name}", (("base", base.name),), why),
        *(ProposedSetting(f"dialects.{name}", (cell,), reason) for cell, reason in changes),
        *_map(seen),
    ]
    return LearnedSettings(tuple(settings), tuple(_remarks(seen)))


Change = tuple[tuple[str, object], str]
"""A key of a dialect with its value, and why."""


def _base(seen: _Seen) -> tuple[Dialect, str]:
    """Return the built-in dialect that comes nearest, and why."""
    told = [*seen.said("8316"), *seen.said("0103")]
    for text in told:
        for dialect in DIALECTS.values():
            if not dialect.name.startswith("gdt") and _is_product(dialect, text):
                return dialect, f"nennt sich {text} / calls itself {text}"
    elsewhere = [one for one in seen.orders if one.all(NUMBER_ELSEWHERE) and not one.all("3000")]
    if elsewhere:
        return DIALECTS["x-concept"], "Patientennummer in 0193 / patient number in 0193"
    marks = {line.id for one in (*seen.orders, *seen.results) for line in one.lines}
    if "8200" in marks:
        return DIALECTS["gdt30"], "Objekte aus 8200 und 8201 / objects of 8200 and 8201"
    if "8002" in marks:
        return DIALECTS["gdt31"], "Objekte aus 8002 und 8003 / objects of 8002 and 8003"
    return DIALECTS["gdt21"], "flache Sätze / flat records"


def _is_product(dialect: Dialect, text: str) -> bool:
    """Return whether a name is that of a dialect's product, with or without its maker's."""
    said = _letters(text)
    names = {_letters(dialect.title.partition(" (")[0]), _letters(dialect.options.receiver)}
    names -= {"praxedv"}
    return any(name in said or (len(said) >= _NAME and said in name) for name in names)


def _letters(text: str) -> str:
    """Return the letters and digits of a name, small."""
    return "".join(char for char in text.casefold() if char.isalnum())


def _ids(seen: _Seen) -> Iterable[Change]:
    """Yield what the software calls itself and us."""
    senders = seen.said("8316")
    if len(senders) == 1:
        (sender,) = senders
        yield ("receiver", sender), "8316 seiner Aufträge / 8316 of its orders"


def _receivers(seen: _Seen, ours: str) -> Iterable[ProposedSetting]:
    """Yield what it calls us, and what to do where it has several names itself."""
    called = seen.said("8315")
    if len(called) == 1 and not is_id(ours, next(iter(called))):
        reason = "8315 seiner Aufträge: so nennt es uns / 8315 of its orders: what it calls us"
        yield ProposedSetting("gdt", (("sender", next(iter(called))),), reason)
    if len(seen.said("8316")) > 1:
        reason = (
            "mehrere Absender: Ergebnisse tragen die Kennungen ihres Auftrags / several senders"
        )
        yield ProposedSetting("gdt", (("mirror_ids", True),), reason)


def _order_settings(seen: _Seen) -> Iterable[ProposedSetting]:
    """Yield how its orders are read."""
    bare = {one.encoding for one in seen.orders if one.first("9206") is None} - {"ascii"}
    if len(bare) == 1:
        reason = "ohne 9206 sagen es nur die Bytes / without 9206 only the bytes tell"
        yield ProposedSetting("orders", (("encoding", bare.pop()),), reason)
    if {one.record_type for one in seen.orders} == {"6301"}:
        reason = "nur Stammdaten (6301): Es übergibt Patienten ohne Auftrag / master data only"
        yield ProposedSetting("orders", (("master_data", "order"),), reason)


def _numbers(seen: _Seen) -> Iterable[ProposedSetting]:
    """Yield the form of its patient numbers, where they are longer than field 3000 holds.

    Without it exams of such numbers are held: by default they are none of the practice.
    """
    numbers = {*seen.said("3000"), *seen.said(NUMBER_ELSEWHERE)}
    longest = max(map(len, numbers), default=0)
    if longest > field_length("3000"):
        signs = "[0-9]" if all(one.isascii() and one.isdigit() for one in numbers) else "[!-~]"
        reason = f"Nummern mit {longest} Zeichen / numbers of {longest} characters"
        cell = ("patient_id_pattern", f"{signs}{{1,{longest}}}")
        yield ProposedSetting("exam", (cell,), reason)


def _writing(seen: _Seen, base: Dialect) -> Iterable[Change]:
    """Yield version and character set, where they are others than the base's."""
    options = base.options
    versions = Counter(one.version for one in seen.orders if one.version)
    wanted = [one for one in versions if one in VERSIONS[options.form]]
    if wanted and options.version not in wanted and options.form is not RecordForm.MEDICAL_OFFICE:
        newest = max(wanted)
        yield ("version", newest), f"9218 der Aufträge ist {newest} / of its orders"
    declared = {(one.first("9206") or "").strip() for one in seen.orders}
    sets = {_SETS.get(one.encoding, "") for one in seen.orders} - {""}
    if declared == {"1"}:
        sets = {"ascii"}
    if not sets:
        codes = {"2": "cp437", "3": "iso8859-1", "4": "utf-8"}
        sets = {codes[one] for one in declared if one in codes}
    if len(sets) == 1 and (found := next(iter(sets))) != options.encoding:
        yield ("encoding", found), "Zeichensatz seiner Aufträge / character set of its orders"
    writes = "9206" not in options.omit and options.form is not RecordForm.MEDICAL_OFFICE
    if declared == {""} and writes and seen.orders:
        yield ("omit", [*options.omit, "9206"]), "ihre Aufträge haben kein 9206 / have no 9206"


def _reading(seen: _Seen, base: Dialect) -> Iterable[Change]:
    """Yield what results of others for it look like: it reads that already."""
    if not seen.results or base.options.form is RecordForm.MEDICAL_OFFICE:
        return
    groups = any(one.all("8420") for one in seen.results)
    comments = Counter(
        number for one in seen.results for number in ("6220", "6227", "6228") if one.all(number)
    )
    form = ValueForm.BOTH if groups and comments else ValueForm.GROUPS if groups else ValueForm.TEXT
    if form is not base.options.values:
        yield ("values", form.value), "so sind die Ergebnisse anderer Geräte / as others' results"
    if comments and (usual := comments.most_common(1)[0][0]) != base.options.comment_field:
        yield ("comment_field", usual), "dort steht ihr Text / their text stands there"
    signs = {
        sign for one in seen.results for text in one.all("8420") for sign in text if sign in ".,"
    }
    if signs == {","}:
        yield ("decimal_sign", ","), "8420 hat ein Komma / has a comma"
    if any(one.all("6305") for one in seen.results) and not base.options.attachments:
        yield ("attachments", True), "sie haben Anhänge (6305) / they have attachments"


def _names(seen: _Seen, base: Dialect) -> Iterable[Change]:
    """Yield the name of results, where those of orders show how files are named."""
    stems = Counter(
        file.name.rpartition(".")[0] or file.name for file in seen.files if file.records
    )
    suffixes = {file.name.rpartition(".")[2] for file in seen.files if file.records}
    if len(stems) != 1:
        return
    (stem,) = stems
    short = _SHORT_IDS.fullmatch(stem)
    receivers, senders = seen.said("8315"), seen.said("8316")
    whole = any(stem.casefold() == f"{r}_{s}".casefold() for r in receivers for s in senders)
    counts = all(one.isdigit() for one in suffixes)
    end = "{number}" if counts else "gdt"
    if whole and base.options.file_name != f"{{receiver}}_{{sender}}.{end}":
        yield ("file_name", f"{{receiver}}_{{sender}}.{end}"), f"Aufträge heißen {stem} / orders"
    elif short is not None and not stem.isdigit():
        back = f"{short[2]}{short[1]}.{end}"
        if base.options.file_name != back:
            yield ("file_name", back), f"Aufträge heißen {stem}: Empfänger, Absender / names"
        if stem.isupper() and not counts and base.options.file_case.value != "upper":
            yield ("file_case", "upper"), "in großen Buchstaben / in capitals"


def _map(seen: _Seen) -> Iterable[ProposedSetting]:
    """Yield a row for each code orders have: its test (8410) where there is one, else 8402."""
    found: dict[str, str] = {}
    for one in seen.orders:
        if one.record_type != "6302":
            continue
        tests = one.all("8410") or one.all("8402")
        words = next((text for number in ("8411", "6205") for text in one.all(number)), "")
        for code in map(printable, tests):
            if code:
                found.setdefault(code[:60], printable(words))
    for code, words in list(found.items())[:_MOST_CODES]:
        procedure = (("procedure", words[:64]),) if words else ()
        yield ProposedSetting(
            "orders.map",
            (("code", code), *procedure),
            "Kennung seiner Aufträge; Gerät (station) ergänzen / code of its orders; add station",
            is_row=True,
        )


def _remarks(seen: _Seen) -> Iterable[str]:
    """Yield what a person has to look at."""
    called = seen.said("8315")
    if len(called) > 1:
        listed = ", ".join(f'"{one}"' for one in sorted(called))
        yield (
            "Aufträge an mehrere Empfänger (8315); nur die uns meinen, gehören in "
            f"orders.receivers: [{listed}] / Orders for several receivers; only those that mean us "
            "belong there."
        )
    if not seen.orders:
        yield "Keine Aufträge (6301, 6302 …) darunter. / No orders among them."
    if any(not (one.first("3103") or "").strip("0 ") for one in seen.orders):
        yield "Aufträge ohne Geburtsdatum (3103). / Orders without a birth date."
    if any(one.all(NUMBER_ELSEWHERE) for one in seen.orders):
        yield "Die Nummer steht (auch) in 0193; sie kommt zurück, wo sie stand. / It goes back."


def to_toml(learned: LearnedSettings) -> str:
    """Return the proposal as lines of ``gdtbridge.toml``, each with its reason."""
    lines: list[str] = [f"# {remark}" for remark in learned.remarks]
    before: tuple[str, bool] | None = None
    for one in sorted(learned.settings, key=lambda one: one.is_row):
        if one.is_row or (one.table, one.is_row) != before:
            lines += ["", f"[[{one.table}]]" if one.is_row else f"[{one.table}]"]
        before = (one.table, one.is_row)
        for at, (key, value) in enumerate(one.cells):
            reason = f"  # {one.reason}" if at == 0 else ""
            lines.append(f"{key} = {_toml(value)}{reason}")
    return "\n".join(lines).strip() + "\n"


def _toml(value: object) -> str:
    """Return a value of a setting in TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
