// A user's program with @dnc/client, against a real server: dnc_client.mjs SETTINGS.json
//
// Ends with 0 and the line `ok` if the client has told all that it should.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as dnc from '@dnc/client';

const SETTINGS = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const LISTED = String(SETTINGS.listed);
const FREE = String(SETTINGS.free);

function connect(key, more = {}) {
  return new dnc.Client({
    address: `${SETTINGS.ca ? 'https' : 'http'}://${SETTINGS.http}`,
    deadlineMs: 1000 * SETTINGS.patience, key, ...more });
}

const client = connect(SETTINGS.key);
const operator = connect(SETTINGS.operator_key);

async function scrubs() {
  const asked = [FREE, LISTED, null, 'no number', '(201) 555-0100', '+1.201.555.0199', '3015550100',
    '\ud800', '', BigInt(FREE)];
  const expected = ['CLEAR', 'LISTED', 'UNKNOWN', 'INVALID', 'LISTED', 'CLEAR', 'NOT_COVERED',
    'INVALID', 'INVALID', 'CLEAR'];
  for (const details of [false, true]) {
    const result = (await client.scrub(asked, { details })).throwIfError();
    assert.deepEqual(Array.from(result, (answer) => answer.verdict), expected);
    assert.deepEqual(Array.from(result, (answer) => answer.asked), asked);
    const listed = result.at(1);
    assert.deepEqual(listed.reasons, ['NATIONAL']);
    assert(listed.validUntil > new Date());
    assert.equal(listed.snapshot.obtainedAt.getTime(), Date.parse(SETTINGS.obtained_at));
    assert.equal(listed.matches.length, details ? 1 : 0);
    assert.equal(listed.rule, details ? 'NATIONAL' : 'UNKNOWN');
  }
}

async function checks() {
  assert.equal((await client.check(FREE)).mayCall, true);
  const listed = await client.check('201/555-0100', { scope: 'brand/campaign' });
  assert.equal(listed.verdict, 'LISTED');
  assert.equal(listed.number, LISTED);
  assert.equal(listed.matches[0].list, 'national');
  assert(listed.explanation.length > 10);
  for (const text of ['', '.', '..', '?', '%', '%2e', '/', '#', '\u0000', 'ü😀', 'x'.repeat(100)]) {
    assert.equal((await client.check(text)).verdict, 'INVALID', JSON.stringify(text));
  }
}

async function manyNumbers() {
  const large = connect(SETTINGS.key, { batchSize: 25_000 });
  const asked = Array.from({ length: 25_000 }, (_, i) => (i % 7 === 0 ? LISTED : FREE));
  const result = (await large.scrub(asked)).throwIfError();
  assert(Array.from(result).every(({ mayCall }, i) => mayCall === (i % 7 !== 0)));
  assert.equal(result.snapshots.length, 3); // of 10,000 each, which the server has told
}

async function optOuts() {
  const number = '2015550198';
  assert.equal((await client.check(number)).mayCall, true);
  const written = await client.addOptOut(number, { channel: 'CALL', reason: 'asked us',
    madeAt: new Date(), requestId: 'the-first' });
  assert.equal(written.outcome, 'ADDED');
  const after = await client.scrub([number], { atLeastRevision: written.revision });
  assert.deepEqual(after.at(0).reasons, ['OWN_DO_NOT_CALL']);
  const [again] = await client.addOptOuts([number], { channel: 'CALL', requestId: 'other' });
  assert(again.recorded);
  await assert.rejects(client.addOptOut(FREE, { requestId: 'the-first' }),
    (error) => error instanceof dnc.InvalidRequest && error.reason === 'REQUEST_ID_REUSED');
  const error = await client.addOptOuts([number, 'no number']).then(
    assert.fail, (thrown) => thrown);
  assert(error instanceof dnc.NotRecorded, String(error));
  assert.deepEqual(error.results.map(({ recorded }) => recorded), [true, false]);
  // A write of several requests can be repeated as a whole.
  const small = connect(SETTINGS.key, { batchSize: 2 });
  const numbers = ['2015550195', '2015550196', '2015550197'];
  for (let time = 0; time < 2; ++time) {
    const results = await small.addOptOuts(numbers, { requestId: 'several' });
    assert.deepEqual(results.map(({ outcome }) => outcome), ['ADDED', 'ADDED', 'ADDED']);
  }
  assert.deepEqual((await client.scrub(numbers)).callable(), []);
}

async function errors() {
  const stranger = connect(`dnck_${'x'.repeat(43)}`);
  assert((await stranger.scrub([FREE])).error instanceof dnc.Unauthenticated);
  await assert.rejects(client.status(), dnc.PermissionDenied);
  const ahead = await client.scrub([FREE], { atLeastRevision: 2n ** 63n });
  assert(ahead.error instanceof dnc.NotReached, String(ahead.error));
  assert.equal(ahead.at(0).mayCall, false);
  const future = new Date(Date.now() + 7 * 86_400_000);
  await assert.rejects(client.check(FREE, { asOf: future }), dnc.InvalidRequest);
  await assert.rejects(client.addOptOut(FREE, { listId: 'no-such-list' }), dnc.NotFound);
  await assert.rejects(operator.coverage('no-such-list'), dnc.NotFound);
}

async function operators() {
  const status = await operator.status();
  assert.equal(status.lists[0].list, 'national');
  assert.equal(status.maxBatch, 10_000);
  assert(status.numbers > 0n && status.revision > 0n && status.startedAt < new Date());
  const coverage = await operator.coverage();
  assert.deepEqual(coverage.areaCodes.map(({ areaCode, state }) => [areaCode, state]),
    [['201', 'COVERED']]);
}

await Promise.all([scrubs(), checks(), manyNumbers(), optOuts(), errors(), operators()]);
console.log('ok');
