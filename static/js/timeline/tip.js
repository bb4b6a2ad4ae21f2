// The box beside the pointer: what a bar or a mark is, since when and until when.

import { spanText } from "podhub/timeline/scale";

const MOST = 8;

function line(tag, className, text) {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}

export class Tip {
  constructor(box) {
    this.box = box;
  }

  hide() {
    this.box.hidden = true;
  }

  showStretch(event, lane, { bar, from, to }, timeline) {
    const since = spanText(from - timeline.origin);
    const until = to === null ? timeline.dataset.now : spanText(to - timeline.origin);
    const lasted = spanText((to ?? timeline.clock.now()) - from);
    this.#show(event, [
      line("strong", "", `${lane.label} · ${bar.word}${bar.badge ? ` ${bar.badge}` : ""}`),
      line("span", "tip-time", `${since} – ${until} (${lasted})`),
      ...(bar.detail ? [line("span", "", bar.detail)] : []),
    ]);
  }

  showMarks(event, marks, timeline) {
    const shown = marks.slice(0, MOST).flatMap((mark) => [
      line("strong", mark.severity === "Warning" ? "severity-Warning" : "", `${spanText(mark.at - timeline.origin)} ${mark.title}`),
      ...(mark.text ? [line("span", "", mark.text)] : []),
    ]);
    const more = marks.length > MOST ? [line("span", "soft", `+ ${marks.length - MOST}`)] : [];
    this.#show(event, [...shown, ...more]);
  }

  #show(event, parts) {
    this.box.replaceChildren(...parts);
    this.box.hidden = false;
    const frame = this.box.parentElement.getBoundingClientRect();
    const x = event.clientX - frame.left;
    const left = Math.min(Math.max(4, x + 14), Math.max(4, frame.width - this.box.offsetWidth - 4));
    const below = event.clientY - frame.top + 22;
    this.box.style.transform = `translate(${left}px, ${below}px)`;
  }
}
