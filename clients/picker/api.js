// @ts-check
/** What the views ask of the API: reading, and reading and changing what belongs to a user. */

import { Problem, send } from "./http.js";
import { isUser, renew, tokens } from "./session.js";

export { Problem } from "./http.js";

/** The user was asked to log in and did not want to. */
export class NotLoggedIn extends Error {}

/** What one user began was not sent any more, as by now another one is logged in. */
export class SomebodyElse extends NotLoggedIn {}

/** @type {(why: string) => Promise<void>} resolves once somebody is logged in, or raises NotLoggedIn */
let askToLogIn = async () => {
  throw new NotLoggedIn();
};

/** @param {(why: string) => Promise<void>} ask */
export function onLoginNeeded(ask) {
  askToLogIn = ask;
}

/** Read what everyone may read. @param {string} path @param {AbortSignal} [signal] */
export async function get(path, signal) {
  return (await send("GET", path, { signal })).body;
}

/** All rows of a list, page after page. @param {string} path @param {AbortSignal} [signal] @returns {Promise<any[]>} */
export async function getAll(path, signal) {
  const rows = [];
  for (let page = path; page;) {
    const { results, next } = await get(page, signal);
    rows.push(...results);
    page = next;
  }
  return rows;
}

/**
 * A request of the user. An access token that is refused is renewed once, and the request sent again; if that does not
 * help either, the user is asked to log in, and the request goes on from there.
 * @param {string} method @param {string} path
 * @param {import("./http.js").Options & {quiet?: boolean, only?: string}} options quiet: raise NotLoggedIn rather than
 *   ask; only: the user whose request it is, and nobody else's: raise SomebodyElse rather than send it for another
 */
export async function asUser(method, path, { quiet = false, only, ...options } = {}) {
  let renewed = false;
  let why = "";
  for (;;) {
    const token = tokens()?.access;
    if (!token) {
      if (quiet) throw new NotLoggedIn();
      await askToLogIn(why);
      continue;
    }
    if (only !== undefined && !isUser(only)) throw new SomebodyElse();
    try {
      return (await send(method, path, { ...options, token })).body;
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.status !== 401 || renewed) throw problem;
      renewed = (await renew(token)) !== null;
      why = "Your session has ended. Log in again, and we go on where you were.";
    }
  }
}

/** Resolves once somebody is logged in. Raises NotLoggedIn. */
export async function loggedIn() {
  while (!tokens()) await askToLogIn("");
}
