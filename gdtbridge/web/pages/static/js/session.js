// The end of a session: who is there stays signed in, who is not is asked before it ends.

import { forgetTyped, formToken } from "./forms.js";
import { keepInputs, restoreInputs } from "./inputs.js";
import { word } from "./words.js";

const TELL_EVERY = 60_000; // milliseconds between two signs of life
const WARN = 120; // seconds before the end
const LOOK = 5000;
const ADDRESS = "/konto/da";

let ends = 0; // by performance.now()
let toldAt = 0;
let account = "";

export function startSession() {
  const session = document.querySelector('meta[name="session"]');
  if (!session) return;
  account = session.dataset.account;
  setLeft(Number(session.content));
  toldAt = performance.now();
  restoreInputs(account);
  for (const sign of ["keydown", "pointerdown", "input"]) document.addEventListener(sign, stay, { passive: true });
  document.addEventListener("session:over", end);
  document.getElementById("stay")?.addEventListener("click", () => tell());
  setInterval(look, LOOK);
}

function setLeft(seconds) {
  ends = performance.now() + seconds * 1000;
}

function left() {
  return (ends - performance.now()) / 1000;
}

/** A sign of the person: the service is told, once a minute. */
function stay() {
  const dialog = document.getElementById("leaving");
  if (!dialog.open && performance.now() - toldAt > TELL_EVERY) tell();
}

async function tell() {
  toldAt = performance.now();
  document.getElementById("leaving").close();
  await ask({ method: "POST", headers: { "X-Form-Token": formToken() ?? "" } });
}

async function look() {
  if (left() > WARN) return;
  await ask({}); // another tab may have been used
  const dialog = document.getElementById("leaving");
  const minutes = Math.max(1, Math.ceil(left() / 60));
  if (left() > WARN) dialog.close();
  else if (!dialog.open) dialog.showModal();
  document.getElementById("leaving-told").textContent = word("leaving", minutes);
}

async function ask(options) {
  try {
    const answer = await fetch(ADDRESS, { ...options, signal: AbortSignal.timeout(8000) });
    if (answer.status === 401) end();
    else if (answer.ok) setLeft((await answer.json()).left);
  } catch {
    // out of touch: the bar of a page that follows says so
  }
}

/** Ask the person to sign in at this address; what was typed comes back afterwards. */
function end() {
  keepInputs(account);
  forgetTyped();
  location.reload();
}
