// What a record's text is made of, for people: a message, and fields with a name each.
//
// A line of JSON is one object, whoever wrote it: its message, then `key=value` in the order of the line, as the command
// shows them. What stands in columns already is left out. In a line of text, `key=value` is found where it stands. Values
// are shown as they were written, digit by digit. No document is needed.

const MESSAGES = new Set(["message", "msg", "event"]);
const IN_COLUMNS = new Set(["timestamp", "time", "ts", "@timestamp", "level", "severity", "lvl", "target"]);
const SPANS = new Set(["span", "spans"]);

// Characters of a line that is taken for JSON: a longer one is text.
const LONGEST_LINE = 64 << 10;
// Fields in one row; all are in its details.
const MAX_FIELDS = 24;
const DEEPEST = 8;

// A number as it was written, where a float would not say the same.
class Digits {
  constructor(source) {
    this.source = source;
  }
  toString() {
    return this.source;
  }
}

const BEGIN = /^\s*\{\s*["}]/;
const INEXACT = /\d{16}|\.\d*0(?!\d)|\d[eE]/;

// The object that a line is, or `null`.
export function objectOf(text) {
  if (text.length > LONGEST_LINE || !BEGIN.test(text)) return null;
  try {
    const keep = (key, value, context) =>
      typeof value === "number" && context?.source && context.source !== String(value) ? new Digits(context.source) : value;
    return INEXACT.test(text) ? JSON.parse(text, keep) : JSON.parse(text);
  } catch {
    return null;
  }
}

export function isObject(value) {
  return typeof value === "object" && value !== null && !(value instanceof Digits);
}

// An object's message, its fields as `{ key, path, value }`, at most so many, and its spans as text.
export function partsOf(object, most = MAX_FIELDS) {
  const parts = { message: null, fields: [], spans: "" };
  const take = (key, path, value, depth) => {
    if (parts.fields.length >= most) return;
    if (isObject(value) && !Array.isArray(value) && depth < DEEPEST && Object.keys(value).length > 0) {
      for (const [inner, its] of Object.entries(value)) take(inner, `${path}.${inner}`, its, depth + 1);
    } else {
      parts.fields.push({ key, path, value });
    }
  };
  const top = (key, value) => {
    if (parts.message === null && MESSAGES.has(key) && typeof value === "string") parts.message = value;
    else take(key, key, value, 1);
  };
  for (const [key, value] of Object.entries(object)) {
    // Where `tracing_subscriber::fmt` puts an event's own.
    if (key === "fields" && isObject(value) && !Array.isArray(value)) {
      for (const [inner, its] of Object.entries(value)) top(inner, its);
    } else if (SPANS.has(key) && isObject(value)) {
      if (key === "spans" || !parts.spans) parts.spans = spansText(value);
    } else if (!IN_COLUMNS.has(key)) {
      top(key, value);
    }
  }
  return parts;
}

// As `fmt` writes them: `order{id=4711}:item`.
function spansText(value) {
  const list = Array.isArray(value) ? value : [value];
  return list.slice(0, DEEPEST).filter(isObject).map(({ name, ...fields }) => {
    const inner = Object.entries(fields).slice(0, DEEPEST).map(([key, its]) => `${key}=${shown(its)}`).join(" ");
    return inner ? `${name}{${inner}}` : String(name);
  }).join(":");
}

// A value on one line: a word as it is, anything else as JSON.
export function shown(value, most = 200) {
  let text = value;
  if (typeof value !== "string") text = isObject(value) ? jsonOf(value) : String(value);
  else if (value === "" || /[\s"=\x00-\x1f\x7f]/.test(value)) text = JSON.stringify(value);
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

// What was parsed, as JSON again.
export function jsonOf(value, indent) {
  const digits = [];
  const text = JSON.stringify(value, (key, its) => {
    if (!(its instanceof Digits)) return its;
    digits.push(its.source);
    return `\ue000${digits.length - 1}\ue001`;
  }, indent);
  return digits.length > 0 ? text.replace(/"\ue000(\d+)\ue001"/g, (all, number) => digits[number] ?? all) : text;
}

const PAIR = /(?<=^|[\s{([,])([A-Za-z_][\w.-]{0,63})=("(?:[^"\\]|\\.){0,500}"|[^\s,;)}\]"]{1,500})/g;

// Where in a line of text `key=value` stands: `{ at, key, value }`, in order.
export function pairsIn(text) {
  if (!text.includes("=")) return [];
  const pairs = [];
  for (const { index, 1: key, 2: value } of text.matchAll(PAIR)) {
    pairs.push({ at: index, key, value });
    if (pairs.length >= MAX_FIELDS) break;
  }
  return pairs;
}
