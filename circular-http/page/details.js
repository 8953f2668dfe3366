// What opens in a row: the lines behind its first one, and all that its record has, as a tree.
//
// The tree is made when it is opened, goes when it is closed, and is bounded. Its values are buttons, which the keyboard
// reaches, and which lead to the menu as those in the row do.

import { pieces } from "./ansi.js";
import { whole } from "./clock.js";
import { span } from "./dom.js";
import { isObject, jsonOf, objectOf, pairsIn } from "./fields.js";
import { withoutOwnWords } from "./own_words.js";
import { recordOf } from "./row.js";

const MAX_ENTRIES = 300;
const MAX_VALUE = 8 << 10;
const DEEPEST = 10;
const SAID = new Set(["level", "target"]);

// What each value in a tree is, for the menu.
const pointed = new WeakMap();

export function pointedAt(node) {
  return pointed.get(node);
}

export function isOpen(row) {
  return row.classList.contains("open") || row.lastChild.className === "detail";
}

export function unfold(row, on = true) {
  row.classList.toggle("open", on);
  row.querySelector(":scope > .fold")?.setAttribute("aria-expanded", on);
}

export function openTree(row, on = true) {
  const has = row.lastChild.className === "detail";
  row.querySelector(":scope > .tree")?.setAttribute("aria-expanded", on);
  if (on === has) return;
  if (on) row.append(treeOf(recordOf(row)));
  else row.lastChild.remove();
}

// All of it, or as it was.
export function toggle(row) {
  if (!recordOf(row)) return;
  const on = !isOpen(row);
  unfold(row, on);
  openTree(row, on);
}

function treeOf(record) {
  const detail = document.createElement("div");
  detail.className = "detail";
  const { time, level, target, seq, text, source } = record;
  if (time) detail.append(entry("time", plain(whole(time))));
  detail.append(entry("level", value(level ?? "none", { kind: "level", name: level?.toLowerCase() ?? "none" })));
  if (target) detail.append(entry("target", value(target, { kind: "target", name: target })));
  if (source !== undefined) detail.append(entry("source", value(source, { kind: "source", name: source })));
  if (seq !== undefined) detail.append(entry("record", plain(String(seq))));
  const object = objectOf(text);
  const budget = { left: MAX_ENTRIES };
  if (object) {
    branch(detail, object, 1, budget);
  } else {
    for (const { key, value: its } of pairsIn(withoutOwnWords(text, record).slice(0, MAX_VALUE))) {
      detail.append(entry(key, value(its, { kind: "field", key, value: its, isJson: false })));
    }
  }
  if (budget.left < 0) detail.append(entry("…", plain("more than is shown here: copy it as JSON")));
  return detail;
}

function branch(parent, object, depth, budget) {
  for (const [key, its] of Object.entries(object)) {
    // It stands above.
    if (depth === 1 && SAID.has(key) && typeof its === "string") continue;
    budget.left -= 1;
    if (budget.left < 0) return;
    if (isObject(its) && depth < DEEPEST && Object.keys(its).length > 0) {
      const inner = document.createElement("div");
      inner.className = "branch";
      branch(inner, its, depth + 1, budget);
      parent.append(entry(key, ""), inner);
      continue;
    }
    const json = jsonOf(its);
    const text = typeof its === "string" ? its : json;
    // A place in a list is no name.
    const name = Array.isArray(object) ? "" : key;
    parent.append(entry(key, value(text, { kind: "field", key: name, value: json, isJson: true }, typeof its)));
  }
}

function entry(key, node) {
  const made = document.createElement("div");
  made.className = "entry";
  made.append(span("key", safe(key)), " ", node);
  return made;
}

function plain(text) {
  return span("plain", text);
}

function value(text, what, type) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = type === "string" || type === undefined ? "value" : "value plain";
  button.textContent = safe(text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text);
  button.setAttribute("aria-haspopup", "menu");
  pointed.set(button, { ...what, text });
  return button;
}

function safe(text) {
  return pieces(text).map((piece) => piece.text).join("");
}
