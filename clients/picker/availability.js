// @ts-check
/** Who has which seat, as it changes. */

import { pause, send } from "./http.js";

/** @typedef {{status: string, taken: Record<string, number[]>}} Availability */

/**
 * Call `changed` with the seats that are taken, at once and whenever that changes, until `signal` ends it. A page that
 * nobody looks at does not ask; without a connection `send` goes on trying, so this goes on by itself afterwards.
 * @param {number} show @param {number} every in seconds; an answer without changes is a 304 of no size
 * @param {AbortSignal} signal @param {(now: Availability) => void} changed
 */
export async function watch(show, every, signal, changed) {
  /** @type {string | undefined} */
  let etag;
  for (;;) {
    const answer = await send("GET", `shows/${show}/seats/availability/`, { etag, signal });
    if (answer.status !== 304) {
      etag = answer.etag ?? undefined; // of another origin it is only seen if the server exposes it: then, all is sent
      changed(answer.body);
    }
    await pause(every, signal);
    await visible(signal);
  }
}

/** @param {AbortSignal} signal @returns {Promise<void>} */
function visible(signal) {
  return new Promise((resolve) => {
    if (!document.hidden) return resolve();
    document.addEventListener("visibilitychange", () => resolve(), { once: true, signal });
  });
}
