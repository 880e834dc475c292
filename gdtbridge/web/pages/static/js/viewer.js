// The pictures of an exam: which one is shown, the keys and buttons, an earlier exam beside it.

import { Picture } from "./viewer/picture.js";
import { Stage } from "./viewer/stage.js";
import { word } from "./words.js";

const SLOW = 150; // milliseconds until it is told that something is loading

/** What each button does; `keys.tsv` presses the buttons. */
const ACTS = {
  previous: (viewer) => viewer.step(-1),
  next: (viewer) => viewer.step(1),
  play: (viewer) => viewer.picture?.toggle(),
  back: (viewer) => viewer.picture?.by(-1),
  forward: (viewer) => viewer.picture?.by(1),
  first: (viewer) => viewer.picture?.seek(viewer.picture.range.first),
  last: (viewer) => viewer.picture?.seek(viewer.picture.range.last),
  begin: (viewer) => viewer.picture?.setRange({ first: viewer.picture.frame }),
  end: (viewer) => viewer.picture?.setRange({ last: viewer.picture.frame }),
  whole: (viewer) => viewer.picture?.setRange({ first: 0, last: Infinity }),
  fro: (viewer, button) => viewer.turn(button),
  larger: (viewer) => viewer.stage.zoom(1),
  smaller: (viewer) => viewer.stage.zoom(-1),
  left: (viewer) => viewer.stage.pan(-1, 0),
  right: (viewer) => viewer.stage.pan(1, 0),
  up: (viewer) => viewer.stage.pan(0, -1),
  down: (viewer) => viewer.stage.pan(0, 1),
  reset: (viewer) => viewer.reset(),
  light: (viewer, button) => viewer.unfold(button),
  more: (viewer, button) => viewer.unfold(button),
  full: (viewer) => viewer.fill(),
  beside: (viewer, button) => viewer.compare(button.dataset.address),
  apart: (viewer) => viewer.part(),
};

class Viewer {
  constructor(section) {
    this.section = section;
    this.abouts = new Map();
    this.kept = new Map(); // pictures that are open or next to it, by their address
    this.stage = new Stage(this.find(".stage"), (step) => this.step(step));
    this.find(".screen").hidden = false;
    this.find(".tools").hidden = false;
    section.addEventListener("click", (event) => this.click(event));
    section.addEventListener("input", (event) => this.input(event));
    section.addEventListener("change", (event) => this.change(event));
    for (const sign of ["input", "change"]) section.addEventListener(sign, (event) => event.stopPropagation());
    section.addEventListener("keydown", sendNothing);
    this.find(".stage").addEventListener("placed", () => this.showZoom());
    this.refresh();
  }

  find(selector) {
    return this.section.querySelector(selector);
  }

  get links() {
    return [...this.section.querySelectorAll("a[data-about]")];
  }

  get link() {
    return this.links.find((one) => one.dataset.about === this.shown);
  }

  /** Come to terms with what the page shows now: new pictures, or other ones. */
  refresh() {
    const links = this.links;
    if (!this.link && links.length) {
      const meant = location.hash && links.find((one) => `#${one.id}` === location.hash);
      this.open(meant || links[0]);
    }
    this.mark();
    this.tellLengths();
    for (const one of this.section.querySelectorAll("img")) hideBroken(one);
  }

  mark() {
    for (const one of this.links) {
      if (one === this.link) one.setAttribute("aria-current", "true");
      else one.removeAttribute("aria-current");
    }
    const at = this.links.indexOf(this.link);
    this.find("[data-act=previous]").disabled = at <= 0;
    this.find("[data-act=next]").disabled = at < 0 || at === this.links.length - 1;
  }

  about(link) {
    const address = link.dataset.about;
    if (!this.abouts.has(address)) {
      const asked = ask(address);
      this.abouts.set(address, asked);
      asked.then((about) => about.unreachable && this.abouts.delete(address)); // the next time again
    }
    return this.abouts.get(address);
  }

  /** Write on each clip how long it takes, one after the other. */
  async tellLengths() {
    for (const link of this.links) {
      const place = link.querySelector("[data-length]");
      if (!place) continue;
      const about = await this.about(link);
      if (about.length) place.textContent = about.length;
    }
  }

  async open(link) {
    this.picture?.pause();
    this.picture?.hide();
    this.picture = null;
    this.shown = link.dataset.about;
    this.mark();
    this.reset();
    this.loading();
    const about = await this.about(link);
    if (this.shown !== link.dataset.about) return;
    this.picture = this.pictureOf(link, about);
    this.dress(link, about);
    this.tell(about.why);
    if (about.why) this.stage.clear();
    this.picture?.show();
    this.neighbours();
  }

  pictureOf(link, about) {
    if (about.why || about.video) return null;
    const address = link.dataset.about;
    if (!this.kept.has(address)) this.kept.set(address, new Picture(about, this));
    return this.kept.get(address);
  }

  /** Get ready what comes before and after, and let go of everything else. */
  async neighbours() {
    const at = this.links.indexOf(this.link);
    const near = this.links.slice(Math.max(0, at - 1), at + 2);
    const addresses = new Set(near.map((one) => one.dataset.about));
    for (const [address, one] of this.kept) {
      if (!addresses.has(address)) {
        one.close();
        this.kept.delete(address);
      }
    }
    const shown = this.shown;
    for (const link of near) {
      const about = await this.about(link);
      if (this.shown !== shown) return;
      this.pictureOf(link, about)?.prepare();
    }
  }

  /** Show what belongs to this picture: controls of a clip, window, video, what is told of it. */
  dress(link, about) {
    const isClip = !about.why && about.frames > 1;
    for (const one of this.section.querySelectorAll("[data-of=clip]")) one.hidden = !isClip;
    for (const one of this.section.querySelectorAll("[data-of=window]")) one.hidden = !about.window;
    this.find(".stage").hidden = Boolean(about.video);
    this.find(".stage").setAttribute("aria-label", [link.dataset.label, about.length].filter(Boolean).join(", "));
    this.find(".told-of").textContent = link.dataset.label;
    this.find(".reencoded").hidden = true;
    const video = this.find("video");
    video.hidden = !about.video;
    if (about.video) video.src = about.video;
    else video.removeAttribute("src");
    const slider = this.find("[data-slide]");
    slider.max = Math.max(about.frames, 1);
    const speeds = this.find("[data-speed]");
    speeds.replaceChildren(...about.speeds.map((one, at) => new Option(one.label, String(at))));
    speeds.closest("[data-of]").hidden = !isClip || about.speeds.length < 2;
    this.find("[data-act=fro]").setAttribute("aria-pressed", String(about.there_and_back));
    if (about.window) this.dressWindow(about.window);
  }

  dressWindow({ centre, width, low, high }) {
    const set = (name, given) => Object.assign(this.find(`[data-window=${name}]`), given);
    set("centre", { min: low, max: high, value: centre });
    set("width", { min: 1, max: Math.max(high - low, 1), value: width });
  }

  /** Say where a clip is; `aloud` also to a screen reader, which must not be told 30 times a second. */
  tellFrame(picture, aloud) {
    if (picture !== this.picture) return;
    const { frame, about, speed } = picture;
    const slider = this.find("[data-slide]");
    slider.value = frame + 1;
    this.find(".position").textContent = `${frame + 1}/${about.frames}${speed ? ` · ${speed.label}` : ""}`;
    if (aloud) slider.setAttribute("aria-valuetext", `${frame + 1}/${about.frames}`);
  }

  tellPlaying(picture) {
    if (picture !== this.picture) return;
    const button = this.find("[data-act=play]");
    button.classList.toggle("playing", picture.playing);
    button.setAttribute("aria-pressed", String(picture.playing));
  }

  /** Say that what is shown was compressed anew for being shown, and lost something. */
  tellReencoded(picture) {
    if (picture === this.picture) this.find(".reencoded").hidden = !picture.frames.reencoded;
  }

  /** Say something over the picture; nothing with "". */
  tell(sentence) {
    clearTimeout(this.awaited);
    this.awaited = 0;
    const place = this.find(".told");
    if (place.textContent !== sentence) place.textContent = sentence;
  }

  /** Say that something is being loaded, where it still is after a while. */
  loading() {
    this.awaited ||= setTimeout(() => this.tell(word("picture_loading")), SLOW);
  }

  step(step) {
    const links = this.links;
    const next = links[links.indexOf(this.link) + step];
    if (!next) return;
    this.open(next);
    next.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  turn(button) {
    const isOn = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isOn));
    this.picture?.setRange({ thereAndBack: isOn });
  }

  reset() {
    this.stage.reset();
    for (const one of this.section.querySelectorAll("[data-light]")) one.value = 100;
    const given = this.picture?.about.window;
    if (!given) return;
    this.dressWindow(given);
    this.picture.setLook("");
  }

  showZoom() {
    const moved = this.find(".stage").classList.contains("magnified");
    for (const one of this.section.querySelectorAll("[data-of=zoom]")) one.hidden = !moved;
  }

  unfold(button) {
    const panel = document.getElementById(button.getAttribute("aria-controls"));
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
    if (!panel.hidden) [...panel.querySelectorAll("input, button")].find((one) => one.checkVisibility())?.focus();
    else button.focus();
  }

  /** Use the whole screen; where the browser has no such thing, as on an iPhone, the whole window. */
  fill() {
    const place = this.section.closest(".viewers");
    if (document.fullscreenElement) document.exitFullscreen();
    else if (place.requestFullscreen) place.requestFullscreen();
    else place.classList.toggle("fills");
  }

  // ------------------------------------------------------------------ beside an earlier exam

  async compare(address) {
    const place = this.section.closest(".viewers");
    if (place.querySelector(".earlier")) return this.part();
    await this.putBeside(place, address);
  }

  async putBeside(place, address) {
    const answer = await fetch(address);
    if (!answer.ok) return;
    const found = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".viewer");
    if (!found) return;
    place.querySelector(".earlier")?.viewer.close();
    place.append(found);
    place.classList.add("comparing");
    begin(found);
    setBeside(place, true);
  }

  part() {
    const place = this.section.closest(".viewers");
    place.querySelector(".earlier")?.viewer.close();
    place.classList.remove("comparing");
    setBeside(place, false);
    const first = place.querySelector(".viewer");
    activate(first);
    if (!place.contains(document.activeElement)) first.querySelector("[data-act=beside]")?.focus();
  }

  close() {
    for (const one of this.kept.values()) one.close();
    this.section.remove();
  }

  // ------------------------------------------------------------------ events

  click(event) {
    const button = event.target.closest("[data-act]");
    const link = event.target.closest("a[data-about]");
    if (button) ACTS[button.dataset.act](this, button);
    else if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      this.open(link);
    } else return;
  }

  input({ target }) {
    if (target.matches("[data-slide]")) this.picture?.seek(Number(target.value) - 1);
    else if (target.matches("[data-light]")) this.stage.setLight(target.dataset.light, Number(target.value));
  }

  change({ target }) {
    if (target.matches("[data-speed]")) this.picture?.setSpeed(Number(target.value));
    else if (target.matches("[data-window]")) {
      const value = (name) => this.find(`[data-window=${name}]`).value;
      this.picture?.setLook(`&mitte=${value("centre")}&breite=${value("width")}`);
    } else if (target.matches("[data-earlier]")) this.putBeside(this.section.closest(".viewers"), target.value);
  }
}

async function ask(address) {
  try {
    const answer = await fetch(address);
    if (answer.status === 401) document.dispatchEvent(new Event("session:over"));
    if (answer.ok) return await answer.json();
  } catch {
    // told below, like every other answer that is none
  }
  return { unreachable: true, why: word("picture_unreachable"), frames: 0, speeds: [] };
}

/** A slider of the viewer sends no form the viewer stands in. */
function sendNothing(event) {
  if (event.key === "Enter" && event.target.matches("input, select")) event.preventDefault();
}

/** What has no thumbnail shows its shape instead. */
function hideBroken(image) {
  if (image.complete && !image.naturalWidth) image.hidden = true;
}

function setBeside(place, isOn) {
  place.querySelector("[data-act=beside]")?.setAttribute("aria-pressed", String(isOn));
}

/** The viewer the keys are for: the one somebody used last; none while a table is scrolled. */
function activate(section) {
  for (const one of document.querySelectorAll(".viewer")) one.toggleAttribute("data-active", one === section);
}

function begin(section) {
  section.viewer = new Viewer(section);
}

let last = null;

function follow(event) {
  const section = event.target.closest?.(".viewer");
  if (section) last = section;
  activate(event.target.closest?.(".scroll") ? null : last?.isConnected ? last : document.querySelector(".viewer"));
}

for (const section of document.querySelectorAll(".viewer")) begin(section);
activate(document.querySelector(".viewer"));
document.addEventListener("focusin", follow);
document.addEventListener("pointerdown", follow);
document.addEventListener("error", ({ target }) => target.matches?.(".thumbs img") && hideBroken(target), true);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelector(".viewers.fills")?.classList.remove("fills");
});
document.addEventListener("live:shown", () => {
  for (const section of document.querySelectorAll(".viewer")) section.viewer?.refresh();
});
