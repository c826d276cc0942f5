// @ts-check
/** What comes back if a whole order is given back. The API quotes one booking at a time. */

import { asUser, get } from "./api.js";
import { sum } from "./format.js";
import { Plan } from "./seats.js";

/** Refusals of giving back one seat that do not hold for giving back all. */
const ONLY_ALONE = ["leaves_single_seat", "companion_without_wheelchair"];

/**
 * Return the sum of the quotes, and until when they hold. Raises Problem if the order cannot be given back.
 * @param {any} order @returns {Promise<{amount: string, percent: number, currency: string, valid_until: string | null}>}
 */
export async function quote(order) {
  const booked = order.bookings.filter((/** @type {any} */ booking) => booking.status === "BOOKED");
  const plan = new Plan(await get(`shows/${order.show}/seats/layout/`));
  const quotes = await Promise.allSettled(firstOfEach(plan, booked).map((b) => asUser("GET", `bookings/${b.id}/cancellation/`)));
  const given = quotes.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
  for (const answer of quotes) {
    if (answer.status === "rejected" && !(given.length && ONLY_ALONE.includes(answer.reason.code))) throw answer.reason;
  }
  const { refund_percent: percent, currency, valid_until } = given[0]; // the terms of an order are those of all its seats
  const amount =
    given.length === quotes.length
      ? sum(given.map((each) => each.refund_amount))
      : sum(booked.map((/** @type {any} */ { price }) => (Math.round(Number(price) * percent) / 100).toFixed(2)));
  return { amount, percent, currency, valid_until };
}

/** One booking of each sofa, whose quote is for both halves, and all others. @param {Plan} plan @param {any[]} bookings */
function firstOfEach(plan, bookings) {
  return bookings.filter(({ seat_number }) => {
    const partner = plan.seats.get(seat_number)?.partner ?? null;
    return partner === null || partner > seat_number || !bookings.some((other) => other.seat_number === partner);
  });
}
