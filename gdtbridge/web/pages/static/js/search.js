// The search field of the header: the list below it offers the first hits, each leads somewhere.

import { startCombobox } from "./combobox.js";

export function startSearch() {
  const field = document.getElementById("search");
  const list = document.getElementById("search-hits");
  if (field && list) startCombobox(field, list, (option) => location.assign(option.href));
}
