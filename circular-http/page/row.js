// One row: a record, or a notice of what is no record.
//
// Log text becomes text nodes, never markup. A row is bounded in characters and in nodes, however long its record.

import { pieces, withoutColors } from "./ansi.js";
import { plural, span } from "./dom.js";

// Characters of one record. The rest is shown when somebody asks for it.
export const MAX_SHOWN = 16 << 10;

// A time of day, and no part of something longer such as a MAC address.
const CLOCK = /(?<![\d:])\d\d:\d\d:\d\d(?![\d:])/;

export function rowOf({ kind, data }) {
  if (kind === "record") return recordRow(JSON.parse(data));
  if (kind === "restarted") return noticeRow("the program was restarted");
  if (kind === "closed") return noticeRow("the log has ended");
  if (kind === "missed") {
    const { records, bytes } = JSON.parse(data).missed;
    return noticeRow(`missed ${plural(records, "record")} (${plural(bytes, "byte")})`);
  }
  if (kind === "dropped") {
    const meanwhile = data.restarted ? "; the program restarted meanwhile" : "";
    return noticeRow(`${plural(data.records, "record")} not shown: more came than this page holds${meanwhile}`);
  }
  return noticeRow(data);
}

// One record's row. Most lines begin with their time, level and target; what a line does not say itself
// stands before it.
function recordRow({ time, level, target, text }) {
  const row = document.createElement("div");
  row.className = level ? `row ${level.toLowerCase()}` : "row";
  const shown = text.length > MAX_SHOWN ? text.slice(0, MAX_SHOWN) : text;
  const head = withoutColors(shown.slice(0, 1_000)).slice(0, 300);

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
    row.append(moreButton(text.length - shown.length));
  }
  return row;
}

function moreButton(characters) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "more";
  button.textContent = ` … ${plural(characters, "more character")}: show`;
  return button;
}

function noticeRow(text) {
  const row = document.createElement("div");
  row.className = "row notice";
  row.textContent = text;
  return row;
}

function appendText(parent, text) {
  for (const { className, text: shown } of pieces(text)) parent.append(className ? span(className, shown) : shown);
}

// Where `word` stands in `text` by itself, or -1: `TRACEID` is not TRACE, and `app::db` is not `db`.
function wordAt(text, word) {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const [before, after] = [text.slice(Math.max(at - 2, 0), at), text.slice(at + word.length)];
    if (!/(\w|::)$/.test(before) && !/^(\w|::)/.test(after)) return at;
  }
  return -1;
}
