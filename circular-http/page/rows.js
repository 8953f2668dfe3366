// What is on the page, in chunks of rows that come and go together.
//
// What is kept is bounded, in rows and in characters: whoever appends has the oldest chunks discarded, or sees
// to it that there is room.

import { log } from "./dom.js";
import { MAX_CHARACTERS, MAX_ROWS } from "./queue.js";
import { rowOf } from "./row.js";

// Rows are laid out, painted and discarded this many at a time.
const CHUNK_ROWS = 100;
const CHUNK_CHARACTERS = 64 << 10;

// Rows that turn out to be higher push the end down. What to do then says who keeps it in sight.
let resized = () => {};
const sizes = new ResizeObserver(() => resized());
sizes.observe(log);

export function whenResized(what) {
  resized = what;
}

export const rows = {
  count: 0,
  characters: 0,
  chunks: [],
  // Behind the newest record on the page.
  cursor: null,

  append(item) {
    let last = this.chunks.at(-1);
    if (!last || last.count >= CHUNK_ROWS || last.characters >= CHUNK_CHARACTERS) {
      last?.node.classList.add("full");
      last = { node: document.createElement("div"), count: 0, characters: 0 };
      last.node.className = "chunk";
      log.append(last.node);
      sizes.observe(last.node);
      this.chunks.push(last);
    }
    last.node.append(rowOf(item));
    if (item.kind === "record" || item.kind === "missed") this.cursor = item.id;
    const characters = charactersOf(last.node.lastChild.textContent);
    last.count += 1;
    last.characters += characters;
    this.count += 1;
    this.characters += characters;
  },

  hasRoom() {
    return this.count < MAX_ROWS && this.characters < MAX_CHARACTERS;
  },

  // Discards what is too much, the oldest first.
  trim() {
    while (this.count > MAX_ROWS || (this.characters > MAX_CHARACTERS && this.chunks.length > 1)) {
      const oldest = this.chunks.shift();
      sizes.unobserve(oldest.node);
      oldest.node.remove();
      this.count -= oldest.count;
      this.characters -= oldest.characters;
    }
  },

  clear() {
    for (const { node } of this.chunks) sizes.unobserve(node);
    log.replaceChildren();
    Object.assign(this, { count: 0, characters: 0, chunks: [] });
  },

  // As before the first one.
  startOver() {
    this.clear();
    this.cursor = null;
  },
};

// A line counts as a hundred, however short: there is an end to how high a document can be.
function charactersOf(text) {
  return text.length + 100 * (text.split("\n").length - 1);
}
