// A search field with a list of hits below it: what is being typed is looked for, one hit is chosen by keys or pointer.

const WAIT = 150;
const SHORTEST = 2;

/**
 * Let a field (role combobox, data-hits) offer the options the server answers in its list (role listbox).
 * `act` is called with the option a person takes; `first` says whether the first one is chosen at once.
 */
export function startCombobox(field, list, act, { first = false } = {}) {
  let timer = 0;
  let asked = 0;

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, WAIT);
  });
  field.addEventListener("keydown", move);
  field.addEventListener("focusout", leave);
  list.addEventListener("focusout", leave);
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option && !option.href) take(option);
  });

  async function look() {
    const words = field.value.trim();
    const mine = ++asked;
    if (words.length < SHORTEST) return hide();
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
    choose(first ? options()[0] : null);
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

  function take(option) {
    hide();
    act(option);
  }

  function move(event) {
    if (event.isComposing || list.hidden) return;
    const all = options();
    const here = all.indexOf(chosen());
    if (event.key === "ArrowDown") choose(all[(here + 1) % all.length]);
    else if (event.key === "ArrowUp") choose(here > 0 ? all[here - 1] : here < 0 ? all.at(-1) : null);
    else if (event.key === "Escape") hide();
    else if (event.key === "Enter" && chosen()) take(chosen());
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function leave(event) {
    if (!list.contains(event.relatedTarget) && event.relatedTarget !== field) hide();
  }
}
