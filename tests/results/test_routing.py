"""Several practice softwares and workplaces: each exam's results go to the right one, once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gdtbridge.errors import OrderError, SettingsError
from gdtbridge.exams.plan import PlannedResult
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.write.results import OrderReference
from gdtbridge.orders import OrderRecord, RecordOutcome
from gdtbridge.people import Patient
from gdtbridge.results.routing import RouteFacts, Routing
from gdtbridge.settings import RouteCondition, load_settings
from tests.tools.practice import Practice

TWO = """
[gdt]
test_id = "SONO"
receiver = "MAIN"

[[gdt.routes]]
name = "praxis-2"
out = "two"
in = "two-in"
when.ordered_by = ["TURBOMED"]
dialect = "x-comfort"

[[gdt.routes]]
name = "room-3"
out = "three"
when.station = ["US03"]
when.modality = ["US"]

[[gdt.routes]]
name = "mirror"
out = "mirror"
in = "mirror-in"
mirror_ids = true
"""
REFERENCE = OrderReference(device_code="SONO00", test_id="ABD", ordered_by="TURBOMED")


def drop(route: str = "", sender: str = "TURBOMED", token: str = "t1") -> OrderRecord:
    """Return the first record of a file that came by that route."""
    return OrderRecord(token, 1, token, "A.gdt", "6302", route, sender)


class TestWhere:
    """Which target facts lead to."""

    @pytest.fixture
    def routing(self, tmp_path: Path) -> Routing:
        """Return the routing of a practice with a route for each kind of fact."""
        file = tmp_path / "gdtbridge.toml"
        keys = ("device", "station", "modality", "code", "ordered_by")
        routes = (
            f'[[gdt.routes]]\nname = "{key.replace("_", "-")}"\nout = "{key}"\n'
            f'when.{key} = ["X", "{key}"]\n'
            for key in keys
        )
        folder = '[[gdt.routes]]\nname = "folder"\nout = "f"\nin = "f-in"\n'
        file.write_text("\n".join([*routes, folder]), encoding="utf-8")
        return Routing(load_settings(file, {}))

    @pytest.mark.parametrize(
        ("facts", "name"),
        [
            (RouteFacts(), ""),
            (RouteFacts(device="other", station="US01", codes=("", "ABD")), ""),
            (RouteFacts(device="device"), "device"),
            (RouteFacts(device=" DEVICE "), "device"),
            (RouteFacts(station="station"), "station"),
            (RouteFacts(modality="modality"), "modality"),
            (RouteFacts(codes=("", "code")), "code"),
            (RouteFacts(ordered_by="Ordered_By"), "ordered-by"),
            (RouteFacts(ordered_by="x", device="x"), "device"),
            (RouteFacts(route="folder", device="device"), "folder"),
            (RouteFacts(route="removed", device="device"), "device"),
        ],
    )
    def test_the_first_route_that_fits_counts(
        self, routing: Routing, facts: RouteFacts, name: str
    ) -> None:
        """The folder an order came from decides first, then the order of the settings."""
        assert routing.find(facts).name == name

    @pytest.mark.parametrize(
        ("wanted", "sent", "takes"),
        [
            (["TURBOMED"], "CGM TURBOMED", "a"),
            (["CGM TURBOMED"], "CGM TURB", "a"),
            (["CGM TURBOMED"], "TURBOMED", ""),
            (["*med*"], "CGM TURBOMED", "a"),
            (["TURBO"], "CGM TURBOMED", ""),
            (["[A-Z]*"], "TURBOMED", ""),
            (["PRAX"], "PRAX 2", "b"),
            (["PRAX"], "PRAX", "a"),
            (["A" * 60], "A" * 60, "a"),
            ([""], "", ""),
        ],
    )
    def test_who_ordered_is_matched_by_name(
        self, tmp_path: Path, wanted: list[str], sent: str, takes: str
    ) -> None:
        """With the maker's name before it, or cut; whom another route names exactly goes there."""
        file = tmp_path / "gdtbridge.toml"
        routes = (("a", wanted), ("b", ["PRAX 2"]))
        file.write_text(
            "".join(
                f'[[gdt.routes]]\nname = "{name}"\nout = "{name}"\nwhen.ordered_by = {ids}\n'
                for name, ids in routes
            ),
            encoding="utf-8",
        )
        routing = Routing(load_settings(file, {}))
        assert routing.find(RouteFacts(ordered_by=sent)).name == takes

    def test_every_condition_of_a_route_must_hold(self, tmp_path: Path) -> None:
        """A route for one station and one modality takes neither alone."""
        file = tmp_path / "gdtbridge.toml"
        file.write_text(TWO, encoding="utf-8")
        routing = Routing(load_settings(file, {}))
        facts = [
            RouteFacts(station="US03", modality="US"),
            RouteFacts(station="US03", modality="MR"),
            RouteFacts(station="US01", modality="US"),
        ]
        assert [routing.find(one).name for one in facts] == ["room-3", "", ""]

    def test_a_route_takes_over_what_it_does_not_say(self, tmp_path: Path) -> None:
        """Test ids are those of [gdt]; what belongs to a dialect goes with the dialect."""
        file = tmp_path / "gdtbridge.toml"
        file.write_text(TWO, encoding="utf-8")
        settings = load_settings(file, {})
        two, three, _ = (settings.gdt.for_route(route) for route in settings.gdt.routes)
        assert (two.test_id, two.receiver, two.dialect) == ("SONO", None, "x-comfort")
        assert (three.test_id, three.receiver, three.dialect) == ("SONO", "MAIN", "gdt21")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('name = "a"\nout = "o"\n', r"gdt\.routes \(a\): Setzen Sie when oder in"),
        ('name = "a"\nout = "o"\nin = "var/gdt/in"\n', r"gdt\.routes \(a\): Der Ordner in"),
        ('name = "A B"\nout = "o"\nin = "i"\n', r"gdt\.routes \(A B\)\.name"),
        ('name = "a"\nin = "i"\n', r"gdt\.routes \(a\)\.out"),
        ('name = "a"\nout = "o"\nin = "i"\ndialect = "x"\n', r"gdt\.routes \(a\)\.dialect"),
        ('name = "a"\nout = "o"\nwhen.devise = ["x"]\n', r"when\.devise"),
        (
            'name = "a"\nout = "o"\nin = "i"\n[[gdt.routes]]\nname = "a"\nout = "p"\nin = "j"\n',
            r"gdt\.routes \(a\): Der Name ist doppelt",
        ),
    ],
)
def test_wrong_routes_stop_the_start(tmp_path: Path, text: str, named: str) -> None:
    """The route and the key are named."""
    file = tmp_path / "gdtbridge.toml"
    file.write_text(f"[[gdt.routes]]\n{text}", encoding="utf-8")
    with pytest.raises(SettingsError, match=named):
        load_settings(file, {})


def test_a_wrong_row_of_the_catalogue_stops_the_start(tmp_path: Path) -> None:
    """The row and the column are named."""
    file = tmp_path / "gdtbridge.toml"
    file.write_text('[[catalogue.rows]]\nid = "LVIDD"\nunit = "Elle"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match=r"catalogue\.rows 1 \(LVIDD\), unit"):
        load_settings(file, {})


def test_a_route_has_its_own_way_with_names(tmp_path: Path) -> None:
    """One practice software by the catalogue, the other as its mappings know the tests."""
    file = tmp_path / "gdtbridge.toml"
    file.write_text(
        '[gdt]\nunknown = "hold"\n[[gdt.routes]]\nname = "a"\nout = "o"\nin = "i"\n'
        'test_ids = "seed"\nunknown = "send"\n',
        encoding="utf-8",
    )
    settings = load_settings(file, {})
    route = settings.gdt.for_route(settings.gdt.routes[0])
    assert (settings.gdt.test_ids, settings.gdt.unknown) == ("catalogue", "hold")
    assert (route.test_ids, route.unknown) == ("seed", "send")


class TestResults:
    """A practice with two further workplaces."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Return its settings."""
        return TWO

    def test_the_result_goes_to_whoever_ordered(self, practice: Practice) -> None:
        """In its dialect and with its codes; nobody else gets it."""
        taken = practice.filed.order(drop(), practice.order(), REFERENCE)
        practice.send(AccessionNumber=taken.accession_number)
        practice.wait()
        assert (practice.files(), practice.files("three")) == ([], [])
        (name,) = practice.files("two")
        (record,) = read_records((practice.folder / "two" / name).read_bytes())
        assert record.first("8402") == "SONO00"
        assert record.encoding == "cp437"
        assert record.first("9206") is None

    def test_the_folder_of_an_order_decides(self, practice: Practice) -> None:
        """Two workplaces with the same software are told apart by where they drop their orders."""
        reference = OrderReference(device_code="SONO00", ordered_by="PRAX_EDV")
        taken = practice.filed.order(drop("praxis-2"), practice.order(), reference)
        practice.send(AccessionNumber=taken.accession_number)
        practice.wait()
        assert len(practice.files("two")) == 1

    def test_a_device_without_an_order_is_its_own_station(self, practice: Practice) -> None:
        """What nobody ordered goes by the AE title of the device."""
        practice.device = "US03"
        practice.send()
        practice.wait()
        assert len(practice.files("three")) == 1

    def test_an_exam_stays_where_it_began(self, practice: Practice) -> None:
        """A later report goes where the study record went, whatever the settings say by then."""
        practice.device = "US03"
        practice.send()
        practice.wait()
        (exam,) = practice.core.overview.exams()
        sent = practice.core.overview.dossier(exam.study_instance_uid).results[0]
        planned = PlannedResult(exam, exam.sent_patient, None, "", known=sent)
        two, three, _ = practice.settings.gdt.routes
        taking = two.model_copy(update={"when": RouteCondition(device=("US03",))})
        gdt = practice.settings.gdt.model_copy(update={"routes": (taking, three)})
        changed = Routing(practice.settings.model_copy(update={"gdt": gdt}))
        assert changed.find(RouteFacts(device="US03")).name == "praxis-2"
        assert changed.of_result(planned).name == "room-3"

    def test_what_the_route_cannot_write_is_refused_at_once(self, practice: Practice) -> None:
        """A number the ordering software cannot read back never reaches the worklist."""
        with pytest.raises(OrderError, match="Ziffern"):
            practice.filed.order(drop(), practice.order(patient_id="47-11"), REFERENCE)
        assert practice.core.orders.all() == ()

    @pytest.mark.parametrize("name", ["CGM TURBOMED", ""])
    def test_ids_are_mirrored_where_that_is_set(self, practice: Practice, name: str) -> None:
        """8315 of the result is 8316 of its order and the other way round, as far as both are."""
        reference = replace(REFERENCE, ordered_by=name, addressed_to="SONO GERÄT 1"[: len(name)])
        taken = practice.filed.order(drop("mirror"), practice.order(), reference)
        practice.send(AccessionNumber=taken.accession_number)
        practice.wait()
        (file,) = practice.files("mirror")
        (record,) = read_records((practice.folder / "mirror" / file).read_bytes())
        ids = (record.first("8315"), record.first("8316"))
        assert ids == (("CGM TURBOMED", "SONO GERÄT 1") if name else ("MAIN", "GDTBRIDG"))

    @pytest.mark.parametrize(
        ("route", "sender", "folder"),
        [("", "TURBOMED", "two"), ("praxis-2", "x", "two"), ("", "PRAX_EDV", "")],
    )
    def test_master_data_go_to_whoever_asks(
        self, practice: Practice, route: str, sender: str, folder: str
    ) -> None:
        """The answer to a 6300 goes by the folder it came from, else by its sender."""
        practice.master_data.keep(drop(token="t0"), Patient("4711", "Müller"))
        taken = practice.master_data.answer(drop(route, sender), "4711")
        practice.wait()
        assert taken.outcome is RecordOutcome.ANSWERED
        assert practice.files(folder) == ["stammdaten-t1-1.gdt"]
