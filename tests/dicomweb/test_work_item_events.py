"""UPS-RS events: who is subscribed is told what happens to work items, over a WebSocket."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from pydicom.datadict import keyword_for_tag, tag_for_keyword
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import CloseCode
from websockets.protocol import Protocol, Side
from websockets.sync.client import ClientConnection, connect

from gdtbridge.accounts import Role
from gdtbridge.retrieve.json_item import read_json_dataset
from gdtbridge.service import web_ports
from gdtbridge.settings import HttpSettings, load_settings
from gdtbridge.web import WebServer, create_server
from gdtbridge.web.access.gate import GuardGate
from gdtbridge.web.access.guard import Guard
from gdtbridge.web.dicomweb.event_channels import EventChannels
from gdtbridge.web.upgrading import OFFER
from gdtbridge.web.web_socket import WebSocket
from gdtbridge.work_items import event_store, subscriptions
from gdtbridge.work_items.subscriptions import (
    EVERY_ITEM,
    FILTERED_ITEMS,
    WorkItemSubscriptions,
)
from tests.tools.house import BOSS
from tests.tools.practice import Practice
from tests.tools.waiting import wait_for
from worklist.item import vr_of

CLAIM = "2.25.1001"
SECONDS = 30
"""How long an event may take on a busy machine."""
Shown = Mapping[str, str]
"""The headers by which a caller shows who it is."""
NOTHING_SHOWN: Shown = {}


@dataclass(frozen=True)
class Station:
    """A practice and its web server."""

    practice: Practice
    server: WebServer

    @property
    def place(self) -> str:
        """Where the services are, without the scheme."""
        return f"://127.0.0.1:{self.server.port}/dicom-web"

    def call(
        self, method: str, path: str, shown: Shown = NOTHING_SHOWN, **said: str
    ) -> requests.Response:
        """Make a call with attributes by keyword."""
        dataset = {}
        for word, one in said.items():
            tag = tag_for_keyword(word)
            assert tag is not None
            dataset[f"{tag:08X}"] = {"vr": vr_of(tag), "Value": [one]}
        return requests.request(
            method,
            f"http{self.place}/workitems/{path}",
            data=json.dumps(dataset) if said else None,
            headers={**shown, **({"Content-Type": "application/dicom+json"} if said else {})},
            timeout=SECONDS,
        )

    def order(self, name: str, **changes: object) -> str:
        """Place an order for somebody; return the UID of its work item."""
        request = self.practice.order(patient_id=name, family_name=name, **changes)
        self.practice.core.orders.place(request)
        (one,) = self.practice.core.work_item_search.find([("PatientID", name)], [])
        return str(one["00080018"]["Value"][0])

    def change(self, uid: str, state: str, aet: str = "") -> int:
        """Claim or end a work item."""
        path = f"{uid}/state/{aet}" if aet else f"{uid}/state"
        return self.call("PUT", path, ProcedureStepState=state, TransactionUID=CLAIM).status_code

    @contextmanager
    def channel(self, aet: str, shown: Shown = NOTHING_SHOWN) -> Iterator[ClientConnection]:
        """Open a subscriber's event channel."""
        address = f"ws{self.place}/subscribers/{aet}"
        with connect(
            address, additional_headers=shown, open_timeout=SECONDS, close_timeout=SECONDS
        ) as socket:
            yield socket


def event(channel: ClientConnection) -> tuple[str, int, dict[str, Any]]:
    """Return the next event: UID of its work item, its type, and what it says by keyword."""
    told = json.loads(channel.recv(timeout=SECONDS))
    assert told["00000002"]["Value"] == ["1.2.840.10008.5.1.4.34.6.4"]
    said = {
        keyword_for_tag(int(tag, 16)): one.get("Value", [None])[0]
        for tag, one in told.items()
        if not tag.startswith("0000")
    }
    return told["00001000"]["Value"][0], told["00001002"]["Value"][0], said


def states(channel: ClientConnection, number: int) -> list[tuple[str, str]]:
    """Return UID and state of so many state reports."""
    found = (event(channel) for _ in range(number))
    return [(uid, said["ProcedureStepState"]) for uid, _, said in found]


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Return a practice with its web server."""
    folder: Path = tmp_path_factory.mktemp("station")
    practice = Practice(folder, load_settings(environ={"GDTBRIDGE_HTTP__PORT": "0"}))
    server = create_server(practice.settings, web_ports(practice.core), dict)
    server.start()
    yield Station(practice, server)
    server.stop(grace=2)
    practice.close()


def test_a_subscriber_is_told_of_every_way_an_order_changes(station: Station) -> None:
    """From now on: an order that is placed, claimed, brought back; in their order."""
    before = station.order("Vorher")
    answer = station.call("POST", f"{EVERY_ITEM}/subscribers/WATCH?deletionlock=true")
    assert answer.status_code == 201
    assert answer.headers["Content-Location"] == f"ws{station.place}/subscribers/WATCH"

    with station.channel("WATCH") as channel:
        uid = station.order("Neu")
        assert station.change(uid, "IN PROGRESS", "ROOM1") == 200
        assert station.change(uid, "CANCELED") == 200
        station.practice.core.editor.restore(
            station.practice.core.work_items.get(uid).order.accession_number
        )
        assert states(channel, 4) == [
            (uid, "SCHEDULED"),
            (uid, "IN PROGRESS"),
            (uid, "CANCELED"),
            (uid, "SCHEDULED"),
        ]
        assert station.call("DELETE", f"{before}/subscribers/WATCH").status_code == 200
        station.change(before, "IN PROGRESS")
        assert station.change(uid, "IN PROGRESS") == 200
        assert states(channel, 1) == [(uid, "IN PROGRESS")]


def test_what_was_not_got_is_told_again(station: Station) -> None:
    """To a channel that is opened later, after a subscription is renewed, and once only."""
    uid = station.order("Später")
    assert station.call("POST", f"{uid}/subscribers/LATE").status_code == 201
    assert station.change(uid, "IN PROGRESS") == 200
    with station.channel("LATE") as channel:
        assert states(channel, 2) == [(uid, "SCHEDULED"), (uid, "IN PROGRESS")]
        events = WorkItemSubscriptions(station.practice.database)
        wait_for(lambda: events.received("LATE") == events.newest())
        with station.channel("LATE") as newer:  # takes the place of the other
            with pytest.raises(ConnectionClosed):
                channel.recv(timeout=SECONDS)
            assert station.change(uid, "CANCELED") == 200
            assert states(newer, 1) == [(uid, "CANCELED")]
    assert station.call("DELETE", f"{uid}/subscribers/LATE").status_code == 200
    again = station.call("DELETE", f"{uid}/subscribers/LATE")
    assert (again.status_code, "no such subscription" in again.headers["Warning"]) == (404, True)


def test_a_performer_is_asked_to_stop(station: Station) -> None:
    """Where it is subscribed; what it says of its progress is told as well."""
    uid = station.order("Gebeten")
    assert station.change(uid, "IN PROGRESS", "ROOM2") == 200
    nobody = station.call("POST", f"{uid}/cancelrequest/DESK", ReasonForCancellation="Notfall")
    assert (nobody.status_code, "contacted" in nobody.headers["Warning"]) == (409, True)
    assert station.call("POST", f"{uid}/subscribers/ROOM2").status_code == 201
    asked = station.call("POST", f"{uid}/cancelrequest/DESK", ReasonForCancellation="Notfall")
    assert asked.status_code == 202
    said = {"00741002": {"vr": "SQ", "Value": [{"00741004": {"vr": "DS", "Value": [50]}}]}}
    station.practice.core.work_items.update(
        uid, read_json_dataset(json.dumps(said).encode()), CLAIM
    )
    with station.channel("ROOM2") as channel:
        assert states(channel, 1) == [(uid, "IN PROGRESS")]
        assert event(channel) == (
            uid,
            2,
            {"RequestingAE": "DESK", "ReasonForCancellation": "Notfall"},
        )
        _, kind, progress = event(channel)
        assert (kind, list(progress)) == (3, ["ProcedureStepProgressInformationSequence"])


def test_a_filter_and_a_suspension_narrow_what_is_told(station: Station) -> None:
    """Only what fits the keys; after a suspension only what was there before."""
    asked = f"{FILTERED_ITEMS}/subscribers/FILTER"
    assert station.call("POST", asked).status_code == 400
    assert station.call("POST", f"{asked}?filter=00404005=gestern").status_code == 400
    keys = "filter=ScheduledStationNameCodeSequence.CodeValue=SONO7,ProcedureStepPriority="
    assert station.call("POST", f"{asked}?{keys}").status_code == 201
    assert station.call("POST", f"2.25.1/subscribers/{'X' * 17}").status_code == 400
    assert station.call("POST", "2.25.1/subscribers/X").status_code == 404

    with station.channel("FILTER") as channel:
        station.order("Andere")
        fitting = station.order("Passende", station="SONO7")
        assert station.call("POST", f"{asked}/suspend").status_code == 200
        station.order("Künftige", station="SONO7")
        assert station.change(fitting, "IN PROGRESS") == 200
        assert states(channel, 2) == [(fitting, "SCHEDULED"), (fitting, "IN PROGRESS")]
    assert station.call("DELETE", asked).status_code == 200
    assert station.call("POST", f"{asked}/suspend").status_code == 404


def test_a_channel_is_for_subscribers_that_open_a_web_socket(station: Station) -> None:
    """A plain call is told what is wanted; a client that talks is not listened to."""
    address = f"http{station.place}/subscribers/WATCH"
    plain = requests.get(address, timeout=SECONDS)
    assert (plain.status_code, plain.headers["Sec-WebSocket-Version"]) == (426, "13")
    wrong = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "x"}
    assert requests.get(address, headers=wrong, timeout=SECONDS).status_code == 426
    stranger = {**wrong, "Origin": "http://elsewhere", "Sec-WebSocket-Version": "13"}
    assert requests.get(address, headers=stranger, timeout=SECONDS).status_code == 403
    with pytest.raises(Exception, match="404"), station.channel("NOBODY"):
        pass
    station.call("POST", f"{EVERY_ITEM}/subscribers/TALKS")
    with station.channel("TALKS") as channel:
        channel.send("hello")
        uid = station.order("Hallo")
        assert states(channel, 1) == [(uid, "SCHEDULED")]
        channel.send("x" * 5000)
        with pytest.raises(ConnectionClosed):
            channel.recv(timeout=SECONDS)


def test_who_leaves_during_the_handshake_keeps_no_place() -> None:
    """Whoever writes to the channel is told, although it never was one."""
    opened: list[WebSocket] = []

    def app(environ: dict[str, Any], start: Any) -> list[bytes]:
        offer = environ[OFFER]
        offer.web_socket = WebSocket()
        opened.append(offer.web_socket)
        offer.channel.handle_close()  # as the server's thread does that finds the client gone
        start("101 Switching Protocols", [])
        return []

    server = WebServer(app, "127.0.0.1", 0, GuardGate(Guard(HttpSettings())))
    server.start()
    try:
        with pytest.raises(requests.ConnectionError):
            requests.get(f"http://127.0.0.1:{server.port}", timeout=SECONDS)
        wait_for(lambda: opened[0].is_closed)
    finally:
        server.stop(grace=2)


def test_who_reads_and_leaves_has_got_it(station: Station) -> None:
    """A pong counts although its connection is gone before anybody looks."""
    events = WorkItemSubscriptions(station.practice.database)
    events.subscribe(EVERY_ITEM, "BRIEF")
    station.order("Kurz")
    sent: list[bytes] = []
    socket, client = WebSocket(), Protocol(Side.CLIENT)
    socket.attach(sent.append)
    EventChannels(web_ports(station.practice.core).work_items).open("BRIEF", socket, lambda: True)
    wait_for(lambda: sent)
    client.receive_data(b"".join(sent))
    socket.received(b"".join(client.data_to_send()))
    socket.detach()
    wait_for(lambda: events.received("BRIEF") == events.newest())
    events.unsubscribe(EVERY_ITEM, "BRIEF")


@pytest.fixture
def guarded(station: Station) -> Iterator[Station]:
    """Return the practice with a web server nobody may ask who does not say who they are."""
    environ = {"GDTBRIDGE_HTTP__PORT": "0", "GDTBRIDGE_ACCESS__REQUIRED": "true"}
    server = create_server(load_settings(environ=environ), web_ports(station.practice.core), dict)
    server.start()
    yield Station(station.practice, server)
    server.stop(grace=2)


def token_of(station: Station, name: str, aet: str = "") -> tuple[int, Shown]:
    """Make a token of the worklist; return its number, and how it is shown."""
    made = station.practice.core.access.tokens.make(name, ["worklist"], BOSS, aet)
    return made.token.id, {"Authorization": f"Bearer {made.secret}"}


def test_a_title_is_for_the_token_that_bears_it(guarded: Station) -> None:
    """It speaks for no other, and no other token for it; of a claim it is the performer."""
    _, bound = token_of(guarded, "Raum 7", "ROOM7")
    _, free = token_of(guarded, "Leitstand")
    uid = guarded.order("Gebunden")

    for shown, aet, status in (
        (bound, "room7", 201),
        (bound, "ROOM8", 403),
        (free, "ROOM8", 201),
        (free, "ROOM7", 403),
    ):
        asked = f"{uid}/subscribers/{aet}"
        answer = guarded.call("POST", asked, shown)
        assert (answer.status_code, aet) == (status, aet), answer.text
        if status == 403:
            assert guarded.call("DELETE", asked, shown).status_code == 403
            with pytest.raises(InvalidStatus, match="403"), guarded.channel(aet, shown):
                pass
    claim = {"ProcedureStepState": "IN PROGRESS", "TransactionUID": CLAIM}
    assert guarded.call("PUT", f"{uid}/state/ROOM8", bound, **claim).status_code == 403
    assert guarded.call("PUT", f"{uid}/state", bound, **claim).status_code == 200
    assert guarded.practice.core.work_items.get(uid).kept.performer == "ROOM7"


def test_a_channel_ends_with_the_right_to_it(guarded: Station) -> None:
    """Nothing is told to a token that was revoked, nor to a person who has signed out."""
    access = guarded.practice.core.access
    number, shown = token_of(guarded, "Sperren", "ENDED")
    person = access.accounts.make("anna", "Anna Krüger", Role.READER, BOSS)
    cookie = access.desk.begin(person, "127.0.0.1").cookie
    signed_in = {"Cookie": f"gdtbridge={cookie}"}
    assert guarded.call("POST", f"{EVERY_ITEM}/subscribers/ENDED", shown).status_code == 201
    events = WorkItemSubscriptions(guarded.practice.database)
    events.subscribe(EVERY_ITEM, "SCREEN")

    with (
        guarded.channel("ENDED", shown) as of_token,
        guarded.channel("SCREEN", signed_in) as of_person,
    ):
        uid = guarded.order("Vorerst")
        for channel in (of_token, of_person):
            assert states(channel, 1) == [(uid, "SCHEDULED")]
        access.tokens.revoke(number, BOSS)
        guarded.order("Danach")
        with pytest.raises(ConnectionClosed) as ended:
            of_token.recv(timeout=SECONDS)
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == CloseCode.POLICY_VIOLATION
        event(of_person)
        access.desk.sign_out(cookie, "127.0.0.1")
        with pytest.raises(ConnectionClosed):  # in a second, although nothing happens
            of_person.recv(timeout=SECONDS)


def test_events_are_bounded(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest are kept, subscribers are counted, and nothing is noted for nobody."""
    events = WorkItemSubscriptions(station.practice.database)
    monkeypatch.setattr(subscriptions, "MOST_EVENTS", 2)
    events.subscribe(EVERY_ITEM, "BOUND")
    for name in ("Eins", "Zwei", "Drei"):
        station.order(name)
    events.confirm("BOUND", 0)
    assert len(events.pending("BOUND", 0).reports) == 2
    monkeypatch.setattr(subscriptions, "MOST_SUBSCRIBERS", 0)
    answer = station.call("POST", f"{EVERY_ITEM}/subscribers/MORE")
    assert answer.status_code == 413
    with station.practice.database.write() as connection:
        for aet in event_store.subscribers(connection):
            event_store.end_all(connection, aet)
    newest = events.newest()
    station.order("Niemandem")
    assert events.newest() == newest
