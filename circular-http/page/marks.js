// Marks where the rows in sight have what is looked for: by the filters, and by Find.
//
// Only what is in sight is marked, when it comes into sight: a mark is a range, and a page full of them would be slow. No
// row is changed.

import { addressedAll, whenAddressed } from "./address.js";
import { fieldText, ofExpression, ofText } from "./pattern.js";
import { lookSoon, whenInSight } from "./sight.js";

// Milliseconds after which an expression is given up that takes so long in one row.
const LONGEST = 20;
// Marks in one row.
const MAX_MARKS = 200;
// Characters of a text that an expression is looked for in.
const MAX_SEARCHED = 2_000;

const patterns = { filter: [], match: [] };
// Whether nothing is marked any more, where nothing is to be.
let isPainted = true;
// What is marked under that name, as expressions.
export function mark(name, list) {
  patterns[name] = list.filter(Boolean);
  isPainted = false;
  lookSoon();
}

function isNeeded() {
  return Object.values(patterns).some((list) => list.length > 0);
}

// The ranges in which the text below `root` has it. Those in columns count only for Find.
export function rangesIn(root, pattern, isInColumns) {
  const ranges = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const nodes = [];
  let text = "";
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const parent = node.parentElement;
    if (parent.closest("button, .detail") || (!isInColumns && parent.closest(".meta"))) continue;
    nodes.push({ node, at: text.length });
    text += node.data;
    if (text.length > 8 * MAX_SEARCHED) break;
  }
  const place = (offset, isEnd) => {
    let low = 0;
    let high = nodes.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (isEnd ? nodes[middle].at < offset : nodes[middle].at <= offset) low = middle;
      else high = middle - 1;
    }
    return [nodes[low].node, offset - nodes[low].at];
  };
  const searched = pattern.isExpression ? text.slice(0, MAX_SEARCHED) : text;
  for (const match of searched.matchAll(pattern)) {
    if (!match[0]) continue;
    const range = new Range();
    range.setStart(...place(match.index, false));
    range.setEnd(...place(match.index + match[0].length, true));
    ranges.push(range);
    if (ranges.length >= MAX_MARKS) break;
  }
  return ranges;
}

function paint(rows) {
  if (!window.Highlight || (isPainted && !isNeeded())) return;
  isPainted = true;
  for (const [name, list] of Object.entries(patterns)) {
    const ranges = [];
    for (const pattern of list) {
      for (const row of rows) {
        const began = performance.now();
        ranges.push(...rangesIn(row, pattern, name === "match" && !pattern.isExpression));
        if (pattern.isExpression && performance.now() - began > LONGEST) {
          patterns[name] = list.filter((other) => other !== pattern);
          break;
        }
      }
    }
    const highlight = new Highlight(...ranges);
    highlight.priority = name === "match" ? 1 : 0;
    CSS.highlights.set(name, highlight);
  }
}

function expression(re) {
  // A field is not marked as it stands in JSON, but as it is shown.
  if (fieldText(re)) return ofText(fieldText(re));
  return ofExpression(re);
}

whenAddressed(() => mark("filter", [...addressedAll("q").map(ofText), ...addressedAll("re").map(expression)]));
whenInSight(paint);
