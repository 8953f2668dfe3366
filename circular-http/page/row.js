// One row: a record, or a notice of what is no record, with the colour of whose it is where there are several.
//
// Log text becomes text nodes, never markup. A row is bounded in characters and in nodes, however long its record. Its
// time, level and target stand in columns, and they are the record's, whatever its text looks like. Lines behind the
// first one hang in below it, so that none of them can be taken for a record, and are folded.

import { pieces } from "./ansi.js";
import { inColumn, inSourceColumn, makeRoomFor } from "./columns.js";
import { number, plural, span } from "./dom.js";
import { objectOf, pairsIn, partsOf, shown } from "./fields.js";
import { runOf } from "./held.js";
import { isSelecting } from "./input.js";
import { withoutOwnWords } from "./own_words.js";
import { whenInSight } from "./sight.js";
import { colorOf, isSource, whenSources } from "./sources.js";
import { labelAll, labelOfNew, labelOfRow, whenLabelled } from "./times.js";

// Characters of one record. The rest is shown when somebody asks for it.
export const MAX_SHOWN = 16 << 10;

// What came of the record in a row, as it came.
const came = new WeakMap();

// Those whose fields are told apart.
const dressed = new WeakSet();

// The record in a row, or `null` for a notice.
export function recordOf(row) {
  const data = came.get(row);
  return data ? JSON.parse(data) : null;
}

export function rowOf({ kind, data }) {
  if (kind === "record") return recordRow(data);
  if (kind === "restarted") return noticeRow("the program was restarted");
  if (kind === "closed") return noticeRow("the log has ended");
  if (kind === "missed") {
    const { missed: { records, bytes }, source } = JSON.parse(data);
    return noticeRow(`missed ${plural(records, "record")} (${plural(bytes, "byte")})`, source);
  }
  if (kind === "ended") {
    const { id, ended, source } = JSON.parse(data);
    const row = noticeRow(source === undefined ? `the program: ${ended}` : ended, source);
    row.dataset.ended = runOf(id);
    return row;
  }
  if (kind === "started") {
    const { started: { pid }, source } = JSON.parse(data);
    return noticeRow(pid === null ? "started" : `started, pid ${pid}`, source);
  }
  if (kind === "dropped") {
    const meanwhile = data.restarted ? "; the program restarted meanwhile" : "";
    return noticeRow(`${plural(data.records, "record")} not shown: more came than this page holds${meanwhile}`);
  }
  return noticeRow(data);
}

// The columns of a row in sight. To copy them is faster than to make them. Spaces fill the columns, and a tab leads to the
// message: boxes of a width are several times as expensive to lay out.
const columns = span("meta", "");
{
  // With text, which makes the nodes that are written to.
  const time = span("time", " ");
  time.append(span("digits", " "));
  columns.append(time, span("level", " "), " ", span("target", " "), "\t");
}
const plainColumns = span("meta", " ");

// The same with whose the record is, behind its time.
const namedColumns = columns.cloneNode(true);
namedColumns.firstChild.after(span("source", " "), " ");

const LEVEL_GAPS = { ERROR: " ", WARN: "  ", INFO: "  ", DEBUG: " ", TRACE: " " };

function plainText({ text, digits }, { source, level, target }) {
  const whose = source === undefined ? "" : inSourceColumn(source).join("");
  return `${text}${digits}${whose}${level ?? ""}${LEVEL_GAPS[level] ?? "      "}${inColumn(target)}\t`;
}

function dressColumns(row, label, { source, level, target }) {
  const meta = (source === undefined ? columns : namedColumns).cloneNode(true);
  const [timeColumn, ...others] = meta.childNodes;
  const [levelColumn, gap, targetColumn] = source === undefined ? others : others.slice(2);
  writeTime(timeColumn, label);
  if (source !== undefined) writeSource(others, inSourceColumn(source));
  levelColumn.firstChild.data = level ?? "";
  gap.data = LEVEL_GAPS[level] ?? "      ";
  targetColumn.firstChild.data = inColumn(target);
  row.firstChild.replaceWith(meta);
}

function writeSource([node, gap], [text, spaces]) {
  node.firstChild.data = text;
  gap.data = spaces;
}

function writeTime(node, { text, digits }) {
  node.firstChild.data = text;
  node.lastChild.firstChild.data = digits;
}

whenLabelled((row, label) => {
  const meta = row.firstChild;
  if (!dressed.has(row)) meta.firstChild.data = plainText(label, recordOf(row));
  else {
    writeTime(meta.firstChild, label);
    if (row.classList.contains("named")) writeSource([...meta.childNodes].slice(1), inSourceColumn(recordOf(row).source));
  }
});

// Those that came before it was known which sources there are.
const uncolored = [];

whenSources((names) => {
  if (makeRoomFor(names)) labelAll();
  for (const [row, source] of uncolored.splice(0)) color(row, source);
});

// Rows that are dressed when they are made, at most so many in so many milliseconds: whoever reads sees no row change. Of
// more, nearly all are out of sight at once; where there were twice as many, none is, as nobody reads that.
const EAGER = 60;
const EAGER_PERIOD = 40;

const eager = { left: 0, since: -Infinity };

function isCalm() {
  const now = performance.now();
  if (now - eager.since > EAGER_PERIOD) {
    const isFlood = eager.left < -EAGER && now - eager.since < 2 * EAGER_PERIOD;
    Object.assign(eager, { left: isFlood ? 0 : EAGER, since: now });
  }
  eager.left -= 1;
  return eager.left >= 0;
}

function recordRow(data) {
  const record = JSON.parse(data);
  const { time, level, text, source } = record;
  const row = document.createElement("div");
  row.className = "row";
  came.set(row, data);
  if (level) row.className = `row ${level.toLowerCase()}`;
  if (source !== undefined) color(row, source);
  const meta = plainColumns.cloneNode(true);
  const label = labelOfNew(row, time);
  meta.firstChild.data = plainText(label, record);
  row.append(meta);

  const object = objectOf(text);
  const parts = object && partsOf(object);
  if (parts && (parts.message || parts.fields.length > 0)) appendParts(row, parts);
  else row.append(...appendLines(row, withoutOwnWords(text.length > MAX_SHOWN ? text.slice(0, MAX_SHOWN) : text, record)));
  if (!object && text.length > MAX_SHOWN) {
    // Behind its last line.
    (row.lastChild.className === "rest" ? row.lastChild : row).append(moreButton(text.length - MAX_SHOWN));
  }
  if (isCalm()) dressRow(row, label, record);
  return row;
}

function moreButton(characters) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "more";
  button.textContent = ` … ${plural(characters, "more character")}: show`;
  return button;
}

function noticeRow(text, source) {
  const row = document.createElement("div");
  row.className = "row notice";
  row.textContent = text;
  if (source !== undefined) {
    color(row, source);
    row.prepend(span("source", oneLine(source)), ": ");
  }
  return row;
}

function color(row, source) {
  row.classList.add("named");
  if (isSource(source)) row.classList.add(colorOf(source));
  else uncolored.push([row, source]);
}

// What a click opens. Keys reach it by the row.
function opener(className, text, label) {
  const button = document.createElement("button");
  button.type = "button";
  button.tabIndex = -1;
  button.className = className;
  button.textContent = text;
  button.setAttribute("aria-label", label);
  button.setAttribute("aria-expanded", "false");
  return button;
}

// The first line goes into the row; what is to stand behind it, if there are more, is given back.
function appendLines(row, text) {
  const end = text.indexOf("\n");
  if (end < 0) {
    appendText(row, text);
    return [];
  }
  const rest = span("rest", "");
  if (text.includes("\x1b")) {
    // A colour goes on in the next line.
    appendText(row, text, rest);
  } else {
    appendText(row, text.slice(0, end));
    appendText(rest, text.slice(end));
  }
  const lines = text.split("\n").length - 1;
  return [opener("fold", `+${number.format(lines)}`, plural(lines, "more line")), rest];
}

function appendParts(row, { message, fields, spans }) {
  const text = message ?? "";
  const behind = appendLines(row, text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
  let gap = text ? " " : "";
  for (const { path, value } of fields) {
    const className = typeof value === "string" ? "value" : "value plain";
    row.append(gap, span("key", `${path}=`), span(className, oneLine(shown(value))));
    gap = " ";
  }
  if (spans) row.append(gap, span("spans", `in ${oneLine(spans)}`));
  row.append(opener("tree", "{}", "Fields"), ...behind);
}

// As `pieces` shows what a terminal obeys, and without its colours.
function oneLine(text) {
  return pieces(text).map((piece) => piece.text).join("");
}

// Into `row`, and what is behind the first line into `rest`, if there is one.
function appendText(row, text, rest) {
  let parent = row;
  for (const { className, text: all } of pieces(text)) {
    const end = rest && parent === row ? all.indexOf("\n") : -1;
    appendPiece(parent, className, end < 0 ? all : all.slice(0, end));
    if (end >= 0) {
      parent = rest;
      appendPiece(parent, className, all.slice(end));
    }
  }
}

function appendPiece(parent, className, text) {
  if (text) parent.append(className ? span(className, text) : text);
}

// Tells columns, and `key=value` in lines of text, apart: of rows in sight, as it is seen only there.
export function dress(rows) {
  // What is selected would be no more.
  if (isSelecting()) return;
  for (const row of rows) {
    if (!dressed.has(row) && came.has(row)) dressRow(row, labelOfRow(row), recordOf(row));
  }
}

function dressRow(row, label, record) {
  dressed.add(row);
  dressColumns(row, label, record);
  if (row.querySelector(":scope > .tree")) return;
  for (const node of [...row.childNodes]) {
    if (node.nodeType === Node.TEXT_NODE) dressText(node);
  }
}

function dressText(node) {
  const text = node.data;
  const pairs = pairsIn(text);
  if (pairs.length === 0) return;
  let from = 0;
  const made = [];
  for (const { at, key, value } of pairs) {
    if (at > from) made.push(text.slice(from, at));
    made.push(span("key", `${key}=`), span("value", value));
    from = at + key.length + 1 + value.length;
  }
  if (from < text.length) made.push(text.slice(from));
  node.replaceWith(...made);
}

whenInSight(dress);
