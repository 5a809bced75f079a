// How a client reaches a server, and for how long it tries.

const DAY_MS = 24 * 3600 * 1000;
const DEFAULT_ADDRESS = 'http://127.0.0.1:8061';

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
export function settingsOf(options, environment) {
  checkNames(options, ['address', 'key', 'tenant', 'deadlineMs', 'maxAttempts', 'batchSize',
    'maxClockDifferenceMs', 'fetch']);
  const given = (/** @type {unknown} */ value, /** @type {string} */ variable) => {
    const text = value ?? environment[variable] ?? '';
    if (typeof text !== 'string') throw new TypeError('address, key and tenant are texts');
    return text.trim();
  };
  // A setting that was lost on its way here must not end in plain text.
  if (typeof options.address === 'string' && options.address.trim() === '') {
    throw new TypeError('the address is empty; give http://HOST:PORT or https://HOST:PORT, or '
      + 'leave it out for this machine');
  }
  const {
    deadlineMs = 2000, maxAttempts = 4, batchSize = 10_000, maxClockDifferenceMs = 600_000,
  } = options;
  const fetch = options.fetch ?? globalThis.fetch;
  if (typeof fetch !== 'function') {
    throw new TypeError('there is no fetch to send requests with; run Node 18 or later');
  }
  for (const [name, value] of Object.entries({ deadlineMs, maxClockDifferenceMs })) {
    if (!(value > 0 && value <= DAY_MS)) {
      throw new RangeError(`${name} must be above 0 and at most a day, in milliseconds`);
    }
  }
  for (const [name, value] of Object.entries({ maxAttempts, batchSize })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`${name} must be an integer of at least 1`);
    }
  }
  return {
    base: checkedAddress(given(options.address, 'DNC_URL') || DEFAULT_ADDRESS),
    headers: identity(given(options.key, 'DNC_KEY'), given(options.tenant, 'DNC_TENANT')),
    deadlineMs,
    maxAttempts,
    batchSize,
    maxClockDifferenceMs,
    fetch,
  };
}

/**
 * Refuses misspelt options: a question without what was meant to narrow it could answer CLEAR.
 * @param {object} options
 * @param {readonly string[]} names
 */
export function checkNames(options, names) {
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) {
      throw new TypeError(`there is no option ${JSON.stringify(name)}; there are: ${
        names.join(', ')}`);
    }
  }
}

/** @param {string} address */
function checkedAddress(address) {
  const advice = 'give http://HOST:PORT or https://HOST:PORT';
  let url;
  try {
    url = new URL(address);
  } catch {
    throw new TypeError(`the address is no URL; ${advice}`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError(`the address begins with neither http:// nor https://; ${advice}`);
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new TypeError(`the address has a user, a query or a fragment; ${advice}, and the key `
      + 'as `key`');
  }
  return url.origin + url.pathname.replace(/\/+$/, '');
}

/**
 * Returns the headers of a caller.
 * @param {string} key
 * @param {string} tenant
 */
function identity(key, tenant) {
  if (!/^[!-~]*$/.test(key)) {
    throw new TypeError('the key holds characters that no key has; give it as it was shown, '
      + '`dnck_...`');
  }
  if (!/^[ -~]*$/.test(tenant)) {
    throw new TypeError("the tenant's name holds characters that no tenant's name has; give it as "
      + '`dncctl tenants` shows it');
  }
  return {
    ...(key ? { authorization: `Bearer ${key}` } : {}),
    ...(tenant ? { 'dnc-tenant': tenant } : {}),
  };
}
