// What a reader has put on a timeline: the two ends between which it is compared, and bookmarks. They are the browser's own,
// not the log's: bookmarks are kept here for the next visit.

const NEAR = 8; // pixels within which a press in the ruler means a bookmark

export class Signs {
  constructor(key, storage) {
    this.key = key;
    this.storage = storage;
    this.from = null;
    this.to = null;
    this.bookmarks = this.#kept();
  }

  // True where both ends are set now.
  set(end, at) {
    this[end] = Math.round(at);
    return this.from !== null && this.to !== null;
  }

  // The ends in the order of time.
  get span() {
    return [this.from, this.to].sort((a, b) => a - b);
  }

  clear() {
    this.from = null;
    this.to = null;
  }

  // Put a bookmark at a moment, or take the one away that is there; true where there is one now.
  toggle(at) {
    const moment = Math.round(at);
    const there = this.bookmarks.includes(moment);
    this.bookmarks = there ? this.bookmarks.filter((one) => one !== moment) : [...this.bookmarks, moment].sort((a, b) => a - b);
    this.#keep();
    return !there;
  }

  near(x, scale) {
    return this.bookmarks.find((at) => Math.abs(scale.x(at) - x) <= NEAR);
  }

  #kept() {
    try {
      const kept = JSON.parse(this.storage.getItem(this.key) ?? "[]");
      return Array.isArray(kept) ? kept.filter(Number.isFinite) : [];
    } catch {
      return [];
    }
  }

  #keep() {
    try {
      if (this.bookmarks.length) this.storage.setItem(this.key, JSON.stringify(this.bookmarks));
      else this.storage.removeItem(this.key);
    } catch {
      // A browser that keeps nothing forgets them with the page.
    }
  }
}
