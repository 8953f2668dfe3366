// How wide the column of targets is: as wide as what was in it, within bounds.
//
// All rows have the same, from the stylesheet, by which a wider one moves them all at once. It becomes wider only, so
// that what is read does not move about.

import { log } from "./dom.js";

// Characters of a target that are shown. Of a longer one the end is, which tells more than the beginning.
const WIDEST_TARGET = 24;

let widest = 0;

// A target as it stands in its column.
export function inColumn(target) {
  const shown = target.length > WIDEST_TARGET ? `…${target.slice(1 - WIDEST_TARGET)}` : target;
  if (shown.length > widest) {
    widest = shown.length;
    log.style.setProperty("--target", `${widest + 1}ch`);
  }
  return shown;
}
