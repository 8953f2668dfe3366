// Whether somebody scrolls. An event that says that the log has moved does not say who moved it: the layout may have,
// when rows turn out to be lower or higher than was thought.

// So many milliseconds after a wheel, a key or a finger a move may still be theirs, on a busy machine too.
const REACH = 1000;

let last = -Infinity;
// A button is held down, on the scroll bar as a rule. That it was let go there is not always told.
let held = false;

function used(event) {
  if (event.type.startsWith("pointer")) held = event.buttons > 0;
  // A mouse that is only moved scrolls nothing.
  if (event.type !== "pointermove" || held) last = performance.now();
}

for (const type of ["wheel", "touchmove", "keydown", "pointerdown", "pointermove", "pointerup"]) {
  addEventListener(type, used, { capture: true, passive: true });
}

// Where the page has no focus, the browser's own search may move it.
export function isByHand() {
  return held || performance.now() - last < REACH || !document.hasFocus();
}
