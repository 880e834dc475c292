// The form of an entry: Enter goes on to the next field, what is offered fills several, what was left is checked.

import { startCombobox } from "./combobox.js";

const form = document.getElementById("entry");
const touched = new Set();

function startEntry() {
  form.addEventListener("keydown", goOn);
  form.addEventListener("change", leave, { capture: true }); // before the form is sent to be checked
  form.addEventListener("submit", () => htmx.trigger(form, "htmx:abort"));
  document.addEventListener("click", fillMany);
  document.body.addEventListener("htmx:afterSettle", markInvalid);
  document.getElementById("procedure").addEventListener("change", chooseStation);
  startKnown(document.getElementById("known"));
}

/** The search for a patient who is known: the first hit is chosen at once; without one Enter goes on. */
function startKnown(field) {
  if (!field) return;
  startCombobox(field, document.getElementById("known-hits"), takePatient, { first: true });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.defaultPrevented && !event.ctrlKey && !event.isComposing) {
      event.preventDefault();
      form.elements.family_name.focus();
    }
  });
  if (!document.querySelector("[aria-invalid='true']") && !form.elements.family_name.value) field.focus();
}

function takePatient(option) {
  fill(valuesOf(option));
  form.elements.procedure.focus();
}

/** What `data-fill-family-name="…"` and so on say: value by field. */
function valuesOf(element) {
  const said = Object.entries(element.dataset).filter(([name]) => /^fill[A-Z]/.test(name));
  return Object.fromEntries(said.map(([name, value]) => [nameOf(name), value]));
}

/** Enter: the next field, from the last one the button that saves. */
function goOn(event) {
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;
  if (event.key !== "Enter" || !plain || !event.target.matches("input, select")) return;
  event.preventDefault();
  const fields = [...form.querySelectorAll("input:not([type=hidden]), select, button.primary")];
  const here = fields.indexOf(event.target);
  const isSame = (one) => one.type === "radio" && one.name === event.target.name;
  const next = fields.slice(here + 1).find((one) => !isSame(one) && isReached(one));
  next?.focus();
  next?.select?.();
}

/** Of some radio buttons the keyboard reaches the chosen one, or the first. */
function isReached(field) {
  if (field.type !== "radio") return true;
  const chosen = form.querySelector(`input[name="${field.name}"]:checked`);
  return !chosen || chosen === field;
}

function leave(event) {
  if (!event.target.name) return;
  touched.add(event.target.name);
  document.getElementById("touched").value = [...touched].join(" ");
}

/** A button with data-fill-family-name="…" and so on puts each value into its field. */
function fillMany(event) {
  const button = event.target.closest("[data-fills-many]");
  if (!button) return;
  const values = valuesOf(button);
  fill(values);
  document.getElementById(Object.keys(values)[0])?.focus();
}

/** `fillFamilyName` means the field `family_name`. */
function nameOf(key) {
  const words = key.replace(/^fill/, "").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return words.replace(/^_/, "");
}

function fill(values) {
  for (const [name, value] of Object.entries(values)) {
    const field = form.elements.namedItem(name);
    if (field) field.value = value;
  }
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

function chooseStation(event) {
  const options = [...document.getElementById("procedures").options];
  const station = options.find((one) => one.value === event.target.value)?.dataset.station;
  if (station && !touched.has("station")) form.elements.station.value = station;
}

function markInvalid() {
  for (const told of document.querySelectorAll(".told")) {
    const field = document.getElementById(told.id.replace(/-told$/, ""));
    if (!field) continue;
    if (told.hasAttribute("data-invalid")) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
}

startEntry();
