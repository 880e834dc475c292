// The keys of `keys.tsv`. Single keys are off while somebody types and where a person switched them off.

import { keys } from "./words.js";

const OFF = "gdtbridge.single-keys-off";
const PATIENCE = 1000; // milliseconds between the two keys of a pair such as "g h"

let first = "";
let firstAt = 0;
let leaving = false; // a key has opened another page: what is typed meanwhile is meant for that one

export function startKeys() {
  document.addEventListener("keydown", press);
  window.addEventListener("pageshow", () => (leaving = false));
  const off = document.getElementById("single-keys");
  if (off) {
    off.checked = !localStorage.getItem(OFF);
    off.addEventListener("change", () => {
      if (off.checked) localStorage.removeItem(OFF);
      else localStorage.setItem(OFF, "yes");
    });
  }
}

function press(event) {
  const pressed = named(event);
  const held = event.ctrlKey || event.metaKey || event.altKey;
  const types = event.target.closest("input, select, textarea, [contenteditable]");
  const open = document.querySelector("dialog[open]");
  const single = !held && event.key.length === 1;
  if (single && (localStorage.getItem(OFF) || (types && !isChoice(types)))) return;
  if (!held && !single && types && event.key !== "Escape") return;
  if ((open || leaving) && !held) return;
  if (event.key === " " && event.target.closest("button, summary, video, input, select")) return;
  const pair = event.timeStamp - firstAt < PATIENCE ? `${first} ${pressed}` : "";
  first = pressed;
  firstAt = event.timeStamp;
  const found = keys.filter((one) => one.key === pair || one.key === pressed);
  found.sort((one, other) => other.key.length - one.key.length);
  if (found.some((one) => act(one.action, event))) {
    event.preventDefault();
    first = "";
  }
}

/** Whether nothing is typed into a field. */
function isChoice(field) {
  return ["radio", "checkbox", "range"].includes(field.type);
}

function named(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase().replace(" ", "Space") : event.key;
  const shift = event.shiftKey && event.key.length > 1 ? "Shift+" : "";
  return (event.ctrlKey || event.metaKey ? "Control+" : "") + shift + key;
}

/** Do what a row of the table says; return whether there was something to do. */
function act(action, event) {
  const [kind, rest] = action.split(/:(.*)/s);
  const target = event.target;
  switch (kind) {
    case "go":
      leaving = true;
      location.assign(rest);
      return true;
    case "focus":
      return focus(document.querySelector(rest));
    case "click":
      return click(shown(document, rest));
    case "row":
      return moveRow(target, Number(rest));
    case "row-click":
      return click(shown(rowOf(target) ?? document.createElement("tr"), rest));
    case "submit":
      return submit(target.form ?? document.querySelector("form[data-main]"));
    case "print":
      window.print();
      return true;
    default:
      return false;
  }
}

function shown(place, selector) {
  return [...place.querySelectorAll(selector)].find(
    (one) => one.checkVisibility() || one.closest("details.menu") || isFolded(one),
  );
}

/** Whether it would be seen if the panel it is in were open. */
function isFolded(one) {
  return Boolean(one.closest("[data-folds]")) && !one.closest("[hidden]:not([data-folds])");
}

function focus(element) {
  element?.focus();
  element?.select?.();
  return Boolean(element);
}

function click(element) {
  leaving = Boolean(element?.href);
  element?.click();
  return Boolean(element);
}

function submit(form) {
  form?.requestSubmit();
  return Boolean(form);
}

function rowOf(element) {
  return element.closest?.("[data-row]");
}

/** Put the focus on the first link of the next or previous row; the rows are those of the page's list. */
function moveRow(target, step) {
  const rows = [...document.querySelectorAll("[data-row]")].filter((row) => row.checkVisibility());
  const at = rows.indexOf(rowOf(target));
  const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step;
  return Boolean(rows[next]) && focusIn(rows[next]);
}

/** Put the focus on the first thing of a row that can have it and is seen. */
export function focusIn(row) {
  return focus([...row.querySelectorAll("a, button, summary")].find((one) => one.checkVisibility()));
}
