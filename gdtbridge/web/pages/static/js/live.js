// The page follows what happens, without jumping: what changed is asked for again and again.
//
// A page that follows has <main data-revision="…">. The answer to its address, asked with
// X-Live-Revision, is 204 while nothing changed, else the page's parts. What has the focus, is open
// or is being typed into stays as it is; a new row waits behind a bar while somebody is in the list.

import { now, word } from "./words.js";

const EVERY = 2000;
const HIDDEN = 30_000;
const LONGEST = 60_000;
const LOST = 10_000;
const SILENCE = 5000; // milliseconds between two things a screen reader is told

let failures = 0;
let heard = performance.now();
let heardAt = clock();
let told = -SILENCE;
let held = 0;
let parts = null;

export function startLive() {
  const main = document.querySelector("main[data-revision]");
  if (!main) return;
  document.addEventListener("visibilitychange", () => document.hidden || ask());
  document.getElementById("show-held")?.addEventListener("click", () => show(true));
  schedule();
}

let timer = 0;

function schedule() {
  clearTimeout(timer);
  const wait = failures ? Math.min(EVERY * 2 ** failures, LONGEST) : document.hidden ? HIDDEN : EVERY;
  timer = setTimeout(ask, wait);
}

async function ask() {
  clearTimeout(timer);
  const main = document.querySelector("main[data-revision]");
  try {
    const answer = await fetch(location.href, {
      headers: { "X-Live-Revision": main.dataset.revision },
      signal: AbortSignal.timeout(8000),
    });
    if (answer.status === 200) {
      parts = new DOMParser().parseFromString(await answer.text(), "text/html");
      show(false);
    } else if (answer.status === 401) {
      document.dispatchEvent(new Event("session:over"));
      return;
    } else if (answer.status !== 204) {
      throw new Error(String(answer.status));
    }
    failures = 0;
    heard = performance.now();
    heardAt = clock();
  } catch {
    failures += 1;
  }
  loseTouch();
  schedule();
}

function loseTouch() {
  const lost = performance.now() - heard > LOST;
  const bar = document.getElementById("lost");
  document.body.classList.toggle("out-of-touch", lost);
  bar.hidden = !lost;
  if (lost) bar.textContent = word("lost").replace("{time}", heardAt);
}

function clock() {
  return new Date(now() * 1000).toLocaleTimeString("de-DE", { hour: "2-digit", minute: "2-digit" });
}

/** Bring the page to what was answered; `all` shows new rows in spite of a person in the list. */
function show(all) {
  held = 0;
  for (const part of parts.querySelectorAll("[data-live]")) {
    const here = document.getElementById(part.id);
    if (here) morph(here, part, all);
  }
  const from = parts.querySelector("main");
  const main = document.querySelector("main");
  if (held === 0) main.dataset.revision = from.dataset.revision;
  if (from.dataset.title) document.title = from.dataset.title;
  const bar = document.getElementById("show-held");
  if (bar) {
    bar.hidden = held === 0;
    bar.textContent = word("held", held);
  }
  document.dispatchEvent(new Event("live:shown"));
}

function morph(here, part, all) {
  const busy = !all && isBusy(here);
  Idiomorph.morph(here, part, {
    morphStyle: "outerHTML",
    callbacks: {
      beforeNodeMorphed: (old, fresh) => {
        if (!(old instanceof Element)) return true;
        if (old !== here && isInUse(old)) return false;
        announce(old, fresh);
        return true;
      },
      beforeNodeAdded: (fresh) => {
        if (!busy || !(fresh instanceof Element) || !fresh.hasAttribute("data-row")) return true;
        held += 1;
        return false;
      },
      beforeNodeRemoved: (old) => !(old instanceof Element && holdsSomebody(old)),
    },
  });
}

/** Whether a person is in a list: scrolled into it, with the focus or the pointer. */
function isBusy(list) {
  return window.scrollY > 200 || list.contains(document.activeElement) || list.matches(":hover");
}

/** Whether a person is at work in something: it stays as it is, while what is around it changes. */
function isInUse(element) {
  if (element.matches("details[open], dialog[open]")) return true;
  if (element.matches("input, select, textarea")) return element === document.activeElement;
  return element.matches("form") && element.contains(document.activeElement);
}

/** Whether something has the focus or an open menu in it: it is not taken away. */
function holdsSomebody(element) {
  return element.contains(document.activeElement) || Boolean(element.querySelector("details[open], dialog[open]"));
}

function announce(old, fresh) {
  const sentence = fresh.dataset?.announce;
  if (!sentence || old.dataset.announce === sentence || performance.now() - told < SILENCE) return;
  told = performance.now();
  document.getElementById("announced").textContent = sentence;
}
