// Times as people type them, and as they read them: `14:32`, `14:32:05.250`, `2026-11-25 14:32`, with a `Z` behind it for
// UTC; or how long ago, `10m`, which is the server's to understand. In the address they are RFC 3339, in UTC.

// As the server has it; what else there is, it knows.
const AGO = /^(\d+(\.\d+)?\s*[a-z]+\s*)+$/i;
const CLOCK = /^(?:(\d{4})-(\d\d?)-(\d\d?)(?:[T ]+|$))?(?:(\d\d?):(\d\d)(?::(\d\d)(\.\d+)?)?)?\s*(Z|UTC)?$/i;

// Whether times are shown, and meant, in UTC: that is chosen with the column of times.
function isUtc() {
  try {
    return localStorage.getItem("circular-time") === "utc";
  } catch {
    return false;
  }
}

// What the address has for it; `null` if it is no time. A time of day is the last one that there was.
export function parseWhen(text, now = new Date()) {
  const typed = text.trim();
  if (!typed || AGO.test(typed)) return typed;
  const fields = CLOCK.exec(typed);
  if (!fields) return Number.isNaN(Date.parse(typed)) || !/^\d{4}-.*T/i.test(typed) ? null : typed;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = ".0", zone] = fields;
  if (!year && fields[4] === undefined) return null;
  const utc = Boolean(zone) || isUtc();
  const [get, set] = utc ? ["getUTC", "setUTC"] : ["get", "set"];
  const time = new Date(now);
  if (year) time[`${set}FullYear`](Number(year), Number(month) - 1, Number(day));
  time[`${set}Hours`](Number(hour), Number(minute), Number(second), Math.trunc(Number(fraction) * 1_000));
  // Of 25:70 and the 31st of February there are none.
  const isSo = time[`${get}Hours`]() === Number(hour) && time[`${get}Minutes`]() === Number(minute) &&
    (!day || time[`${get}Date`]() === Number(day));
  if (!isSo) return null;
  if (!year && time > now) time[`${set}Date`](time[`${get}Date`]() - 1);
  return time.toISOString();
}

// As it is typed: without the date if it is today's.
export function showWhen(value, now = new Date()) {
  if (!/^\d{4}-\d\d-\d\dT/i.test(value)) return value;
  const time = new Date(value);
  if (Number.isNaN(time.valueOf())) return value;
  const utc = isUtc();
  // Its clock, written as if it were UTC's.
  const shown = (date) => new Date(utc ? date : date - date.getTimezoneOffset() * 60_000).toISOString();
  const [day, clock] = shown(time).slice(0, -1).split("T");
  const short = clock.replace(/\.000$/, "");
  const told = day === shown(now).slice(0, 10) && time <= now ? short : `${day} ${short}`;
  return told;
}
