// The contract's values. They are texts, the names of the contract without their prefix.

/**
 * @template {string} T
 * @param {readonly T[]} names
 * @returns {{readonly [Name in T]: Name}}
 */
function valuesOf(names) {
  const made = Object.fromEntries(names.map((name) => [name, name]));
  return /** @type {{readonly [Name in T]: Name}} */ (Object.freeze(made));
}

/**
 * The answer for a number. Only CLEAR permits a call; UNKNOWN stands where there is no answer, or
 * one that this version does not know.
 */
export const Verdict = valuesOf(
  ['UNKNOWN', 'CLEAR', 'LISTED', 'NOT_COVERED', 'STALE', 'INVALID', 'WIRELESS']);
/** @typedef {keyof typeof Verdict} Verdict */

/** The rule that decided a verdict; UNKNOWN if it was not told, or is of a later version. */
export const Rule = valuesOf([
  'UNKNOWN', 'MALFORMED', 'OWN_DO_NOT_CALL', 'LITIGATOR', 'NOT_COVERED', 'STALE', 'OTHER_LIST',
  'NATIONAL', 'STATE', 'WIRELESS', 'CONSENT', 'EBR', 'CLEAR']);
/** @typedef {keyof typeof Rule} Rule */

/** What an entry of a list means. */
export const Effect = valuesOf(['UNKNOWN', 'DENY', 'WIRELESS', 'INFORM', 'EXEMPT']);
/** @typedef {keyof typeof Effect} Effect */

/** How an opt-out came. */
export const Channel = valuesOf(['UNSPECIFIED', 'CALL', 'TEXT', 'WEB', 'IMPORT', 'AGENT']);
/** @typedef {keyof typeof Channel} Channel */

/** What became of a record of a write; UNKNOWN if the server has not acknowledged it. */
export const WriteOutcome = valuesOf(
  ['UNKNOWN', 'ADDED', 'ALREADY_THERE', 'UPDATED', 'REMOVED', 'NOT_THERE', 'REFUSED']);
/** @typedef {keyof typeof WriteOutcome} WriteOutcome */

/** Whether an area code of a list can be answered for. */
export const CoverageState = valuesOf(['UNKNOWN', 'COVERED', 'STALE', 'DAMAGED']);
/** @typedef {keyof typeof CoverageState} CoverageState */

// By the values of dnc.v1.Reason, which are places in a set of bits.
const REASONS = /** @type {const} */ ([
  '', 'MALFORMED', 'LIST_NOT_LOADED', 'AREA_CODE_NOT_LOADED', 'AREA_CODE_DAMAGED', 'RELEASE_STALE',
  'HISTORY_NOT_REACHED', '', 'NATIONAL', 'STATE', 'LITIGATOR', 'OTHER_LIST', 'WIRELESS', 'WIRELINE',
  'NOT_ENTITLED', 'OWN_DO_NOT_CALL', 'CONSENT', 'EBR', 'OWN_LISTS_UNKNOWN']);

/**
 * What led to a verdict. A reason that this version has no name for is told as `REASON_` and its
 * number, or by the name that the server gives.
 * @typedef {Exclude<typeof REASONS[number], ''> | (string & {})} Reason
 */

/** The rules that can lead to CLEAR. */
export const CLEARING_RULES = new Set(
  /** @type {Rule[]} */ ([Rule.CONSENT, Rule.EBR, Rule.CLEAR]));

/**
 * Returns the name of a reason by its number.
 * @param {number} value
 * @returns {Reason}
 */
export function reasonOf(value) {
  return REASONS[value] || `REASON_${value}`;
}

/**
 * Returns the reasons of a set: bit n stands for the one of value n.
 * @param {number} bits
 * @returns {readonly Reason[]}
 */
export function reasonsOf(bits) {
  const found = [];
  for (let value = 1; value < 32; ++value) {
    if ((bits >>> value & 1) !== 0) found.push(reasonOf(value));
  }
  return found;
}
