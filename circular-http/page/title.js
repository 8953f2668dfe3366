// What the tab says: whose log it is, and how many errors came that nobody has seen yet. The end of a program counts as one.
//
// The server writes the program's name into the document, as its title and as `data-name`.

import { number } from "./dom.js";

const name = document.documentElement.dataset.name ?? "";
const title = document.title;

let errors = 0;

// A record's JSON says its level before its target, and anybody's text comes behind that.
const ERROR = '"level":"ERROR","target":';
const LEVEL_WITHIN = 300;

// Counts a record that came, by its JSON, if it is an error. It is not read as a whole, as there may be many of them.
export function countUnseen(data) {
  const at = data.indexOf('"level":');
  if (at < 0 || at > LEVEL_WITHIN || !data.startsWith(ERROR, at)) return;
  countUnseenEnd();
}

export function countUnseenEnd() {
  errors += 1;
  tell();
}

export function allSeen() {
  if (errors === 0) return;
  errors = 0;
  tell();
}

let telling = false;

// Not for each of many: a title is expensive.
function tell() {
  if (telling) return;
  telling = true;
  setTimeout(() => {
    telling = false;
    const told = errors > 0 ? `(${number.format(errors)}) ${title}` : title;
    if (document.title !== told) document.title = told;
  }, 250);
}

// What a download is called: after the program, if its name is one that a file may have.
export function fileName(what) {
  const safe = name.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[.-]+/, "").slice(0, 60);
  return safe ? `${safe}-${what}` : what;
}
