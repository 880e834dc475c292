// "seit 40 min", counted on by the server's time: <time data-since="seconds">.

import { now, word } from "./words.js";

const EVERY = 20_000;

export function startTimes() {
  tell();
  setInterval(tell, EVERY);
  document.addEventListener("live:shown", tell);
}

function tell() {
  for (const one of document.querySelectorAll("time[data-since]")) {
    const minutes = Math.max(0, Math.floor((now() - Number(one.dataset.since)) / 60));
    one.textContent = minutes < 120 ? word("minutes", minutes) : word("hours", Math.floor(minutes / 60));
  }
}
