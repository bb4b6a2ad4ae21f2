// What the picture is made of: points folded into stretches, marks merged where they would overlap. Pure.

const WORST = ["Normal", "Warning"];

// Points and marks as the server told them, in order of seq; every seq is taken once, however often it is told.
// `main` is the lane with whose end the whole story ends; null: it begins with the cluster and goes on.
export class Story {
  constructor(main) {
    this.main = main;
    this.lanes = [];
    this.stretches = new Map();
    this.marks = [];
    this.seq = 0;
    this.known = new Map(); // what was found in the story as it is now
  }

  // True where something was new. Of a lane that is new all is told, also what was before.
  add({ lanes, points, marks, seq }) {
    this.known.clear();
    const fresh = new Set();
    for (const lane of lanes ?? []) if (this.#addLane(lane)) fresh.add(lane.id);
    if (lanes?.length) this.#order(lanes);
    if (this.seq && fresh.size) this.marks = this.marks.filter((mark) => !fresh.has(mark.lane));
    for (const point of points) if (point[0] > this.seq || fresh.has(point[2])) this.#addPoint(point);
    for (const mark of marks) if (mark.seq > this.seq || fresh.has(mark.lane)) this.marks.push(mark);
    const news = seq > this.seq;
    this.seq = Math.max(this.seq, seq);
    return news;
  }

  // Moments at which something happened, in one lane or in all, in order.
  moments(lane) {
    return this.#once(`moments ${lane ?? ""}`, () => this.#moments(lane));
  }

  marksOf(lane) {
    return this.#once("marks", () => Map.groupBy(this.marks, (mark) => mark.lane)).get(lane) ?? [];
  }

  #once(key, find) {
    if (!this.known.has(key)) this.known.set(key, find());
    return this.known.get(key);
  }

  #moments(lane) {
    const all = [];
    for (const [id, stretches] of this.stretches) {
      if (lane && id !== lane) continue;
      for (const stretch of stretches) {
        all.push(stretch.from);
        if (stretch.to !== null) all.push(stretch.to);
      }
    }
    for (const mark of this.marks) if (!lane || mark.lane === lane) all.push(mark.at);
    return [...new Set(all)].sort((a, b) => a - b);
  }

  // The first and the last moment told of; `to` is null while what it is about lives.
  get extent() {
    if (this.main === null) return { from: 0, to: null };
    const firsts = [...this.stretches.values()].flatMap(([first]) => first?.from ?? []);
    const last = this.stretches.get(this.main)?.at(-1);
    return { from: firsts.length ? Math.min(...firsts) : 0, to: last?.to ?? null };
  }

  stretchAt(lane, at) {
    return (this.stretches.get(lane) ?? []).findLast((stretch) => stretch.from <= at && (stretch.to === null || at < stretch.to));
  }

  // The moments at which a lane stopped running: its process ended, or another began.
  ends(lane) {
    const stretches = (this.stretches.get(lane) ?? []).filter(({ bar }) => bar.word === "Running");
    return stretches.filter(({ to, life }, i) => to !== null && stretches[i + 1]?.life !== life).map(({ to }) => to);
  }

  // True where the lane is new; what is known of it will be told once more.
  #addLane(lane) {
    if (this.lanes.some((known) => known.id === lane.id)) return false;
    this.lanes.push(lane);
    this.stretches.set(lane.id, []);
    return true;
  }

  #order(lanes) {
    const place = new Map(lanes.map((lane, index) => [lane.id, index]));
    this.lanes.sort((a, b) => (place.get(a.id) ?? 1e6) - (place.get(b.id) ?? 1e6));
  }

  #addPoint([seq, at, lane, bar, life]) {
    if (!this.stretches.has(lane)) this.stretches.set(lane, []);
    const stretches = this.stretches.get(lane);
    const last = stretches[stretches.length - 1];
    if (last && last.to === null) {
      if (last.from === at) stretches.pop(); // nothing lasted there
      else last.to = at;
    }
    if (bar) stretches.push({ seq, from: at, to: null, bar, life });
  }
}

// Marks of one lane within `near` pixels of one another become one pill, of no more than `most`: {x, marks, severity}.
export function merged(marks, scale, near = 10, most = 40) {
  const pills = [];
  for (const mark of marks) {
    const x = scale.x(mark.at);
    const last = pills[pills.length - 1];
    if (last && x - last.right < near && x - last.left < most) {
      last.marks.push(mark);
      last.right = x;
      if (WORST.indexOf(mark.severity) > WORST.indexOf(last.severity)) last.severity = mark.severity;
    } else {
      pills.push({ left: x, right: x, marks: [mark], severity: mark.severity });
    }
  }
  for (const pill of pills) pill.x = (pill.left + pill.right) / 2;
  return pills;
}

export function runsIn(story, lane, until) {
  return runsOf(story.marksOf(lane), story.ends(`container/${lane.split("/")[1]}`), until);
}

// A probe's attempts: {from, to, every, mark}, one for each mark. The first attempt of a run is its mark, others follow every so
// many microseconds (0: none) as long as they are before `to`.
export function runsOf(marks, ends, until) {
  let ended = 0;
  return marks.map((mark, index) => {
    const next = marks[index + 1];
    while (ends[ended] <= mark.at) ended += 1;
    const end = ends[ended] ?? Infinity;
    const every = (mark.every ?? 0) * 1e6;
    // Where the next mark is only the end of the schedule, what it tells is the last attempt of this run, or none.
    const last = next && !next.every && next.result === mark.result ? next.at + every / 4 : (next?.at ?? Infinity) - every / 4;
    return { from: mark.at, to: Math.min(last, end, until), every, mark, told: !closes(marks[index - 1], mark) };
  });
}

// Whether a mark says no more than that there will be no further attempt.
function closes(before, mark) {
  return Boolean(before?.every && !mark.every && before.result === mark.result);
}
