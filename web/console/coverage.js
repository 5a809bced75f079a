// Coverage: each state a tile, each area code a cell.
import {listTenants} from "./api.js";
import {AREA_CODES} from "./area-codes.js";
import {fill, h, table} from "./dom.js";
import {count, dataDay, day, plural, relative, time} from "./format.js";
import {CELLS, WORST_FIRST, combine, counting, worst} from "./freshness.js";
import {problem} from "./key.js";
import {ELSEWHERE, STATES, stateName} from "./states.js";
import {onNews, serverNow, world} from "./watch.js";

const ALL = "";
const LEGEND = ["fresh", "soon", "stale", "damaged", "missing", "unentitled", "unknown"];
const KNOWN = Object.entries(AREA_CODES).map(([code, state]) => [Number(code), state]);

// The choices of the page; they outlast a visit to another one.
const chosen = {list: ALL, tenant: "", state: null, code: null};

export default function coverage(root) {
  let tenants = [];
  const lists = h("select", {id: "lists", onchange: () => { chosen.list = lists.value; show(); }});
  const whose = h("select", {id: "whose", onchange: () => { chosen.tenant = whose.value; show(); }});
  const legend = h("ul", {class: "legend", "aria-label": "What the cells mean"});
  const map = h("div", {class: "map", role: "group", "aria-label": "Area codes by state; the arrow " +
    "keys go from state to state", onkeydown: move, onclick: choose, onpointerover: hover});
  const readout = h("p", {class: "readout", "aria-hidden": "true"}, " ");
  const detail = h("section", {class: "detail", id: "detail", "aria-live": "polite"});
  const summary = h("section", {class: "lists"});
  const body = h("div", null,
    h("div", {class: "controls"},
      h("label", {for: "lists"}, "List"), lists, h("label", {for: "whose"}, "As"), whose),
    legend, h("div", {class: "atlas"}, h("div", null, map, readout), detail), summary);
  const refused = h("div");
  fill(root, h("h1", null, "Coverage"), body, refused);

  const tiles = new Map();
  build();
  show();
  const stop = onNews(show);
  askTenants();
  return {end: stop};

  async function askTenants() {
    try {
      tenants = await listTenants();
    } catch {
      tenants = [];  // the page does without: the map of the server itself needs none
    }
    options();
  }

  // Tiles are made once and then only change, so that nothing jumps and the focus stays.
  function build() {
    const states = new Map(Object.keys(STATES).map((state) => [state, []]));
    for (const [code, state] of KNOWN) (states.get(state) ?? []).push(code);
    // Read aloud, and on a phone, they come by name.
    const byName = [...states].sort((a, b) => stateName(a[0]).localeCompare(stateName(b[0])));
    for (const [state, codes] of byName) addTile(state, codes);
    tiles.values().next().value.button.tabIndex = 0;
  }

  function addTile(state, codes) {
    const cells = new Map(codes.map((code) => [code, h("span", {class: "cell", "data-code": code})]));
    const box = h("span", {class: "cells", "aria-hidden": "true"}, [...cells.values()]);
    const button = h("button", {type: "button", class: "tile", tabindex: "-1",
      "data-state": state, "aria-controls": "detail"}, h("span", {class: "abbr"},
      h("span", {class: "short"}, state), h("span", {class: "long"}, stateName(state))), box);
    const place = STATES[state] ?? [null, 11, 6];
    button.style.setProperty("--column", place[1]);
    button.style.setProperty("--row", place[2]);
    tiles.set(state, {button, box, cells});
    map.append(button);
  }

  function options() {
    const names = counting(world.status).map((list) => list.list);
    const others = (world.status?.lists ?? []).map((list) => list.list)
      .filter((name) => !names.includes(name));
    const known = [ALL, ...names, ...others];
    if (!known.includes(chosen.list)) chosen.list = ALL;
    sync(lists, known.map((name) => [name, name || "All lists that count"]), chosen.list);
    if (!tenants.some((tenant) => tenant.tenantId === chosen.tenant)) chosen.tenant = "";
    sync(whose, [["", "the server itself"], ...tenants.map((tenant) =>
      [tenant.tenantId, tenant.tenantId])], chosen.tenant);
  }

  function show() {
    const locked = world.error?.needsKey || (world.error && !world.status);
    body.hidden = Boolean(locked);
    if (locked) {
      if (!refused.firstChild || refused.dataset.said !== world.error.message) {
        fill(refused, problem(world.error));
        refused.dataset.said = world.error.message;
      }
      return;
    }
    fill(refused);
    options();
    const all = cellsNow();
    extra(all);
    const totals = Object.fromEntries(WORST_FIRST.map((state) => [state, 0]));
    for (const [state, {button, cells}] of tiles) {
      const own = [];
      for (const [code, element] of cells) {
        const cell = all.get(code);
        own.push(cell.state);
        ++totals[cell.state];
        element.dataset.cell = cell.state;
        if (element.textContent !== String(code)) element.textContent = code;
        element.dataset.sign = CELLS[cell.state].sign;
      }
      const bad = worst(own);
      button.dataset.worst = bad;
      button.setAttribute("aria-label", `${stateName(state)}, ${tally(own)}`);
      button.setAttribute("aria-pressed", String(chosen.state === state));
    }
    showLegend(totals);
    showDetail(all);
    showLists();
  }

  // A list that is looked at alone must cover an area code, or the area code is not loaded.
  function listsNow() {
    if (chosen.list === ALL) return counting(world.status);
    return (world.status?.lists ?? []).filter((list) => list.list === chosen.list)
      .map((list) => ({...list, required: true}));
  }

  function cellsNow() {
    const now = serverNow();
    const of = listsNow();
    const tenant = tenants.find((each) => each.tenantId === chosen.tenant);
    const entitled = tenant && new Set(tenant.entitlement?.areaCodes ?? []);
    const may = (code) => !tenant || tenant.entitlement?.all ? null : entitled.has(code);
    const codes = new Set(KNOWN.map(([code]) => code));
    for (const list of of) {
      for (const code of world.coverages.get(list.list)?.byCode.keys() ?? []) codes.add(code);
    }
    const unknown = {state: "unknown", lists: []};
    return new Map([...codes].sort((a, b) => a - b).map((code) =>
      [code, world.status ? combine(of, world.coverages, code, now, may(code)) : unknown]));
  }

  // Area codes that a list covers and the server's table of states does not have.
  function extra(all) {
    const placed = new Set(KNOWN.map(([code]) => code));
    const left = [...all.keys()].filter((code) => !placed.has(code));
    const tile = tiles.get(ELSEWHERE);
    if (left.join() === [...tile?.cells.keys() ?? []].join()) return;
    if (tile) {
      tile.button.remove();
      tiles.delete(ELSEWHERE);
    }
    if (left.length) addTile(ELSEWHERE, left);
    if (chosen.state === ELSEWHERE && !left.length) chosen.state = null;
  }

  function showLegend(totals) {
    const used = LEGEND.filter((state) => totals[state] || !["damaged", "unknown"].includes(state));
    fill(legend, used.map((state) => h("li", {title: CELLS[state].long},
      h("span", {class: "cell key", "data-cell": state, "aria-hidden": "true"}),
      CELLS[state].words, " ", h("b", null, count(totals[state])))));
  }

  function showDetail(all) {
    const tile = tiles.get(chosen.state);
    const held = detail.contains(document.activeElement);
    const mark = `${chosen.state} ${chosen.code} ${chosen.list} ${chosen.tenant} ${
      [...tile?.cells.keys() ?? []].map((code) => all.get(code).state).join()} ${world.heardAt > 0}`;
    if (detail.dataset.mark === mark) return;
    detail.dataset.mark = mark;
    if (!tile) {
      fill(detail, h("p", {class: "muted"}, "Choose a state to see its area codes."));
      return;
    }
    const codes = [...tile.cells.keys()];
    const now = serverNow();
    const columns = [{label: "Area code"}, {label: "State"}, {label: "Numbers", number: true},
      {label: "Obtained"}, {label: "Fresh until"}, {label: "By"}];
    fill(detail, h("h2", null, stateName(chosen.state)),
      h("p", {class: "muted"}, tally(codes.map((code) => all.get(code).state))),
      table(`Area codes of ${stateName(chosen.state)}`, columns, codes.map((code) => {
        const cell = all.get(code);
        return h("tr", {class: chosen.code === code && "chosen", "data-code": code},
          h("th", {scope: "row"}, code), h("td", null, state(cell.state)),
          h("td", {class: "number"}, count(listed(cell))), h("td", null, time(cell.obtainedAt, dataDay)),
          h("td", null, cell.staleAt ? [time(new Date(cell.staleAt * 1000).toISOString(), day),
            h("small", null, ` ${relative(cell.staleAt, now)}`)] : "–"),
          h("td", null, cell.list ?? "–"));
      })));
    detail.querySelector(".chosen")?.scrollIntoView({block: "nearest"});
    if (held) tile.button.focus();
  }

  function showLists() {
    const now = serverNow();
    const columns = [{label: "List"}, {label: "Counts as"}, {label: "Release", number: true},
      {label: "Numbers", number: true}, {label: "Fresh", number: true},
      {label: "Stale", number: true}, {label: "Damaged", number: true}, {label: "Oldest data"},
      {label: "May be"}];
    fill(summary, h("h2", null, "Lists"), table("Lists", columns,
      (world.status?.lists ?? []).map((list) => h("tr", null,
        h("th", {scope: "row"}, list.list, list.required && h("small", null, " required")),
        h("td", null, EFFECTS[list.effect] ?? list.effect),
        h("td", {class: "number"}, list.release ? list.release.id : "not loaded"),
        h("td", {class: "number"}, count(list.release?.numbers)),
        h("td", {class: "number"}, count(list.covered)),
        h("td", {class: list.stale ? "number wrong" : "number"}, count(list.stale)),
        h("td", {class: list.damaged ? "number wrong" : "number"}, count(list.damaged)),
        h("td", null, list.release ? [time(list.release.obtainedAtOldest, dataDay), h("small", null,
          ` ${relative(Date.parse(list.release.obtainedAtOldest) / 1000, now)}`)] : "–"),
        h("td", null, plural(list.maxAgeDays, "day", "days"))))));
  }

  function choose(event) {
    const button = event.target.closest(".tile");
    if (!button) return;
    chosen.state = button.dataset.state;
    chosen.code = Number(event.target.closest(".cell")?.dataset.code) || null;
    only(button);
    show();
    detail.scrollIntoView({block: "nearest"});
  }

  function hover(event) {
    const cell = event.target.closest(".cell");
    const button = event.target.closest(".tile");
    if (!button) return;
    readout.textContent = cell
      ? `${cell.dataset.code}, ${stateName(button.dataset.state)}: ${CELLS[cell.dataset.cell].words}`
      : button.getAttribute("aria-label");
  }

  // One tile is in the order of the tab key; the arrow keys go to the nearest one that way.
  function only(button) {
    for (const tile of tiles.values()) tile.button.tabIndex = tile.button === button ? 0 : -1;
  }

  function move(event) {
    const way = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
    const from = event.target.closest(".tile");
    if (!way || !from) return;
    event.preventDefault();
    const middle = (element) => {
      const box = element.getBoundingClientRect();
      return [box.left + box.width / 2, box.top + box.height / 2];
    };
    const start = middle(from);
    let best = null;
    for (const {button} of tiles.values()) {
      const [x, y] = middle(button).map((at, axis) => at - start[axis]);
      const along = x * way[0] + y * way[1];
      const across = Math.abs(x * way[1]) + Math.abs(y * way[0]);
      if (along < 2) continue;
      const far = along + 3 * across;
      if (!best || far < best.far) best = {button, far};
    }
    if (!best) return;
    only(best.button);
    best.button.focus();
    readout.textContent = best.button.getAttribute("aria-label");
  }
}

const EFFECTS = {LIST_EFFECT_DENY: "do not call", LIST_EFFECT_WIRELESS: "wireless",
  LIST_EFFECT_INFORM: "information", LIST_EFFECT_EXEMPT: "exemption"};

// The numbers of an area code on all lists that are looked at.
const listed = (cell) => cell.lists.reduce((sum, each) => sum + BigInt(each.entry?.numbers ?? 0), 0n);

// "41 area codes: 40 fresh, 1 stale".
function tally(states) {
  const parts = WORST_FIRST.filter((state) => states.includes(state)).map((state) =>
    `${states.filter((each) => each === state).length} ${CELLS[state].words}`);
  return `${plural(states.length, "area code", "area codes")}: ${parts.join(", ")}`;
}

const state = (name) => [h("span", {class: "cell key", "data-cell": name, "aria-hidden": "true"}),
  CELLS[name].words];

// Changes the options of a select only if they are others.
function sync(select, options, value) {
  const mark = JSON.stringify(options);
  if (select.dataset.mark !== mark) {
    select.dataset.mark = mark;
    fill(select, options.map(([each, label]) => h("option", {value: each}, label)));
  }
  select.value = value;
}
