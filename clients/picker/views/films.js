// @ts-check
/** What is on. */

import { get, getAll } from "../api.js";
import { h } from "../dom.js";
import { clock, duration, shortDay } from "../format.js";
import { poster } from "../poster.js";

/** @param {import("../app.js").Stage} stage */
export async function filmsView({ place, signal }) {
  const [films, soon] = await Promise.all([
    getAll("movies/?now_showing=true&page_size=100", signal),
    get("shows/?upcoming=true&status=ON_SALE&page_size=100", signal),
  ]);
  /** @type {Map<number, any>} the next show of each film, if it is among the next hundred */
  const next = new Map();
  for (const show of soon.results) if (!next.has(show.movie)) next.set(show.movie, show);

  place.append(
    h(
      "header",
      { class: "marquee" },
      h("h1", {}, "Now showing"),
      h("p", {}, "Pick a film, an evening, and your seat."),
    ),
    films.length
      ? h(
          "ul",
          { class: "films", role: "list" },
          films.map((film) => h("li", {}, card(film, next.get(film.id)))),
        )
      : h("p", {}, "Nothing is on at the moment. Please come back soon."),
  );
  return { title: "Now showing" };
}

/** @param {any} film @param {any} show */
function card(film, show) {
  const facts = [film.genres[0], duration(film.duration_minutes)].filter(Boolean).join(" · ");
  return h(
    "a",
    { class: "film-card", href: `#/films/${film.id}` },
    poster(film),
    h("h2", {}, film.title),
    h("p", { class: "facts" }, facts),
    show &&
      h(
        "p",
        { class: "next" },
        `${shortDay(show.starts_at, show.time_zone)}, ${clock(show.starts_at, show.time_zone)}`,
      ),
  );
}
