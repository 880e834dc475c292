// The texts and tables the server gives to scripts: one JSON block in the page's head.

const given = JSON.parse(document.getElementById("given").textContent);

/** The keys of `keys.tsv` that hold on this page: {key, action}. */
export const keys = given.keys;

/** The page's words by their name; `{n}` is filled in with `count`, one of {one, other} chosen by it. */
export function word(name, count) {
  const text = given.words[name];
  const form = typeof text === "string" ? text : count === 1 ? text.one : text.other;
  return form.replace("{n}", String(count));
}

/** The server's time in seconds, however wrong this machine's clock is. */
export function now() {
  return given.now + (performance.now() - loaded) / 1000;
}

const loaded = performance.now();
