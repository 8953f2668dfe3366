// What of the log is in view: whether it is paused, whether it follows, and when rows are made.
//
// Rows are made for CHANGE_BUDGET at most, then it is the user's turn: the page stays responsive whatever comes. What
// somebody reads stays where it is. These states are changed by the functions here only.

import { isFlood, rateTold, readOut, secondIsOver } from "./aloud.js";
import { element, log, number, plural } from "./dom.js";
import { isByHand, isSelecting, whenSelected } from "./input.js";
import { queue } from "./queue.js";
import { rows, whenResized } from "./rows.js";
import { stateApart, statePaused } from "./status.js";

// Milliseconds from one change of the page to the next: nobody reads faster, and to lay out and paint what
// changed is more expensive than to make it. And how many of them may go into making rows.
const CHANGE_PERIOD = 45;
const CHANGE_BUDGET = 12;

const view = {
  paused: false,
  following: true,
  // What is shown is of before, and not next to what comes: that is passed over, and counted.
  apart: false,
  passed: 0,
  // Until what was there before, or came meanwhile, has come.
  history: true,
  // So many rows are shown behind a pause: what was there when the filters changed.
  owed: 0,
  // What came since it stopped following.
  below: 0,
  // Where it is scrolled to, and how large it is, as far as is known.
  top: 0,
  size: "",
  // A change of the page is to come; when the last one was.
  scheduled: false,
  changed: 0,
};

// A tab that is not seen has no frames: the queue then keeps the newest.
export function schedule() {
  if (view.scheduled) return;
  view.scheduled = true;
  requestAnimationFrame(frame);
}

function frame(now) {
  if (now - view.changed < CHANGE_PERIOD) {
    requestAnimationFrame(frame);
    return;
  }
  view.changed = now;
  view.scheduled = false;
  const end = performance.now() + CHANGE_BUDGET;
  let [made, came] = [0, 0];
  if (queue.length > 0 && hasRoom() && (view.history || isFlood(queue.length))) readOut(false);
  while (queue.length > 0 && hasRoom() && performance.now() < end) {
    const item = queue.pop();
    rows.append(item);
    came += item.kind === "dropped" ? item.data.records : 1;
    // What somebody reads is not discarded before their eyes: then the queue keeps what comes.
    if (keepsUp()) rows.trim();
    made += 1;
    view.owed -= 1;
  }
  if (!view.following) view.below += came;
  if (queue.length > 0 && hasRoom()) schedule();
  if (keepsUp() && (!view.paused || made > 0)) toBottom();
  tellCounts();
}

// Whether the next row may be shown.
function hasRoom() {
  if (view.paused && view.owed <= 0) return false;
  return keepsUp() || rows.hasRoom();
}

// Whether it moves on with what comes: not below whoever selects text in it.
function keepsUp() {
  return view.following && !isSelecting();
}

function toBottom() {
  log.scrollTop = log.scrollHeight;
  look();
}

// Remembers where it is; whether its size is another one than before.
export function look() {
  const before = view.size;
  view.top = log.scrollTop;
  view.size = `${log.clientWidth}x${log.clientHeight}`;
  return view.size !== before;
}

// Frames in which rows that come into sight may turn out to be higher, or lower, than was thought.
const SETTLING = 4;

// Scrolls to a row, and again where the way there was laid out anew.
export function bringIntoView(row, frames = SETTLING) {
  if (!row.isConnected || (view.following && frames < SETTLING)) return;
  const its = row.getBoundingClientRect();
  const box = log.getBoundingClientRect();
  if (frames === SETTLING || its.top < box.top || its.top > box.bottom - 20) row.scrollIntoView({ block: "center" });
  look();
  if (frames > 0) requestAnimationFrame(() => bringIntoView(row, frames - 1));
}

export function topRow() {
  const { left, top } = log.getBoundingClientRect();
  return document.elementFromPoint(left + 20, top + 12)?.closest(".row");
}

let counted = () => {};

// Calls `what` each time that what is shown may be more or less than before.
export function whenCounted(what) {
  counted = what;
}

export function tellCounts() {
  counted();
  element("count").textContent = `${plural(rows.count, "row")}${rateTold()}`;
  const held = Math.max(queue.length - Math.max(view.owed, 0), 0) + queue.dropped;
  const behind = view.paused || !view.following ? view.below + held : 0;
  const waiting = view.apart ? view.passed : behind;
  const fresh = element("new");
  fresh.hidden = waiting === 0;
  if (waiting > 0) fresh.textContent = `${number.format(waiting)} new`;
}

// To be called each second.
export function measure() {
  secondIsOver(!view.history && !view.paused && queue.length === 0);
}

function pause(on) {
  view.paused = on;
  view.owed = 0;
  statePaused(on);
  element("pause").setAttribute("aria-pressed", on);
  schedule();
}

export function togglePause() {
  pause(!view.paused);
}

export function isFollowing() {
  return view.following;
}

const hooks = { following: () => {}, returning: () => {}, startingOver: () => {} };

// Calls `what` each time that somebody has it follow what comes.
export function whenFollowing(what) {
  hooks.following = what;
}

// Calls `what` to come back to the newest from what is apart from it.
export function whenReturning(what) {
  hooks.returning = what;
}

// Calls `what` each time that it begins anew.
export function whenStartingOver(what) {
  hooks.startingOver = what;
}

export function follow(on) {
  setFollowing(on);
  if (on) hooks.following();
}

function setFollowing(on) {
  view.following = on;
  if (on) {
    view.below = 0;
    // An event that is still to tell of the way up is of before.
    look();
  }
  log.classList.toggle("follow", on);
  element("newest").setAttribute("aria-pressed", on);
  schedule();
}

export function isApart() {
  return view.apart;
}

export function setApart(on) {
  if (view.apart === on) return;
  view.passed = on ? view.below + queue.length + queue.dropped : 0;
  view.below = 0;
  view.apart = on;
  // It would not be next to what is shown.
  if (on) queue.clear();
  stateApart(on);
  schedule();
}

// So many came while what is shown is apart from them.
export function passOver(count) {
  view.passed += count;
  schedule();
}

export function toNewest() {
  pause(false);
  if (view.apart) hooks.returning();
  else follow(true);
}

// Begins anew, with nothing.
export function startOver() {
  queue.clear();
  rows.startOver();
  setApart(false);
  setFollowing(true);
  // A pause goes on behind what is there, and that is not read out.
  view.owed = Infinity;
  readOut(false);
  hooks.startingOver();
}

// What comes now was there before, until that is over.
export function expectHistory() {
  view.history = true;
}

export function isHistory() {
  return view.history;
}

// Whether what comes is seen, by whoever looks.
export function isAtNewest() {
  return view.following && !view.paused;
}

export function historyIsOver() {
  view.history = false;
  view.owed = Math.min(view.owed, queue.length);
  schedule();
}

// Whoever goes up stops it, whoever comes down to the end lets it follow again. What else moves it up does not: a window
// that changes, and rows that go, or turn out to be lower than was thought, and then others higher.
log.addEventListener("scroll", () => {
  const atBottom = log.scrollTop + log.clientHeight >= log.scrollHeight - 24;
  const { top } = view;
  const isResized = look();
  if (view.following && log.scrollTop < top - 1 && !atBottom) {
    if (isByHand() && !isResized) follow(false);
    else schedule();
  } else if (!view.following && !view.apart && log.scrollTop > top && atBottom) follow(true);
});
whenResized(schedule);
whenSelected(schedule);
