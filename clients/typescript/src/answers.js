// What a server has said about numbers. Whatever went wrong, a number without a proven CLEAR may
// not be called.
import { BadAnswer, DncError } from './errors.js';
import {
  FOREVER, Told, bigOf, flagOf, listOf, messageOf, nameOf, smallOf, textOf, timeOf,
} from './message.js';
import { plainDigits, shows } from './numbers.js';
import { CLEARING_RULES, Effect, Rule, Verdict, reasonOf, reasonsOf } from './values.js';

/** @typedef {import('./message.js').Message} Message */
/** @typedef {import('./numbers.js').Phone} Phone */
/** @typedef {import('./values.js').Reason} Reason */

/** @type {ReadonlySet<Verdict>} */
const HOLD_NOT = new Set([Verdict.UNKNOWN, Verdict.INVALID, Verdict.NOT_COVERED]);

/** The release of a list that an answer rests on. */
export class ListSnapshot extends Told {
  /**
   * @param {unknown} value A dnc.v1.ListSnapshot.
   * @param {string} what
   */
  constructor(value, what) {
    super();
    const message = messageOf(value, what);
    /** @readonly */
    this.list = textOf(message['list'], what);
    /**
     * Which version of the list: it grows with every load; 0 if none is loaded.
     * @readonly
     */
    this.releaseId = bigOf(message['releaseId'], what);
    /**
     * When the data came from its publisher: the oldest among the area codes asked about.
     * @readonly
     */
    this.obtainedAt = timeOf(message['obtainedAt'], what);
    /** @readonly */
    this.validUntil = timeOf(message['validUntil'], what);
    /** @readonly */
    this.digest = textOf(message['digest'], what);
    /** @readonly */
    this.knownBySilenceAt = timeOf(message['knownBySilenceAt'], what);
    Object.freeze(this);
  }
}

/** What an answer rests on. */
export class Snapshot extends Told {
  /** @param {Message} message A dnc.v1.Snapshot. */
  constructor(message) {
    super();
    /**
     * Every change of lists up to this one is in the answer.
     * @readonly
     */
    this.revision = bigOf(message['revision'], 'revision');
    /** @readonly */
    this.decidedAt = timeOf(message['decidedAt'], 'time of decision');
    /** @readonly */
    this.validUntil = timeOf(message['validUntil'], 'end');
    /**
     * @readonly
     * @type {readonly ListSnapshot[]}
     */
    this.lists = Object.freeze(listOf(message['lists'], 'list of lists',
      (entry, what) => new ListSnapshot(entry, what)));
    Object.freeze(this);
  }

  /** When the oldest data was obtained on which the answer rests. */
  get obtainedAt() {
    return earliest(this.lists.map((list) => list.obtainedAt));
  }

  /** How many milliseconds old that data was at the moment that the answer is for. */
  get dataAgeMs() {
    const oldest = this.obtainedAt;
    if (oldest === null || this.decidedAt === null) return null;
    return this.decidedAt.getTime() - oldest.getTime();
  }
}

/**
 * @param {readonly (Date | null)[]} times
 * @returns {Date | null}
 */
function earliest(times) {
  /** @type {Date | null} */
  let first = null;
  for (const time of times) {
    if (time !== null && (first === null || time < first)) first = time;
  }
  return first;
}

/** An entry of a list that holds the number. */
export class Match extends Told {
  /**
   * @param {unknown} value A dnc.v1.Match.
   * @param {string} what
   */
  constructor(value, what) {
    super();
    const message = messageOf(value, what);
    /** @readonly */
    this.list = textOf(message['list'], what);
    /** @readonly */
    this.effect = nameOf(message['effect'], what, 'LIST_EFFECT_', Effect, Effect.UNKNOWN);
    /** @readonly */
    this.listedSince = timeOf(message['listedSince'], what);
    /**
     * False: it was listed then or before.
     * @readonly
     */
    this.listedSinceExact = flagOf(message['listedSinceExact'], what);
    /** @readonly */
    this.releaseId = bigOf(message['releaseId'], what);
    /** @readonly */
    this.obtainedAt = timeOf(message['obtainedAt'], what);
    Object.freeze(this);
  }
}

/**
 * @typedef {object} AnswerFacts
 * @property {Verdict} verdict
 * @property {readonly Reason[]} reasons
 * @property {Date | null} validUntil
 * @property {Snapshot} snapshot
 * @property {string} [number]
 * @property {Rule} [rule]
 * @property {string} [explanation]
 * @property {readonly Match[]} [matches]
 */

/** All that is known about one number. It cannot be changed. */
export class Answer extends Told {
  /**
   * Without facts: there is no answer, so the number may not be called.
   * @param {Phone} asked
   * @param {AnswerFacts | null} [facts]
   */
  constructor(asked, facts = null) {
    super();
    /**
     * The number as it was given.
     * @readonly
     */
    this.asked = asked;
    /**
     * @readonly
     * @type {Verdict}
     */
    this.verdict = facts?.verdict ?? Verdict.UNKNOWN;
    /**
     * All that apply, ascending.
     * @readonly
     * @type {readonly Reason[]}
     */
    this.reasons = Object.freeze([...facts?.reasons ?? []]);
    /**
     * Until when the verdict holds, by all that is known now; a later load or write may change it
     * sooner. Null if nothing holds, FOREVER for a verdict without an end.
     * @readonly
     */
    this.validUntil = HOLD_NOT.has(this.verdict) ? null : facts?.validUntil ?? null;
    /**
     * What the answer rests on; null if there is no answer.
     * @readonly
     */
    this.snapshot = facts?.snapshot ?? null;
    /**
     * Ten digits; empty if malformed, or if details were not asked for.
     * @readonly
     */
    this.number = facts?.number ?? '';
    /**
     * The rule that decided; with details.
     * @readonly
     * @type {Rule}
     */
    this.rule = facts?.rule ?? Rule.UNKNOWN;
    /**
     * The rule in a sentence; with details.
     * @readonly
     */
    this.explanation = facts?.explanation ?? '';
    /**
     * Every list that holds the number; with details.
     * @readonly
     * @type {readonly Match[]}
     */
    this.matches = Object.freeze([...facts?.matches ?? []]);
    Object.freeze(this);
  }

  /** True only if the server has answered CLEAR for exactly this number. */
  get mayCall() {
    return this.verdict === Verdict.CLEAR;
  }

  /** @override */
  toJSON() {
    return { ...super.toJSON(), mayCall: this.mayCall };
  }
}

/**
 * Makes an answer of a dnc.v1.NumberResult. Throws BadAnswer for one of another number, and for a
 * CLEAR that is over.
 * @param {Phone} asked
 * @param {string} text
 * @param {Message} result
 * @param {Snapshot} snapshot
 * @param {Wanted} wanted
 */
function answerOfResult(asked, text, result, snapshot, wanted) {
  const value = bigOf(result['number'], 'number');
  const number = value === 0n ? '' : String(value).padStart(10, '0');
  const plain = plainDigits(text);
  if (number && plain && number !== plain) {
    throw new BadAnswer('the server answered for another number than was asked');
  }
  let verdict = verdictOf(result['verdict'], 'verdict');
  if (verdict === Verdict.CLEAR && !number) {
    throw new BadAnswer('the server answered CLEAR without saying for which number');
  }
  if (verdict === Verdict.CLEAR && !shows(text, number)) {
    throw new BadAnswer('the server answered CLEAR for a number that does not stand in the text '
      + 'that was asked about');
  }
  const rule = nameOf(result['rule'], 'rule', 'RULE_', Rule, Rule.UNKNOWN);
  // What was cleared by a rule that this version does not know may not be called.
  if (verdict === Verdict.CLEAR && !CLEARING_RULES.has(rule)) verdict = Verdict.UNKNOWN;
  const end = timeOf(result['validUntil'], 'end');
  if (verdict === Verdict.CLEAR) checkEnd(end, snapshot, wanted);
  return new Answer(asked, {
    verdict,
    reasons: listOf(result['reasons'], 'reasons', reasonName),
    validUntil: end ?? FOREVER,
    snapshot,
    number,
    rule,
    explanation: textOf(result['explanation'], 'explanation'),
    matches: listOf(result['matches'], 'matches', (entry, what) => new Match(entry, what)),
  });
}

/**
 * @param {unknown} value
 * @param {string} what
 */
function verdictOf(value, what) {
  return nameOf(value, what, 'VERDICT_', Verdict, Verdict.UNKNOWN);
}

/**
 * @param {unknown} value
 * @param {string} what
 * @returns {Reason}
 */
function reasonName(value, what) {
  return typeof value === 'string' ? value.replace(/^REASON_(?![0-9])/, '')
    : reasonOf(smallOf(value, what));
}

/** How it is told what time it is; tests replace it. */
export const clock = { now: () => Date.now() };

/**
 * Of what an answer must be to permit calls.
 * @typedef {object} Wanted
 * @property {bigint} atLeastRevision
 * @property {Date | null} moment What `asOf` or `asAnsweredAt` asked for; null: now.
 * @property {number} maxClockDifferenceMs
 */

/**
 * Throws BadAnswer if an answer with a CLEAR is of another moment than was asked for.
 * @param {Snapshot} snapshot
 * @param {Wanted} wanted
 */
function checkMoment(snapshot, wanted) {
  const { decidedAt, validUntil } = snapshot;
  const { moment, maxClockDifferenceMs } = wanted;
  if (decidedAt === null) {
    throw new BadAnswer('the answer is CLEAR and does not say for which moment');
  }
  if (moment !== null) {
    if (decidedAt.getTime() === moment.getTime()) return;
    throw new BadAnswer(
      `the answer is for ${decidedAt.toISOString()}, and was asked for ${moment.toISOString()}`);
  }
  const now = clock.now();
  if (Math.abs(decidedAt.getTime() - now) > maxClockDifferenceMs) {
    throw new BadAnswer(`the answer is for ${decidedAt.toISOString()}, and here it is ${
      new Date(now).toISOString()}, which is more than ${maxClockDifferenceMs} ms apart; check the `
      + 'clocks of the server and of this machine, and that no cache stands between them');
  }
  checkEnd(validUntil, snapshot, wanted);
}

/**
 * Throws BadAnswer if a CLEAR for now held no longer when it was given. As of an earlier moment the
 * server may answer for the last instant of what ended then.
 * @param {Date | null} end
 * @param {Snapshot} snapshot
 * @param {Wanted} wanted
 */
function checkEnd(end, { decidedAt }, { moment }) {
  if (moment !== null || end === null || decidedAt === null || end > decidedAt) return;
  throw new BadAnswer(`the answer is CLEAR until ${end.toISOString()}, and is for ${
    decidedAt.toISOString()}, when that was over; check what stands at that address`);
}

/**
 * Returns what an answer rests on. Throws BadAnswer if it does not say so, if it is older than was
 * asked for, or if a CLEAR is of another moment.
 * @param {Message} message
 * @param {boolean} clear
 * @param {Wanted} wanted
 */
function checkedSnapshot(message, clear, wanted) {
  const snapshot = new Snapshot(messageOf(message['snapshot'], 'snapshot that it rests on'));
  const { revision } = snapshot;
  if (clear && revision === 0n) {
    throw new BadAnswer('the answer is CLEAR and does not say at which revision');
  }
  if (revision < wanted.atLeastRevision) {
    throw new BadAnswer(`the answer is of revision ${revision}, older than was asked for`);
  }
  if (clear) checkMoment(snapshot, wanted);
  return snapshot;
}

/**
 * Makes an answer of a dnc.v1.CheckNumberResponse. Throws BadAnswer.
 * @param {Phone} asked
 * @param {string} text
 * @param {unknown} json
 * @param {Wanted} wanted
 */
export function answerOfCheck(asked, text, json, wanted) {
  const response = messageOf(json, 'content');
  const result = messageOf(response['result'], 'result');
  const clear = verdictOf(result['verdict'], 'verdict') === Verdict.CLEAR;
  return answerOfResult(asked, text, result, checkedSnapshot(response, clear, wanted), wanted);
}

/**
 * The answer to one request, checked.
 * @typedef {object} Batch
 * @property {readonly Verdict[]} verdicts
 * @property {readonly number[]} reasons
 * @property {Snapshot} snapshot
 * @property {Date} end
 * @property {ReadonlyMap<number, Date>} earlierEnds
 * @property {readonly Answer[] | null} details
 */

/**
 * Reads a dnc.v1.ScrubResponse. Throws BadAnswer for one that is not of exactly these numbers.
 * @param {unknown} json
 * @param {readonly Phone[]} asked
 * @param {readonly string[]} texts
 * @param {boolean} details
 * @param {Wanted} wanted
 * @returns {Batch}
 */
function batchOf(json, asked, texts, details, wanted) {
  const response = messageOf(json, 'content');
  const verdicts = listOf(response['verdicts'], 'verdicts', verdictOf);
  const reasons = listOf(response['reasons'], 'reasons', smallOf);
  const count = texts.length;
  if (verdicts.length !== count || reasons.length !== count) {
    throw new BadAnswer(`the server answered ${verdicts.length} verdicts and ${reasons.length} `
      + `sets of reasons for ${count} numbers`);
  }
  const clear = verdicts.includes(Verdict.CLEAR);
  const snapshot = checkedSnapshot(response, clear, wanted);
  /** @type {Map<number, Date>} */
  const earlierEnds = new Map();
  for (const entry of listOf(response['earlierEnds'], 'earlier ends', messageOf)) {
    const end = timeOf(entry['validUntil'], 'end');
    const index = smallOf(entry['index'], 'index');
    if (end === null || index >= count) {
      throw new BadAnswer('the answer tells an end without a time, or of a number that was not '
        + 'asked about');
    }
    if (verdicts[index] === Verdict.CLEAR) checkEnd(end, snapshot, wanted);
    earlierEnds.set(index, end);
  }
  return {
    verdicts,
    reasons,
    snapshot,
    end: endOf(snapshot, earlierEnds.size > 0),
    earlierEnds,
    details: details ? detailsOf(response, verdicts, asked, texts, snapshot, wanted) : null,
  };
}

/**
 * @param {Message} response
 * @param {readonly Verdict[]} verdicts
 * @param {readonly Phone[]} asked
 * @param {readonly string[]} texts
 * @param {Snapshot} snapshot
 * @param {Wanted} wanted
 */
function detailsOf(response, verdicts, asked, texts, snapshot, wanted) {
  const results = listOf(response['results'], 'details', messageOf);
  if (results.length !== texts.length) {
    throw new BadAnswer(`the server told details of ${results.length} numbers, and ${
      texts.length} were asked`);
  }
  return results.map((result, index) => {
    if (verdictOf(result['verdict'], 'verdict') !== verdicts[index]) {
      throw new BadAnswer('the details contradict the verdicts');
    }
    return answerOfResult(asked[index], texts[index] ?? '', result, snapshot, wanted);
  });
}

/**
 * Returns until when the answers of a batch hold that do not end earlier. The lists' ends tell,
 * unless one of them has passed: such an end may belong to numbers that are STALE, or to a list
 * that only informs, and the others hold until the end of the whole batch.
 * @param {Snapshot} snapshot
 * @param {boolean} someEndEarlier
 */
function endOf(snapshot, someEndEarlier) {
  if (!someEndEarlier && snapshot.validUntil !== null) return snapshot.validUntil;
  const end = earliest(snapshot.lists.map((list) => list.validUntil)) ?? FOREVER;
  const over = snapshot.decidedAt !== null && end < snapshot.decidedAt;
  return over && snapshot.validUntil !== null ? snapshot.validUntil : end;
}

/**
 * The answers for numbers, in the order asked: an `Answer` each, whatever went wrong.
 *
 *     for (const answer of await client.scrub(leads)) {
 *       if (answer.mayCall) dial(answer.asked);
 *     }
 *
 * `error` tells why some have no answer.
 */
export class ScrubResult {
  /** @type {readonly Phone[]} */
  #asked;
  /** @type {({batch: Batch, index: number} | undefined)[]} */
  #found;
  /** @type {Snapshot[]} */
  #snapshots = [];
  /** @type {DncError | null} */
  #error = null;

  /** @param {readonly Phone[]} asked */
  constructor(asked) {
    this.#asked = asked;
    this.#found = new Array(asked.length);
  }

  /** Why numbers have no answer; null if every number that was given has one. */
  get error() {
    return this.#error;
  }

  /** Whether every number that was given has an answer. */
  get ok() {
    return this.#error === null;
  }

  /** Throws `error` if there is one; otherwise returns this result. */
  throwIfError() {
    if (this.#error !== null) throw this.#error;
    return this;
  }

  /** How many numbers were given. */
  get length() {
    return this.#asked.length;
  }

  /** How many numbers have an answer from the server. */
  get answered() {
    return this.#found.reduce((count, found) => count + (found === undefined ? 0 : 1), 0);
  }

  /**
   * What the answers rest on, one for each request that was answered, in order.
   * @returns {readonly Snapshot[]}
   */
  get snapshots() {
    return [...this.#snapshots];
  }

  /**
   * The revisions that answered, ascending, each once.
   * @returns {readonly bigint[]}
   */
  get revisions() {
    const all = [...new Set(this.#snapshots.map((snapshot) => snapshot.revision))];
    return all.sort((a, b) => (a < b ? -1 : 1));
  }

  /**
   * False if the lists or the tenant's records changed while the server was asked: the numbers were
   * asked about in several requests, or several servers have answered. True says that of one server
   * alone: equal revisions of two servers need not be one state.
   */
  get isOfOneRevision() {
    return this.revisions.length <= 1;
  }

  /**
   * Returns the answer for the number at `index` of those that were given; past the ends one that
   * permits no call.
   * @param {number} index
   * @returns {Answer}
   */
  at(index) {
    const found = this.#found[index];
    if (found === undefined) return new Answer(this.#asked[index]);
    const { batch, index: place } = found;
    return batch.details?.[place] ?? new Answer(this.#asked[index], {
      verdict: batch.verdicts[place] ?? Verdict.UNKNOWN,
      reasons: reasonsOf(batch.reasons[place] ?? 0),
      validUntil: batch.earlierEnds.get(place) ?? batch.end,
      snapshot: batch.snapshot,
    });
  }

  /** @returns {Generator<Answer, void, undefined>} */
  * [Symbol.iterator]() {
    for (let index = 0; index < this.length; ++index) yield this.at(index);
  }

  /** Returns the numbers that may be called, as they were given. */
  callable() {
    return Array.from(this).filter((answer) => answer.mayCall).map((answer) => answer.asked);
  }

  /** Writes the answers, and the error's message. */
  toJSON() {
    return { answers: Array.from(this), error: this.#error?.message ?? null };
  }

  /**
   * @internal Adds the answer for the numbers at `places`, whose texts were sent. Throws BadAnswer
   * for one that is not of exactly these numbers, and then changes nothing.
   * @param {readonly number[]} places
   * @param {readonly string[]} texts
   * @param {unknown} json
   * @param {boolean} details
   * @param {Wanted} wanted
   */
  add(places, texts, json, details, wanted) {
    const asked = places.map((place) => this.#asked[place]);
    const batch = batchOf(json, asked, texts, details, wanted);
    this.#snapshots.push(batch.snapshot);
    places.forEach((place, index) => {
      this.#found[place] = { batch, index };
    });
  }

  /**
   * @internal Tells why the rest has no answer.
   * @param {DncError} error
   */
  fail(error) {
    this.#error = error;
  }
}
