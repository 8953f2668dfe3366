// How it stands: the line in the footer, the banner above the log, and the problem that is told there.
//
// It says what is so now: a problem stays until it is told that there is none, and a pause is told with every state.
// States that need a second look have a banner, each in a colour of its own: the connection was lost, the log has ended.
// A program that was started again is told in the same place, until somebody has seen that; and so are programs that have ended,
// of several that are shown, while there is nothing worse.

import { element } from "./dom.js";

let stands = "";
let isPaused = false;
let isApart = false;
// Which programs have ended, of those that are shown; and what was said of an end when somebody took that away.
let over = "";
let takenAway = "";

// `kind` is "lost" or "ended" if that is how it stands, with what the banner says.
export function state(text, kind = "", told = text) {
  stands = text;
  tell();
  if (kind) banner(kind, told);
  else calm();
}

// Nothing is wrong with the connection.
function calm() {
  if (over) banner("ended", over);
  // What a start says stays until it is taken away, or there is something worse.
  else if (element("banner").dataset.kind !== "restarted") banner("", "");
}

// Says which programs have ended, of those that are shown. An empty text: none has.
export function stateOver(text) {
  if (over !== text) takenAway = "";
  over = text;
  if (element("banner").dataset.kind !== "lost") calm();
}

export function statePaused(on) {
  isPaused = on;
  tell();
}

// Whether what is shown is of before, and not next to what comes.
export function stateApart(on) {
  isApart = on;
  tell();
}

function tell() {
  const told = `${stands}${isPaused ? ", paused" : ""}${isApart ? ", looking back" : ""}`;
  // Only what changes is read out.
  if (element("state").textContent !== told) element("state").textContent = told;
}

export function banner(kind, text) {
  const shown = element("banner");
  if (kind === "ended" && text === takenAway) return;
  if (shown.dataset.kind === kind && element("banner-text").textContent === text) return;
  if (kind) takenAway = "";
  shown.dataset.kind = kind;
  element("banner-text").textContent = text;
  shown.hidden = !kind;
}

element("banner-close").addEventListener("click", () => {
  const text = element("banner-text").textContent;
  banner("", "");
  takenAway = text;
});

// What was started again before is not told any more.
export function forgetStarts() {
  if (element("banner").dataset.kind === "restarted") banner("", "");
}

// Tells it in place of the one before. An empty text: there is none.
export function problem(text) {
  element("problem").textContent = text;
  element("problem").hidden = !text;
}

export function problemTold() {
  return element("problem").textContent;
}

// Milliseconds for which an answer stands there.
const ANSWER = 6_000;
let forgetting = 0;

// Tells the answer to a key, for a while.
export function answer(text) {
  element("answer").textContent = text;
  clearTimeout(forgetting);
  forgetting = setTimeout(() => element("answer").textContent = "", ANSWER);
}

