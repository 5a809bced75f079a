/**
 * @param {unknown} value
 * @param {string} what
 * @returns {Message | null}
 */
export function optionalMessageOf(value: unknown, what: string): Message | null;
/**
 * @param {unknown} value
 * @param {string} what
 * @returns {Message}
 */
export function messageOf(value: unknown, what: string): Message;
/**
 * @template T
 * @param {unknown} value
 * @param {string} what
 * @param {(entry: unknown, what: string) => T} read
 * @returns {T[]}
 */
export function listOf<T>(value: unknown, what: string, read: (entry: unknown, what: string) => T): T[];
/**
 * @param {unknown} value
 * @param {string} what
 * @returns {string}
 */
export function textOf(value: unknown, what: string): string;
/**
 * @param {unknown} value
 * @param {string} what
 * @returns {boolean}
 */
export function flagOf(value: unknown, what: string): boolean;
/**
 * A value of 32 bits.
 * @param {unknown} value
 * @param {string} what
 * @returns {number}
 */
export function smallOf(value: unknown, what: string): number;
/**
 * A value of 64 bits, which JSON has as a text.
 * @param {unknown} value
 * @param {string} what
 * @returns {bigint}
 */
export function bigOf(value: unknown, what: string): bigint;
/**
 * A time; null if it is not set. What is finer than a millisecond is cut off, so that nothing seems
 * to hold longer than it does.
 * @param {unknown} value
 * @param {string} what
 * @returns {Date | null}
 */
export function timeOf(value: unknown, what: string): Date | null;
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
export function nameOf<T extends string, U extends T>(value: unknown, what: string, prefix: string, values: { readonly [Name in T]: Name; }, unknown: U): T;
/**
 * Returns a time as JSON has it.
 * @param {Date} time
 * @param {string} what
 */
export function timeText(time: Date, what: string): string;
/** The moment of what has no end. */
export const FOREVER: Readonly<Date>;
/**
 * What a server has told. JSON.stringify writes its bigints as texts.
 */
export class Told {
    /** @returns {Record<string, unknown>} */
    toJSON(): Record<string, unknown>;
}
export type Message = Readonly<Record<string, unknown>>;
