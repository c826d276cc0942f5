// @ts-check
/** Refusals in words. The API's own sentences are for people too; here they get what this page knows besides. */

import { NotLoggedIn, Problem, SomebodyElse } from "./api.js";
import { clockWithZone, list, longDay } from "./format.js";

/** The seats that a refusal names. @param {Problem} problem @returns {number[]} */
export const numbersOf = ({ body }) => body.seats.map((/** @type {any} */ seat) => seat.seat_number);

/**
 * One or two sentences. Raises anew what is neither a refusal nor a declined login: that is a mistake of this page.
 * @param {unknown} problem @param {{plan?: import("./seats.js").Plan, timeZone?: string}} [known]
 */
export function inWords(problem, { plan, timeZone } = {}) {
  if (problem instanceof SomebodyElse)
    return "Somebody else is logged in by now. Nothing was done in their name: press again if it is for them.";
  if (problem instanceof NotLoggedIn) return "Log in when you are ready. Nothing is lost meanwhile.";
  if (!(problem instanceof Problem)) throw problem;
  const { code, body, message } = problem;
  const seats = plan && body.seats ? list(plan.labels(numbersOf(problem))) : "";
  switch (code) {
    case "invalid":
    case "no_such_seat":
      return (
        Object.values(body.errors ?? {})
          .flat()
          .join(" ") || message
      );
    case "leaves_single_seat":
      return `This would leave ${seats || "a seat"} free on its own, where nobody likes to sit. Please move along by one.`;
    case "companion_without_wheelchair":
      return `${seats || "A companion seat"} is for the companion of somebody in a wheelchair space: please choose one of these too.`;
    case "too_many_seats":
      return `You can have ${body.limit} seats of this show, and have ${body.have ?? "some"} already.`;
    case "too_many_holds":
      return `You have ${body.limit} orders on hold already. Confirm one or let it go first.`;
    case "not_together":
      return body.largest_block > 1
        ? `There are not so many seats side by side: at most ${body.largest_block} of you can sit together.`
        : "There are no seats side by side any more.";
    case "not_enough_seats":
      return `There are not so many seats: ${body.available} of this kind are free.`;
    case "not_on_sale":
      return body.sales_open_at && timeZone
        ? `The sale begins on ${longDay(body.sales_open_at, timeZone)}, ${clockWithZone(body.sales_open_at, timeZone)}.`
        : message;
    case "show_changed":
      return "The show was moved since: what you chose is not what you would get any more.";
    case "hold_limit_reached":
      return "These seats cannot be held any longer: please confirm them before the time is over.";
    case "hold_expired":
      return "The time for which the seats were held is over.";
    case "busy":
    case "unavailable":
    case "conflict":
      return "Very many want something at this moment, and it was not your turn. Nothing was changed: please try again.";
    case "server_error":
      return "The cinema's system made a mistake. It has been noted; please try again.";
    default:
      return message;
  }
}
