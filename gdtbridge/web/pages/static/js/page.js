// Everything a page does beyond showing itself. Without scripts each page and form works all the same.

import { startForms } from "./forms.js";
import { startKeys } from "./keys.js";
import { startLive } from "./live.js";
import { startMenus } from "./menus.js";
import { startSession } from "./session.js";
import { startSearch } from "./search.js";
import { startTimes } from "./times.js";

startForms();
startSession();
startMenus();
startKeys();
startTimes();
startLive();
startSearch();
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-prints]")) window.print();
});
