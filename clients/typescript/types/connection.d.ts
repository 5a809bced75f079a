export namespace waits {
    /**
     * @param {number} milliseconds
     * @param {AbortSignal | undefined} signal
     * @returns {Promise<void>}
     */
    function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void>;
}
export class Connection {
    /** @param {Settings} settings */
    constructor(settings: Settings);
    /**
     * Makes a request, again as long as attempts and time are left, and returns the JSON of the
     * answer. Repeated is what failed as Unavailable: after a random wait between half of the backoff
     * and all of it, which doubles each time. So is what failed with the time after which to come
     * again, after that time and up to as much more. Nothing else is repeated. Throws DncError, or
     * the reason of `signal` once that is aborted.
     * @param {string} method
     * @param {string} path
     * @param {string | null} body JSON
     * @param {AbortSignal | undefined} signal
     * @returns {Promise<unknown>}
     */
    call(method: string, path: string, body: string | null, signal: AbortSignal | undefined): Promise<unknown>;
    #private;
}
export type Settings = import("./settings.js").Settings;
