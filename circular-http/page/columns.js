// How wide the columns of sources and of targets are: as wide as what was in them, within bounds.
//
// All rows have the same. They become wider only, so that what is read does not move about. The target's width is in the
// stylesheet, by which a wider one moves all rows at once; the source's is also filled with spaces in each.

import { log } from "./dom.js";

// Characters of a target that are shown. Of a longer one the end is, which tells more than the beginning.
const WIDEST_TARGET = 24;
// The same of a source, of which the beginning is.
const WIDEST_SOURCE = 16;

let widest = 0;
let widestSource = 0;

// A target as it stands in its column.
export function inColumn(target) {
  const shown = target.length > WIDEST_TARGET ? `…${target.slice(1 - WIDEST_TARGET)}` : target;
  if (shown.length > widest) {
    widest = shown.length;
    log.style.setProperty("--target", `${widest + 1}ch`);
  }
  return shown;
}

// A source as it stands in its column, and what fills that.
export function inSourceColumn(source) {
  const shown = cut(source);
  return [shown, " ".repeat(Math.max(widestSource + 1 - shown.length, 1))];
}

// Makes room for all these sources. Whether they had not enough.
export function makeRoomFor(sources) {
  const before = widestSource;
  widestSource = Math.max(before, ...sources.map((source) => cut(source).length));
  if (widestSource === before) return false;
  log.style.setProperty("--source", `${widestSource + 1}ch`);
  return true;
}

function cut(source) {
  return source.length > WIDEST_SOURCE ? `${source.slice(0, WIDEST_SOURCE - 1)}…` : source;
}
