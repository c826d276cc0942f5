// @ts-check
/** What is known of seats without drawing them: their names, which go together, and which might do instead. */

import { money } from "./format.js";

/**
 * @typedef {{seat_number: number, label: string, kind: string, price: string, x: number, y: number,
 *   partner: number | null, row: string}} Seat
 * @typedef {"free" | "chosen" | "lost" | "held" | "booked" | "blocked"} State lost: chosen, but someone was quicker
 */

/** @type {Record<string, string>} A kind that is not here, from a newer server, is called what the API calls it. */
export const KINDS = {
  standard: "standard",
  premium: "premium",
  sofa: "sofa",
  wheelchair: "wheelchair space",
  companion: "companion seat",
};

/** @type {Record<string, string>} */
const STATES = {
  free: "free",
  chosen: "chosen",
  lost: "just taken by somebody else",
  held: "on hold",
  booked: "taken",
  blocked: "not for sale",
};

/** @param {string} kind */
export const kindName = (kind) => KINDS[kind] ?? kind;

/** "Row C seat 5, premium, 12.00 euros, taken". @param {Seat} seat @param {State} state @param {string} currency */
export function spokenName(seat, state, currency) {
  const number = seat.label.startsWith(seat.row) ? seat.label.slice(seat.row.length) : seat.label;
  const place = seat.row ? `Row ${seat.row} seat ${number}` : `Seat ${seat.label}`;
  return [place, kindName(seat.kind), money(seat.price, currency, "name"), STATES[state] ?? "taken"].join(
    ", ",
  );
}

/** A seat plan as `seats/layout/` gives it. */
export class Plan {
  /** @param {any} layout */
  constructor(layout) {
    this.currency = /** @type {string} */ (layout.currency);
    this.width = /** @type {number} */ (layout.width);
    /** @type {Seat[][]} */
    this.rows = layout.rows.map((/** @type {any} */ { row, seats }) =>
      seats.map((/** @type {any} */ seat) => ({ ...seat, row })),
    );
    this.seats = new Map(this.rows.flat().map((seat) => [seat.seat_number, seat]));
  }

  /** @param {number} number @returns {Seat} */
  seat(number) {
    return /** @type {Seat} */ (this.seats.get(number));
  }

  /**
   * Those of these seats that there are, by number: a plan may have changed since they were kept.
   * @param {Iterable<number>} numbers
   */
  known(numbers) {
    return [...numbers].filter((number) => this.seats.has(number)).sort((a, b) => a - b);
  }

  /** @param {Iterable<number>} numbers @returns {string[]} */
  labels(numbers) {
    return this.known(numbers).map((number) => this.seat(number).label);
  }

  /** A seat, or a sofa with both halves: they are only sold together. @param {number} number */
  unit(number) {
    const { partner } = this.seat(number);
    return partner === null ? [number] : [number, partner].sort((a, b) => a - b);
  }
}

/**
 * What might do instead of seats that were lost: ways to sit, the best first, each all seats of the party.
 * @param {Plan} plan @param {number[]} lost @param {number[]} kept @param {(number: number) => boolean} isFree
 * @returns {number[][]}
 */
export function alternatives(plan, lost, kept, isFree) {
  const together = sideBySide(plan, [...kept, ...lost], isFree);
  const instead = nearest(plan, lost, kept, isFree);
  const ways = [together, instead].filter((seats) => seats !== null);
  return String(ways[0]) === String(ways[1]) ? ways.slice(1) : ways;
}

/** @typedef {{x: number, y: number}} Place in seats and rows */

/** The middle of a party. @param {Plan} plan @param {number[]} numbers @returns {Place} */
function middle(plan, numbers) {
  const seats = numbers.map((number) => plan.seat(number));
  const mean = (/** @type {"x" | "y"} */ axis) =>
    seats.reduce((total, seat) => total + seat[axis], 0) / seats.length;
  return { x: mean("x"), y: mean("y") };
}

/** Another row is as far as two seats: one does not lean over it. @param {Place} a @param {Place} b */
const distance = (a, b) => Math.abs(a.x - b.x) + 2 * Math.abs(a.y - b.y);

/**
 * For each lost seat the nearest free one of its kind, with those that were kept.
 * @param {Plan} plan @param {number[]} lost @param {number[]} kept @param {(number: number) => boolean} isFree
 */
function nearest(plan, lost, kept, isFree) {
  const chosen = new Set(kept);
  const units = new Set(lost.map((number) => String(plan.unit(number))));
  for (const unit of units) {
    const numbers = unit.split(",").map(Number);
    const { kind } = plan.seat(numbers[0]);
    const centre = middle(plan, kept.length ? [...kept, ...numbers] : numbers);
    const [best] = [...plan.seats.values()]
      .filter(
        (seat) => seat.kind === kind && plan.unit(seat.seat_number).every((n) => isFree(n) && !chosen.has(n)),
      )
      .sort((a, b) => distance(a, centre) - distance(b, centre));
    if (!best) return null;
    for (const number of plan.unit(best.seat_number)) chosen.add(number);
  }
  return plan.known(chosen);
}

/**
 * As many free seats of one kind in a row, as near as can be.
 * @param {Plan} plan @param {number[]} party @param {(number: number) => boolean} isFree
 */
function sideBySide(plan, party, isFree) {
  const kinds = new Set(party.map((number) => plan.seat(number).kind));
  if (kinds.size !== 1 || party.length < 2) return null;
  const [kind] = kinds;
  const centre = middle(plan, party);
  const places = plan.rows.flatMap((row) =>
    row
      .map((_, start) => row.slice(start, start + party.length))
      .filter(
        (seats) =>
          seats.length === party.length &&
          seats.every(
            (seat, i) => isFree(seat.seat_number) && seat.kind === kind && seat.x === seats[0].x + i,
          ) &&
          seats.every(
            ({ partner }) => partner === null || seats.some((other) => other.seat_number === partner),
          ),
      ),
  );
  const far = (/** @type {Seat[]} */ seats) =>
    distance(
      middle(
        plan,
        seats.map((s) => s.seat_number),
      ),
      centre,
    );
  const [best] = places.sort((a, b) => far(a) - far(b));
  return best ? plan.known(best.map((seat) => seat.seat_number)) : null;
}
