// What is sent of numbers, and how fields of answers are read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BadAnswer } from '@dnc/client';
import { bigOf, flagOf, listOf, nameOf, smallOf, textOf, timeOf } from '../src/message.js';
import { batchLength, plainDigits, shows, sizeOf, wireText } from '../src/numbers.js';
import { settingsOf } from '../src/settings.js';
import { Verdict, reasonsOf } from '../src/values.js';

test('a number is sent as it was written', () => {
  for (const text of ['(201) 555-0123', '', '０１２', '+1 201 555 0123 \u0000"\\']) {
    assert.equal(wireText(text), text);
  }
  assert.equal(wireText(2015550123n), '2015550123');
  assert.equal(wireText(null), null);
  assert.equal(wireText(undefined), null);
});

test('what may have lost digits is refused with advice', () => {
  for (const wrong of [2015550123, 2015550123.5, NaN, true, {}, ['2015550123'], Symbol('x')]) {
    assert.throws(() => wireText(wrong), { name: 'TypeError', message: /keep phone numbers as/ });
  }
});

test('bigints that are no numbers stay none', () => {
  for (const value of [-2015550123n, 10n ** 12n, 2n ** 64n + 2015550123n]) {
    assert.equal(wireText(value), '0');
  }
});

test('texts that cannot be sent stay no numbers', () => {
  assert.equal(wireText('\ud800(201) 555-0123'), '???(201) 555-0123');
  assert.equal(wireText('x'.repeat(100)), 'x'.repeat(80));
  assert.equal(wireText(`${'é'.repeat(39)}x€`), `${'??'.repeat(39)}x?`);
  assert.equal(wireText('é'.repeat(50)), 'é'.repeat(40));
  for (let length = 0; length < 100; ++length) {
    const sent = wireText(`${'1'.repeat(length)}😀\udc00`.slice(0, length + 3));
    assert(Buffer.byteLength(sent) <= 80);
    assert(!/\p{Surrogate}/u.test(sent));
  }
});

test('only plain digits are compared', () => {
  for (const text of ['2015550123', '(201) 555-0123', '+1.201.555.0123', '001 201 555 0123',
    '1-201/555/0123']) {
    assert.equal(plainDigits(text), '2015550123');
  }
  for (const text of ['', '201555012', '20155501234', '２０１5550123', '201-555-0123 x1',
    '2015550123\n']) {
    assert.equal(plainDigits(text), '');
  }
});

test('a clear number stands in the text', () => {
  for (const text of ['(201) 555-0123', '1 201 555 0123', 'tel:+12015550123', '="2015550123"',
    '2015550123.0', '2.015550123E+09', '２０１ 555-0123', '201\u00a0555\u20110123']) {
    assert(shows(text, '2015550123'), text);
  }
  for (const text of ['', '201-555-0124', 'tel:2015550124', '201555012.0', 'no number',
    '٢٠١٥٥٥٠١٢٣', '3210555102']) {
    assert(!shows(text, '2015550123'), text);
  }
});

test('batches are bounded by count and bytes', () => {
  assert.equal(batchLength([5, 5, 5], 0, 2), 2);
  assert.equal(batchLength([5, 5, 5], 2, 2), 1);
  assert.equal(batchLength([1 << 21, 5], 0, 9), 1);
  assert.equal(batchLength([1 << 19, 1 << 19, 1], 0, 9), 2);
  assert.equal(sizeOf('é"'), 7);
});

test('reasons are named', () => {
  assert.deepEqual(reasonsOf(0x80000000 + (1 << 8) + 1), ['NATIONAL', 'REASON_31']);
});

test('fields are read strictly', () => {
  const junk = [true, {}, 'x', 1.5, -1, [], NaN];
  const readers = [
    [bigOf, [1, 1n, '-1', '+1', ' 1', '1e3', '0x1', '', '18446744073709551616', '1\n']],
    [smallOf, ['1', 2 ** 32]],
    [timeOf, ['2026-09-21', '2026-09-21T14:13:20', '2026-13-21T14:13:20Z', 'now', 0]],
    [flagOf, ['true', 0, 1]],
    [textOf, [1]],
    [(value) => listOf(value, '', textOf), [[null], [1], { 0: 'x', length: 1 }]],
  ];
  for (const [read, more] of readers) {
    assert.doesNotThrow(() => read(null, ''));
    assert.doesNotThrow(() => read(undefined, ''));
    for (const value of [...junk.filter((one) => !accepts(read, one)), ...more]) {
      assert.throws(() => read(value, 'field'), BadAnswer, `${read.name} ${String(value)}`);
    }
  }
});

function accepts(read, value) {
  return (read === flagOf && value === true) || (read === textOf && value === 'x')
    || (Array.isArray(value) && !value.length && read.length === 1);
}

test('values of 64 bits are exact', () => {
  assert.equal(bigOf('18446744073709551615', ''), 18446744073709551615n);
  assert.equal(bigOf('9007199254740993', ''), 9007199254740993n);
});

test('times are cut to what a Date holds', () => {
  assert.equal(timeOf('2026-09-21T14:13:20.999999999Z', '').toISOString(),
    '2026-09-21T14:13:20.999Z');
  assert.equal(timeOf('2026-09-21T14:13:20.5Z', '').toISOString(), '2026-09-21T14:13:20.500Z');
  assert.equal(timeOf('9999-12-31T23:59:59Z', '').toISOString(), '9999-12-31T23:59:59.000Z');
});

test('only the names of the contract are known', () => {
  const read = (value) => nameOf(value, '', 'VERDICT_', Verdict, Verdict.UNKNOWN);
  assert.equal(read('VERDICT_CLEAR'), 'CLEAR');
  for (const other of ['CLEAR', 'VERDICT_clear', 'verdict_clear', 'VERDICT_CLEAR ', 'VERDICT_',
    'VERDICT_constructor', 'VERDICT___proto__', '', 1, 257, null, undefined]) {
    assert.equal(read(other), 'UNKNOWN', String(other));
  }
  for (const junk of [true, {}, ['VERDICT_CLEAR'], 1.5]) assert.throws(() => read(junk), BadAnswer);
});

test('settings come from the environment, and are checked', () => {
  const environment = {
    DNC_URL: ' https://dnc.example:1/a/ ', DNC_KEY: 'dnck_x\n', DNC_TENANT: 'acme' };
  const { base, headers } = settingsOf({}, environment);
  assert.equal(base, 'https://dnc.example:1/a');
  assert.deepEqual(headers, { authorization: 'Bearer dnck_x', 'dnc-tenant': 'acme' });
  assert.equal(settingsOf({ address: 'http://[::1]:8061', key: '' }, environment).base,
    'http://[::1]:8061');
  assert.equal(settingsOf({}, {}).base, 'http://127.0.0.1:8061');
  for (const empty of ['', ' \n']) {
    assert.throws(() => settingsOf({ address: empty }, environment),
      { name: 'TypeError', message: /address is empty/ });
  }
  assert.deepEqual(settingsOf({}, {}).headers, {});
  for (const address of ['127.0.0.1:8061', 'localhost:8061', 'ftp://x', 'http://', 'http://a b',
    'http://key@x', 'http://x?a', 'http://x#a']) {
    assert.throws(() => settingsOf({ address }, {}), { name: 'TypeError', message: /give http:/ });
  }
  for (const wrong of [{ deadlineMs: 0 }, { deadlineMs: NaN }, { deadlineMs: 1e9 },
    { deadlineMs: Infinity }, { maxClockDifferenceMs: 0 }, { maxClockDifferenceMs: NaN },
    { maxClockDifferenceMs: 86_400_001 }, { maxAttempts: 0 }, { batchSize: 1.5 },
    { batchSize: '9' }]) {
    assert.throws(() => settingsOf(wrong, {}), RangeError);
  }
  assert.throws(() => settingsOf({ fetch: 'x' }, {}), TypeError);
  assert.throws(() => settingsOf({ adress: 'http://x' }, {}), /there is no option "adress"/);
});

test('no message shows the key', () => {
  for (const key of ['dnck_secret x', 'dnck_secret\u0000', 'dnck_secreté']) {
    assert.throws(() => settingsOf({ key }, {}),
      (error) => error instanceof TypeError && !error.message.includes('secret'));
  }
});
