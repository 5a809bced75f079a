// Takes proofs apart: prints, as JSON, what the line is after each change of a world that is fresh.
// Called with the path of the module that has the rule.
import process from "node:process";
import {pathToFileURL} from "node:url";

const {indexed, judge} = await import(pathToFileURL(process.argv[2]));
const now = 1_800_000_000, day = 86400, iso = (at) => new Date(at * 1000).toISOString();
const codes = [201, 212, 907];
const list = () => ({list: "national", effect: "LIST_EFFECT_DENY", required: true, covered: 3,
  maxAgeDays: 31, release: {id: "7", obtainedAtOldest: iso(now - 3 * day)}});
const whole = () => ({list: "wireless", effect: "LIST_EFFECT_WIRELESS", covered: 1000,
  maxAgeDays: 15, release: {id: "8", obtainedAtOldest: iso(now - day)}});
const area = (code) => ({areaCode: code, state: "COVERAGE_STATE_COVERED", staleAt: iso(now + 20 * day)});
const world = () => ({status: {lists: [list(), whole()]}, heardAt: 1000, error: null, coverages: new Map([
  ["national", {list: "national", releaseId: "7", areaCodes: codes.map(area)}],
  ["wireless", {list: "wireless", releaseId: "8", coversAll: true}]])});
const level = (change, at = now, here = 1001) => {
  const made = world();
  change?.(made, made.coverages.get("national"), made.status.lists[0], made.status.lists[1]);
  made.coverages = new Map([...made.coverages].map(([name, each]) => [name, indexed(each)]));
  return judge(made, codes, at, here).level;
};
const changes = {
  error: (w) => { w.error = {message: "", reason: "NO_ANSWER"}; },
  key: (w) => { w.error = {message: "", needsKey: true}; },
  starting: (w) => { w.error = {message: "", reason: "STARTING"}; },
  unheard: (w) => { w.heardAt = 0; },
  "no status": (w) => { w.status = null; },
  "no lists": (w) => { w.status.lists = []; },
  "lists left out": (w) => { delete w.status.lists; },
  clock: (w) => { w.status.clockBehind = true; },
  "not required": (w, c, l) => { l.required = false; },
  "no release": (w, c, l) => { delete l.release; },
  stale: (w, c, l) => { l.stale = 1; },
  damaged: (w, c, l) => { l.damaged = 1; },
  "other stale": (w, c, l, o) => { o.stale = 1; },
  "other damaged": (w, c, l, o) => { o.damaged = 1; },
  "other old": (w, c, l, o) => { o.release.obtainedAtOldest = iso(now - 15 * day); },
  "other's age unknown": (w, c, l, o) => { delete o.release.obtainedAtOldest; },
  "other covers none": (w, c, l, o) => { o.covered = 0; },
  "other unknown": (w) => { w.coverages.delete("wireless"); },
  "other release": (w, c) => { c.releaseId = "6"; },
  "no coverage": (w) => { w.coverages.clear(); },
  "no areas": (w, c) => { delete c.areaCodes; },
  "one missing": (w, c) => { c.areaCodes.pop(); },
  "one missing, counted": (w, c, l) => { c.areaCodes.pop(); l.covered = 2; },
  "one stale": (w, c) => { c.areaCodes[1].state = "COVERAGE_STATE_STALE"; },
  "one damaged": (w, c) => { c.areaCodes[1].state = "COVERAGE_STATE_DAMAGED"; },
  "one of a new kind": (w, c) => { c.areaCodes[1].state = "COVERAGE_STATE_NEW"; },
  "one without a state": (w, c) => { delete c.areaCodes[1].state; },
  "one past its end": (w, c) => { c.areaCodes[1].staleAt = iso(now); },
  "one without an end": (w, c) => { delete c.areaCodes[1].staleAt; },
  "one with a bad end": (w, c) => { c.areaCodes[1].staleAt = "soon"; },
  "one ending soon": (w, c) => { c.areaCodes[1].staleAt = iso(now + 4 * day); },
  "one too many": (w, c, l) => { l.covered = 4; },
  "a stranger stale": (w, c, l) => { c.areaCodes.push({...area(999), state: "COVERAGE_STATE_STALE"}); },
};
const found = Object.fromEntries(Object.entries(changes).map(([name, change]) => [name, level(change)]));
console.log(JSON.stringify({found, whole: level(), "no clock": level(null, NaN),
  silent: level(null, now, 1046), "back in time": level(null, now, 990), "no time": level(null, now, NaN),
  later: level(null, now + 20 * day), age: level(null, now + 14 * day), inform: level((w, c, l, o) => {
    o.effect = "LIST_EFFECT_INFORM"; o.stale = 1000; w.coverages.delete("wireless"); })}));
