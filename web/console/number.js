// Number: everything known about one number.
import {checkNumber, getHistory, hasKey, listTenants} from "./api.js";
import {announce, field, fill, h, table} from "./dom.js";
import {dataDay, moment, phone, relative, seconds, time, word} from "./format.js";
import {problem} from "./key.js";
import {here, onNews, serverNow, world} from "./watch.js";

// What a verdict means to whoever wants to call. Only CLEAR permits it.
const MEANING = {
  VERDICT_CLEAR: ["clear", "✓", "May be called"],
  VERDICT_LISTED: ["no", "✕", "Must not be called"],
  VERDICT_NOT_COVERED: ["no", "?", "Must not be called: not known"],
  VERDICT_STALE: ["no", "?", "Must not be called: the data is too old"],
  VERDICT_INVALID: ["no", "✕", "Not a number to call"],
  VERDICT_WIRELESS: ["wireless", "!", "Wireless: not for automatic dialling"],
};
const UNKNOWN = ["no", "?", "Must not be called: the answer is not understood"];
// What was so at a moment permits no call now, and must not look as if it did.
const COULD = ["wireless", "!", "Could have been called then; this says nothing of now"];
const ENDED = ["no", "?", "Must not be called: the answer has ended"];
const LONGEST_TIMER = 2 ** 31 - 1;  // milliseconds
const EFFECTS = {LIST_EFFECT_DENY: "forbids the call", LIST_EFFECT_WIRELESS: "says wireless",
  LIST_EFFECT_INFORM: "only informs", LIST_EFFECT_EXEMPT: "exempts"};

export default function number(root) {
  const digits = h("input", {type: "tel", inputmode: "tel", autocomplete: "off", required: true,
    maxlength: "60", placeholder: "201 555 0123"});
  const asOf = h("input", {type: "datetime-local"});
  const scope = h("input", {type: "text", autocomplete: "off", spellcheck: "false"});
  const tenant = h("select", null, h("option", {value: ""}, "the caller's own tenant"));
  const result = h("div", {class: "result", "aria-live": "polite"});
  const button = h("button", {type: "submit", class: "main"}, "Check");
  fill(root, h("h1", null, "One number"),
    h("form", {class: "ask", onsubmit: submit}, field("Number", digits),
      field("For", tenant), button,
      h("details", null, h("summary", null, "As of a moment, or for a scope"),
        h("div", {class: "fields"},
          field("As of", asOf, "Empty: now. By all that is known today."),
          field("Scope", scope, "BRAND or BRAND/CAMPAIGN; empty: the strictest.")))),
    result);
  digits.focus({preventScroll: true});
  // An operator's key speaks for no tenant, so one is chosen; other keys have their own.
  const choice = listTenants().then((tenants) => {
    fill(tenant, tenants.map(({tenantId}) => h("option", {value: tenantId}, tenantId)));
    if (tenants.some(({tenantId}) => tenantId === "default")) tenant.value = "default";
  }, () => {});

  let turn = 0;
  // The answer that permits a call as it is shown, until its end.
  let permit = null;
  let timer = 0;
  // Permits are shown no longer than they hold.
  function judge() {
    clearTimeout(timer);
    if (!permit) return;
    const left = endOf(permit) - now();
    if (left > 0) {
      timer = setTimeout(judge, Math.min(left * 1000 + 1, LONGEST_TIMER));
      return;
    }
    const parts = head(permit, {});
    for (const [i, part] of parts.entries()) result.children[i].replaceWith(part);
    permit = null;
  }
  const forget = onNews(judge);

  async function submit(event) {
    event.preventDefault();
    const mine = ++turn;
    button.disabled = true;
    const asked = digits.value.trim();
    await choice;
    const how = {scope: scope.value.trim(), tenant: tenant.value,
      asOf: asOf.value ? new Date(asOf.value).toISOString() : ""};
    try {
      const answer = await checkNumber(asked, how);
      if (mine !== turn) return;
      fill(result, told(answer, how));
      permit = !how.asOf && endOf(answer) !== null && permits(answer) ? answer : null;
      judge();
      history(asked, result, () => mine === turn);
    } catch (error) {
      if (mine !== turn) return;
      permit = null;
      fill(result, verdict(["no", "?", "Must not be called: there is no answer"], null),
        problem(error));
    } finally {
      button.disabled = false;
    }
  }
  return {end: () => {
    ++turn;
    permit = null;
    clearTimeout(timer);
    forget();
  }};
}

// By the server's clock, if that is known.
const now = () => world.heardAt && Number.isFinite(world.serverTime) ? serverNow() : here();
const endOf = ({result = {}}) => seconds(result.validUntil);
const permits = ({result = {}}) => MEANING[result.verdict]?.[0] === "clear";

function verdict([kind, sign, words], more) {
  announce(words);
  return h("div", {class: "verdict", "data-kind": kind},
    h("span", {class: "sign", "aria-hidden": "true"}, sign),
    h("div", null, h("strong", null, words), more));
}

function meaningOf(answer, how) {
  if (!permits(answer)) return MEANING[answer.result?.verdict] ?? UNKNOWN;
  if (how.asOf) return COULD;
  const end = endOf(answer);
  return end !== null && !(end > now()) ? ENDED : MEANING.VERDICT_CLEAR;
}

// What changes when the answer ends.
function head(answer, how) {
  const {result = {}, snapshot = {}} = answer;
  const end = endOf(answer);
  return [
    verdict(meaningOf(answer, how), [
      h("p", {class: "phone"}, result.number && result.number !== "0" ? phone(result.number) : "",
        " ", h("code", null, String(result.verdict ?? "").replace("VERDICT_", ""))),
      h("p", null, result.explanation)]),
    h("dl", {class: "facts"},
      fact("Deciding rule", word(result.rule, "RULE") || "–"),
      fact("Reasons", (result.reasons ?? []).map((reason) => word(reason, "REASON")).join(", ") ||
        "none"),
      fact("Holds until", end === null ? "no end is known" :
        [time(result.validUntil), ` (${relative(end, now())})`]),
      fact("Decided for", time(snapshot.decidedAt)),
      fact("Revision", snapshot.revision ?? "0"))];
}

function told(answer, how) {
  const {result = {}, snapshot = {}} = answer;
  return [
    ...head(answer, how),
    h("section", null, h("h2", null, "Every match"), matches(result.matches ?? [])),
    h("section", null, h("h2", null, "What the answer rests on"), lists(snapshot.lists ?? []))];
}

const fact = (name, ...value) => h("div", null, h("dt", null, name), h("dd", null, value));

function matches(found) {
  if (!found.length) return h("p", {class: "muted"}, "No list has it.");
  return table("Every match",
    [{label: "List"}, {label: "What it means"}, {label: "Since"}, {label: "Release", number: true},
      {label: "Data obtained"}],
    found.map((match) => h("tr", null, h("th", {scope: "row"}, match.list),
      h("td", null, EFFECTS[match.effect] ?? match.effect),
      h("td", null, match.listedSince ? [match.listedSinceExact ? "" : "at the latest ",
        time(match.listedSince, match.listedSinceExact ? moment : dataDay)] : "–"),
      h("td", {class: "number"}, match.releaseId && match.releaseId !== "0" ? match.releaseId : "–"),
      h("td", null, time(match.obtainedAt, dataDay)))));
}

function lists(snapshot) {
  if (!snapshot.length) return h("p", {class: "muted"}, "On no list.");
  return table("What the answer rests on",
    [{label: "List"}, {label: "Release", number: true}, {label: "Data obtained"},
      {label: "Holds until"}, {label: "Digest"}],
    snapshot.map((list) => h("tr", null, h("th", {scope: "row"}, list.list),
      h("td", {class: "number"}, list.releaseId && list.releaseId !== "0" ? list.releaseId :
        "not loaded"),
      h("td", null, time(list.obtainedAt, dataDay)), h("td", null, time(list.validUntil)),
      h("td", null, h("code", {class: "digest"}, list.digest ?? "–")))));
}

// When it came and went; operators may see it.
async function history(asked, result, wanted) {
  let told;
  try {
    told = await getHistory(asked);
  } catch (error) {
    if (!wanted() || (error.needsKey && !hasKey())) return;
    if (error.reason === "INVALID_REQUEST" || error.needsKey) return;
    result.append(h("p", {class: "trouble"}, `Its history: ${error.message}`));
    return;
  }
  if (!wanted()) return;
  const events = told.events ?? [];
  result.append(h("section", null, h("h2", null, "When it came and went"),
    !events.length ? h("p", {class: "muted"}, "Nothing is known.") :
    h("ol", {class: "history"}, events.map((event) => h("li", null,
      time(event.time, dataDay), " ", h("b", null, word(event.action, "HISTORY_ACTION")), " ",
      event.list, h("small", null, ` release ${event.releaseId ?? 0}`,
        event.requestedBy && `, by ${event.requestedBy}`, event.reason && `: ${event.reason}`))))));
}
