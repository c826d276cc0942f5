// @ts-check
/** The orders of whoever is logged in, the newest first. */

import { asUser } from "../api.js";
import { fill, h, workButton } from "../dom.js";
import { clock, count, list, money, shortDay } from "../format.js";
import { tone } from "../poster.js";
import { inWords } from "../words.js";

/** @type {Record<string, string>} */
const STATUS = { HELD: "On hold", BOOKED: "Booked", EXPIRED: "Ran out", CANCELLED: "Given back" };

/** An order that staff cancelled was not given back. @param {any} order */
export const endedByStaff = ({ status, bookings }) =>
  status === "CANCELLED" && bookings.some((/** @type {any} */ booking) => booking.ended_by === "staff");

/** In a word. @param {any} order */
export const statusOf = (order) =>
  endedByStaff(order) ? "Cancelled" : (STATUS[order.status] ?? order.status);

/** @param {import("../app.js").Stage} stage */
export async function ordersView({ place, signal }) {
  const tickets = h("ul", { class: "orders", role: "list" });
  const more = h("div", { class: "more" });

  /** @param {any} page */
  function add({ results, next }) {
    const first = tickets.childNodes.length;
    tickets.append(...results.map((/** @type {any} */ order) => h("li", {}, card(order))));
    fill(more, next && workButton("Show older ones", "One moment…", () => load(next)));
    if (first) tickets.children[first]?.querySelector("a").focus(); // the button that was pressed may be gone
  }

  /** @param {string} path */
  async function load(path) {
    try {
      add(await asUser("GET", path, { signal }));
    } catch (problem) {
      if (!signal.aborted) more.append(h("p", { class: "alert", role: "alert" }, inWords(problem)));
    }
  }

  const page = await asUser("GET", "orders/", { signal });
  place.append(
    h("h1", {}, "My tickets"),
    h("p", { class: "facts" }, page.count ? count(page.count, "order") : "There are none yet. "),
    page.count ? "" : h("a", { class: "button", href: "#/" }, "See what is on"),
    tickets,
    more,
  );
  add(page);
  return { title: "My tickets" };
}

/** @param {any} order */
function card(order) {
  const { reference, status, bookings, total, currency } = order;
  const [{ movie_title, starts_at, time_zone, cinema_name, screen_name }] = bookings;
  const seats = list(bookings.map((/** @type {any} */ booking) => booking.seat_label));
  return h(
    "a",
    { class: `order-card ${tone(movie_title)} is-${status.toLowerCase()}`, href: `#/orders/${reference}` },
    h(
      "span",
      { class: "stub" },
      h("strong", {}, clock(starts_at, time_zone)),
      h("span", {}, shortDay(starts_at, time_zone)),
    ),
    h(
      "span",
      { class: "what" },
      h("strong", {}, movie_title),
      h("span", { class: "facts" }, `${screen_name}, ${cinema_name}`),
      h("span", { class: "facts" }, `${bookings.length === 1 ? "Seat" : "Seats"} ${seats}`),
    ),
    h(
      "span",
      { class: "state" },
      h("span", { class: "badge" }, statusOf(order)),
      ["HELD", "BOOKED"].includes(status) && h("span", {}, money(total, currency)),
    ),
  );
}
