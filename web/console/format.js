// How numbers, times and names are written.
import {h} from "./dom.js";

const COUNT = new Intl.NumberFormat("en-US");
const DAY = new Intl.DateTimeFormat("en-US", {month: "short", day: "numeric", year: "numeric"});
const DATA_DAY = new Intl.DateTimeFormat("en-US", {
  month: "short", day: "numeric", year: "numeric", timeZone: "UTC"});
const MOMENT = new Intl.DateTimeFormat("en-US", {
  month: "short", day: "numeric", year: "numeric", hour: "2-digit", minute: "2-digit",
  hourCycle: "h23"});
const MINUTE = 60, HOUR = 3600, DAY_SECONDS = 86400;

// 64-bit integers come as text.
export function count(value) {
  try {
    return COUNT.format(BigInt(value ?? 0));
  } catch {
    return "?";
  }
}
export const plural = (value, one, many) =>
  `${count(value)} ${String(value ?? 0) === "1" ? one : many}`;

// Seconds since 1970, or null.
export const seconds = (timestamp) => timestamp ? Date.parse(timestamp) / 1000 : null;
export const day = (at) => DAY.format(new Date(at * 1000));
// The day of published data: files have a date, which stands for the beginning of that day in UTC.
export const dataDay = (at) => DATA_DAY.format(new Date(at * 1000));
export const moment = (at) => MOMENT.format(new Date(at * 1000));

// "12 days", "3 hours"; rounded down, so that nothing seems to last longer than it does.
export function span(length) {
  const whole = Math.max(0, Math.floor(length));
  if (!Number.isFinite(whole)) return "an unknown time";
  if (whole >= 2 * DAY_SECONDS) return plural(Math.floor(whole / DAY_SECONDS), "day", "days");
  if (whole >= 2 * HOUR) return plural(Math.floor(whole / HOUR), "hour", "hours");
  if (whole >= 2 * MINUTE) return plural(Math.floor(whole / MINUTE), "minute", "minutes");
  return plural(whole, "second", "seconds");
}

export const relative = (at, now) =>
  at > now ? `in ${span(at - now)}` : `${span(now - at)} ago`;

// A moment as an element; its title has the exact time.
export function time(timestamp, how = moment) {
  if (!timestamp) return "–";
  return h("time", {datetime: timestamp, title: timestamp}, how(seconds(timestamp)));
}

// VERDICT_NOT_COVERED as "not covered", without its prefix.
export const word = (value, prefix) =>
  String(value ?? "").replace(new RegExp(`^${prefix}_`), "").toLowerCase().replaceAll("_", " ");

export function bytes(value) {
  let size = Number(value ?? 0);
  for (const unit of ["B", "KB", "MB", "GB"]) {
    if (size < 1000) return `${size < 10 && unit !== "B" ? size.toFixed(1) : Math.round(size)} ${unit}`;
    size /= 1000;
  }
  return `${size.toFixed(1)} TB`;
}

// "2015550123" as "201 555 0123".
export function phone(digits) {
  const text = String(digits).padStart(10, "0");
  return `${text.slice(0, 3)} ${text.slice(3, 6)} ${text.slice(6)}`;
}

// Nanoseconds as seconds; null where nothing was measured.
export const duration = (nanoseconds) => Number(nanoseconds ?? 0) / 1e9 || null;

export function latency(length) {
  if (length === null || Number.isNaN(length)) return "–";
  if (length < 0.001) return `${(length * 1e6).toPrecision(3)} µs`;
  if (length < 1) return `${(length * 1e3).toPrecision(3)} ms`;
  return `${length.toPrecision(3)} s`;
}
