/**
 * Asks a dncd over HTTP. Fails closed: an error, a timeout, a short answer and a verdict that this
 * version does not know all mean do-not-call.
 */
export class Client {
    /**
     * Throws TypeError or RangeError for settings that cannot be right; the first call connects.
     * @param {ClientOptions} [options]
     */
    constructor(options?: ClientOptions);
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
    scrub(numbers: Iterable<Phone>, options?: ScrubOptions): Promise<ScrubResult>;
    /**
     * Asks for everything that is known about one number, as `scrub` with details. A text that is no
     * number is no error: its verdict is INVALID. Throws DncError if there is no answer.
     * @param {Phone} number
     * @param {CheckOptions} [options]
     * @returns {Promise<Answer>}
     */
    check(number: Phone, options?: CheckOptions): Promise<Answer>;
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
    addOptOuts(numbers: Iterable<Phone>, options?: OptOutOptions): Promise<readonly WriteResult[]>;
    /**
     * Does the same for one number.
     * @param {Phone} number
     * @param {OptOutOptions} [options]
     * @returns {Promise<WriteResult>}
     */
    addOptOut(number: Phone, options?: OptOutOptions): Promise<WriteResult>;
    /**
     * What the server is and holds; with an operator's key.
     * @param {CallOptions} [options]
     * @returns {Promise<ServerStatus>}
     */
    status(options?: CallOptions): Promise<ServerStatus>;
    /**
     * What a published list covers; with an operator's key.
     * @param {string} [list]
     * @param {CallOptions} [options]
     * @returns {Promise<Coverage>}
     */
    coverage(list?: string, options?: CallOptions): Promise<Coverage>;
    #private;
}
export type Phone = import("./numbers.js").Phone;
export type ClientOptions = import("./settings.js").ClientOptions;
export type CallOptions = {
    /**
     * Ends the call, which then throws the reason of the signal.
     */
    signal?: AbortSignal;
};
export type QuestionOptions = {
    /**
     * For whom the calls are made within the tenant, BRAND or BRAND/CAMPAIGN; empty: the strictest
     * answer.
     */
    scope?: string;
    /**
     * As the lists were at that moment, by all that is known now.
     */
    asOf?: Date;
    /**
     * What the server answered at that moment; not together with
     * `asOf`.
     */
    asAnsweredAt?: Date;
    /**
     * Only from a snapshot of that revision or a later one. Revisions are each server's own: give it
     * only if the same server answers that told it.
     */
    atLeastRevision?: bigint | string;
};
export type CheckOptions = CallOptions & QuestionOptions;
export type DetailOptions = {
    /**
     * Also the rule that decided, in words, and every match; and the numbers are compared. Without them
     * the count alone shows that an answer belongs to its question.
     */
    details?: boolean;
};
export type ScrubOptions = CheckOptions & DetailOptions;
export type OptOutFacts = {
    /**
     * A do-not-call list of the tenant; `internal` unless given.
     */
    listId?: string;
    /**
     * How it came.
     */
    channel?: Channel;
    reason?: string;
    note?: string;
    /**
     * When it was said; now unless given.
     */
    madeAt?: Date;
    madeBy?: string;
    /**
     * 1 to 64 bytes. To repeat a write that failed, repeat it with the same id; one is made unless
     * given.
     */
    requestId?: string;
};
export type OptOutOptions = CallOptions & OptOutFacts;
import { ScrubResult } from './answers.js';
import { Answer } from './answers.js';
import { WriteResult } from './records.js';
import { ServerStatus } from './status.js';
import { Coverage } from './status.js';
import { Channel } from './values.js';
