// How a record's time is shown: local, in UTC, since another one.
//
// A label has two parts: what people read, and digits behind it that are dimmed. Times are the server's, in UTC with
// nanoseconds; the whole is in the tooltip. No document is needed.

const QUARTER = 15 * 60_000;

// The offset of the local zone, which changes at a quarter of an hour at the earliest.
const zone = { quarter: NaN, offset: 0 };

function localOf(milliseconds) {
  const quarter = Math.floor(milliseconds / QUARTER);
  if (quarter !== zone.quarter) {
    zone.quarter = quarter;
    zone.offset = new Date(milliseconds).getTimezoneOffset() * 60_000;
  }
  return new Date(milliseconds - zone.offset).toISOString();
}

// Whose day it is.
const today = { until: 0, local: "", utc: "" };

function now() {
  const time = Date.now();
  if (time >= today.until) {
    today.until = (Math.floor(time / 1_000) + 1) * 1_000;
    today.local = localOf(time).slice(0, 10);
    today.utc = new Date(time).toISOString().slice(0, 10);
  }
  return today;
}

export function dayNow() {
  const { local, utc } = now();
  return `${local} ${utc}`;
}

// Hours, minutes, seconds; the date before them when it is not today's.
export function ofDay(time, isUtc) {
  const iso = isUtc ? time : localOf(Date.parse(time));
  const date = iso.slice(0, 10);
  const { local, utc } = now();
  const isToday = date === (isUtc ? utc : local);
  const year = date.slice(0, 4) === utc.slice(0, 4) ? date.slice(5) : date;
  return { text: `${isToday ? "" : `${year} `}${iso.slice(11, 19)}`, digits: time.slice(19, 23), isDated: !isToday };
}

// In nanoseconds, exact.
function nanoseconds(time) {
  const fraction = /\.(\d{1,9})/.exec(time)?.[1] ?? "";
  return BigInt(Date.parse(`${time.slice(0, 19)}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}

export function since(time, other) {
  let between = nanoseconds(time) - nanoseconds(other);
  const sign = between < 0n ? "-" : "+";
  if (between < 0n) between = -between;
  const seconds = between / 1_000_000_000n;
  const micro = String(between % 1_000_000_000n / 1_000n).padStart(6, "0");
  if (seconds < 60n) return { text: `${sign}${seconds}.${micro.slice(0, 3)}`, digits: micro.slice(3), isDated: false };
  const [days, hours, minutes] = [seconds / 86_400n, seconds / 3_600n % 24n, seconds / 60n % 60n];
  const two = (number) => String(number).padStart(2, "0");
  const clock = `${two(hours)}:${two(minutes)}:${two(seconds % 60n)}`;
  return { text: `${sign}${days > 0n ? `${days}d ` : ""}${clock}`, digits: `.${micro.slice(0, 3)}`, isDated: days > 0n };
}

// All that is known, for a tooltip.
export function whole(time) {
  const local = localOf(Date.parse(time));
  const offset = -new Date(time).getTimezoneOffset();
  if (offset === 0) return time;
  const two = (number) => String(Math.abs(Math.trunc(number))).padStart(2, "0");
  const sign = offset < 0 ? "-" : "+";
  return `${time}\n${local.slice(0, 19)}${time.slice(19, -1)}${sign}${two(offset / 60)}:${two(offset % 60)}`;
}
