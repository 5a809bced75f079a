// Activity: rate, latency and verdicts of the last 24 hours, as the server itself remembers them.
import uPlot from "./vendor/uplot/uPlot.esm.js";
import {getActivity} from "./api.js";
import {fill, h, table} from "./dom.js";
import {count, duration, latency, moment, seconds, time, word} from "./format.js";
import {problem} from "./key.js";
import {here} from "./watch.js";

const STEP = 5;  // minutes
const EVERY = 30_000;  // milliseconds
const VERDICTS = ["CLEAR", "LISTED", "WIRELESS", "NOT_COVERED", "STALE", "INVALID"];
const HEIGHT = 190;
const LINES = {6: "dashed", 2: "dotted"};  // how the legend shows what the lines look like
const CLOCK = new Intl.DateTimeFormat("en-US", {hour: "2-digit", minute: "2-digit", hourCycle: "h23"});
const clock = (at) => CLOCK.format(new Date(at * 1000));

export default function activity(root) {
  const figures = h("dl", {class: "figures"});
  const charts = h("div", {class: "charts"});
  const numbers = h("details", {class: "as-table"}, h("summary", null, "The same as a table"));
  const trouble = h("div");
  const body = h("div", {hidden: true}, figures, charts, numbers);
  fill(root, h("h1", null, "Activity"),
    h("p", {class: "muted"}, "All calls that decide about numbers, in steps of five minutes, at most " +
      "the last 24 hours. A restart forgets them."), body, trouble);

  let told = null;
  let drawn = [];
  let ended = false;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", draw);
  const watcher = new ResizeObserver(() => {
    for (const plot of drawn) plot.setSize({width: widthOf(plot.root.parentNode), height: HEIGHT});
  });
  const timer = setInterval(refresh, EVERY);
  refresh();
  return {end() {
    ended = true;
    clearInterval(timer);
    watcher.disconnect();
    dark.removeEventListener("change", draw);
    for (const plot of drawn) plot.destroy();
  }};

  async function refresh() {
    if (document.hidden && told) return;
    try {
      const answer = await getActivity(STEP);
      if (ended) return;
      told = answer;
      body.hidden = false;
      fill(trouble);
      showFigures();
      draw();
      showTable();
    } catch (error) {
      if (ended) return;
      if (error.needsKey) body.hidden = true;
      fill(trouble, problem(error), told && h("p", {class: "trouble"}, "What is shown is of the past."));
    }
  }

  function showFigures() {
    const total = told.total ?? {};
    const asked = (total.numbers ?? []).reduce((sum, each) => sum + BigInt(each.numbers ?? 0), 0n);
    fill(figures,
      figure("Numbers", count(asked)), figure("Answers", count(total.answers)),
      figure("Failed calls", count(total.failedCalls), total.failedCalls > 0),
      figure("p50", latency(duration(total.latencyP50Ns))),
      figure("p99", latency(duration(total.latencyP99Ns))),
      figure("p99.9", latency(duration(total.latencyP999Ns))),
      figure("Since", time(total.start)));
  }

  function draw() {
    if (!told) return;
    for (const plot of drawn) plot.destroy();
    watcher.disconnect();
    const steps = told.steps ?? [];
    const at = steps.map((step) => seconds(step.start));
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    const boxes = ["Numbers a second", "Time in the server", "Verdicts, share of numbers"].map(
      (title) => h("figure", null, h("figcaption", null, title), h("div", {class: "plot", "aria-hidden": "true"})));
    fill(charts, boxes);
    const where = boxes.map((box) => box.lastChild);
    drawn = [rate(where[0], at, steps, colour), times(where[1], at, steps, colour),
      mix(where[2], at, steps, colour)];
    for (const place of where) watcher.observe(place);
  }

  function showTable() {
    const open = numbers.open;
    const steps = (told.steps ?? []).filter((step) => step.answers && step.answers !== "0").reverse();
    const columns = [{label: "From"}, {label: "Answers", number: true},
      {label: "Failed calls", number: true},
      ...VERDICTS.map((verdict) => ({label: word(verdict, ""), number: true})),
      {label: "p50", number: true}, {label: "p99", number: true}, {label: "p99.9", number: true}];
    fill(numbers, h("summary", null, "The same as a table"),
      steps.length ? table("Activity by step", columns, steps.map((step) => h("tr", null,
        h("th", {scope: "row"}, time(step.start)),
        ...[count(step.answers), count(step.failedCalls),
          ...VERDICTS.map((verdict) => count(of(step, verdict))),
          latency(duration(step.latencyP50Ns)), latency(duration(step.latencyP99Ns)),
          latency(duration(step.latencyP999Ns))].map((cell) => h("td", {class: "number"}, cell))))) :
        h("p", {class: "muted"}, "Nothing was asked."));
    numbers.open = open;
  }
}

const figure = (name, value, wrong) =>
  h("div", {class: wrong && "wrong"}, h("dt", null, name), h("dd", null, value));
const of = (step, verdict) => Number((step.numbers ?? []).find((each) =>
  each.verdict === `VERDICT_${verdict}`)?.numbers ?? 0);
const sumOf = (step) => VERDICTS.reduce((sum, verdict) => sum + of(step, verdict), 0);
const widthOf = (place) => Math.max(200, Math.floor(place.clientWidth));

// How long a step was, in seconds: the first and the last may be shorter.
function lengths(at) {
  return at.map((start, i) => Math.max(1, i + 1 < at.length ? at[i + 1] - start :
    Math.min(STEP * 60, here() - start)));
}

// What the charts show: all steps, and at least an hour.
function shown(at) {
  const end = Math.max(here(), (at.at(-1) ?? 0) + 60);
  return [Math.min(at[0] ?? end, end - 3600), end];
}

function options(place, colour, at, series, extra = {}) {
  const axis = {stroke: colour("muted"), grid: {stroke: colour("line"), width: 1},
    ticks: {stroke: colour("line"), width: 1}, font: "11px system-ui, sans-serif"};
  return {
    width: widthOf(place), height: HEIGHT, cursor: {y: false, points: {size: 6}},
    legend: {live: true, markers: {width: 2, dash: (plot, i) => LINES[plot.series[i].dash?.[0]] ?? "solid"}},
    scales: {x: {time: true, range: () => shown(at)}, ...extra.scales},
    axes: [{...axis, values: (_, ticks) => ticks.map(clock)}, {...axis, size: 62, ...extra.axis}],
    series: [{label: "At", value: (_, at) => at === null ? "–" : moment(at)}, ...series],
    bands: extra.bands};
}

// Few points are drawn as such: a line would hide that there is only one.
function line(label, stroke, dash, value, few) {
  return {label, stroke, width: 1.5, dash, value, points: {show: few}};
}

function rate(place, at, steps, colour) {
  const long = lengths(at);
  const values = steps.map((step, i) => sumOf(step) / long[i]);
  const written = (value) => value === null ? "–" : value >= 100 ? count(Math.round(value)) :
    value.toPrecision(3);
  const fillColour = `color-mix(in srgb, ${colour("accent")} 14%, transparent)`;
  return new uPlot(options(place, colour, at, [{...line("Numbers a second", colour("accent"), undefined,
    (_, value) => written(value), at.length < 30), fill: fillColour}], {
    scales: {y: {range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1]}},
    axis: {values: (_, ticks) => ticks.map((tick) => tick >= 1000 ? `${tick / 1000}k` : tick)}}),
  [at, values], place);
}

const isDecade = (tick) => tick !== null && Math.abs(Math.log10(tick) - Math.round(Math.log10(tick))) < 1e-6;
const decades = (_, ticks) => ticks.map((tick) => isDecade(tick) ? tick : null);
// 0.0001 as "100 µs".
function decade(tick) {
  if (tick < 0.0009) return `${Math.round(tick * 1e6)} µs`;
  return tick < 0.9 ? `${Math.round(tick * 1e3)} ms` : `${Math.round(tick)} s`;
}

function times(place, at, steps, colour) {
  const values = ["latencyP50Ns", "latencyP99Ns", "latencyP999Ns"].map((name) =>
    steps.map((step) => duration(step[name])));
  const written = (_, value) => latency(value);
  return new uPlot(options(place, colour, at, [
    line("p50", colour("accent"), undefined, written, at.length < 30),
    line("p99", colour("soon"), [6, 3], written, at.length < 30),
    line("p99.9", colour("bad"), [2, 3], written, at.length < 30)], {
    scales: {y: {distr: 3, log: 10, range: (_, min, max) => min > 0 ?
      [10 ** Math.floor(Math.log10(min)), 10 ** Math.ceil(Math.log10(max * 1.01))] : [1e-6, 1]}},
    axis: {values: (_, ticks) => ticks.map((tick) => isDecade(tick) ? decade(tick) : null),
      grid: {stroke: colour("line"), width: 1, filter: decades},
      ticks: {stroke: colour("line"), width: 1, filter: decades}}}),
  [at, ...values], place);
}

// Stacked: each series reaches from the one before it to its own sum.
function mix(place, at, steps, colour) {
  const shares = VERDICTS.map((verdict) => steps.map((step) => {
    const sum = sumOf(step);
    return sum ? of(step, verdict) / sum : null;
  }));
  const stacked = [];
  const below = steps.map(() => 0);
  for (const share of shares) {
    stacked.push(share.map((value, i) => value === null ? null : (below[i] += value)));
  }
  const stepped = uPlot.paths.stepped({align: 1});
  const series = VERDICTS.map((verdict, i) => ({
    label: word(verdict, ""), stroke: colour(`v-${i}`), width: 1, fill: colour(`v-${i}`),
    paths: stepped, points: {show: false},
    value: (_, __, ___, index) => index === null || shares[i][index] === null ? "–" :
      `${(shares[i][index] * 100).toFixed(1)} %`}));
  const bands = VERDICTS.slice(1).map((_, i) => ({series: [i + 2, i + 1]}));
  return new uPlot(options(place, colour, at, series, {bands,
    scales: {y: {range: [0, 1]}},
    axis: {values: (_, ticks) => ticks.map((tick) => `${Math.round(tick * 100)} %`)}}),
  [at, ...stacked], place);
}
