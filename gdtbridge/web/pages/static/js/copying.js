// Text for the clipboard: `data-copies` names where it is had, `data-copies-from` what shows it.
// Where nothing lets a page copy, a link leads to where it is shown, and there it is marked.

document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-copies]");
  const button = event.target.closest("[data-copies-from]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    const text = await textAt(link.dataset.copies);
    if (text === null || !(await copied(text))) location.assign(link.href);
  } else if (button) {
    const shown = document.getElementById(button.dataset.copiesFrom);
    if (await copied(shown.textContent)) return;
    getSelection().selectAllChildren(shown);
    tell("marked");
  }
});

async function textAt(path) {
  try {
    const answer = await fetch(path);
    return answer.ok && !answer.redirected ? await answer.text() : null;
  } catch {
    return null;
  }
}

async function copied(text) {
  const done = await byClipboard(text) || byCommand(text);
  if (done) tell("done");
  return done;
}

async function byClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Pages without encryption have no clipboard of their own; the old command works there. */
function byCommand(text) {
  const before = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "hidden-text";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  before?.focus();
  return done;
}

function tell(what) {
  const said = document.getElementById("copied");
  if (said) said.textContent = said.dataset[what] ?? "";
}
