// The client against a server that is played, and against answers that are not quite right.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import * as dnc from '@dnc/client';
import { clock } from '../src/answers.js';
import { waits } from '../src/connection.js';
import { SNAPSHOT, ok, play, problem, scrubbed } from './player.js';

const CLEAR = '(201) 555-0100';
const LISTED = '201-555-0101';
const MANY_MS = 60_000; // as a deadline: longer than any test takes

const DECIDED = Date.parse(SNAPSHOT.decidedAt);
clock.now = () => DECIDED;

const waited = [];
const sleep = waits.sleep;
waits.sleep = async (milliseconds) => {
  waited.push(milliseconds);
};

/** Runs `use` with a client of a server that gives these answers. */
async function withServer(answers, use, options = {}) {
  const server = await play(answers);
  waited.length = 0;
  try {
    await use(new dnc.Client({ address: server.url, deadlineMs: MANY_MS, ...options }), server);
  } finally {
    await server.close();
  }
}

/** A client whose every request gets a response. */
function clientOf(respond) {
  return new dnc.Client({ deadlineMs: MANY_MS, fetch: async (...all) => respond(...all) });
}

function json(text) {
  return new Response(text, { headers: { 'content-type': 'application/json; charset=utf-8' } });
}

test('a scrub says who asks, and what', () => withServer([ok(scrubbed('CLEAR', 'LISTED'))],
  async (client, { requests }) => {
    const result = await client.scrub([CLEAR, LISTED], {
      scope: ' brand/campaign ', asOf: new Date('2026-09-21T14:13:20Z'), atLeastRevision: 7n });
    assert.deepEqual(Array.from(result, (answer) => answer.mayCall), [true, false]);
    assert.deepEqual(result.callable(), [CLEAR]);
    const [{ method, path, headers, json: body }] = requests;
    assert.equal(`${method} ${path}`, 'POST /v1/scrub');
    assert.equal(headers.authorization, 'Bearer dnck_x');
    assert.equal(headers['dnc-tenant'], 'acme');
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers.origin, undefined);
    assert.deepEqual(body, { texts: [CLEAR, LISTED], detail: 'DETAIL_COLUMNS',
      scope: 'brand/campaign', asOf: '2026-09-21T14:13:20.000Z', atLeastRevision: '7' });
  }, { key: 'dnck_x', tenant: 'acme' }));

test('answers tell all that is known', () => withServer([ok(scrubbed('CLEAR', 'LISTED'))],
  async (client) => {
    const result = (await client.scrub([CLEAR, LISTED])).throwIfError();
    const [clear, listed] = result;
    assert.equal(clear.asked, CLEAR);
    assert.equal(listed.verdict, dnc.Verdict.LISTED);
    assert.deepEqual(listed.reasons, ['NATIONAL']);
    assert.equal(listed.validUntil.toISOString(), '2026-10-21T14:13:20.000Z');
    assert.equal(listed.snapshot.revision, 7n);
    assert.equal(listed.snapshot.dataAgeMs, 24 * 3600 * 1000);
    assert.deepEqual(result.revisions, [7n]);
    assert(result.ok && result.isOfOneRevision);
    assert.equal(result.answered, 2);
    const told = JSON.parse(JSON.stringify(result));
    assert.equal(told.answers[0].mayCall, true);
    assert.equal(told.answers[0].snapshot.revision, '7');
  }));

test('ends that come earlier are told', () => withServer([ok({
  ...scrubbed('CLEAR', 'CLEAR'),
  earlierEnds: [{ index: 1, validUntil: '2026-09-22T00:00:00Z' }],
  snapshot: { ...SNAPSHOT, validUntil: '2026-09-22T00:00:00Z' },
})], async (client) => {
  const result = await client.scrub([CLEAR, '2015550102']);
  assert.equal(result.at(0).validUntil.toISOString(), '2026-10-21T14:13:20.000Z');
  assert.equal(result.at(1).validUntil.toISOString(), '2026-09-22T00:00:00.000Z');
}));

test('an answer is of now by the clock of the client', async () => {
  try {
    for (const [ms, good] of [[0, true], [600_000, true], [-600_000, true], [600_001, false],
      [-600_001, false], [1e12, false]]) {
      clock.now = () => DECIDED + ms;
      const result = await clientOf(() => json(JSON.stringify(scrubbed('CLEAR', 'LISTED')))).scrub(
        [CLEAR, LISTED]);
      assert.deepEqual(Array.from(result, ({ mayCall }) => mayCall), [good, false], `${ms}`);
      if (good) continue;
      assert(result.error instanceof dnc.BadAnswer);
      for (const part of [DECIDED, DECIDED + ms].map((time) => new Date(time).toISOString())) {
        assert(result.error.message.includes(part), result.error.message);
      }
      assert.match(result.error.message, /check the clocks .* no cache/);
    }
    clock.now = () => DECIDED + 6;
    const respond = async () => json(JSON.stringify(scrubbed('CLEAR')));
    for (const maxClockDifferenceMs of [5, 6]) {
      const client = new dnc.Client({ fetch: respond, maxClockDifferenceMs });
      assert.equal((await client.scrub([CLEAR])).at(0).mayCall, maxClockDifferenceMs === 6);
    }
  } finally {
    clock.now = () => DECIDED;
  }
});

test('an answer of history is of the moment asked for', async () => {
  for (const name of ['asOf', 'asAnsweredAt']) {
    const moment = new Date('2026-03-01T02:03:04.005Z');
    for (const [decidedAt, good] of [['2026-03-01T02:03:04.005Z', true],
      ['2026-03-01T02:03:04.006Z', false], [SNAPSHOT.decidedAt, false]]) {
      const client = clientOf(() => json(JSON.stringify(
        { ...scrubbed('CLEAR'), snapshot: { ...SNAPSHOT, decidedAt } })));
      const result = await client.scrub([CLEAR], { [name]: moment });
      assert.equal(result.at(0).mayCall, good, decidedAt);
      if (!good) assert(result.error instanceof dnc.BadAnswer);
    }
  }
});

test('an end of no number or without a time is none', async () => {
  const later = '2026-09-22T00:00:00Z';
  for (const [end, good] of [[{ index: 0, validUntil: later }, true],
    [{ index: 1, validUntil: later }, false], [{ index: 0 }, false]]) {
    const client = clientOf(() => json(JSON.stringify(
      { ...scrubbed('CLEAR'), earlierEnds: [end] })));
    const result = await client.scrub([CLEAR]);
    assert.equal(result.at(0).mayCall, good);
    assert.equal(result.error instanceof dnc.BadAnswer, !good);
  }
});

test('what is missing is not asked about, and may not be called', () => withServer(
  [ok(scrubbed('CLEAR', 'LISTED'))], async (client, { requests }) => {
    const result = await client.scrub([null, CLEAR, undefined, LISTED]);
    assert.deepEqual(requests[0].json.texts, [CLEAR, LISTED]);
    assert.deepEqual(Array.from(result, (answer) => answer.mayCall), [false, true, false, false]);
    assert.equal(result.at(0).verdict, 'UNKNOWN');
    assert.equal(result.answered, 2);
    for (const index of [-1, 4, 0.5, NaN, '1x']) assert.equal(result.at(index).mayCall, false);
    assert.equal((await client.check(null)).mayCall, false);
    assert.equal((await client.scrub([])).length, 0);
    assert.equal(requests.length, 1);
  }));

test('mistakes of the program are thrown before anything is asked', () => withServer(
  [ok(scrubbed('CLEAR'))], async (client, { requests }) => {
    const wrong = [
      client.scrub([CLEAR, 2015550100]), client.scrub(CLEAR), client.check(2015550100),
      client.scrub([CLEAR], { atleastRevision: 9n }), client.scrub([CLEAR], { atLeastRevision: 9 }),
      client.scrub([CLEAR], { asOf: '2026-09-21' }), client.scrub([CLEAR], { scope: 5 }),
      client.check(CLEAR, { asOf: new Date('never') }), client.check(CLEAR, { details: true }),
      client.addOptOut(2015550100), client.addOptOut(CLEAR, { channel: 'FAX' }),
      client.addOptOut(CLEAR, { madeAt: 1 }), client.status({ scope: 'x' }),
      ...[CLEAR, undefined, null, {}, { length: 1 }, 5, Promise.resolve([CLEAR])].flatMap(
        (none) => [client.addOptOuts(none), client.scrub(none)]),
    ];
    for (const call of wrong) await assert.rejects(call, TypeError);
    await assert.rejects(client.addOptOut(CLEAR, { listId: '../consents' }), RangeError);
    await assert.rejects(client.addOptOut(CLEAR, { requestId: '' }), RangeError);
    await assert.rejects(client.addOptOut(CLEAR, { requestId: 'é'.repeat(33) }), RangeError);
    assert.equal(requests.length, 0);
  }));

test('batches are bounded by count and by bytes, and stay in order', async () => {
  const answer = ({ json: { texts } }) => ok(scrubbed(
    ...texts.map((text) => (text.endsWith('0') ? 'CLEAR' : 'LISTED'))));
  const numbers = Array.from({ length: 250 }, (_, i) => `201555${String(i).padStart(4, '0')}`);
  await withServer(answer, async (client, { requests }) => {
    const result = await client.scrub(numbers);
    assert.deepEqual(requests.map(({ json: { texts } }) => texts.length), [100, 100, 50]);
    assert.deepEqual(Array.from(result, ({ asked, mayCall }) => [asked, mayCall]),
      numbers.map((number) => [number, number.endsWith('0')]));
    assert.equal(result.snapshots.length, 3);
  }, { batchSize: 100 });
  // As JSON, each of these has 6 bytes a character.
  const wide = Array.from({ length: 5000 }, () => '\u0001'.repeat(80));
  await withServer(answer, async (client, { requests }) => {
    assert.equal((await client.scrub(wide)).answered, wide.length);
    assert.equal(requests.length, 3);
    for (const { body } of requests) assert(body.length < (1 << 20) + 1000);
  });
});

test('a server that takes fewer is asked for fewer from then on', () => withServer(
  ({ json: { texts } }) => (texts.length > 2
    ? problem(400, 'BATCH_TOO_LARGE', texts.length > 4 ? {} : { metadata: { max_batch: '2' } })
    : ok(scrubbed(...texts.map(() => 'LISTED')))),
  async (client, { requests }) => {
    const numbers = Array.from({ length: 8 }, () => LISTED);
    assert.equal((await client.scrub(numbers)).answered, 8);
    assert.deepEqual(requests.map(({ json: { texts } }) => texts.length), [8, 4, 2, 2, 2, 2]);
    await client.scrub(numbers);
    assert.equal(requests.length, 10);
  }));

test('a check tells everything', () => withServer([ok({
  result: {
    number: '2015550101', verdict: 'VERDICT_LISTED', rule: 'RULE_NATIONAL', explanation: 'why',
    reasons: ['REASON_NATIONAL', 'REASON_TO_COME', 31],
    matches: [{ list: 'national', effect: 'LIST_EFFECT_DENY', listedSinceExact: true,
      listedSince: '2003-06-01T00:00:00Z', releaseId: '3' }],
  },
  snapshot: SNAPSHOT,
})], async (client, { requests }) => {
  const answer = await client.check('+1 201/555-0101',
    { scope: 'a b', atLeastRevision: '7', asAnsweredAt: new Date(0) });
  assert.equal(`${requests[0].method} ${requests[0].path}`, 'GET /v1/check/%2B1%20201%2F555-0101'
    + '?scope=a+b&asAnsweredAt=1970-01-01T00%3A00%3A00.000Z&atLeastRevision=7');
  assert.equal(requests[0].headers['cache-control'], 'no-cache');
  assert.equal(answer.mayCall, false);
  assert.equal(answer.number, '2015550101');
  assert.equal(answer.rule, 'NATIONAL');
  assert.deepEqual(answer.reasons, ['NATIONAL', 'TO_COME', 'REASON_31']);
  assert.equal(answer.matches[0].effect, 'DENY');
  assert.equal(answer.matches[0].releaseId, 3n);
  assert.equal(answer.validUntil.getTime(), dnc.FOREVER.getTime());
  for (const dots of ['', '.', '..']) await client.check(dots);
  assert.deepEqual(requests.slice(1).map(({ path }) => path), Array(3).fill('/v1/check/%3F'));
}));

test('answers cannot be changed', () => withServer([ok(scrubbed('LISTED'))], async (client) => {
  const result = await client.scrub([LISTED]);
  const answer = result.at(0);
  for (const name of ['verdict', 'mayCall', 'other']) {
    assert.throws(() => { answer[name] = 'CLEAR'; }, TypeError);
  }
  assert.throws(() => { answer.snapshot.revision = 9n; }, TypeError);
  assert.throws(() => { dnc.Verdict.LISTED = 'CLEAR'; }, TypeError);
  assert.throws(() => { result.error = null; }, TypeError);
}));

test('what is forgotten counts as no', () => {
  // A promise and a function count as true. So there is nothing that an `if` could take for a yes.
  assert(!('mayCall' in dnc.Client.prototype));
  assert(!('mayCall' in dnc.ScrubResult.prototype));
  const client = clientOf(() => json('{}'));
  const forgotten = client.check(CLEAR);
  assert(!forgotten.mayCall);
  assert.throws(() => forgotten.at(0), TypeError);
  return assert.rejects(forgotten, dnc.BadAnswer);
});

test('a connection that breaks is repeated with the same bytes, and backs off', () => withServer(
  [{ fault: 'close' }, problem(503, 'STARTING'), problem(502), ok(scrubbed('CLEAR'))],
  async (client, { requests }) => {
    assert.equal((await client.scrub([CLEAR])).at(0).mayCall, true);
    assert.equal(new Set(requests.map(({ body }) => body)).size, 1);
    assert.equal(waited.length, 3);
    waited.forEach((wait, i) => assert(wait >= 25 << i && wait <= 50 << i, `${waited}`));
  }));

test('the time of a server is the least wait', async () => {
  const date = { ...problem(503, ''), headers: { 'retry-after':
    new Date(Date.now() + 20_000).toUTCString() } };
  await withServer([problem(429, 'QUOTA_EXCEEDED', { retry_after: '3' }), date,
    ok(scrubbed('CLEAR'))], async (client) => {
    assert.equal((await client.scrub([CLEAR])).ok, true);
    assert(waited[0] >= 3000 && waited[0] <= 6000, `${waited}`);
    assert(waited[1] > 0 && waited[1] <= 40_000, `${waited}`);
  });
  // Beyond the deadline nobody waits.
  await withServer([problem(429, 'QUOTA_EXCEEDED', { retry_after: '120' })],
    async (client, { requests }) => {
      const { error } = await client.scrub([CLEAR]);
      assert(error instanceof dnc.Overloaded);
      assert.equal(error.retryAfterMs, 120_000);
      assert.equal(error.status, 429);
      assert.equal(requests.length, 1);
    });
});

test('nobody there is told as unavailable', async () => {
  const server = await play([]);
  await server.close();
  const client = new dnc.Client({ address: server.url, deadlineMs: MANY_MS });
  const result = await client.scrub([CLEAR]);
  assert(result.error instanceof dnc.Unavailable);
  assert.match(result.error.message, /ECONNREFUSED.*repeat it a little later/);
  assert.equal(result.at(0).mayCall, false);
  await assert.rejects(client.check(CLEAR), dnc.Unavailable);
});

test('redirects are not followed, so the key goes nowhere else', async () => {
  const other = await play([ok(scrubbed('CLEAR'))]);
  await withServer([{ status: 307, headers: { location: `${other.url}/v1/scrub` } }],
    async (client, { requests }) => {
      const { error } = await client.scrub([CLEAR]);
      assert(error instanceof dnc.BadAnswer);
      assert.equal(requests.length, 1);
    }, { key: 'dnck_x' });
  assert.equal(other.requests.length, 0);
  await other.close();
});

test('a cache is never asked', async () => {
  const seen = [];
  const client = clientOf((url, options) => {
    seen.push(options);
    return json(JSON.stringify(scrubbed('CLEAR')));
  });
  assert.equal((await client.scrub([CLEAR])).ok, true);
  assert.equal(seen[0].cache, 'no-store');
  assert.equal(seen[0].redirect, 'manual');
});

test('an answer out of a cache is none', async () => {
  for (const [age, good] of [['0', true], ['1', false], ['86400', false], ['0, 5', false],
    ['-1', false], ['x', false]]) {
    await withServer([{ ...ok(scrubbed('CLEAR')), headers: { age } }], async (client) => {
      const result = await client.scrub([CLEAR]);
      assert.equal(result.at(0).mayCall, good, age);
      if (!good) assert.match(result.error.message, /comes out of a cache/);
      assert.equal(result.error instanceof dnc.BadAnswer, !good);
    });
  }
});

test('a caller can end a call', () => withServer([{ fault: 'silence' }], async (client) => {
  const aborter = new AbortController();
  const call = client.scrub([CLEAR], { signal: aborter.signal });
  aborter.abort(new Error('enough'));
  await assert.rejects(call, /enough/);
  await assert.rejects(client.check(CLEAR, { signal: aborter.signal }), /enough/);
}));

test('a caller can end a wait', async () => {
  const aborter = new AbortController();
  const wait = sleep(MANY_MS, aborter.signal);
  aborter.abort(new Error('enough'));
  await assert.rejects(wait, /enough/);
  await sleep(1, undefined);
});

test('errors say what to do, and never a key', () => withServer(
  [problem(403, 'SCOPE_MISSING', { metadata: { scope: 'SCRUB', odd: 5 } })], async (client) => {
    const { error } = await client.scrub([CLEAR]);
    assert(error instanceof dnc.PermissionDenied);
    assert.equal(error.name, 'PermissionDenied');
    assert.equal(error.reason, 'SCOPE_MISSING');
    assert.deepEqual(error.metadata, { scope: 'SCRUB' });
    assert.match(error.message, /^SCOPE_MISSING: a message \(use a key with the scope/);
    await assert.rejects(client.check(CLEAR), (thrown) => !inspect(thrown).includes('secret'));
    assert(!inspect(client, { showHidden: true, depth: 9 }).includes('secret'));
    assert(!JSON.stringify(client).includes('secret'));
  }, { key: 'dnck_secret' }));

test('opt-outs are written with an id that stays when they are repeated', () => withServer(
  [{ fault: 'close' }, ok({ results: [{ outcome: 'WRITE_OUTCOME_ADDED' }], revision: '8' })],
  async (client, { requests }) => {
    const result = await client.addOptOut(CLEAR, { channel: 'CALL', reason: 'said so', note: 'n',
      madeAt: new Date(0), madeBy: 'agent' });
    assert(result.recorded);
    assert.equal(result.revision, 8n);
    assert.equal(JSON.parse(JSON.stringify(result)).revision, '8');
    assert.equal(requests[0].body, requests[1].body);
    const { requestId, records } = requests[0].json;
    assert.match(requestId, /^[0-9a-f-]{36}$/);
    assert.equal(`${requests[0].method} ${requests[0].path}`,
      'POST /v1/lists/internal/numbers:add');
    assert.deepEqual(records, [{ number: CLEAR, channel: 'CHANNEL_CALL', reason: 'said so',
      note: 'n', madeAt: '1970-01-01T00:00:00.000Z', madeBy: 'agent' }]);
  }));

test('opt-outs of several requests tell which are recorded', async () => {
  const added = ({ json: { records } }) => ok({ revision: '8',
    results: records.map(() => ({ outcome: 'WRITE_OUTCOME_ADDED' })) });
  const ids = [];
  for (const failing of [0, 3]) {
    let count = 0;
    await withServer((request) => (++count === failing ? problem(429, 'DISK_FULL')
      : added(request)), async (client, { requests }) => {
      const call = client.addOptOuts(['1', '2', '3', '4', '5'], { requestId: 'mine' });
      if (failing === 0) {
        assert((await call).every((result) => result.recorded));
      } else {
        const error = await call.then(assert.fail, (thrown) => thrown);
        assert(error instanceof dnc.NotRecorded);
        assert.equal(error.requestId, 'mine');
        assert.equal(error.reason, 'DISK_FULL');
        assert.deepEqual(error.results.map((result) => result.recorded),
          [true, true, true, true, false]);
      }
      ids.push(requests.map(({ json: { requestId } }) => requestId));
    }, { batchSize: 2 });
  }
  assert.deepEqual(ids[0], ids[1]);
  assert.equal(new Set(ids[0]).size, 3);
  await withServer(added, async (client, { requests }) => {
    await client.addOptOuts(['1', '2', '3', '4', '5'], { requestId: 'other' });
    assert(requests.every(({ json: { requestId } }) => !ids[0].includes(requestId)));
  }, { batchSize: 2 });
  for (const id of ids[0]) assert.match(id, /^[0-9a-f]{64}$/);
});

test('opt-outs stand on no list that permits calls', () => withServer(
  ({ path }) => ok(path === '/v1/lists' ? { lists: [
    { listId: 'consents', kind: 'OWN_LIST_KIND_CONSENT' },
    { listId: 'agents', kind: 'OWN_LIST_KIND_INTERNAL' }] }
    : { results: [{ outcome: 'WRITE_OUTCOME_ALREADY_THERE' }], revision: '8' }),
  async (client, { requests }) => {
    await assert.rejects(client.addOptOut(CLEAR, { listId: 'consents' }), dnc.InvalidRequest);
    assert((await client.addOptOut(CLEAR, { listId: 'agents' })).recorded);
    assert((await client.addOptOut(CLEAR, { listId: 'agents' })).recorded);
    await assert.rejects(client.addOptOut(CLEAR, { listId: 'unnamed' }), dnc.NotFound);
    assert.deepEqual(requests.map(({ path }) => path), ['/v1/lists', '/v1/lists',
      '/v1/lists/agents/numbers:add', '/v1/lists/agents/numbers:add', '/v1/lists']);
  }));

test('status and coverage are told', () => withServer(({ path }) => ok(path === '/v1/status'
  ? { version: '0.1.0', startedAt: '2026-09-21T14:13:20Z', revision: '7', numbers: '260000000',
    maxBatch: 10000,
    lists: [{ list: 'national', required: true, release: { id: '3' }, covered: 2 }] }
  : { list: 'national', releaseId: '3', coversAll: false, areaCodes: [
    { areaCode: 201, state: 'COVERAGE_STATE_COVERED', numbers: '5' },
    { areaCode: 212, state: 'COVERAGE_STATE_TO_COME' }] }),
async (client, { requests }) => {
  const status = await client.status();
  assert.equal(status.numbers, 260000000n);
  assert.equal(status.lists[0].releaseId, 3n);
  const coverage = await client.coverage('state:TX');
  assert.deepEqual(coverage.areaCodes.map(({ areaCode, state }) => [areaCode, state]),
    [['201', 'COVERED'], ['212', 'UNKNOWN']]);
  assert.equal(requests[1].path, '/v1/coverage?list=state%3ATX');
}));

test('an answer without an end or of other bytes is none', async () => {
  const megabyte = new Uint8Array(1 << 20).fill(0x20);
  let sent = 0;
  const endless = () => new Response(
    new ReadableStream({ pull: (controller) => {
      ++sent;
      controller.enqueue(megabyte);
    } }), { headers: { 'content-type': 'application/json' } });
  const latin = () => json(
    Buffer.from(JSON.stringify({ ...scrubbed('CLEAR'), more: '\u00ff' }), 'latin1'));
  for (const respond of [endless, latin]) {
    assert((await clientOf(respond).scrub([CLEAR])).error instanceof dnc.BadAnswer);
  }
  assert(sent < 70);
});

/** Yields the text of a value with each part of it left out, and replaced by each other value. */
function* changes(value, write = (part) => part) {
  for (const other of [null, true, 0, 1, 99, 257, -1, 1.5, '', '0', '1', 'VERDICT_CLEAR', 'CLEAR',
    [], {}, [null], ['VERDICT_CLEAR'], ['VERDICT_CLEAR', 'VERDICT_CLEAR']]) {
    yield JSON.stringify(write(other));
  }
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    const change = (part) => write(Array.isArray(value)
      ? value.map((entry, i) => (i === Number(key) ? part : entry)) : { ...value, [key]: part });
    if (Array.isArray(value)) {
      yield JSON.stringify(write(value.filter((_, i) => i !== Number(key))));
      yield JSON.stringify(write([...value, value[key]]));
    } else {
      yield JSON.stringify(change(undefined));
    }
    yield* changes(value[key], change);
  }
}

/** Returns whether an answer, however changed, says CLEAR at a place. */
function saysClear(text, place) {
  try {
    return JSON.parse(text).verdicts[place] === 'VERDICT_CLEAR';
  } catch {
    return false;
  }
}

test('no change of an answer clears a number', async () => {
  const right = scrubbed('CLEAR', 'INVALID');
  let text = JSON.stringify(right);
  const client = clientOf(() => json(text));
  assert.deepEqual((await client.scrub([CLEAR, LISTED])).callable(), [CLEAR]);
  const cuts = Array.from({ length: text.length }, (_, i) => text.slice(0, i));
  let refused = 0;
  for (text of [...cuts, ...changes(right)]) {
    const result = await client.scrub([CLEAR, LISTED]);
    assert.equal(result.length, 2);
    for (const place of [0, 1]) {
      if (result.at(place).mayCall) assert(saysClear(text, place), text);
    }
    if (!result.ok) ++refused;
  }
  assert(refused > cuts.length);
});

test('no change of a detailed answer clears another number', async () => {
  const right = {
    result: { number: '2015550101', verdict: 'VERDICT_CLEAR', rule: 'RULE_CLEAR',
      reasons: ['REASON_WIRELINE'] },
    snapshot: { ...SNAPSHOT, lists: [] },
  };
  let text = JSON.stringify(right);
  const client = clientOf(() => json(text));
  assert.equal((await client.check(LISTED)).mayCall, true);
  for (text of changes(right)) {
    const answer = await client.check(LISTED).catch(() => new dnc.Answer(LISTED));
    if (!answer.mayCall) continue;
    const { result, snapshot } = JSON.parse(text);
    assert.equal(result.number, '2015550101');
    assert.equal(result.verdict, 'VERDICT_CLEAR');
    assert.equal(result.rule, 'RULE_CLEAR');
    assert(BigInt(snapshot.revision) > 0n, text);
  }
});
