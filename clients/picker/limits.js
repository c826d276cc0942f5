// @ts-check
/** What the API tells before one asks: how long a hold lasts, how many seats an order may have, how often to look. */

import { get } from "./api.js";

/** @type {Promise<any> | undefined} the same for everyone, so it is asked for once */
let known;

/** @returns {Promise<any>} */
export function limits() {
  known ??= get("limits/");
  known.catch(() => (known = undefined)); // another view may have more luck
  return known;
}
