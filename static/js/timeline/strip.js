// The strip below a container: a probe's attempts, short where they succeeded, tall where they did not; a band where they are too
// close to be told apart. However many there are, they are a few paths: `attemptAt` says which one is at a place.

import { make } from "podhub/timeline/svg";

const APART = 4; // pixels from one attempt of a run to the next, below which they become a band
const REACH = 6; // pixels beside an attempt that still mean it

export function drawStrip(lane, runs, scale, height) {
  const groups = ["Normal", "Warning"].map((severity) => {
    const top = severity === "Warning" ? 0 : height / 2;
    const { ticks, bands } = placesOf(runs.filter(({ mark }) => mark.severity === severity), scale);
    const band = bands.map(([left, right]) => `M${left.toFixed(1)} ${top}H${right.toFixed(1)}V${height}H${left.toFixed(1)}Z`);
    const group = make("g", { class: "mark", "data-shape": "attempt", "data-severity": severity });
    if (band.length) group.append(make("path", { class: "band", d: band.join("") }));
    if (ticks.length) group.append(make("path", { class: "ticks", d: ticks.map((x) => `M${x.toFixed(1)} ${top}V${height}`).join("") }));
    return group;
  });
  return [...groups, make("rect", { class: "strip", x: 0, y: -2, width: scale.width, height: height + 4, "data-strip": lane.id })];
}

// Where ticks and bands are drawn; of ticks within a pixel one.
function placesOf(runs, scale) {
  const ticks = [];
  const bands = [];
  const add = (x) => {
    if (!(x - ticks[ticks.length - 1] < 1)) ticks.push(x);
  };
  for (const run of runs) {
    const left = scale.x(run.from);
    const right = Math.max(scale.x(run.to), left + 1);
    if (right < 0 || left > scale.width) continue;
    const seen = { left: Math.max(left, -APART), right: Math.min(right, scale.width + APART) };
    if (run.told) add(left);
    if (run.every && scale.pixels(run.from, run.every) < APART) bands.push([seen.left, Math.max(seen.right, seen.left + 1)]);
    else if (run.every) for (const x of attempts(run, scale, scale.at(seen.left))) if (x <= seen.right) add(x);
  }
  return { ticks, bands };
}

// Where the further attempts of a run are drawn, from a moment on: those in time that is folded away are not.
function attempts({ from, to, every }, scale, since) {
  const found = [];
  const next = (moment) => from + Math.max(1, Math.ceil((moment - from) / every)) * every;
  for (let at = next(since); at < to && found.length < scale.width; at += every) {
    const fold = scale.folds.find((one) => one.from < at && at < one.to);
    if (fold) at = next(fold.to) - every;
    else found.push(scale.x(at));
  }
  return found;
}

// The mark that tells of the attempt nearest to a place, or undefined where none is near.
export function attemptAt(runs, x, scale) {
  const at = scale.at(x);
  let found;
  let reach = REACH;
  for (const run of runs) {
    const last = run.every && run.to > run.from ? Math.ceil((run.to - run.from) / run.every) - 1 : 0;
    const number = run.every ? Math.min(Math.max(Math.round((at - run.from) / run.every), run.told ? 0 : 1), last) : 0;
    const away = Math.abs(scale.x(run.from + number * run.every) - x);
    if ((run.told || run.every) && away < reach) [found, reach] = [run.mark, away];
  }
  return found;
}
