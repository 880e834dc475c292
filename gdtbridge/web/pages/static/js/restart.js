// The page that waits for a service which begins anew: goes on as soon as it is a new one that answers.

const place = document.querySelector("[data-restarts]").dataset.restarts;
const EVERY = 1000;
const LONGEST = 8000; // milliseconds after which a service that always answered has begun anew already
const began = performance.now();
let wasAway = false;

async function ask() {
  try {
    const answer = await fetch("/healthz", { cache: "no-store" });
    if (answer.ok && (wasAway || performance.now() - began > LONGEST)) {
      location.replace(place);
      return;
    }
  } catch {
    wasAway = true;
  }
  setTimeout(ask, EVERY);
}

setTimeout(ask, EVERY);
