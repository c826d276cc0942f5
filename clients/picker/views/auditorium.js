// @ts-check
/** What surrounds the seats of the map: the screen in front, and what the drawings mean. */

import { h, svg } from "../dom.js";
import { money } from "../format.js";
import { kindName } from "../seats.js";

/** The screen, bent, with the title on it in the colours of the film's poster. @param {string} title */
export function screen(title) {
  const arc = svg("path", { id: "screen-line", d: "M60 128 Q500 22 940 128", fill: "none" });
  const size = Math.min(64, 1150 / title.length);
  const words = svg(
    "textPath",
    { href: "#screen-line", startOffset: "50%", "text-anchor": "middle" },
    title.toUpperCase(),
  );
  return h(
    "div",
    { class: "screen", "aria-hidden": "true" },
    svg(
      "svg",
      { viewBox: "0 0 1000 170" },
      svg("defs", {}, arc),
      svg("path", { class: "cloth", d: "M20 56 Q500 -46 980 56 L962 158 Q500 52 38 158 Z" }),
      svg("text", { class: "on-screen", "font-size": size }, words),
    ),
    h("div", { class: "light" }),
  );
}

const STATES = [
  ["chosen", "yours"],
  ["held", "on hold"],
  ["booked", "taken"],
  ["blocked", "not for sale"],
];

/** @param {import("../seats.js").Plan} plan */
export function legend(plan) {
  const kinds = new Map([...plan.seats.values()].map((seat) => [seat.kind, seat]));
  return h(
    "ul",
    { class: "legend", role: "list", "aria-label": "Kinds of seats" },
    [...kinds.values()].map(({ kind, price }) =>
      h("li", {}, sample(kind, "free"), `${kindName(kind)} `, h("strong", {}, money(price, plan.currency))),
    ),
    STATES.map(([state, words]) => h("li", {}, sample("standard", state), words)),
  );
}

/** @param {string} kind @param {string} state */
function sample(kind, state) {
  const seat = h("span", {
    class: `seat kind-${kind}${kind === "sofa" ? " half-left half-right" : ""}`,
    "aria-hidden": "true",
  });
  seat.dataset.state = state;
  return seat;
}
