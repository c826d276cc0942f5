// @ts-check
/**
 * How long a hold still lasts. The clocks of people are wrong, so `expires_at` is not compared with them: the server
 * says in how many seconds it is over, and these are counted by a clock that only runs forward.
 */

import { announce } from "./dom.js";
import { minutesAndSeconds, spokenTime } from "./format.js";

/** When those who do not see the clock are told, in seconds before the end. */
const TOLD = [300, 120, 60, 30, 10];

/** @param {number} asked performance.now() when it was asked: the answer is not younger @param {number} seconds */
export const deadlineFrom = (asked, seconds) => asked + seconds * 1000;

/**
 * Show the seconds left in an element until they are over or `signal` ends it.
 * @param {HTMLElement} element @param {number} deadline
 * @param {{signal: AbortSignal, over: () => void, aloud?: boolean, tick?: (left: number) => void}} options
 */
export function countDown(element, deadline, { signal, over, aloud = false, tick }) {
  let before = Infinity;
  const timer = setInterval(show, 250);
  signal.addEventListener("abort", () => clearInterval(timer));
  show();

  function show() {
    const left = Math.max(0, Math.ceil((deadline - performance.now()) / 1000));
    if (left === before) return;
    element.textContent = minutesAndSeconds(left);
    tick?.(left);
    const passed = TOLD.find((mark) => left <= mark && mark < before);
    if (aloud && passed && before !== Infinity) announce(`Your seats are held for ${spokenTime(left)} more.`);
    before = left;
    if (left === 0) {
      clearInterval(timer);
      over();
    }
  }
}
