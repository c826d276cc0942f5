// @ts-check
/** A line below the header that leads back to seats on hold, wherever one is, also after a reload. */

import { asUser } from "./api.js";
import { countDown, deadlineFrom } from "./countdown.js";
import { fill, h } from "./dom.js";
import { list } from "./format.js";
import { session, tokens } from "./session.js";

const bar = /** @type {HTMLElement} */ (document.querySelector(".held-bar"));
let shown = new AbortController();

/** Look for an order on hold, and show it unless this page is its own. */
export async function showHeld() {
  shown.abort();
  shown = new AbortController();
  const { signal } = shown;
  fill(bar);
  if (!tokens()) return;
  const asked = performance.now();
  try {
    const { results } = await asUser("GET", "orders/?status=HELD&page_size=1", { signal, quiet: true });
    const [order] = results;
    if (!order || location.hash === `#/orders/${order.reference}`) return;
    const left = h("strong", { class: "time-left" });
    const seats = list(
      order.bookings
        .filter((/** @type {any} */ b) => b.status === "HELD")
        .map((/** @type {any} */ b) => b.seat_label),
    );
    fill(
      bar,
      h(
        "a",
        { href: `#/orders/${order.reference}` },
        `We hold ${seats} for ${order.bookings[0].movie_title}`,
        " · ",
        left,
        h("span", { class: "go" }, "Go on"),
      ),
    );
    countDown(left, deadlineFrom(asked, order.expires_in_seconds), { signal, over: () => fill(bar) });
  } catch {
    // It is a help, not a promise: the page works without it.
  }
}

session.addEventListener("change", showHeld);
