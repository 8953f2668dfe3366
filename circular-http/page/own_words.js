// What a line says of itself that its record says as well: time, level and target, which stand in columns.
//
// What is cut off is what the record says, at the line's very beginning, and nothing else: a time within a message is
// the message's. No document is needed.

const GAP = /(?:\x1b\[[\d;:]{0,32}m| )*/y;
const TIME = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)(?= |\x1b)/y;
const SGR = /\x1b\[[\d;:]{0,32}m/g;

// Milliseconds by which a line may be formatted before it is recorded.
const APART = 1_000;

function skip(expression, text, at) {
  expression.lastIndex = at;
  return expression.test(text) ? expression.lastIndex : at;
}

// `text` without the time, the level and the target that it begins with, as loggers write them; where it had colours,
// they are as they would be there. A line that begins with no time has to name level and target: one of them alone may
// be the message's first word.
export function withoutOwnWords(text, { time, level, target }) {
  const first = skip(GAP, text, 0);
  const behindTime = skip(TIME, text, first);
  const hasTime = behindTime > first;
  if (hasTime && !isAbout(text.slice(first, behindTime), time)) return text;
  let at = hasTime ? skip(GAP, text, behindTime) : first;
  let end = hasTime ? at : 0;
  if (level) {
    const behind = skip(GAP, text, at + level.length);
    // A word of its own.
    const isLevel = behind > at + level.length && text.slice(at, at + level.length).toUpperCase() === level;
    if (!isLevel && !hasTime) return text;
    if (isLevel) at = behind;
    if (hasTime) end = at;
  }
  if (target && text.startsWith(target, at)) {
    // The colon may have a colour as well.
    const colon = skip(GAP, text, at + target.length);
    const behind = skip(GAP, text, colon + 1);
    if (text[colon] === ":" && behind > colon + 1 && text[colon - 1] !== " " && (hasTime || level)) end = behind;
  }
  if (end === 0) return text;
  const head = text.slice(0, end);
  return (head.includes("\x1b") ? (head.match(SGR) ?? []).join("") : "") + text.slice(end);
}

function isAbout(said, time) {
  if (!time) return false;
  if (said.endsWith("Z") && said.slice(11, 19) === time.slice(11, 19) && said.slice(0, 10) === time.slice(0, 10)) return true;
  return Math.abs(Date.parse(said.replace(",", ".").replace(" ", "T")) - Date.parse(time)) <= APART;
}
