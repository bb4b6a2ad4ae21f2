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

export class Scale {
  constructor(from, to, width) {
    this.from = from;
    this.to = to;
    this.width = Math.max(1, width);
  }

  get span() {
    return this.to - this.from;
  }

  x(at) {
    return ((at - this.from) / this.span) * this.width;
  }

  at(x) {
    return this.from + (x / this.width) * this.span;
  }

  resized(width) {
    return new Scale(this.from, this.to, width);
  }

  // A factor above 1 shows less time, larger; the moment `around` stays where it is.
  zoomed(factor, around) {
    const least = LEAST_PER_PIXEL * this.width;
    const span = Math.min(Math.max(this.span / factor, least), 400 * DAY);
    const from = around - ((around - this.from) / this.span) * span;
    return new Scale(from, from + span, this.width);
  }

  panned(pixels) {
    const by = (pixels / this.width) * this.span;
    return new Scale(this.from + by, this.to + by, this.width);
  }

  endingAt(to) {
    return new Scale(to - this.span, to, this.width);
  }
}

// The smallest step of the ladder whose labels keep `least` pixels from one another.
export function stepOf(scale, least = 80) {
  const wanted = (least / scale.width) * scale.span;
  return LADDER.find((step) => step >= wanted) ?? LADDER[LADDER.length - 1];
}

// Ticks of the ruler: every step with a label, and smaller ones between, counted from `origin`.
export function ticks(scale, origin) {
  const step = stepOf(scale);
  const minor = step / (step % (5 * MILLI) === 0 && step !== 15 * SECOND && step !== 15 * MINUTE ? 5 : step % 3 === 0 ? 3 : 2);
  const first = Math.ceil((scale.from - origin) / minor);
  const last = Math.floor((scale.to - origin) / minor);
  const found = [];
  for (let number = first; number <= last; number += 1) {
    const offset = number * minor;
    found.push({ at: origin + offset, offset, major: Math.abs(offset / step - Math.round(offset / step)) < 1e-6 });
  }
  return { step, ticks: found };
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
