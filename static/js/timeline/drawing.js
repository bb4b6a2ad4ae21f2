// The SVG of a timeline: ruler, bars, marks, playhead. Draws what it is given and keeps nothing.

import { merged, runsIn } from "podhub/timeline/lanes";
import { clockText, spanText, ticks } from "podhub/timeline/scale";
import { drawStrip } from "podhub/timeline/strip";
import { make } from "podhub/timeline/svg";

export const RULER = 30;
const HEIGHTS = { probe: 13, condition: 20, resident: 22, endpoint: 22, events: 30, about: 38 }; // others 28
const STATE = 20; // of a lane that tells what is about an object: its state above, what is about it below
const GAP = 5;
const CHARACTER = 7.2;

export function heightOf(lane) {
  return HEIGHTS[lane.id.split("/")[0]] ?? 28;
}

// Where each lane stands: {lane, y, height}, and the height of all of them.
export function rowsOf(lanes) {
  let y = RULER + GAP;
  let group = null;
  const rows = lanes.map((lane) => {
    if (group !== null && lane.group !== group) y += GAP;
    group = lane.group;
    const row = { lane, y, height: heightOf(lane) };
    y += row.height + GAP;
    return row;
  });
  return { rows, height: y + GAP };
}

// Everything but the playhead. `until` is how far the story is known; bars that last reach to it.
export function drawPicture(svg, { story, rows, scale, until, origin, start, clock, selected, height, signs }) {
  const ruler = drawRuler(scale, { origin, start, clock, height });
  const lanes = rows.map((row) => drawLane(row, story, scale, until, row.lane.id === selected));
  const folds = scale.folds.map((fold) => drawFold(fold, scale, height));
  svg.replaceChildren(...ruler, ...lanes, ...folds, ...drawSigns(signs, scale, height));
}

// The ends between which is compared, as brackets, and bookmarks as flags in the ruler.
function drawSigns({ from, to, bookmarks }, scale, height) {
  const seen = (at) => at !== null && scale.x(at) >= 0 && scale.x(at) <= scale.width;
  const parts = bookmarks.filter(seen).map((at) => {
    const x = scale.x(at);
    return make("path", { class: "bookmark", d: `M${x} ${RULER}v-14h10l-3 4l3 4h-10` });
  });
  if (from !== null && to !== null) {
    const [left, right] = [from, to].map((at) => Math.min(Math.max(scale.x(at), 0), scale.width)).sort((a, b) => a - b);
    parts.push(make("rect", { class: "between", x: left, y: 0, width: right - left, height }));
  }
  const bracket = (at, tip) => make("path", { class: "bracket", d: `M${scale.x(at) + tip} 1H${scale.x(at)}V${height - 1}h${tip}` });
  if (seen(from)) parts.push(bracket(from, from <= (to ?? from) ? 6 : -6));
  if (seen(to)) parts.push(bracket(to, (from ?? to) <= to ? -6 : 6));
  return parts;
}

// Where quiet time is folded away: a torn edge through all lanes, with how much it is in the ruler.
function drawFold({ from, to }, scale, height) {
  const [left, right] = [scale.x(from), scale.x(to)];
  const edge = (x) => {
    let path = `M${x.toFixed(1)} 0`;
    for (let y = 0; y < height; y += 12) path += "l4 6l-4 6";
    return path;
  };
  const group = make("g", { class: "fold" });
  if (right < 0 || left > scale.width) return group;
  const down = edge(left).slice(1);
  const back = `L${right.toFixed(1)} ${height}V0Z`;
  group.append(make("path", { class: "torn", d: `M${down}${back}` }));
  group.append(make("path", { class: "edge", d: edge(left) }), make("path", { class: "edge", d: edge(right) }));
  group.append(make("text", { class: "fold-label", x: (left + right) / 2 + 2, y: 14 }, spanText(to - from, 1e6)));
  return group;
}

function drawRuler(scale, { origin, start, clock, height }) {
  const { step, ticks: found } = ticks(scale, clock ? -(start % 60e6) : origin);
  const parts = [make("rect", { class: "ruler", x: 0, y: 0, width: scale.width, height: RULER })];
  for (const tick of found) {
    const x = scale.x(tick.at).toFixed(1);
    if (tick.major) {
      parts.push(make("line", { class: "grid", x1: x, x2: x, y1: RULER, y2: height }));
      const label = clock ? clockText(start, tick.at, step) : spanText(tick.at - origin, step);
      const fits = Number(x) + 4 + label.length * (CHARACTER + 1) <= scale.width;
      if (fits && (clock || tick.at >= origin)) parts.push(make("text", { class: "tick-label", x: Number(x) + 4, y: 14 }, label));
    }
    parts.push(make("line", { class: "tick", x1: x, x2: x, y1: tick.major ? 4 : RULER - 6, y2: RULER }));
  }
  return parts;
}

function drawLane({ lane, y, height }, story, scale, until, selected) {
  const group = make("g", { class: "lane", transform: `translate(0 ${y})`, "data-lane": lane.id });
  if (selected) group.append(make("rect", { class: "lane-selected", x: 0, y: -3, width: scale.width, height: height + 6 }));
  group.append(make("line", { class: "lane-line", x1: 0, x2: scale.width, y1: height / 2, y2: height / 2 }));
  const above = lane.id.startsWith("about/") ? STATE : 0;
  group.append(...drawBars(story.stretches.get(lane.id) ?? [], scale, until, above || height));
  const marks = story.marksOf(lane.id);
  if (above) group.append(make("g", { transform: `translate(0 ${above})` }, ...drawMarks(marks, scale, height - above)));
  else group.append(...(lane.id.startsWith("probe/") ? drawStrip(lane, runsIn(story, lane.id, until), scale, height) : drawMarks(marks, scale, height)));
  return group;
}

// Bars that end within the pixel in which the last one that was drawn ends are left out: there is no room for them.
function drawBars(stretches, scale, until, height) {
  const bars = [];
  let drawn = -Infinity;
  for (const stretch of stretches) {
    const right = scale.x(stretch.to ?? Math.max(until, stretch.from));
    const bar = right - drawn < 1 ? null : drawBar(stretch, scale, until, height);
    if (!bar) continue;
    bars.push(bar);
    drawn = right;
  }
  return bars;
}

function drawBar({ from, to, bar, seq }, scale, until, height) {
  const left = scale.x(from);
  const right = scale.x(to ?? Math.max(until, from));
  if (right < 0 || left > scale.width) return null;
  const x = Math.max(left, -4);
  const width = Math.max(2, Math.min(right, scale.width + 4) - x);
  const group = make("g", { class: "bar", "data-look": bar.look, "data-seq": seq, "data-open": to === null ? "" : null });
  const inset = width > 4 ? 0.75 : 0;
  group.append(
    make("rect", { x: x + inset, y: 0.75, width: Math.max(1, width - 2 * inset), height: height - 1.5, rx: width > 8 ? 4 : 1 }),
  );
  group.append(...drawBarTexts(bar, x, width, height));
  return group;
}

function drawBarTexts(bar, x, width, height) {
  const parts = [];
  const at = Math.max(x, 0);
  const room = width - (at - x);
  const size = height > 24 ? 14 : 12;
  const badge = bar.badge && room >= 20 + bar.badge.length * CHARACTER + size ? bar.badge : "";
  if (room >= size + 8) {
    parts.push(make("use", { href: `#glyph-${bar.look}`, x: at + 5, y: (height - size) / 2, width: size, height: size }));
  }
  const free = room - size - 16 - (badge ? badge.length * CHARACTER + 8 : 0);
  const text = fitting(bar.word, free);
  if (text) parts.push(make("text", { class: "bar-word", x: at + size + 9, y: height / 2 }, text));
  if (badge) parts.push(make("text", { class: "bar-badge", x: x + width - 7, y: height / 2 }, badge));
  return parts;
}

function fitting(word, pixels) {
  const characters = Math.floor(pixels / CHARACTER);
  if (word.length <= characters) return word;
  return characters >= 6 ? `${word.slice(0, characters - 1)}…` : "";
}

function drawMarks(marks, scale, height) {
  const near = marks.filter((mark) => scale.x(mark.at) > -20 && scale.x(mark.at) < scale.width + 20);
  const ticks = near.filter((mark) => mark.shape !== "event");
  const points = near.filter((mark) => mark.shape === "event");
  const pills = merged(points, scale);
  pills.sort((a, b) => (a.severity === "Warning") - (b.severity === "Warning"));
  return [...apart(ticks, scale).map((mark) => drawTick(mark, height)), ...pills.map((pill) => drawPill(pill, height))];
}

// Of marks that look alike and would cover one another one, which speaks for all.
function apart(marks, scale) {
  const last = new Map();
  const found = [];
  for (const mark of marks) {
    const [kind, x] = [`${mark.shape} ${mark.severity}`, scale.x(mark.at)];
    const before = last.get(kind);
    if (before && x - before.x < 3) before.seqs.push(mark.seq);
    else {
      last.set(kind, { ...mark, x, seqs: [mark.seq] });
      found.push(last.get(kind));
    }
  }
  return found;
}

function drawTick({ shape, severity, x, seqs }, height) {
  const group = make("g", { class: "mark", "data-shape": shape, "data-severity": severity, "data-seq": seqs.join(" ") });
  if (shape === "signal") group.append(make("line", { x1: x, x2: x, y1: -3, y2: height + 3 }));
  else if (shape === "request") group.append(make("path", { d: `M${x} ${height - 7}l6 10h-12z` }));
  else group.append(make("circle", { cx: x, cy: height, r: 3.5 }));
  group.append(make("rect", { class: "hit", x: x - 5, y: height - 12, width: 10, height: 18 }));
  return group;
}

function drawPill({ x, marks, severity }, height) {
  const y = height / 2;
  const seqs = marks.map((mark) => mark.seq).join(" ");
  const group = make("g", { class: "mark", "data-shape": marks[0].shape, "data-severity": severity, "data-seq": seqs });
  if (marks.length === 1) {
    group.append(make("path", { d: `M${x} ${y - 7}l7 7l-7 7l-7 -7z` }));
  } else {
    const label = String(marks.length);
    const width = 12 + label.length * 7;
    group.append(make("rect", { x: x - width / 2, y: y - 8, width, height: 16, rx: 8 }));
    group.append(make("text", { class: "pill-count", x, y }, label));
  }
  group.append(make("rect", { class: "hit", x: x - 12, y: y - 12, width: 24, height: 24 }));
  return group;
}
