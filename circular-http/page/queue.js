// What came and is not shown yet.
//
// It holds no more than the page may. When more comes, the oldest goes, as it would be discarded there at once;
// that it did is told before the next row. No document is needed.

// What is kept at most, here and on the page: rows, and characters of theirs.
export const MAX_ROWS = 10_000;
export const MAX_CHARACTERS = 16 << 20;

export const queue = {
  items: [],
  first: 0,
  characters: 0,
  dropped: 0,
  restarted: false,

  get length() {
    return this.items.length - this.first;
  },

  push(item) {
    this.items.push(item);
    this.characters += item.data.length;
    while (this.length > MAX_ROWS || this.characters > MAX_CHARACTERS) {
      const { kind, data } = this.next();
      if (kind === "record") this.dropped += 1;
      if (kind === "missed") this.dropped += JSON.parse(data).missed.records;
      if (kind === "restarted") this.restarted = true;
    }
  },

  // The next row's item; what was dropped before it is told first.
  pop() {
    if (this.dropped > 0) {
      const data = { records: this.dropped, restarted: this.restarted };
      this.dropped = 0;
      this.restarted = false;
      return { kind: "dropped", data };
    }
    return this.next();
  },

  next() {
    const item = this.items[this.first];
    this.items[this.first++] = undefined;
    this.characters -= item.data.length;
    if (this.first > MAX_ROWS) {
      this.items.splice(0, this.first);
      this.first = 0;
    }
    return item;
  },

  clear() {
    Object.assign(this, { items: [], first: 0, characters: 0, dropped: 0, restarted: false });
  },
};
