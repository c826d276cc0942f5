// @ts-check
/** One order: seats on hold with their clock, or tickets, or what became of them. */

import { asUser } from "../api.js";
import { changeList } from "../changes.js";
import { keepChoice } from "../choice.js";
import { countDown, deadlineFrom } from "../countdown.js";
import { alertBox, announce, fill, h, workButton } from "../dom.js";
import { clockWithZone, list, longDay, money, sum } from "../format.js";
import { change, finish, unanswered } from "../outbox.js";
import { tone } from "../poster.js";
import { inWords } from "../words.js";
import { giveBack } from "./giveback.js";
import { endedByStaff, statusOf } from "./orders.js";

/** @param {import("../app.js").Stage} stage @param {string} reference */
export async function orderView({ place, signal }, reference) {
  const view = new OrderView(place, signal, reference);
  // The page was left while a change had no answer: ask for it, with its key, before looking.
  const before = unanswered().find(({ path }) => path.startsWith(`orders/${reference}/`));
  let refusal = "";
  if (before) await finish(before).catch((problem) => (refusal = inWords(problem)));
  await view.load();
  if (refusal) view.alert.say(refusal);
  return { title: `${view.heading()}: ${view.order.bookings[0].movie_title}` };
}

/** What is drawn of an order, its clock left out. @param {any} order */
const facts = (order) => 
  JSON.stringify({ ...order, expires_at: null, expires_in_seconds: null, seats_version: null });

class OrderView {
  /** @param {HTMLElement} place @param {AbortSignal} signal @param {string} reference */
  constructor(place, signal, reference) {
    this.place = place;
    this.signal = signal;
    this.path = `orders/${reference}/`;
    this.alert = alertBox();
    this.clock = new AbortController();
    this.dial = h("div");
    signal.addEventListener("abort", () => this.clock.abort());
    // A computer that slept comes back with a clock that stood still.
    document.addEventListener("visibilitychange", () => document.hidden || this.reload(), { signal });
  }

  /** Ask for the order as it is now, and draw it if it is not what is seen: a question that is open stays so. */
  async load() {
    const asked = performance.now();
    const before = this.order;
    this.order = await asUser("GET", this.path, { signal: this.signal });
    this.deadline = deadlineFrom(asked, this.order.expires_in_seconds ?? 0);
    if (before === undefined || facts(before) !== facts(this.order)) this.draw();
    if (this.order.status === "HELD") this.#count();
    if (before && before.status !== this.order.status) this.#arrive();
  }

  /** The same when nobody waits for it: what goes wrong is said. */
  async reload() {
    await this.load().catch((problem) => {
      if (!this.signal.aborted) this.alert.say(inWords(problem));
    });
  }

  heading() {
    if (endedByStaff(this.order)) return "Cancelled by the cinema";
    const titles = {
      HELD: "Held for you",
      BOOKED: "Your tickets",
      EXPIRED: "The time is over",
      CANCELLED: "Given back",
    };
    return titles[/** @type {keyof typeof titles} */ (this.order.status)] ?? statusOf(this.order);
  }

  /** What was looked at has become something else: begin to read at its heading. */
  #arrive() {
    document.title = `${this.heading()}: ${this.order.bookings[0].movie_title} – Movie booking`;
    const heading = this.place.querySelector("h1");
    if (!heading) return;
    heading.tabIndex = -1;
    heading.focus();
  }

  draw() {
    this.clock.abort();
    const { status, bookings } = this.order;
    const [{ movie_title }] = bookings;
    const parts = { HELD: () => this.#held(), BOOKED: () => this.#booked(), EXPIRED: () => this.#expired() };
    const part = parts[/** @type {keyof typeof parts} */ (status)] ?? (() => this.#over());
    this.alert.say();
    fill(
      this.place,
      h(
        "article",
        { class: `order ${tone(movie_title)} is-${status.toLowerCase()}` },
        h("h1", {}, this.heading()),
        this.alert,
        h("div", { class: "order-parts" }, this.#ticket(), h("div", { class: "order-actions" }, part())),
      ),
    );
  }

  #ticket() {
    const { reference, bookings, total, currency, exchanged_from } = this.order;
    const live = bookings.filter((/** @type {any} */ b) => ["HELD", "BOOKED"].includes(b.status));
    const [{ movie_title, starts_at, time_zone, screen_name, cinema_name }] = bookings;
    const seats = live.length ? live : bookings;
    const fact = (/** @type {string} */ name, /** @type {any} */ value) =>
      h("div", {}, h("dt", {}, name), h("dd", {}, value));
    return h(
      "div",
      { class: "ticket" },
      h("div", { class: "ticket-head" }, h("h2", {}, movie_title)),
      h(
        "dl",
        {},
        fact("When", `${longDay(starts_at, time_zone)}, ${clockWithZone(starts_at, time_zone)}`),
        fact("Where", `${screen_name}, ${cinema_name}`),
        fact(seats.length === 1 ? "Seat" : "Seats", list(seats.map((/** @type {any} */ b) => b.seat_label))),
        live.length > 0 && fact("Total", money(total, currency)),
        exchanged_from && fact("Exchanged from", exchanged_from),
      ),
      h(
        "p",
        { class: "reference" },
        h("span", { class: "facts" }, statusOf(this.order)),
        h("strong", {}, reference),
      ),
    );
  }

  /** Let the clock run from what the server has just said. */
  #count() {
    this.clock.abort();
    this.clock = new AbortController();
    const { signal } = this.clock;
    const { dial } = this;
    const whole = Math.max(this.order.expires_in_seconds, 600);
    const tick = (/** @type {number} */ seconds) => {
      dial.style.setProperty("--left", String(seconds / whole));
      dial.classList.toggle("hurry", seconds <= 60);
    };
    const over = () => this.#overOrNot();
    countDown(dial.firstChild, /** @type {number} */ (this.deadline), { signal, over, tick, aloud: true });
  }

  #held() {
    const left = h("strong", { class: "clock", role: "timer", "aria-label": "Time left" });
    this.dial = h("div", { class: "dial" }, left, h("span", { class: "facts" }, "left to decide"));
    const price = money(this.order.total, this.order.currency);
    return [
      this.dial,
      h("p", {}, "Nobody else gets these seats meanwhile."),
      workButton(
        `Confirm and book for ${price}`,
        "Booking…",
        () => this.#do("confirm/", {}, "Booked."),
        "primary",
      ),
      workButton("I need more time", "One moment…", () => this.#extend()),
      workButton("Let the seats go", "One moment…", () =>
        this.#do("cancel/", {}, "The seats are free again."),
      ),
    ];
  }

  /** Whether the time is over is for the server to say; the last second of a hold may last a little longer there. */
  async #overOrNot() {
    await this.reload();
    if (this.order.status === "HELD" && !this.order.expires_in_seconds && !this.signal.aborted) {
      setTimeout(() => this.signal.aborted || this.reload(), 1000);
    }
  }

  /** @param {string} verb @param {object} body @param {string} done */
  async #do(verb, body, done) {
    this.alert.say();
    try {
      await change(this.path + verb, body);
      if (this.signal.aborted) return;
      await this.load();
      announce(done);
    } catch (problem) {
      await this.#refused(problem);
    }
  }

  /** It takes no Idempotency-Key and needs none: done twice, the seats are held from the second time on. */
  async #extend() {
    this.alert.say();
    try {
      await asUser("POST", `${this.path}extend/`, { body: {} });
      await this.load();
      announce("You have more time.");
    } catch (problem) {
      await this.#refused(problem);
    }
  }

  /** @param {any} problem */
  async #refused(problem) {
    if (this.signal.aborted) return;
    const words = inWords(problem);
    if (problem.code === "show_changed") return this.alert.say(...this.#changes(problem.body, words));
    const stale = ["hold_expired", "already_confirmed", "already_cancelled", "not_held", "show_cancelled"];
    if (stale.includes(problem.code)) await this.reload();
    this.alert.say(h("p", {}, words));
  }

  /** The show was moved since: what is different, and whether that is fine too. @param {any} problem @param {string} words */
  #changes({ show_version, changes }, words) {
    const accept = () => this.#do("confirm/", { show_version }, "Booked.");
    return [
      h("p", {}, words),
      changeList(changes ?? {}, this.order.bookings[0].time_zone),
      workButton("That is fine: book", "Booking…", accept, "primary"),
    ];
  }

  #booked() {
    const { changes, bookings } = this.order;
    return [
      h("p", { class: "lead" }, "See you at the cinema. Keep the reference at hand."),
      ...changes.map((/** @type {any} */ change) =>
        h(
          "section",
          { class: "moved", "aria-label": "What has changed" },
          h("p", {}, `The show was changed since you bought. ${change.reason ?? ""}`),
          changeList(change.changes, bookings[0].time_zone),
        ),
      ),
      giveBack(this.order, this.alert, () => this.#do("cancel/", {}, "Given back.")),
      h("p", {}, h("a", { href: "#/orders" }, "All my tickets")),
    ];
  }

  #expired() {
    const { show, bookings } = this.order;
    const seats = bookings
      .filter((/** @type {any} */ b) => b.status === "EXPIRED")
      .map((/** @type {any} */ b) => b.seat_number);
    return [
      h(
        "p",
        { class: "lead", role: "alert" },
        "The seats were not confirmed in time, and others may take them now.",
      ),
      h(
        "a",
        { class: "button primary", href: `#/shows/${show}`, onclick: () => keepChoice(show, seats) },
        "Try to get them again",
      ),
    ];
  }

  #over() {
    const { show, bookings, currency } = this.order;
    const [{ movie }] = bookings;
    const byStaff = bookings.find((/** @type {any} */ b) => b.ended_by === "staff");
    const back = bookings.filter((/** @type {any} */ b) => b.refund_amount !== null);
    const amount = sum(back.map((/** @type {any} */ b) => b.refund_amount));
    return [
      byStaff && h("p", { class: "lead" }, `The cinema had to cancel this. ${byStaff.cancel_reason ?? ""}`),
      back.length > 0 && h("p", { class: "lead" }, `${money(amount, currency)} comes back to you.`),
      !byStaff && h("p", {}, "The seats are free for others."),
      byStaff
        ? h("a", { class: "button", href: `#/films/${movie}` }, "See other times")
        : h("a", { class: "button", href: `#/shows/${show}` }, "Choose other seats"),
    ];
  }
}
