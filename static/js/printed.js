// What kubectl prints of an object: the description, which the server puts in place, or the YAML, which is read while it is shown.

const APART = 1000; // ms from one reading to the next, while the page is live

export class Printed {
  // `moment` returns the query of the moment that is shown.
  constructor(panel, moment) {
    this.panel = panel;
    this.moment = moment;
    this.text = panel.querySelector("[data-part=yaml]");
    this.shows = "describe";
    panel.addEventListener("click", ({ target }) => {
      const { prints } = target.closest("[data-prints]")?.dataset ?? {};
      if (prints) this.#show(prints);
    });
    if (new URL(location.href).searchParams.get("print") === "yaml") this.#show("yaml");
  }

  // The moment is another, or something is new in it.
  changed() {
    if (this.shows !== "yaml") return;
    if (this.reading) this.again = true;
    else this.#readOn();
  }

  // An address with what is shown in it.
  kept(url) {
    if (this.shows === "yaml") url.searchParams.set("print", "yaml");
    else url.searchParams.delete("print");
    return url;
  }

  #show(what) {
    this.shows = what;
    for (const part of this.panel.querySelectorAll("[data-print]")) part.hidden = part.dataset.print !== what;
    for (const button of this.panel.querySelectorAll("[data-prints]")) {
      button.setAttribute("aria-pressed", String(button.dataset.prints === what));
    }
    history.replaceState(null, "", this.kept(new URL(location.href)));
    this.changed();
  }

  // One reading at a time, and of one live moment not too many; the last change is always read.
  async #readOn() {
    this.reading = true;
    do {
      this.again = false;
      const moment = this.moment();
      await this.#read(moment);
      if (moment === this.moment()) await new Promise((go) => setTimeout(go, APART));
    } while (this.again);
    this.reading = false;
  }

  async #read(moment) {
    const url = new URL(this.panel.dataset.yaml, location.href);
    url.search = moment;
    try {
      const answer = await fetch(url);
      const text = await answer.text();
      if (answer.headers.get("Content-Type")?.startsWith("text/plain") && text !== this.text.textContent) this.text.textContent = text;
    } catch {
      // The page says already that the server does not answer.
    }
  }
}
