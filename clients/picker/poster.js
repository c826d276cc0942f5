// @ts-check
/**
 * A poster for every film: the cinema's picture, or type set as large as it goes below a plain shape. The same film
 * always gets the same one.
 */

import { h, svg } from "./dom.js";

const WIDTH = 300;
const HEIGHT = 450;
const MARGIN = 20;
const TONES = 8; // .tone-0 … .tone-7 in films.css

/** @typedef {{title: string, poster_url?: string, release_date?: string | null, certificate?: string}} Film */

/** A number that is the same for the same title. Orders name the film by it alone. @param {string} title */
const hash = (title) =>
  [...title].reduce((number, letter) => (number * 257 + letter.charCodeAt(0)) % 65_521, 142);

/** The class that has the colours of a film. @param {string} title */
export const tone = (title) => `tone-${hash(title) % TONES}`;

/** It repeats what stands beside it, so it is hidden from screen readers. @param {Film} film */
export function poster(film) {
  const drawn = typographic(film);
  if (!film.poster_url) return drawn;
  const picture = h("img", { class: "poster", src: film.poster_url, alt: "", loading: "lazy" });
  picture.addEventListener("error", () => picture.replaceWith(drawn)); // a picture that is gone is no broken image
  return picture;
}

/** @param {Film} film */
function typographic(film) {
  const year = film.release_date?.slice(0, 4) ?? "";
  const { top, lines } = title(film.title);
  return svg(
    "svg",
    { class: `poster ${tone(film.title)}`, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" },
    svg("rect", { class: "ground", width: WIDTH, height: HEIGHT }),
    svg("g", { class: "shape" }, SHAPES[Math.floor(hash(film.title) / TONES) % SHAPES.length]()),
    svg("rect", { class: "ground", y: top, width: WIDTH, height: HEIGHT }), // the type stands on plain ground
    svg("text", { class: "small", x: MARGIN, y: 34 }, year),
    svg("text", { class: "small", x: WIDTH - MARGIN, y: 34, "text-anchor": "end" }, film.certificate ?? ""),
    lines,
  );
}

/** The title from the bottom upwards, each line as wide as the poster, and where it begins. @param {string} text */
function title(text) {
  const wide = WIDTH - 2 * MARGIN;
  let top = HEIGHT - MARGIN;
  const words = inLines(text.toUpperCase()).reverse();
  const lines = words.map((line) => {
    const size = Math.min(wide / (line.length * 0.5), 108, 300 / words.length);
    // Short lines are not drawn out to the full width: letters twice as wide as high are no longer read.
    const length = Math.min(wide, line.length * size * 0.62);
    const set = {
      x: MARGIN,
      y: top,
      "font-size": size,
      textLength: length,
      lengthAdjust: "spacingAndGlyphs",
    };
    top -= size * 0.84;
    return svg("text", { class: "title", ...set }, line);
  });
  return { top: top - 10, lines };
}

/** Words to a line, short ones together: "IN THE". @param {string} text @returns {string[]} */
function inLines(text) {
  /** @type {string[]} */
  const lines = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && (last.length + word.length < 8 || lines.length === 5)) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}

/** @param {number} number @param {(index: number) => Element} draw */
const times = (number, draw) => Array.from({ length: number }, (_, index) => draw(index));

/** @type {(() => Element | Element[])[]} */
const SHAPES = [
  function sun() {
    return svg("circle", { cx: 168, cy: 200, r: 128 });
  },
  function ripples() {
    return times(6, (i) => svg("circle", { class: "line", cx: 150, cy: 200, r: 18 + i * 24 }));
  },
  function beam() {
    return svg("path", { d: "M300 56 L-60 210 L60 460 Z" });
  },
  function towers() {
    return times(7, (i) =>
      svg("rect", { x: 20 + i * 38, y: [230, 150, 90, 190, 60, 130, 210][i], width: 32, height: 400 }),
    );
  },
  function waves() {
    return times(9, (i) =>
      svg("path", { class: "line", d: `M-20 ${90 + i * 34} q 40 -34 80 0 t 80 0 t 80 0 t 80 0 t 80 0` }),
    );
  },
  function stairs() {
    return times(6, (i) => svg("rect", { x: i * 50, y: 310 - i * 48, width: 50.5, height: 400 }));
  },
  function eclipse() {
    return [
      svg("circle", { cx: 150, cy: 180, r: 120 }),
      svg("circle", { class: "hole", cx: 186, cy: 150, r: 104 }),
    ];
  },
  function halftone() {
    return times(56, (i) => {
      const [column, row] = [i % 7, Math.floor(i / 7)];
      return svg("circle", {
        cx: 30 + column * 40,
        cy: 75 + row * 32,
        r: 3 + Math.abs(4 - column + row * 0.8) * 1.9,
      });
    });
  },
];
