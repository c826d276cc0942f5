// @ts-check
/**
 * The drawn map: a grid of buttons that is one stop of the Tab key. Inside, arrows go from seat to seat by place, Home
 * and End to the ends of a row, with Ctrl to those of the house; Space and Enter choose, as they press any button.
 */

import { h } from "./dom.js";
import { spokenName } from "./seats.js";

/** @typedef {import("./seats.js").Seat} Seat */

/** How far the ends of a row bend towards the screen, in seats: less in a narrow house. @param {number} width */
const bend = (width) => Math.min(1.1, width * 0.055);

export class SeatMap {
  /** @param {import("./seats.js").Plan} plan @param {(number: number) => void} choose */
  constructor(plan, choose) {
    this.plan = plan;
    /** @type {number | undefined} where the arrows up and down came from */
    this.column = undefined;
    /** @type {Map<number, HTMLElement>} */
    this.buttons = new Map();
    this.element = h(
      "div",
      {
        class: "seats",
        role: "grid",
        "aria-label": "Seats",
        "aria-multiselectable": "true",
        "aria-describedby": "how-to",
      },
      plan.rows.map((row, index) => this.#row(row, plan.rows[index - 1])),
    );
    this.element.style.setProperty("--columns", String(plan.width));
    this.element.style.setProperty("--bend", (-bend(plan.width)).toFixed(3)); // of the names of the rows, at both ends
    this.element.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#walk(event));
    this.element.addEventListener("focusin", (/** @type {FocusEvent} */ { target }) =>
      this.#stopAt(Number(/** @type {HTMLElement} */ (target).dataset.seat)),
    );
    this.element.addEventListener("click", (/** @type {MouseEvent} */ { target }) => {
      const button = /** @type {HTMLElement} */ (target).closest("button");
      if (button) choose(Number(button.dataset.seat));
    });
    this.#stopAt(this.#nearestTo(plan.width / 2, plan.rows[Math.floor(plan.rows.length / 2)]).seat_number);
  }

  /** @param {Seat[]} row @param {Seat[] | undefined} before */
  #row(row, before) {
    const walkway = before !== undefined && row[0].y - before[0].y > 1;
    return h(
      "div",
      { role: "row", class: walkway ? "row after-walkway" : "row", "aria-label": `Row ${row[0].row}` },
      row.map((seat) => this.#seat(seat)),
      ["first", "last"].map((side) =>
        h("span", { class: `row-name ${side}`, "aria-hidden": "true" }, row[0].row),
      ),
    );
  }

  /** @param {Seat} seat */
  #seat(seat) {
    const partner = seat.partner === null ? null : this.plan.seat(seat.partner);
    const half = partner ? (partner.x > seat.x ? " half-left" : " half-right") : "";
    const number = seat.label.slice(seat.row.length);
    const button = h(
      "button",
      { type: "button", role: "gridcell", class: `seat kind-${seat.kind}${half}`, tabIndex: -1 },
      h("span", { "aria-hidden": "true" }, number),
    );
    button.dataset.seat = seat.seat_number;
    button.style.gridColumn = String(seat.x + 2); // the first column has the name of the row
    const x = partner ? (seat.x + partner.x) / 2 : seat.x; // a sofa does not break in the middle
    const { width } = this.plan;
    const aside = (2 * x + 1) / width - 1; // from -1 at the left wall to 1 at the right
    button.style.setProperty("--bend", (-bend(width) * aside * aside).toFixed(3));
    button.style.rotate = `${Math.atan((-4 * bend(width) * aside) / width).toFixed(3)}rad`;
    this.buttons.set(seat.seat_number, button);
    return button;
  }

  /** @param {(number: number) => import("./seats.js").State} stateOf */
  draw(stateOf) {
    for (const [number, button] of this.buttons) {
      const state = stateOf(number);
      if (button.dataset.state === state) continue;
      button.dataset.state = state;
      button.setAttribute("aria-label", spokenName(this.plan.seat(number), state, this.plan.currency));
      button.setAttribute("aria-selected", String(state === "chosen"));
      button.setAttribute("aria-disabled", String(state !== "free" && state !== "chosen"));
    }
  }

  /** @param {number} number */
  focus(number) {
    this.buttons.get(number)?.focus();
  }

  /** Make this seat the one that Tab comes to. @param {number} number */
  #stopAt(number) {
    if (!this.buttons.has(number)) return;
    const before = this.buttons.get(this.current ?? -1);
    if (before) before.tabIndex = -1;
    this.current = number;
    /** @type {HTMLElement} */ (this.buttons.get(number)).tabIndex = 0;
  }

  /** @param {KeyboardEvent} event */
  #walk(event) {
    if (event.altKey || event.metaKey || this.current === undefined) return;
    const to = this.#target(event);
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") this.column = undefined;
    if (to === null) return;
    event.preventDefault();
    if (to) this.focus(to.seat_number);
  }

  /**
   * The seat that a key leads to; undefined at an edge, null for a key that leads nowhere.
   * @param {KeyboardEvent} event
   */
  #target({ key, ctrlKey }) {
    const { rows } = this.plan;
    const here = this.plan.seat(/** @type {number} */ (this.current));
    const y = rows.findIndex((row) => row.includes(here));
    const row = ctrlKey ? (key === "Home" ? rows[0] : rows[rows.length - 1]) : rows[y];
    const x = rows[y].indexOf(here);
    switch (key) {
      case "ArrowLeft":
        return rows[y][x - 1];
      case "ArrowRight":
        return rows[y][x + 1];
      case "ArrowUp":
      case "ArrowDown": {
        // As in a text: a short row on the way does not make one forget where one came from.
        this.column ??= here.x;
        const next = rows[y + (key === "ArrowUp" ? -1 : 1)];
        return next && this.#nearestTo(this.column, next);
      }
      case "Home":
        return row[0];
      case "End":
        return row[row.length - 1];
      default:
        return null;
    }
  }

  /** @param {number} x @param {Seat[]} row @returns {Seat} */
  #nearestTo(x, row) {
    return row.reduce((best, seat) => (Math.abs(seat.x - x) < Math.abs(best.x - x) ? seat : best));
  }
}
