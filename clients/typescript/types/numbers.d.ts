/**
 * Returns what to send for a number; null if there is nothing to ask about. Throws TypeError for a
 * JavaScript number and whatever else is neither text nor bigint: they are mistakes of the program,
 * and none of its numbers can be relied on.
 * @param {Phone} phone
 * @returns {string | null}
 */
export function wireText(phone: Phone): string | null;
/**
 * Returns the ten digits that a text means if that is plain to see: ten ASCII digits, or more with
 * a leading 1 or 001, between usual signs. Returns '' if only the server can tell.
 * @param {string} text
 */
export function plainDigits(text: string): string;
/**
 * Returns whether a text can mean a number of ten digits: its plain digits are the number, or the
 * digits stand in it one after the other, as in `tel:+1...`, `="..."` and `2.015550123E+09`. Digits
 * are those that a server reads, ASCII and full-width.
 * @param {string} text
 * @param {string} number
 */
export function shows(text: string, number: string): boolean;
/**
 * Returns the numbers as a list. A single text is a mistake: it would be asked by letters. So is
 * what has no entries, such as a promise: nothing would be asked or written of it.
 * @param {Iterable<Phone>} numbers
 * @returns {Phone[]}
 */
export function asList(numbers: Iterable<Phone>): Phone[];
/**
 * Returns how many bytes a value has as JSON, with the comma behind it.
 * @param {unknown} value
 */
export function sizeOf(value: unknown): number;
/**
 * Returns how many items from `start` on fit into one request, which have so many bytes; at least
 * one.
 * @param {readonly number[]} sizes
 * @param {number} start
 * @param {number} most
 */
export function batchLength(sizes: readonly number[], start: number, most: number): number;
/**
 * A number: a text in any usual writing, a bigint of ten digits (or eleven with a leading 1), or
 * nothing where a number is missing.
 */
export type Phone = string | bigint | null | undefined;
