// A user's program, which only has to compile: what the types promise, and what they refuse.
import {
  Answer, Channel, Client, DncError, NotRecorded, Verdict, type Phone, type Reason,
  type ScrubOptions,
} from '@dnc/client';

const client = new Client({ address: 'http://127.0.0.1:8061', key: 'dnck_x', fetch });
const options: ScrubOptions = {
  scope: 'brand', atLeastRevision: 7n, signal: new AbortController().signal };

export async function dialable(leads: readonly string[]): Promise<Phone[]> {
  const result = await client.scrub(leads, { ...options, details: true });
  for (const answer of result) {
    const until: Date | null = answer.validUntil;
    const reasons: readonly Reason[] = answer.reasons;
    console.log(until, reasons.includes('NATIONAL'), answer.snapshot?.revision);
    switch (answer.verdict) {
      case Verdict.CLEAR: case 'LISTED': break;
      // @ts-expect-error There is no such verdict.
      case 'CLEER': break;
    }
    // @ts-expect-error An answer cannot be changed.
    answer.verdict = 'CLEAR';
    // @ts-expect-error It is no function.
    answer.mayCall();
  }
  return result.callable();
}

export async function optOut(number: string): Promise<bigint> {
  try {
    return (await client.addOptOut(number, { channel: Channel.CALL, requestId: 'x' })).revision;
  } catch (error) {
    if (error instanceof NotRecorded) console.log(error.requestId, error.results.length);
    if (error instanceof DncError) console.log(error.reason, error.advice, error.retryAfterMs);
    throw error;
  }
}

export async function mistakes(answer: Answer): Promise<void> {
  // @ts-expect-error A number may have lost digits.
  await client.check(2015550123);
  // @ts-expect-error So may each of a list.
  await client.scrub([2015550123]);
  // @ts-expect-error A revision has 64 bits.
  await client.check('2015550123', { atLeastRevision: 7 });
  // @ts-expect-error There is no such option.
  await client.check('2015550123', { atleastRevision: 7n });
  // @ts-expect-error There is no such channel.
  await client.addOptOut('2015550123', { channel: 'FAX' });
  // @ts-expect-error The answer must be awaited.
  if (client.check('2015550123').mayCall) console.log(answer);
  // @ts-expect-error Whether a number may be called is a fact of each answer.
  if ((await client.scrub(['2015550123'])).mayCall) console.log(answer);
}
