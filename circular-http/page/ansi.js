// Text as a terminal would show it: pieces that look different, each with the classes of the stylesheet.
//
// Whatever a terminal would obey is shown: colours as colours, other control characters as escapes. Which those are
// is decided as by the server, whose tests read the expression here. No document is needed.

// Pieces of one record that look different. What comes after them is plain.
const MAX_PIECES = 300;

// SGR sequences of a bearable length, control characters, and what turns the direction of text around. The same are
// looked for by `push_for_terminal`, by which the server writes `text/plain`.
const SPECIAL = /\x1b\[([\d;:]{0,32})m|[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

const SGR = /\x1b\[[\d;:]{0,32}m/g;

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

// As it is read, without its colours.
export function withoutColors(text) {
  return text.replace(SGR, "");
}

// What `text` is made of, in order. Neighbours that look the same are one: each is a node, and it is nodes that
// are expensive.
export function pieces(text) {
  if (text.search(SPECIAL) < 0) return [{ className: "", text }];
  const made = [];
  let piece = { className: "", text: "" };
  const end = () => {
    if (piece.text) made.push(piece);
    piece = { className: "", text: "" };
  };
  const put = (className, more) => {
    if (!more) return;
    const allowed = made.length < MAX_PIECES ? className : "";
    if (allowed !== piece.className) end();
    piece.className = allowed;
    piece.text += more;
  };
  const style = { ...PLAIN };
  let className = "";
  let from = 0;
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
  return made;
}
