// What callers give as numbers, and what is sent of it.

/**
 * A number: a text in any usual writing, a bigint of ten digits (or eleven with a leading 1), or
 * nothing where a number is missing.
 * @typedef {string | bigint | null | undefined} Phone
 */

// Every server takes longer texts as malformed, and they stay so when they are cut here.
const MAX_TEXT_BYTES = 80;
// This is less than any server's limit: `limits.max_request_bytes` is at least 2 MiB.
const MAX_REQUEST_BYTES = 1 << 20;

const ENCODER = new TextEncoder();
const STRICT_DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Returns what to send for a number; null if there is nothing to ask about. Throws TypeError for a
 * JavaScript number and whatever else is neither text nor bigint: they are mistakes of the program,
 * and none of its numbers can be relied on.
 * @param {Phone} phone
 * @returns {string | null}
 */
export function wireText(phone) {
  if (phone === null || phone === undefined) return null;
  if (typeof phone === 'string') return sendable(phone);
  if (typeof phone === 'bigint') {
    // A sign is no part of a number, but the server overlooks a hyphen before digits.
    return phone >= 0n && phone < 10n ** 12n ? String(phone) : '0';
  }
  throw new TypeError(
    `a phone number was given as ${typeof phone}, which may have lost digits before it came here; `
    + 'keep phone numbers as strings from the file or database on');
}

/**
 * Returns the text as JSON and UTF-8 can carry it. One that is cut in a character, or that has half
 * a surrogate, keeps its ASCII alone.
 * @param {string} text
 */
function sendable(text) {
  if (text.length <= MAX_TEXT_BYTES && /^[ -~]*$/.test(text)) return text;
  const raw = ENCODER.encode(text).subarray(0, MAX_TEXT_BYTES);
  if (!/\p{Surrogate}/u.test(text)) {
    try {
      return STRICT_DECODER.decode(raw);
    } catch {
      // It was cut in a character.
    }
  }
  return Array.from(raw, (byte) => (byte < 128 ? String.fromCharCode(byte) : '?')).join('');
}

/**
 * Returns the ten digits that a text means if that is plain to see: ten ASCII digits, or more with
 * a leading 1 or 001, between usual signs. Returns '' if only the server can tell.
 * @param {string} text
 */
export function plainDigits(text) {
  if (!/^[0-9 ().+/-]+$/.test(text)) return '';
  const digits = text.replace(/[^0-9]/g, '').replace(/^(001|1)(?=\d{10}$)/, '');
  return digits.length === 10 ? digits : '';
}

/**
 * Returns whether a text can mean a number of ten digits: its plain digits are the number, or the
 * digits stand in it one after the other, as in `tel:+1...`, `="..."` and `2.015550123E+09`. Digits
 * are those that a server reads, ASCII and full-width.
 * @param {string} text
 * @param {string} number
 */
export function shows(text, number) {
  const plain = plainDigits(text);
  if (plain) return plain === number;
  const digits = text.replace(/[\uff10-\uff19]/g,
    (digit) => String(digit.charCodeAt(0) - 0xff10)).replace(/[^0-9]/g, '');
  return digits.includes(number);
}

/**
 * Returns the numbers as a list. A single text is a mistake: it would be asked by letters. So is
 * what has no entries, such as a promise: nothing would be asked or written of it.
 * @param {Iterable<Phone>} numbers
 * @returns {Phone[]}
 */
export function asList(numbers) {
  if (typeof numbers !== 'object' || typeof numbers?.[Symbol.iterator] !== 'function') {
    throw new TypeError('give a list of numbers, such as an array; for one number there are '
      + '`check` and `addOptOut`');
  }
  return Array.from(numbers);
}

/**
 * Returns how many bytes a value has as JSON, with the comma behind it.
 * @param {unknown} value
 */
export function sizeOf(value) {
  return Buffer.byteLength(JSON.stringify(value)) + 1;
}

/**
 * Returns how many items from `start` on fit into one request, which have so many bytes; at least
 * one.
 * @param {readonly number[]} sizes
 * @param {number} start
 * @param {number} most
 */
export function batchLength(sizes, start, most) {
  let count = 0;
  let total = 0;
  for (const size of sizes.slice(start, start + most)) {
    total += size;
    if (total > MAX_REQUEST_BYTES && count > 0) break;
    ++count;
  }
  return count;
}
