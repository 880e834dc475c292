// Menus are <details class="menu">: one is open at a time, Escape and a click elsewhere close it. What
// has data-prints prints the page.

export function startMenus() {
  document.addEventListener("click", (event) => {
    closeAll(event.target.closest("details.menu"));
    if (event.target.closest("[data-prints]")) window.print();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details.menu[open]");
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
      event.preventDefault();
    }
  });
}

function closeAll(but) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== but) menu.open = false;
  }
}
