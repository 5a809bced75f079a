/**
 * @typedef {object} ClientOptions
 * @property {string} [address]
 * `http://HOST:PORT` or `https://HOST:PORT`; the environment's DNC_URL unless given, or
 * http://127.0.0.1:8061. A key should cross a network only with https. Behind a name or a balancer
 * may stand several servers, which the client cannot know: opt-outs and `atLeastRevision` need the
 * address of one.
 * @property {string} [key]
 * A key of the tenant (`dnck_...`), or an operator's key together with the tenant to act as; the
 * environment's DNC_KEY unless given.
 * @property {string} [tenant] The environment's DNC_TENANT unless given.
 * @property {number} [deadlineMs]
 * Milliseconds for each request to the server with all its attempts; 2,000 unless given. Many
 * numbers make several requests.
 * @property {number} [maxAttempts]
 * How often a request is tried while the server is not there, or is too busy and says when to come
 * again; 4 unless given.
 * @property {number} [batchSize]
 * Numbers in a request; 10,000 unless given. If the server takes fewer, smaller requests are made.
 * @property {number} [maxClockDifferenceMs]
 * How many milliseconds the moment of an answer about now may be from this machine's clock, before
 * and behind; 600,000 unless given. A CLEAR that is further away is BadAnswer: it may come out of a
 * cache, or from a server whose clock is wrong.
 * @property {typeof globalThis.fetch} [fetch]
 * What sends the requests in place of the built-in fetch, for certificates or a proxy of your own.
 */
/**
 * @typedef {object} Settings
 * @property {string} base The address without a slash at its end.
 * @property {Readonly<Record<string, string>>} headers
 * @property {number} deadlineMs
 * @property {number} maxAttempts
 * @property {number} batchSize
 * @property {number} maxClockDifferenceMs
 * @property {typeof globalThis.fetch} fetch
 */
/**
 * Checks the settings. Throws TypeError or RangeError; no message shows the key.
 * @param {ClientOptions} options
 * @param {Readonly<Record<string, string | undefined>>} environment
 * @returns {Settings}
 */
export function settingsOf(options: ClientOptions, environment: Readonly<Record<string, string | undefined>>): Settings;
/**
 * Refuses misspelt options: a question without what was meant to narrow it could answer CLEAR.
 * @param {object} options
 * @param {readonly string[]} names
 */
export function checkNames(options: object, names: readonly string[]): void;
export type ClientOptions = {
    /**
     * `http://HOST:PORT` or `https://HOST:PORT`; the environment's DNC_URL unless given, or
     * http://127.0.0.1:8061. A key should cross a network only with https. Behind a name or a balancer
     * may stand several servers, which the client cannot know: opt-outs and `atLeastRevision` need the
     * address of one.
     */
    address?: string;
    /**
     * A key of the tenant (`dnck_...`), or an operator's key together with the tenant to act as; the
     * environment's DNC_KEY unless given.
     */
    key?: string;
    /**
     * The environment's DNC_TENANT unless given.
     */
    tenant?: string;
    /**
     * Milliseconds for each request to the server with all its attempts; 2,000 unless given. Many
     * numbers make several requests.
     */
    deadlineMs?: number;
    /**
     * How often a request is tried while the server is not there, or is too busy and says when to come
     * again; 4 unless given.
     */
    maxAttempts?: number;
    /**
     * Numbers in a request; 10,000 unless given. If the server takes fewer, smaller requests are made.
     */
    batchSize?: number;
    /**
     * How many milliseconds the moment of an answer about now may be from this machine's clock, before
     * and behind; 600,000 unless given. A CLEAR that is further away is BadAnswer: it may come out of a
     * cache, or from a server whose clock is wrong.
     */
    maxClockDifferenceMs?: number;
    /**
     * What sends the requests in place of the built-in fetch, for certificates or a proxy of your own.
     */
    fetch?: typeof globalThis.fetch;
};
export type Settings = {
    /**
     * The address without a slash at its end.
     */
    base: string;
    headers: Readonly<Record<string, string>>;
    deadlineMs: number;
    maxAttempts: number;
    batchSize: number;
    maxClockDifferenceMs: number;
    fetch: typeof globalThis.fetch;
};
