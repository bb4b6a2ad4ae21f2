// What every page has: menus that close, dialogs that open, a key that leads to the filter.

const FILTER = "[aria-keyshortcuts='/']";
const OFF = "no slash"; // kept where a reader wants no key of one character

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const { opens, closes } = event.target.closest("[data-opens], [data-closes]")?.dataset ?? {};
  if (opens) document.getElementById(opens).showModal();
  if (closes) document.getElementById(closes).close();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenu();
  else if (event.key === "/" && !typing(event) && !kept(OFF)) toFilter(event);
});

// Why something happened is told beside it; a link that is opened elsewhere leads to a page.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-why]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const answer = await fetch(link.href, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer) return; // the page says that it has lost the server
  if (!answer.ok) {
    location.assign(link.href);
    return;
  }
  const dialog = document.getElementById("why");
  dialog.firstElementChild.innerHTML = await answer.text();
  dialog.firstElementChild.scrollTop = 0;
  if (!dialog.open) dialog.showModal();
});

function closeMenu() {
  const menu = document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
}

function typing(event) {
  return event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, select, textarea, dialog");
}

function toFilter(event) {
  const field = document.querySelector(FILTER);
  if (!field) return;
  event.preventDefault();
  field.focus({ preventScroll: true });
  field.select();
  field.scrollIntoView({ block: field.closest("[data-part=filter]") ? "start" : "nearest" }); // what it filters is below it
}

function kept(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // a browser that keeps nothing
  }
}

const slash = document.querySelector("[data-part=slash]");

function tellSlash() {
  document.documentElement.toggleAttribute("data-no-slash", Boolean(kept(OFF)));
  slash.checked = !kept(OFF);
}

slash.addEventListener("change", () => {
  try {
    if (slash.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "true");
  } finally {
    tellSlash();
  }
});
tellSlash();
