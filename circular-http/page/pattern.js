// What is searched for, as an expression: what somebody types, what the filters have, and a field with its value.
//
// Case is smart, as with the server: without an upper-case letter in it, upper and lower case are the same. The page's
// own expressions only mark what is there already, so what this engine cannot do, or could take for ever over, marks
// nothing. No document is needed.

import { shown } from "./fields.js";

const UPPER = /\p{Lu}/u;

export function isExact(text) {
  return UPPER.test(text);
}

function literal(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

export function ofText(text) {
  return text ? new RegExp(literal(text), isExact(text) ? "gu" : "giu") : null;
}

// An expression of the server's, which knows no steps back; it is said to be one. `null` where it is none here, or one that may step back
// without end.
export function ofExpression(re) {
  if (!re || re.length > 500 || mayTakeForEver(re)) return null;
  const [, flags = "", rest] = /^(?:\(\?([a-z]+)\))?(.*)$/su.exec(re);
  if (/[^ims]/.test(flags)) return null;
  // A letter behind a backslash is no letter.
  const isAnyCase = flags.includes("i") || !isExact(rest.replace(/\\p\{[^}]*\}|\\./giu, ""));
  const others = flags.replace("i", "");
  try {
    const pattern = new RegExp(rest.replaceAll("(?P<", "(?<"), `g${isAnyCase ? "i" : ""}${others}u`);
    return Object.assign(pattern, { isExpression: true });
  } catch {
    return null;
  }
}

// A group that is repeated and has something repeated, or a choice, in it; or many repetitions.
function mayTakeForEver(re) {
  const plain = re.replace(/\\./gsu, "x").replace(/\[[^\]]*\]/gu, "x");
  if ((plain.match(/[*+]|\{\d+,\}/g) ?? []).length > 3) return true;
  return /\([^()]*(?:[*+{|]|\([^()]*\))[^()]*\)(?:[*+]|\{\d+,)/.test(plain) || /\)\)+(?:[*+]|\{)/.test(plain);
}

// Characters of a value that are searched for.
const LONGEST_VALUE = 200;

// An expression for the server: this field with just this value. `value` is text as it stands, in JSON or behind `=`.
export function ofField(key, value, isJson) {
  const cut = value.length > LONGEST_VALUE;
  const begin = literal(cut ? value.slice(0, LONGEST_VALUE) : value);
  if (isJson) {
    const end = cut || value.startsWith('"') || /^[[{]/.test(value) ? "" : "\\s*[,}\\]]";
    return `${literal(JSON.stringify(key))}\\s*:\\s*${begin}${end}`;
  }
  return `(?:^|[\\s,;({\\[])${literal(key)}=${begin}${cut ? "" : "(?:[\\s,;)}\\]]|$)"}`;
}

// What such an expression says: `key=value`, or nothing if it is another one.
export function fieldText(re) {
  const json = /^"(.*?)"\\s\*:\\s\*(.*?)(?:\\s\*\[,\}\\\]\])?$/su.exec(re);
  const text = json ? null : /^\(\?:\^\|\[\\s,;\(\{\\\[\]\)(.*?)=(.*?)(?:\(\?:\[\\s,;\)\}\\\]\]\|\$\))?$/su.exec(re);
  const [, key, value] = json ?? text ?? [];
  if (!key) return "";
  const unescaped = (part) => part.replace(/\\([.*+?^${}()|[\]\\])/g, "$1");
  const said = unescaped(value);
  return `${unescaped(key)}=${json ? asShown(said) : said}`;
}

function asShown(json) {
  try {
    return shown(JSON.parse(json));
  } catch {
    return json;
  }
}
