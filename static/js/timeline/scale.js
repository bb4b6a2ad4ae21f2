// Time on the x axis: where a moment is drawn, what the ruler says, how far one may zoom. Pure; times are microseconds
// since the cluster's start, as numbers.

const MILLI = 1e3;
const SECOND = 1e6;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const LADDER = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500].map((n) => n * MILLI),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 30, 90, 365].map((n) => n * DAY),
];

export const LEAST_PER_PIXEL = 100; // 1 ms for 10 px

// Quiet time is folded away: each of `folds` ({from, to}, in order) takes only `kept` microseconds' room. What is between is
// linear. Lengths and ends of a scale are in folded time, moments in real time.
export class Folding {
  constructor(folds = [], kept = 0) {
    this.folds = folds;
    this.kept = kept;
  }

  fold(at) {
    let folded = at;
    for (const { from, to } of this.folds) {
      if (at <= from) break;
      const share = Math.min((at - from) / (to - from), 1);
      folded -= share * (to - from - this.kept);
    }
    return folded;
  }

  unfold(folded) {
    let gone = 0;
    for (const { from, to } of this.folds) {
      const at = folded + gone;
      if (at <= from) return at;
      const length = to - from;
      if (at < from + this.kept) return from + ((at - from) / this.kept) * length;
      gone += length - this.kept;
    }
    return folded + gone;
  }
}

const QUIET = 30 * SECOND; // the least that is worth folding
const SHARE = 0.1; // of all that is told

// How to fold the stretches in which nothing happens: `moments` in order, the last of them is the end of what is told.
export function quiet(moments) {
  const told = moments.length ? moments[moments.length - 1] - moments[0] : 0;
  const gaps = [];
  for (let i = 1; i < moments.length; i += 1) {
    const [from, to] = [moments[i - 1], moments[i]];
    if (to - from >= Math.max(QUIET, SHARE * told)) gaps.push({ from, to });
  }
  const rest = Math.max(told - gaps.reduce((sum, { from, to }) => sum + to - from, 0), QUIET);
  const air = Math.min(rest / 30, QUIET / 4); // around what happened
  return new Folding(gaps.map(({ from, to }) => ({ from: from + air, to: to - air })), rest / 16);
}

export class Scale {
  constructor(from, to, width, folding = new Folding()) {
    this.from = from;
    this.to = to;
    this.width = Math.max(1, width);
    this.folding = folding;
  }

  get span() {
    return this.to - this.from;
  }

  get folds() {
    return this.folding.folds;
  }

  x(at) {
    return ((this.folding.fold(at) - this.from) / this.span) * this.width;
  }

  at(x) {
    return this.folding.unfold(this.from + (x / this.width) * this.span);
  }

  // How wide a span is that begins at a moment.
  pixels(at, span) {
    return this.x(at + span) - this.x(at);
  }

  resized(width) {
    return new Scale(this.from, this.to, width, this.folding);
  }

  // A factor above 1 shows less time, larger; the moment `around` stays where it is.
  zoomed(factor, around) {
    const least = LEAST_PER_PIXEL * this.width;
    const span = Math.min(Math.max(this.span / factor, least), 400 * DAY);
    const fixed = this.folding.fold(around);
    const from = fixed - ((fixed - this.from) / this.span) * span;
    return new Scale(from, from + span, this.width, this.folding);
  }

  panned(pixels) {
    const by = (pixels / this.width) * this.span;
    return new Scale(this.from + by, this.to + by, this.width, this.folding);
  }

  // So that the right end is `margin` (a share of the span) behind a moment.
  endingAt(at, margin = 0) {
    const to = this.folding.fold(at) + margin * this.span;
    return new Scale(to - this.span, to, this.width, this.folding);
  }
}

// The smallest step of the ladder whose labels keep `least` pixels from one another.
export function stepOf(scale, least = 80) {
  const wanted = (least / scale.width) * scale.span;
  return LADDER.find((step) => step >= wanted) ?? LADDER[LADDER.length - 1];
}

// Ticks of the ruler: every step with a label, and smaller ones between, counted from `origin`; none where time is folded.
export function ticks(scale, origin) {
  const step = stepOf(scale);
  const minor = step / (step % (5 * MILLI) === 0 && step !== 15 * SECOND && step !== 15 * MINUTE ? 5 : step % 3 === 0 ? 3 : 2);
  const found = [];
  for (const [from, to] of plain(scale)) {
    const last = Math.floor((to - origin) / minor);
    for (let number = Math.ceil((from - origin) / minor); number <= last; number += 1) {
      const offset = number * minor;
      found.push({ at: origin + offset, offset, major: Math.abs(offset / step - Math.round(offset / step)) < 1e-6 });
    }
  }
  return { step, ticks: found };
}

// The stretches in view that are not folded.
function plain(scale) {
  const ends = [scale.at(0), ...scale.folds.flatMap(({ from, to }) => [from, to]), scale.at(scale.width)];
  const [first, last] = [ends[0], ends[ends.length - 1]];
  const inside = (at) => Math.min(Math.max(at, first), last);
  const stretches = [];
  for (let i = 0; i < ends.length; i += 2) stretches.push([inside(ends[i]), inside(ends[i + 1])]);
  return stretches.filter(([from, to]) => from < to);
}

// A span as people say it: 12.4s, 1m15s, 2h3m, 3d4h. `grain` is the smallest part worth showing.
export function spanText(span, grain = 100 * MILLI) {
  const sign = span < 0 ? "−" : "";
  const rounded = Math.round(Math.abs(span) / grain) * grain;
  const days = Math.floor(rounded / DAY);
  const hours = Math.floor((rounded % DAY) / HOUR);
  const minutes = Math.floor((rounded % HOUR) / MINUTE);
  const seconds = (rounded % MINUTE) / SECOND;
  const digits = grain >= SECOND ? 0 : grain >= 100 * MILLI ? 1 : grain >= 10 * MILLI ? 2 : 3;
  const parts = [];
  if (days) parts.push(`${days}d`);
  if (hours) parts.push(`${hours}h`);
  if (minutes) parts.push(`${minutes}m`);
  if (seconds >= 10 ** -digits / 2 || !parts.length) parts.push(`${trimmed(seconds, digits)}s`);
  return sign + parts.join("");
}

function trimmed(seconds, digits) {
  const text = seconds.toFixed(digits);
  return digits ? text.replace(/\.?0+$/, "") : text;
}

// A moment on the clock, in UTC: 08:26:39, with as many digits as `grain` asks for.
export function clockText(start, at, grain = SECOND) {
  const micros = start + at;
  const text = new Date(Math.floor(micros / MILLI)).toISOString();
  const digits = grain >= SECOND ? 0 : grain >= 100 * MILLI ? 1 : 3;
  return digits ? text.slice(11, 20 + digits) : text.slice(11, 19);
}

// What a time field holds, in microseconds: 35s, 1m15s, 1:15, 12.4, or null.
export function parseSpan(text) {
  const word = text.trim().replace(/^[+]/, "");
  const colons = /^(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)$/.exec(word);
  if (colons) return ((Number(colons[1] ?? 0) * 60 + Number(colons[2])) * 60 + Number(colons[3])) * SECOND;
  if (/^\d+(\.\d+)?$/.test(word)) return Number(word) * SECOND;
  const units = { d: DAY, h: HOUR, m: MINUTE, s: SECOND, ms: MILLI };
  const pieces = [...word.matchAll(/(\d+(?:\.\d+)?)(ms|d|h|m|s)/g)];
  if (!pieces.length || pieces.map((piece) => piece[0]).join("") !== word) return null;
  return pieces.reduce((sum, [, number, unit]) => sum + Number(number) * units[unit], 0);
}
