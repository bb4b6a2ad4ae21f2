// A cluster's page: rows of the table of Pods come and go, in the order of kubectl's lists; what is typed chooses among them.

import { tellAges } from "podhub/ages";
import { Live, put, staleNote, tellSpeed } from "podhub/live";
import { ClusterClock } from "podhub/timeline/playhead";

const page = document.getElementById("live");
const start = Number(page.dataset.start);
const CHOSEN = ["pods-table", "gone", "events"]; // what a choice decides
const TYPING = 150; // ms after a key in which another one may follow
const clock = new ClusterClock(JSON.parse(page.querySelector("script[type='application/json']").textContent));

function rowFrom(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}

function order(a, b) {
  const [one, other] = [a.split("/"), b.split("/")];
  const index = one[0] === other[0] ? 1 : 0;
  return one[index] < other[index] ? -1 : one[index] > other[index] ? 1 : 0;
}

// The table may be one page of several: rows behind `after`, up to `next`.
function onPage(table, key) {
  const { after, next } = table.dataset;
  return (!after || order(key, after) > 0) && (!next || order(key, next) <= 0);
}

function setRow(table, key, html) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const old = rows.find((row) => row.dataset.key === key);
  if (html === null) old?.remove();
  else if (old) old.replaceWith(rowFrom(html));
  else if (onPage(table, key)) {
    body.insertBefore(rowFrom(html), rows.find((row) => order(row.dataset.key, key) > 0) ?? null);
  }
}

function setRows(rows) {
  const table = page.querySelector("[data-part='pods']");
  for (const [key, html] of rows) setRow(table, key, html);
  page.querySelector("[data-part='no-pods']").hidden = table.tBodies[0].rows.length > 0;
  if (rows.some(([, html]) => html !== null)) page.querySelector(".welcome")?.remove();
}

const live = page.dataset.socket ? follow() : null;

function follow() {
  setInterval(() => tellAges(page, start + clock.now()), 500);
  return new Live(page.dataset.socket, Number(page.dataset.seq), {
    tell(message) {
      if (message.reload) location.reload();
      if (message.clock) {
        clock.told(message.clock);
        tellSpeed(message.clock);
      }
      put(message.html);
      if (message.rows) setRows(message.rows);
      tellAges(page, start + clock.now());
    },
    stale: staleNote(page.querySelector("[data-part='stale']"), page.dataset.stale, clock),
  });
}

const form = page.querySelector("form.filters");
let wish = 0; // the number of the newest choice: answers to older ones are too late
let pause = 0;

form.addEventListener("input", ({ target }) => {
  if (target.name === "at") return; // a moment that is half typed is none
  clearTimeout(pause);
  pause = setTimeout(choose, TYPING);
});

// Put in place what the chosen Pods make of the page that the form leads to.
async function choose() {
  const url = new URL(location.pathname, location.href);
  for (const [field, value] of new FormData(form)) if (value.trim()) url.searchParams.set(field, value.trim());
  const number = ++wish;
  const answer = await fetch(url).catch(() => null);
  if (!answer?.ok || number !== wish) return;
  const found = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of CHOSEN) document.getElementById(id).replaceWith(found.getElementById(id));
  page.querySelector("[data-part=found]").textContent = document.getElementById("pods-table").dataset.found;
  history.replaceState(null, "", url);
  const { socket, seq } = found.getElementById("live").dataset;
  live?.follow(socket, Number(seq));
}
