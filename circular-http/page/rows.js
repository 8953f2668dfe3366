// What is on the page, in chunks of rows that come and go together: at the end, and above, as somebody goes back.
//
// What is kept is bounded, in rows and in characters: whoever appends has the oldest chunks discarded, or the newest, or
// sees to it that there is room.

import { log } from "./dom.js";
import { runOf } from "./held.js";
import { MAX_CHARACTERS, MAX_ROWS } from "./queue.js";
import { rowOf } from "./row.js";
import { forgetStart } from "./times.js";

// Rows are laid out, painted and discarded this many at a time.
export const CHUNK_ROWS = 50;
const CHUNK_CHARACTERS = 64 << 10;
// In pixels, of a row that is not wrapped.
const ROW_HEIGHT = 20;

// Rows that turn out to be higher push the end down. What to do then says who keeps it in sight.
let resized = () => {};

// A chunk that gets no more rows is `full` when it was laid out with all that it has: the browser remembers how high it was
// then, for when it is out of sight. Those that are still to be laid out so; and how many rows each had when it last was.
const complete = new WeakSet();
const laidOut = new WeakMap();

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    laidOut.set(target, target.childElementCount);
    if (complete.delete(target)) target.classList.add("full");
  }
  resized();
});
sizes.observe(log);

function isComplete({ node, count }) {
  if (laidOut.get(node) === count) node.classList.add("full");
  else complete.add(node);
}

// A chunk that was not laid out yet, and has two behind it already, is out of sight at once: in a flood nearly all are, and to lay
// them out would take longer than all the rest. How high it is, is guessed until somebody comes by.
function isPassed({ node, count }) {
  if (laidOut.has(node)) return;
  complete.delete(node);
  node.style.containIntrinsicBlockSize = `auto ${count * ROW_HEIGHT}px`;
  node.classList.add("full");
}

export function whenResized(what) {
  resized = what;
}

// The `id` that each row's record has: where one goes on behind it.
const ids = new WeakMap();

export function idOf(row) {
  return ids.get(row) ?? null;
}

export const rows = {
  count: 0,
  characters: 0,
  // Each with the `id`s of the first and the last of what is in it, `null` if it has none.
  chunks: [],
  // Behind the newest record on the page.
  cursor: null,

  append(item) {
    let last = this.chunks.at(-1);
    if (!last || last.count >= CHUNK_ROWS || last.characters >= CHUNK_CHARACTERS) {
      if (last) isComplete(last);
      const passed = this.chunks.at(-2);
      if (passed) isPassed(passed);
      last = newChunk();
      log.append(last.node);
      this.chunks.push(last);
    }
    this.add(last, item);
    if (last.last) this.cursor = last.last;
  },

  // Puts a chunk of rows above all others.
  prepend(items) {
    const chunk = newChunk();
    for (const item of items) this.add(chunk, item);
    const [before] = this.chunks;
    if (before) this.moveEnds(before, chunk);
    if (before) before.node.before(chunk.node);
    else log.append(chunk.node);
    this.chunks.unshift(chunk);
    this.cursor ??= chunk.last;
    isComplete(chunk);
  },

  // Ends that were told before all records are of rings of which nothing was shown: they are put behind what is shown of those
  // now, or stay above all.
  moveEnds(from, to) {
    const rows = [...from.node.children];
    const first = rows.findIndex((row) => ids.has(row));
    const ends = rows.slice(0, Math.max(first, 0)).filter((row) => row.dataset.ended);
    for (const row of ends.reverse()) {
      const behind = [...to.node.children].findLast((other) => ids.has(other) && runOf(ids.get(other)) === row.dataset.ended);
      if (behind) behind.after(row);
      else to.node.prepend(row);
      const characters = charactersOf(row.textContent);
      Object.assign(from, { count: from.count - 1, characters: from.characters - characters });
      Object.assign(to, { count: to.count + 1, characters: to.characters + characters });
    }
  },

  add(chunk, item) {
    const row = rowOf(item);
    chunk.node.append(row);
    if (item.kind === "record" || item.kind === "missed") {
      ids.set(row, item.id);
      chunk.first ??= item.id;
      chunk.last = item.id;
    }
    chunk.count += 1;
    this.count += 1;
    this.grow(chunk, charactersOf(row.textContent));
  },

  grow(chunk, characters) {
    chunk.characters += characters;
    this.characters += characters;
  },

  // What is older than all that is here is what comes before this `id`.
  first() {
    return this.chunks.find(({ first }) => first)?.first ?? null;
  },

  hasRoom() {
    return this.count < MAX_ROWS && this.characters < MAX_CHARACTERS;
  },

  isTooMuch() {
    return this.count > MAX_ROWS || (this.characters > MAX_CHARACTERS && this.chunks.length > 1);
  },

  // Discards what is too much, the oldest first.
  trim() {
    while (this.isTooMuch()) this.drop(this.chunks.shift());
  },

  // The same, the newest first. Whether anything was.
  trimNewest() {
    if (!this.isTooMuch()) return false;
    while (this.isTooMuch()) this.drop(this.chunks.pop());
    this.cursor = this.chunks.findLast(({ last }) => last)?.last ?? null;
    return true;
  },

  drop({ node, count, characters }) {
    sizes.unobserve(node);
    node.remove();
    this.count -= count;
    this.characters -= characters;
  },

  clear() {
    for (const { node } of this.chunks) sizes.unobserve(node);
    log.replaceChildren();
    forgetStart();
    Object.assign(this, { count: 0, characters: 0, chunks: [] });
  },

  // As before the first one.
  startOver() {
    this.clear();
    this.cursor = null;
  },

  // More of a row is shown than before.
  hasGrown(row, text) {
    const chunk = this.chunks.find(({ node }) => node === row.parentNode);
    if (chunk) this.grow(chunk, charactersOf(text));
  },
};

function newChunk() {
  const node = document.createElement("div");
  node.className = "chunk";
  sizes.observe(node);
  return { node, count: 0, characters: 0, first: null, last: null };
}

// A line counts as a hundred, however short: there is an end to how high a document can be.
function charactersOf(text) {
  return text.length + 100 * (text.split("\n").length - 1);
}
