/**
 * Asks a dncd before a call whether it may be made.
 *
 *     const client = new Client();
 *     for (const answer of await client.scrub(['(201) 555-0123', '+1 212 555 0147'])) {
 *       if (answer.mayCall) dial(answer.asked);
 *     }
 *
 * Fails closed: whatever goes wrong, a number that the server has not answered CLEAR may not be
 * called.
 * @module
 */
export { Answer, ListSnapshot, Match, ScrubResult, Snapshot } from './answers.js';
export { Client } from './client.js';
export {
  BadAnswer, DeadlinePassed, DncError, InvalidRequest, NotFound, NotReached, NotRecorded,
  Overloaded, PermissionDenied, StorageFailed, Unauthenticated, Unavailable,
} from './errors.js';
export { FOREVER } from './message.js';
export { WriteResult } from './records.js';
export { AreaCodeCoverage, Coverage, ListStatus, ServerStatus } from './status.js';
export { Channel, CoverageState, Effect, Rule, Verdict, WriteOutcome } from './values.js';

/** @typedef {import('./client.js').CallOptions} CallOptions */
/** @typedef {import('./client.js').CheckOptions} CheckOptions */
/** @typedef {import('./client.js').OptOutOptions} OptOutOptions */
/** @typedef {import('./client.js').ScrubOptions} ScrubOptions */
/** @typedef {import('./numbers.js').Phone} Phone */
/** @typedef {import('./settings.js').ClientOptions} ClientOptions */
/** @typedef {import('./values.js').Reason} Reason */
