// Reads messages of the contract from JSON, strictly: what is not as protobuf's JSON mapping has it
// is no answer of a dncd, and fails as BadAnswer. A field that is missing or null is not set; an
// entry of a list is never null.
import { BadAnswer } from './errors.js';

/** @typedef {Readonly<Record<string, unknown>>} Message */

const MAX_UINT32 = 2 ** 32 - 1;
const MAX_UINT64 = 2n ** 64n - 1n;

/** The moment of what has no end. */
export const FOREVER = Object.freeze(new Date(8.64e15));

/**
 * What a server has told. JSON.stringify writes its bigints as texts.
 */
export class Told {
  /** @returns {Record<string, unknown>} */
  toJSON() {
    return Object.fromEntries(Object.entries(this).map(
      ([name, value]) => [name, typeof value === 'bigint' ? String(value) : value]));
  }
}

/**
 * @param {string} what
 * @param {string} wanted
 */
function wrong(what, wanted) {
  return new BadAnswer(`the answer's ${what} is not ${wanted}`);
}

/**
 * @param {unknown} value
 * @param {string} what
 * @returns {Message | null}
 */
export function optionalMessageOf(value, what) {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value)) throw wrong(what, 'an object');
  return /** @type {Message} */ (value);
}

/**
 * @param {unknown} value
 * @param {string} what
 * @returns {Message}
 */
export function messageOf(value, what) {
  const message = optionalMessageOf(value, what);
  if (message === null) throw new BadAnswer(`the answer has no ${what}`);
  return message;
}

/**
 * @template T
 * @param {unknown} value
 * @param {string} what
 * @param {(entry: unknown, what: string) => T} read
 * @returns {T[]}
 */
export function listOf(value, what, read) {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrong(what, 'a list');
  return value.map((entry) => {
    if (entry === null) throw wrong(what, 'a list of values');
    return read(entry, what);
  });
}

/**
 * @param {unknown} value
 * @param {string} what
 * @returns {string}
 */
export function textOf(value, what) {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw wrong(what, 'a text');
  return value;
}

/**
 * @param {unknown} value
 * @param {string} what
 * @returns {boolean}
 */
export function flagOf(value, what) {
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean') throw wrong(what, 'true or false');
  return value;
}

/**
 * A value of 32 bits.
 * @param {unknown} value
 * @param {string} what
 * @returns {number}
 */
export function smallOf(value, what) {
  if (value === undefined || value === null) return 0;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > MAX_UINT32) {
    throw wrong(what, 'an integer of 32 bits');
  }
  return value;
}

/**
 * A value of 64 bits, which JSON has as a text.
 * @param {unknown} value
 * @param {string} what
 * @returns {bigint}
 */
export function bigOf(value, what) {
  if (value === undefined || value === null) return 0n;
  if (typeof value !== 'string' || !/^[0-9]{1,20}$/.test(value) || BigInt(value) > MAX_UINT64) {
    throw wrong(what, 'a text of digits');
  }
  return BigInt(value);
}

/**
 * A time; null if it is not set. What is finer than a millisecond is cut off, so that nothing seems
 * to hold longer than it does.
 * @param {unknown} value
 * @param {string} what
 * @returns {Date | null}
 */
export function timeOf(value, what) {
  if (value === undefined || value === null) return null;
  const parts = typeof value === 'string'
    ? /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.exec(value) : null;
  const time = parts === null ? NaN : Date.parse(`${parts[1]}${(parts[2] ?? '').slice(0, 4)}${
    parts[3]}`);
  if (Number.isNaN(time)) throw wrong(what, 'a time');
  return new Date(time);
}

/**
 * A value of an enumeration: by the name that the server gives it, or `unknown` for a name or
 * number that this version does not know.
 * @template {string} T
 * @template {T} U
 * @param {unknown} value
 * @param {string} what
 * @param {string} prefix
 * @param {{readonly [Name in T]: Name}} values
 * @param {U} unknown
 * @returns {T}
 */
export function nameOf(value, what, prefix, values, unknown) {
  if (value === undefined || value === null || Number.isInteger(value)) return unknown;
  if (typeof value !== 'string') throw wrong(what, 'a name');
  const name = value.startsWith(prefix) ? value.slice(prefix.length) : '';
  return Object.hasOwn(values, name) ? values[/** @type {T} */ (name)] : unknown;
}

/**
 * Returns a time as JSON has it.
 * @param {Date} time
 * @param {string} what
 */
export function timeText(time, what) {
  if (!(time instanceof Date) || Number.isNaN(time.getTime())) {
    throw new TypeError(`${what} is no valid Date`);
  }
  return time.toISOString();
}
