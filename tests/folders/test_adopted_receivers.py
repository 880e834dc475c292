"""Who was us before orders were asked for whom they are: adopted by an update, once."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from gdtbridge.check import probe
from gdtbridge.core import open_core
from gdtbridge.folders import OrderWatch
from gdtbridge.orders.folder_memory import FolderMemory
from gdtbridge.schema import order_receiver
from tests.tools.reception import Reception, record

ROUTE = '[[gdt.routes]]\nname = "two"\nin = "two"\nout = "two-out"\n'


@pytest.fixture
def settings_text() -> str:
    """Return the settings of a practice with a second order folder."""
    return ROUTE


def taken_before(reception: Reception, folder: Path, receiver: str) -> None:
    """Let an order be taken as older versions did, whoever it is addressed to."""
    path = folder / "ORDER.GDT"
    path.write_bytes(record(f3000=receiver[:1], f8315=receiver))
    files = reception.files
    with files.lock_of(folder).hold():
        from gdtbridge.folders.claims import claim

        files.take(claim(path))


def test_receivers_are_adopted_once(reception: Reception) -> None:
    """Each for the folder its orders came from; `check` shows them, a setting replaces them."""
    practice, database = reception.practice, reception.practice.database
    two = practice.folder / "two"
    two.mkdir()
    taken_before(reception, reception.folder, "SONO 1")
    taken_before(reception, two, "US")
    lost = reception.settings.taken_folder / "2020-01-01" / "X-0123456789abcdef.GDT"
    lost.parent.mkdir(parents=True)
    lost.write_bytes(record("6301", f8315="OLD"))
    with database.write() as connection:
        connection.execute(sa.insert(order_receiver).values(receiver=""))  # as the upgrade does

    practice.core.adopt()

    memory = FolderMemory(database)
    assert (memory.receivers(""), memory.receivers("two")) == (["OLD", "SONO 1"], ["OLD", "US"])
    taken_before(reception, two, "LATER")
    practice.core.adopt()
    assert memory.receivers("two") == ["OLD", "US"]

    again = reception.again()
    again.drop(record(f3000="9", f8315="sono 1"))
    assert again.look() == 1
    (two / "A.GDT").write_bytes(record(f8315="SONO 1"))
    watching = OrderWatch(again.files, two, monotonic=practice.clock.monotonic)
    watching.look()
    practice.clock.seconds += 2
    assert watching.look() == 0
    set_anew = again.settings.orders.model_copy(update={"receivers": ("US",)})
    assert set_anew.for_route(again.settings.gdt.routes[0]).receivers == ("US",)


def test_a_new_installation_adopts_nobody(reception: Reception) -> None:
    """It asks for its own id from the first order on."""
    reception.drop(record(f8315="SONO 1"))
    assert reception.look() == 0
    reception.practice.core.adopt()
    assert FolderMemory(reception.practice.database).receivers("") == []


def test_check_shows_them(tmp_path: Path) -> None:
    """For each folder whom its orders may be addressed to, those of the update apart."""
    from gdtbridge.settings import load_settings

    (tmp_path / "two").mkdir()
    (tmp_path / "two-out").mkdir()
    file = tmp_path / "gdtbridge.toml"
    file.write_text(f'[dicom]\nport = 0\n[http]\nport = 0\n{ROUTE}orders.receivers = ["US"]\n')
    settings = load_settings(file, {})
    with open_core(settings) as core, core.database.write() as connection:
        connection.execute(sa.insert(order_receiver).values(receiver="OLD"))
    told = {one.part: one.text for one in probe(settings)}
    assert told["orders.receivers"] == (
        "leer / empty, GDTBRIDG; bei der Aktualisierung übernommen / adopted by the update: OLD"
    )
    assert told["gdt.routes (two).orders.receivers"] == "leer / empty, GDTBRIDG, US"
