// What a server holds, for operators.
import {
  Told, bigOf, flagOf, listOf, messageOf, nameOf, optionalMessageOf, smallOf, textOf, timeOf,
} from './message.js';
import { CoverageState } from './values.js';

/** What a list is and holds. */
export class ListStatus extends Told {
  /**
   * @param {unknown} value A dnc.v1.ListStatus.
   * @param {string} what
   */
  constructor(value, what) {
    super();
    const message = messageOf(value, what);
    /** @readonly */
    this.list = textOf(message['list'], what);
    /**
     * True: a number that it does not cover is NOT_COVERED.
     * @readonly
     */
    this.required = flagOf(message['required'], what);
    /**
     * 0: none is loaded.
     * @readonly
     */
    this.releaseId = bigOf(optionalMessageOf(message['release'], 'release')?.['id'], what);
    /**
     * Area codes that are covered, stale, or damaged.
     * @readonly
     */
    this.covered = smallOf(message['covered'], what);
    /** @readonly */
    this.stale = smallOf(message['stale'], what);
    /** @readonly */
    this.damaged = smallOf(message['damaged'], what);
    /** @readonly */
    this.maxAgeDays = smallOf(message['maxAgeDays'], what);
    Object.freeze(this);
  }
}

/** What a server is and holds. */
export class ServerStatus extends Told {
  /** @param {unknown} json A dnc.v1.GetStatusResponse. */
  constructor(json) {
    super();
    const message = messageOf(json, 'content');
    /** @readonly */
    this.version = textOf(message['version'], 'version');
    /** @readonly */
    this.startedAt = timeOf(message['startedAt'], 'start');
    /** @readonly */
    this.revision = bigOf(message['revision'], 'revision');
    /**
     * @readonly
     * @type {readonly ListStatus[]}
     */
    this.lists = Object.freeze(listOf(message['lists'], 'list of lists',
      (entry, what) => new ListStatus(entry, what)));
    /** @readonly */
    this.numbers = bigOf(message['numbers'], 'count of numbers');
    /**
     * The most numbers in one request; this client divides by itself.
     * @readonly
     */
    this.maxBatch = smallOf(message['maxBatch'], 'limit of numbers');
    /**
     * True while every answer is STALE because the server's clock is wrong.
     * @readonly
     */
    this.clockBehind = flagOf(message['clockBehind'], 'word of its clock');
    Object.freeze(this);
  }
}

/** What a list holds for an area code. */
export class AreaCodeCoverage extends Told {
  /**
   * @param {unknown} value A dnc.v1.AreaCodeCoverage.
   * @param {string} what
   */
  constructor(value, what) {
    super();
    const message = messageOf(value, what);
    /**
     * Three digits.
     * @readonly
     */
    this.areaCode = String(smallOf(message['areaCode'], what)).padStart(3, '0');
    /** @readonly */
    this.state = nameOf(message['state'], what, 'COVERAGE_STATE_', CoverageState,
      CoverageState.UNKNOWN);
    /** @readonly */
    this.numbers = bigOf(message['numbers'], what);
    /** @readonly */
    this.obtainedAt = timeOf(message['obtainedAt'], what);
    /** @readonly */
    this.staleAt = timeOf(message['staleAt'], what);
    /** @readonly */
    this.releaseId = bigOf(message['releaseId'], what);
    Object.freeze(this);
  }
}

/** What a list covers. */
export class Coverage extends Told {
  /** @param {unknown} json A dnc.v1.GetCoverageResponse. */
  constructor(json) {
    super();
    const message = messageOf(json, 'content');
    /** @readonly */
    this.list = textOf(message['list'], 'list');
    /** @readonly */
    this.releaseId = bigOf(message['releaseId'], 'release');
    /**
     * True: every area code as a whole, also those without an entry.
     * @readonly
     */
    this.coversAll = flagOf(message['coversAll'], 'coverage');
    /**
     * @readonly
     * @type {readonly AreaCodeCoverage[]}
     */
    this.areaCodes = Object.freeze(listOf(message['areaCodes'], 'area codes',
      (entry, what) => new AreaCodeCoverage(entry, what)));
    Object.freeze(this);
  }
}
