// @ts-check
/**
 * Changes that must happen once. Each has an Idempotency-Key, kept in sessionStorage from before it is first sent until
 * its answer is here. After a lost answer or a reload it is sent again with the same key, and the server, which may
 * have done it already, gives the answer that it gave then.
 */

import { asUser, loggedIn, NotLoggedIn, Problem } from "./api.js";
import { isUser, tokens } from "./session.js";

const STORED = "picker.outbox";

/**
 * `page` is where the user was, and the view there sees it through; `about` is what that view wants to remember.
 * @typedef {{key: string, path: string, body: object, about: any, page: string, name: string | undefined}} Change
 */

/** @returns {Change[]} */
function load() {
  return JSON.parse(sessionStorage.getItem(STORED) ?? "[]");
}

/** @param {Change[]} changes */
function store(changes) {
  sessionStorage.setItem(STORED, JSON.stringify(changes));
}

/** Changes of this user that had no answer when the page was left. */
export function unanswered() {
  // Keys belong to a user: sent by another one, it would be done anew, and for the wrong person.
  return load().filter((change) => isUser(change.name));
}

/**
 * Return the answer to a POST. Raises Problem and NotLoggedIn.
 * @param {string} path @param {object} body @param {any} [about]
 */
export async function change(path, body, about) {
  await loggedIn();
  const entry = { key: newKey(), path, body, about, page: location.hash, name: tokens()?.name };
  store([...load(), entry]);
  return finish(entry);
}

/** The same for one that was sent before. It is done for its user or not at all. @param {Change} entry */
export async function finish(entry) {
  let answered = false;
  try {
    const answer = await asUser("POST", entry.path, { body: entry.body, key: entry.key, only: entry.name });
    answered = true;
    return answer;
  } catch (problem) {
    answered = problem instanceof Problem || problem instanceof NotLoggedIn;
    throw problem;
  } finally {
    if (answered) store(load().filter(({ key }) => key !== entry.key));
  }
}

/** crypto.randomUUID is there on HTTPS only; these 128 random bits are there everywhere. */
function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
