/**
 * Reads a dnc.v1.AddNumbersResponse. Throws BadAnswer for one of another count, and for one that
 * does not say at which revision it was written.
 * @param {readonly Phone[]} asked
 * @param {unknown} json
 */
export function resultsOf(asked: readonly Phone[], json: unknown): WriteResult[];
/**
 * Throws NotRecorded unless every opt-out was acknowledged.
 * @param {readonly WriteResult[]} results
 * @param {string} requestId
 */
export function checkRecorded(results: readonly WriteResult[], requestId: string): void;
/**
 * Returns the id of one request of a write that takes several: the same records have the same id
 * again, however they were divided before. It has 64 bytes, the most that a server takes.
 * @param {string} requestId
 * @param {readonly object[]} records
 */
export function partId(requestId: string, records: readonly object[]): string;
/** What became of one opt-out. */
export class WriteResult extends Told {
    /**
     * @param {Phone} asked
     * @param {WriteOutcome} [outcome]
     * @param {string} [message]
     * @param {bigint} [revision]
     */
    constructor(asked: Phone, outcome?: WriteOutcome, message?: string, revision?: bigint);
    /**
     * The number as it was given.
     * @readonly
     */
    readonly asked: import("./numbers.js").Phone;
    /** @readonly */
    readonly outcome: "UNKNOWN" | "ADDED" | "ALREADY_THERE" | "UPDATED" | "REMOVED" | "NOT_THERE" | "REFUSED";
    /**
     * Why it was refused; or why one that is stored does not count now.
     * @readonly
     */
    readonly message: string;
    /**
     * The revision of the write: a scrub of the same server with `atLeastRevision` sees it. Other
     * servers have revisions of their own.
     * @readonly
     */
    readonly revision: bigint;
    /** True only if the server has acknowledged that the opt-out is stored. */
    get recorded(): boolean;
    /** @override */
    override toJSON(): {
        recorded: boolean;
    };
}
export type Phone = import("./numbers.js").Phone;
import { Told } from './message.js';
import { WriteOutcome } from './values.js';
