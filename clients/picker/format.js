// @ts-check
/** Money, times and seats in words. */

const LOCALE = document.documentElement.lang; // that of the words around them

/** Decimal strings are summed in cents, as 0.1 + 0.2 is not 0.3. @param {string[]} amounts @returns {string} */
export function sum(amounts) {
  return (amounts.reduce((cents, amount) => cents + Math.round(Number(amount) * 100), 0) / 100).toFixed(2);
}

/** @param {string} amount @param {string} currency @param {"symbol" | "name"} as name: "8.50 euros", for ears */
export function money(amount, currency, as = "symbol") {
  return new Intl.NumberFormat(LOCALE, { style: "currency", currency, currencyDisplay: as }).format(
    Number(amount),
  );
}

/** @param {string} moment @param {string} timeZone @param {Intl.DateTimeFormatOptions} options */
function format(moment, timeZone, options) {
  return new Intl.DateTimeFormat(LOCALE, { timeZone, ...options }).format(new Date(moment));
}

/** "19:30", by the clock of the cinema. @param {string} moment @param {string} timeZone */
export const clock = (moment, timeZone) => format(moment, timeZone, { hour: "2-digit", minute: "2-digit" });

/** "Saturday 5 December". @param {string} moment @param {string} timeZone */
export const longDay = (moment, timeZone) =>
  format(moment, timeZone, { weekday: "long", day: "numeric", month: "long" });

/** "Sat 5 Dec". @param {string} moment @param {string} timeZone */
export const shortDay = (moment, timeZone) =>
  format(moment, timeZone, { weekday: "short", day: "numeric", month: "short" });

/** "2026-12-05", to sort and to group by. @param {string} moment @param {string} timeZone */
export function dayKey(moment, timeZone) {
  return new Intl.DateTimeFormat("sv-SE", { timeZone }).format(new Date(moment)); // the Swedish write dates so
}

/** "19:30 GMT-5": which clock it is, for those who are elsewhere. @param {string} moment @param {string} timeZone */
export const clockWithZone = (moment, timeZone) =>
  format(moment, timeZone, { hour: "2-digit", minute: "2-digit", timeZoneName: "short" });

/** "2 h 28". @param {number} minutes */
export function duration(minutes) {
  const hours = Math.floor(minutes / 60);
  return hours ? `${hours} h ${String(minutes % 60).padStart(2, "0")}` : `${minutes} min`;
}

/** "9:05". @param {number} seconds */
export function minutesAndSeconds(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** "9 minutes 5 seconds", for ears. @param {number} seconds */
export function spokenTime(seconds) {
  const parts = [
    [Math.floor(seconds / 60), "minute"],
    [seconds % 60, "second"],
  ];
  return parts
    .filter(([number]) => number)
    .map(([number, unit]) => `${number} ${unit}${number === 1 ? "" : "s"}`)
    .join(" ");
}

/** "C5, C6 and D1". @param {string[]} words */
export const list = (words) => new Intl.ListFormat(LOCALE).format(words);

/** "1 seat", "2 seats". @param {number} number @param {string} word */
export const count = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;
