"""The pictures of an exam, looked at in a real browser: frames, speed, keys, an earlier exam."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from gdtbridge.service import web_ports
from gdtbridge.settings import load_settings
from gdtbridge.web import create_server
from tests.tools.browser import covered_on_the_way, screen, scrolls_sideways, violations
from tests.tools.numbered import READ, as_jpeg, deep_still, jpeg_loop, native_loop, receive
from tests.tools.reading_room import ReadingRoom

SETTINGS = """
[viewer]
kind = "ohif"
base = "http://pacs:8042"
[[device]]
aet = "US01"
name = "Raum 1"
"""
DIFFERENT = 110
"""Frames of the loop that is read back frame by frame."""
LONG = 300
BROKEN = 3
"""The frame of the short loop that is no picture."""
DAYS = 200
"""Between the earlier exam and this one."""
GLOVES = 44
"""Pixels a button is high where fingers press it."""
PLAYED = """async (seconds) => {
  const viewer = document.querySelector(".viewer").viewer;
  const begun = performance.now();
  let moved = Infinity;
  const seen = [];
  document.querySelector("[data-act=play]").click();
  await new Promise((done) => {
    const look = () => {
      const now = performance.now() - begun;
      const { frame, playing } = viewer.picture;
      if (!seen.length || seen.at(-1)[1] !== frame) seen.push([now, frame]);
      if (seen.length === 2) moved = Math.min(moved, now);
      if (now > moved + seconds * 1000 || !playing) done();
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  return seen;
}"""
"""Plays, for so many seconds after the first step; returns when each frame was first seen, in
milliseconds after the click."""


@dataclass(frozen=True)
class LightTable:
    """A practice with pictures, and where its exams are."""

    room: ReadingRoom
    english: str
    """Address of the same practice in English."""
    exam: str = "/untersuchung/2"
    """Of 4711: a short loop with a broken frame, 110 frames, 300 frames, 16 bits, no picture."""
    earlier: str = "/untersuchung/1"
    several: str = "/untersuchung/3"
    """Of two people; of whom is not decided."""

    def open(self, page: Page, number: int, path: str = "") -> Locator:
        """Open an exam with one of its pictures, counted from 1; return the viewer."""
        page.goto(self.room.url + (path or self.exam))
        viewer = page.locator(".viewer").first
        viewer.locator("a[data-about]").nth(number - 1).click()
        expect(viewer.locator(".told-of")).to_contain_text(re.compile(rf" {number} (von|of) "))
        return viewer


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LightTable]:
    """Return a practice with an earlier exam of a patient, one of today, and one of two people."""
    folder = tmp_path_factory.mktemp("table")
    with ExitStack() as stack:
        room = stack.enter_context(ReadingRoom(folder, SETTINGS))
        fill(room, folder)
        file = folder / "english.toml"
        file.write_text(f'[http]\nport = 0\n[page]\nlanguage = "en"\n{SETTINGS}', "utf-8")
        server = create_server(load_settings(file, {}), web_ports(room.practice.core), dict)
        server.start()
        stack.callback(server.stop, grace=2)
        yield LightTable(room, f"http://127.0.0.1:{server.port}")


def fill(room: ReadingRoom, folder: Path) -> None:
    """Send the exams of the table."""
    practice = room.practice
    now = datetime.now()  # noqa: DTZ005 - pages show today
    frames = [as_jpeg(one) for one in range(6)]
    frames[BROKEN - 1] = b"\xff\xd8\xff\xd9"
    loops = {
        1: [native_loop(range(2))],
        2: [
            jpeg_loop(frames),
            native_loop(range(DIFFERENT)),
            jpeg_loop(as_jpeg(one) for one in range(LONG)),
            deep_still(),
        ],
    }
    loops[2][0].FrameTime, loops[2][0].PreferredPlaybackSequencing = "100", 1
    loops[2][2].FrameTime, loops[2][2].RecommendedDisplayFrameRate = "33.333", 15
    for exam, objects in loops.items():
        practice.clock.seconds = (now - timedelta(days=DAYS * (2 - exam))).timestamp()
        entry = practice.core.orders.place(practice.order()).entry
        said = {
            "StudyInstanceUID": entry.StudyInstanceUID,
            "AccessionNumber": entry.AccessionNumber,
            "StudyDate": f"{practice.core.day.today:%Y%m%d}",
        }
        for made in objects:
            receive(practice, made, folder, **said)
        if exam == len(loops):
            practice.send(**said)
        practice.wait()
    of_two = {"StudyInstanceUID": "2.25.900", "StudyDate": f"{practice.core.day.today:%Y%m%d}"}
    receive(practice, native_loop(range(4)), folder, **of_two)
    other = {"PatientName": "Schulz^Ida", "PatientID": "77", "PatientBirthDate": "19710101"}
    receive(practice, native_loop(range(3)), folder, **of_two, **other)
    practice.wait()


def addresses(page: Page) -> list[str]:
    """Return where the pictures of an exam's page are."""
    hrefs = page.locator("a[data-about]").evaluate_all("(all) => all.map((one) => one.href)")
    return [str(one).removesuffix("/bild") for one in hrefs]


def frame_shown(viewer: Locator) -> int:
    """Return the number burned into what the canvas shows."""
    return int(viewer.locator("canvas").evaluate(READ))


def test_each_frame_is_another_one(browser: Browser, table: LightTable) -> None:
    """All 110 of them, one by one, across the chunks; none is shown twice, none is left out."""
    step = f"""async () => {{
      const read = {READ};
      const {{ picture, stage }} = document.querySelector(".viewer").viewer;
      const seen = [];
      for (let frame = 0; frame < picture.about.frames; frame += 1) {{
        while (picture.drawn !== frame) await new Promise(requestAnimationFrame);
        seen.push(read(stage.canvas));
        document.querySelector("[data-act=forward]").click();
      }}
      return seen;
    }}"""
    with screen(browser) as page:
        viewer = table.open(page, 2)
        expect(viewer.locator(".position")).to_have_text("1/110 · 25 B/s (angenommen)")
        assert page.evaluate(step) == list(range(DIFFERENT))


def test_a_loop_plays_at_the_speed_of_the_device(browser: Browser, table: LightTable) -> None:
    """Neither half as fast nor twice; `scripts/bench` measures what a quiet machine leaves out."""
    with screen(browser) as page:
        viewer = table.open(page, 3)
        expect(viewer.locator(".position")).to_have_text("1/300 · 30 B/s (Gerät)")
        seen = page.evaluate(PLAYED, 2.0)
        first, last = next(one for one in seen if one[1] > 0), seen[-1]
        rate = (last[1] - first[1]) / (last[0] - first[0]) * 1000
        assert 16 < rate < 40
        page.keyboard.press("Space")
        expect(viewer.locator("[data-act=play]")).to_have_attribute("aria-pressed", "false")
        expect(viewer.locator("[data-length]").nth(2)).to_have_text("10,0 s")
        page.get_by_role("button", name="Mehr zum Bild").click()
        viewer.get_by_label("Tempo").select_option(label="15 B/s (empfohlen)")
        expect(viewer.locator(".position")).to_contain_text("15 B/s (empfohlen)")


def test_who_wants_little_motion_sees_a_loop_once(browser: Browser, table: LightTable) -> None:
    """Nothing moves unasked, and what was asked for ends; a broken frame stops nothing."""
    with screen(browser, reduced_motion="reduce") as page:
        viewer = table.open(page, 1)
        seen = [frame for _, frame in page.evaluate(PLAYED, 5.0)]
        expect(viewer.locator("[data-act=play]")).to_have_attribute("aria-pressed", "false")
        assert max(seen) >= BROKEN  # a busy browser leaves frames out
        assert seen[-1] == 1  # there and back
        viewer.get_by_label("Einzelbild", exact=True).fill(str(BROKEN))
        expect(viewer.get_by_role("status")).to_have_text("Einzelbild 3 lässt sich nicht zeigen.")
        page.keyboard.press(".")
        expect(viewer.get_by_role("status")).to_be_empty()
        assert frame_shown(viewer) == BROKEN


def test_the_keys_do_everything(browser: Browser, table: LightTable) -> None:
    """Pictures, frames, both ends, light, size, an earlier exam; nothing of it by the mouse."""
    with screen(browser) as page:
        page.goto(table.room.url + table.exam)
        viewer = page.locator(".viewer").first
        told = viewer.locator(".told-of")
        expect(told).to_contain_text("Clip 1 von 5 · 6 Einzelbilder")
        page.keyboard.press("ArrowRight")
        expect(told).to_contain_text("Clip 2 von 5")
        expect(viewer.locator("canvas")).to_be_visible()
        for _ in range(3):
            page.keyboard.press(".")
        page.keyboard.press(",")
        expect(viewer.locator(".position")).to_contain_text("3/110")
        viewer.locator(".stage").focus()
        page.keyboard.press("End")
        expect(viewer.locator(".position")).to_contain_text("110/110")
        page.keyboard.press("Home")
        expect(viewer.locator(".position")).to_contain_text("1/110")
        page.keyboard.press("+")
        page.keyboard.press("Shift+ArrowRight")
        canvas = viewer.locator("canvas")
        assert "translate(-" in str(canvas.evaluate("(one) => one.style.transform"))
        page.keyboard.press("b")
        expect(viewer.get_by_label("Helligkeit", exact=True).last).to_be_focused()
        page.keyboard.press("ArrowRight")
        assert "brightness(101%)" in str(canvas.evaluate("(one) => one.style.filter"))
        page.keyboard.press("0")
        assert canvas.evaluate("(one) => one.style.filter + one.style.transform") == ""
        page.keyboard.press("ArrowLeft")  # moves the slider, which has the focus
        expect(told).to_contain_text("Clip 2 von 5")


def test_an_earlier_exam_is_put_beside(browser: Browser, table: LightTable) -> None:
    """Of the same patient, with both names and days, marked as the earlier one; and away again."""
    with screen(browser, width="tablet") as page:
        viewer = table.open(page, 1)
        page.keyboard.press("s")
        earlier = page.locator(".earlier")
        expect(earlier.get_by_role("heading")).to_contain_text("früher Müller, Änne · ")
        expect(earlier.locator(".position")).to_contain_text("1/2")
        expect(viewer.get_by_role("heading")).to_contain_text("Müller, Änne · ")
        assert violations(page) == []
        assert not scrolls_sideways(page)
        earlier.locator(".stage").click()
        page.keyboard.press(".")
        expect(earlier.locator(".position")).to_contain_text("2/2")
        expect(viewer.locator(".position")).to_contain_text("1/6")
        page.keyboard.press("s")
        expect(earlier).to_have_count(1)  # the earlier one has no button of its own for it
        viewer.get_by_role("button", name=re.compile("^Neben ")).click()
        expect(earlier).to_have_count(0)


def test_who_is_not_decided_has_nothing_beside(browser: Browser, table: LightTable) -> None:
    """Each person of an exam has pictures of their own, and nobody's earlier ones."""
    with screen(browser) as page:
        page.goto(table.room.url + table.several)
        viewers = page.locator(".viewer")
        expect(viewers).to_have_count(2)
        expect(viewers.nth(0).get_by_role("heading")).to_contain_text("Müller, Änne")
        expect(viewers.nth(1).get_by_role("heading")).to_contain_text("Schulz, Ida")
        expect(viewers.nth(0).locator(".position")).to_contain_text("1/4")
        expect(viewers.nth(1).locator(".position")).to_contain_text("1/3")
        expect(page.locator("[data-act=beside]")).to_have_count(0)
        viewers.nth(1).locator(".stage").click()
        page.keyboard.press(".")
        expect(viewers.nth(1).locator(".position")).to_contain_text("2/3")
        expect(viewers.nth(0).locator(".position")).to_contain_text("1/4")


def test_pictures_are_evidence(browser: Browser, table: LightTable) -> None:
    """Where it is asked whose they are: under the numbers of that page; a slider sends nothing."""
    with screen(browser, "phone") as page:
        page.goto(f"{table.room.url}/klaeren/exam-3")
        viewers = page.locator(".viewer")
        expect(viewers).to_have_count(2)
        expect(viewers.nth(1).locator(".told-of")).to_contain_text("Clip 2 von 2")
        expect(viewers.nth(1).locator(".position")).to_contain_text("1/3")
        slider = viewers.nth(1).get_by_label("Einzelbild", exact=True)
        slider.press("ArrowRight")
        expect(viewers.nth(1).locator(".position")).to_contain_text("2/3")
        slider.press("Enter")
        expect(page).to_have_url(re.compile("/klaeren/exam-3$"))
        assert not scrolls_sideways(page)


def test_sixteen_bits_have_a_window_and_no_picture_a_reason(
    browser: Browser, table: LightTable
) -> None:
    """In English; what cannot be shown says why, and stops nothing."""
    with screen(browser) as page:
        page.goto(table.english + table.exam)
        viewer = page.locator(".viewer").first
        viewer.locator("a[data-about]").nth(3).click()
        expect(viewer.locator(".told-of")).to_contain_text("Image 4 of 5")
        page.keyboard.press("b")
        middle = "(one) => one.getContext('2d').getImageData(72, 24, 1, 1).data[0]"
        expect(viewer.locator("canvas")).to_be_visible()
        before = viewer.locator("canvas").evaluate(middle)
        viewer.get_by_label("Window centre").fill("500")
        page.wait_for_function(
            f"(before) => ({middle})(document.querySelector('.viewer canvas')) > before + 60",
            arg=before,
        )
        page.keyboard.press("ArrowRight")
        viewer.locator("a[data-about]").nth(4).click()
        expect(viewer.get_by_role("status")).to_have_text(
            "There is no picture in this file. The file is stored."
        )
        expect(viewer.locator("[data-act=play]")).to_be_hidden()
        assert violations(page) == []
        expect(page.get_by_role("link", name="Open in the viewer").first).to_be_visible()
        expect(page.locator("main")).to_contain_text("For viewing only, not for diagnosis.")


@pytest.mark.parametrize(("width", "colours"), [("phone", "none"), ("desktop", "active")])
def test_it_is_for_every_hand_and_eye(
    browser: Browser, table: LightTable, width: str, colours: str
) -> None:
    """By the thumb, by Tab, in the colours a person chose, and on paper."""
    with screen(browser, width, has_touch=True, forced_colors=colours) as page:
        viewer = table.open(page, 2)
        page.get_by_role("button", name="Mehr zum Bild").click()
        viewer.get_by_role("button", name="Helligkeit").click()
        assert violations(page) == []
        assert not scrolls_sideways(page)
        heights = "(all) => all.map((one) => one.getBoundingClientRect().height).filter(Boolean)"
        assert min(viewer.locator(".tools button").evaluate_all(heights)) >= GLOVES
        assert covered_on_the_way(page) == []
        swipe = """(stage) => {
          const send = (type, x) => stage.dispatchEvent(new PointerEvent(type,
            {pointerId: 7, clientX: x, clientY: 300, bubbles: true}));
          send("pointerdown", 300); send("pointermove", 150); send("pointerup", 150);
        }"""
        viewer.locator(".stage").evaluate(swipe)
        expect(viewer.locator(".told-of")).to_contain_text("Clip 3 von 5")
        page.emulate_media(media="print")
        expect(viewer.locator("canvas")).to_be_visible()
        expect(viewer.locator(".tools")).to_be_hidden()


def test_pictures_are_of_the_exam_in_the_address(browser: Browser, table: LightTable) -> None:
    """Of no other exam, of no other content; this browser alone may keep them, as it is now."""
    with screen(browser) as page:
        page.goto(table.room.url + table.exam)
        first, *_, last = addresses(page)
        ask = page.request.get
        found = ask(f"{first}/folge?ab=1&zahl=99")
        frames, content = [], found.body()
        while content:
            size = int.from_bytes(content[:4], "big")
            frames.append(content[4 : 4 + size])
            content = content[4 + size :]
        assert [one[:2] for one in frames] == [b"\xff\xd8"] * 2 + [b""] + [b"\xff\xd8"] * 3
        assert found.headers["cache-control"].startswith("private, ")
        assert found.headers["vary"] == "Cookie"
        etag = {"If-None-Match": found.headers["etag"]}
        assert ask(f"{first}/folge?ab=1&zahl=99", headers=etag).status == 304
        assert ask(f"{first}/folge?ab=2&zahl=99", headers=etag).status == 200
        assert ask(f"{first}/bild?nr=2").body()[:2] == b"\xff\xd8"
        assert ask(f"{last}/vorschau").status == 404  # there is no picture in it
        assert ask(f"{last}/angaben").json()["frames"] == 0
        for wrong in (
            f"{first.replace('/untersuchung/2/', '/untersuchung/1/')}/angaben",
            f"{first.replace('/untersuchung/2/', '/untersuchung/99/')}/angaben",
            f"{first[:-1]}x/angaben",
            f"{first}/folge?ab=7",
            f"{first}/datei",
            f"{table.room.url}/untersuchung/2/neben/3?person=1&teil=1",
            f"{table.room.url}/untersuchung/1/neben/2?person=1&teil=1",
        ):
            assert ask(wrong).status == 404, wrong


def test_uneven_frames_stand_for_their_own_time(browser: Browser, table: LightTable) -> None:
    """By the vector of the device, there and back, in a range."""
    shown = """async () => {
      const script = document.querySelector("script[src$='js/viewer.js']").src;
      const { PlayClock } = await import(script.replace("viewer.js", "viewer/clock.js"));
      const at = (clock, times) => times.map((one) => clock.frameAt(one));
      const uneven = new PlayClock([0, 5, 105, 110, 200], 0, 3, false);
      const back = new PlayClock([0, 10, 20, 30, 40], 0, 3, true);
      const part = new PlayClock([0, 10, 20, 30, 40], 1, 2, true);
      return [at(uneven, [0, 4, 5, 104, 105, 199, 200, 206]), at(back, [5, 15, 25, 35, 45, 55, 65]),
        at(part, [5, 15, 25]), back.following(35, 4), uneven.elapsedAt(2)];
    }"""
    with screen(browser) as page:
        page.goto(table.room.url + table.exam)
        assert page.evaluate(shown) == [
            [0, 0, 1, 1, 2, 3, 0, 1],
            [0, 1, 2, 3, 2, 1, 0],
            [1, 2, 1],
            [3, 2, 1, 0],
            105,
        ]
