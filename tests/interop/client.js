// grpc-js's client for the interoperability tests: client.js SETTINGS.json CASE...
//
// Runs the named cases, in their order, and prints a line for each: `ok NAME`, or
// `not ok NAME: WHY`. What a case means says client.py.

'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { createRequire } = require('node:module');

const SETTINGS = JSON.parse(fs.readFileSync(process.argv[2]));
const load = createRequire(path.join(SETTINGS.node_modules, 'x.js'));
const grpc = load('@grpc/grpc-js');
const protoLoader = load('@grpc/proto-loader');
const protobuf = load('protobufjs');

const LISTED = SETTINGS.listed;
const FREE = SETTINGS.free;
const PATIENCE = SETTINGS.patience;
const GZIP = { 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip };
const DEFLATE = { 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.deflate };

const OPTIONS = { longs: String, enums: String, defaults: true, bytes: Buffer, keepCase: true };
const API = grpc.loadPackageDefinition(protoLoader.loadFileDescriptorSetFromBuffer(
  fs.readFileSync(SETTINGS.descriptors), OPTIONS));

function connect(options = {}) {
  const all = { 'grpc.use_local_subchannel_pool': 1, 'grpc.max_receive_message_length': -1,
    ...options };
  const credentials = SETTINGS.ca
    ? grpc.credentials.createSsl(fs.readFileSync(SETTINGS.ca)) : grpc.credentials.createInsecure();
  const make = (Service) => new Service(SETTINGS.address, credentials, all);
  const scrub = make(API.dnc.v1.ScrubService);
  const shared = { channelOverride: scrub.getChannel() };
  const on = (Service) => new Service(SETTINGS.address, credentials, shared);
  return { scrub, lists: on(API.dnc.v1.ListService), registry: on(API.dnc.v1.RegistryService),
    health: on(API.grpc.health.v1.Health), close: () => scrub.close() };
}

const MAIN = connect();

function metadata(key, more = []) {
  const made = new grpc.Metadata();
  if (key) made.set('authorization', `Bearer ${key}`);
  for (const [name, value] of more) made.add(name, value);
  return made;
}

const KEY = metadata(SETTINGS.key);
const OPERATOR = metadata(SETTINGS.operator_key);
const within = (seconds) => ({ deadline: Date.now() + 1000 * seconds });
const sleep = (seconds) => new Promise((resolve) => { setTimeout(resolve, 1000 * seconds); });

// The answer of a call with one answer. `started.call` is the call.
function ask(client, method, request, more = {}) {
  const { keys = KEY, options = within(PATIENCE), started = {} } = more;
  return new Promise((resolve, reject) => {
    const first = request === undefined ? [] : [request];  // a stream is written to afterwards
    started.call = client[method](...first, keys, options,
      (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

const scrub = (request, more) => ask((more && more.client) || MAIN.scrub, 'Scrub', request, more);

// The reason of an error of the server's own, from its details; empty: it has none.
function reason(error) {
  const [raw] = error.metadata.get('grpc-status-details-bin');
  if (!raw) return '';
  const root = protobuf.parse(`syntax = "proto3";
    message Any { string type_url = 1; bytes value = 2; }
    message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
    message ErrorInfo { string reason = 1; string domain = 2; }`).root;
  const status = root.lookupType('Status').decode(raw);
  return root.lookupType('ErrorInfo').decode(status.details[0].value).reason;
}

async function expectError(code, why, promise) {
  let error;
  try {
    await promise;
  } catch (caught) {
    error = caught;
  }
  assert(error, `no error, instead of ${grpc.status[code]}`);
  assert.strictEqual(error.code, code, `${error.message}`);
  if (why !== null) assert.strictEqual(reason(error), why, error.details);
  return error;
}

// All answers of a stream; `each` is called for each and may wait.
async function all(stream, each = () => {}) {
  const answers = [];
  for await (const answer of stream) {
    await each(answer);
    answers.push(answer);
  }
  return answers;
}

// Writes requests as fast as the stream takes them, and then ends it.
async function writeAll(stream, requests) {
  for (const request of requests) {
    if (!stream.write(request)) await new Promise((resolve) => { stream.once('drain', resolve); });
  }
  stream.end();
}

function verdicts(answer) {
  return answer.verdicts.map((verdict) => verdict.replace('VERDICT_', ''));
}

const repeat = (count, ...values) => Array.from({ length: count }, () => values).flat();

// A request of Scrub that has so many bytes.
const ofSize = (size) => ({ texts: ['x'.repeat(size - 5)] });
const waitingScrub = (options) => scrub({ numbers: [FREE], at_least_revision: 1e9 }, options);

async function verdict() {
  const answer = await scrub({ texts: [`${LISTED}`, `${FREE}`, 'no number'] });
  assert.deepStrictEqual(verdicts(answer), ['LISTED', 'CLEAR', 'INVALID']);
}

async function compressed(options) {
  const client = connect(options);
  const answer = await scrub({ numbers: repeat(2000, LISTED, FREE) }, { client: client.scrub });
  assert.deepStrictEqual(verdicts(answer), repeat(2000, 'LISTED', 'CLEAR'));
  await expectError(grpc.status.RESOURCE_EXHAUSTED, 'LIMIT_REACHED',
    scrub(ofSize(SETTINGS.max_request_bytes + 1), { client: client.scrub }));
  client.close();
}

const CASES = {
  async empty() {
    assert.strictEqual((await ask(MAIN.health, 'Check', {})).status, 'SERVING');
    assert.strictEqual((await scrub({})).verdicts.length, 0);
  },

  verdict,

  async largest_request() {
    assert.deepStrictEqual(verdicts(await scrub(ofSize(SETTINGS.max_request_bytes))), ['INVALID']);
  },

  too_large_request: () => expectError(grpc.status.RESOURCE_EXHAUSTED, 'LIMIT_REACHED',
    scrub(ofSize(SETTINGS.max_request_bytes + 1))),

  async large_answer() {
    const answer = await scrub({ numbers: repeat(10000, LISTED), detail: 'DETAIL_FULL' });
    assert.strictEqual(answer.results.length, 10000);
  },

  error_details: () => expectError(grpc.status.INVALID_ARGUMENT, 'BATCH_TOO_LARGE',
    scrub({ numbers: repeat(10001, FREE) })),

  // Any text may stand in a message, however it travels.
  async message_text() {
    const error = await expectError(grpc.status.NOT_FOUND, 'NOT_FOUND',
      ask(MAIN.registry, 'GetCoverage', { list: 'other:grün 100%' }, { keys: OPERATOR }));
    assert(error.details.includes('other:grün 100%'), error.details);
  },

  no_key: () => expectError(grpc.status.UNAUTHENTICATED, 'UNAUTHENTICATED',
    scrub({ numbers: [FREE] }, { keys: new grpc.Metadata() })),

  unknown_method: () => expectError(grpc.status.UNIMPLEMENTED, 'NOT_SUPPORTED',
    new Promise((resolve, reject) => {
      MAIN.scrub.makeUnaryRequest('/dnc.v1.ScrubService/Nothing', () => Buffer.alloc(0),
        (bytes) => bytes, {}, KEY, within(PATIENCE),
        (error, answer) => (error ? reject(error) : resolve(answer)));
    })),

  // The status comes while the client still sends.
  async early_status() {
    const started = {};
    const answer = ask(MAIN.registry, 'UploadRelease', undefined,
      { started, keys: metadata('dnck_no') });
    let ended = false;
    const error = expectError(grpc.status.UNAUTHENTICATED, 'UNAUTHENTICATED', answer)
      .finally(() => { ended = true; });
    while (!ended) {
      started.call.write({ chunk: Buffer.alloc(50000) });
      await sleep(0.001);
    }
    await error;
  },

  async metadata() {
    const more = [['trace-bin', Buffer.from([...Array(256).keys()])], ['x-note', 'a b, c'],
      ['x-twice', '1'], ['x-twice', '2']];
    const answer = await scrub({ numbers: [FREE] }, { keys: metadata(SETTINGS.key, more) });
    assert.strictEqual(answer.verdicts.length, 1);
  },

  async too_much_metadata() {
    await expectError(grpc.status.RESOURCE_EXHAUSTED, 'LIMIT_REACHED', scrub({ numbers: [FREE] },
      { keys: metadata(SETTINGS.key, [['x-much', 'y'.repeat(20000)]]) }));
    await verdict();
  },

  gzip: () => compressed(GZIP),
  deflate: () => compressed(DEFLATE),

  async gzip_stream() {
    const client = connect(GZIP);
    const stream = client.scrub.ScrubStream(KEY, within(PATIENCE));
    writeAll(stream, repeat(20, { scrub: { numbers: repeat(100, LISTED) } }));
    const answers = await all(stream);
    assert.deepStrictEqual(answers.map((answer) => answer.scrub.verdicts.length), repeat(20, 100));
    client.close();
  },

  async deadline() {
    await expectError(grpc.status.DEADLINE_EXCEEDED, null, waitingScrub({ options: within(0.3) }));
    await expectError(grpc.status.DEADLINE_EXCEEDED, null,
      all(MAIN.lists.WatchChanges({}, KEY, within(0.3))));
  },

  async cancel() {
    const started = {};
    const waiting = waitingScrub({ started });
    const watch = MAIN.lists.WatchChanges({}, KEY);
    const watching = all(watch);
    setTimeout(() => { started.call.cancel(); watch.cancel(); }, 200);
    await expectError(grpc.status.CANCELLED, null, waiting);
    await expectError(grpc.status.CANCELLED, null, watching);
  },

  // Callers who give up are no enemies: the connection with its other calls stays.
  async many_cancels() {
    const watch = MAIN.health.Watch({});
    const watching = all(watch);
    await ask(MAIN.health, 'Check', {});
    const given = Array.from({ length: 2000 }, () => {
      const started = {};
      const answer = scrub({ numbers: [FREE] }, { started });
      setImmediate(() => started.call.cancel());
      return answer.catch((error) => assert.strictEqual(error.code, grpc.status.CANCELLED));
    });
    await Promise.all(given);
    await verdict();
    watch.cancel();
    await expectError(grpc.status.CANCELLED, null, watching);
  },

  // Question and answer by turns.
  async bidi() {
    const stream = MAIN.scrub.ScrubStream(KEY, within(PATIENCE));
    const numbers = [LISTED, FREE, LISTED];
    const next = () => (numbers.length
      ? stream.write({ scrub: { numbers: [numbers.shift()] } }) : stream.end());
    next();
    const answers = await all(stream, next);
    assert.deepStrictEqual(answers.map((answer) => verdicts(answer.scrub)[0]),
      ['LISTED', 'CLEAR', 'LISTED']);
  },

  // The reader is slower than the writer, and the answers are larger than all windows.
  async bidi_slow_reader() {
    const stream = MAIN.scrub.ScrubStream(KEY, within(PATIENCE));
    writeAll(stream, repeat(12, { scrub: { numbers: repeat(10000, LISTED),
      detail: 'DETAIL_FULL' } }));
    const answers = await all(stream, () => sleep(0.1));
    assert.deepStrictEqual(answers.map((answer) => answer.scrub.results.length),
      repeat(12, 10000));
  },

  // 20,000 records in and out again, read slowly.
  async import_export() {
    const numbers = Array.from({ length: 20000 }, (_, i) => `20156${`${i}`.padStart(5, '0')}`);
    const stream = MAIN.lists.ImportNumbers(KEY, within(PATIENCE));
    const batches = Array.from({ length: 20 }, (_, i) => ({ list_id: 'internal',
      records: numbers.slice(1000 * i, 1000 * i + 1000).map((number) => ({ number })) }));
    writeAll(stream, batches);
    const added = (await all(stream, () => sleep(0.01)))
      .reduce((sum, answer) => sum + Number(answer.added) + Number(answer.already_there), 0);
    assert.strictEqual(added, 20000);
    const parts = await all(MAIN.lists.ExportNumbers({ list_id: 'internal' }, KEY,
      within(PATIENCE)), () => sleep(0.01));
    const exported = new Set(parts.flatMap((part) => part.records.map(({ number }) => number)));
    assert(numbers.every((number) => exported.has(number)));
  },

  async watch_changes() {
    const add = (number) => ask(MAIN.lists, 'AddNumbers',
      { list_id: 'internal', records: [{ number }] });
    const { revision } = await add('2015557001');
    const watch = MAIN.lists.WatchChanges({ after_revision: revision }, KEY);
    const later = await add('2015557002');
    for await (const answer of watch) {
      if (!answer.changes.length) continue;
      assert.strictEqual(answer.revision, later.revision);
      assert.strictEqual(answer.changes[0].record.number, '2015557002');
      break;
    }
    watch.on('error', () => {});
    watch.cancel();
  },

  async health() {
    const watch = MAIN.health.Watch({ service: 'dnc.v1.ScrubService' });
    const [first] = await new Promise((resolve) => {
      watch.once('data', (answer) => resolve([answer]));
    });
    assert.strictEqual(first.status, 'SERVING');
    watch.on('error', () => {});
    watch.cancel();
    await expectError(grpc.status.NOT_FOUND, 'NOT_FOUND',
      ask(MAIN.health, 'Check', { service: 'no.such' }));
  },

  // A release in, part by part, and its load to the end.
  async upload() {
    const content = Buffer.from('201,5550100\n'.repeat(5000));
    const started = {};
    const answer = ask(MAIN.registry, 'UploadRelease', undefined, { started, keys: OPERATOR });
    const parts = [{ options: { list: 'other:interop', requested_by: 'interop',
      obtained_at: { seconds: Math.floor(Date.parse(SETTINGS.obtained_at) / 1000) } } },
    { file: { name: `interop-${Date.now()}.txt`, size_bytes: content.length } }];
    for (let at = 0; at < content.length; at += 3000) {
      parts.push({ chunk: content.subarray(at, at + 3000) });
    }
    await writeAll(started.call, parts);
    const { load: { id } } = await answer;
    const loads = await all(MAIN.registry.WatchLoad({ load_id: id }, OPERATOR, within(PATIENCE)));
    assert.strictEqual(loads.at(-1).load.state, 'LOAD_STATE_SUCCEEDED');
  },

  // More calls at once on one connection than it may have: the others wait in the client.
  async many_calls() {
    const answers = await Promise.all(Array.from({ length: 3000 },
      () => scrub({ numbers: [LISTED, FREE] })));
    for (const answer of answers) assert.deepStrictEqual(verdicts(answer), ['LISTED', 'CLEAR']);
  },

  // Pings every 10 s, which is as often as gRPC's clients can.
  async keepalive() {
    const client = connect({ 'grpc.keepalive_time_ms': 10000, 'grpc.keepalive_timeout_ms': 5000,
      'grpc.keepalive_permit_without_calls': 1 });
    const watch = client.health.Watch({});
    const watching = all(watch);
    setTimeout(() => watch.cancel(), 25000);
    await expectError(grpc.status.CANCELLED, null, watching);
    assert.strictEqual((await ask(client.health, 'Check', {})).status, 'SERVING');
    client.close();
  },

  // The server stops under load, and comes again at the same address: each call is answered, or
  // has a status that says that it may be repeated.
  async drain() {
    const statuses = {};
    let stop = false;
    let loaded;
    const underLoad = new Promise((resolve) => { loaded = resolve; });
    const askOn = async () => {
      while (!stop) {
        let code = 'OK';
        try {
          assert.deepStrictEqual(verdicts(await scrub({ numbers: [LISTED] })), ['LISTED']);
        } catch (error) {
          code = grpc.status[error.code] || error.message;
          await sleep(0.01);
        }
        statuses[code] = (statuses[code] || 0) + 1;
        if (statuses.OK === 100) loaded();
      }
    };
    const watching = expectError(grpc.status.UNAVAILABLE, null,
      all(MAIN.lists.WatchChanges({}, KEY)));
    const told = [];
    const healthWatching = expectError(grpc.status.UNAVAILABLE, null,
      all(MAIN.health.Watch({}), ({ status }) => told.push(status)));
    const asking = Array.from({ length: 8 }, askOn);
    await underLoad;
    console.log('under load');
    await new Promise((resolve) => { process.stdin.once('data', resolve); });
    process.stdin.destroy();
    await watching;
    await healthWatching;
    assert.deepStrictEqual(told, ['SERVING', 'NOT_SERVING']);  // before calls began to fail
    const ready = new grpc.Metadata({ waitForReady: true });
    assert.strictEqual((await ask(MAIN.health, 'Check', {}, { keys: ready })).status, 'SERVING');
    stop = true;
    await Promise.all(asking);
    for (const code of Object.keys(statuses)) assert(['OK', 'UNAVAILABLE'].includes(code), code);
  },
};

async function main() {
  let failed = 0;
  for (const name of process.argv.slice(3)) {
    try {
      await CASES[name]();
      console.log(`ok ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`not ok ${name}: ${`${error && error.stack}`.replace(/\s+/g, ' ')}`);
    }
  }
  process.exit(failed ? 1 : 0);
}

main();
