// Adds rows to what only grows. Each row has its seq: what stands there already is not added again.
// Returns false where there is no place for them yet.

const MOST = 500; // rows that are kept; the oldest go

export function addAbove(place, html) {
  if (!place) return false;
  place.prepend(newer(html, place.firstElementChild));
  while (place.childElementCount > MOST) place.lastElementChild.remove();
  return true;
}

export function addBelow(place, html) {
  if (!place) return false;
  place.append(newer(html, place.lastElementChild));
  while (place.childElementCount > MOST) place.firstElementChild.remove();
  return true;
}

function newer(html, newest) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const seen = Number(newest?.dataset.seq ?? 0);
  for (const row of [...template.content.children]) {
    if (Number(row.dataset.seq) <= seen) row.remove();
  }
  return template.content;
}
