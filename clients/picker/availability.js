// @ts-check
/** Who has which seat, as it changes. */

import { noOlder, pause, Problem, send } from "./http.js";

/** @typedef {{status: string, taken: Record<string, number[]>}} Availability */

/**
 * Until `signal` ends it, call `changed` with the seats that are taken, at once and whenever that changes, and `redrawn`
 * when the seats themselves or their prices are not those of the layout: numbers mean other seats once a show has moved.
 * A page that nobody looks at does not ask. Without a connection `send` goes on trying, and after a failure of the
 * server this does, at its pace: nobody waits for it.
 * @param {number} show @param {{every: number, layout: string | null, signal: AbortSignal,
 *   changed: (now: Availability) => void, redrawn: () => void}} options
 *   every: in seconds, an answer without changes is a 304 of no size; layout: the ETag of the seats that are drawn
 */
export async function watch(show, { every, layout, signal, changed, redrawn }) {
  /** @type {string | undefined} of another origin it is only seen if the server exposes it: then, all is sent */
  let etag;
  for (;;) {
    await look().catch((problem) => {
      if (!(problem instanceof Problem) || problem.status < 500) throw problem;
    });
    await pause(every, signal);
    await visible(signal);
  }

  async function look() {
    const map = `shows/${show}/seats`;
    const answer = await send("GET", `${map}/availability/${noOlder(show)}`, { etag, signal });
    if (answer.status === 304) return;
    const version = noOlder(show, answer.body.seats_version); // that of the seats which these are taken of
    const drawn = layout && (await send("GET", `${map}/layout/${version}`, { etag: layout, signal }));
    etag = answer.etag ?? undefined;
    changed(answer.body);
    if (drawn && drawn.status !== 304) redrawn();
  }
}

/** @param {AbortSignal} signal @returns {Promise<void>} */
function visible(signal) {
  return new Promise((resolve) => {
    if (!document.hidden) return resolve();
    document.addEventListener("visibilitychange", () => resolve(), { once: true, signal });
  });
}
