// Whose records these are, where several programs are shown on one page: which there are, and which of them are wanted.
//
// The server says which there are when it is asked, and again when there is one more; where it shows one without a name, it says
// nothing, and nothing of this is on the page. Which are wanted stands in the address, and nowhere else.

import { addressedAll } from "./address.js";

// So many have a colour of their own, in the order in which they came; the stylesheet has them.
const COLORS = 8;

// In an order that stays, as a colour goes by it.
const names = [];
const told = [];

// Calls `what` with all names each time that there are more.
export function whenSources(what) {
  told.push(what);
}

export function addSources(list) {
  const fresh = list.filter((name) => !names.includes(name));
  if (fresh.length === 0) return;
  names.push(...fresh);
  for (const what of told) what(names);
}

export function isSource(name) {
  return names.includes(name);
}

// The class that has its colour.
export function colorOf(name) {
  return `of-${names.indexOf(name) % COLORS}`;
}

export function isWanted(name) {
  const wanted = addressedAll("source");
  return wanted.length === 0 || wanted.includes(name);
}

// What the address has when that one is wanted as well, or is not any more. When none is left all are wanted, and when all are,
// so is whichever there will be.
export function withSource(name, on) {
  const wanted = addressedAll("source");
  const others = wanted.filter((other) => !isSource(other));
  const ours = names.filter((other) => (other === name ? on : isWanted(other)));
  return ours.length === names.length || ours.length + others.length === 0 ? [] : [...ours, ...others];
}
