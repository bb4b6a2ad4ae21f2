// The names of the lanes, beside the picture: buttons that select one.

export function labelsOf(rows, selected, nameOf) {
  return rows.map(({ lane, y, height }) => {
    const row = document.createElement("button");
    row.type = "button";
    row.tabIndex = -1;
    row.dataset.lane = lane.id;
    row.dataset.kind = lane.id.split("/")[0];
    row.setAttribute("aria-pressed", String(lane.id === selected));
    row.style.top = `${y}px`;
    row.style.height = `${height}px`;
    const name = document.createElement("span");
    for (const word of nameOf(lane).split(/(?<=[a-z])(?=[A-Z])/)) name.append(word, document.createElement("wbr"));
    row.append(name);
    row.title = [name.textContent, lane.note].filter(Boolean).join(" ");
    if (lane.note) row.append(Object.assign(document.createElement("small"), { textContent: lane.note }));
    return row;
  });
}
