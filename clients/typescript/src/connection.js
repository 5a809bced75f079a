// Makes calls with a deadline and retries; it stands between the client and fetch.
import { BadAnswer, DeadlinePassed, DncError, Overloaded, Unavailable, errorOf } from './errors.js';

/** @typedef {import('./settings.js').Settings} Settings */

const FIRST_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 1000;
const MAX_ANSWER_BYTES = 64 << 20; // 10,000 numbers in full detail are a few MiB
const MAX_PROBLEM_BYTES = 1 << 20;
// The key must not go elsewhere, and no answer of yesterday may come out of a cache: some
// frameworks replace fetch by one that has a cache.
const ONLY_THERE = /** @type {RequestInit} */ ({ redirect: 'manual', cache: 'no-store' });

/** How it is waited; tests replace it. */
export const waits = {
  /**
   * @param {number} milliseconds
   * @param {AbortSignal | undefined} signal
   * @returns {Promise<void>}
   */
  sleep(milliseconds, signal) {
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop);
        resolve();
      }, milliseconds);
      signal?.addEventListener('abort', stop, { once: true });
    });
  },
};

export class Connection {
  /** @type {Settings} */
  #settings;

  /** @param {Settings} settings */
  constructor(settings) {
    this.#settings = settings;
  }

  /**
   * Makes a request, again as long as attempts and time are left, and returns the JSON of the
   * answer. Repeated is what failed as Unavailable: after a random wait between half of the backoff
   * and all of it, which doubles each time. So is what failed with the time after which to come
   * again, after that time and up to as much more. Nothing else is repeated. Throws DncError, or
   * the reason of `signal` once that is aborted.
   * @param {string} method
   * @param {string} path
   * @param {string | null} body JSON
   * @param {AbortSignal | undefined} signal
   * @returns {Promise<unknown>}
   */
  async call(method, path, body, signal) {
    const end = performance.now() + this.#settings.deadlineMs;
    let backoff = FIRST_BACKOFF_MS;
    for (let attempts = 1; ; ++attempts) {
      signal?.throwIfAborted();
      const left = Math.max(end - performance.now(), 1);
      const answer = await this.#attempt(method, path, body, left, signal);
      if (!(answer instanceof DncError)) return answer.json;
      // A call that was given up has a reason, and an overloaded server tells when to come again.
      const lost = answer instanceof Unavailable && answer.reason !== 'CALLER_GONE';
      const crowded = answer instanceof Overloaded && answer.retryAfterMs > 0;
      if (!(lost || crowded) || attempts >= this.#settings.maxAttempts) throw answer;
      // The server's time is the least wait, which is half of twice as much.
      const longest = answer.retryAfterMs > 0 ? 2 * answer.retryAfterMs : backoff;
      const wait = longest * (0.5 + Math.random() / 2);
      if (performance.now() + wait >= end) throw answer;
      await waits.sleep(wait, signal);
      if (answer.retryAfterMs === 0) backoff = Math.min(backoff * 2, MAX_BACKOFF_MS);
    }
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {string | null} body
   * @param {number} milliseconds
   * @param {AbortSignal | undefined} signal
   * @returns {Promise<{json: unknown} | DncError>}
   */
  async #attempt(method, path, body, milliseconds, signal) {
    const { base, headers, fetch } = this.#settings;
    const aborter = new AbortController();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      aborter.abort();
    }, milliseconds);
    const giveUp = () => aborter.abort(signal?.reason);
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      return await answerOf(await fetch(base + path, {
        method,
        headers: {
          accept: 'application/json, application/problem+json',
          ...(body === null ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        body,
        ...ONLY_THERE,
        signal: aborter.signal,
      }));
    } catch (error) {
      signal?.throwIfAborted();
      if (late) return new DeadlinePassed('no answer came before the deadline');
      return new Unavailable(`the connection failed: ${whyLost(error)}`, { cause: error });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    }
  }
}

/**
 * Returns what fetch says of a connection that failed; it hides it in the cause.
 * @param {unknown} error
 */
function whyLost(error) {
  const cause = /** @type {{message?: unknown, code?: unknown} | undefined} */ (
    error instanceof Error ? error.cause ?? error : undefined);
  const code = String(cause?.code ?? '');
  const hint = /CERT|SIGNED|ISSUER|SIGNATURE/.test(code)
    ? "; NODE_EXTRA_CA_CERTS names a file of certificates to trust besides the system's" : '';
  return String(cause?.message || code || 'no reason was given') + hint;
}

/**
 * @param {Response} response
 * @returns {Promise<{json: unknown} | DncError>}
 */
async function answerOf(response) {
  const type = (response.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (response.status !== 200) return problemOf(response, type === 'application/problem+json');
  if (type !== 'application/json') {
    await drop(response);
    return new BadAnswer('the answer is not JSON by its content type', { status: 200 });
  }
  // A cache adds the header; the server never does.
  const age = response.headers.get('age');
  if (age !== null && !/^0+$/.test(age)) {
    await drop(response);
    return new BadAnswer(`the answer comes out of a cache, ${age} seconds old; let what stands `
      + 'between the client and the server keep no answers', { status: 200 });
  }
  const text = await bodyOf(response, MAX_ANSWER_BYTES);
  if (text === null) return new BadAnswer('the answer is too long, or is not UTF-8');
  try {
    return { json: JSON.parse(text) };
  } catch {
    return new BadAnswer('the answer is not JSON', { status: 200 });
  }
}

/**
 * @param {Response} response
 * @param {boolean} told Whether there is a problem+json (RFC 9457).
 * @returns {Promise<DncError>}
 */
async function problemOf(response, told) {
  const { status } = response;
  const retryAfterMs = waitOf(response.headers.get('retry-after'));
  /** @type {Record<string, unknown>} */
  let problem = {};
  try {
    const text = told ? await bodyOf(response, MAX_PROBLEM_BYTES) : await drop(response);
    if (text) problem = Object(JSON.parse(text));
  } catch {
    // The status alone says enough.
  }
  const { detail, reason } = problem;
  const metadata = Object.entries(Object(problem['metadata'])).filter(
    /** @returns {entry is [string, string]} */ (entry) => typeof entry[1] === 'string');
  return errorOf(
    typeof detail === 'string' && detail ? detail : `the server answered with status ${status}`, {
      status,
      reason: typeof reason === 'string' && /^[A-Z_]+$/.test(reason) ? reason : '',
      metadata: Object.freeze(Object.fromEntries(metadata)),
      retryAfterMs,
    });
}

/**
 * Returns the milliseconds of a header `Retry-After`, which has seconds or a date; 0 if it says
 * nothing.
 * @param {string | null} text
 */
function waitOf(text) {
  if (text === null) return 0;
  const wait = /^\d{1,9}$/.test(text) ? 1000 * Number(text) : Date.parse(text) - Date.now();
  return wait > 0 ? wait : 0;
}

/**
 * Returns the body; null if it is longer than `most` bytes or no UTF-8.
 * @param {Response} response
 * @param {number} most
 */
async function bodyOf(response, most) {
  if (response.body === null) return '';
  const reader = response.body.getReader();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (!done) size += value.byteLength;
    if (size > most) {
      await reader.cancel();
      return null;
    }
    try {
      parts.push(decoder.decode(value, { stream: !done }));
    } catch {
      await reader.cancel();
      return null;
    }
    if (done) return parts.join('');
  }
}

/**
 * Ends an answer that is not read.
 * @param {Response} response
 */
async function drop(response) {
  await response.body?.cancel();
  return '';
}
