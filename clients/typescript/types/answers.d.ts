/**
 * Makes an answer of a dnc.v1.CheckNumberResponse. Throws BadAnswer.
 * @param {Phone} asked
 * @param {string} text
 * @param {unknown} json
 * @param {Wanted} wanted
 */
export function answerOfCheck(asked: Phone, text: string, json: unknown, wanted: Wanted): Answer;
/** The release of a list that an answer rests on. */
export class ListSnapshot extends Told {
    /**
     * @param {unknown} value A dnc.v1.ListSnapshot.
     * @param {string} what
     */
    constructor(value: unknown, what: string);
    /** @readonly */
    readonly list: string;
    /**
     * Which version of the list: it grows with every load; 0 if none is loaded.
     * @readonly
     */
    readonly releaseId: bigint;
    /**
     * When the data came from its publisher: the oldest among the area codes asked about.
     * @readonly
     */
    readonly obtainedAt: Date | null;
    /** @readonly */
    readonly validUntil: Date | null;
    /** @readonly */
    readonly digest: string;
    /** @readonly */
    readonly knownBySilenceAt: Date | null;
}
/** What an answer rests on. */
export class Snapshot extends Told {
    /** @param {Message} message A dnc.v1.Snapshot. */
    constructor(message: Message);
    /**
     * Every change of lists up to this one is in the answer.
     * @readonly
     */
    readonly revision: bigint;
    /** @readonly */
    readonly decidedAt: Date | null;
    /** @readonly */
    readonly validUntil: Date | null;
    /**
     * @readonly
     * @type {readonly ListSnapshot[]}
     */
    readonly lists: readonly ListSnapshot[];
    /** When the oldest data was obtained on which the answer rests. */
    get obtainedAt(): Date | null;
    /** How many milliseconds old that data was at the moment that the answer is for. */
    get dataAgeMs(): number | null;
}
/** An entry of a list that holds the number. */
export class Match extends Told {
    /**
     * @param {unknown} value A dnc.v1.Match.
     * @param {string} what
     */
    constructor(value: unknown, what: string);
    /** @readonly */
    readonly list: string;
    /** @readonly */
    readonly effect: "UNKNOWN" | "WIRELESS" | "DENY" | "INFORM" | "EXEMPT";
    /** @readonly */
    readonly listedSince: Date | null;
    /**
     * False: it was listed then or before.
     * @readonly
     */
    readonly listedSinceExact: boolean;
    /** @readonly */
    readonly releaseId: bigint;
    /** @readonly */
    readonly obtainedAt: Date | null;
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
    constructor(asked: Phone, facts?: AnswerFacts | null);
    /**
     * The number as it was given.
     * @readonly
     */
    readonly asked: import("./numbers.js").Phone;
    /**
     * @readonly
     * @type {Verdict}
     */
    readonly verdict: Verdict;
    /**
     * All that apply, ascending.
     * @readonly
     * @type {readonly Reason[]}
     */
    readonly reasons: readonly Reason[];
    /**
     * Until when the verdict holds, by all that is known now; a later load or write may change it
     * sooner. Null if nothing holds, FOREVER for a verdict without an end.
     * @readonly
     */
    readonly validUntil: Date | null;
    /**
     * What the answer rests on; null if there is no answer.
     * @readonly
     */
    readonly snapshot: Snapshot | null;
    /**
     * Ten digits; empty if malformed, or if details were not asked for.
     * @readonly
     */
    readonly number: string;
    /**
     * The rule that decided; with details.
     * @readonly
     * @type {Rule}
     */
    readonly rule: Rule;
    /**
     * The rule in a sentence; with details.
     * @readonly
     */
    readonly explanation: string;
    /**
     * Every list that holds the number; with details.
     * @readonly
     * @type {readonly Match[]}
     */
    readonly matches: readonly Match[];
    /** True only if the server has answered CLEAR for exactly this number. */
    get mayCall(): boolean;
    /** @override */
    override toJSON(): {
        mayCall: boolean;
    };
}
export namespace clock {
    function now(): number;
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
    /** @param {readonly Phone[]} asked */
    constructor(asked: readonly Phone[]);
    /** Why numbers have no answer; null if every number that was given has one. */
    get error(): DncError | null;
    /** Whether every number that was given has an answer. */
    get ok(): boolean;
    /** Throws `error` if there is one; otherwise returns this result. */
    throwIfError(): this;
    /** How many numbers were given. */
    get length(): number;
    /** How many numbers have an answer from the server. */
    get answered(): number;
    /**
     * What the answers rest on, one for each request that was answered, in order.
     * @returns {readonly Snapshot[]}
     */
    get snapshots(): readonly Snapshot[];
    /**
     * The revisions that answered, ascending, each once.
     * @returns {readonly bigint[]}
     */
    get revisions(): readonly bigint[];
    /**
     * False if the lists or the tenant's records changed while the server was asked: the numbers were
     * asked about in several requests, or several servers have answered. True says that of one server
     * alone: equal revisions of two servers need not be one state.
     */
    get isOfOneRevision(): boolean;
    /**
     * Returns the answer for the number at `index` of those that were given; past the ends one that
     * permits no call.
     * @param {number} index
     * @returns {Answer}
     */
    at(index: number): Answer;
    /** Returns the numbers that may be called, as they were given. */
    callable(): import("./numbers.js").Phone[];
    /** Writes the answers, and the error's message. */
    toJSON(): {
        answers: Answer[];
        error: string | null;
    };
    /**
     * @internal Adds the answer for the numbers at `places`, whose texts were sent. Throws BadAnswer
     * for one that is not of exactly these numbers, and then changes nothing.
     * @param {readonly number[]} places
     * @param {readonly string[]} texts
     * @param {unknown} json
     * @param {boolean} details
     * @param {Wanted} wanted
     */
    add(places: readonly number[], texts: readonly string[], json: unknown, details: boolean, wanted: Wanted): void;
    /**
     * @internal Tells why the rest has no answer.
     * @param {DncError} error
     */
    fail(error: DncError): void;
    /** @returns {Generator<Answer, void, undefined>} */
    [Symbol.iterator](): Generator<Answer, void, undefined>;
    #private;
}
/**
 * Of what an answer must be to permit calls.
 */
export type Wanted = {
    atLeastRevision: bigint;
    /**
     * What `asOf` or `asAnsweredAt` asked for; null: now.
     */
    moment: Date | null;
    maxClockDifferenceMs: number;
};
/**
 * The answer to one request, checked.
 */
export type Batch = {
    verdicts: readonly Verdict[];
    reasons: readonly number[];
    snapshot: Snapshot;
    end: Date;
    earlierEnds: ReadonlyMap<number, Date>;
    details: readonly Answer[] | null;
};
export type Message = import("./message.js").Message;
export type Phone = import("./numbers.js").Phone;
export type Reason = import("./values.js").Reason;
export type AnswerFacts = {
    verdict: Verdict;
    reasons: readonly Reason[];
    validUntil: Date | null;
    snapshot: Snapshot;
    number?: string;
    rule?: Rule;
    explanation?: string;
    matches?: readonly Match[];
};
import { Told } from './message.js';
import { Verdict } from './values.js';
import { Rule } from './values.js';
import { DncError } from './errors.js';
