// <yaml-editor>: line numbers beside a textarea, marks at the lines that findings name, files read into it.

const LARGEST = 3 * 1024 * 1024;

class YamlEditor extends HTMLElement {
  connectedCallback() {
    this.text = this.querySelector("textarea");
    this.gutter = document.createElement("div");
    this.gutter.className = "gutter";
    this.gutter.setAttribute("aria-hidden", "true");
    this.prepend(this.gutter);
    this.found = this.#findings();
    this.text.addEventListener("input", () => this.#number());
    this.text.addEventListener("scroll", () => {
      this.gutter.scrollTop = this.text.scrollTop;
    });
    this.text.addEventListener("keydown", (event) => this.#indent(event));
    this.addEventListener("dragover", (event) => this.#drag(event, true));
    this.addEventListener("dragleave", (event) => this.#drag(event, false));
    this.addEventListener("drop", (event) => this.#drop(event));
    this.#number();
    const first = document.querySelector("[data-goto]");
    if (first) this.go(Number(first.dataset.goto), false);
  }

  // Put the cursor at the start of a line and show it.
  go(line, focus = true) {
    const lines = this.text.value.split("\n");
    const from = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    this.text.setSelectionRange(from, from + (lines[line - 1]?.length ?? 0));
    if (focus) this.text.focus();
    const row = this.text.scrollHeight / Math.max(lines.length, 1);
    this.text.scrollTop = Math.max(0, (line - 6) * row);
    this.gutter.scrollTop = this.text.scrollTop;
  }

  set value(text) {
    this.text.value = text;
    this.found = new Map();
    this.text.dispatchEvent(new Event("input", { bubbles: true }));
    this.text.scrollTop = 0;
  }

  #findings() {
    const found = new Map();
    for (const item of document.querySelectorAll(".findings [data-line]")) {
      const line = Number(item.dataset.line);
      if (found.get(line) !== "error") found.set(line, item.dataset.level);
    }
    return found;
  }

  #number() {
    const count = this.text.value.split("\n").length;
    if (this.numbered === count && this.marked === this.found) return;
    this.numbered = count;
    this.marked = this.found;
    const rows = Array.from({ length: count }, (_, index) => {
      const row = document.createElement("div");
      row.textContent = String(index + 1);
      const level = this.found.get(index + 1);
      if (level) row.className = `has-${level}`;
      return row;
    });
    this.gutter.replaceChildren(...rows);
    this.gutter.scrollTop = this.text.scrollTop;
  }

  // A new line begins where the last one began.
  #indent(event) {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey) return;
    const { selectionStart: at, value } = this.text;
    const line = value.slice(value.lastIndexOf("\n", at - 1) + 1, at);
    const indent = /^ */.exec(line)[0] + (/:\s*$/.test(line) ? "  " : "");
    if (!indent) return;
    event.preventDefault();
    this.text.setRangeText(`\n${indent}`, at, this.text.selectionEnd, "end");
    this.text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #drag(event, over) {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    this.classList.toggle("is-dropping", over);
  }

  async #drop(event) {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    this.classList.remove("is-dropping");
    const { files } = event.dataTransfer;
    if ([...files].reduce((sum, file) => sum + file.size, 0) > LARGEST) {
      document.getElementById("file").files = files; // too much to show; the server says what is wrong with it
      return;
    }
    const texts = await Promise.all([...files].map((file) => file.text()));
    this.value = texts.join("\n---\n");
  }
}

customElements.define("yaml-editor", YamlEditor);

document.addEventListener("click", (event) => {
  const place = event.target.closest("[data-goto]");
  if (!place) return;
  event.preventDefault();
  document.querySelector("yaml-editor").go(Number(place.dataset.goto));
});
