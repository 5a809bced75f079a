// The client of a dncd: asks before a call whether it may be made.
//
//   const client = new Client({ address: 'http://127.0.0.1:8061' });
//   for (const answer of await client.scrub(['(201) 555-0123', '+1 212 555 0147'])) {
//     if (answer.mayCall) dial(answer.asked);
//   }
//
// There is no `client.mayCall(number)`: without `await` its promise would count as true.
import { randomUUID } from 'node:crypto';
import { Answer, ScrubResult, answerOfCheck } from './answers.js';
import { Connection } from './connection.js';
import { BadAnswer, DncError, InvalidRequest, NotFound, NotRecorded } from './errors.js';
import { listOf, messageOf, textOf, timeText } from './message.js';
import { asList, batchLength, sizeOf, wireText } from './numbers.js';
import { WriteResult, checkRecorded, partId, resultsOf } from './records.js';
import { checkNames, settingsOf } from './settings.js';
import { Coverage, ServerStatus } from './status.js';
import { Channel } from './values.js';

/** @typedef {import('./numbers.js').Phone} Phone */
/** @typedef {import('./settings.js').ClientOptions} ClientOptions */

/**
 * @typedef {object} CallOptions
 * @property {AbortSignal} [signal] Ends the call, which then throws the reason of the signal.
 */

/**
 * @typedef {object} QuestionOptions
 * @property {string} [scope]
 * For whom the calls are made within the tenant, BRAND or BRAND/CAMPAIGN; empty: the strictest
 * answer.
 * @property {Date} [asOf] As the lists were at that moment, by all that is known now.
 * @property {Date} [asAnsweredAt] What the server answered at that moment; not together with
 * `asOf`.
 * @property {bigint | string} [atLeastRevision]
 * Only from a snapshot of that revision or a later one. Revisions are each server's own: give it
 * only if the same server answers that told it.
 */

/** @typedef {CallOptions & QuestionOptions} CheckOptions */

/**
 * @typedef {object} DetailOptions
 * @property {boolean} [details]
 * Also the rule that decided, in words, and every match; and the numbers are compared. Without them
 * the count alone shows that an answer belongs to its question.
 */

/** @typedef {CheckOptions & DetailOptions} ScrubOptions */

/**
 * @typedef {object} OptOutFacts
 * @property {string} [listId] A do-not-call list of the tenant; `internal` unless given.
 * @property {Channel} [channel] How it came.
 * @property {string} [reason]
 * @property {string} [note]
 * @property {Date} [madeAt] When it was said; now unless given.
 * @property {string} [madeBy]
 * @property {string} [requestId]
 * 1 to 64 bytes. To repeat a write that failed, repeat it with the same id; one is made unless
 * given.
 */

/** @typedef {CallOptions & OptOutFacts} OptOutOptions */

const QUESTION_NAMES = ['scope', 'asOf', 'asAnsweredAt', 'atLeastRevision', 'signal'];
const FACT_NAMES = ['listId', 'channel', 'reason', 'note', 'madeAt', 'madeBy', 'requestId',
  'signal'];
const MAX_REQUEST_ID_BYTES = 64;

/**
 * Asks a dncd over HTTP. Fails closed: an error, a timeout, a short answer and a verdict that this
 * version does not know all mean do-not-call.
 */
export class Client {
  #connection;
  // How many numbers the server takes.
  #batchSize;
  #maxClockDifferenceMs;
  #doNotCallLists = new Set(['internal']);

  /**
   * Throws TypeError or RangeError for settings that cannot be right; the first call connects.
   * @param {ClientOptions} [options]
   */
  constructor(options = {}) {
    const settings = settingsOf(options, globalThis.process?.env ?? {});
    this.#connection = new Connection(settings);
    this.#batchSize = settings.batchSize;
    this.#maxClockDifferenceMs = settings.maxClockDifferenceMs;
  }

  /**
   * Asks about any count of numbers. The answers stand in the order asked, one for each, also for
   * what is no number (INVALID) and for null and undefined (UNKNOWN). Stops at the first request
   * that fails: `error` of the result tells why, and what has no answer may not be called. Throws
   * TypeError for a JavaScript number and anything else that is no text and no bigint: its digits
   * cannot be relied on.
   * @param {Iterable<Phone>} numbers
   * @param {ScrubOptions} [options]
   * @returns {Promise<ScrubResult>}
   */
  async scrub(numbers, options = {}) {
    checkNames(options, [...QUESTION_NAMES, 'details']);
    const { details = false, signal } = options;
    const question = questionOf(options);
    const asked = asList(numbers);
    /** @type {number[]} */
    const places = [];
    /** @type {string[]} */
    const texts = [];
    asked.forEach((phone, place) => {
      const text = wireText(phone);
      if (text === null) return;
      places.push(place);
      texts.push(text);
    });
    const sizes = texts.map(sizeOf);
    const result = new ScrubResult(asked);
    for (let start = 0; start < texts.length;) {
      const end = start + batchLength(sizes, start, this.#batchSize);
      const part = texts.slice(start, end);
      const body = JSON.stringify({
        texts: part, detail: details ? 'DETAIL_FULL' : 'DETAIL_COLUMNS', ...question.fields });
      try {
        const json = await this.#connection.call('POST', '/v1/scrub', body, signal);
        result.add(places.slice(start, end), part, json, details, this.#wanted(question));
      } catch (error) {
        if (!(error instanceof DncError)) throw error;
        if (this.#learn(error, end - start)) continue;
        result.fail(error);
        break;
      }
      start = end;
    }
    return result;
  }

  /**
   * Asks for everything that is known about one number, as `scrub` with details. A text that is no
   * number is no error: its verdict is INVALID. Throws DncError if there is no answer.
   * @param {Phone} number
   * @param {CheckOptions} [options]
   * @returns {Promise<Answer>}
   */
  async check(number, options = {}) {
    checkNames(options, QUESTION_NAMES);
    const question = questionOf(options);
    const text = wireText(number);
    if (text === null) return new Answer(number);
    // Nothing, `.` and `..` are no segment of a path, and `?` is no number either.
    const segment = /^\.{0,2}$/.test(text) ? '?' : text;
    const query = String(new URLSearchParams(question.fields));
    const json = await this.#connection.call('GET',
      `/v1/check/${encodeURIComponent(segment)}${query ? `?${query}` : ''}`, null, options.signal);
    return answerOfCheck(number, text, json, this.#wanted(question));
  }

  /**
   * Records that people asked not to be called, on a do-not-call list of the tenant. Returns when
   * the server has acknowledged every one of them, and from then on every scrub of that server
   * sees them. Other servers do not, such as those behind one balancer: tenants' lists are of one
   * server.
   *
   * Throws NotRecorded if some were not acknowledged: it tells which, and those of its results that
   * are `recorded` stay so. Throws another DncError if none was. Whatever failed, repeat the call
   * with the same numbers and `requestId` (NotRecorded has one that was made here); nothing is
   * written twice. To repeat it without one is safe too.
   * @param {Iterable<Phone>} numbers
   * @param {OptOutOptions} [options]
   * @returns {Promise<readonly WriteResult[]>}
   */
  async addOptOuts(numbers, options = {}) {
    checkNames(options, FACT_NAMES);
    const { listId = 'internal', requestId = randomUUID(), signal } = options;
    const idBytes = Buffer.byteLength(requestId);
    if (idBytes < 1 || idBytes > MAX_REQUEST_ID_BYTES) {
      throw new RangeError('a requestId has 1 to 64 bytes');
    }
    const asked = asList(numbers);
    const facts = factsOf(options);
    // The server refuses an empty number.
    const records = asked.map((phone) => ({ number: wireText(phone) ?? '', ...facts }));
    await this.#checkList(listId, signal);
    const sizes = records.map(sizeOf);
    const results = asked.map((phone) => new WriteResult(phone));
    for (let start = 0; start < asked.length;) {
      const end = start + batchLength(sizes, start, this.#batchSize);
      const part = records.slice(start, end);
      const body = JSON.stringify({
        records: part,
        requestId: part.length === records.length ? requestId : partId(requestId, part) });
      try {
        const json = await this.#connection.call('POST', `/v1/lists/${listId}/numbers:add`, body,
          signal);
        resultsOf(asked.slice(start, end), json).forEach((result, index) => {
          results[start + index] = result;
        });
      } catch (error) {
        if (!(error instanceof DncError)) throw error;
        if (this.#learn(error, end - start)) continue;
        if (!results.some((result) => result.recorded)) throw error;
        const { status, reason, metadata, retryAfterMs } = error;
        throw new NotRecorded(error.detail, results, requestId,
          { status, reason, metadata, retryAfterMs, cause: error });
      }
      start = end;
    }
    checkRecorded(results, requestId);
    return results;
  }

  /**
   * Does the same for one number.
   * @param {Phone} number
   * @param {OptOutOptions} [options]
   * @returns {Promise<WriteResult>}
   */
  async addOptOut(number, options = {}) {
    const [result] = await this.addOptOuts([number], options);
    if (result === undefined) throw new BadAnswer('the server answered for no opt-out');
    return result;
  }

  /**
   * What the server is and holds; with an operator's key.
   * @param {CallOptions} [options]
   * @returns {Promise<ServerStatus>}
   */
  async status(options = {}) {
    checkNames(options, ['signal']);
    return new ServerStatus(
      await this.#connection.call('GET', '/v1/status', null, options.signal));
  }

  /**
   * What a published list covers; with an operator's key.
   * @param {string} [list]
   * @param {CallOptions} [options]
   * @returns {Promise<Coverage>}
   */
  async coverage(list = 'national', options = {}) {
    checkNames(options, ['signal']);
    return new Coverage(await this.#connection.call(
      'GET', `/v1/coverage?${new URLSearchParams({ list })}`, null, options.signal));
  }

  /**
   * Returns of what an answer must be.
   * @param {{atLeastRevision: bigint, moment: Date | null}} question
   */
  #wanted({ atLeastRevision, moment }) {
    return { atLeastRevision, moment, maxClockDifferenceMs: this.#maxClockDifferenceMs };
  }

  /**
   * Returns whether the server takes fewer at once, which this remembers.
   * @param {DncError} error
   * @param {number} sent
   */
  #learn(error, sent) {
    if (error.reason !== 'BATCH_TOO_LARGE') return false;
    const told = error.metadata['max_batch'] ?? '';
    const most = /^\d{1,9}$/.test(told) ? Number(told) : Math.floor(sent / 2);
    if (most < 1 || most >= sent) return false;
    this.#batchSize = most;
    return true;
  }

  /**
   * Throws InvalidRequest if a list is no do-not-call list: what is written to a list of consents
   * permits calls. Throws NotFound if the server does not name it: nobody knows then what it is.
   * @param {string} listId
   * @param {AbortSignal | undefined} signal
   */
  async #checkList(listId, signal) {
    if (!/^[a-z0-9-]{1,63}$/.test(listId)) {
      throw new RangeError("a list's id has 1 to 63 of a-z, 0-9 and `-`");
    }
    if (this.#doNotCallLists.has(listId)) return;
    const answer = messageOf(await this.#connection.call('GET', '/v1/lists', null, signal),
      'content');
    const named = listOf(answer['lists'], 'lists', messageOf).filter(
      (list) => textOf(list['listId'], "list's id") === listId);
    if (named.length === 0) {
      throw new NotFound(`the server names no list ${listId} of the tenant; nothing was written`);
    }
    if (named.some((list) => list['kind'] !== 'OWN_LIST_KIND_INTERNAL')) {
      throw new InvalidRequest(
        `the list ${listId} is no do-not-call list, so an opt-out must not stand on it`);
    }
    this.#doNotCallLists.add(listId);
  }
}

/**
 * Returns what a scrub or check asks beside its numbers, as fields of the request.
 * @param {QuestionOptions} options
 */
function questionOf({ scope = '', asOf, asAnsweredAt, atLeastRevision = 0n }) {
  if (typeof scope !== 'string') throw new TypeError('scope is no text');
  if (typeof atLeastRevision !== 'bigint'
      && !(typeof atLeastRevision === 'string' && /^\d{1,20}$/.test(atLeastRevision))) {
    throw new TypeError('atLeastRevision is no bigint and no text of digits; give it as an answer '
      + 'tells it');
  }
  const revision = BigInt(atLeastRevision);
  /** @type {Record<string, string>} */
  const fields = {
    ...(scope.trim() ? { scope: scope.trim() } : {}),
    ...(asOf === undefined ? {} : { asOf: timeText(asOf, 'asOf') }),
    ...(asAnsweredAt === undefined ? {} : { asAnsweredAt: timeText(asAnsweredAt, 'asAnsweredAt') }),
    ...(revision === 0n ? {} : { atLeastRevision: String(revision) }),
  };
  // A copy: the program may change its own meanwhile.
  const given = asOf ?? asAnsweredAt;
  return { fields, atLeastRevision: revision, moment: given ? new Date(given) : null };
}

/**
 * Returns what is told of opt-outs beside their numbers, as fields of a record.
 * @param {OptOutFacts} facts
 */
function factsOf({ channel, reason, note, madeAt, madeBy }) {
  if (channel !== undefined && !Object.hasOwn(Channel, channel)) {
    throw new TypeError(`the channel is none of: ${Object.keys(Channel).join(', ')}`);
  }
  return {
    ...(channel === undefined ? {} : { channel: `CHANNEL_${channel}` }),
    ...(reason === undefined ? {} : { reason }),
    ...(note === undefined ? {} : { note }),
    ...(madeAt === undefined ? {} : { madeAt: timeText(madeAt, 'madeAt') }),
    ...(madeBy === undefined ? {} : { madeBy }),
  };
}
