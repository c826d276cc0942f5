// @ts-check
/**
 * One request to the API, repeated until there is an answer.
 *
 * A browser cannot tell a request that never arrived from one whose answer was lost. So whatever is sent here must be
 * safe to send twice: it reads, or it has an Idempotency-Key (outbox.js), or doing it twice does no harm.
 */

const meta = /** @type {HTMLMetaElement} */ (document.querySelector('meta[name="api"]'));
export const API = new URL(meta.content, document.baseURI);

/** Pauses between attempts, in seconds: growing, so that a server that comes back is not run over. */
const PAUSES = [0.5, 1, 2, 4, 8, 15];
/** The server gives an answer of its own sooner: 503 outcome_unknown after ANSWER_SECONDS (20). */
const NO_ANSWER_AFTER = 45_000;
/** How often a refusal that says "try again" is tried again. Nothing was changed then, so giving up loses nothing. */
const TRIES_WHEN_BUSY = 5;

/** What the API refuses, as a problem document (RFC 9457). Program against `code`, show `message`. */
export class Problem extends Error {
  /** @param {number} status @param {Record<string, any>} body */
  constructor(status, body) {
    super(body.detail ?? `The server answered ${status}.`);
    this.status = status;
    this.code = /** @type {string} */ (body.code ?? "");
    this.body = body;
  }
}

/** Says "change" when requests begin to go unanswered and when answers come again. */
export const connection = Object.assign(new EventTarget(), { lost: false });

/** @param {boolean} lost */
function note(lost) {
  if (connection.lost === lost) return;
  connection.lost = lost;
  connection.dispatchEvent(new Event("change"));
}

/** The version of each show's seat map that our own changes have made. @type {Map<number, number>} */
const versions = new Map();

/** A map that is asked for with this is no older than them. @param {number} show @param {number} [seen] */
export function noOlder(show, seen = 0) {
  const version = Math.max(seen, versions.get(show) ?? 0);
  return version ? `?min_version=${version}` : "";
}

/** @param {Answer | null} answer */
function keepVersion(answer) {
  const { show, seats_version: version } = answer?.body ?? {};
  if (version) versions.set(show, Math.max(version, versions.get(show) ?? 0));
}

/**
 * @typedef {{body?: object, token?: string, key?: string, etag?: string, signal?: AbortSignal}} Options
 * @typedef {{status: number, body: any, etag: string | null}} Answer
 */

/**
 * Return the answer, a 304 included. Goes on trying while there is none. Raises Problem for a refusal, and AbortError
 * once `signal` says that nobody waits any more.
 * @param {string} method @param {string} path below the API, or a whole address, as `next` of a list
 * @param {Options} options @returns {Promise<Answer>}
 */
export async function send(method, path, options = {}) {
  for (let attempt = 0; ; attempt += 1) {
    const answer = await once(method, path, options);
    note(answer === null);
    if (method === "POST") keepVersion(answer);
    if (answer === null) {
      await pause(PAUSES[Math.min(attempt, PAUSES.length - 1)], options.signal);
    } else if (answer.status < 400) {
      return answer;
    } else if (again(answer, attempt)) {
      await pause(answer.body.retry_after ?? 1, options.signal);
    } else {
      throw new Problem(answer.status, answer.body);
    }
  }
}

/** @param {Answer} answer @param {number} attempt */
function again({ body }, attempt) {
  if (body.code === "outcome_unknown") return true; // done or not: only the same request can tell
  return ["busy", "unavailable", "in_progress", "conflict"].includes(body.code) && attempt < TRIES_WHEN_BUSY;
}

/** One attempt; null if no answer came. @param {string} method @param {string} path @param {Options} options */
async function once(method, path, { body, token, key, etag, signal }) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (token) headers["Authorization"] = `Bearer ${token}`;
  if (key) headers["Idempotency-Key"] = key;
  if (etag) headers["If-None-Match"] = etag;
  const overdue = AbortSignal.timeout(NO_ANSWER_AFTER);
  try {
    const response = await fetch(new URL(path, API), {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, overdue]) : overdue,
      credentials: "omit", // the token is all that counts; a cookie of the Admin is none of our business
      cache: "no-store", // the browser would turn a 304 into the 200 before
    });
    const answer = await read(response);
    // 502 and 504 are a proxy's words for "no answer"; problem documents are the API's own.
    return response.status >= 502 && !answer.body?.code ? null : answer;
  } catch (error) {
    if (signal?.aborted) throw error;
    return null;
  }
}

/** @param {Response} response @returns {Promise<Answer>} */
async function read(response) {
  const text = await response.text(); // an answer that breaks off in the middle is none: this throws
  const json = response.headers.get("Content-Type")?.includes("json");
  return {
    status: response.status,
    body: json && text ? JSON.parse(text) : {},
    etag: response.headers.get("ETag"),
  };
}

/**
 * Wait, but no longer than until the connection is back. A tenth more or less, so that the customers of a server that
 * was away do not all come back in the same moment.
 * @param {number} seconds @param {AbortSignal} [signal] @returns {Promise<void>}
 */
export function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = setTimeout(go, seconds * 1000 * (0.9 + Math.random() / 5));
    window.addEventListener("online", go);
    signal?.addEventListener("abort", stop);
    function end() {
      clearTimeout(timer);
      window.removeEventListener("online", go);
      signal?.removeEventListener("abort", stop);
    }
    function go() {
      end();
      resolve();
    }
    function stop() {
      end();
      reject(signal?.reason);
    }
  });
}
