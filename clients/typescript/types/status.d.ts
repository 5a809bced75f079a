/** What a list is and holds. */
export class ListStatus extends Told {
    /**
     * @param {unknown} value A dnc.v1.ListStatus.
     * @param {string} what
     */
    constructor(value: unknown, what: string);
    /** @readonly */
    readonly list: string;
    /**
     * True: a number that it does not cover is NOT_COVERED.
     * @readonly
     */
    readonly required: boolean;
    /**
     * 0: none is loaded.
     * @readonly
     */
    readonly releaseId: bigint;
    /**
     * Area codes that are covered, stale, or damaged.
     * @readonly
     */
    readonly covered: number;
    /** @readonly */
    readonly stale: number;
    /** @readonly */
    readonly damaged: number;
    /** @readonly */
    readonly maxAgeDays: number;
}
/** What a server is and holds. */
export class ServerStatus extends Told {
    /** @param {unknown} json A dnc.v1.GetStatusResponse. */
    constructor(json: unknown);
    /** @readonly */
    readonly version: string;
    /** @readonly */
    readonly startedAt: Date | null;
    /** @readonly */
    readonly revision: bigint;
    /**
     * @readonly
     * @type {readonly ListStatus[]}
     */
    readonly lists: readonly ListStatus[];
    /** @readonly */
    readonly numbers: bigint;
    /**
     * The most numbers in one request; this client divides by itself.
     * @readonly
     */
    readonly maxBatch: number;
    /**
     * True while every answer is STALE because the server's clock is wrong.
     * @readonly
     */
    readonly clockBehind: boolean;
}
/** What a list holds for an area code. */
export class AreaCodeCoverage extends Told {
    /**
     * @param {unknown} value A dnc.v1.AreaCodeCoverage.
     * @param {string} what
     */
    constructor(value: unknown, what: string);
    /**
     * Three digits.
     * @readonly
     */
    readonly areaCode: string;
    /** @readonly */
    readonly state: "UNKNOWN" | "STALE" | "COVERED" | "DAMAGED";
    /** @readonly */
    readonly numbers: bigint;
    /** @readonly */
    readonly obtainedAt: Date | null;
    /** @readonly */
    readonly staleAt: Date | null;
    /** @readonly */
    readonly releaseId: bigint;
}
/** What a list covers. */
export class Coverage extends Told {
    /** @param {unknown} json A dnc.v1.GetCoverageResponse. */
    constructor(json: unknown);
    /** @readonly */
    readonly list: string;
    /** @readonly */
    readonly releaseId: bigint;
    /**
     * True: every area code as a whole, also those without an entry.
     * @readonly
     */
    readonly coversAll: boolean;
    /**
     * @readonly
     * @type {readonly AreaCodeCoverage[]}
     */
    readonly areaCodes: readonly AreaCodeCoverage[];
}
import { Told } from './message.js';
