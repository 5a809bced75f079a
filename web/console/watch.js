// Asks the server again and again what it is and covers, and tells the line and the pages.
import {CallError, getCoverage, getStatus, onKey} from "./api.js";
import {indexed} from "./freshness.js";
import {seconds} from "./format.js";

const EVERY = 10_000;  // milliseconds
const COVERAGE_KEPT = 120;  // seconds

// What is known. Whoever reads it must look at `error` and `heardAt` too: what was answered once
// stays here, so that a page goes on showing it when the server is gone.
export const world = {status: null, coverages: new Map(), heardAt: 0, error: null, serverTime: 0};

const listeners = new Set();
export function onNews(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const here = () => Date.now() / 1000;
// Seconds by the server's clock.
export const serverNow = () => world.serverTime + (here() - world.heardAt);

let asking = null;
let again = false;
let round = 0;

// Asks now. Resolves when what the server says is known.
export function look() {
  if (asking) {
    again = true;
    return asking;
  }
  asking = ask().finally(() => {
    asking = null;
    if (again) {
      again = false;
      look();
    }
  });
  return asking;
}

async function ask() {
  const mine = ++round;
  let status, coverages;
  try {
    status = await getStatus();
    const time = seconds(status.newestKnownAt);
    const heardAt = here();
    coverages = await ofAll(status);
    if (mine !== round) return;
    Object.assign(world, {status, coverages, heardAt, error: null, serverTime: time ?? Number.NaN});
  } catch (error) {
    if (mine !== round) return;
    world.error = error instanceof CallError ? error :
      new CallError("The server's answer was not understood.", "NOT_UNDERSTOOD", 0);
    if (world.error.needsKey) {
      Object.assign(world, {status: null, coverages: new Map(), heardAt: 0});
    }
  }
  for (const listener of listeners) listener();
}

// The coverage of each list that is loaded; what cannot have changed is not asked for again.
async function ofAll(status) {
  const found = new Map();
  await Promise.all((status.lists ?? []).filter((list) => list.release).map(async (list) => {
    const known = world.coverages.get(list.list);
    const of = `${status.startedAt} ${counts(list)}`;
    const same = known && known.of === of && Math.abs(here() - known.at) < COVERAGE_KEPT;
    if (same) {
      found.set(list.list, known);
      return;
    }
    const coverage = indexed(await getCoverage(list.list));
    found.set(list.list, {...coverage, of, at: here()});
  }));
  return found;
}

const counts = (list) =>
  [list.release.id, list.covered ?? 0, list.stale ?? 0, list.damaged ?? 0].join();

export function start() {
  onKey(() => {
    ++round;  // what was asked with the key before counts no more
    Object.assign(world, {status: null, coverages: new Map(), heardAt: 0, error: null});
    for (const listener of listeners) listener();
    look();
  });
  setInterval(look, EVERY);
  // Age counts while nobody answers, too.
  setInterval(() => { for (const listener of listeners) listener({tick: true}); }, 5000);
  // Timers may have slept with the machine or behind another page: what is shown is judged anew at
  // once, and then asked for.
  const wake = () => {
    for (const listener of listeners) listener({tick: true});
    look();
  };
  for (const event of ["online", "offline", "focus", "pageshow"]) addEventListener(event, wake);
  document.addEventListener("visibilitychange", wake);
  return look();
}
