"""Accounts, tokens and roles over HTTP: who gets what, and how somebody would try to get more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import event

from gdtbridge.accounts import SCOPES, Role
from gdtbridge.audit import AuditQuery
from gdtbridge.settings import Settings
from gdtbridge.web import CorePorts, create_app
from gdtbridge.web.access.admission import Admission
from gdtbridge.web.access.calls import ANY, HereRule, call_table
from gdtbridge.web.pages.signing_in import local_path
from tests.tools.empty_database import open_database
from tests.tools.house import BOSS, PASSWORD, House

TOKEN = "correct-horse-battery"
PATIENT = "id=12345&lastname=Doe&firstname=John&birthdate=01.01.1900&sex=1"
ADD = f"/worklist/add?{PATIENT}"
PATHS = {
    "worklist_add": "/worklist/add",
    "worklist_read": "/api/v1/worklist/R1",
    "worklist_change": "/api/v1/worklist/R1",
    "worklist_cancel": "/api/v1/worklist/R1",
    "page_link": "/zugang/none",
}
"""Addresses of calls whose path has a part that changes."""
PEOPLE = {"reader": Role.READER, "practice": Role.PRACTICE, "chef": Role.ADMIN}


@pytest.fixture
def house(house: House) -> House:
    """Return a practice with an account of each role."""
    house.make_first()
    house.make("practice", "Anna Krüger", Role.PRACTICE)
    house.make("reader", "Lea Lesen", Role.READER)
    return house


class Person(requests.Session):
    """A browser: keeps cookies, says whose page it is on, sends forms of ours."""

    def __init__(self, url: str, house: House, name: str = "") -> None:
        super().__init__()
        self.url = url
        self.headers["Accept"] = "text/html,application/xhtml+xml"
        if name:
            cookie = house.sign_in(name)
            self.keep(cookie)

    def keep(self, cookie: str) -> None:
        """Have a cookie as if the server had given it."""
        self.cookies.set("gdtbridge", cookie, domain="127.0.0.1", path="/")

    def open(self, path: str, **headers: str) -> requests.Response:
        """Open an address, and go nowhere else."""
        return self.get(self.url + path, headers=headers, timeout=60, allow_redirects=False)

    def press(self, path: str, fields: dict[str, str], **headers: str) -> requests.Response:
        """Send a form, as from a page of ours unless told otherwise."""
        said = {"Origin": self.url, "Sec-Fetch-Site": "same-origin", **headers}
        return self.post(
            self.url + path, data=fields, headers=said, timeout=60, allow_redirects=False
        )

    @property
    def form_token(self) -> str:
        """The token of this session's forms, from a page."""
        match = re.search(r'name="form-token" content="(\w+)"', self.open("/mehr").text)
        assert match is not None
        return match[1]


@pytest.fixture
def url(serve: Any) -> str:
    """Return a server's address; after ``house`` there are accounts."""
    return f"http://127.0.0.1:{serve().port}"


# ---------------------------------------------------------------------------- the matrix


def asked(server: HTTPConnection, method: str, path: str, headers: Mapping[str, str]) -> int:
    """Make a call with nothing in it; return the status."""
    server.request(method, path, headers=dict(headers))
    with server.getresponse() as answer:
        answer.read()
        return answer.status


@pytest.fixture
def paths(ports: CorePorts) -> dict[str, str]:
    """Return the path of each endpoint; nothing is there under the number it has."""
    rules = create_app(Settings(), ports, dict).url_map.iter_rules()
    return {one.endpoint: re.sub(r"<[^>]*>", "99", one.rule) for one in rules} | PATHS


def refused(answer: int) -> bool:
    """Return whether a status says that somebody may not."""
    return answer in {401, 403}


def test_every_call_is_for_whom_its_row_says(url: str, house: House, paths: dict[str, str]) -> None:
    """Each call by each role, each scope, through a proxy without anything, and from here."""
    ranks = [Role.READER, Role.PRACTICE, Role.ADMIN]
    own = {"Origin": url}
    callers: dict[str, Mapping[str, str]] = {
        "stranger": own | {"X-Forwarded-For": "192.0.2.99"},
        "here": own,
    }
    for name, role in PEOPLE.items():
        person = Person(url, house, name)
        cookie = f"gdtbridge={person.cookies['gdtbridge']}"
        of_page = {"Cookie": cookie, "X-Form-Token": person.form_token, "Accept": "text/html"}
        callers[role] = own | of_page
    for scope in SCOPES:
        secret = house.access.tokens.make(scope, [scope], BOSS).secret
        callers[scope] = own | {"Authorization": f"Bearer {secret}"}
    server = HTTPConnection(url.removeprefix("http://"), timeout=60)
    wrong = []
    for (endpoint, method), rule in call_table().items():
        if endpoint in {"page_sign_out", "page_link"}:
            continue  # they have tests of their own: one ends the session, one has a secret
        open_, call = rule.is_for_everyone, (endpoint, method)
        told = {
            **{
                role: not rule.is_for_programs
                and (open_ or ranks.index(role) >= ranks.index(rule.role or Role.READER))
                for role in ranks
            },
            **{scope: open_ or bool({ANY, scope} & rule.scopes) for scope in SCOPES},
            "stranger": open_,
            "here": open_ or rule.here is not HereRule.NEVER,
        }
        for who, headers in callers.items():
            status = asked(server, method, paths[endpoint], headers)
            if refused(status) is told[who]:
                wrong.append((*call, who, status))
    server.close()
    assert wrong == []


def test_the_owners_token_keeps_its_rights(serve: Any, house: House) -> None:
    """With accounts as without, on every call of programs."""
    url = f"http://127.0.0.1:{serve(token=TOKEN).port}"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for path in ("/readyz", "/api/v1/worklist", "/api/v1/openapi.json", ADD, "/mehr"):
        assert requests.get(url + path, headers=headers, timeout=60).status_code == 200
        assert requests.get(url + path, timeout=60).status_code == 401, path
    made = house.access.tokens.make("AIS", ["worklist-add"], BOSS)
    assert requests.get(f"{url}{ADD}&token={made.secret}", timeout=60).status_code == 200
    house.access.tokens.revoke(made.token.id, BOSS)
    assert requests.get(f"{url}{ADD}&token={made.secret}", timeout=60).status_code == 401


@pytest.mark.parametrize("open_", [True, False])
def test_practice_software_here_goes_on_until_that_is_switched_off(
    serve: Any, house: House, orders: Any, open_: object
) -> None:
    """Without a token, from this machine itself, and for this call only."""
    url = f"http://127.0.0.1:{serve(open_worklist_add=open_).port}"
    assert requests.get(url + ADD, timeout=60).status_code == (200 if open_ else 401)
    proxied = {"X-Forwarded-For": "192.0.2.99"}
    assert requests.get(url + ADD, headers=proxied, timeout=60).status_code == 401
    assert requests.get(f"{url}/api/v1/worklist", timeout=60).status_code == 401
    assert len(orders.requests) == (1 if open_ else 0)


def test_the_house_is_open_only_where_it_may_be(tmp_path: Path) -> None:
    """Before the first account this machine may do everything; `access.required` forbids it."""
    with closing(open_database(tmp_path / "none.sqlite")) as database:
        memory = House(database).access.memory
        for http, access, is_open in (
            ({}, {}, True),
            ({"token": TOKEN}, {}, False),
            ({}, {"required": True}, False),
            ({"host": "192.0.2.1"}, {"required": True}, False),
        ):
            settings = Settings.model_validate({"http": http, "access": access})
            assert Admission(settings, memory).is_open is is_open


# ---------------------------------------------------------------------------- coming in


def test_a_page_asks_who_is_there_in_its_own_place(url: str, house: House) -> None:
    """With the address kept; the person gets to the page that was wanted."""
    person = Person(url, house)
    answer = person.open("/mehr?a=1")
    assert answer.status_code == 401
    assert 'name="wanted" value="/mehr?a=1"' in answer.text
    fields = {"name": "PRACTICE", "password": PASSWORD, "wanted": "/mehr?a=1"}
    answer = person.press("/anmelden", fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/mehr?a=1")
    assert "Anna Krüger" in person.open("/mehr").text


def test_nothing_of_the_house_is_told_to_strangers(url: str, house: House, parts: Any) -> None:
    """Neither how much waits nor whether a page exists."""
    parts["exams"] = type(parts["dicom"])(ok=True, waiting={"held-exam": 7})
    for path in ("/mehr", "/nirgends", "/anmelden", "/zugang/none"):
        text = Person(url, house).open(path).text
        assert "Anmelden" in text
        assert "Bereiche" not in text
        assert "7" not in re.sub(r"<link[^>]*>|<svg.*?</svg>", "", text, flags=re.DOTALL)


def test_the_cookie_is_out_of_reach(url: str, house: House, serve: Any) -> None:
    """Of scripts and of other sites; encrypted, it is for this host only."""
    fields = {"name": "chef", "password": PASSWORD}
    said = Person(url, house).press("/anmelden", fields).headers["Set-Cookie"]
    assert re.fullmatch(r"gdtbridge=[\w-]{43}; HttpOnly; Path=/; SameSite=Lax", said)
    proxied = f"http://127.0.0.1:{serve(public_url='https://bridge.example').port}"
    person = Person(proxied, house)
    said = person.press("/anmelden", fields, Origin="https://bridge.example").headers["Set-Cookie"]
    assert re.fullmatch(r"__Host-gdtbridge=[\w-]{43}; Secure; HttpOnly; Path=/; SameSite=Lax", said)


def test_a_planted_cookie_becomes_nobodys_session(url: str, house: House) -> None:
    """Session fixation: whatever the browser had, signing in gives another value."""
    attacker = Person(url, house, "reader")
    planted = attacker.cookies["gdtbridge"]
    victim = Person(url, house)
    victim.keep(planted)
    victim.press("/anmelden", {"name": "chef", "password": PASSWORD})
    assert victim.cookies["gdtbridge"] != planted
    assert attacker.open("/mehr").status_code == 401


@pytest.mark.parametrize("name", ["chef", "nobody-has-this"])
def test_guessing_gets_one_answer_and_then_a_pause(url: str, house: House, name: str) -> None:
    """The same for a name that nobody has."""
    person = Person(url, house)
    texts = []
    for number in range(5):
        answer = person.press("/anmelden", {"name": name, "password": f"guess {number}"})
        assert answer.status_code == 422
        assert "Name oder Kennwort stimmt nicht." in answer.text
        assert f"guess {number}" not in answer.text
        texts.append(re.sub(r'value="[^"]*"', "", answer.text))
    assert "Noch 4 Versuche, dann 1 Minute Pause." in texts[0]
    answer = person.press("/anmelden", {"name": name, "password": PASSWORD})
    assert answer.status_code == 429
    assert "Zu viele Versuche. Bitte 1 Minute warten." in answer.text
    assert answer.headers["Retry-After"] == "61"


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "heute",
        "",
        "/heute\r\nSet-Cookie: x=1",
        "/abmelden",
        "/zugang/x",
        "///evil.example",
        "/" + "x" * 3000,
    ],
)
def test_nobody_is_led_elsewhere_after_signing_in(wanted: str) -> None:
    """An open redirect would make our address one of theirs."""
    assert local_path(wanted) == "/heute"


@pytest.mark.parametrize("wanted", ["/", "/heute", "/untersuchungen?suche=m%C3%BCller&seite=2"])
def test_a_page_of_ours_is_led_to(wanted: str) -> None:
    """With its filters."""
    assert local_path(wanted) == wanted


# ---------------------------------------------------------------------------- being in


def test_a_form_of_somebody_else_changes_nothing(url: str, house: House) -> None:
    """CSRF: a cookie is not enough, neither is a right token from a foreign page."""
    person = Person(url, house, "chef")
    token = person.form_token
    act = {"act": "everywhere"}
    for fields, headers in (
        (act, {}),
        ({**act, "form_token": "wrong"}, {}),
        ({**act, "form_token": Person(url, house, "reader").form_token}, {}),
        ({**act, "form_token": token}, {"Origin": "https://evil.example"}),
        ({**act, "form_token": token}, {"Origin": "null"}),
        ({**act, "form_token": token}, {"Sec-Fetch-Site": "cross-site"}),
        ({**act, "form_token": token}, {"Sec-Fetch-Site": "same-site"}),
    ):
        assert person.press("/konto", fields, **headers).status_code == 403
    assert person.open("/konto").status_code == 200
    assert person.press("/konto", {**act, "form_token": token}).status_code == 303
    assert person.open("/konto").status_code == 401


def test_json_by_a_cookie_needs_the_token_too(url: str, house: House, orders: Any) -> None:
    """The calls of programs are no way round."""
    person = Person(url, house, "practice")
    order = {"patient": {"id": "1", "family_name": "A", "given_name": "B", "birth_date": None}}
    order["patient"]["sex"] = "F"
    token = person.form_token
    for headers, status in (({}, 403), ({"X-Form-Token": token}, 201)):
        answer = person.post(f"{url}/api/v1/worklist", json=order, headers=headers, timeout=60)
        assert answer.status_code == status
    assert len(orders.requests) == 1


def test_an_address_places_nothing_for_who_is_signed_in(
    url: str, house: House, orders: Any
) -> None:
    """It asks, as for everybody who shows no token; readers are refused."""
    browser = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    person = Person(url, house, "practice")
    answer = person.open(ADD, **browser)
    assert "Eintragen?" in answer.text
    assert orders.requests == []
    fields = dict(re.findall(r'name="(\w+)" value="([^"]+)"', answer.text))
    assert person.press("/worklist/add", fields).status_code == 200
    assert len(orders.requests) == 1
    assert Person(url, house, "reader").open(ADD, **browser).status_code == 403


def test_signing_out_takes_the_cookie(url: str, house: House) -> None:
    """By a form of ours only, not by a link."""
    person = Person(url, house, "reader")
    assert person.open("/abmelden").status_code == 405
    answer = person.press("/abmelden", {"form_token": person.form_token})
    assert answer.headers["Location"] == "/anmelden"
    assert "gdtbridge=; Expires=Thu, 01 Jan 1970" in answer.headers["Set-Cookie"]
    assert person.open("/mehr").status_code == 401


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(url: str, house: House) -> None:
    """The person is told why, and where they were."""
    person = Person(url, house, "reader")
    for _ in range(15):
        house.clock.turn(59)
        following = {"X-Live-Revision": "0"}
        assert person.open("/mehr", **following).status_code in {200, 204}
        assert person.open("/konto/da").json()["left"] > 0
    house.clock.turn(20)
    answer = person.open("/mehr", **{"X-Live-Revision": "0"})
    assert answer.status_code == 401
    assert answer.text == ""
    answer = person.open("/mehr")
    assert "Sie waren 15 Minuten weg. Bitte neu anmelden" in answer.text


def test_a_sign_of_life_keeps_somebody_signed_in(url: str, house: House) -> None:
    """A page sends it for who types; it needs a form of ours."""
    person = Person(url, house, "reader")
    token = person.form_token
    for _ in range(3):
        house.clock.turn(600)
        assert person.press("/konto/da", {}, **{"X-Form-Token": token}).json() == {"left": 900}
    assert person.press("/konto/da", {}).status_code == 403


def test_the_password_is_changed_with_the_old_one(url: str, house: House) -> None:
    """Every other browser of the person has to sign in again."""
    person, other = Person(url, house, "reader"), Person(url, house, "reader")
    new = "noch eine lange Reihe"

    def change(old: str, password: str, again: str) -> requests.Response:
        fields = {"old": old, "password": password, "again": again}
        return person.press("/konto", {**fields, "form_token": person.form_token})

    assert "nicht Ihr bisheriges Kennwort" in change("wrong", new, new).text
    assert "verschieden" in change(PASSWORD, new, "other").text
    assert "mindestens 10 Zeichen" in change(PASSWORD, "kurz", "kurz").text
    assert change(PASSWORD, new, new).status_code == 303
    assert person.open("/konto").status_code == 200
    assert other.open("/konto").status_code == 401


def test_a_link_leads_in_once(url: str, house: House) -> None:
    """What is wrong is told beside the field; then the link is used up."""
    person = Person(url, house)
    secret = house.access.accounts.link("reader", BOSS)
    path = f"/zugang/{secret}"
    assert "Lea Lesen" in person.open(path).text
    short = person.press(path, {"password": "kurz", "again": "kurz"})
    assert short.status_code == 422
    assert "mindestens 10 Zeichen" in short.text
    good = {"password": "noch eine lange Reihe", "again": "noch eine lange Reihe"}
    assert person.press(path, good, Origin="https://evil.example").status_code == 403
    answer = person.press(path, good)
    assert answer.headers["Location"].startswith("/heute")
    assert person.open("/konto").status_code == 200
    assert Person(url, house).open(path).status_code == 410
    assert Person(url, house).press(path, good).status_code == 410


# ---------------------------------------------------------------------------- the audit trail


def test_calls_are_in_the_trail(url: str, house: House) -> None:
    """Who, what, to whom, from where; what was refused or only asked again is not."""
    person = Person(url, house, "practice")
    token = {"X-Form-Token": person.form_token}
    order = {
        "patient": {"id": "4711", "family_name": "A", "given_name": "B"}
        | {"birth_date": None, "sex": "F"}
    }
    accession = person.post(f"{url}/api/v1/worklist", json=order, headers=token, timeout=60).json()[
        "accession_number"
    ]
    person.get(f"{url}/api/v1/worklist/{accession}", timeout=60)
    person.get(f"{url}/api/v1/worklist/{accession}", timeout=60)
    person.get(f"{url}/api/v1/worklist/none", timeout=60)
    person.delete(f"{url}/api/v1/worklist/{accession}", headers=token, timeout=60)
    requests.get(url + ADD, timeout=60)
    house.trail.keep()
    found = [
        (one.actor.kind.value, one.actor.name, one.done.act, one.done.patient_id, one.done.subject)
        for one in house.trail.entries(AuditQuery(since=house.clock.utc()))
        if one.done.subject.startswith("order:")
    ]
    about = "4711", f"order:{accession}"
    assert sorted(found) == sorted(
        [
            ("account", "Anna Krüger", "added", *about),
            ("account", "Anna Krüger", "saw", *about),
            ("account", "Anna Krüger", "removed", *about),
            ("software", "", "added", "12345", "order:R0000000002"),
        ]
    )
    assert {one.actor.address for one in house.trail.entries(AuditQuery(acts=("saw",)))} == {
        "127.0.0.1"
    }


def test_an_open_page_asks_no_database(url: str, house: House) -> None:
    """However often it asks whether it is still right."""
    person = Person(url, house, "practice")
    whole = person.open("/mehr", **{"X-Live-Revision": "none"})
    match = re.search(r'data-revision="([^"]+)"', whole.text)
    assert match is not None
    seen: list[str] = []
    event.listen(
        house.database.engine, "before_cursor_execute", lambda _c, _x, text, *_: seen.append(text)
    )
    for _ in range(20):
        assert person.open("/mehr", **{"X-Live-Revision": match[1]}).status_code == 204
    assert seen == []
