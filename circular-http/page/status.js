// How it stands: the line in the footer, and the problem that is told above the log.
//
// It says what is so now: a problem stays until it is told that there is none, and a pause is told with every state.

import { element } from "./dom.js";

let stands = "";
let isPaused = false;

export function state(text) {
  stands = text;
  tell();
}

export function statePaused(on) {
  isPaused = on;
  tell();
}

function tell() {
  const told = isPaused ? `${stands}, paused` : stands;
  // Only what changes is read out.
  if (element("state").textContent !== told) element("state").textContent = told;
}

// Tells it in place of the one before. An empty text: there is none.
export function problem(text) {
  element("problem").textContent = text;
  element("problem").hidden = !text;
}

export function problemTold() {
  return element("problem").textContent;
}
