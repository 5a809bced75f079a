// Decides whether all is fresh. It only reads what it is given, so that tests run it without a page.
//
// Green is a claim that has to be proven: the server answered a moment ago, its clock is right,
// every list that counts is loaded, and each area code that anybody could ask about is covered,
// verified and young. Whatever is missing, odd or not understood is told, and is never green.
import {count, day, plural, relative, seconds, span} from "./format.js";

// What an area code can be, the worst first: how it is told in words and, for those who don't see
// colours, by a sign.
export const CELLS = {
  damaged: {sign: "‼", words: "damaged", long: "the stored data does not match its seal"},
  stale: {sign: "✕", words: "stale", long: "older than the list may be"},
  unknown: {sign: "?", words: "not known", long: "the server's answers do not tell"},
  missing: {sign: "○", words: "not loaded", long: "a list that is required does not cover it"},
  soon: {sign: "◐", words: "stale soon", long: "fresh, and stale in a few days"},
  unentitled: {sign: "–", words: "not entitled", long: "the tenant's subscription lacks it"},
  fresh: {sign: "●", words: "fresh", long: "covered, verified and young"},
};
export const WORST_FIRST = Object.keys(CELLS);
export const worst = (states) => WORST_FIRST.find((state) => states.includes(state)) ?? "fresh";

const DAY = 86400;
// An answer that is older proves nothing about now.
export const MAX_SILENCE = 45;
// How long before its end data counts as ending: a fifth of the age that it may have, at most five
// days.
const warning = (list) => Math.min(5 * DAY, (list.maxAgeDays ?? 0) * DAY / 5);

// Lists that a verdict rests on. Those that only inform end nothing.
export const counting = (status) => (status?.lists ?? []).filter((list) =>
  (list.required || list.release) && list.effect !== "LIST_EFFECT_INFORM");

// What one list says of one area code: {state, staleAt, entry}; null if the list has nothing to do
// with it. `coverage` is undefined as long as it is not known.
export function cellOf(list, coverage, code, now) {
  if (!list.release) return list.required ? {state: "missing"} : null;
  if (!coverage || String(coverage.releaseId) !== String(list.release.id)) {
    return {state: "unknown"};
  }
  const entry = coverage.byCode.get(code);
  if (!entry && !coverage.coversAll) return list.required ? {state: "missing"} : null;
  if (!entry) return wholeList(list, now);
  const staleAt = seconds(entry.staleAt);
  const cell = {entry, staleAt, obtainedAt: entry.obtainedAt, state: "unknown"};
  if (entry.state === "COVERAGE_STATE_DAMAGED") cell.state = "damaged";
  if (entry.state === "COVERAGE_STATE_STALE") cell.state = "stale";
  if (entry.state === "COVERAGE_STATE_COVERED" && staleAt) {
    cell.state = byAge(list, staleAt, now);
  }
  return cell;
}

// An area code without an entry in a list that covers all of them.
function wholeList(list, now) {
  const obtained = seconds(list.release.obtainedAtOldest);
  if (list.stale) return {state: "stale"};
  if (!obtained || !list.maxAgeDays) return {state: "unknown"};
  const staleAt = obtained + list.maxAgeDays * DAY;
  return {state: byAge(list, staleAt, now), staleAt, obtainedAt: list.release.obtainedAtOldest};
}

function byAge(list, staleAt, now) {
  if (staleAt <= now) return "stale";
  return staleAt - now < warning(list) ? "soon" : "fresh";
}

// An area code over some lists: the worst of them, and of several as bad the one that ends first.
// `entitled`: null for the server itself, or whether a tenant is entitled to the area code.
export function combine(lists, coverages, code, now, entitled = null) {
  if (entitled === false) return {state: "unentitled", lists: []};
  const cells = lists.map((list) =>
    ({list: list.list, ...cellOf(list, coverages.get(list.list), code, now)}))
    .filter((cell) => cell.state);
  if (!cells.length) return {state: "missing", lists: []};
  const state = worst(cells.map((cell) => cell.state));
  const first = cells.filter((cell) => cell.state === state)
    .sort((a, b) => (a.staleAt ?? Infinity) - (b.staleAt ?? Infinity))[0];
  return {...first, state, lists: cells};
}

// The line. `world`: {status, coverages, heardAt, error, starting}; `now` in seconds by the server's
// clock, `here` in seconds by the same clock as heardAt; `codes`: the area codes in service.
// Returns {level, title, text}; the level is fresh, soon, partial, bad, unknown or lost.
export function judge(world, codes, now, here) {
  const {status, coverages, error} = world;
  if (error) return troubled(error);
  if (!status || !world.heardAt) return told("unknown", "Not known yet.", "Asking the server.");
  const silence = here - world.heardAt;
  // Whoever sets this machine's clock back must not make an old answer young.
  if (!(silence <= MAX_SILENCE && silence >= -1)) {
    return told("lost", "Not known.", `The last answer of the server is of ${
      span(silence)} ago.`);
  }
  if (!Number.isFinite(now)) return told("unknown", "Not known.", "The server tells no time.");
  if (status.clockBehind) {
    return told("bad", "Every number is STALE.",
      "The machine's clock was set back by more than a day; dncctl doctor tells more.");
  }
  const lists = counting(status);
  return broken(lists) ?? covered(lists, coverages, codes, now);
}

const told = (level, title, text) => ({level, title, text});

function troubled(error) {
  if (error.needsKey) {
    return told("unknown", "Not known.", "It takes an operator's key to see whether all is fresh.");
  }
  if (error.reason === "STARTING") {
    return told("bad", "The server is starting.", "Until its data is read and verified, no number " +
      "may be called.");
  }
  return told("lost", "Not known.", `${error.message} What is shown below is of the past.`);
}

// What the lists' own counts say against green.
function broken(lists) {
  const required = lists.filter((list) => list.required);
  if (!required.length) {
    return told("bad", "Nothing is proven.", "The server's policy requires no list.");
  }
  const absent = required.filter((list) => !list.release);
  if (absent.length) {
    return told("bad", `Not loaded: ${names(absent)}.`, "Every number that needs a missing list " +
      "is NOT_COVERED.");
  }
  const damaged = lists.filter((list) => list.damaged);
  if (damaged.length) {
    return told("bad", `Damaged: ${names(damaged)}.`, "The stored data of " +
      `${plural(sum(damaged, "damaged"), "area code", "area codes")} does not match its seal; ` +
      "load it again.");
  }
  const stale = lists.filter((list) => list.stale);
  if (stale.length) {
    return told("bad", `Stale: ${names(stale)}.`, `The data of ${
      plural(sum(stale, "stale"), "area code", "area codes")} is too old, and every number there ` +
      "that would be clear is STALE. Load new files.");
  }
  return null;
}

// What the area codes say, one by one.
function covered(lists, coverages, codes, now) {
  const all = new Set(codes);
  for (const list of lists) {
    for (const code of coverages.get(list.list)?.byCode.keys() ?? []) all.add(code);
  }
  const of = new Map(WORST_FIRST.map((state) => [state, []]));
  let first = null;
  for (const code of all) {
    const cell = combine(lists, coverages, code, now);
    of.get(cell.state).push(code);
    for (const each of cell.lists) {
      if (each.staleAt && (!first || each.staleAt < first.staleAt)) first = {...each, code};
    }
  }
  const some = (state) => of.get(state).length;
  if (some("damaged")) return told("bad", `${codesOf(of.get("damaged"))} damaged.`, "Load again.");
  if (some("stale")) {
    return told("bad", `${codesOf(of.get("stale"))} stale.`, "Load new files for them.");
  }
  if (some("unknown") || !agree(lists, coverages, now)) {
    return told("unknown", "Not known.", "The answers about coverage are not complete, or do not " +
      "agree with each other. Asking again.");
  }
  if (!all.size || !first) return told("unknown", "Not known.", "No area code is known.");
  const whole = coverages.get(first.list).coversAll;
  const until = `First stale: ${whole ? first.list : `${first.code} on ${first.list}`} ${
    relative(first.staleAt, now)}, ${day(first.staleAt)}.`;
  if (some("missing")) {
    return told("partial", `${count(all.size - some("missing"))} of ${count(all.size)} area codes ` +
      "are fresh.", `The other ${count(some("missing"))} are not loaded and answer NOT_COVERED. ${
        until}`);
  }
  if (some("soon")) {
    return told("soon", `All ${count(all.size)} area codes are fresh, ${
      count(some("soon"))} of them not for long.`, until);
  }
  return told("fresh", `All ${count(all.size)} area codes are fresh.`, until);
}

// Whether the counts of each list are those of its entries.
function agree(lists, coverages, now) {
  return lists.every((list) => {
    const coverage = coverages.get(list.list);
    if (!coverage) return false;
    if (coverage.coversAll) return (list.covered ?? 0) > 0;
    let fresh = 0;
    for (const entry of coverage.byCode.values()) {
      if (entry.state === "COVERAGE_STATE_COVERED" && seconds(entry.staleAt) > now) ++fresh;
    }
    return fresh > 0 && fresh === list.covered;
  });
}

const names = (lists) => lists.map((list) => list.list).join(", ");
const sum = (lists, field) => lists.reduce((total, list) => total + (list[field] ?? 0), 0);
const codesOf = (codes) => codes.length > 3
  ? `${count(codes.length)} area codes are`
  : `${codes.join(", ")} ${codes.length === 1 ? "is" : "are"}`;

// A coverage answer with its entries by area code.
export const indexed = (coverage) => ({...coverage,
  byCode: new Map((coverage.areaCodes ?? []).map((entry) => [entry.areaCode, entry]))});
