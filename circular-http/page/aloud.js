// How fast records come, and what of them a screen reader reads out.
//
// The first decides the second: the records of a second are counted once, for the rate that the footer tells, and for
// whether anybody could follow. Neither a flood nor what was there before is read out.

import { log, number } from "./dom.js";

// Records a second above which a screen reader could not follow: it is told the state only.
const READABLE_RATE = 3;

// Records that came in this second, and those of them that were new; what is told of the last one, and whether that
// could be followed.
let records = 0;
let fresh = 0;
let rate = "";
let wasReadable = false;

// `isNew`: it was not there before.
export function countRecord(isNew) {
  records += 1;
  if (isNew) fresh += 1;
}

// How many new ones came in the last second, behind a comma, if any did.
export function rateTold() {
  return rate;
}

// Whether nobody could follow, with so many about to be shown.
export function isFlood(waiting) {
  return waiting > READABLE_RATE || records > READABLE_RATE;
}

export function readOut(on) {
  const live = on ? "polite" : "off";
  if (log.getAttribute("aria-live") !== live) log.setAttribute("aria-live", live);
}

// What is put in now was asked for by who reads it there, and is not news.
export function silence() {
  wasReadable = false;
  readOut(false);
}

// To be called each second. `isUpToDate`: what is shown is what comes, and all of it.
export function secondIsOver(isUpToDate) {
  rate = fresh > 0 ? `, ${number.format(fresh)}/s` : "";
  const isReadable = isUpToDate && records <= READABLE_RATE;
  // For a second at least, as what was shown just before might be read out too.
  readOut(isReadable && wasReadable);
  wasReadable = isReadable;
  records = 0;
  fresh = 0;
}
