// Loads: what came, what was refused and why; going back; trying files without loading them.
import {listLoads, listReleases, loadRelease, rollBack} from "./api.js";
import {announce, ask, field, fill, h, table} from "./dom.js";
import {bytes, count, dataDay, plural, relative, seconds, time, word} from "./format.js";
import {problem} from "./key.js";
import {here, look, onNews, serverNow, world} from "./watch.js";

const PAGE = 20;
const EVERY = 30;  // seconds
const RUNNING = ["LOAD_STATE_WAITING", "LOAD_STATE_READING", "LOAD_STATE_STORING"];
const now = () => world.heardAt ? serverNow() : here();

export default function loads(root) {
  const releases = h("section", {class: "releases"});
  const timeline = h("ol", {class: "timeline"});
  const more = h("button", {type: "button", class: "quiet", hidden: true, onclick: older}, "Older loads");
  const trouble = h("div");
  const body = h("div", {hidden: true}, releases,
    h("section", null, h("div", {class: "heading"}, h("h2", null, "Loads, newest first"),
      h("button", {type: "button", class: "quiet", onclick: tryFiles}, "Try files of the server…")),
    timeline, more));
  fill(root, h("h1", null, "Loads"), body, trouble);

  let ended = false;
  let token = "";
  let seen = [];
  let kept = [];
  let timer = 0;
  let askedAt = 0;
  let revision = null;
  refresh();
  // Plans of loads are long, so they are asked for when something has changed, and now and then:
  // a refused load changes nothing that the status tells.
  const stop = onNews((news) => {
    if (news?.tick) return;
    const changed = revision !== world.status?.revision || world.status?.runningLoad;
    if (changed || here() - askedAt >= EVERY) refresh();
  });
  return {end() { ended = true; clearTimeout(timer); stop(); }};

  async function refresh() {
    askedAt = here();
    revision = world.status?.revision;
    try {
      const [page, released] = await Promise.all([listLoads(PAGE, ""), listReleases("", 200)]);
      if (ended) return;
      const fresh = page.loads ?? [];
      // Pages that were opened stay open below the newest.
      const last = fresh.at(-1)?.id;
      const rest = seen.filter((load) => last && BigInt(load.id) < BigInt(last));
      if (!rest.length) token = page.nextPageToken ?? "";
      seen = [...fresh, ...rest];
      kept = released.releases ?? [];
      body.hidden = false;
      fill(trouble);
      show();
      clearTimeout(timer);
      if (seen.some((load) => RUNNING.includes(load.state))) timer = setTimeout(refresh, 1000);
    } catch (error) {
      if (ended) return;
      if (error.needsKey) body.hidden = true;
      fill(trouble, problem(error));
    }
  }

  async function older() {
    more.disabled = true;
    try {
      const page = await listLoads(PAGE, token);
      token = page.nextPageToken ?? "";
      seen.push(...page.loads ?? []);
      show();
    } catch (error) {
      fill(trouble, problem(error));
    } finally {
      more.disabled = false;
    }
  }

  function show() {
    const mark = JSON.stringify([seen, kept]);
    if (timeline.dataset.mark === mark) return;
    timeline.dataset.mark = mark;
    const open = new Set([...timeline.querySelectorAll("details[open]")].map((each) => each.dataset.id));
    const focus = document.activeElement?.closest?.("details")?.dataset.id;
    fill(timeline, seen.length ? seen.map((load) => item(load, open.has(load.id))) :
      h("li", {class: "muted"}, "Nothing was loaded yet."));
    if (focus) timeline.querySelector(`details[data-id="${focus}"] summary`)?.focus();
    more.hidden = !token;
    showReleases();
  }

  function showReleases() {
    const inForce = kept.filter((release) => release.inForce);
    const columns = [{label: "List"}, {label: "In force", number: true}, {label: "Since"},
      {label: "Numbers", number: true}, {label: "Data of"}, {label: "Before it"}, {label: ""}];
    fill(releases, h("h2", null, "In force"), inForce.length ? table("Releases in force", columns,
      inForce.map((release) => {
        const before = kept.find((each) => each.id === release.parentId && each.kept);
        return h("tr", null, h("th", {scope: "row"}, release.list),
          h("td", {class: "number"}, release.id), h("td", null, time(release.publishedAt)),
          h("td", {class: "number"}, count(release.numbers)),
          h("td", null, time(release.obtainedAtOldest, dataDay)),
          h("td", null, before ? `release ${before.id}, ${count(before.numbers)} numbers` :
            "nothing to go back to"),
          h("td", {class: "act"}, h("button", {type: "button", class: "quiet", disabled: !before,
            "aria-label": `Roll back ${release.list}`,
            onclick: () => goBack(release)}, "Roll back…")));
      })) : h("p", {class: "muted"}, "No list is loaded."));
  }

  // Asks first what would become callable, and lets no more than that become so.
  async function goBack(release) {
    const request = {list: release.list, expectedReleaseId: release.id};
    let plan;
    try {
      plan = await rollBack({...request, dryRun: true});
    } catch (error) {
      await ask({title: `${release.list} cannot be rolled back`, confirm: "Close", only: true,
        body: h("p", null, error.message)});
      return;
    }
    const callable = plan.becomesCallable ?? "0";
    const who = h("input", {type: "text", maxlength: "200", autocomplete: "off"});
    const why = h("input", {type: "text", maxlength: "200", autocomplete: "off", required: true});
    const sure = h("input", {type: "text", inputmode: "numeric", autocomplete: "off", required: true,
      pattern: "[0-9,]*"});
    const zero = callable === "0";
    const done = await ask({
      title: `Roll back ${release.list}?`, danger: true,
      confirm: zero ? "Roll back" : `Roll back; ${plural(callable, "number becomes", "numbers become")} callable`,
      body: [
        h("p", null, `Release ${release.id} goes out of force and release ${
          plan.release?.id ?? release.parentId} comes back, at once.`),
        h("p", {class: zero ? "figure" : "figure wrong"},
          h("b", {id: "becomes-callable"}, count(callable)),
          ` ${callable === "1" ? "number becomes" : "numbers become"} callable. `,
          h("span", {class: "muted"}, `${count(plan.noLongerCallable)} no longer ${
            plan.noLongerCallable === "1" ? "is" : "are"}.`)),
        field("Why", why, "It is kept in the history of each number that this concerns."),
        field("Who asks", who, "Empty: the key's id."),
        zero ? null : field(`Type ${count(callable)} to confirm`, sure)],
      async check() {
        if (!zero && sure.value.replaceAll(",", "").trim() !== callable) {
          throw new Error(`Type ${count(callable)}, the count of numbers that become callable.`);
        }
        await rollBack({...request, dryRun: false, callableLimit: callable,
          reason: why.value.trim(), requestedBy: who.value.trim()});
      }});
    if (!done) return;
    announce(`${release.list} is rolled back.`);
    look();
    refresh();
  }

  // Reads files that the server can read, compares, and changes nothing.
  async function tryFiles() {
    const list = h("input", {type: "text", autocomplete: "off", placeholder: "national"});
    const paths = h("textarea", {rows: "4", required: true, spellcheck: "false",
      placeholder: "/srv/dnc/2026-08-05_201.txt"});
    let load;
    const asked = await ask({title: "Try files of the server", confirm: "Dry run", body: [
      h("p", null, "The server reads and checks the files and tells what they would change. ",
        "Nothing changes."),
      field("List", list, "state:TX, wireless, litigator:NAME …; empty: the national registry."),
      field("Files", paths, "Absolute paths in the server's load folders, one a line.")],
    async check() {
      load = (await loadRelease({list: list.value.trim(), dryRun: true, requestedBy: "console"},
        paths.value.split("\n").map((line) => line.trim()).filter(Boolean))).load;
    }});
    if (!asked) return;
    await refresh();
    const details = timeline.querySelector(`details[data-id="${load.id}"]`);
    if (details) {
      details.open = true;
      details.querySelector("summary").focus();
    }
  }
}

const SIGN = {LOAD_STATE_SUCCEEDED: "✓", LOAD_STATE_REFUSED: "✕"};

function outcome(load) {
  if (RUNNING.includes(load.state)) return "running";
  if (load.state === "LOAD_STATE_REFUSED") return "refused";
  return load.dryRun ? "dry" : "loaded";
}
const WORDS = {refused: "refused", dry: "dry run", loaded: "loaded"};

function item(load, open) {
  const kind = outcome(load);
  const planned = load.plan?.areaCodes ?? [];
  const sum = (field) => planned.reduce((total, area) => total + BigInt(area[field] ?? 0), 0n);
  // A release's own counts leave out what is new as a whole; the plan is kept until a restart.
  const first = load.release?.parentId === "0" ? load.release.numbers : undefined;
  const added = load.plan ? sum("added") : first ?? load.release?.added;
  const gone = load.plan ? sum("lost") : load.release?.deleted;
  return h("li", {class: "load", "data-kind": kind},
    h("span", {class: "sign", "aria-hidden": "true"},
      kind === "dry" ? "○" : SIGN[load.state] ?? "…"),
    h("details", {"data-id": load.id, open},
      h("summary", null,
        h("span", {class: "what"}, h("b", null, load.list || "national"), " ",
          WORDS[kind] ?? word(load.state, "LOAD_STATE")),
        h("span", {class: "change"}, kind === "running" ? progress(load) :
          added !== undefined && [h("span", {class: "plus"}, `+${count(added)}`), " ",
            h("span", {class: "minus"}, `−${count(gone)}`),
            kind === "dry" && h("small", null, " planned")]),
        h("span", {class: "when"}, time(load.endedAt ?? load.createdAt), h("small", null,
          ` ${relative(seconds(load.endedAt ?? load.createdAt), now())}`)),
        load.error && h("span", {class: "why"}, load.error)),
      about(load, planned)));
}

function progress(load) {
  const total = Number(load.bytesTotal ?? 0);
  return [h("progress", {max: Math.max(total, 1), value: Number(load.bytesDone ?? 0),
    "aria-label": "Bytes read"}), ` ${count(load.recordsDone)} records`];
}

function about(load, planned) {
  const findings = load.findings ?? [];
  return h("div", {class: "about"},
    h("dl", {class: "facts"},
      fact("Load", load.id), load.release && fact("Release", load.release.id),
      load.requestedBy && fact("Asked by", load.requestedBy),
      load.errorReason && fact("Reason", load.errorReason),
      load.refusedBy && load.refusedBy !== "GUARD_UNSPECIFIED" &&
        fact("Refused by", word(load.refusedBy, "GUARD")),
      load.plan && fact("Become callable", count(load.plan.becomesCallable)),
      load.plan && fact("No longer callable", count(load.plan.noLongerCallable)),
      load.release && fact("Without effect", count(load.release.noEffect))),
    findings.length > 0 && [h("h3", null, "What the guards found"),
      h("ul", {class: "findings"}, findings.slice(0, 200).map((finding) =>
        h("li", {class: finding.overridden && "overridden"},
          h("b", null, word(finding.guard, "GUARD")), " ",
          finding.message, finding.overridden ? h("small", null, " overridden") :
            finding.allow && [" ", h("small", null, "override: ",
              h("code", null, `--allow ${finding.allow}`),
              `, ${plural(finding.becomesCallable, "number becomes", "numbers become")} callable`)]))),
      findings.length > 200 && h("p", {class: "muted"}, `and ${count(findings.length - 200)} more`)],
    (load.files ?? []).length > 0 && files(load.files),
    planned.length > 0 && h("details", null,
      h("summary", null, plural(planned.length, "area code", "area codes")), plan(planned)));
}

const fact = (name, value) => h("div", null, h("dt", null, name), h("dd", null, value));

const files = (all) => table("Files",
  [{label: "File"}, {label: "Kind"}, {label: "Size", number: true}, {label: "Records", number: true},
    {label: "Obtained"}, {label: "SHA-256"}],
  all.slice(0, 500).map((file) => h("tr", null, h("th", {scope: "row"}, file.name),
    h("td", null, word(file.kind, "FILE_KIND")), h("td", {class: "number"}, bytes(file.sizeBytes)),
    h("td", {class: "number"}, count(file.records)), h("td", null, time(file.obtainedAt, dataDay)),
    h("td", null, h("code", {class: "digest"}, file.sha256)))));

const plan = (areas) => table("Area codes of the load",
  [{label: "Area code"}, {label: "Before", number: true}, {label: "After", number: true},
    {label: "Added", number: true}, {label: "Lost", number: true},
    {label: "Become callable", number: true}],
  areas.map((area) => h("tr", null, h("th", {scope: "row"}, area.areaCode),
    ...["numbersBefore", "numbersAfter", "added", "lost", "becomesCallable"].map((name) =>
      h("td", {class: "number"}, count(area[name]))))));
