// Ages as kubectl words them, counted on while a page is live. Kubernetes: apimachinery/pkg/util/duration.

export function humanDuration(micros) {
  const seconds = Math.floor(micros / 1e6);
  if (seconds < -1) return "<invalid>";
  if (seconds < 120) return `${Math.max(seconds, 0)}s`;
  const [minutes, hours, days] = [60, 3600, 86400].map((unit) => Math.floor(seconds / unit));
  const two = (large, unit, small, smaller) => (small ? `${large}${unit}${small}${smaller}` : `${large}${unit}`);
  if (minutes < 10) return two(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  if (hours < 8) return two(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  if (days < 8) return two(days, "d", hours % 24, "h");
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  return years < 8 ? two(years, "y", days % 365, "d") : `${years}y`;
}

// Every <time data-since> below `root`, as of `now` (microseconds since 1970, on the cluster's clock).
export function tellAges(root, now) {
  for (const time of root.querySelectorAll("time[data-since]")) {
    const text = humanDuration(now - Number(time.dataset.since));
    if (time.textContent !== text) time.textContent = text;
  }
  const clock = root.querySelector("time[data-clock]");
  if (clock) clock.textContent = new Date(Math.floor(now / 1e3)).toISOString().slice(11, 19);
}
