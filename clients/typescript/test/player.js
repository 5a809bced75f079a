// A server that sends to each request what the next answer says, the last one from then on, in the
// form `http` of clients/conformance.
import { once } from 'node:events';
import { createServer } from 'node:http';

/**
 * Starts a server. `answers` may be a function of a request that returns the answer to it.
 * Returns its `url`, the `requests` that have come, and `close`.
 */
export async function play(answers) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const { method, url: path, headers } = request;
    const body = Buffer.concat(parts).toString();
    requests.push({ method, path, headers, body, json: body ? JSON.parse(body) : null });
    const answer = typeof answers === 'function' ? answers(requests.at(-1))
      : answers[Math.min(requests.length, answers.length) - 1];
    await send(answer, request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function send(answer, request, response) {
  if (answer.fault === 'silence') return;
  if (answer.fault === 'close') {
    request.socket.destroy();
    return;
  }
  const body = Buffer.from(answer.body ?? '');
  const cut = answer.fault === 'cut';
  response.writeHead(answer.status ?? 200, {
    'content-type': answer.content_type ?? 'application/json',
    // Of an answer that is cut at its very end, a byte is missing.
    'content-length': cut ? Math.max(body.length, answer.keep + 1) : body.length,
    ...(answer.status === 301 ? { location: '/elsewhere' } : {}),
    ...(answer.retry_after ? { 'retry-after': answer.retry_after } : {}),
    ...(answer.age ? { age: answer.age } : {}),
    ...answer.headers,
  });
  if (cut) {
    response.write(body.subarray(0, answer.keep), () => request.socket.end());
  } else {
    response.end(body);
  }
}

/** An answer with a JSON body. */
export function ok(json) {
  return { body: JSON.stringify(json) };
}

/** A problem+json. */
export function problem(status, reason, more = {}) {
  const { retry_after: retryAfter, ...members } = more;
  return {
    status,
    content_type: 'application/problem+json',
    retry_after: retryAfter,
    body: JSON.stringify({ type: 'about:blank', status, detail: 'a message', reason, ...members }),
  };
}

export const SNAPSHOT = {
  revision: '7',
  decidedAt: '2026-09-21T14:13:20Z',
  validUntil: '2026-10-21T14:13:20Z',
  lists: [{ list: 'national', releaseId: '3', obtainedAt: '2026-09-20T14:13:20Z',
    validUntil: '2026-10-21T14:13:20Z', digest: '' }],
};

/** The answer to a scrub: `verdicts` are names without their prefix. */
export function scrubbed(...verdicts) {
  return {
    verdicts: verdicts.map((verdict) => `VERDICT_${verdict}`),
    reasons: verdicts.map((verdict) => (verdict === 'LISTED' ? 256 : 0)),
    snapshot: SNAPSHOT,
  };
}
