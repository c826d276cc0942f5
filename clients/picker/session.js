// @ts-check
/**
 * Who is logged in, and their tokens.
 *
 * The tokens are in localStorage, so that all tabs share them and a reload keeps them. The price: any script that runs
 * in this page can read them. That is why the page runs no script of others, allows none by its Content-Security-Policy,
 * and writes what people typed as text, never as HTML. A cookie that scripts cannot read would be safer against such
 * a script, but takes a server that sets it and tokens against forged requests; this API takes a header instead.
 *
 * They are kept for as long as they are good for anything: until the refresh token expires, or somebody logs out.
 */

import { connection, pause, Problem, send } from "./http.js";

const STORED = "picker.session";

/** Says "change" when somebody logs in or out, in this tab or another, and "expired" when only logging in helps. */
export const session = new EventTarget();

/** @typedef {{name: string, access: string, refresh: string}} Tokens */

/** @returns {Tokens | null} read anew each time, as another tab may have changed it */
export function tokens() {
  const stored = parse(localStorage.getItem(STORED));
  if (stored && isOver(stored.refresh)) {
    localStorage.removeItem(STORED);
    return null;
  }
  return stored;
}

/** Whether a token says that its time is over. What cannot be read, the server judges. @param {string} token */
function isOver(token) {
  try {
    const payload = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    return JSON.parse(atob(payload)).exp * 1000 < Date.now();
  } catch {
    return false;
  }
}

/**
 * What is no tokens, as another program on this origin may have stored, is as good as none.
 * @param {string | null} stored @returns {Tokens | null}
 */
function parse(stored) {
  try {
    const value = JSON.parse(stored ?? "null");
    const isTokens = ["name", "access", "refresh"].every((member) => typeof value[member] === "string");
    return isTokens ? value : null;
  } catch {
    return null;
  }
}

/** Whether that is who is logged in. Names are unique without regard to case. @param {string | undefined} name */
export function isUser(name) {
  return tokens()?.name.toLowerCase() === name?.toLowerCase();
}

/** @param {Tokens | null} value @param {string} [event] what to say if it is somebody else now */
function keep(value, event = "change") {
  const before = tokens()?.name;
  if (value) localStorage.setItem(STORED, JSON.stringify(value));
  else localStorage.removeItem(STORED);
  if (before !== value?.name) session.dispatchEvent(new Event(event));
}

window.addEventListener("storage", ({ key, oldValue, newValue }) => {
  // Another tab that only renewed the tokens changes nothing that is seen.
  const another = key === STORED && parse(oldValue)?.name !== parse(newValue)?.name;
  if (another || key === null) session.dispatchEvent(new Event("change"));
});

/** Raises Problem no_active_account. @param {string} username @param {string} password */
export async function logIn(username, password) {
  const { body } = await send("POST", "login/", { body: { username, password } });
  keep({ name: username, ...body });
}

/**
 * Make an account and log in. Raises Problem invalid with `errors` for each field.
 * @param {{username: string, password: string, email: string}} fields
 */
export async function signUp(fields) {
  let unsure = connection.lost;
  const note = () => (unsure ||= connection.lost);
  connection.addEventListener("change", note);
  try {
    await send("POST", "signup/", { body: fields });
  } catch (problem) {
    // After an attempt whose answer was lost, the name may be taken by ourselves: then we know its password.
    const taken = problem instanceof Problem && problem.body.error_codes?.username?.includes("not_unique");
    if (!taken || !unsure) throw problem;
    return await logIn(fields.username, fields.password).catch(() => Promise.reject(problem));
  } finally {
    connection.removeEventListener("change", note);
  }
  await logIn(fields.username, fields.password);
}

/** Forget the tokens at once, and tell the server whenever it can be reached. */
export function logOut() {
  const refresh = tokens()?.refresh;
  keep(null);
  if (refresh) send("POST", "logout/", { body: { refresh } }).catch(() => {}); // a token that is dead already is fine
}

/** @type {Promise<string | null> | undefined} */
let renewing;

/**
 * Return a new access token for one that was refused, or null if only logging in helps.
 *
 * A refresh token works once. So all requests of this tab share one refresh, and tabs take turns. If the answer is lost,
 * `send` repeats it with the same token, and the server gives the same pair again for `refresh_grace_seconds`. Later the
 * token counts as stolen, and the user logs in anew.
 * @param {string} refused @returns {Promise<string | null>}
 */
export function renew(refused) {
  renewing ??= inTurn(() => refresh(refused)).finally(() => (renewing = undefined));
  return renewing;
}

/** @param {string} refused @returns {Promise<string | null>} */
async function refresh(refused) {
  const before = tokens();
  if (!before || before.access !== refused) return before?.access ?? null; // another tab was quicker
  try {
    const { body } = await send("POST", "token/refresh/", { body: { refresh: before.refresh } });
    if (tokens()?.refresh !== before.refresh) return tokens()?.access ?? null; // logged out meanwhile: stay so
    keep({ ...before, ...body });
    return body.access;
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status !== 401) throw problem;
    await pause(A_MOMENT);
    const now = tokens();
    if (now && now.refresh !== before.refresh) return now.access; // another tab was quicker after all
    keep(null, "expired");
    return null;
  }
}

/** Until what one tab has put into localStorage is seen in another, in seconds. */
const A_MOMENT = 0.3;

/** @param {() => Promise<string | null>} work @returns {Promise<string | null>} */
async function inTurn(work) {
  // Browsers offer locks only on HTTPS and localhost. Elsewhere two tabs may get into each other's way, and the
  // server's patience with a token that was just used has to do.
  if (!navigator.locks) return work();
  const { held = [] } = await navigator.locks.query();
  const another = held.some(({ name }) => name === STORED);
  return navigator.locks.request(STORED, async () => {
    if (another) await pause(A_MOMENT);
    return work();
  });
}
