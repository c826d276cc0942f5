// @ts-check
/** A show: its seats as they are now, and the choice of some of them. */

import { get } from "../api.js";
import { watch } from "../availability.js";
import { keepChoice, loadChoice } from "../choice.js";
import { announce, fill, h } from "../dom.js";
import { clockWithZone, count, list, longDay, money, sum } from "../format.js";
import { showHeld } from "../heldbar.js";
import { send } from "../http.js";
import { limits } from "../limits.js";
import { change, finish, unanswered } from "../outbox.js";
import { tone } from "../poster.js";
import { SeatMap } from "../seatmap.js";
import { alternatives, Plan } from "../seats.js";
import { inWords, numbersOf } from "../words.js";
import { legend, screen } from "./auditorium.js";
import { Panel } from "./panel.js";

/** @param {import("../app.js").Stage} stage @param {string} id */
export async function showView({ place, signal }, id) {
  const [show, layout, rules] = await Promise.all([
    get(`shows/${id}/`, signal),
    send("GET", `shows/${id}/seats/layout/`, { signal }),
    limits(),
  ]);
  const choosing = new Choosing(show, layout, rules, signal);
  const { starts_at, time_zone } = show;
  const when = `${longDay(starts_at, time_zone)}, ${clockWithZone(starts_at, time_zone)}`;
  const scroller = h("div", { class: "scroller" }, choosing.map.element);
  place.classList.add("show-view");
  place.append(
    h(
      "header",
      { class: "show-header" },
      h("p", { class: "back" }, h("a", { href: `#/films/${show.movie}` }, "All times")),
      h("h1", {}, show.movie_title),
      h("p", { class: "facts" }, `${when} · ${show.screen_name}, ${show.cinema_name}`),
    ),
    h(
      "div",
      { class: "house" },
      h(
        "section",
        { class: `auditorium ${tone(show.movie_title)}`, "aria-label": "Auditorium" },
        screen(show.movie_title),
        scroller,
        h("p", { id: "how-to" }, "Arrow keys go from seat to seat, Space chooses."),
        legend(choosing.plan),
      ),
      choosing.panel.element,
    ),
  );
  choosing.begin();
  // A wide house begins in its middle. It has a width only once it is on the page.
  requestAnimationFrame(() => (scroller.scrollLeft = (scroller.scrollWidth - scroller.clientWidth) / 2));
  return { title: `${show.movie_title}, ${when}` };
}

class Choosing {
  /** @param {any} show @param {import("../http.js").Answer} layout @param {any} rules @param {AbortSignal} signal */
  constructor(show, layout, rules, signal) {
    const plan = new Plan(layout.body);
    this.show = show;
    this.plan = plan;
    this.layout = layout.etag;
    this.rules = rules;
    this.signal = signal;
    /** @type {Map<number, "held" | "booked" | "blocked">} */
    this.taken = new Map();
    this.chosen = new Set(plan.known(loadChoice(show.id)));
    /** @type {Set<number>} */
    this.lost = new Set();
    this.holding = false;
    this.map = new SeatMap(plan, (number) => this.toggle(number));
    this.panel = new Panel(plan, rules, {
      hold: () => this.hold({ seat_numbers: plan.known(this.chosen), show_version: layout.body.show_version }, list(plan.labels(this.chosen))),
      findBest: (number, adjacent) => this.hold({ best_available: number, adjacent }, count(number, "seat")),
      drop: (number) => this.toggle(number),
    });
  }

  begin() {
    this.draw();
    watch(this.show.id, {
      every: this.rules.poll_seconds,
      layout: this.layout,
      signal: this.signal,
      changed: (now) => this.update(now),
      redrawn: () =>
        this.#close(
          "The seats of this show or their prices have changed. What you had chosen may be something else now.",
          this.panel.reloadButton(),
        ),
    }).catch((problem) => {
      if (!this.signal.aborted) this.panel.say(inWords(problem));
    });
    // The page was left while a hold had no answer: ask for it, with its key.
    const before = unanswered().find(
      ({ path, body }) => path === "orders/" && /** @type {any} */ (body).show === this.show.id,
    );
    if (before) this.#see(before.about, before.body, finish(before));
  }

  /** @param {number} number */
  isFree(number) {
    return !this.panel.closed && !this.taken.has(number);
  }

  draw() {
    this.map.draw((number) => {
      if (this.panel.closed) return "blocked";
      if (this.chosen.has(number)) return "chosen";
      if (this.lost.has(number)) return "lost";
      return this.taken.get(number) ?? "free";
    });
    this.panel.draw(this.chosen);
  }

  /** @param {number} number */
  toggle(number) {
    if (this.holding || this.panel.closed) return;
    const unit = this.plan.unit(number);
    const names = list(this.plan.labels(unit));
    const adding = !this.chosen.has(number);
    if (adding && !unit.every((each) => this.isFree(each))) return announce(`${names} cannot be chosen.`);
    const most = this.rules.max_seats_per_order;
    const tooMany = adding && this.chosen.size + unit.length > most;
    if (tooMany) return this.panel.say(`At most ${most} seats an order.`);
    for (const each of unit) adding ? this.chosen.add(each) : this.chosen.delete(each);
    this.lost.clear();
    this.panel.say();
    this.#changed();
    announce(`${names} ${adding ? "chosen" : "given up"}. ${this.#total()}`);
  }

  #total() {
    const prices = [...this.chosen].map((number) => this.plan.seat(number).price);
    return `${count(prices.length, "seat")}, ${money(sum(prices), this.plan.currency, "name")}.`;
  }

  #changed() {
    keepChoice(this.show.id, this.chosen);
    this.draw();
  }

  /** @param {import("../availability.js").Availability} now */
  update(now) {
    this.taken = new Map(
      ["held", "booked", "blocked"].flatMap((state) =>
        (now.taken[state] ?? []).map((number) => /** @type {[number, any]} */ ([number, state])),
      ),
    );
    if (now.status === "CANCELLED")
      return this.#close(
        "This show was cancelled. Please choose another one.",
        h("a", { href: `#/films/${this.show.movie}` }, "See other times"),
      );
    if (this.panel.closed) return;
    // While our own hold has no answer, the seats that someone just took may well be ours.
    if (!this.holding) this.#loseTaken();
    this.draw();
  }

  /** No more to choose on this map. @param {...import("../dom.js").Child} why */
  #close(...why) {
    if (this.panel.closed) return;
    this.chosen.clear();
    this.lost.clear();
    this.panel.close(...why);
    this.#changed();
  }

  #loseTaken() {
    const gone = [...this.chosen].filter((number) => !this.isFree(number));
    if (gone.length) this.lose(gone);
  }

  /** Give up chosen seats that someone else has now, keep the rest, and offer others. @param {number[]} numbers */
  lose(numbers) {
    const lost = this.plan.known(new Set(numbers.flatMap((number) => this.plan.unit(number))));
    for (const number of lost) this.chosen.delete(number);
    this.lost = new Set(lost);
    this.#changed();
    const kept = this.plan.known(this.chosen);
    const ways = alternatives(this.plan, lost, kept, (number) => this.isFree(number));
    const names = list(this.plan.labels(lost));
    const rest = kept.length ? ` You still have ${list(this.plan.labels(kept))}.` : "";
    this.#offer(
      `Somebody was quicker: ${names} ${lost.length === 1 ? "is" : "are"} taken.${rest}`,
      ways,
      lost.length + kept.length,
    );
  }

  /** @param {string} words @param {number[][]} ways to sit instead @param {number} [party] */
  #offer(words, ways, party) {
    this.panel.offer(words, ways, party, (seats) => {
      this.chosen = new Set(seats);
      this.lost.clear();
      this.#changed();
      announce(`${list(this.plan.labels(seats))} chosen. ${this.#total()}`);
    });
  }

  /** Seats that this user has already, from another tab perhaps. @param {any[]} seats with their orders */
  #mine(seats) {
    const numbers = seats.map(({ seat_number }) => seat_number);
    for (const number of numbers) this.chosen.delete(number);
    this.#changed();
    const link = h("a", { href: `#/orders/${seats[0].order}` }, "See the order");
    this.panel.say(`You have ${list(this.plan.labels(numbers))} already.`, link);
  }

  /** @param {object} seats @param {string} names */
  hold(seats, names) {
    return this.#see(names, seats, change("orders/", { show: this.show.id, ...seats }, names));
  }

  /** @param {string} names @param {any} asked for by number, or the best @param {Promise<any>} answer */
  async #see(names, asked, answer) {
    this.holding = true;
    this.panel.busy(names);
    try {
      const { reference, bookings } = await answer;
      keepChoice(this.show.id, []);
      if (this.signal.aborted) return void showHeld();
      const got = list(bookings.map((/** @type {any} */ booking) => booking.seat_label));
      if (asked.seat_numbers && got !== names) this.#otherSeats(got, reference);
      else location.hash = `#/orders/${reference}`;
    } catch (problem) {
      this.holding = false;
      this.#refused(problem);
    } finally {
      this.panel.busy(null);
    }
  }

  /**
   * The show was moved after the map was drawn, and before it was asked again.
   * @param {string} got @param {string} order
   */
  #otherSeats(got, order) {
    const link = h("a", { href: `#/orders/${order}` }, "See the order");
    this.#close(`The seats of this show have changed. We hold ${got} for you, which you did not choose.`, link);
  }

  /** @param {any} problem */
  #refused(problem) {
    const { code, body } = problem;
    if (this.panel.closed) return; // what is said already counts for this too
    if (code === "seat_taken") {
      for (const { seat_number, reason } of body.seats)
        this.taken.set(seat_number, reason === "held_by_you" ? "held" : reason);
      const mine = body.seats.filter((/** @type {any} */ seat) => seat.order);
      return mine.length ? this.#mine(mine) : this.lose(numbersOf(problem));
    }
    const words = inWords(problem, { plan: this.plan, timeZone: this.show.time_zone });
    if (code === "leaves_single_seat" && body.instead) this.#offer(words, body.instead.slice(0, 3));
    else if (code === "too_many_holds") this.panel.say(words, h("a", { href: "#/orders" }, "See my orders"));
    else if (code === "not_together") this.panel.say(words, this.panel.apartButton());
    else if (code === "show_changed") this.panel.say(words, this.panel.reloadButton());
    else this.panel.say(words);
    this.#loseTaken(); // what was seen meanwhile
  }
}
