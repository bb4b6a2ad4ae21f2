// What every page has: menus that close, dialogs that open.

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const { opens, closes } = event.target.closest("[data-opens], [data-closes]")?.dataset ?? {};
  if (opens) document.getElementById(opens).showModal();
  if (closes) document.getElementById(closes).close();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
