// <life-timeline>: the life of a Pod, a node, a Service or a whole cluster as lanes over time, live, with a playhead that can
// be anywhere in it.
//
// The server renders the controls and the words; this module draws, and says where the playhead is by a `moment` event
// ({at: microseconds since the cluster's start, live}). `told(news)` takes what a socket brings.

import { RULER, drawPicture, rowsOf } from "podhub/timeline/drawing";
import { drawTable } from "podhub/timeline/table";
import { keyOf } from "podhub/timeline/keys";
import { labelsOf } from "podhub/timeline/labels";
import { Story, runsIn } from "podhub/timeline/lanes";
import { ClusterClock, Playhead } from "podhub/timeline/playhead";
import { Signs } from "podhub/timeline/signs";
import { Folding, Scale, clockText, parseSpan, quiet, spanText } from "podhub/timeline/scale";
import { attemptAt } from "podhub/timeline/strip";
import { Tip } from "podhub/timeline/tip";

const LEAST_SPAN = 30e6;
const MARGIN = 16; // pixels kept free at both ends
const LEAST_MOVE = 0.4; // pixels that the right edge goes before all is drawn again
const LIVE_REDRAW = 200; // ms between redraws while the right edge moves

class LifeTimeline extends HTMLElement {
  connectedCallback() {
    const told = JSON.parse(this.querySelector("script[type='application/json']").textContent);
    this.story = new Story(told.main);
    this.start = told.start;
    this.clock = new ClusterClock(told.clock);
    this.playhead = new Playhead(this.clock, told.at);
    this.selected = told.main;
    this.free = false; // whether the user has chosen what is in view
    this.folded = false; // whether quiet time is folded away
    this.clockLabels = false;
    this.signs = new Signs(`bookmarks ${location.pathname} ${told.start}`, localStorage);
    this.#find();
    this.story.add(told.story);
    this.#bind();
    this.#fit();
    this.last = performance.now();
    this.frame = requestAnimationFrame((now) => this.#turn(now));
  }

  disconnectedCallback() {
    cancelAnimationFrame(this.frame);
    this.resizing?.disconnect();
  }

  // What the server says is new: a clock, points, marks, lanes.
  told({ clock, timeline }) {
    if (clock) this.clock.told(clock);
    const news = timeline ? this.story.add(timeline) : false;
    if (news && !this.live) this.liveButton.dataset.unseen = Number(this.liveButton.dataset.unseen ?? 0) + timeline.marks.length;
    if (news) this.#draw();
  }

  get live() {
    return this.playhead.live;
  }

  get origin() {
    return this.story.extent.from;
  }

  seek(at) {
    this.playhead.seek(at, 0);
    this.#moved();
  }

  // Stand at a moment that nobody has gone to: it is shown already, so no `moment` is told.
  rest(at) {
    this.playhead.rest(at);
    this.#refit();
  }

  goLive() {
    this.playhead.goLive();
    this.free = false;
    this.#fit();
    this.#moved();
  }

  #find() {
    const part = (name) => this.querySelector(`[data-part="${name}"]`);
    this.plot = part("plot");
    this.svg = part("picture");
    this.labels = part("labels");
    this.slider = part("slider");
    this.head = part("playhead");
    this.future = part("future");
    this.pointer = part("pointer");
    this.chip = part("chip");
    this.field = part("time");
    this.wall = part("wall");
    this.announcer = part("announcer");
    this.table = part("table");
    this.tip = new Tip(part("tip"));
    this.playButton = this.querySelector("[data-act='play']");
    this.liveButton = this.querySelector("[data-act='live']");
    this.foldButton = this.querySelector("[data-act='fold']");
  }

  #bind() {
    this.addEventListener("click", (event) => this.#act(event.target.closest("[data-act]")?.dataset.act));
    this.addEventListener("keydown", (event) => this.#key(event));
    this.querySelector("[data-act='speed']").addEventListener("change", (event) => {
      this.playhead.speed = Number(event.target.value);
    });
    this.field.addEventListener("change", () => this.#typed());
    this.plot.addEventListener("pointerdown", (event) => this.#press(event));
    this.plot.addEventListener("pointermove", (event) => this.#hover(event));
    this.plot.addEventListener("pointerleave", () => this.#leave());
    this.plot.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.labels.addEventListener("click", (event) => this.#select(event.target.closest("[data-lane]")?.dataset.lane));
    this.table.addEventListener("toggle", () => this.#drawTable());
    this.resizing = new ResizeObserver(() => this.#resized());
    this.resizing.observe(this.plot);
  }

  // ---- time goes by

  #turn(now) {
    const elapsed = now - this.last;
    this.frame = requestAnimationFrame((next) => this.#turn(next));
    if (this.playhead.playing) {
      this.last = now;
      const ended = this.playhead.step(elapsed, this.#end());
      const folded = this.scale.folds.find(({ from, to }) => from < this.playhead.at && this.playhead.at < to);
      if (folded) this.playhead.at = folded.to;
      this.#moved({ playing: !ended });
    } else if (this.live && this.clock.speed && elapsed > LIVE_REDRAW) {
      this.last = now;
      if (this.#moves()) this.#follow();
      else this.#place();
    } else if (!this.live) {
      this.last = now;
    }
  }

  #end() {
    const { to } = this.story.extent;
    return to === null ? this.clock.now() : Math.min(to, this.clock.now());
  }

  // Whether the time since it was drawn can be seen.
  #moves() {
    return this.scale.pixels(this.drawn, this.clock.now() - this.drawn) >= LEAST_MOVE;
  }

  #follow() {
    if (!this.free) {
      this.#fit();
      return;
    }
    if (this.scale.x(this.clock.now()) > this.scale.width * 0.9) this.scale = this.scale.endingAt(this.clock.now(), 0.1);
    this.#draw();
  }

  #fit() {
    const width = this.plot.clientWidth || 600;
    const from = this.origin;
    const folding = this.#folding();
    const life = Math.max(folding.fold(this.#end()) - from, LEAST_SPAN);
    const open = this.story.extent.to === null && this.clock.speed > 0;
    const margin = (life * MARGIN) / width;
    this.scale = new Scale(from - margin, from + life * (open ? 1.1 : 1) + margin, width, folding);
    this.#draw();
  }

  // Nothing is folded unasked.
  #folding() {
    const folding = quiet(this.story.moments());
    this.foldButton.hidden = !folding.folds.length;
    return this.folded ? folding : new Folding();
  }

  // ---- drawing

  #resized() {
    this.scale = this.scale.resized(this.plot.clientWidth);
    this.#draw();
  }

  #draw() {
    const { rows, height } = rowsOf(this.story.lanes);
    this.rows = rows;
    this.drawn = this.clock.now();
    this.svg.setAttribute("height", height);
    this.svg.setAttribute("viewBox", `0 0 ${this.scale.width} ${height}`);
    drawPicture(this.svg, {
      story: this.story,
      rows,
      height,
      scale: this.scale,
      until: this.drawn,
      origin: this.origin,
      start: this.start,
      clock: this.clockLabels,
      selected: this.selected,
      signs: this.signs,
    });
    this.#drawLabels();
    this.#drawTable();
    this.#place();
  }

  #drawLabels() {
    const key = this.story.lanes.map((lane) => lane.id).join() + this.selected;
    if (key === this.labelled) return;
    this.labelled = key;
    this.labels.replaceChildren(...labelsOf(this.rows, this.selected, (lane) => this.#nameOf(lane)));
  }

  #nameOf(lane) {
    return (lane.group === lane.id && this.dataset[`label${lane.group}`]) || lane.label;
  }

  #drawTable() {
    if (this.table.open) drawTable(this.table.querySelector("tbody"), this.story, this.origin);
  }

  #place() {
    const at = this.playhead.moment();
    const x = this.scale.x(at);
    const inside = x >= 0 && x <= this.scale.width + 1;
    this.head.hidden = !inside;
    this.head.style.transform = `translateX(${x.toFixed(1)}px)`;
    this.future.style.left = `${Math.min(Math.max(x, 0), this.scale.width)}px`;
    this.future.hidden = this.live;
    this.classList.toggle("is-live", this.live);
    this.liveButton.setAttribute("aria-pressed", String(this.live));
    if (this.live) delete this.liveButton.dataset.unseen;
    const going = this.playhead.playing || (this.live && this.clock.speed > 0);
    this.playButton.dataset.playing = String(going);
    this.playButton.setAttribute("aria-label", going ? this.dataset.pause : this.dataset.play);
    if (document.activeElement !== this.field) this.field.value = spanText(at - this.origin);
    this.wall.textContent = clockText(this.start, at);
    this.#say(at);
  }

  // The slider's text for a screen reader, and a sentence where the Pod's state changed.
  #say(at) {
    const { main } = this.story;
    const state = main === null ? "" : (this.story.stretchAt(main, at)?.bar.word ?? this.dataset.absent);
    const past = this.story.marks.filter((mark) => mark.at <= at).length;
    this.slider.setAttribute("aria-valuemin", "0");
    this.slider.setAttribute("aria-valuemax", String(Math.round(Math.max(this.clock.now() - this.origin, 0) / 1e3)));
    this.slider.setAttribute("aria-valuenow", String(Math.round(Math.max(at - this.origin, 0) / 1e3)));
    const text = this.dataset.valuetext.replace("{time}", spanText(at - this.origin)).replace("{state}", state);
    this.slider.setAttribute("aria-valuetext", text.replace("{past}", past).replace("{all}", this.story.marks.length));
    if (state && state !== this.said && this.playhead.speed <= 4 && performance.now() - (this.saidAt ?? 0) > 1000) {
      this.said = state;
      this.saidAt = performance.now();
      this.announcer.textContent = `${spanText(at - this.origin)}: ${state}`;
    }
  }

  #moved({ playing = false } = {}) {
    const x = this.scale.x(this.playhead.moment());
    if (playing && (x < 0 || x > this.scale.width)) {
      this.scale = this.scale.endingAt(this.playhead.moment(), 0.9);
      this.free = true;
      this.#draw();
    }
    this.#place();
    const detail = { at: Math.round(this.playhead.moment()), live: this.live };
    this.dispatchEvent(new CustomEvent("moment", { detail, bubbles: true }));
  }

  // ---- what the user does

  #act(what) {
    const acts = {
      first: () => this.seek(this.origin),
      previous: () => this.#jump(-1),
      next: () => this.#jump(1),
      play: () => this.#toggle(),
      live: () => this.goLive(),
      in: () => this.#zoom(1.6),
      out: () => this.#zoom(1 / 1.6),
      fit: () => this.#refit(),
      fold: () => this.#fold(),
      labels: () => this.#relabel(),
      from: () => this.#setEnd("from"),
      to: () => this.#setEnd("to"),
      bookmark: () => this.#bookmark(),
    };
    acts[what]?.();
  }

  #key(event) {
    const typed = event.getModifierState("AltGraph"); // so [ and ] are typed on many keyboards
    if (event.target.closest("input, select, textarea") || event.metaKey || (event.altKey && !typed)) return;
    const onButton = event.target.closest("button:not([role='slider'])");
    const key = keyOf(event, typed);
    if (!key || (onButton && (key === "toggle" || event.key === "Enter"))) return;
    event.preventDefault();
    const keys = {
      toggle: () => this.#toggle(),
      previous: () => this.#jump(-1, this.selected),
      next: () => this.#jump(1, this.selected),
      previousAny: () => this.#jump(-1),
      nextAny: () => this.#jump(1),
      back: () => this.seek(this.playhead.moment() - 1e6),
      forward: () => this.seek(this.playhead.moment() + 1e6),
      laneUp: () => this.#selectNext(-1),
      laneDown: () => this.#selectNext(1),
      first: () => this.seek(this.origin),
      last: () => this.seek(this.#end()),
      in: () => this.#zoom(1.6),
      out: () => this.#zoom(1 / 1.6),
      fit: () => this.#refit(),
      live: () => this.goLive(),
      from: () => this.#setEnd("from"),
      to: () => this.#setEnd("to"),
      bookmark: () => this.#bookmark(),
      fork: () => document.querySelector("[data-part=fork]")?.click(),
      dismiss: () => this.tip.hide(),
      help: () => document.getElementById("timeline-keys")?.showModal(),
    };
    keys[key]();
  }

  #toggle() {
    const { playhead } = this;
    if (playhead.playing || (playhead.live && this.clock.speed > 0)) playhead.pause();
    else {
      if (playhead.moment() >= this.#end() - 1) playhead.seek(this.origin, 0);
      playhead.play();
      this.last = performance.now();
    }
    this.#moved();
  }

  // To the next or previous moment at which something happened. Things within a pixel's time count as one.
  #jump(direction, lane) {
    const now = this.playhead.moment();
    const moments = lane ? this.story.moments(lane) : this.#stops();
    const found = direction > 0 ? moments.find((at) => at > now + 1) : moments.findLast((at) => at < now - 1);
    if (found !== undefined) this.#reveal(found);
  }

  // Wherever anything happened, and bookmarks.
  #stops() {
    return [...this.story.moments(), ...this.signs.bookmarks].sort((a, b) => a - b);
  }

  // One of the two ends between which is compared is where the playhead is; with both a `span` event asks for what differs.
  #setEnd(end) {
    if (!this.dataset.comparable) return;
    const at = this.playhead.moment();
    const both = this.signs.set(end, at);
    this.announcer.textContent = (end === "from" ? this.dataset.saidfrom : this.dataset.saidto).replace("{time}", spanText(at - this.origin));
    this.#draw();
    const [from, to] = this.signs.span;
    if (both) this.dispatchEvent(new CustomEvent("span", { detail: { from, to }, bubbles: true }));
  }

  forgetSpan() {
    this.signs.clear();
    this.#draw();
  }

  #bookmark() {
    const at = this.playhead.moment();
    const there = this.signs.toggle(at);
    const said = there ? this.dataset.saidbookmark : this.dataset.saidnobookmark;
    this.announcer.textContent = said.replace("{time}", spanText(at - this.origin));
    if (this.live && there) this.seek(at); // what is marked is looked at
    this.#draw();
  }

  #reveal(at) {
    this.playhead.pause();
    this.seek(at);
    const x = this.scale.x(at);
    if (x < 0 || x > this.scale.width) {
      this.scale = this.scale.endingAt(at, 0.5);
      this.free = true;
      this.#draw();
    }
  }

  #select(lane) {
    if (!lane) return;
    this.selected = lane;
    this.#draw();
    this.#sayLane(this.story.lanes.find(({ id }) => id === lane));
  }

  // For a screen reader: which lane the arrows walk in now, and what it shows where the playhead is.
  #sayLane(lane) {
    const stretch = this.story.stretchAt(lane.id, this.playhead.moment());
    this.announcer.textContent = [this.#nameOf(lane), stretch?.bar.word].filter(Boolean).join(": ");
  }

  #selectNext(by) {
    const index = this.rows.findIndex((row) => row.lane.id === this.selected) + by;
    if (this.rows[index]) this.#select(this.rows[index].lane.id);
  }

  #typed() {
    const at = parseSpan(this.field.value);
    this.field.setAttribute("aria-invalid", String(at === null));
    if (at !== null) this.#reveal(this.origin + at);
    if (at !== null) this.slider.focus();
  }

  #zoom(factor, around = this.#center()) {
    this.free = true;
    this.scale = this.scale.zoomed(factor, around);
    this.#draw();
  }

  #center() {
    const x = this.scale.x(this.playhead.moment());
    return x >= 0 && x <= this.scale.width ? this.playhead.moment() : this.scale.at(this.scale.width / 2);
  }

  #refit() {
    this.free = false;
    this.#fit();
  }

  #fold() {
    this.folded = !this.folded;
    this.foldButton.setAttribute("aria-pressed", String(this.folded));
    this.#refit();
  }

  #relabel() {
    this.clockLabels = !this.clockLabels;
    this.querySelector("[data-act='labels']").setAttribute("aria-pressed", String(this.clockLabels));
    this.#draw();
  }

  #wheel(event) {
    if (event.ctrlKey) {
      event.preventDefault();
      this.#zoom(Math.exp(-event.deltaY / 240), this.scale.at(this.#x(event)));
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      this.free = true;
      this.scale = this.scale.panned(event.deltaX || event.deltaY);
      this.#draw();
    }
  }

  #x(event) {
    return event.clientX - this.plot.getBoundingClientRect().left;
  }

  #y(event) {
    return event.clientY - this.plot.getBoundingClientRect().top;
  }

  // In the ruler and on the handle a press moves the playhead and drags it; elsewhere a click seeks and a drag pans.
  #press(event) {
    if (event.button !== 0) return;
    const scrub = this.#y(event) < RULER || event.target.closest("[data-part='playhead']");
    const from = { x: event.clientX, scale: this.scale, panned: false };
    const resume = this.playhead.playing;
    if (scrub) {
      this.playhead.pause();
      this.seek(this.signs.near(this.#x(event), this.scale) ?? this.scale.at(this.#x(event)));
      this.slider.focus({ preventScroll: true });
      event.preventDefault();
    }
    this.plot.setPointerCapture(event.pointerId);
    const move = (moved) => {
      if (scrub) this.seek(this.scale.at(this.#x(moved)));
      else if (from.panned || Math.abs(moved.clientX - from.x) > 4) this.#pan(from, moved);
    };
    const up = () => {
      this.plot.removeEventListener("pointermove", move);
      if (!scrub && !from.panned) this.#click(event);
      if (scrub && resume) this.#toggle();
    };
    this.plot.addEventListener("pointermove", move);
    this.plot.addEventListener("pointerup", up, { once: true });
    this.plot.addEventListener("pointercancel", () => this.plot.removeEventListener("pointermove", move), { once: true });
  }

  #pan(from, moved) {
    from.panned = true;
    this.free = true;
    this.scale = from.scale.panned(from.x - moved.clientX);
    this.#draw();
  }

  #click(event) {
    const row = this.#rowAt(this.#y(event));
    if (row) this.selected = row.lane.id;
    const marks = this.#marksOf(event);
    const reach = marks.length > 1 && marks[marks.length - 1].at - marks[0].at;
    if (reach) {
      const middle = (marks[0].at + marks[marks.length - 1].at) / 2;
      this.#zoom((this.scale.span / reach) * 0.5, middle);
    } else {
      this.playhead.pause();
      this.seek(marks.length ? marks[0].at : this.scale.at(this.#x(event)));
      this.#draw();
    }
    this.slider.focus({ preventScroll: true });
  }

  #hover(event) {
    const x = this.#x(event);
    this.pointer.hidden = false;
    this.pointer.style.transform = `translateX(${x}px)`;
    const at = this.scale.at(x);
    this.chip.textContent = this.clockLabels ? clockText(this.start, at, 1e5) : spanText(at - this.origin);
    this.chip.classList.toggle("chip-left", x > this.scale.width - 90);
    const marks = this.#marksOf(event);
    const row = this.#rowAt(this.#y(event));
    const stretch = marks.length || !row ? null : this.story.stretchAt(row.lane.id, at);
    if (marks.length) this.tip.showMarks(event, marks, this);
    else if (stretch && at <= this.clock.now()) this.tip.showStretch(event, row.lane, stretch, this);
    else this.tip.hide();
  }

  #leave() {
    this.pointer.hidden = true;
    this.tip.hide();
  }

  #rowAt(y) {
    return this.rows.find((row) => y >= row.y - 3 && y <= row.y + row.height + 3);
  }

  #marksOf(event) {
    const strip = event.target.dataset?.strip;
    if (strip) return [attemptAt(runsIn(this.story, strip, this.clock.now()), this.#x(event), this.scale)].filter(Boolean);
    const seqs = event.target.closest?.(".mark")?.dataset.seq?.split(" ").map(Number) ?? [];
    return this.story.marks.filter((mark) => seqs.includes(mark.seq));
  }
}

customElements.define("life-timeline", LifeTimeline);
