// @ts-check
/** A film, and when and where it is shown. */

import { get, getAll } from "../api.js";
import { fill, h } from "../dom.js";
import { clock, clockWithZone, count, dayKey, duration, longDay, money, shortDay } from "../format.js";
import { poster } from "../poster.js";

/** @param {import("../app.js").Stage} stage @param {string} id @param {string} [day] */
export async function filmView({ place, signal }, id, day) {
  const [film, shows] = await Promise.all([
    get(`movies/${id}/`, signal),
    getAll(`movies/${id}/shows/?upcoming=true&status=ON_SALE&page_size=100`, signal),
  ]);
  // A day is a day by the clock of each cinema: midnight in London is still the evening before in New York.
  const days = groupBy(shows, (show) => dayKey(show.starts_at, show.time_zone));
  const keys = [...days.keys()].sort();
  const on = (/** @type {string} */ key) => days.get(key) ?? [];
  const chips = h("ul", { class: "days", role: "list" });
  const times = h("div", { class: "times" });

  place.append(
    h(
      "div",
      { class: "film" },
      h("div", { class: "film-poster" }, poster(film)),
      h(
        "div",
        { class: "film-text" },
        h("h1", {}, film.title),
        h("p", { class: "facts" }, facts(film)),
        h("p", { class: "lead" }, film.description),
        h(
          "section",
          { "aria-labelledby": "when" },
          h("h2", { id: "when" }, "When"),
          keys.length
            ? [h("nav", { "aria-label": "Days" }, chips), times]
            : h("p", {}, "No shows at the moment."),
        ),
      ),
    ),
  );

  /** @param {string} _ @param {string} [wanted] */
  function update(_, wanted) {
    if (!keys.length) return;
    const shown = wanted && days.has(wanted) ? wanted : keys[0];
    const focused = chips.contains(document.activeElement);
    fill(
      chips,
      keys.map((key) => dayChip(id, key, on(key), key === shown)),
    );
    fill(
      times,
      [...groupBy(on(shown), (show) => show.cinema_name)].map(([name, list]) => atCinema(name, list)),
    );
    if (focused) chips.querySelector("[aria-current]").focus();
  }
  update(id, day);
  return { title: film.title, update };
}

/** @param {any} film */
function facts(film) {
  const { genres, duration_minutes, language, certificate, release_date } = film;
  return [release_date?.slice(0, 4), duration(duration_minutes), language, certificate, ...genres]
    .filter(Boolean)
    .join(" · ");
}

/** @param {string} film @param {string} key @param {any[]} shows @param {boolean} current */
function dayChip(film, key, shows, current) {
  const [{ starts_at, time_zone }] = shows;
  const [weekday, ...date] = shortDay(starts_at, time_zone).split(" ");
  return h(
    "li",
    {},
    h(
      "a",
      { class: "day", href: `#/films/${film}/${key}`, "aria-current": current ? "date" : undefined },
      h("span", {}, weekday.replace(",", "")),
      " ",
      h("strong", {}, date.join(" ")),
    ),
  );
}

/** @param {string} name @param {any[]} shows */
function atCinema(name, shows) {
  const [first] = shows;
  const zone = clockWithZone(first.starts_at, first.time_zone).slice(5).trim();
  return h(
    "section",
    { class: "cinema" },
    h("h3", {}, name),
    h(
      "p",
      { class: "facts" },
      `${longDay(first.starts_at, first.time_zone)}, by the clock of the cinema (${zone})`,
    ),
    h(
      "ul",
      { class: "shows", role: "list" },
      shows.map((show) => h("li", {}, showLink(show))),
    ),
  );
}

/** @param {any} show */
function showLink(show) {
  const { starts_at, time_zone, available_seats, total_seats, price, currency } = show;
  const free = available_seats ? `${count(available_seats, "seat")} free` : "Sold out";
  const meter = h("meter", {
    min: 0,
    max: total_seats,
    value: total_seats - available_seats,
    "aria-hidden": "true",
  });
  return h(
    "a",
    { class: "show", href: `#/shows/${show.id}` },
    h("strong", { class: "clock" }, clock(starts_at, time_zone)),
    " ",
    h("span", {}, show.screen_name),
    " ",
    h("span", {}, money(price, currency)),
    " ",
    h("span", { class: "facts" }, free),
    meter,
  );
}

/** @template T @param {T[]} items @param {(item: T) => string} key @returns {Map<string, T[]>} */
function groupBy(items, key) {
  const groups = new Map();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}
