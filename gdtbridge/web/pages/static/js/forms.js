// Forms: sent once, asked about before what was typed is lost; dialogs.

import { word } from "./words.js";

const NOTICE = 30_000; // milliseconds a message stays

const typed = new Set();

export function startForms() {
  window.addEventListener("pageshow", tellEarly);
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form?.hasAttribute("data-asks")) typed.add(form);
  });
  document.addEventListener("submit", send);
  document.addEventListener("click", openDialog);
  document.addEventListener("click", fillIn);
  window.addEventListener("beforeunload", (event) => {
    if ([...typed].some((form) => form.isConnected)) event.preventDefault();
  });
  window.addEventListener("pageshow", allowAgain);
  document.body.addEventListener("htmx:configRequest", (event) => {
    const token = formToken();
    if (token) event.detail.headers["X-Form-Token"] = token;
  });
  document.querySelector("[aria-invalid='true']")?.focus();
  forgetNotice();
  endNotice();
}

function send(event) {
  const form = event.target;
  // A form whose answer is a file leaves its page as it is, and may be sent again.
  if (form.method !== "post" || form.hasAttribute("data-downloads")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  sign(form);
  typed.delete(form);
  const button = event.submitter;
  if (button instanceof HTMLButtonElement && form.hasAttribute("data-asks")) {
    button.style.minWidth = `${button.offsetWidth}px`;
    button.dataset.said = button.textContent;
    button.setAttribute("aria-disabled", "true");
    button.textContent = word("sending");
  }
}

/** Put in what the parts of a page that follows do not carry: the form token, a key for sending once. */
function sign(form) {
  const token = formToken();
  if (token && !form.elements.form_token) form.append(hidden("form_token", token));
  if (!form.elements.once) {
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    form.append(hidden("once", [...bytes].map((one) => one.toString(16)).join("")));
  }
}

function hidden(name, value) {
  return Object.assign(document.createElement("input"), { type: "hidden", name, value });
}

/** Leave a page without asking: what was typed is kept, or meant to be lost. */
export function forgetTyped() {
  typed.clear();
}

export function formToken() {
  return document.querySelector('meta[name="form-token"]')?.content;
}

/** A page that comes back from the browser's memory can be sent again. */
function allowAgain() {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    const button = form.querySelector("[data-said]");
    if (button) {
      button.textContent = button.dataset.said;
      button.removeAttribute("aria-disabled");
    }
  }
}

/** A message is shown once: its mark goes from the address, so that a reload does not look for it. */
function forgetNotice() {
  const address = new URL(location.href);
  if (!address.searchParams.has("n")) return;
  address.searchParams.delete("n");
  history.replaceState(null, "", address);
}

/** What was done can be taken back here for half a minute, longer while somebody is at it. */
function endNotice() {
  const toast = document.querySelector(".toast");
  if (!toast) return;
  const isUsed = () => toast.matches(":hover") || toast.contains(document.activeElement);
  const end = () => (isUsed() ? setTimeout(end, NOTICE) : toast.remove());
  setTimeout(end, NOTICE);
}

function openDialog(event) {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  const closer = event.target.closest("[data-closes]");
  if (closer) closer.closest("dialog")?.close();
}

/** A button beside a field that puts a value into it: data-fills="field's id", data-value="…". */
function fillIn(event) {
  const button = event.target.closest("[data-fills]");
  const field = button && document.getElementById(button.dataset.fills);
  if (!field) return;
  field.value = button.dataset.value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

/** What was chosen or typed before the scripts were there, or the browser brought back, counts too. */
function tellEarly() {
  for (const one of document.querySelectorAll("input[hx-post]")) {
    const isChosen = one.checked && !one.defaultChecked;
    const isTyped = one.type === "text" && one.value !== one.defaultValue;
    if (isChosen || isTyped) one.dispatchEvent(new Event(isTyped ? "input" : "change", { bubbles: true }));
  }
}
