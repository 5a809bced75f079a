// Why a call failed, and what to do. Whatever the error: call none of the numbers asked about.
//
// A server names its reason; the class tells what kind it is. A reason that this version does not
// know gets the class of its HTTP status.

/** @typedef {import('./records.js').WriteResult} WriteResult */

/**
 * @typedef {object} ErrorFacts
 * @property {number} [status] The HTTP status of the answer; 0 if there was none.
 * @property {string} [reason] The name of a dnc.v1.ErrorReason, without its prefix.
 * @property {Readonly<Record<string, string>>} [metadata]
 * @property {number} [retryAfterMs]
 * @property {unknown} [cause]
 */

/**
 * A call to a dncd that failed. The message says what happened and what to do, and never has a key
 * or a whole number in it.
 */
export class DncError extends Error {
  /** What to do about errors of this class whose reason says nothing more. */
  static adviceOfClass = "call none of the numbers; the server's log says more";

  /**
   * @param {string} detail What the server or the connection said.
   * @param {ErrorFacts} [facts]
   */
  constructor(detail, facts = {}) {
    const advice = ADVICE.get(facts.reason ?? '') ?? new.target.adviceOfClass;
    super(`${facts.reason ? `${facts.reason}: ` : ''}${detail} (${advice})`,
      facts.cause === undefined ? {} : { cause: facts.cause });
    this.name = new.target.name;
    /**
     * What the server or the connection said.
     * @readonly
     */
    this.detail = detail;
    /**
     * What to do about it.
     * @readonly
     */
    this.advice = advice;
    /**
     * The HTTP status of the answer; 0 if there was none.
     * @readonly
     */
    this.status = facts.status ?? 0;
    /**
     * For example `QUOTA_EXCEEDED`; empty if no server gave a reason.
     * @readonly
     */
    this.reason = facts.reason ?? '';
    /**
     * More about the reason, for example `max_batch`.
     * @readonly
     * @type {Readonly<Record<string, string>>}
     */
    this.metadata = facts.metadata ?? {};
    /**
     * The milliseconds after which to ask again; 0 if the server did not say.
     * @readonly
     */
    this.retryAfterMs = facts.retryAfterMs ?? 0;
  }
}

/** There is no connection, or the server starts or stops. It was asked again in vain. */
export class Unavailable extends DncError {
  static adviceOfClass = 'repeat it a little later, or at another server';
}

/** The server did not answer in time. */
export class DeadlinePassed extends DncError {
  static adviceOfClass = 'allow a longer deadline, or ask about fewer numbers at once';
}

/** A quota or a limit of the server was reached. */
export class Overloaded extends DncError {
  static adviceOfClass = 'repeat it after `retryAfterMs` milliseconds where that is set';
}

/** There is no key, or none that is live. */
export class Unauthenticated extends DncError {
  static adviceOfClass = 'put a live key into DNC_KEY, or give it as `key`';
}

/** The key does not permit the call. */
export class PermissionDenied extends DncError {
  static adviceOfClass = 'use a key that permits the call';
}

/** The server does not take the request as it is. To repeat it is in vain. */
export class InvalidRequest extends DncError {
  static adviceOfClass = 'correct the request';
}

/** There is no list or method of that name. */
export class NotFound extends DncError {
  static adviceOfClass = 'correct the name, and compare the versions of client and server';
}

/** The server does not know the revision or the moment asked for. */
export class NotReached extends DncError {
  static adviceOfClass = 'ask about another moment or revision';
}

/** The server could not read or write what it stores. */
export class StorageFailed extends DncError {
  static adviceOfClass = "the operator looks at the server's log and its disk";
}

/** The answer cannot be that of a dncd to this question, so nothing of it counts. */
export class BadAnswer extends DncError {
  static adviceOfClass = 'call none of the numbers; look at what stands at that address';
}

/** Some opt-outs were not acknowledged. Repeat them with the same `requestId`. */
export class NotRecorded extends DncError {
  static adviceOfClass = 'write again what was not acknowledged, with the same requestId';

  /**
   * @param {string} message
   * @param {readonly WriteResult[]} results
   * @param {string} requestId
   * @param {ErrorFacts} [facts]
   */
  constructor(message, results, requestId, facts = {}) {
    super(message, facts);
    /**
     * What became of each record, in the order given.
     * @readonly
     */
    this.results = results;
    /**
     * What to repeat the write with.
     * @readonly
     */
    this.requestId = requestId;
  }
}

/** @typedef {new (message: string, facts?: ErrorFacts) => DncError} ErrorClass */

/** @type {ReadonlyMap<string, ErrorClass>} */
const CLASSES = new Map(/** @type {[string, ErrorClass][]} */ ([
  ['STARTING', Unavailable],
  ['STOPPING', Unavailable],
  ['CALLER_GONE', Unavailable],
  ['DEADLINE_PASSED', DeadlinePassed],
  ['STREAM_SILENT', DeadlinePassed],
  ['BATCH_TOO_LARGE', InvalidRequest],
  ['INVALID_REQUEST', InvalidRequest],
  ['MALFORMED_CALL', InvalidRequest],
  ['NOT_SUPPORTED', NotFound],
  ['REQUEST_ID_REUSED', InvalidRequest],
  ['ALREADY_EXISTS', InvalidRequest],
  ['CHANGED_MEANWHILE', InvalidRequest],
  ['NOT_SUSPENDED', InvalidRequest],
  ['GUARD_REFUSED', InvalidRequest],
  ['CALLABLE_LIMIT', InvalidRequest],
  ['FIRST_DATA', InvalidRequest],
  ['NO_BASE', InvalidRequest],
  ['NO_DATE', InvalidRequest],
  ['NO_EARLIER_RELEASE', InvalidRequest],
  ['BAD_FILE', InvalidRequest],
  ['DAMAGED_FILE', InvalidRequest],
  ['REVISION_NOT_REACHED', NotReached],
  ['HISTORY_NOT_REACHED', NotReached],
  ['CHANGES_TOO_OLD', NotReached],
  ['NOT_FOUND', NotFound],
  ['LIMIT_REACHED', Overloaded],
  ['QUOTA_EXCEEDED', Overloaded],
  ['DISK_FULL', StorageFailed],
  ['STORAGE', StorageFailed],
  ['OWN_LISTS_DAMAGED', StorageFailed],
  ['INTERNAL', DncError],
  ['UNAUTHENTICATED', Unauthenticated],
  ['SCOPE_MISSING', PermissionDenied],
  ['TENANT_SUSPENDED', PermissionDenied],
  ['PATH_NOT_ALLOWED', PermissionDenied],
]));

// What to do where the class does not say enough.
const ADVICE = new Map([
  ['STARTING', 'repeat it in a second: the server is still reading its data'],
  ['STOPPING', 'repeat it at another server, or when this one is back'],
  ['BATCH_TOO_LARGE', 'ask about fewer numbers: the server takes `max_batch`'],
  ['MALFORMED_CALL', 'look at what stands between the client and the server'],
  ['NOT_SUPPORTED', 'compare the versions of client and server'],
  ['REQUEST_ID_REUSED', 'give a new requestId: this one wrote other records'],
  ['REVISION_NOT_REACHED', 'repeat it; if it stays so, the write was lost'],
  ['HISTORY_NOT_REACHED', 'ask about a later moment'],
  ['DISK_FULL', 'repeat the write when the operator has freed space'],
  ['OWN_LISTS_DAMAGED', "the operator restores the tenant's records"],
  ['SCOPE_MISSING', 'use a key with the scope that the message names'],
  ['TENANT_SUSPENDED', 'ask the operator why the tenant is suspended'],
]);

/** @type {ReadonlyMap<number, ErrorClass>} */
const STATUSES = new Map(/** @type {[number, ErrorClass][]} */ ([
  [400, InvalidRequest],
  [401, Unauthenticated],
  [403, PermissionDenied],
  [404, NotFound],
  [405, NotFound],
  [408, DeadlinePassed],
  [409, InvalidRequest],
  [413, Overloaded],
  [415, InvalidRequest],
  [429, Overloaded],
  [431, InvalidRequest],
  [499, Unavailable],
  [501, NotFound],
  [502, Unavailable],
  [503, Unavailable],
  [504, DeadlinePassed],
]));

/**
 * Makes an error of an answer that is none; the reason tells more than the status.
 * @param {string} message
 * @param {ErrorFacts & {status: number}} facts
 */
export function errorOf(message, facts) {
  // Nothing of a dncd answers so, or sends elsewhere.
  const other = facts.status < 400 ? BadAnswer : DncError;
  const made = CLASSES.get(facts.reason ?? '') ?? STATUSES.get(facts.status) ?? other;
  return new made(message, facts);
}
