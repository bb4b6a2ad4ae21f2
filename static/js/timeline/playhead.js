// Which moment is looked at: live, stopped at a past one, or playing on from there.

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];

// The cluster's own clock, as far as this browser knows it: what the server said last, and how time has gone since.
export class ClusterClock {
  constructor(clock, wall = performance.now()) {
    this.told(clock, wall);
  }

  // `at` in microseconds since its start.
  told({ at, speed }, wall = performance.now()) {
    this.at = at;
    this.speed = speed; // cluster seconds for a second; 0: it stands
    this.wall = wall;
    this.held = null; // where it is shown to stand while nobody tells what happens
  }

  hold() {
    this.held ??= this.now();
  }

  release() {
    this.held = null;
  }

  now(wall = performance.now()) {
    if (this.held !== null) return this.held;
    return this.at + Math.max(0, wall - this.wall) * 1e3 * this.speed;
  }
}

export class Playhead {
  constructor(clock, at = null) {
    this.clock = clock;
    this.at = at; // null: live
    this.speed = 1;
    this.playing = false;
  }

  get live() {
    return this.at === null;
  }

  moment(wall = performance.now()) {
    return this.live ? this.clock.now(wall) : this.at;
  }

  seek(at, from) {
    this.at = Math.min(Math.max(at, from), this.clock.now());
  }

  rest(at) {
    this.at = at;
    this.playing = false;
  }

  goLive() {
    this.at = null;
    this.playing = false;
  }

  play() {
    if (!this.live) this.playing = true;
  }

  pause() {
    if (this.live) this.at = this.clock.now();
    this.playing = false;
  }

  // Go on by the time since the last step; true where the end was reached.
  step(elapsed, end) {
    if (!this.playing) return false;
    this.at += elapsed * 1e3 * this.speed;
    if (this.at < end) return false;
    this.at = end;
    this.playing = false;
    return true;
  }
}
