/**
 * Returns the name of a reason by its number.
 * @param {number} value
 * @returns {Reason}
 */
export function reasonOf(value: number): Reason;
/**
 * Returns the reasons of a set: bit n stands for the one of value n.
 * @param {number} bits
 * @returns {readonly Reason[]}
 */
export function reasonsOf(bits: number): readonly Reason[];
export type Verdict = keyof typeof Verdict;
/**
 * The answer for a number. Only CLEAR permits a call; UNKNOWN stands where there is no answer, or
 * one that this version does not know.
 */
export const Verdict: {
    readonly UNKNOWN: "UNKNOWN";
    readonly CLEAR: "CLEAR";
    readonly LISTED: "LISTED";
    readonly NOT_COVERED: "NOT_COVERED";
    readonly STALE: "STALE";
    readonly INVALID: "INVALID";
    readonly WIRELESS: "WIRELESS";
};
export type Rule = keyof typeof Rule;
/** @typedef {keyof typeof Verdict} Verdict */
/** The rule that decided a verdict; UNKNOWN if it was not told, or is of a later version. */
export const Rule: {
    readonly UNKNOWN: "UNKNOWN";
    readonly CLEAR: "CLEAR";
    readonly NOT_COVERED: "NOT_COVERED";
    readonly STALE: "STALE";
    readonly WIRELESS: "WIRELESS";
    readonly MALFORMED: "MALFORMED";
    readonly OWN_DO_NOT_CALL: "OWN_DO_NOT_CALL";
    readonly LITIGATOR: "LITIGATOR";
    readonly OTHER_LIST: "OTHER_LIST";
    readonly NATIONAL: "NATIONAL";
    readonly STATE: "STATE";
    readonly CONSENT: "CONSENT";
    readonly EBR: "EBR";
};
export type Effect = keyof typeof Effect;
/** @typedef {keyof typeof Rule} Rule */
/** What an entry of a list means. */
export const Effect: {
    readonly UNKNOWN: "UNKNOWN";
    readonly WIRELESS: "WIRELESS";
    readonly DENY: "DENY";
    readonly INFORM: "INFORM";
    readonly EXEMPT: "EXEMPT";
};
export type Channel = keyof typeof Channel;
/** @typedef {keyof typeof Effect} Effect */
/** How an opt-out came. */
export const Channel: {
    readonly UNSPECIFIED: "UNSPECIFIED";
    readonly CALL: "CALL";
    readonly TEXT: "TEXT";
    readonly WEB: "WEB";
    readonly IMPORT: "IMPORT";
    readonly AGENT: "AGENT";
};
export type WriteOutcome = keyof typeof WriteOutcome;
/** @typedef {keyof typeof Channel} Channel */
/** What became of a record of a write; UNKNOWN if the server has not acknowledged it. */
export const WriteOutcome: {
    readonly UNKNOWN: "UNKNOWN";
    readonly ADDED: "ADDED";
    readonly ALREADY_THERE: "ALREADY_THERE";
    readonly UPDATED: "UPDATED";
    readonly REMOVED: "REMOVED";
    readonly NOT_THERE: "NOT_THERE";
    readonly REFUSED: "REFUSED";
};
export type CoverageState = keyof typeof CoverageState;
/** @typedef {keyof typeof WriteOutcome} WriteOutcome */
/** Whether an area code of a list can be answered for. */
export const CoverageState: {
    readonly UNKNOWN: "UNKNOWN";
    readonly STALE: "STALE";
    readonly COVERED: "COVERED";
    readonly DAMAGED: "DAMAGED";
};
/**
 * What led to a verdict. A reason that this version has no name for is told as `REASON_` and its
 * number, or by the name that the server gives.
 * @typedef {Exclude<typeof REASONS[number], ''> | (string & {})} Reason
 */
/** The rules that can lead to CLEAR. */
export const CLEARING_RULES: Set<"UNKNOWN" | "CLEAR" | "NOT_COVERED" | "STALE" | "WIRELESS" | "MALFORMED" | "OWN_DO_NOT_CALL" | "LITIGATOR" | "OTHER_LIST" | "NATIONAL" | "STATE" | "CONSENT" | "EBR">;
/**
 * What led to a verdict. A reason that this version has no name for is told as `REASON_` and its
 * number, or by the name that the server gives.
 */
export type Reason = Exclude<(typeof REASONS)[number], ""> | (string & {});
/** @typedef {keyof typeof CoverageState} CoverageState */
declare const REASONS: readonly ["", "MALFORMED", "LIST_NOT_LOADED", "AREA_CODE_NOT_LOADED", "AREA_CODE_DAMAGED", "RELEASE_STALE", "HISTORY_NOT_REACHED", "", "NATIONAL", "STATE", "LITIGATOR", "OTHER_LIST", "WIRELESS", "WIRELINE", "NOT_ENTITLED", "OWN_DO_NOT_CALL", "CONSENT", "EBR", "OWN_LISTS_UNKNOWN"];
export {};
