// @ts-check
/** The seats that somebody has chosen of a show. They outlive a reload of the page, and leaving it for another. */

const stored = (/** @type {number} */ show) => `picker.choice.${show}`;

/** @param {number} show @returns {Set<number>} */
export function loadChoice(show) {
  return new Set(JSON.parse(sessionStorage.getItem(stored(show)) ?? "[]"));
}

/** @param {number} show @param {Iterable<number>} seats */
export function keepChoice(show, seats) {
  const numbers = [...seats];
  if (numbers.length) sessionStorage.setItem(stored(show), JSON.stringify(numbers));
  else sessionStorage.removeItem(stored(show));
}
