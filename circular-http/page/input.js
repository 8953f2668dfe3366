// Whether somebody scrolls, or selects text. An event that says that the log has moved does not say who moved it: the layout may have,
// when rows turn out to be lower or higher than was thought.

import { log } from "./dom.js";

// So many milliseconds after a wheel, a key or a finger a move may still be theirs, on a busy machine too.
const REACH = 1000;

let last = -Infinity;
// A button is held down, on the scroll bar as a rule. That it was let go there is not always told.
let held = false;
// So it is on the log's text.
let isOnText = false;

function used(event) {
  if (event.type.startsWith("pointer")) {
    held = event.buttons > 0;
    isOnText = held && (isOnText || Boolean(event.type === "pointerdown" && event.target.closest?.(".row")));
  }
  // A mouse that is only moved scrolls nothing.
  if (event.type !== "pointermove" || held) last = performance.now();
}

for (const type of ["wheel", "touchmove", "keydown", "pointerdown", "pointermove", "pointerup", "pointercancel"]) {
  addEventListener(type, used, { capture: true, passive: true });
}

// Where the page has no focus, the browser's own search may move it.
export function isByHand() {
  return held || performance.now() - last < REACH || !document.hasFocus();
}

// To ask the selection has the page laid out, so it is asked when it has changed.
let isSelected = false;

function lookAtSelection() {
  const selection = getSelection();
  isSelected = !selection.isCollapsed && log.contains(selection.anchorNode);
}

document.addEventListener("selectionchange", lookAtSelection);

// While a button is down on the text, or some is selected, it must not move away below it.
export function isSelecting() {
  return isOnText || isSelected;
}

// Calls `what` when that may be over.
export function whenSelected(what) {
  for (const type of ["selectionchange", "pointerup", "pointercancel"]) document.addEventListener(type, what);
}
