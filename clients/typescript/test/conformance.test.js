// Plays the vectors that all clients have in common.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import * as dnc from '@dnc/client';
import { clock } from '../src/answers.js';
import { waits } from '../src/connection.js';
import { play } from './player.js';

const FOLDER = new URL('../../conformance/vectors/', import.meta.url);
const KINDS = {
  bad_answer: dnc.BadAnswer,
  unavailable: dnc.Unavailable,
  deadline: dnc.DeadlinePassed,
  overloaded: dnc.Overloaded,
  unauthenticated: dnc.Unauthenticated,
  permission_denied: dnc.PermissionDenied,
  invalid_request: dnc.InvalidRequest,
  storage: dnc.StorageFailed,
  not_recorded: dnc.NotRecorded,
};
const CALLS = {
  scrub: (client, numbers, options) => client.scrub(numbers, options),
  scrub_details: (client, numbers, options) => client.scrub(numbers, { ...options, details: true }),
  check: (client, [number], options) => client.check(number, options),
  add_opt_outs: (client, numbers) => client.addOptOuts(numbers),
};

// The client waits no longer than it must for its answers.
waits.sleep = async () => {};

/** What a client says: for each number whether it is so, and the error. */
async function ask(client, vector) {
  const { call, numbers, at_least_revision: atLeastRevision } = vector;
  const asOf = vector.as_of === null ? undefined : new Date(vector.as_of);
  clock.now = () => Date.parse(vector.now);
  let told;
  let error = null;
  try {
    told = await CALLS[call](client, numbers, { atLeastRevision, asOf });
  } catch (thrown) {
    error = thrown;
  }
  if (told instanceof dnc.ScrubResult) {
    return [Array.from(told, (answer) => answer.mayCall), told.error];
  }
  if (told instanceof dnc.Answer) return [[told.mayCall], null];
  const results = told ?? (error instanceof dnc.NotRecorded ? error.results : numbers);
  return [Array.from(results, (result) => result.recorded === true), error];
}

function checkError(error, expected) {
  if (expected === 'either') return;
  if (expected === null) {
    assert.equal(error, null);
    return;
  }
  assert(error instanceof dnc.DncError, `no error, instead of ${expected}`);
  if (expected === 'error') assert.equal(error.constructor, dnc.DncError);
  else if (expected !== 'any') assert(error instanceof KINDS[expected], String(error));
}

const vectors = readdirSync(FOLDER).sort().flatMap(
  (name) => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')).vectors);

test('there are vectors of every call', () => {
  assert.deepEqual([...new Set(vectors.map((vector) => vector.call))].sort(),
    Object.keys(CALLS).sort());
});

for (const vector of vectors) {
  const answers = vector.answers.map((answer) => answer.http);
  if (answers.includes(null)) continue; // it cannot happen over HTTP
  test(`${vector.call}: ${vector.name}`, async () => {
    const server = await play(answers);
    try {
      const client = new dnc.Client(
        { address: server.url, deadlineMs: 1000 * vector.deadline_seconds });
      const [said, error] = await ask(client, vector);
      const { expect } = vector;
      assert.deepEqual(said, expect.may_call ?? expect.recorded);
      checkError(error, expect.error);
      const { length: came } = server.requests;
      if (expect.requests !== undefined) assert.equal(came, expect.requests);
    } finally {
      await server.close();
    }
  });
}
