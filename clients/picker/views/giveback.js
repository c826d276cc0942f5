// @ts-check
/** Giving tickets back: first what comes back, then the question, then the deed. */

import { asUser } from "../api.js";
import { fill, h, workButton } from "../dom.js";
import { clockWithZone, longDay, money } from "../format.js";
import { inWords } from "../words.js";

/** @param {any} order @param {{say: (...children: any[]) => void}} alert @param {() => Promise<void>} cancel */
export function giveBack(order, alert, cancel) {
  const ask = workButton("Give the tickets back…", "Asking what comes back…", show);
  const place = h("div", { class: "give-back" }, ask);
  const { time_zone } = order.bookings[0];

  async function show() {
    alert.say();
    let terms;
    try {
      terms = await asUser("GET", `orders/${order.reference}/cancellation/`);
    } catch (problem) {
      return alert.say(inWords(problem));
    }
    const { refund_percent: percent, refund_amount, currency, valid_until } = terms;
    const amount = money(refund_amount, currency);
    const heading = h(
      "h2",
      { tabIndex: -1 },
      percent ? `${amount} would come back` : "Nothing would come back",
    );
    const until =
      valid_until && `${longDay(valid_until, time_zone)}, ${clockWithZone(valid_until, time_zone)}`;
    fill(
      place,
      h(
        "section",
        { class: "quote", "aria-label": "Giving the tickets back" },
        heading,
        h(
          "p",
          {},
          percent
            ? `That is ${percent} % of the price. This holds until ${until}.`
            : "It is too late for a refund, but others could have the seats.",
        ),
        workButton(
          percent ? `Give back for ${amount}` : "Give back for nothing",
          "One moment…",
          cancel,
          "primary",
        ),
        h("button", { type: "button", onclick: keep }, "Keep the tickets"),
      ),
    );
    heading.focus();
  }

  function keep() {
    fill(place, ask);
    ask.focus();
  }

  return place;
}
