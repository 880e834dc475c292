"""What the practice may find in its charts, judged from what is known to be true.

The judge knows whom the practice gave each number to, whom every object is of, and what a person
said. It reads the database for what was known at the moment of a decision, and the outbox for what
left. It decides by the law alone, not by the table of the program.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gdtbridge.durable.clock import local_time
from gdtbridge.durable.files import PREFIX
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.read.record import Record
from gdtbridge.outbox.recall_store import RECALLED_KEY
from gdtbridge.schema import (
    claim,
    exam,
    exam_result,
    instance,
    order_reference,
    outbox,
    patient_move,
    placed_order,
    report,
)
from gdtbridge.schema import patient as master_data
from tests.tools.marked import (
    PEOPLE,
    MarkedObject,
    MarkedPerson,
    charts_in,
    owner_of,
    shades_in,
    values_in,
)
from tests.tools.practice import Practice

Row = Mapping[str, Any]
NUMBERS = ("patient_id", "number", "word")
"""Columns with a patient number: a chart's second one is read as its first."""
SEX_CODES = {"M": "1", "F": "2"}
"""GDT field 3110."""
NOT_OURS = frozenset(
    {"clock-jumped", "disk-low", "disk-full", "outbox-stuck", "results-uncollected"}
)
"""What needs a person because of the machine, or because nobody let files leave or took them."""
DAY = 24 * 3600.0
ALONE = (300.0, 7 * DAY)
"""Seconds since master data came without an order when that is told, first and last."""
STANDS = patient_move.c.undone_at.is_(None)
"""Of moves: those that were not taken back."""
LATER = re.compile("^(Nachtrag|Korrektur)")
"""What a study record that is not the first one begins with."""
SAID = ("patient_id", "patient_name", "patient_birth_date", "patient_sex", "accession_number")


def _of_charts(row: sa.RowMapping) -> Row:
    """Return a row with the first number of each chart, and the numbers as they are."""
    as_is = {name: row[name] for name in row if name in NUMBERS}
    return {**row, **{name: charts_in(said) for name, said in as_is.items()}, "as_is": as_is}


@dataclass(frozen=True)
class Described:
    """Somebody as a source describes them: family name and birth date, empty where not said."""

    family: str
    born: str

    @classmethod
    def of(cls, name: str, born: str) -> Described:
        """Return the description of a PN and a DA."""
        family = name.split("^", maxsplit=1)[0].strip().casefold()
        return cls("" if family == "notfall" else family, born)

    def is_not(self, other: Described) -> bool:
        """Return whether family name and birth date are both said, and both differ."""
        whole = all((self.family, self.born, other.family, other.born))
        return whole and self.family != other.family and self.born != other.born


def described(row: Row) -> Described:
    """Return the description in a row of a claim, an order or a result."""
    return Described.of(row["patient_name"], row["patient_birth_date"])


@dataclass(frozen=True)
class Known:
    """The tables at one moment."""

    claims: dict[int, Row]
    orders: dict[str, Row]
    masters: dict[str, Described]
    """By number as it is."""
    handed: dict[str, float]
    """When master data came, by number as it is (UTC)."""
    results: tuple[Row, ...]
    instances: tuple[Row, ...]
    reports: dict[int, Row]
    moves: dict[str, str]
    """What became of a number."""

    @property
    def studies(self) -> dict[int, str]:
        """Study Instance UID by exam."""
        return {row["exam_id"]: row["study"] for row in self.claims.values()}

    @classmethod
    def now(cls, practice: Practice) -> Known:
        """Return what the database holds."""

        def rows(query: sa.Select[Any]) -> list[Row]:
            return [_of_charts(row) for row in connection.execute(query).mappings()]

        with practice.database.read() as connection:
            claims = rows(
                sa.select(
                    *claim.c,
                    exam.c.study_instance_uid.label("study"),
                    exam.c.due_at,
                    exam.c.first_instance_at,
                    exam.c.device,
                ).select_from(claim.join(exam))
            )
            orders = rows(
                sa.select(placed_order, order_reference.c.case_id).select_from(
                    placed_order.outerjoin(order_reference)
                )
            )
            masters = rows(sa.select(master_data))
            return cls(
                {row["id"]: row for row in claims},
                {row["accession_number"]: row for row in orders},
                {
                    row["as_is"]["patient_id"]: Described.of(row["family_name"], row["birth_date"])
                    for row in masters
                },
                {row["as_is"]["patient_id"]: row["received_at"] for row in masters},
                tuple(rows(sa.select(exam_result).order_by(exam_result.c.id))),
                tuple(rows(sa.select(instance).order_by(instance.c.id))),
                {row["instance_id"]: row for row in rows(sa.select(report))},
                {row["old"]: row["new"] for row in rows(sa.select(patient_move).where(STANDS))},
            )

    def chart_of(self, number: str) -> list[str]:
        """Return the numbers of a chart, that of today first: two are one only where one moved."""
        now = self.moves.get(number, number)
        return [now, *(old for old, new in self.moves.items() if new == now)]

    def open_for(self, numbers: Sequence[str], exam_id: int) -> dict[str, Row]:
        """Return the open orders for a chart; what the exam itself has met was open."""
        met = {row["accession_number"] for row in self.results if row["exam_id"] == exam_id}
        return {
            key: row
            for key, row in self.orders.items()
            if row["as_is"]["patient_id"] in numbers and (row["state"] == "ordered" or key in met)
        }

    def evidence(self, number: str, exam_id: int) -> dict[str, Described]:
        """Return what open orders, master data and the newest earlier result say of a number.

        It is as it is: what only the judge knows to be one chart is none to the program.
        """
        numbers = self.chart_of(number)
        found = {key: described(row) for key, row in self.open_for(numbers, exam_id).items()}
        masters = [self.masters[one] for one in numbers if one in self.masters]
        if masters:
            found["master-data"] = masters[0]
        earlier = self.earlier(numbers, exam_id)
        return found | ({"earlier": described(earlier)} if earlier else {})

    def earlier(self, numbers: Sequence[str], exam_id: int) -> Row | None:
        """Return the newest result of other exams under the first number that has any."""
        sent = [
            row for row in self.results if row["exam_id"] != exam_id and row["withdrawn_at"] is None
        ]
        for number in numbers:
            for row in reversed(sent):
                if row["as_is"]["patient_id"] == number:
                    return row
        return None


NOTHING = Known({}, {}, {}, {}, (), (), {}, {})


@dataclass(frozen=True)
class Word:
    """What a person said of claims of a study."""

    study: str
    claims: frozenset[int]
    patient_ids: frozenset[str]
    number: str
    confirmed: bool

    def nearness(self, row: Row) -> int:
        """Return how surely a claim was meant: by itself 3, by its number 2, perhaps 1, no 0."""
        if (row["study"], row["number"]) != (self.study, self.number):
            return 0
        if row["id"] in self.claims:
            return 3
        if row["patient_id"] in self.patient_ids:
            return 2
        return 1 if row["patient_id"] in {self.number, ""} else 0


@dataclass
class Judge:
    """Watches one practice."""

    objects: list[MarkedObject] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    discards: set[int] = field(default_factory=set)
    """Ids of the claims a person said, once, are not to be sent."""
    corrections: set[str] = field(default_factory=set)
    """Studies of which a person accepted a correction, so that charts lost what it replaces."""
    collected: set[str] = field(default_factory=set)
    """Names of the files the practice software took."""
    order_marks: dict[str, str] = field(default_factory=dict)
    """Patient number by procedure text and case id of an order."""
    known: Known = NOTHING
    before: Known = NOTHING
    """What was known at the look before."""
    told: set[tuple[int, str, str]] = field(default_factory=set)
    """Marks of objects, the studies of the records they were seen in, and the charts of these."""
    died_delivering: bool = False
    """Whether the service died once while files left."""
    _read: set[tuple[int, str, float]] = field(default_factory=set)
    """Messages read before; a number may be given again to another one."""
    _discarded: set[int] = field(default_factory=set)
    """Marks of the objects a person discarded; later ones of the same claim are not."""
    _files: dict[str, bytes] = field(default_factory=dict)

    # ------------------------------------------------------------------ each step

    def look(self, practice: Practice) -> None:
        """Judge what was decided, and what was put into the outbox, since the last look."""
        self.before, self.known = self.known, Known.now(practice)
        for key, row in self.known.claims.items():
            old = self.before.claims.get(key)
            decided = row["state"] == "settled" and (
                old is None or (old["state"], old["number"]) != ("settled", row["number"])
            )
            if decided:
                self._judge_claim(row)
            if row["state"] == "discarded":
                self._judge_discarded(row)
        self._forget_withdrawn()
        with practice.database.read() as connection:
            query = sa.select(outbox).order_by(outbox.c.id)
            messages = [_of_charts(row) for row in connection.execute(query).mappings()]
        marks = [(one["id"], _key_of(one), one["created_at"]) for one in messages]
        self._read.intersection_update(marks)  # what was taken back may come again as it was
        for mark, message in zip(marks, messages, strict=True):
            if mark in self._read:
                continue
            self._read.add(mark)
            if message["kind"] == "attachment":
                self._files[message["name"]] = bytes(message["payload"])
            elif message["kind"] == "gdt":
                self._judge_message(message)

    def _judge_discarded(self, row: Row) -> None:
        if row["id"] in self.discards:
            self._discarded |= {one.mark for one in self.of_claim(row)}
        else:
            assert row["study"] in self.corrections, f"discarded by nobody: {dict(row)}"

    def _forget_withdrawn(self) -> None:
        """Take what was withdrawn, or taken back before it left, for not told."""
        standing = [row for row in self.known.results if row["withdrawn_at"] is None]
        counts = {row["id"] for row in standing}
        charts = {(self.known.studies[row["exam_id"]], row["patient_id"]) for row in standing}
        for row in self.before.results:
            if row["withdrawn_at"] is None and row["id"] not in counts:
                study = self.before.studies[row["exam_id"]]
                if (study, row["patient_id"]) in charts:  # by another number of the same person
                    continue
                marks = {one.mark for one in self.objects if one.study == study}
                self.told -= {(mark, study, row["patient_id"]) for mark in marks}

    # ------------------------------------------------------------------ the decision

    def _judge_claim(self, row: Row) -> None:
        number = row["number"]
        owner = owner_of(number)
        people = {one.person.number for one in self.of_claim(row)}
        if owner is not None and people <= {owner.number}:
            return
        word = self._word_for(row)
        if word is not None:
            assert word.confirmed or not self._contradicted(row), (
                f"released to {number} without a question: {dict(row)}"
            )
            return
        assert row["patient_id"] in {number, ""}, f"sent to {number} by nobody: {dict(row)}"
        why = self._against(row, number)
        assert not why, f"sent to {number} against {why}: {dict(row)}"

    def of_claim(self, row: Row) -> list[MarkedObject]:
        said = [row[name] for name in SAID]
        return [
            one
            for one in self.objects
            if one.study == row["study"] and [charts_in(v) for v in one.words.values()] == said
        ]

    def _word_for(self, row: Row) -> Word | None:
        """Return the newest of those words that meant a claim most surely."""
        nearest = max(reversed(self.words), key=lambda one: one.nearness(row), default=None)
        return nearest if nearest is not None and nearest.nearness(row) else None

    def _contradicted(self, row: Row) -> bool:
        """Return whether evidence for the number named somebody else, before and after."""
        mine = described(row)
        both = self._evidence(row)
        return all(any(mine.is_not(one) for one in found.values()) for found in both)

    def _evidence(self, row: Row) -> list[dict[str, Described]]:
        """Return what was known of the number of a claim's chart, before and after."""
        number = row["as_is"]["number"]
        return [one.evidence(number, row["exam_id"]) for one in (self.before, self.known)]

    def _against(self, row: Row, number: str) -> str:
        """Return what should have held a claim that nobody released; empty for nothing."""
        for accession, order in self._reached(row):
            if order["patient_id"] != number:
                return f"order {accession}"
            if described(order).is_not(described(row)):
                return f"person of order {accession}"
        if self._contradicted(row):
            return "what is known of the number"
        if not self._settled_before(row) and self._others(row):
            return "another person in the study"
        if row["patient_id"] and not any(self._evidence(row)) and not list(self._reached(row)):
            waits = [self._waits_elsewhere(row, number, one) for one in (self.before, self.known)]
            if all(waits):
                return "the person waits under another number"
        return ""

    def _reached(self, row: Row) -> Iterator[tuple[str, Row]]:
        for accession, order in self.known.orders.items():
            by_study = order["study_instance_uid"] == row["study"]
            if by_study or accession == row["accession_number"]:
                yield accession, order

    def _settled_before(self, row: Row) -> bool:
        """Return whether the same person of the exam was decided before."""
        return any(
            other["exam_id"] == row["exam_id"]
            and other["state"] == "settled"
            and other["person"] == row["person"]
            for other in self.before.claims.values()
        )

    def _others(self, row: Row) -> bool:
        """Return whether the exam is of somebody else too."""
        for other in self.known.claims.values():
            if other["exam_id"] != row["exam_id"] or other["state"] == "discarded":
                continue
            numbers = {other["patient_id"], other["word"]} - {""}
            if row["patient_id"] and numbers and row["patient_id"] not in numbers:
                return True
            if described(other).is_not(described(row)):
                return True
        return False

    def _waits_elsewhere(self, row: Row, number: str, known: Known) -> bool:
        name, born = row["patient_name"].rstrip("^").casefold(), row["patient_birth_date"]
        days = {row["study_date"], f"{local_time(row['first_instance_at']):%Y%m%d}"}
        return any(
            order["state"] == "ordered"
            and order["patient_id"] != number
            and (order["patient_name"].casefold(), order["patient_birth_date"]) == (name, born)
            and order["scheduled"][:10].replace("-", "") in days
            for order in known.orders.values()
            if name and born and "^" in name
        )

    # ------------------------------------------------------------------ the record

    def _judge_message(self, message: Row) -> None:
        (record,) = read_records(bytes(message["payload"]))
        assert record.warnings == (), record.warnings
        kind, *key = message["key"].split(":")
        if kind in {"study", "retraction"}:
            self._judge_record(record, key[0], message["name"], retracts=kind == "retraction")
        elif kind == "values":
            self._judge_record(record, self._study_of(int(key[0])), message["name"])

    def _study_of(self, instance_id: int) -> str:
        row = next(one for one in self.known.instances if one["id"] == instance_id)
        return str(self.known.claims[row["claim_id"]]["study"])

    def _judge_record(
        self, record: Record, study: str, file_name: str, *, retracts: bool = False
    ) -> None:
        written = record.first("3000") or ""
        owner = owner_of(written)
        assert owner is not None, f"a record for {written}, whom nobody has"
        assert written not in self.known.moves, f"a record for {written}, which moved"
        number = owner.number
        files = {
            name: data
            for name, data in self._files.items()
            if any(path.endswith(name) for path in record.all("6305"))
        }
        assert len(files) == len(record.all("6305"))
        pages = [data.decode() for name, data in files.items() if not name.endswith(".jpg")]
        lines = [one.value for one in record.lines if one.id not in {"3000", "8100", "8000"}]
        text = "\n".join([*lines, *pages, *files, file_name])
        context = f"record for {number} of study {study}:\n{text}"
        claims = [
            row
            for row in self.known.claims.values()
            if (row["state"], row["number"], row["study"]) == ("settled", number, study)
            and not retracts
        ]
        self._judge_people(text, owner, claims, context)
        self._judge_sex(record, owner, claims, context)
        self._judge_orders(text, number, context)
        shades = [shades_in(data) for name, data in files.items() if name.endswith(".jpg")]
        theirs = {one.mark for row in claims for one in self.of_claim(row)}
        for one in self._seen(text, shades):
            assert one.mark in theirs, f"{one} in {context}"
            self.told.add((one.mark, study, number))

    def _judge_people(
        self, text: str, owner: MarkedPerson, claims: Sequence[Row], context: str
    ) -> None:
        described_by = {owner.number}
        for row in claims:
            described_by |= {one.person.number for one in self.of_claim(row)}
        named = self._named(owner, claims)
        for person in PEOPLE:
            if person.number not in named:
                found = [mark for mark in person.marks if mark in text]
                assert not found, f"{found} of {person.number} in {context}"
            if person.number not in described_by:
                assert person.description not in text, context
                assert f"{person.modality}: " not in text, context
            assert {person.number, person.second}.isdisjoint(text.split()), context

    def _named(self, owner: MarkedPerson, claims: Sequence[Row]) -> set[str]:
        """Return whose name a record may bear: devices send the number with another's name.

        Not where an earlier result says so, and a person that the number is right all the same.
        """
        own = [
            row
            for row in claims
            if row["patient_id"] == owner.number and not self._was_another(row)
        ]
        return {owner.number}.union(*({o.person.number for o in self.of_claim(r)} for r in own))

    def _was_another(self, row: Row) -> bool:
        """Return whether the chart got an earlier result of somebody else, before and after."""
        found = [one.get("earlier") for one in self._evidence(row)]
        return all(one is not None and one.is_not(described(row)) for one in found)

    def _judge_sex(
        self, record: Record, owner: MarkedPerson, claims: Sequence[Row], context: str
    ) -> None:
        named = self._named(owner, claims)
        codes = {SEX_CODES[one.sex] for one in PEOPLE if one.number in named}
        assert set(record.all("3110")) <= codes, context

    def _judge_orders(self, text: str, number: str, context: str) -> None:
        marks = {key: row["patient_id"] for key, row in self.known.orders.items()}
        for mark, of in {**marks, **self.order_marks}.items():
            assert of == number or mark not in text, f"{mark} of {of} in {context}"

    def _seen(self, text: str, shades: list[tuple[int, int]]) -> Iterator[MarkedObject]:
        values = values_in(text)
        known: set[str] = set()
        for one in self.objects:
            if one.kind == "report":
                known |= set(one.values)
                if not values.isdisjoint(one.values):
                    yield one
            elif one.kind == "picture" and one.shades in shades:
                yield one
        assert values <= known, values - known
        assert set(shades) <= {one.shades for one in self.objects}

    # ------------------------------------------------------------------ everything

    def settle(self, practice: Practice) -> None:
        """Judge whether everything received is sent, on the list, waited for, or not to be sent."""
        items = [one for one in practice.core.attention.items() if one.code not in NOT_OURS]
        subjects = {one.subject for one in items}
        held = [row for row in self.known.claims.values() if row["state"] == "held"]
        problems = {key for key, row in self.known.reports.items() if row["problem"]}
        expected = {f"exam:{row['study']}:{row['person']}" for row in held}
        expected |= {f"object:{key}" for key in problems}
        expected |= {"master-data"} if self._is_alone(practice.clock.utc()) else set()
        assert expected <= subjects, expected - subjects
        rest = subjects - expected
        assert not rest, items
        self._nothing_is_lost()
        self._superseded_rightly()
        self._nothing_twice(practice)
        self._judge_folders(practice)

    def _is_alone(self, now: float) -> bool:
        """Return whether somebody's master data came without an order, minutes to days ago.

        An order counts that came since, or within the day before.
        """
        first, last = ALONE
        for number, came in self.known.handed.items():
            chart = self.known.chart_of(number)
            ordered = any(
                row["as_is"]["patient_id"] in chart and row["ordered_at"] >= came - DAY
                for row in self.known.orders.values()
            )
            if not ordered and first <= now - came <= last:
                return True
        return False

    def _nothing_is_lost(self) -> None:
        by_uid: dict[str, list[Row]] = {}
        for row in self.known.instances:
            by_uid.setdefault(row["sop_instance_uid"], []).append(row)
            self._judge_instance(row, by_uid)
        for one in self.objects:
            of_study = [
                self.known.claims[row["claim_id"]]["study"] for row in by_uid.get(one.uid, ())
            ]
            assert one.study in of_study, f"{one} is nowhere"
        self._last_counts()

    def _judge_instance(self, row: Row, by_uid: dict[str, list[Row]]) -> None:
        of = self.known.claims[row["claim_id"]]
        waited = of["due_at"] is not None
        if of["state"] in {"held", "discarded"} or waited:
            return
        assert of["state"] == "settled", f"{dict(of)} is neither sent, held nor waited for"
        assert row["standing"] != "conflict", f"{dict(row)} was never compared"
        if row["standing"] == "new":
            assert row["told"], f"{dict(row)} was told nowhere"

    def _superseded_rightly(self) -> None:
        """Judge that an object is not used only where another counts, or a person said so."""
        counts = {
            (row["study_instance_uid"], row["sop_instance_uid"])
            for row in self.known.instances
            if row["standing"] == "new"
        }
        for row in self.known.instances:
            of = self.known.claims[row["claim_id"]]
            uid = (row["study_instance_uid"], row["sop_instance_uid"])
            if row["standing"] in {"superseded", "repeated"} and uid not in counts:
                said = self._discarded_uid(row["sop_instance_uid"], of["study"])
                assert said, f"{dict(row)} counts nowhere, nor does another"

    def _discarded_uid(self, uid: str, study: str) -> bool:
        """Return whether a person discarded an object with the UID."""
        return any(
            row["sop_instance_uid"] == uid
            and row["study_instance_uid"] == study
            and row["claim_id"] in self.discards
            for row in self.known.instances
        )

    def _last_counts(self) -> None:
        """Judge that of each object what the device sent last is what the chart has."""
        last: dict[tuple[str, str, str | int], MarkedObject] = {}
        keyed = {one.study for one in self.objects if one.kind == "keys"}
        for one in self.objects:
            for row in self.known.claims.values():
                if one in self.of_claim(row):
                    last[(one.study, one.uid, row["number"] or row["person"])] = one
        for one in (one for one in last.values() if one.mark not in self._discarded):
            rows = [row for row in self.known.claims.values() if one in self.of_claim(row)]
            if any(row["state"] != "settled" or row["due_at"] is not None for row in rows):
                continue
            if one.kind == "keys" or (one.kind == "picture" and one.study in keyed):
                continue
            assert any((one.mark, one.study, row["number"]) in self.told for row in rows), (
                f"{one} is in no chart: {[dict(row) for row in rows]}"
            )

    def _nothing_twice(self, practice: Practice) -> None:
        with practice.database.read() as connection:
            query = sa.select(outbox).where(outbox.c.kind == "gdt").order_by(outbox.c.id)
            rows = list(connection.execute(query).mappings())
        names = Counter(row["final_name"] for row in rows if row["state"] == "delivered")
        assert all(count == 1 for count in names.values()), names
        standing: set[tuple[str, str, str]] = set()
        for row in rows:
            kind, study, *rest = row["key"].split(":")
            record = _record(bytes(row["payload"]))
            chart = record.first("3000") or ""
            if kind == "retraction":
                told = (study, charts_in(chart))
                standing = {one for one in standing if (one[0], charts_in(one[1])) != told}
            elif kind == "study" and not any(LATER.search(line.value) for line in record.lines):
                key = (study, chart, rest[1])
                assert key not in standing, f"two first study records: {key}"
                standing.add(key)

    def _judge_folders(self, practice: Practice) -> None:
        """Judge that each folder has what was delivered and not collected, byte for byte."""
        with practice.database.read() as connection:
            query = sa.select(outbox).where(outbox.c.state.in_(("delivered", "recalling")))
            rows = list(connection.execute(query).mappings())
        wanted = {
            row["final_name"]: bytes(row["payload"])
            for row in rows
            if row["kind"] == "gdt" and row["final_name"] not in self.collected
        }
        assert self._contents(practice.out) == wanted
        wanted = {
            row["final_name"]: self._files[row["name"]]
            for row in rows
            if row["kind"] == "attachment"
        }
        assert self._contents(practice.folder / "pictures") == wanted

    def _contents(self, folder: Path) -> dict[str, bytes]:
        """Return what is in a folder, without what deliveries and recalls that died have left."""
        found = {one.name: one.read_bytes() for one in folder.iterdir()}
        left = {name for name in found if name.startswith(PREFIX)}
        return {
            name: data
            for name, data in found.items()
            if not (self.died_delivering and name in left)
        }


def _key_of(message: Row) -> str:
    """Return the key a message was put with; what is taken back bears the mark of that."""
    key = str(message["key"])
    if not key.startswith(RECALLED_KEY):
        return key
    return key.removeprefix(RECALLED_KEY).removesuffix(f":{message['recall']}")


@lru_cache(maxsize=1000)
def _record(payload: bytes) -> Record:
    (record,) = read_records(payload)
    return record
