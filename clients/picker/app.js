// @ts-check
/** Where everything begins: addresses, the views behind them, and what surrounds all views. */

import { NotLoggedIn, Problem } from "./api.js";
import { fill, h } from "./dom.js";
import { showHeld } from "./heldbar.js";
import { connection } from "./http.js";
import { closeLogin, openLogin } from "./login.js";
import { unanswered } from "./outbox.js";
import { logOut, session, tokens } from "./session.js";
import { filmView } from "./views/film.js";
import { filmsView } from "./views/films.js";
import { orderView } from "./views/order.js";
import { ordersView } from "./views/orders.js";
import { showView } from "./views/show.js";

/**
 * A view fills `place`, and returns its title. It stops what it does when `signal` ends. One that returns `update` too
 * is asked to show other parameters by itself, as another day of the same film.
 * @typedef {{place: HTMLElement, signal: AbortSignal}} Stage
 * @typedef {{title: string, update?: (...parameters: string[]) => void}} Shown
 * @type {[RegExp, (stage: Stage, ...parameters: string[]) => Promise<Shown>][]}
 */
const ROUTES = [
  [/^#\/$/, filmsView],
  [/^#\/films\/(\d+)(?:\/(\d{4}-\d\d-\d\d))?$/, filmView],
  [/^#\/shows\/(\d+)$/, showView],
  [/^#\/orders$/, ordersView],
  [/^#\/orders\/([0-9A-Za-z]+)$/, orderView],
];

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
let stage = new AbortController();
/** @type {{view: Function, id: string, update?: Function} | undefined} */
let current;

async function route() {
  const hash = location.hash || "#/";
  const found = ROUTES.find(([pattern]) => pattern.test(hash));
  if (!found) return notFound();
  const [pattern, view] = found;
  const parameters = /** @type {RegExpExecArray} */ (pattern.exec(hash)).slice(1);
  if (current?.update && current.view === view && current.id === parameters[0])
    return current.update(...parameters);
  const first = current === undefined;
  stage.abort();
  stage = new AbortController();
  const { signal } = stage;
  current = { view, id: parameters[0] };
  fill(main, h("p", { class: "loading", role: "status" }, "One moment…"));
  showHeld();
  const place = h("div", { class: "view" });
  try {
    const shown = await view({ place, signal }, ...parameters);
    if (signal.aborted) return;
    current.update = shown.update;
    document.title = `${shown.title} – Movie booking`;
    fill(main, place);
  } catch (problem) {
    if (signal.aborted) return;
    refuse(problem);
  }
  if (!first) arrive();
}

/** Another view is another page: it begins at its top, and with its heading for those who listen. */
function arrive() {
  const heading = main.querySelector("h1");
  if (heading) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
  window.scrollTo(0, 0);
}

function notFound() {
  stage.abort();
  current = undefined;
  sorry("There is no such page", "Perhaps the address was cut off on its way.");
}

/** @param {unknown} problem */
function refuse(problem) {
  current = undefined; // the same address may be tried again
  if (problem instanceof NotLoggedIn)
    sorry("Log in to see this", "Your tickets are kept with your account.", again("Log in"));
  else if (problem instanceof Problem && problem.status === 404)
    sorry("This is not here", "It does not exist, or it belongs to somebody else.");
  else if (problem instanceof Problem) sorry("That did not work", problem.message, again("Try again"));
  else {
    sorry("That did not work", "This page made a mistake.", again("Try again"));
    throw problem;
  }
}

/** @param {string} label */
const again = (label) => h("button", { type: "button", class: "primary", onclick: route }, label);

/** @param {string} title @param {string} text @param {HTMLElement} [action] */
function sorry(title, text, action) {
  document.title = `${title} – Movie booking`;
  fill(
    main,
    h(
      "div",
      { class: "view sorry" },
      h("h1", {}, title),
      h("p", { role: "alert" }, text),
      action ?? h("a", { class: "button", href: "#/" }, "See what is on"),
    ),
  );
}

function showAccount() {
  const place = /** @type {HTMLElement} */ (document.querySelector(".account"));
  const name = tokens()?.name;
  if (name) {
    fill(
      place,
      h("span", { class: "name" }, name),
      h("button", { type: "button", class: "link", onclick: leave }, "Log out"),
    );
  } else {
    fill(place, h("button", { type: "button", class: "link", onclick: enter }, "Log in"));
  }
}

function enter() {
  openLogin().then(
    () => current ?? route(), // what could not be seen before
    () => {},
  );
}

function leave() {
  if (location.hash.startsWith("#/orders")) location.hash = "#/"; // first, so that no view asks who that was
  logOut();
  /** @type {HTMLElement | null} */ (document.querySelector(".account button"))?.focus();
}

const BACK = "The connection is back.";

function showConnection() {
  const offline = !navigator.onLine;
  // One is on the page, and one in the dialog, beside which the page is as good as gone.
  for (const place of document.querySelectorAll(".connection")) {
    place.classList.toggle("lost", offline || connection.lost);
    if (offline)
      place.textContent = "You are offline. Nothing is lost: we go on when the connection is back.";
    else if (connection.lost)
      place.textContent = "The cinema does not answer. We go on trying; nothing is done twice.";
    else if (place.textContent) {
      place.textContent = BACK;
      setTimeout(() => place.textContent === BACK && (place.textContent = ""), 6000);
    }
  }
}

session.addEventListener("expired", showAccount); // what was under way asks to log in, and goes on
session.addEventListener("change", () => {
  showAccount();
  if (location.hash.startsWith("#/orders") && !document.querySelector("dialog[open]")) route();
});
connection.addEventListener("change", showConnection);
window.addEventListener("online", showConnection);
window.addEventListener("offline", showConnection);
window.addEventListener("hashchange", () => {
  closeLogin(); // who goes back does not want to log in
  route();
});

// A change without an answer is seen through by the view that began it.
const [unfinished] = unanswered();
if (unfinished && unfinished.page !== location.hash) history.replaceState(null, "", unfinished.page);
showAccount();
showConnection();
route();
