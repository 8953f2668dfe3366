// Copying: a row as text with its time, as JSON, or a link to it.

import { filters, page } from "./address.js";
import { jsonOf, objectOf } from "./fields.js";
import { withoutOwnWords } from "./own_words.js";
import { withoutColors } from "./ansi.js";
import { problem } from "./status.js";

// As a line of a log: what it says of itself, or before that what its record says; and first whose it is, where there are several.
export function textOf(record) {
  const { source } = record;
  return source === undefined ? lineOf(record) : `${source}: ${lineOf(record)}`;
}

function lineOf(record) {
  const { time, level, target, text } = record;
  const plain = withoutColors(text);
  const own = withoutOwnWords(plain, record);
  // It has its time already.
  if (own !== plain && /^\s*\d{4}-/.test(plain)) return plain;
  const head = [time, level?.padStart(5) ?? "", target ? `${target}:` : ""].filter(Boolean).join(" ");
  return `${head} ${objectOf(text) ? plain : own}`;
}

// The record as the server gives it; a line of JSON in it is an object in it.
export function jsonOfRecord({ time, level, target, seq, id, text, source }) {
  const object = objectOf(text);
  return jsonOf({ time, level, target, seq, id, ...(object ? { record: object } : { text }), source }, 2);
}

// The page with the same filters, beginning with that record.
export function linkTo({ id }) {
  const query = filters();
  query.set("from", id);
  return `${page}?${query}`;
}

// `told` is a button, which says that it is done.
export async function copy(text, told) {
  const done = await write(text);
  if (!done) {
    problem("The browser does not let this page copy.");
    return;
  }
  if (!told || told.dataset.told) return;
  told.dataset.told = told.textContent;
  told.textContent = "Copied";
  setTimeout(() => {
    told.textContent = told.dataset.told;
    delete told.dataset.told;
  }, 1_200);
}

async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // There is no clipboard where the page came without TLS from another machine.
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "unseen";
  document.body.append(area);
  const focus = document.activeElement;
  area.select();
  try {
    return document.execCommand("copy");
  } finally {
    area.remove();
    focus?.focus({ preventScroll: true });
  }
}
