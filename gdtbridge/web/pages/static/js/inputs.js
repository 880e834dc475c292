// What was typed outlives the end of a session: it waits in this tab until the same person is back.

const PREFIX = "inputs:";

/** Keep what the forms of this page hold, but for passwords and what a person cannot type. */
export function keepInputs(account) {
  const forms = [...document.querySelectorAll("form[data-asks]")].map(valuesOf);
  if (forms.some((one) => one.length)) sessionStorage.setItem(key(), JSON.stringify({ account, forms }));
}

/** Put back what was kept for this page; what another person typed is forgotten. */
export function restoreInputs(account) {
  const kept = sessionStorage.getItem(key());
  forgetInputs();
  if (!kept) return;
  const { account: owner, forms } = JSON.parse(kept);
  if (owner !== account) return;
  const here = [...document.querySelectorAll("form[data-asks]")];
  for (const [number, values] of forms.entries()) fill(here[number], values);
}

function forgetInputs() {
  for (const name of Object.keys(sessionStorage)) {
    if (name.startsWith(PREFIX)) sessionStorage.removeItem(name);
  }
}

function key() {
  return PREFIX + location.pathname + location.search;
}

function valuesOf(form) {
  return [...form.elements]
    .filter((one) => one.name && !["hidden", "password", "file"].includes(one.type))
    .map((one) => [one.name, one.type === "checkbox" || one.type === "radio" ? one.checked && one.value : one.value]);
}

function fill(form, values) {
  for (const [name, value] of form ? values : []) {
    for (const one of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (one.type === "checkbox" || one.type === "radio") one.checked ||= one.value === value;
      else one.value = value;
      one.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }
}
