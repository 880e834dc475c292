"""Other archives as peers, in both directions: Orthanc, DCMTK's dcmqrscp, tiny_pacs.

Each asks the bridge and fetches from it as far as it can, and is sent to. What each can stands in
docs/reference/query-retrieve.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.peers import test_dcmtk_commands as commands
from tests.peers import test_fetching as fetching
from tests.peers import test_foreign_devices as devices
from tests.tools.dcmtk import by_uid, dataset_bytes, dcmtk, final_status, find
from tests.tools.foreign import TINY_TITLE, Orthanc, orthanc, tiny_device, tiny_pacs
from tests.tools.ports import free_port
from tests.tools.qrscp import AREA, QueryArchive, qrscp, query_of
from tests.tools.service import Service, service
from tests.tools.surgery import QUICK, Surgery, image, person, report
from tests.tools.waiting import wait_for

pytestmark = [pytest.mark.peer, pytest.mark.slow]  # starts peers and a whole service

PATIENT = person("4711", "Müller^Änne", "24.12.1958")
ORTHANC = "ORTHANC"
PEERS = (ORTHANC, AREA, TINY_TITLE)
CONFIRM = {  # tiny_pacs 0.4.1 breaks when it reports: it proposes more than 128 contexts
    ORTHANC: "commitment",
    AREA: "query",
    TINY_TITLE: "query",
}
PEER = """
[[peer]]
aet = "{aet}"
host = "127.0.0.1"
port = {port}
confirm = "{confirm}"

[[forward]]
to = "{aet}"
devices = "FORWARDED"
"""
ASKING = '\n[[peer]]\naet = "{aet}"\nhost = "127.0.0.1"\n'
FORWARDED, KEPT = "2.25.61", "2.25.62"
"""Studies: one that goes on to each peer, and one that is there to be asked for."""


@dataclass(frozen=True, slots=True)
class Town:
    """The bridge among its peers."""

    bridge: Service
    orthanc: Orthanc
    dcmqrscp: QueryArchive
    ports: dict[str, int]

    @property
    def port(self) -> int:
        """Where the bridge speaks DICOM."""
        return self.bridge.ports["DICOM"]

    def files(self, peer: str, study: str, folder: Path) -> dict[str, Path]:
        """Return what a peer has of a study, by SOP Instance UID."""
        if peer == ORTHANC:
            query = {"Level": "Instance", "Query": {"StudyInstanceUID": study}}
            for one in self.orthanc.post("/tools/find", query):
                content = self.orthanc.file(f"/instances/{one}/file")
                folder.joinpath(one).write_bytes(content)
            return by_uid(folder)
        if peer == AREA:
            return {
                uid: path
                for uid, path in by_uid(self.dcmqrscp.folder, "*.dcm").items()
                if uid.startswith(f"{study}.")
            }
        keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study}")
        where = ("127.0.0.1", self.ports[peer])
        dcmtk("getscu", "-S", "+B", "-aec", peer, "-od", folder, *keys, *where)
        return by_uid(folder)

    def compare(self, peer: str, study: str, folder: Path) -> None:
        """Find all of a study at a peer, each object as the bridge keeps it, byte for byte."""
        kept = {u: p for u, p in by_uid(self.bridge.archive).items() if u.startswith(f"{study}.")}
        folder.mkdir()
        arrived = self.files(peer, study, folder)
        assert sorted(arrived) == sorted(kept)
        for uid, path in arrived.items():
            assert dataset_bytes(path) == dataset_bytes(kept[uid]), uid


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Return a bridge with its peers, one study that went on to them, and one that stayed."""
    root = tmp_path_factory.mktemp("town")
    ports = {peer: free_port() for peer in (*PEERS, "GDTBRIDGE")}
    tables = [PEER.format(aet=peer, port=ports[peer], confirm=CONFIRM[peer]) for peer in PEERS]
    asking = [ASKING.format(aet=aet) for aet in ("FINDSCU", "MOVESCU", "TINY")]
    (root / "gdtbridge.toml").write_text("".join([*tables, *asking]), encoding="utf-8")
    own = ports["GDTBRIDGE"]
    for name in ("orthanc", "tiny"):
        (root / name).mkdir()
    with (
        orthanc(root / "orthanc", ports[ORTHANC]) as peer,
        qrscp(root / "qrscp", ports[AREA]) as area,
        tiny_pacs(root / "tiny", ports[TINY_TITLE], GDTBRIDGE=own),
        service(root, **QUICK, dicom__port=str(own)) as bridge,
    ):
        peer.know(own)
        for device, study in (("FORWARDED", FORWARDED), ("US01", KEPT)):
            objects = (
                image(study, "1", PATIENT, SeriesInstanceUID=f"{study}.8"),
                report(study, "2", PATIENT, SeriesInstanceUID=f"{study}.9"),
            )
            Surgery(bridge, device).send(*objects)
        wait_for(bridge.settled, what="the end of the exams")
        yield Town(bridge, peer, area, ports)


def states(town: Town, peer: str) -> list[str]:
    """Return the states of the copies for a peer."""
    query = f"SELECT state, state FROM forward_copy WHERE destination = '{peer}'"
    return [state for _, state in town.bridge.rows(query)]


@pytest.mark.parametrize("peer", PEERS)
def test_each_gets_what_is_forwarded(town: Town, tmp_path: Path, peer: str) -> None:
    """Every object once, byte for byte; the other study not."""
    arrived = ["confirmed", "sent"]
    wait_for(lambda: set(states(town, peer)) <= set(arrived), 60, f"the copies at {peer}")
    assert len(states(town, peer)) == 2
    town.compare(peer, FORWARDED, tmp_path / "there")


@pytest.mark.parametrize("peer", PEERS)
def test_each_says_that_it_keeps_it(town: Town, peer: str) -> None:
    """By storage commitment, on an association of its own, or where it has none by a query."""
    query = f"SELECT id, confirmed_by FROM forward_copy WHERE destination = '{peer}'"
    said = [CONFIRM[peer]] * 2
    wait_for(lambda: [by for _, by in town.bridge.rows(query)] == said, 60, f"the word of {peer}")
    assert states(town, peer) == ["confirmed"] * 2


@pytest.mark.parametrize(("by", "study"), [("get", "2.25.63"), ("move", "2.25.64")])
def test_the_bridge_fetches_from_tiny_pacs(town: Town, tmp_path: Path, by: str, study: str) -> None:
    """What was stored there alone is here, as it is there, and makes no record.

    A picture only: of several series tiny_pacs 0.4.1 names the last one several times.
    """
    before = town.bridge.results()
    sent, _ = devices.copies(tmp_path, study, PatientID="4711", PatientName="Müller^Änne")
    where = ("-aec", TINY_TITLE, "127.0.0.1", town.ports[TINY_TITLE])
    assert dcmtk("storescu", *where, sent).returncode == 0

    done = town.bridge.command("fetch", "--study", study, "--from", TINY_TITLE, "--by", by)

    assert done.returncode == 0, done.stdout + done.stderr
    town.compare(TINY_TITLE, study, tmp_path / "there")
    assert town.bridge.results() == before


def test_orthanc_asks_and_fetches(town: Town, tmp_path: Path) -> None:
    """Its REST query at each level it has, and its retrieval: C-FIND, then C-MOVE to itself."""
    for level, keys, count in (
        ("Patient", {"PatientID": "4711", "PatientName": ""}, 1),
        ("Study", {"StudyInstanceUID": KEPT, "PatientName": "Mü*"}, 1),
        ("Series", {"StudyInstanceUID": KEPT}, 2),
        ("Instance", {"StudyInstanceUID": KEPT}, 2),
        ("Study", {"PatientID": "4711", "StudyDate": "19000101-19000102"}, 0),
    ):
        asked = {"Level": level, "Query": keys}
        made = town.orthanc.post("/modalities/bridge/query", asked)
        assert len(town.orthanc.get(f"/queries/{made['ID']}/answers")) == count, level
    made = town.orthanc.post(
        "/modalities/bridge/query", {"Level": "Study", "Query": {"StudyInstanceUID": KEPT}}
    )
    (told,) = town.orthanc.get(f"/queries/{made['ID']}/answers?expand&simplify")
    assert told["StudyInstanceUID"] == KEPT

    town.orthanc.post(f"/queries/{made['ID']}/retrieve", {"TargetAet": ORTHANC})

    town.compare(ORTHANC, KEPT, tmp_path / "there")


def test_orthanc_has_the_bridge_send_to_another(town: Town, tmp_path: Path) -> None:
    """Its REST move, to tiny_pacs; the peer that asks and the one that gets differ."""
    resources = [{"StudyInstanceUID": KEPT}]
    body = {"Level": "Study", "TargetAet": TINY_TITLE, "Resources": resources, "Timeout": 60}

    town.orthanc.post("/modalities/bridge/move", body)

    town.compare(TINY_TITLE, KEPT, tmp_path / "there")


def test_movescu_has_the_bridge_send_to_dcmqrscp(town: Town, tmp_path: Path) -> None:
    """An archive that asks nobody; what it was sent is found there as here."""
    keys = ["QueryRetrieveLevel=STUDY", f"StudyInstanceUID={KEPT}"]
    named = [word for key in keys for word in ("-k", key)]
    told = dcmtk("movescu", "-v", "-S", "-aem", AREA, *named, "127.0.0.1", town.port)
    assert final_status(told) == "Success"

    town.compare(AREA, KEPT, tmp_path / "there")
    found = {
        port: find(port, "-S", [*keys, "PatientName", "StudyDate"], "-aec", aet)
        for port, aet in ((town.port, "GDTBRIDGE"), (town.dcmqrscp.port, AREA))
    }
    for status, (one,) in found.values():
        assert (status, one.PatientName) == ("Success", "Müller^Änne")


def test_tiny_pacs_asks_and_has_the_bridge_send(town: Town) -> None:
    """Its client: C-FIND in Study Root and Patient Root, C-MOVE to another title."""
    device = tiny_device()
    study = query_of({"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": KEPT, "PatientID": ""})
    patient = query_of({"QueryRetrieveLevel": "PATIENT", "PatientID": "4711"})

    found, patients, moved = device.play(
        town.port,
        ("find", {"query": study.to_json_dict(), "root": "STUDY"}),
        ("find", {"query": patient.to_json_dict(), "root": "PAITNET"}),
        ("move", {"query": study.to_json_dict(), "to": ORTHANC}),
    )

    assert [one["0020000D"]["Value"] for one in found] == [[KEPT]]
    assert [one["00100020"]["Value"] for one in patients] == [["4711"]]
    assert moved == [0]


TABLE: dict[str, dict[str, tuple[str, Callable[..., None]]]] = {
    "it asks the bridge (C-FIND)": {
        "Orthanc": ("yes", test_orthanc_asks_and_fetches),
        "dcmqrscp": ("it asks nobody", test_movescu_has_the_bridge_send_to_dcmqrscp),
        "tiny_pacs": ("yes", test_tiny_pacs_asks_and_has_the_bridge_send),
        "DCMTK's tools": ("`findscu`", commands.test_findscu_finds_at_each_level),
    },
    "it has the bridge send (C-MOVE)": {
        "Orthanc": ("yes, to itself and to others", test_orthanc_has_the_bridge_send_to_another),
        "dcmqrscp": ("it is sent to", test_movescu_has_the_bridge_send_to_dcmqrscp),
        "tiny_pacs": ("yes", test_tiny_pacs_asks_and_has_the_bridge_send),
        "DCMTK's tools": ("`movescu`, to `storescp`", commands.test_movescu_has_the_bridge_send),
    },
    "it asks whether the bridge keeps its objects": {
        "Orthanc": ("yes", devices.test_orthanc_asks_for_commitment),
        "tiny_pacs": ("yes", devices.test_tiny_pacs_asks_for_commitment),
        "dcmjs-dimse": ("yes", devices.test_dcmjs_dimse_asks_for_commitment),
    },
    "it gets what is forwarded": dict.fromkeys(
        ("Orthanc", "dcmqrscp", "tiny_pacs"), ("yes", test_each_gets_what_is_forwarded)
    ),
    "the bridge fetches from it (C-GET, C-MOVE)": {
        "Orthanc": ("both", fetching.test_a_study_is_fetched),
        "dcmqrscp": ("both", fetching.test_a_study_is_fetched),
        "tiny_pacs": ("both", test_the_bridge_fetches_from_tiny_pacs),
    },
    "it says that it keeps it": {
        "Orthanc": ("by commitment", test_each_says_that_it_keeps_it),
        "dcmqrscp": ("by a query", test_each_says_that_it_keeps_it),
        "tiny_pacs": ("by a query", test_each_says_that_it_keeps_it),
    },
}
"""What each program can, in the words of the page, and the test that shows it."""


NOTHING = "\N{EN DASH}"


def test_the_page_says_who_can_what(project: Path) -> None:
    """A cell for each test, and none without."""
    page = (project / "docs" / "reference" / "query-retrieve.md").read_text("utf-8")
    lines = (
        page.partition("## Who can what")[2]
        .partition("\n| with")[2]
        .partition("\n\n")[0]
        .split("\n")
    )
    head, _, *rows = ([cell.strip() for cell in line.strip("| ").split("|")] for line in lines)
    told = {
        row[0]: {who: cell for who, cell in zip(head, row[1:], strict=True) if cell != NOTHING}
        for row in rows
    }
    assert told == {
        what: {who: words for who, (words, _) in cells.items()} for what, cells in TABLE.items()
    }
