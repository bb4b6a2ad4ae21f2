// The timeline's keys. They count only while the timeline has the focus.

const PLAIN = {
  " ": "toggle",
  ArrowLeft: "previous",
  ArrowRight: "next",
  ArrowUp: "laneUp",
  ArrowDown: "laneDown",
  Home: "first",
  End: "last",
  "+": "in",
  "=": "in",
  "-": "out",
  0: "fit",
  "[": "from",
  "]": "to",
  m: "bookmark",
  M: "bookmark",
  f: "fork",
  F: "fork",
  l: "live",
  L: "live",
  Escape: "dismiss",
  "?": "help",
};
const SHIFT = { ArrowLeft: "previousAny", ArrowRight: "nextAny" };
const CONTROL = { ArrowLeft: "back", ArrowRight: "forward" };

// `typed`: the modifiers only make the character.
export function keyOf({ key, shiftKey, ctrlKey }, typed = false) {
  if (ctrlKey && !typed) return CONTROL[key];
  return (shiftKey && SHIFT[key]) || PLAIN[key];
}
