// The live tail: shows what the server streams, as it comes.
//
// Invariants:
// - Log text becomes text nodes, never markup, and whatever a terminal would obey is shown: colours as
//   colours, other control characters as escapes.
// - No row is lost or doubled without a row that says so. The server numbers records; the browser, or
//   `connect`, goes on after the last one that came.
// - What is kept is bounded, in records and in characters, on the page and in the queue before it.
// - Rows are made for CHANGE_BUDGET at most, then it is the user's turn: it stays responsive whatever comes.

const MAX_ROWS = 10_000;
const MAX_CHARACTERS = 16 << 20;
// Of one record. The rest is in the download.
const MAX_SHOWN = 16 << 10;
// Pieces of one record that look different. What comes after them is plain.
const MAX_PIECES = 300;
// How many of the newest records it begins with, unless the address says.
const TAIL = 2_000;
// Rows are laid out, painted and thrown away this many at a time.
const CHUNK_ROWS = 100;
const CHUNK_CHARACTERS = 64 << 10;
// Milliseconds from one change of the page to the next: nobody reads faster, and to lay out and paint what
// changed is dearer than to make it. And how many of them may go into making rows.
const CHANGE_PERIOD = 45;
const CHANGE_BUDGET = 20;
// Records a second above which a screen reader could not follow: it is told the state only.
const READABLE_RATE = 3;
// Milliseconds that a connection may take to bring the first word: this at first, and in the end.
const ATTEMPT = 10_000;
const LONGEST_ATTEMPT = 80_000;
// Milliseconds without typing after which a filter is applied.
const TYPING = 300;
// Milliseconds for which rows are searched at a time: then the next key is looked for, which may change what is
// searched for.
const FIND_BUDGET = 10;

const element = (id) => document.getElementById(id);
const log = element("log");
const number = new Intl.NumberFormat("en");
const plural = (count, what) => `${number.format(count)} ${what}${count === 1 ? "" : "s"}`;

// ---------------------------------------------------------------------------------------------- text

// SGR sequences of a bearable length, control characters, and what turns the direction of text around. The same are
// looked for by `push_for_terminal`, by which the server writes `text/plain`.
const SPECIAL = /\x1b\[([\d;:]{0,32})m|[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

const SGR = /\x1b\[[\d;:]{0,32}m/g;

// A time of day, and no part of something longer such as a MAC address.
const CLOCK = /(?<![\d:])\d\d:\d\d:\d\d(?![\d:])/;

// Those of one byte, and the second 32 with their two, as those bytes; others by their number.
function escaped(character) {
  const code = character.codePointAt(0);
  if (code >= 0x100) return `\\u{${code.toString(16)}}`;
  return `${code < 0x80 ? "" : "\\xc2"}\\x${code.toString(16).padStart(2, "0")}`;
}

// Whether text may not be to be seen with these: the number 8, where it is not one of a colour's. It is decided as in
// `push_for_terminal`, so that a download says what was seen.
function hides(parameters) {
  const list = parameters.split(";");
  const is8 = (number) => /^0*8(:|$)/.test(number);
  for (let i = 0; i < list.length; i++) {
    if (is8(list[i])) return true;
    if (list[i] === "38" || list[i] === "48") {
      const count = { 5: 1, 2: 3 }[list[i + 1]];
      if (count === undefined || i + 1 + count >= list.length) return list.slice(i + 1).some(is8);
      i += 1 + count;
    }
  }
  return false;
}

const PLAIN = { fg: null, bg: null, bold: false, dim: false, italic: false, underline: false, strike: false, inverse: false };

// The nearest of the sixteen colours that the stylesheet has for both schemes.
function nearest(red, green, blue) {
  const high = Math.max(red, green, blue);
  const low = Math.min(red, green, blue);
  if (high - low < 32) return high < 48 ? 0 : high < 144 ? 8 : high < 216 ? 7 : 15;
  const middle = (high + low) / 2;
  return (high > 191 ? 8 : 0) + (red > middle) + 2 * (green > middle) + 4 * (blue > middle);
}

function indexed(index) {
  if (index < 16) return index;
  if (index >= 232) return nearest(...Array(3).fill(8 + 10 * (index - 232)));
  const steps = [0, 95, 135, 175, 215, 255];
  const cube = index - 16;
  return nearest(steps[Math.trunc(cube / 36)], steps[Math.trunc(cube / 6) % 6], steps[cube % 6]);
}

// Changes `style` as a terminal would; what it does not know changes nothing.
function applySgr(style, parameters) {
  const list = parameters.split(";");
  for (let i = 0; i < list.length; i++) {
    const [code, ...sub] = list[i].split(":").map(Number);
    if (code === 0) Object.assign(style, PLAIN);
    else if (code === 1) style.bold = true;
    else if (code === 2) style.dim = true;
    else if (code === 3) style.italic = true;
    else if (code === 4) style.underline = sub[0] !== 0;
    else if (code === 7) style.inverse = true;
    else if (code === 9) style.strike = true;
    else if (code === 21) style.underline = true;
    else if (code === 22) style.bold = style.dim = false;
    else if (code === 23) style.italic = false;
    else if (code === 24) style.underline = false;
    else if (code === 27) style.inverse = false;
    else if (code === 29) style.strike = false;
    else if (code >= 30 && code <= 37) style.fg = code - 30;
    else if (code >= 90 && code <= 97) style.fg = code - 82;
    else if (code === 39) style.fg = null;
    else if (code >= 40 && code <= 47) style.bg = code - 40;
    else if (code >= 100 && code <= 107) style.bg = code - 92;
    else if (code === 49) style.bg = null;
    else if (code === 38 || code === 48) {
      // `38;5;n` and `38;2;r;g;b`, or the same with colons, where a colour space may stand before r.
      const colon = sub.length > 0;
      const rest = colon ? sub : list.slice(i + 1, i + 5).map(Number);
      let color = null;
      if (rest[0] === 5 && rest[1] < 256) color = indexed(rest[1]);
      if (rest[0] === 2 && rest.length >= 4) color = nearest(...(colon ? rest.slice(-3) : rest.slice(1, 4)));
      if (!colon) i += rest[0] === 5 ? 2 : rest[0] === 2 ? 4 : 0;
      if (color !== null) style[code === 38 ? "fg" : "bg"] = color;
    }
  }
}

function classOf(style) {
  const names = ["bold", "dim", "italic", "underline", "strike"].filter((name) => style[name]);
  // On a background the stylesheet chooses black or white, so that it can be read.
  const back = style.inverse ? (style.fg ?? 7) : style.bg;
  if (back !== null) names.push(`bg-${back}`);
  else if (style.fg !== null) names.push(`fg-${style.fg}`);
  return names.join(" ");
}

function span(className, text) {
  const made = document.createElement("span");
  made.className = className;
  made.textContent = text;
  return made;
}

// Appends `text` to `parent`, as text nodes and spans around them. Neighbours that look the same are one: it
// is nodes that are dear.
function appendText(parent, text) {
  if (text.search(SPECIAL) < 0) {
    parent.append(text);
    return;
  }
  const style = { ...PLAIN };
  let className = "";
  let from = 0;
  const piece = { className: "", text: "" };
  let pieces = 0;
  const end = () => {
    if (!piece.text) return;
    parent.append(piece.className ? span(piece.className, piece.text) : piece.text);
    piece.text = "";
    pieces += 1;
  };
  const put = (className, more) => {
    if (!more) return;
    const allowed = pieces < MAX_PIECES ? className : "";
    if (allowed !== piece.className) end();
    piece.className = allowed;
    piece.text += more;
  };
  for (const match of text.matchAll(SPECIAL)) {
    put(className, text.slice(from, match.index));
    if (match[1] === undefined || hides(match[1])) {
      // Of a colour that hides, what is behind the first character is plain.
      const [character] = match[0];
      put("control", escaped(character));
      from = match.index + character.length;
    } else {
      applySgr(style, match[1]);
      className = classOf(style);
      from = match.index + match[0].length;
    }
  }
  put(className, text.slice(from));
  end();
}

// Where `word` stands in `text` by itself, or -1: `TRACEID` is not TRACE, and `app::db` is not `db`.
function wordAt(text, word) {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const [before, after] = [text.slice(Math.max(at - 2, 0), at), text.slice(at + word.length)];
    if (!/(\w|::)$/.test(before) && !/^(\w|::)/.test(after)) return at;
  }
  return -1;
}

// One record's row. Most lines begin with their time, level and target; what a line does not say itself
// stands before it.
function recordRow({ time, level, target, text }) {
  const row = document.createElement("div");
  row.className = level ? `row ${level.toLowerCase()}` : "row";
  const shown = text.length > MAX_SHOWN ? text.slice(0, MAX_SHOWN) : text;
  // As it is read, without its colours.
  const head = shown.slice(0, 1_000).replace(SGR, "").slice(0, 300);

  const before = [];
  if (time && !CLOCK.test(head.slice(0, 100))) before.push(`${time.slice(11, 23)}Z `);
  const at = level ? wordAt(head.slice(0, 100), level) : -1;
  if (level && at < 0) before.push(span("level", level), " ");
  if (target && wordAt(head, target) < 0) before.push(`${target}:`);
  if (before.length > 0) {
    const meta = span("meta", "");
    meta.append(...before);
    row.append(meta);
  }

  // A word that has a colour of its own keeps it.
  if (at >= 0 && shown.startsWith(level, at) && !shown.slice(0, at).includes("\x1b")) {
    appendText(row, shown.slice(0, at));
    row.append(span("level", level));
    appendText(row, shown.slice(at + level.length));
  } else {
    appendText(row, shown);
  }
  if (shown.length < text.length) {
    row.append(span("more", ` … ${plural(text.length - shown.length, "more character")}: see the download`));
  }
  return row;
}

function noticeRow(text) {
  const row = document.createElement("div");
  row.className = "row notice";
  row.textContent = text;
  return row;
}

// --------------------------------------------------------------------------------------------- queue

// What came and is not shown yet. When there is more than the page may hold, the oldest goes: it would be
// thrown off the page at once.
const queue = {
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
      const data = `${plural(this.dropped, "record")} not shown: more came than this page holds${
        this.restarted ? "; the program restarted meanwhile" : ""}`;
      this.dropped = 0;
      this.restarted = false;
      return { kind: "notice", data };
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

// ---------------------------------------------------------------------------------------------- rows

// What is on the page, in chunks of rows that come and go together.
const rows = {
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
    // What somebody reads is not thrown away before their eyes: then the queue keeps what comes.
    if (!view.following) return;
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
};

// A line counts as a hundred, however short: there is an end to how high a document can be.
function charactersOf(text) {
  return text.length + 100 * (text.split("\n").length - 1);
}

function rowOf({ kind, data }) {
  if (kind === "record") return recordRow(JSON.parse(data));
  if (kind === "restarted") return noticeRow("the program was restarted");
  if (kind === "closed") return noticeRow("the log has ended");
  if (kind === "missed") {
    const { records, bytes } = JSON.parse(data).missed;
    return noticeRow(`missed ${plural(records, "record")} (${plural(bytes, "byte")})`);
  }
  return noticeRow(data);
}

// ---------------------------------------------------------------------------------------------- view

const view = {
  paused: false,
  following: true,
  // So many rows are shown behind a pause: what was there when the filters changed.
  owed: 0,
  // Rows that came since it stopped following.
  below: 0,
  // Where it is scrolled to, and how large it is, as far as is known.
  top: 0,
  size: "",
  // A change of the page is to come; when the last one was.
  scheduled: false,
  changed: 0,
};

// A tab that is not seen has no frames: the queue then keeps the newest.
function schedule() {
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
  let made = 0;
  if (queue.length > 0 && hasRoom()) {
    const many = queue.length > READABLE_RATE || rate.records > READABLE_RATE;
    if (stream.history || many) readOut(false);
  }
  while (queue.length > 0 && hasRoom() && performance.now() < end) {
    rows.append(queue.pop());
    made += 1;
    view.owed -= 1;
  }
  if (!view.following) view.below += made;
  if (queue.length > 0 && hasRoom()) schedule();
  if (view.following && (!view.paused || made > 0)) toBottom();
  tellCounts();
}

// Whether the next row may be shown.
function hasRoom() {
  if (view.paused && view.owed <= 0) return false;
  return view.following || (rows.count < MAX_ROWS && rows.characters < MAX_CHARACTERS);
}

function toBottom() {
  log.scrollTop = log.scrollHeight;
  look();
}

// Remembers where it is; whether its size is another one than before.
function look() {
  const before = view.size;
  view.top = log.scrollTop;
  view.size = `${log.clientWidth}x${log.clientHeight}`;
  return view.size !== before;
}

function tellCounts() {
  element("count").textContent = `${plural(rows.count, "row")}${rate.text}`;
  const held = Math.max(queue.length - Math.max(view.owed, 0), 0) + queue.dropped;
  const waiting = view.paused || !view.following ? view.below + held : 0;
  const fresh = element("new");
  fresh.hidden = waiting === 0;
  if (waiting > 0) fresh.textContent = `${number.format(waiting)} new`;
}

function pause(on) {
  view.paused = on;
  view.owed = 0;
  state(stream.state);
  element("pause").setAttribute("aria-pressed", on);
  schedule();
}

function follow(on) {
  view.following = on;
  if (on) view.below = 0;
  log.classList.toggle("follow", on);
  element("newest").setAttribute("aria-pressed", on);
  schedule();
}

function toNewest() {
  pause(false);
  follow(true);
}

// Whoever goes up stops it, whoever comes down to the end lets it follow again. That rows go, or turn out
// to be higher or lower than was thought, moves it as well: up, but then it is at the end. A window that
// changes moves it to anywhere.
log.addEventListener("scroll", () => {
  const atBottom = log.scrollTop + log.clientHeight >= log.scrollHeight - 24;
  const { top } = view;
  const isResized = look();
  if (view.following && log.scrollTop < top - 1 && !atBottom && !isResized) follow(false);
  else if (!view.following && log.scrollTop > top && atBottom) follow(true);
});
// Rows that turn out to be higher push the end down.
const sizes = new ResizeObserver(schedule);
sizes.observe(log);

// How fast it comes, and whether a screen reader is to read it out: not what was there before, and not a
// flood.
const rate = { records: 0, text: "", wasReadable: false };
setInterval(() => {
  rate.text = rate.records > 0 ? `, ${number.format(rate.records)}/s` : "";
  const isReadable = !stream.history && !view.paused && queue.length === 0 && rate.records <= READABLE_RATE;
  // For a second at least, as what was shown just before might be read out too.
  readOut(isReadable && rate.wasReadable);
  rate.wasReadable = isReadable;
  rate.records = 0;
  watch();
  if (!document.hidden) tellCounts();
}, 1_000);

function readOut(on) {
  const live = on ? "polite" : "off";
  if (log.getAttribute("aria-live") !== live) log.setAttribute("aria-live", live);
}

// ------------------------------------------------------------------------------------------- address

// The page's own address has the filters, under the server's names: a reload keeps them, and `curl` of the
// same address gets the same records.
const FILTERS = ["level", "filter", "q", "re", "since", "until"];
// What the page decides itself. Anything else in the address goes to the server as it stands, which says if
// there is no such thing.
const OWN = ["follow", "format", "tail", "after", "raw", "limit_bytes"];

// Whether the text field shows `q` or `re`: it shows one of them.
let fieldShows = "q";

function addressed(name) {
  return new URLSearchParams(location.search).get(name) ?? "";
}

// Without the user and password that it may have been opened with: the browser sends them by itself, and
// does not let a script ask with them.
const page = location.origin + location.pathname;

function below(name) {
  return page.endsWith("/") ? page + name : `${page}/${name}`;
}

function setAddressed(values) {
  const address = new URL(location.href);
  for (const [name, value] of Object.entries(values)) {
    if (value) address.searchParams.set(name, value);
    else address.searchParams.delete(name);
  }
  // Relative: it must have the user and password that the page has, which are not in its location.
  history.replaceState(null, "", `${address.pathname}${address.search}${address.hash}`);
  element("unclear").hidden = !addressed("after");
  showRest();
  const shown = filters();
  if (addressed("after")) shown.set("after", addressed("after"));
  else shown.set("tail", addressed("tail") || "all");
  shown.set("format", "text");
  element("download-shown").href = `${page}?${shown}`;
  element("download-all").href = `${page}?tail=all&format=text`;
}

// What the address asks for and no field shows can be seen, and taken away.
function showRest() {
  const rest = [...filters()].filter(([name]) => {
    if (name === "level") return !chosenLevel();
    return name !== "filter" && name !== fieldShows;
  });
  if (addressed("tail")) rest.push(["tail", addressed("tail")]);
  // One that is pressed just now must not be replaced by its like.
  const told = rest.join("\n");
  if (element("rest").dataset.told === told) return;
  element("rest").dataset.told = told;
  element("rest").hidden = rest.length === 0;
  element("rest").replaceChildren(...rest.map(([name, value]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `${name} ${value} ×`;
    button.setAttribute("aria-label", `Remove ${name} ${value}`);
    button.addEventListener("click", () => {
      setAddressed({ [name]: "" });
      readAddress();
      restart();
      focusLog();
    });
    return button;
  }));
}

function filters() {
  const query = new URLSearchParams(location.search);
  for (const name of OWN) query.delete(name);
  // What was emptied says nothing.
  for (const name of FILTERS) if (!addressed(name)) query.delete(name);
  return query;
}

// ------------------------------------------------------------------------------------------- stream

const stream = {
  source: null,
  // What is told of it.
  state: "",
  // Behind the newest record that came, or was passed over.
  cursor: null,
  // Until what was there before, or came meanwhile, has come.
  history: true,
  // When something came last, and how long nothing may come before it is taken for dead: a connection whose
  // other end is gone without a word looks like one that has nothing to say. Each that brings nothing at all
  // gives the next one longer.
  heard: 0,
  patience: 0,
  attempt: ATTEMPT,
  // The end is told once, though each reconnection is told of it.
  ended: false,
  retry: 0,
};

// Begins anew, with what passes the filters now.
function restart() {
  queue.clear();
  rows.clear();
  rows.cursor = null;
  stream.cursor = null;
  stream.ended = false;
  follow(true);
  // A pause goes on behind what is there, and that is not read out.
  view.owed = Infinity;
  readOut(false);
  problem("");
  connect();
}

function connect() {
  clearTimeout(stream.retry);
  stream.source?.close();
  stream.history = true;
  const query = filters();
  if (stream.cursor) {
    // What came meanwhile is wanted, however long ago it came.
    query.set("after", stream.cursor);
    query.delete("since");
  } else {
    if (addressed("after")) query.set("after", addressed("after"));
    query.set("tail", addressed("tail") || String(TAIL));
  }
  query.set("follow", "1");
  query.set("format", "sse");
  state("Connecting");
  const source = new EventSource(`${page}?${query}`);
  stream.source = source;

  stream.heard = Date.now();
  stream.patience = stream.attempt;
  stream.attempt = Math.min(2 * stream.attempt, LONGEST_ATTEMPT);
  const take = (kind) => ({ data, lastEventId }) => {
    if (source !== stream.source) return;
    stream.heard = Date.now();
    if (kind === "record") rate.records += 1;
    if (stream.ended && (kind === "record" || kind === "restarted")) {
      stream.ended = false;
      state("Live");
    }
    if (kind === "record" || kind === "missed") stream.cursor = lastEventId;
    // What was cleared was another ring's.
    if (kind === "restarted" && addressed("after")) setAddressed({ after: "" });
    if (kind === "closed" && JSON.parse(data).stopped) {
      // The server goes, the log may not: it is asked for again, as after a connection that was lost.
      stream.cursor = lastEventId;
      return;
    }
    if (kind === "closed") {
      state("Ended: waits for a new start");
      if (stream.ended) return;
      stream.ended = true;
    }
    queue.push({ kind, data, id: lastEventId });
    schedule();
  };
  source.addEventListener("message", take("record"));
  for (const kind of ["missed", "restarted", "closed"]) source.addEventListener(kind, take(kind));
  source.addEventListener("live", ({ data, lastEventId }) => {
    if (source !== stream.source) return;
    historyIsOver();
    stream.cursor = lastEventId;
    stream.heard = Date.now();
    stream.patience = 3 * Math.max(JSON.parse(data).alive_ms, 1_000);
  });
  source.addEventListener("alive", ({ lastEventId }) => {
    if (source !== stream.source) return;
    stream.cursor = lastEventId;
    stream.heard = Date.now();
  });
  // Until that time there will be no more. The browser would ask for it again.
  source.addEventListener("end", () => {
    if (source !== stream.source) return;
    source.close();
    stream.source = null;
    state("Ended");
    queue.push({ kind: "notice", data: `the log ends here${addressed("until") && `: until ${addressed("until")}`}` });
    historyIsOver();
    schedule();
  });
  source.addEventListener("open", () => {
    if (source !== stream.source) return;
    stream.heard = Date.now();
    stream.patience = LONGEST_ATTEMPT;
    stream.attempt = ATTEMPT;
    problem("");
    if (!stream.ended) state("Live");
  });
  source.addEventListener("error", () => {
    if (source !== stream.source) return;
    stream.history = true;
    if (!stream.ended) state("Connection lost: trying again");
    // The browser tries again by itself, unless it was given an answer that is no stream.
    if (source.readyState === EventSource.CLOSED) ask(source);
  });
}

function historyIsOver() {
  stream.history = false;
  view.owed = Math.min(view.owed, queue.length);
}

// Asks for the reason, which an EventSource does not tell.
async function ask(source) {
  const query = filters();
  if (addressed("after")) query.set("after", addressed("after"));
  query.set("tail", addressed("tail") || "0");
  query.set("format", "text");
  query.set("limit_bytes", "1");
  let seconds = 2;
  let why = "";
  try {
    const answer = await fetch(`${page}?${query}`, { cache: "no-store", signal: AbortSignal.timeout(ATTEMPT) });
    if (answer.status === 401) {
      // The server asks for the token in place of the page.
      location.reload();
      return;
    }
    if (answer.status === 429) {
      seconds = Number(answer.headers.get("retry-after")) || seconds;
      why = "There are too many viewers.";
    } else if (answer.status >= 400) {
      // Others may be a proxy's, while there is no server.
      const isOurs = answer.headers.get("x-content-type-options") === "nosniff" &&
        answer.headers.get("content-type")?.startsWith("text/plain");
      const text = isOurs ? (await answer.text()).trim().slice(0, 500) : "";
      why = text || `The server answers ${answer.status}.`;
      // The same question gets the same answer.
      if (isOurs && answer.status === 400) seconds = 0;
      else if (answer.status < 500) seconds = 10;
    }
  } catch {
    // No connection, or no answer: no reason to tell.
  }
  if (source !== stream.source) return;
  problem(why);
  if (seconds === 0) {
    state("Not connected");
  } else {
    state(`Not connected: trying again in ${plural(seconds, "second")}`);
    stream.retry = setTimeout(connect, seconds * 1_000);
  }
}

// Connects again if nothing was heard for too long.
function watch() {
  const isTrying = stream.source && stream.source.readyState !== EventSource.CLOSED;
  if (isTrying && Date.now() - stream.heard > stream.patience) connect();
}

function state(text) {
  stream.state = text;
  const told = view.paused ? `${text}, paused` : text;
  // Only what changes is read out.
  if (element("state").textContent !== told) element("state").textContent = told;
}

function problem(text) {
  element("problem").textContent = text;
  element("problem").hidden = !text;
}

// ------------------------------------------------------------------------------------------ controls

let typing = 0;

// `/x/` is a regex, and `/x/i` one to which upper and lower case are the same. Anything else is text, as
// `/var/log` is.
function parseText(text) {
  const [, pattern, flags] = /^\/(.+)\/([dgimsuvxy]*)$/s.exec(text) ?? [];
  if (!pattern) return { name: "q", value: text };
  if (flags && flags !== "i") return { wrong: `${text}: the only flag of a regex is i.` };
  return { name: "re", value: flags ? `(?i)${pattern}` : pattern };
}

function regexText(re) {
  return re.length > 4 && re.startsWith("(?i)") ? `/${re.slice(4)}/i` : `/${re}/`;
}

function chosenLevel() {
  return document.querySelector("input[name=level]:checked");
}

function applyFilters() {
  clearTimeout(typing);
  const { name, value, wrong } = parseText(element("text").value);
  if (wrong) {
    problem(wrong);
    return;
  }
  const values = { filter: element("target").value.trim() };
  // What no field shows stays as it is.
  if (chosenLevel()) values.level = chosenLevel().value;
  values[fieldShows] = "";
  if (value) {
    values[name] = value;
    fieldShows = name;
  }
  const before = location.search;
  setAddressed(values);
  if (location.search !== before || !element("problem").hidden) restart();
}

function readAddress() {
  const isText = !addressed("re") && parseText(addressed("q")).name === "q";
  fieldShows = isText ? "q" : "re";
  element("text").value = isText ? addressed("q") : addressed("re") && regexText(addressed("re"));
  element("target").value = addressed("filter");
  const level = addressed("level").toLowerCase();
  for (const chip of document.querySelectorAll("input[name=level]")) {
    chip.checked = chip.value === level || (level === "trace" && chip.value === "");
  }
  setAddressed({});
}

element("filters").addEventListener("submit", (event) => {
  event.preventDefault();
  applyFilters();
});
element("filters").addEventListener("change", applyFilters);
element("filters").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(applyFilters, TYPING);
});

element("pause").addEventListener("click", () => pause(!view.paused));
element("newest").addEventListener("click", toNewest);
element("new").addEventListener("click", () => {
  toNewest();
  focusLog();
});
element("clear").addEventListener("click", clear);
element("open-find").addEventListener("click", openFind);
element("unclear").addEventListener("click", () => {
  setAddressed({ after: "" });
  restart();
  focusLog();
});

// Space after a click is for the pause, not for what was clicked.
document.addEventListener("click", ({ detail }) => {
  if (detail > 0 && document.activeElement?.matches(".tools *")) focusLog();
});

// So that its keys work. It is there already, however the page is scrolled.
function focusLog() {
  log.focus({ preventScroll: true });
}

// What is shown goes, and stays away when the page is loaded again. What waits behind a pause stays.
function clear() {
  if (rows.cursor) setAddressed({ after: rows.cursor });
  rows.clear();
  follow(true);
}

// What is remembered of the view, where the browser allows it.
function remembered(name, value) {
  try {
    if (value === undefined) return localStorage.getItem(`circular-${name}`);
    localStorage.setItem(`circular-${name}`, value);
  } catch {
    // Then it is as it is at first.
  }
  return null;
}

function wrap(on) {
  // Whoever reads stays there.
  const row = view.following ? null : topRow();
  log.classList.toggle("no-wrap", !on);
  element("wrap").setAttribute("aria-pressed", on);
  remembered("wrap", on ? "yes" : "no");
  if (row) {
    log.scrollTop += row.getBoundingClientRect().top - log.getBoundingClientRect().top;
    look();
  }
  schedule();
}

// A link cannot say why it leads nowhere, so it is asked first whether there is a place. Still it is the link
// that is followed: what comes may be much.
const NO_PLACE = "No place for the download: there are too many viewers.";

async function download(event) {
  // Its own click, below; and one that is for another tab.
  if (!event.isTrusted || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const link = event.currentTarget;
  let isFull = false;
  try {
    const address = below("stats?format=json");
    const answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(ATTEMPT) });
    const { now, limit } = (await answer.json()).viewers;
    isFull = now >= limit;
  } catch {
    // Then the browser tells what it gets.
  }
  if (isFull) problem(NO_PLACE);
  else if (element("problem").textContent === NO_PLACE) problem("");
  if (!isFull) link.click();
}

for (const id of ["download-shown", "download-all"]) element(id).addEventListener("click", download);

const prefersDark = matchMedia("(prefers-color-scheme: dark)");

// The system's scheme, until somebody chooses.
function theme(chosen) {
  if (chosen) {
    document.documentElement.dataset.theme = chosen;
    remembered("theme", chosen);
  }
  element("theme").setAttribute("aria-pressed", isDark());
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : prefersDark.matches;
}

element("wrap").addEventListener("click", () => wrap(log.classList.contains("no-wrap")));
element("theme").addEventListener("click", () => theme(isDark() ? "light" : "dark"));
prefersDark.addEventListener("change", () => theme());

// ---------------------------------------------------------------------------------------------- find

let foundRow = null;

// What is searched for, in all of which rows, whether those looked at so far have it, and the steps to take when
// all are. `null` if nothing is searched for.
let search = null;

// What rows say, in lower case, since they were first searched: to read it from the page is what is dear, and a
// row says the same for as long as it is there.
let texts = new WeakMap();

function openFind() {
  element("find").hidden = false;
  element("needle").focus();
  element("needle").select();
}

function closeFind() {
  search = null;
  texts = new WeakMap();
  element("find").hidden = true;
  markFound(null, "");
  log.focus();
}

// To the next row (1), the previous one (-1), or the nearest from here on (0) that has the text, round the
// end. Upper and lower case are the same. What was searched for before, and is not found yet, is given up.
function find(step) {
  const needle = element("needle").value.toLowerCase();
  if (step !== 0 && search?.needle === needle) {
    search.steps.push(step);
    return;
  }
  const all = needle ? [...log.getElementsByClassName("row")] : [];
  search = { needle, all, matches: [], steps: [step] };
  searchOn(search);
}

// Looks at rows for FIND_BUDGET, then it is the user's turn.
function searchOn(mine) {
  if (mine !== search) return;
  const { needle, all, matches, steps } = mine;
  const end = performance.now() + FIND_BUDGET;
  while (matches.length < all.length) {
    if (performance.now() > end) {
      setTimeout(searchOn, 0, mine);
      return;
    }
    matches.push(textOf(all[matches.length]).includes(needle));
  }
  search = null;
  // What was thrown off the page meanwhile is not found.
  const found = matches.map((isMatch, index) => isMatch && all[index].isConnected);
  for (const step of steps) land(all, found, needle, step);
}

function textOf(row) {
  let text = texts.get(row);
  if (text === undefined) {
    text = row.textContent.toLowerCase();
    texts.set(row, text);
  }
  return text;
}

// Takes one step, among rows of which some match.
function land(all, matches, needle, step) {
  const total = matches.filter(Boolean).length;
  if (total === 0) {
    element("found").textContent = needle ? "Not found" : "";
    markFound(null, "");
    return;
  }
  const here = all.indexOf(foundRow?.isConnected ? foundRow : topRow());
  let at = Math.max(here, 0) + (foundRow?.isConnected ? step : 0);
  const way = step < 0 ? -1 : 1;
  at = (at + all.length) % all.length;
  while (!matches[at]) at = (at + way + all.length) % all.length;
  element("found").textContent = `${number.format(matches.slice(0, at + 1).filter(Boolean).length)} of ${number.format(total)}`;
  markFound(all[at], needle);
  follow(false);
  all[at].scrollIntoView({ block: "center" });
  look();
}

function topRow() {
  const { left, top } = log.getBoundingClientRect();
  return document.elementFromPoint(left + 20, top + 12)?.closest(".row");
}

function markFound(row, needle) {
  foundRow?.classList.remove("found");
  foundRow = row;
  row?.classList.add("found");
  if (!window.Highlight) return;
  const ranges = [];
  const texts = row ? document.createTreeWalker(row, NodeFilter.SHOW_TEXT) : null;
  while (texts?.nextNode()) {
    const text = texts.currentNode.data.toLowerCase();
    // Where lower case is longer, places would be wrong.
    if (text.length !== texts.currentNode.length) continue;
    for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + needle.length)) {
      const range = new Range();
      range.setStart(texts.currentNode, at);
      range.setEnd(texts.currentNode, at + needle.length);
      ranges.push(range);
    }
  }
  CSS.highlights.set("found", new Highlight(...ranges));
}

element("find").addEventListener("submit", (event) => {
  event.preventDefault();
  find(1);
});
element("needle").addEventListener("input", () => find(0));
element("needle").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.shiftKey) {
    event.preventDefault();
    find(-1);
  }
});
element("previous").addEventListener("click", () => find(-1));
element("close-find").addEventListener("click", closeFind);

// ---------------------------------------------------------------------------------------------- keys

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  const { target, key } = event;
  if (key === "Escape") {
    // A field would be emptied.
    event.preventDefault();
    if (!element("find").hidden) closeFind();
    else log.focus();
    return;
  }
  const isChip = target.matches("input[type=radio]");
  if (target.matches("input") && !isChip) return;
  // Space presses what has the focus; a chip that has it is pressed already, and a link has nothing to press.
  if (key === " " && !isChip && target.matches("button, summary")) return;
  const action = { " ": () => pause(!view.paused), g: toNewest, "/": openFind, c: clear, w: () => element("wrap").click() }[key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  if (!event.repeat) action();
});

// --------------------------------------------------------------------------------------------- begin

wrap(remembered("wrap") !== "no");
theme(remembered("theme"));
readAddress();
focusLog();
restart();
