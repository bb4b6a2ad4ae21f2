// The page of a Pod, a node, a Service or of Events: the timeline says which moment is looked at, and the whole page shows it.

import { tellAges } from "podhub/ages";
import { addAbove, addBelow } from "podhub/growth";
import { Live, put, staleNote, tellSpeed } from "podhub/live";
import { Printed } from "podhub/printed";
import { RowFilter } from "podhub/row-filter";

const page = document.getElementById("live");
const timeline = document.getElementById("timeline");
const note = page.querySelector("[data-part='stale']");
const start = Number(page.dataset.start);

let failed = null; // the moment that nobody answered for, to be asked for when the server is there again
let wanted = null; // the moment to be shown next, while an answer is on its way
let asking = false;
let seen = page.dataset.seen; // the query of the moment that the page shows
let shown = timeline.live ? "live" : "past";
let missed = false; // whether news came that the page does not show
let resting = page.dataset.resting !== undefined; // whether it shows the last moment of what is gone, unasked

// A moment as addresses name it: to the microsecond, for what happens then is seen from then on.
function moment(at) {
  return `${(at / 1e6).toFixed(6).replace(/\.?0+$/, "")}s`;
}

// A past moment, the last one of a life that ended after `last`, or (at is null) the newest.
function address({ at, last }) {
  const url = new URL(page.dataset.moment, location.href);
  if (last !== undefined) url.search += `&seq=${last}&last`;
  else if (at !== null) url.searchParams.set("at", moment(at));
  return url;
}

const form = page.querySelector("[data-part=filter]");
const filter = form && new RowFilter(form);
const panel = page.querySelector("[data-part=printed]");
const printed = panel && new Printed(panel, () => seen);

// What the page shows is new.
function renewed() {
  filter?.apply();
  printed?.changed();
}

// One request at a time; while it is on its way only the newest wish is kept.
async function show(at, last) {
  wanted = { at, last };
  if (asking) return;
  asking = true;
  try {
    while (wanted) {
      const now = wanted;
      wanted = null;
      await ask(now);
    }
  } finally {
    asking = false;
  }
}

async function ask(wish) {
  const { at } = wish;
  missed = false;
  failed = null;
  try {
    const answer = await fetch(address(wish), { headers: { "HX-Request": "true" } });
    const html = await answer.text();
    if (answer.ok && (at === null) === timeline.live) {
      put(html);
      seen = address(wish).search;
      renewed();
      shown = at === null ? "live" : "past";
      if (at === null && missed) wanted ??= { at };
      complain("");
      countAges();
    } else if (!answer.ok) complain(answer.status === 404 ? page.dataset.notyet : page.dataset.failed);
  } catch {
    failed = wish;
    complain(page.dataset.failed);
  }
}

function complain(text) {
  note.textContent = text;
  note.hidden = !text;
}

function countAges() {
  if (timeline.live && shown === "live") tellAges(page, start + timeline.clock.now());
  else tellClock();
}

function tellClock() {
  const clock = page.querySelector("time[data-clock]");
  if (clock) clock.textContent = new Date(Math.floor((start + timeline.clock.now()) / 1e3)).toISOString().slice(11, 19);
}

const fork = page.querySelector("[data-part=fork]");
let addressed = 0;

function asOf(address, at) {
  const url = new URL(address, location.href);
  if (at === null) url.searchParams.delete("at");
  else url.searchParams.set("at", moment(at));
  return url;
}

// What is asked for next is asked about the same moment.
function tellForm(at) {
  const field = page.querySelector("form [data-part=at]");
  if (!field) return;
  field.disabled = at === null;
  field.value = asOf(page.dataset.page, at).searchParams.get("at") ?? "";
}

function remember(at) {
  clearTimeout(addressed);
  addressed = setTimeout(() => {
    const address = asOf(page.dataset.page, at);
    for (const chosen of [filter, printed]) chosen?.kept(address);
    history.replaceState(null, "", address);
    if (fork) fork.href = asOf(fork.href, at);
    tellForm(at);
  }, 250);
}

timeline.addEventListener("moment", (event) => {
  const at = event.detail.live ? null : event.detail.at;
  resting = false;
  remember(at);
  if (at === null && shown === "live" && !missed && !asking) return;
  show(at);
});

// What differs between two moments, below the timeline.
timeline.addEventListener("span", async ({ detail: { from, to } }) => {
  const url = new URL(page.dataset.changes, location.href);
  for (const [end, at] of Object.entries({ from, to })) url.searchParams.set(end, moment(at));
  try {
    const answer = await fetch(url, { headers: { "HX-Request": "true" } });
    if (answer.ok) {
      put(await answer.text());
      page.querySelector("#changes").hidden = false;
    } else complain(answer.status === 404 ? page.dataset.notyet : page.dataset.failed);
  } catch {
    complain(page.dataset.failed);
  }
});

page.addEventListener("click", (event) => {
  if (!event.target.closest("[data-part=close-changes]")) return;
  page.querySelector("#changes").hidden = true;
  timeline.forgetSpan();
  timeline.slider.focus();
});

function tell(message) {
  put(message.html);
  const { traces, output } = message.grown ?? {};
  const table = page.querySelector("#pod-traces tbody");
  const texts = [...page.querySelectorAll("#pod-output pre")];
  const added = [!traces || addAbove(table, traces)];
  for (const [container, lines] of output ?? []) {
    added.push(addBelow(texts.find((text) => text.dataset.container === container), lines));
  }
  renewed();
  if (added.includes(false)) show(null);
}

// It is gone: what it was at last is worth more than that it is not there.
function rest({ at, seq }) {
  resting = true;
  timeline.rest(at);
  show(at, seq);
}

// Whether news tell that it is there (again).
function begins({ timeline: news }) {
  return Boolean(news?.points.some(([, , lane, bar]) => lane === timeline.story.main && bar));
}

const stale = staleNote(note, page.dataset.stale, timeline.clock);

if (page.dataset.socket) {
  new Live(page.dataset.socket, Number(page.dataset.seq), {
    tell(message) {
      if (message.reload) location.reload();
      timeline.told(message);
      if (message.clock) tellSpeed(message.clock);
      if (message.ended && timeline.live) rest(message.ended);
      else if (resting && begins(message)) timeline.goLive();
      else if (timeline.live && shown === "live" && !asking) tell(message);
      else if (message.html || message.grown) missed = true;
      countAges();
    },
    stale(since) {
      stale(since);
      if (since === null && failed) show(failed.at, failed.last);
    },
  });
}

setInterval(countAges, 500);
