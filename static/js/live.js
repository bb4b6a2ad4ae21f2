// A page's socket. It says which seq it has seen, and gets what came after; when it was cut it asks again from there.

const FIRST_WAIT = 250;
const LONGEST_WAIT = 5000;
const SILENCE = 40000; // ms without a word, after which the line is taken for dead

export class Live {
  // `tell` gets each message; `stale` is told the moment since which nothing came, or null when it comes again.
  constructor(path, seq, { tell, stale }) {
    this.path = path;
    this.seq = seq;
    this.tell = tell;
    this.stale = stale;
    this.wait = FIRST_WAIT;
    this.open();
    addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#hurry());
  }

  open() {
    clearTimeout(this.retry);
    const url = new URL(this.path, location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    url.searchParams.set("after", this.seq);
    this.socket = new WebSocket(url);
    this.socket.addEventListener("message", ({ data, target }) => target === this.socket && this.#heard(JSON.parse(data)));
    this.socket.addEventListener("close", (event) => this.#closed(event.target));
    this.#listen();
  }

  // Go on with other news: those of another path.
  follow(path, seq) {
    const before = this.socket;
    this.path = path;
    this.seq = seq;
    this.open();
    before.close();
  }

  #heard(message) {
    this.wait = FIRST_WAIT;
    this.heardAt = Date.now();
    this.#listen();
    this.stale(null);
    if (message.seq !== undefined) this.seq = Math.max(this.seq, message.seq);
    this.tell(message);
  }

  #listen() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.socket.close(), SILENCE);
  }

  #closed(socket) {
    if (socket !== this.socket) return;
    clearTimeout(this.silence);
    this.stale(this.heardAt ?? Date.now());
    this.retry = setTimeout(() => this.open(), this.wait * (0.5 + Math.random()));
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  #hurry() {
    if (this.socket.readyState === WebSocket.CLOSED) this.open();
  }
}

// Says on the page whether it is behind, and lets its clock stand meanwhile: `note` is the element, its words come from the template.
export function staleNote(note, words, clock) {
  let timer = null;
  return (since) => {
    clearTimeout(timer);
    if (since === null) {
      note.hidden = true;
      clock.release();
    } else {
      timer = setTimeout(() => {
        clock.hold();
        note.textContent = words.replace("{time}", new Date(since).toLocaleTimeString());
        note.hidden = false;
      }, 1500);
    }
  };
}

// Puts fragments in their places: the server marks each for htmx to swap by its id.
export function put(html) {
  if (html) window.htmx.swap(document.body, html, { swapStyle: "none", swapDelay: 0, settleDelay: 0 });
}

// Shows which speed the cluster's clock has, whoever set it.
export function tellSpeed({ name }) {
  for (const button of document.querySelectorAll(".cluster-clock button[name='speed']")) {
    button.setAttribute("aria-pressed", String(button.value === name));
  }
}
