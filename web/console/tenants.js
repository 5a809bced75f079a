// Tenants: whom the server serves, with what, and their keys.
import {createKey, createTenant, listKeys, listTenantChanges, listTenants, revokeKey, updateTenant}
  from "./api.js";
import {announce, ask, field, fill, h, table} from "./dom.js";
import {count, plural, seconds, time, word} from "./format.js";
import {problem} from "./key.js";
import {here} from "./watch.js";

const OPERATOR = "";  // whose keys have no tenant
let chosen = null;

export default function tenants(root) {
  const list = h("div");
  const detail = h("section", {class: "detail", "aria-live": "polite"});
  const trouble = h("div");
  const body = h("div", {hidden: true, class: "sides"},
    h("section", null, list, h("div", {class: "buttons"},
      h("button", {type: "button", class: "main", onclick: make}, "New tenant…"))), detail);
  fill(root, h("h1", null, "Tenants"), body, trouble);
  let all = [];
  let ended = false;
  let turn = 0;
  refresh();
  return {end() { ended = true; }};

  async function refresh() {
    try {
      all = await listTenants();
      if (ended) return;
      body.hidden = false;
      fill(trouble);
      show();
      if (chosen !== null) await showDetail();
    } catch (error) {
      if (ended) return;
      if (error.needsKey) body.hidden = true;
      fill(trouble, problem(error));
    }
  }

  function show() {
    const columns = [{label: "Tenant"}, {label: "State"}, {label: "Area codes"},
      {label: "Records", number: true}];
    const choice = (id, label, note) => h("button", {type: "button", class: "link",
      "aria-pressed": String(chosen === id), "data-id": id, onclick: () => choose(id)}, label, note);
    fill(list, table("Tenants", columns, [
      ...all.map((tenant) => h("tr", {class: chosen === tenant.tenantId && "chosen"},
        h("th", {scope: "row"}, choice(tenant.tenantId, tenant.tenantId),
          tenant.displayName && h("small", null, tenant.displayName)),
        h("td", null, state(tenant)), h("td", null, entitled(tenant)),
        h("td", {class: "number"}, count(tenant.records)))),
      h("tr", {class: chosen === OPERATOR && "chosen"},
        h("th", {scope: "row"}, choice(OPERATOR, "Operators"), h("small", null, "keys of no tenant")),
        h("td", null, "–"), h("td", null, "–"), h("td", {class: "number"}, "–"))]));
  }

  function choose(id) {
    chosen = id;
    show();
    list.querySelector('[aria-pressed="true"]')?.focus();
    showDetail();
  }

  async function showDetail() {
    const mine = ++turn;
    const id = chosen;
    const tenant = all.find((each) => each.tenantId === id);
    if (id !== OPERATOR && !tenant) {
      chosen = null;
      fill(detail);
      return;
    }
    try {
      const [keys, changes] = await Promise.all([listKeys(id),
        id === OPERATOR ? [] : listTenantChanges(id)]);
      if (mine !== turn || ended) return;
      const held = detail.contains(document.activeElement);
      fill(detail, h("h2", {tabindex: "-1"}, tenant ? tenant.tenantId : "Operators"),
        tenant && settings(tenant), keyTable(id, keys), tenant && changed(changes));
      if (held) detail.querySelector("h2").focus();
    } catch (error) {
      if (mine === turn && !ended) fill(detail, problem(error));
    }
  }

  function settings(tenant) {
    const quotas = tenant.quotas ?? {};
    const quota = (value, unit) => value && value !== "0" ? `${count(value)} ${unit}` :
      "the server's default";
    const suspended = tenant.state === "TENANT_STATE_SUSPENDED";
    return [
      h("dl", {class: "facts"},
        tenant.displayName && fact("Name", tenant.displayName), fact("State", state(tenant)),
        fact("Entitled to", entitled(tenant)),
        fact("Numbers a second", quota(quotas.numbersPerSecond, "")),
        fact("Calls under way", quota(quotas.callsUnderWay, "")),
        fact("Records", `${count(tenant.records)} of ${quota(quotas.maxRecords, "")}`),
        fact("Lists", (tenant.policy?.lists ?? []).join(", ") || "all that count"),
        fact("Made", time(tenant.createdAt)), fact("Revision", tenant.revision)),
      h("div", {class: "buttons"},
        h("button", {type: "button", class: "quiet", onclick: () => edit(tenant)},
          "Quotas and area codes…"),
        h("button", {type: "button", class: "quiet", onclick: () => turnOver(tenant)},
          suspended ? "Resume…" : "Suspend…"))];
  }

  function keyTable(id, keys) {
    const columns = [{label: "Key"}, {label: "Permits"}, {label: "State"}, {label: "Last used"},
      {label: ""}];
    return [h("h3", null, "Keys"),
      keys.length ? table("Keys", columns, keys.map((key) => h("tr", null,
        h("th", {scope: "row"}, h("code", null, key.keyId),
          key.displayName && h("small", null, key.displayName)),
        h("td", null, (key.scopes ?? []).map((scope) => word(scope, "KEY_SCOPE")).join(", ")),
        h("td", null, life(key)), h("td", null, time(key.lastUsedAt)),
        h("td", {class: "act"}, !key.revokedAt && h("button", {type: "button", class: "quiet",
          "aria-label": `Revoke key ${key.keyId}`, onclick: () => revoke(key)}, "Revoke…"))))) :
        h("p", {class: "muted"}, "None."),
      h("div", {class: "buttons"}, h("button", {type: "button", class: "quiet",
        onclick: () => makeKey(id)}, "New key…"))];
  }

  // After a change: everything is read anew.
  async function done(words) {
    announce(words);
    await refresh();
  }

  async function make() {
    const id = h("input", {type: "text", required: true, maxlength: "63", autocomplete: "off",
      spellcheck: "false", pattern: "[a-z0-9]([a-z0-9\\-]*[a-z0-9])?"});
    const name = h("input", {type: "text", maxlength: "200", autocomplete: "off"});
    const form = terms({});
    const made = await ask({title: "New tenant", confirm: "Create",
      body: [field("Id", id, "a to z, 0 to 9 and -, never used again"), field("Name", name), form.fields],
      async check() {
        const tenant = await createTenant({tenantId: id.value.trim(), displayName: name.value.trim(),
          ...form.read()});
        chosen = tenant.tenantId;
      }});
    if (made) await done(`Tenant ${chosen} is made.`);
  }

  async function edit(tenant) {
    const form = terms(tenant);
    const saved = await ask({title: `Quotas and area codes of ${tenant.tenantId}`, confirm: "Save",
      body: form.fields, check: () => updateTenant({...tenant, ...form.read()})});
    if (saved) await done(`${tenant.tenantId} is changed.`);
  }

  async function turnOver(tenant) {
    const suspended = tenant.state === "TENANT_STATE_SUSPENDED";
    const sure = await ask({
      title: suspended ? `Resume ${tenant.tenantId}?` : `Suspend ${tenant.tenantId}?`,
      confirm: suspended ? "Resume" : "Suspend", danger: !suspended,
      body: h("p", null, suspended ? "Its calls are answered again, at once." :
        "Every call with one of its keys is refused, at once. Its data stays."),
      check: () => updateTenant({...tenant,
        state: suspended ? "TENANT_STATE_ACTIVE" : "TENANT_STATE_SUSPENDED"})});
    if (sure) await done(`${tenant.tenantId} is ${suspended ? "resumed" : "suspended"}.`);
  }

  async function makeKey(tenantId) {
    const scopes = tenantId === OPERATOR ? ["OPERATE"] : ["SCRUB", "WRITE_LISTS"];
    const boxes = scopes.map((scope, i) => h("input", {type: "checkbox", value: `KEY_SCOPE_${scope}`,
      checked: i === 0}));
    const name = h("input", {type: "text", maxlength: "200", autocomplete: "off"});
    const end = h("input", {type: "date"});
    let made;
    const asked = await ask({
      title: tenantId === OPERATOR ? "New operator's key" : `New key of ${tenantId}`,
      confirm: "Create",
      body: [h("fieldset", null, h("legend", null, "It permits"), boxes.map((box) =>
        h("label", {class: "check"}, box, word(box.value, "KEY_SCOPE")))),
      field("Name", name, "For people."), field("Refused from", end, "Empty: never.")],
      async check() {
        const some = boxes.filter((box) => box.checked).map((box) => box.value);
        if (!some.length) throw new Error("Choose at least one permission.");
        made = await createKey({tenantId, scopes: some, displayName: name.value.trim(),
          ...end.value && {expiresAt: new Date(`${end.value}T00:00:00`).toISOString()}});
      }});
    if (!asked) return;
    await showSecret(made);
    await done("The key is made.");
  }

  async function revoke(key) {
    const sure = await ask({title: `Revoke key ${key.keyId}?`, confirm: "Revoke", danger: true,
      body: h("p", null, "Calls that begin from then on are refused. It cannot be undone."),
      check: () => revokeKey(key.keyId)});
    if (sure) await done(`Key ${key.keyId} is revoked.`);
  }
}

const changed = (changes) => [h("h3", null, "Changes"), changes.length ?
  h("ol", {class: "history"}, changes.map((change) => h("li", null, time(change.time), " ",
    change.description, h("small", null, ` by ${change.changedBy || "?"}`)))) :
  h("p", {class: "muted"}, "None.")];

const fact = (name, value) => h("div", null, h("dt", null, name), h("dd", null, value));

function state(tenant) {
  const suspended = tenant.state === "TENANT_STATE_SUSPENDED";
  return h("span", {class: suspended ? "tag wrong" : "tag"}, suspended ? "suspended" : "active");
}

function life(key) {
  if (key.revokedAt) return ["revoked ", time(key.revokedAt)];
  if (!key.expiresAt) return "live";
  return [seconds(key.expiresAt) <= here() ? "ended " : "live until ", time(key.expiresAt)];
}

function entitled({entitlement = {}}) {
  if (entitlement.all) return "all area codes";
  const codes = entitlement.areaCodes ?? [];
  if (codes.length === 0) return "none";
  return codes.length > 6 ? plural(codes.length, "area code", "area codes") : codes.join(", ");
}

// The fields of what a tenant may and how much. 0 is the server's default.
function terms({entitlement = {}, quotas = {}}) {
  const all = h("input", {type: "checkbox", checked: Boolean(entitlement.all),
    onchange: () => { codes.disabled = all.checked; }});
  const codes = h("textarea", {rows: "3", spellcheck: "false",
    value: (entitlement.areaCodes ?? []).join(" ")});
  codes.disabled = all.checked;
  const amount = (value) => h("input", {type: "number", min: "0", step: "1",
    value: value && value !== "0" ? value : "", placeholder: "the server's default"});
  const [rate, calls, records] = [quotas.numbersPerSecond, quotas.callsUnderWay, quotas.maxRecords]
    .map(amount);
  return {
    fields: [
      h("label", {class: "check"}, all, "Entitled to all area codes"),
      field("Entitled to", codes, "Area codes with blanks between them; empty: none."),
      field("Numbers a second", rate), field("Calls under way", calls), field("Records", records)],
    read() {
      const told = codes.value.split(/[\s,;]+/).filter(Boolean);
      const wrong = told.find((code) => !/^[2-9]\d\d$/.test(code));
      if (!all.checked && wrong) throw new Error(`${wrong} is not an area code.`);
      return {
        entitlement: all.checked ? {all: true} :
          {areaCodes: [...new Set(told.map(Number))].sort((a, b) => a - b)},
        quotas: {numbersPerSecond: rate.value || "0", callsUnderWay: Number(calls.value || 0),
          maxRecords: records.value || "0"}};
    }};
}

// Shows a secret, once.
async function showSecret({key, secret}) {
  const box = h("input", {type: "text", readonly: true, value: secret, class: "secret",
    "aria-label": "The key's secret", onfocus: () => box.select()});
  const copy = h("button", {type: "button", class: "quiet", onclick: async () => {
    box.select();
    try {
      await navigator.clipboard.writeText(secret);
      copy.textContent = "Copied";
    } catch {
      copy.textContent = "Copy it by hand";
    }
  }}, "Copy");
  await ask({title: `Key ${key.keyId}`, confirm: "I have stored it", only: true, body: [
    h("p", null, "This is the only time that its secret is shown. The server keeps a digest."),
    h("div", {class: "copy"}, box, copy)]});
  box.value = "";
}
