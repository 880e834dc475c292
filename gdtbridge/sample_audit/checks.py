"""The check of each picture as it arrives, and what of it is told to people the same day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gdtbridge.archive import IncomingInstance
from gdtbridge.archive.heads import LONGEST
from gdtbridge.database import Connection, Database
from gdtbridge.dataset.header import Header
from gdtbridge.durable.clock import Clock, local_time
from gdtbridge.errors import NotFound
from gdtbridge.picture_labels import (
    LabelContext,
    LabelItem,
    LabelState,
    answers_of,
    is_brightness_mode,
    transducer_of,
)
from gdtbridge.pictures.kinds import ObjectKind, kind_of
from gdtbridge.sample_audit import check_store

TOLD_FROM: Final = 2
"""From so many pictures of a device and a day on a missing item is told: one may be an accident."""
NO_ITEM: Final = "Diese Angabe gibt es nicht. / There is no such item."


@dataclass(frozen=True, slots=True)
class MissingLabel:
    """An item that pictures of a device lack: of how many, and whether it is told of the device."""

    device: str
    """Calling AE title."""
    item: LabelItem
    pictures: int
    is_quiet: bool = False


@dataclass(frozen=True, slots=True)
class PictureChecks:
    """Checks the head of each arriving picture, once, and tells what devices leave out."""

    database: Database
    items: Sequence[LabelItem]
    practice: str
    near_days: int
    clock: Clock

    def check(
        self,
        connection: Connection,
        instance_id: int,
        incoming: IncomingInstance,
        header: Header,
        at: float,
    ) -> None:
        """Keep what the head of a received object lacks, where it is a picture."""
        if kind_of(incoming.SOPClassUID) not in {ObjectKind.IMAGE, ObjectKind.CLIP}:
            return
        today = local_time(at).date()
        context = LabelContext(received=today, practice=self.practice, near_days=self.near_days)
        told = [item for item in self.items if item.is_told]
        missing = [
            one.item for one in answers_of(told, header, context) if one.state is LabelState.MISSING
        ]
        check_store.enter(
            connection,
            instance_id=instance_id,
            day=today.isoformat(),
            device=incoming.calling_aet,
            missing=" ".join(missing),
            serial=header.DeviceSerialNumber[:LONGEST],
            transducer=transducer_of(header)[:LONGEST],
            is_b_mode=is_brightness_mode(header),
        )

    def of_today(self) -> list[MissingLabel]:
        """Return what the devices left out today often enough to be told, quiet ones too."""
        today = local_time(self.clock.utc()).date().isoformat()
        with self.database.read() as connection:
            rows = check_store.missing_of_day(connection, today)
            quiet = check_store.quiet_labels(connection)
        counts: Counter[tuple[str, str]] = Counter()
        for device, missing, count in rows:
            for code in missing.split():
                counts[device, code] += count
        return [
            MissingLabel(device, item, count, (device, code) in quiet)
            for (device, code), count in sorted(counts.items())
            if count >= TOLD_FROM and (item := self.item(code)) is not None
        ]

    def of_exam(self, exam_id: int) -> dict[int, list[MissingLabel]]:
        """Return what the pictures of an exam lack, by person; nothing of what is quiet."""
        with self.database.read() as connection:
            rows = check_store.checked_of_exam(connection, exam_id)
            quiet = check_store.quiet_labels(connection)
        counts: Counter[tuple[int, str, str]] = Counter()
        for person, device, missing in rows:
            for code in missing.split():
                if (device, code) not in quiet:
                    counts[person, device, code] += 1
        found: dict[int, list[MissingLabel]] = {}
        for (person, device, code), count in counts.items():
            if (item := self.item(code)) is not None:
                found.setdefault(person, []).append(MissingLabel(device, item, count))
        return found

    def quiet(self) -> list[tuple[str, LabelItem, float, str]]:
        """Return device, item, since when (UTC seconds) and by whom for all that is not told."""
        with self.database.read() as connection:
            found = sorted(check_store.quiet_labels(connection).items())
        return [
            (device, item, at, who)
            for (device, code), (at, who) in found
            if (item := self.item(code)) is not None
        ]

    def be_quiet(self, device: str, code: str, who: str) -> LabelItem:
        """Tell no more of an item of a device; raise `NotFound` for none of the check list."""
        return self._change(
            code,
            lambda connection: check_store.be_quiet(
                connection, device, code, self.clock.utc(), who
            ),
        )

    def tell_again(self, device: str, code: str) -> LabelItem:
        """Tell of an item of a device again; raise `NotFound` for none of the check list."""
        return self._change(
            code, lambda connection: check_store.tell_again(connection, device, code)
        )

    def _change(self, code: str, act: Callable[[Connection], None]) -> LabelItem:
        item = self.item(code)
        if item is None:
            raise NotFound(NO_ITEM)
        with self.database.write() as connection:
            act(connection)
        return item

    def item(self, code: str) -> LabelItem | None:
        """Return an item of the check list; None for another."""
        return next((one for one in self.items if one.code == code), None)
