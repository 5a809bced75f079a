// The frame of the console: the line, the pages, the key.
import {hasKey, onKey} from "./api.js";
import {AREA_CODES} from "./area-codes.js";
import {fill, h} from "./dom.js";
import {judge} from "./freshness.js";
import {enterKey} from "./key.js";
import {here, onNews, serverNow, start, world} from "./watch.js";

const PAGES = {
  coverage: ["Coverage", () => import("./coverage.js")],
  loads: ["Loads", () => import("./loads.js")],
  number: ["Number", () => import("./number.js")],
  activity: ["Activity", () => import("./activity.js")],
  tenants: ["Tenants", () => import("./tenants.js")],
};
const SIGNS = {fresh: "✓", soon: "!", partial: "!", bad: "✕", unknown: "?", lost: "?"};
const CODES = Object.keys(AREA_CODES).map(Number);

const line = document.getElementById("line");
const main = document.getElementById("main");
const keyButton = document.getElementById("key");

// Whatever goes wrong here must not leave the line as it was.
function judgeNow() {
  try {
    return judge(world, CODES, serverNow(), here());
  } catch {
    return {level: "lost", title: "Not known.", text: "The server's answers were not understood."};
  }
}

function showLine() {
  const {level, title, text} = judgeNow();
  document.body.classList.toggle("old", level === "lost");
  // It is read aloud when it changes, so it is written only then.
  if (line.dataset.level === level && line.dataset.said === title + text) return;
  line.dataset.level = level;
  line.dataset.said = title + text;
  fill(line, h("span", {class: "sign", "aria-hidden": "true"}, SIGNS[level]),
    h("p", null, h("strong", null, title), " ", h("span", null, text)));
}

function showFoot() {
  const {status} = world;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  fill(document.getElementById("foot"),
    h("span", null, status ? `dncd ${status.version}, revision ${status.revision ?? 0}` : "dncd"),
    h("span", null, `Times are in ${zone}.`),
    h("span", null, "Everything here is a call of ", h("code", null, "/v1"), "."));
}

let page = null;
let turn = 0;
const loaded = new Map();

async function showPage() {
  const name = location.hash.replace(/^#\/?/, "").split("?")[0] || "coverage";
  const [title, load] = PAGES[name] ?? PAGES.coverage;
  const mine = ++turn;
  for (const link of document.querySelectorAll(".bar nav a")) {
    const current = link.textContent === title;
    if (current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${title} · dncd`;
  // What is here already is shown at once, so that nobody types into a page that is going.
  let made = loaded.get(title);
  try {
    if (!made) loaded.set(title, made = (await load()).default);
  } catch {
    made = (root) => fill(root, h("h1", null, title), h("p", {class: "trouble", role: "alert"},
      "The server does not answer, and this page was not here yet. Load it again."));
  }
  if (mine !== turn) return;
  page?.end?.();
  const root = h("div", {class: `page page-${name}`});
  fill(main, root);
  scrollTo(0, 0);
  page = made(root);
}

addEventListener("hashchange", () => {
  showPage();
  main.focus({preventScroll: true});
});
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
keyButton.addEventListener("click", enterKey);
onKey(() => {
  keyButton.textContent = hasKey() ? "Key in use" : "Enter a key";
  showPage();
});
onNews((news) => {
  showLine();
  if (!news?.tick) showFoot();
});
showFoot();
showPage();
start();
