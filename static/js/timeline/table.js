// The same story as a table: for who reads rather than sees, and to copy.

import { spanText } from "podhub/timeline/scale";

function rowsOf(story) {
  const labels = new Map(story.lanes.map((lane) => [lane.id, nameOf(lane)]));
  const rows = story.marks.map((mark) => [mark.at, mark.seq, labels.get(mark.lane) ?? "", mark.title, mark.text ?? ""]);
  for (const [lane, stretches] of story.stretches) {
    stretches.forEach((stretch, index) => {
      const before = stretches[index - 1];
      const word = before && before.to === stretch.from ? `${before.bar.word} → ${stretch.bar.word}` : stretch.bar.word;
      rows.push([stretch.from, stretch.seq, labels.get(lane) ?? lane, word, stretch.bar.detail ?? ""]);
    });
  }
  return rows.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}

// A probe is called with its container: several may have one of its kind.
export function nameOf({ id, label }) {
  return id.startsWith("probe/") ? id.split("/").slice(1).join(" · ") : label;
}

export function drawTable(body, story, origin) {
  const rows = rowsOf(story);
  if (Number(body.dataset.rows) === rows.length) return;
  body.dataset.rows = rows.length;
  body.replaceChildren(
    ...rows.map(([at, , lane, word, detail]) => {
      const row = document.createElement("tr");
      for (const text of [spanText(at - origin, 1e3), lane, word, detail]) {
        row.append(Object.assign(document.createElement("td"), { textContent: text }));
      }
      return row;
    }),
  );
}
