"""A real browser (Debian's Chromium) before the pages, and axe-core, which judges them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect, sync_playwright

AXE: Final = Path(__file__).parents[2] / ".peers" / "node_modules" / "axe-core" / "axe.min.js"
PROGRAMS: Final = ("chromium-headless-shell", "chromium", "chromium-browser")
"""The first one there is; the one without a window opens a page in a tenth of the time."""
RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
PATIENCE: Final = 60_000
"""Milliseconds in which a busy machine has done whatever is waited for."""
WIDTHS: Final = {"phone": (390, 844), "tablet": (800, 1100), "desktop": (1200, 800)}
ENLARGED: Final = {"enlarged": (600, 400)}
"""A window of 1200 by 800 at 200 % (WCAG 1.4.4)."""
_RUN: Final = """async (tags) => {
  const found = await axe.run(document, {
    runOnly: tags, resultTypes: ["violations"], selectors: false, preload: {assets: ["media"]},
  });
  return found.violations.map((one) => ({
    rule: one.id, nodes: one.nodes.map((node) => [node.html.slice(0, 200), node.failureSummary]),
  }));
}"""


def start_browser() -> Iterator[Browser]:
    """Yield the browser; skip where there is none."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=program, args=options)
        expect.set_options(timeout=PATIENCE)
        yield browser
        browser.close()


@contextmanager
def screen(
    browser: Browser,
    width: str = "desktop",
    scheme: Literal["light", "dark"] = "light",
    **context: Any,
) -> Iterator[Page]:
    """Yield an empty page of a width; what a script raises or the policy refuses fails the test."""
    size = dict(zip(("width", "height"), (WIDTHS | ENLARGED)[width], strict=True))
    with browser.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        color_scheme=scheme,
        locale="de-DE",
        **context,
    ) as opened:
        opened.set_default_timeout(PATIENCE)
        page = opened.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if _is_refused(said.text) else None)
        yield page
        assert wrong == [], wrong


@contextmanager
def next_page(page: Page) -> Iterator[None]:
    """Return when the page that the block leads to is there with its scripts, which hear keys.

    What a page shows is there before its scripts. Those of the page that is left are waited for as
    well: they hear what is done in the block.
    """
    page.wait_for_load_state()
    with page.expect_navigation():
        yield


@contextmanager
def late_scripts(page: Page) -> Iterator[None]:
    """Hold back the scripts of the page that the block opens until its end: a slow machine."""
    held: list[Route] = []
    page.route("**/htmx.min.js*", lambda route: held.append(route))  # noqa: PLW0108
    with page.expect_request("**/htmx.min.js*"):
        yield
    for one in held:
        one.continue_()
    page.unroute("**/htmx.min.js*")


def each_width(page: Page) -> Iterator[str]:
    """Give an open page each width in turn, the tablet's in dark, and yield its name.

    Style sheets alone say what a page looks like in a window: it is not loaded anew for each.
    """
    for name, (width, height) in WIDTHS.items():
        page.emulate_media(color_scheme="dark" if name == "tablet" else "light")
        page.set_viewport_size({"width": width, "height": height})
        yield name


def _is_refused(said: str) -> bool:
    return "Content Security Policy" in said or "Content-Security-Policy" in said


def violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong on a page; empty for an accessible one.

    It is looked at from its top: further down the header lies over some of what is measured.
    """
    if not AXE.is_file():
        pytest.skip("axe-core is not installed")
    page.evaluate("window.scrollTo(0, 0)")
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    return [json.dumps(one, ensure_ascii=False) for one in page.evaluate(_RUN, list(RULES))]


def scrolls_sideways(page: Page) -> bool:
    """Return whether a page is wider than its window (WCAG 1.4.10)."""
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def lines_of(words: Locator) -> int:
    """Return in how many lines words are shown."""
    return int(
        words.evaluate("""(one) => {
          const range = document.createRange();
          range.selectNodeContents(one);
          return new Set([...range.getClientRects()].map((box) => box.top)).size;
        }""")
    )


def covered_on_the_way(page: Page, most: int = 200) -> list[str]:
    """Walk a page by Tab; return what had the focus and could not be seen (WCAG 2.4.7, 2.4.11)."""
    hidden: list[str] = []
    page.evaluate(_FROM_THE_TOP)
    for _ in range(most):
        page.keyboard.press("Tab")
        told = page.evaluate(_FOCUSED)
        if told is None:
            return hidden
        if not told["seen"]:
            hidden.append(told["html"])
    return hidden


_FROM_THE_TOP: Final = """() => {
  for (const one of document.querySelectorAll("[data-walked]")) delete one.dataset.walked;
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute("tabindex");
  document.activeElement?.blur();
  window.scrollTo(0, 0);
}"""
"""The next Tab leads to the first of all, whatever had the focus before."""
_FOCUSED: Final = """() => {
  const one = document.activeElement;
  if (!one || one === document.body || one.dataset.walked) return null;
  one.dataset.walked = "yes";
  const box = one.getBoundingClientRect();
  const x = box.left + Math.min(box.width / 2, 20), y = box.top + box.height / 2;
  const top = document.elementFromPoint(x, y);
  const seen = Boolean(top && (one.contains(top) || top.contains(one)));
  return {seen, html: one.outerHTML.slice(0, 160)};
}"""
