/**
 * Makes an error of an answer that is none; the reason tells more than the status.
 * @param {string} message
 * @param {ErrorFacts & {status: number}} facts
 */
export function errorOf(message: string, facts: ErrorFacts & {
    status: number;
}): DncError;
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
    static adviceOfClass: string;
    /**
     * @param {string} detail What the server or the connection said.
     * @param {ErrorFacts} [facts]
     */
    constructor(detail: string, facts?: ErrorFacts);
    /**
     * What the server or the connection said.
     * @readonly
     */
    readonly detail: string;
    /**
     * What to do about it.
     * @readonly
     */
    readonly advice: string;
    /**
     * The HTTP status of the answer; 0 if there was none.
     * @readonly
     */
    readonly status: number;
    /**
     * For example `QUOTA_EXCEEDED`; empty if no server gave a reason.
     * @readonly
     */
    readonly reason: string;
    /**
     * More about the reason, for example `max_batch`.
     * @readonly
     * @type {Readonly<Record<string, string>>}
     */
    readonly metadata: Readonly<Record<string, string>>;
    /**
     * The milliseconds after which to ask again; 0 if the server did not say.
     * @readonly
     */
    readonly retryAfterMs: number;
}
/** There is no connection, or the server starts or stops. It was asked again in vain. */
export class Unavailable extends DncError {
}
/** The server did not answer in time. */
export class DeadlinePassed extends DncError {
}
/** A quota or a limit of the server was reached. */
export class Overloaded extends DncError {
}
/** There is no key, or none that is live. */
export class Unauthenticated extends DncError {
}
/** The key does not permit the call. */
export class PermissionDenied extends DncError {
}
/** The server does not take the request as it is. To repeat it is in vain. */
export class InvalidRequest extends DncError {
}
/** There is no list or method of that name. */
export class NotFound extends DncError {
}
/** The server does not know the revision or the moment asked for. */
export class NotReached extends DncError {
}
/** The server could not read or write what it stores. */
export class StorageFailed extends DncError {
}
/** The answer cannot be that of a dncd to this question, so nothing of it counts. */
export class BadAnswer extends DncError {
}
/** Some opt-outs were not acknowledged. Repeat them with the same `requestId`. */
export class NotRecorded extends DncError {
    /**
     * @param {string} message
     * @param {readonly WriteResult[]} results
     * @param {string} requestId
     * @param {ErrorFacts} [facts]
     */
    constructor(message: string, results: readonly WriteResult[], requestId: string, facts?: ErrorFacts);
    /**
     * What became of each record, in the order given.
     * @readonly
     */
    readonly results: readonly import("./records.js").WriteResult[];
    /**
     * What to repeat the write with.
     * @readonly
     */
    readonly requestId: string;
}
export type WriteResult = import("./records.js").WriteResult;
export type ErrorFacts = {
    /**
     * The HTTP status of the answer; 0 if there was none.
     */
    status?: number;
    /**
     * The name of a dnc.v1.ErrorReason, without its prefix.
     */
    reason?: string;
    metadata?: Readonly<Record<string, string>>;
    retryAfterMs?: number;
    cause?: unknown;
};
export type ErrorClass = new (message: string, facts?: ErrorFacts) => DncError;
