// What the server is asked beside the stream: why there is none, and whether there is a place for a download.
//
// No question is waited for for ever, and one that is not answered keeps nobody from anything.

import { addressed, below, filters, page } from "./address.js";

// Milliseconds that a connection may take to bring the first word.
export const ATTEMPT = 10_000;

function ask(address) {
  return fetch(address, { cache: "no-store", signal: AbortSignal.timeout(ATTEMPT) });
}

// Why there is no stream, which an EventSource does not tell: the words, and after how many seconds to try again, 0
// for not at all. `null` if the page is loaded again.
export async function reason() {
  const query = filters();
  if (addressed("after")) query.set("after", addressed("after"));
  query.set("tail", addressed("tail") || "0");
  // As the stream does, which may wait for a source that comes later.
  query.set("format", "sse");
  query.set("limit_bytes", "1");
  try {
    const answer = await ask(`${page}?${query}`);
    // The server asks for the token in place of the page.
    if (answer.status === 401) {
      location.reload();
      return null;
    }
    if (answer.status >= 400) return await refusal(answer);
    await answer.body?.cancel();
  } catch {
    // No connection, or no answer: no reason to tell.
  }
  return { why: "", seconds: 2 };
}

// What an answer that is none says: the words, and after how many seconds to ask again, 0 for not at all.
export async function refusal(answer) {
  if (answer.status === 429) {
    return { why: "There are too many viewers.", seconds: Number(answer.headers.get("retry-after")) || 2 };
  }
  // Others may be a proxy's, while there is no server.
  const isOurs = answer.headers.get("x-content-type-options") === "nosniff" &&
    answer.headers.get("content-type")?.startsWith("text/plain");
  const text = isOurs ? (await answer.text()).trim().slice(0, 500) : "";
  const why = text || `The server answers ${answer.status}.`;
  // The same question gets the same answer.
  if (isOurs && answer.status === 400) return { why, seconds: 0 };
  return { why, seconds: answer.status < 500 ? 10 : 2 };
}

// Whether no viewer has a place any more, as far as can be found out.
export async function isFull() {
  try {
    const answer = await ask(below("stats?format=json"));
    const { now, limit } = (await answer.json()).viewers;
    return now >= limit;
  } catch {
    // Then the browser tells what it gets.
    return false;
  }
}
