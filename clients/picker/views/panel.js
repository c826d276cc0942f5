// @ts-check
/** What stands beside the map: the chosen seats, what they cost, and all that there is to say about them. */

import { alertBox, fill, h, workButton } from "../dom.js";
import { count, list, money, sum } from "../format.js";
import { kindName } from "../seats.js";

/**
 * @typedef {{hold: () => Promise<void>, findBest: (number: number, adjacent: string) => Promise<void>,
 *   drop: (number: number) => void}} Actions
 */

export class Panel {
  /** @param {import("../seats.js").Plan} plan @param {any} rules of limits/ @param {Actions} actions */
  constructor(plan, rules, actions) {
    this.plan = plan;
    this.rules = rules;
    this.actions = actions;
    this.alert = alertBox();
    this.closed = false;
    this.status = h("p", { class: "working", role: "status" });
    this.chosen = h("ul", { class: "chosen", role: "list" });
    this.total = h("p", { class: "total" });
    this.holdButton = workButton("Hold these seats", "Asking for your seats…", actions.hold, "primary");
    this.choice = h(
      "div",
      { class: "choice" },
      this.chosen,
      this.total,
      this.holdButton,
      h("p", { class: "hint" }, `They are yours for ${rules.hold_minutes} minutes. Nothing is booked yet.`),
    );
    this.best = this.#best();
    this.heading = h("h2", { id: "your-seats" }, "Your seats");
    this.heading.tabIndex = -1;
    this.element = h(
      "section",
      { class: "panel", "aria-labelledby": "your-seats" },
      this.heading,
      this.alert,
      this.status,
      this.choice,
      this.best,
    );
  }

  /** For those who do not care where: how many, and the API finds the best. */
  #best() {
    const number = h("output", { id: "party" }, "2");
    const step = (/** @type {number} */ by) => () => {
      const wanted = Number(number.value) + by;
      number.value = String(Math.min(Math.max(1, wanted), this.rules.max_seats_per_order));
    };
    this.findButton = workButton("Find the best seats", "Looking…", () =>
      this.actions.findBest(Number(number.value), "required"),
    );
    return h(
      "div",
      { class: "best" },
      h("p", {}, "Choose on the map, or let us choose seats side by side:"),
      h(
        "div",
        { class: "party", role: "group", "aria-label": "How many seats" },
        h("button", { type: "button", "aria-label": "One fewer", onclick: step(-1) }, "−"),
        number,
        h("button", { type: "button", "aria-label": "One more", onclick: step(1) }, "+"),
      ),
      this.findButton,
    );
  }

  /** @param {Set<number>} chosen */
  draw(chosen) {
    const numbers = this.plan.known(chosen);
    const { currency } = this.plan;
    const focused = this.chosen.contains(document.activeElement);
    fill(
      this.chosen,
      numbers.map((number) => this.#line(number)),
    );
    fill(
      this.total,
      h("span", {}, count(numbers.length, "seat")),
      h("strong", {}, money(sum(numbers.map((n) => this.plan.seat(n).price)), currency)),
    );
    this.choice.hidden = this.closed || numbers.length === 0;
    this.best.hidden = this.closed || numbers.length > 0;
    this.element.classList.toggle("with-choice", numbers.length > 0);
    if (focused) this.heading.focus(); // the line that had the focus is gone
  }

  /** @param {number} number */
  #line(number) {
    const { label, kind, price } = this.plan.seat(number);
    const drop = h(
      "button",
      {
        type: "button",
        class: "drop",
        "aria-label": `Give up ${label}`,
        onclick: () => this.actions.drop(number),
      },
      "×",
    );
    return h(
      "li",
      {},
      h("strong", {}, label),
      h("span", { class: "facts" }, kindName(kind)),
      h("span", { class: "price" }, money(price, this.plan.currency)),
      drop,
    );
  }

  /** Say why something was refused, and what might be done. @param {...import("../dom.js").Child} children */
  say(...children) {
    this.alert.say(...children.map((child) => (typeof child === "string" ? h("p", {}, child) : child)));
  }

  /** No more to choose here. @param {...import("../dom.js").Child} why */
  close(...why) {
    this.closed = true;
    this.say(...why);
  }

  /** @param {string | null} names of the seats that are asked for */
  busy(names) {
    this.status.textContent = names ? `Asking the cinema to hold ${names} for you.` : "";
    this.element.setAttribute("aria-busy", String(names !== null));
  }

  /**
   * Say what was refused, and which seats might be had instead.
   * @param {string} words @param {number[][]} ways
   * @param {number | undefined} party whom the API may find seats for @param {(seats: number[]) => void} take
   */
  offer(words, ways, party, take) {
    const use = (/** @type {number[]} */ seats) => () => {
      take(seats);
      this.say();
      this.holdButton.focus();
    };
    const find = () => this.actions.findBest(/** @type {number} */ (party), "preferred");
    this.say(
      words,
      h(
        "div",
        { class: "offers" },
        ways.map((seats) =>
          h(
            "button",
            { type: "button", onclick: use(seats) },
            `Take ${list(this.plan.labels(seats))} instead`,
          ),
        ),
        party !== undefined && workButton(`Find the best ${count(party, "seat")}`, "Looking…", find),
      ),
    );
  }

  apartButton() {
    const number = Number(this.best.querySelector("output").value);
    return workButton("Sit apart", "Looking…", () => this.actions.findBest(number, "preferred"));
  }

  reloadButton() {
    const reload = () => window.dispatchEvent(new HashChangeEvent("hashchange"));
    return h("button", { type: "button", onclick: reload }, "Show the seats as they are now");
  }
}
