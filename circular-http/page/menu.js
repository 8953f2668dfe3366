// The menu of a value, or of a chip: only this, not this, or a copy of it.

import { copy } from "./copy.js";
import { pointedAt } from "./details.js";
import { element, focusLog, log } from "./dom.js";
import { jsonOf, objectOf, partsOf } from "./fields.js";
import { canNarrow, narrow } from "./narrow.js";
import { recordOf } from "./row.js";

const menu = element("menu");

let what = null;
let cause = null;

export function isMenuOpen() {
  return menu.matches(":popover-open");
}

// What a node in a row says, by its record: `null` if it is nothing that can be chosen.
function meaning(node) {
  const known = pointedAt(node);
  if (known) return known;
  const row = node.closest(".row");
  const record = row && recordOf(row);
  if (!record) return null;
  const { level, target, text, source } = record;
  if (node.matches(".meta > .level")) return { kind: "level", name: level?.toLowerCase() ?? "none", text: level ?? "none" };
  if (node.matches(".meta > .target")) return target ? { kind: "target", name: target, text: target } : null;
  if (node.matches(".meta > .source")) return { kind: "source", name: source, text: source };
  if (!node.matches(".row > .value")) return null;
  const index = [...row.querySelectorAll(":scope > .value")].indexOf(node);
  const object = objectOf(text);
  if (object) {
    const { key, value } = partsOf(object).fields[index];
    return { kind: "field", key, value: jsonOf(value), isJson: true, text: typeof value === "string" ? value : jsonOf(value) };
  }
  // As it was found when the row was made: by its key, which stands before it.
  const key = node.previousSibling.textContent.slice(0, -1);
  const value = node.textContent;
  return { kind: "field", key, value, isJson: false, text: value };
}

// Opens beside `node`, for what that says.
export function openMenu(node, meant) {
  what = meant;
  cause = node;
  const name = meant.kind === "field" ? meant.key : meant.kind;
  element("menu-what").textContent = name ? `${name}: ${cut(meant.text)}` : cut(meant.text);
  for (const id of ["only-this", "not-this"]) element(id).hidden = !canNarrow(meant);
  menu.showPopover();
  const at = node.getBoundingClientRect();
  const its = menu.getBoundingClientRect();
  const left = Math.max(4, Math.min(at.left, innerWidth - its.width - 4));
  const below = at.bottom + 2;
  menu.style.left = `${left}px`;
  menu.style.top = `${Math.max(4, below + its.height > innerHeight - 4 ? at.top - its.height - 2 : below)}px`;
  menu.querySelector("button:not([hidden])").focus();
}

function cut(text) {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

log.addEventListener("click", (event) => {
  const node = event.target.closest(".level, .target, .source, .value");
  // Whoever selects text, or holds a key down, means something else.
  if (!node || event.ctrlKey || event.metaKey || !getSelection().isCollapsed) return;
  const meant = meaning(node);
  if (meant) openMenu(node, meant);
});

menu.addEventListener("click", ({ target }) => {
  const chosen = target.closest("button")?.id;
  if (!chosen) return;
  const [meant, by] = [what, cause];
  menu.hidePopover();
  if (chosen === "copy-value") copy(meant.text);
  else narrow(meant, chosen === "only-this");
  if (by.isConnected && by.matches("button")) by.focus({ preventScroll: true });
  else focusLog();
});

menu.addEventListener("keydown", (event) => {
  const buttons = [...menu.querySelectorAll("button:not([hidden])")];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    menu.hidePopover();
    if (cause?.matches("button")) cause.focus({ preventScroll: true });
    else focusLog();
  } else if (step) {
    event.preventDefault();
    const at = buttons.indexOf(document.activeElement);
    buttons[(at + step + buttons.length) % buttons.length].focus();
  }
});
