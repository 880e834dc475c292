// The search field of the header: what is being typed is looked for, the list below it offers the first hits.

const WAIT = 150;
const field = document.getElementById("search");
const list = document.getElementById("search-hits");
let timer = 0;
let asked = 0;

export function startSearch() {
  if (!field || !list) return;
  field.addEventListener("input", wait);
  field.addEventListener("keydown", move);
  field.addEventListener("focusout", leave);
  list.addEventListener("focusout", leave);
  list.addEventListener("mousedown", (event) => event.preventDefault());
}

function wait() {
  clearTimeout(timer);
  timer = setTimeout(look, WAIT);
}

async function look() {
  const words = field.value.trim();
  const mine = ++asked;
  if (words.length < 2) return hide();
  try {
    const answer = await fetch(`${field.dataset.hits}?suche=${encodeURIComponent(words)}`);
    if (!answer.ok) throw new Error(answer.statusText);
    const found = await answer.text();
    if (mine !== asked || document.activeElement !== field) return undefined;
    list.innerHTML = found;
    return options().length ? show() : hide();
  } catch {
    return hide();
  }
}

function options() {
  return [...list.querySelectorAll("[role=option]")];
}

function show() {
  list.hidden = false;
  field.setAttribute("aria-expanded", "true");
  choose(null);
}

function hide() {
  list.hidden = true;
  field.setAttribute("aria-expanded", "false");
  choose(null);
}

function chosen() {
  return list.querySelector("[aria-selected=true]");
}

function choose(option) {
  chosen()?.setAttribute("aria-selected", "false");
  if (!option) {
    field.removeAttribute("aria-activedescendant");
    return;
  }
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  field.setAttribute("aria-activedescendant", option.id);
}

function move(event) {
  if (event.isComposing || list.hidden) return;
  const all = options();
  const here = all.indexOf(chosen());
  if (event.key === "ArrowDown") choose(all[(here + 1) % all.length]);
  else if (event.key === "ArrowUp") choose(here > 0 ? all[here - 1] : here < 0 ? all.at(-1) : null);
  else if (event.key === "Escape") hide();
  else if (event.key === "Enter" && chosen()) location.assign(chosen().href);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function leave(event) {
  if (!list.contains(event.relatedTarget) && event.relatedTarget !== field) hide();
}
