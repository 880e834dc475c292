"""``gdtbridge gdt learn`` and ``gdt try``: a practice software nobody has described."""

from __future__ import annotations

import shutil
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gdtbridge.cli import main
from gdtbridge.dataset.values import da_text
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.tables.dialects import DIALECTS, dialect_named
from gdtbridge.gdt.tables.practice_dialects import dialects_with
from gdtbridge.gdt.tools.conformance import check_record
from gdtbridge.settings import load_settings
from gdtbridge.setup.collection import collection_trial
from tests.tools.practice import Practice
from tests.tools.reception import Reception

Fields = tuple[tuple[str, str], ...]

PERSON: Fields = (("3101", "Müller"), ("3102", "Änne"), ("3103", "12031985"), ("3110", "2"))
TURBOMED: Fields = (
    ("8315", "GDTBRIDG"), ("8316", "CGM TURBOMED"), ("9218", "02.00"), ("3000", "71001"), *PERSON,
    ("8402", "SONO00"),
)  # fmt: skip
T2MED: Fields = (
    ("8315", "SONOBRDG"), ("8316", "T2MED_PX"), ("9206", "2"), ("9218", "02.10"), ("3000", "71011"),
    *PERSON, ("8402", "SONO00"), ("8410", "OBERBAUCH"), ("8411", "Sono Oberbauch"),
)  # fmt: skip
RED: Fields = (
    ("8315", "EKG"), ("8316", "RED"), ("9206", "3"), ("9218", "02.10"),
    ("0102", "RED Medical GmbH"), ("0103", "RED Medical Erlkoenig"), ("3000", "6060"),
    *PERSON, ("8402", "SONO04"),
)  # fmt: skip
CONCEPT: Fields = (("9218", "02.00"), ("0193", "2191"), *PERSON, ("8402", "BDT"))


def order(fields: Fields, codec: str) -> bytes:
    """Return an order as a practice software writes it."""
    lines = [(field, text.encode(codec)) for field, text in fields]
    size = sum(len(text) + 9 for _, text in lines) + 27
    whole = [("8000", b"6302"), ("8100", b"%05d" % size), *lines]
    return b"".join(b"%03d%s%s\r\n" % (len(text) + 9, id_.encode(), text) for id_, text in whole)


def run(folder: Path, *arguments: str) -> Result:
    """Run a command in a folder without settings."""
    config = folder / "empty.toml"
    config.write_text("", encoding="utf-8")
    return CliRunner().invoke(main, ["gdt", arguments[0], "--config", str(config), *arguments[1:]])


SOFTWARES = [
    ("TURBOMED", TURBOMED, "iso8859-1", "AUFTRAG1.GDT", {"base": "turbomed", "version": "02.00"}),
    ("T2med", T2MED, "cp437", "SONOT2MD.gdt", {"base": "t2med", "file_name": "T2MDSONO.gdt"}),
    ("RED", RED, "iso8859-1", "EKG_RED.GDT", {"base": "red-medical", "receiver": "RED"}),
    ("x.concept", CONCEPT, "cp437", "x.gdt", {"base": "x-concept", "encoding": "cp437"}),
]


@contextmanager
def practice_with(text: str, folder: Path) -> Iterator[Reception]:
    """Yield a practice with these settings, and its software."""
    file = folder / "gdtbridge.toml"
    file.write_text(text, encoding="utf-8")
    settings = load_settings(file, {})
    practice = Practice(folder, settings)
    try:
        yield Reception(practice)
    finally:
        practice.close()


@pytest.mark.parametrize(
    ("fields", "codec", "name", "expected"),
    [row[1:] for row in SOFTWARES],
    ids=[row[0] for row in SOFTWARES],
)
def test_what_is_proposed_makes_orders_come_in_and_results_go_back(
    tmp_path: Path, fields: Fields, codec: str, name: str,
    expected: dict[str, object],
) -> None:  # fmt: skip
    """The lines are settings as they are; with them an order of that software has its result."""
    seen = tmp_path / "seen"
    seen.mkdir()
    (seen / name).write_bytes(order(fields, codec))
    done = run(tmp_path, "learn", str(seen))
    assert done.exit_code == 0, done.output
    proposed = tomllib.loads(done.stdout)
    assert expected.items() <= proposed["dialects"]["praxis"].items()
    assert {row["code"] for row in proposed["orders"]["map"]} <= {text for _, text in fields}

    said = dict(fields)
    with practice_with(done.stdout, tmp_path) as reception:
        reception.drop(order(fields, codec), name)
        reception.look()
        practice, number = reception.practice, said.get("3000") or said["0193"]
        practice.send(StudyInstanceUID=reception.entry.StudyInstanceUID, PatientID=number)
        practice.wait()
        ((result_name, result),) = practice.records().items()
        known = dialects_with(practice.settings.dialects)
    assert result.patient.id == number
    assert (result.first("0193") is None) is ("0193" not in said)
    assert result.first("8315") == said.get("8316", "PRAX_EDV")
    assert result.first("8316") == said.get("8315", "GDTBRIDG")
    assert check_record(result, dialect_named("praxis", known)) == ()
    assert result_name


def test_reasons_and_open_questions_are_told(tmp_path: Path) -> None:
    """Every line has its reason; what files cannot tell is a remark."""
    folder = tmp_path / "seen"
    folder.mkdir()
    (folder / "a.gdt").write_bytes(order(T2MED, "cp437"))
    (folder / "b.gdt").write_bytes(order((*T2MED[1:], ("8410", "CAROTIS")), "cp437"))
    other = (("8315", "KIMP_GDT"), *T2MED[1:])
    (folder / "c.gdt").write_bytes(order(other, "cp437"))
    (folder / "LIESMICH.txt").write_text("Hallo", encoding="utf-8")
    done = run(tmp_path, "learn", "--name", "meine", str(folder))
    assert '[dialects.meine]\nbase = "t2med"  # nennt sich T2MED_PX' in done.stdout
    assert "mehrere Empfänger" in done.stdout
    assert '["KIMP_GDT", "SONOBRDG"]' in done.stdout
    assert 'code = "OBERBAUCH"' in done.stdout
    assert 'procedure = "Sono Oberbauch"' in done.stdout
    assert 'code = "CAROTIS"' in done.stdout
    assert "LIESMICH.txt: keine GDT-Datei" in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == [
        "LIESMICH.txt", "a.gdt", "b.gdt", "c.gdt",
    ]  # fmt: skip


def test_results_of_other_devices_show_what_is_read(tmp_path: Path, project: Path) -> None:
    """Text in 6227 without groups, and attachments, are what this software shows."""
    sample = project / "samples" / "gdt" / "abdomen-values-x-comfort.gdt"
    orders = tmp_path / "order.gdt"
    orders.write_bytes(order((("8316", "APW"), *TURBOMED[2:]), "cp437"))
    done = run(tmp_path, "learn", str(orders), str(sample))
    found = tomllib.loads(done.stdout)["dialects"]["praxis"]
    assert found == {
        "base": "gdt21",
        "receiver": "APW",
        "version": "02.00",
        "encoding": "cp437",
        "omit": ["9206"],
        "values": "text",
        "comment_field": "6227",
    }


@pytest.mark.parametrize("arguments", [("--name", "gdt21"), ()])
def test_what_teaches_nothing_is_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """A built-in name, or no GDT file at all."""
    file = tmp_path / "x.txt"
    file.write_text("Hallo", encoding="utf-8")
    assert run(tmp_path, "learn", *arguments, str(file)).exit_code == 1


def test_the_files_of_the_corpus_teach(tmp_path: Path, corpus: Path) -> None:
    """Of each software of the field a proposal that is valid settings."""
    files = [*sorted((corpus / "field" / "gdt").iterdir()), *sorted((corpus / "gdt").iterdir())]
    taught = 0
    for file in files:
        done = run(tmp_path, "learn", str(file))
        if done.exit_code == 0:
            taught += 1
            settings = tmp_path / "gdtbridge.toml"
            settings.write_text(done.stdout, encoding="utf-8")
            load_settings(settings, {})
    assert taught > 80


FIELD = (
    "field/gdt/t01_cgm.gdt",
    "field/gdt/x02_0193.gdt",
    "field/gdt/n30_gdt30_order.gdt",
    "gdt/60_derived_gdt21_6302_REDmedical_latin1__hilfe.redmedical.de.gdt",
    "gdt/62_derived_gdt20_6302_TERMPAIN_bdt_fields_latin1__codehit39092164315.gdt",
)
"""Orders of five softwares, as they are; two with longer numbers than field 3000 holds."""


@pytest.mark.parametrize("name", FIELD)
def test_an_order_of_the_field_comes_in_and_has_its_result(
    tmp_path: Path, corpus: Path, name: str
) -> None:
    """With what was learned of one file of a software, and nothing else."""
    file = corpus / name
    done = run(tmp_path, "learn", str(file))
    assert done.exit_code == 0, done.output
    with practice_with(done.stdout, tmp_path) as reception:
        reception.drop(file.read_bytes(), file.name)
        reception.look()
        practice, entry = reception.practice, reception.entry
        practice.send(
            StudyInstanceUID=entry.StudyInstanceUID,
            PatientID=entry.PatientID,
            PatientName=entry.PatientName,
            PatientBirthDate=da_text(entry.PatientBirthDate),
        )
        practice.wait()
        (result,) = practice.records().values()
        known = dialects_with(practice.settings.dialects)
    assert result.patient.id == entry.PatientID
    assert check_record(result, dialect_named("praxis", known)) == ()


@contextmanager
def importer(folder: Path, collect: str) -> Iterator[None]:
    """Collect, or rename, the first result file that appears in a folder."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.02):
            for path in folder.glob("*.[gG][dD][tT]"):
                assert read_records(path.read_bytes())[0].patient.id == "SIMULATION"
                if collect == "rename":
                    shutil.move(path, path.with_suffix(".bad"))
                else:
                    path.unlink()
                return

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("dialect", [name for name in DIALECTS if name != "x-comfort"])
def test_try_sees_a_collecting_importer(tmp_path: Path, dialect: str) -> None:
    """It says after how long; nothing is left."""
    out = tmp_path / "out"
    out.mkdir()
    with importer(out, "collect"):
        done = run(tmp_path, "try", "--dialect", dialect, "--out", str(out), "--seconds", "30")
    assert done.exit_code == 0, done.output
    assert "abgeholt nach " in done.stdout
    assert list(out.iterdir()) == []


def test_try_tells_that_a_file_was_renamed(tmp_path: Path) -> None:
    """A software that refuses a file often renames it."""
    out = tmp_path / "out"
    out.mkdir()
    with importer(out, "rename"):
        done = run(tmp_path, "try", "--out", str(out), "--seconds", "30")
    assert ".bad: neu im Ordner" in done.stdout


def test_try_sees_a_missing_importer(tmp_path: Path) -> None:
    """Nobody collects: what may hinder is said, and the test result is taken back."""
    out = tmp_path / "out"
    out.mkdir()
    done = run(tmp_path, "try", "--dialect", "turbomed", "--out", str(out), "--seconds", "0.1")
    assert done.exit_code == 1
    assert "nicht abgeholt" in done.stderr
    assert "Importordner" in done.stderr
    assert "gdt.file_name" in done.stderr
    assert list(out.iterdir()) == []


def test_try_takes_nothing_back_but_its_own(tmp_path: Path) -> None:
    """Where the practice software knows one name, the next file of that name is a result."""
    settings = load_settings(None, {})
    trial = collection_trial(settings, dialect_named("turbomed"), tmp_path, "1")
    trial.path.write_bytes(b"a result")
    assert trial.wait(60) is not None
    assert not trial.take_back()
    assert trial.path.read_bytes() == b"a result"


def test_try_is_marked_and_refuses_what_cannot_be(tmp_path: Path) -> None:
    """The record says what it is; a number the software cannot have, and no folder, are errors."""
    done = run(tmp_path, "try", "--out", str(tmp_path / "nowhere"))
    assert done.exit_code == 1
    done = run(tmp_path, "try", "--dialect", "x-comfort", "--out", str(tmp_path))
    assert "--id" in done.stderr
    out = tmp_path / "out"
    out.mkdir()
    kept: list[bytes] = []

    def keep() -> None:
        while not (found := list(out.glob("*.gdt"))):
            pass
        kept.append(found[0].read_bytes())
        found[0].unlink()

    thread = threading.Thread(target=keep)
    thread.start()
    run(tmp_path, "try", "--out", str(out), "--id", "9999", "--seconds", "30")
    thread.join()
    (record,) = read_records(kept[0])
    assert record.patient.id == "9999"
    assert any("TEST von gdtbridge" in text for text in record.all("6228"))


def test_a_software_that_hands_over_patients_alone(tmp_path: Path) -> None:
    """Where there are master data only, they are proposed as orders."""
    file = tmp_path / "patient.gdt"
    file.write_bytes(order(TURBOMED, "iso8859-1").replace(b"80006302", b"80006301"))
    proposed = tomllib.loads(run(tmp_path, "learn", str(file)).stdout)
    assert proposed["orders"]["master_data"] == "order"
