// The page of a day: the focus goes where something was done.

import { focusIn } from "./keys.js";

document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-removes]")) nameNext(event.target);
});

/** After an entry was removed the focus goes to the next row: the form says which that is. */
function nameNext(form) {
  const rows = [...document.querySelectorAll("[data-row]")];
  const here = rows.indexOf(form.closest("[data-row]"));
  const next = rows[here + 1] ?? rows[here - 1];
  if (next) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "next", value: next.id }));
}

function focusRow() {
  const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (row) focusIn(row);
}

// A browser that goes to the fragment of an address takes the focus away once more.
window.addEventListener("load", () => setTimeout(focusRow));
