// @ts-check
/** What a move changed of a show, old beside new, in words. */

import { h } from "./dom.js";
import { clockWithZone, list, longDay } from "./format.js";

/** @type {Record<string, string>} */
const NAMES = {
  starts_at: "Begins",
  ends_at: "Ends",
  screen_name: "Screen",
  cinema_name: "Cinema",
  seats: "Seats",
  prices: "Prices",
};

/** @param {Record<string, {old: any, new: any}>} changes @param {string} timeZone */
export function changeList(changes, timeZone) {
  return h(
    "ul",
    { class: "changes" },
    Object.entries(changes).map(([field, { old, new: now }]) =>
      h(
        "li",
        {},
        `${NAMES[field] ?? field.replaceAll("_", " ")}: ${words(old, timeZone)} → ${words(now, timeZone)}`,
      ),
    ),
  );
}

/** @param {any} value @param {string} timeZone */
function words(value, timeZone) {
  if (Array.isArray(value)) return list(value.map(String));
  if (/^\d{4}-\d\d-\d\dT/.test(value))
    return `${longDay(value, timeZone)}, ${clockWithZone(value, timeZone)}`;
  return String(value ?? "–");
}
