// The rows that a reader looks for: those that hold every word of a field. The address keeps the words.

export class RowFilter {
  constructor(form) {
    this.form = form;
    this.field = form.elements.filter;
    this.found = form.querySelector("[data-part=found]");
    form.addEventListener("submit", (event) => event.preventDefault());
    this.field.addEventListener("input", () => {
      this.apply();
      history.replaceState(null, "", this.kept(new URL(location.href)));
    });
    form.hidden = false;
    this.apply();
  }

  // Show and hide the rows that there are now; to be called again when some have come.
  apply() {
    const words = this.field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = this.form.dataset.of.split(", ").flatMap((body) => [...document.querySelectorAll(`${body} > tr`)]);
    for (const row of rows) {
      const text = words.length ? row.textContent.toLowerCase() : "";
      row.hidden = !words.every((word) => text.includes(word));
    }
    const shown = rows.filter((row) => !row.hidden).length;
    this.#tell(words.length ? this.form.dataset.found.replace("{shown}", shown).replace("{all}", rows.length) : "");
  }

  // An address with the words in it.
  kept(url) {
    const words = this.field.value.trim();
    if (words) url.searchParams.set("filter", words);
    else url.searchParams.delete("filter");
    return url;
  }

  #tell(text) {
    if (this.found.textContent !== text) this.found.textContent = text;
  }
}
