// What is written to a tenant's own do-not-call lists.
import { createHash } from 'node:crypto';
import { BadAnswer, NotRecorded } from './errors.js';
import { Told, bigOf, listOf, messageOf, nameOf, textOf } from './message.js';
import { WriteOutcome } from './values.js';

/** @typedef {import('./numbers.js').Phone} Phone */

/** @type {ReadonlySet<WriteOutcome>} */
const RECORDED = new Set([WriteOutcome.ADDED, WriteOutcome.ALREADY_THERE, WriteOutcome.UPDATED]);

/** What became of one opt-out. */
export class WriteResult extends Told {
  /**
   * @param {Phone} asked
   * @param {WriteOutcome} [outcome]
   * @param {string} [message]
   * @param {bigint} [revision]
   */
  constructor(asked, outcome = WriteOutcome.UNKNOWN, message = '', revision = 0n) {
    super();
    /**
     * The number as it was given.
     * @readonly
     */
    this.asked = asked;
    /** @readonly */
    this.outcome = outcome;
    /**
     * Why it was refused; or why one that is stored does not count now.
     * @readonly
     */
    this.message = message;
    /**
     * The revision of the write: a scrub of the same server with `atLeastRevision` sees it. Other
     * servers have revisions of their own.
     * @readonly
     */
    this.revision = revision;
    Object.freeze(this);
  }

  /** True only if the server has acknowledged that the opt-out is stored. */
  get recorded() {
    return RECORDED.has(this.outcome);
  }

  /** @override */
  toJSON() {
    return { ...super.toJSON(), recorded: this.recorded };
  }
}

/**
 * Reads a dnc.v1.AddNumbersResponse. Throws BadAnswer for one of another count, and for one that
 * does not say at which revision it was written.
 * @param {readonly Phone[]} asked
 * @param {unknown} json
 */
export function resultsOf(asked, json) {
  const response = messageOf(json, 'content');
  const revision = bigOf(response['revision'], 'revision');
  const results = listOf(response['results'], 'outcomes', messageOf);
  if (results.length !== asked.length) {
    throw new BadAnswer(`the server answered for ${results.length} opt-outs, and ${asked.length} `
      + 'were written; write them again');
  }
  const found = results.map((result, index) => new WriteResult(
    asked[index],
    nameOf(result['outcome'], 'outcome', 'WRITE_OUTCOME_', WriteOutcome, WriteOutcome.UNKNOWN),
    textOf(result['message'], 'message'), revision));
  if (revision === 0n && found.some((result) => result.recorded)) {
    throw new BadAnswer('the server did not say at which revision the opt-outs were written; '
      + 'write them again');
  }
  return found;
}

/**
 * Throws NotRecorded unless every opt-out was acknowledged.
 * @param {readonly WriteResult[]} results
 * @param {string} requestId
 */
export function checkRecorded(results, requestId) {
  const lost = results.filter((result) => !result.recorded);
  if (lost.length === 0) return;
  const told = lost.find((result) => result.message)?.message ?? 'no answer';
  throw new NotRecorded(`${lost.length} of ${results.length} opt-outs were not recorded: ${told}`,
    results, requestId);
}

/**
 * Returns the id of one request of a write that takes several: the same records have the same id
 * again, however they were divided before. It has 64 bytes, the most that a server takes.
 * @param {string} requestId
 * @param {readonly object[]} records
 */
export function partId(requestId, records) {
  return createHash('sha256').update(JSON.stringify([requestId, records])).digest('hex');
}
