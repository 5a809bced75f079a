// Speaks to the server: calls of /v1 and nothing else. The key lives in this module's memory and is
// gone with the page: no cookie, no storage, no address has it.

const PATIENCE = 20_000;  // milliseconds

let key = "";
const listeners = new Set();

export const hasKey = () => key !== "";
export function useKey(secret) {
  key = secret.trim();
  for (const listener of listeners) listener();
}
export const onKey = (listener) => listeners.add(listener);

// An error that has a sentence for people. `reason` is the contract's, or one of NO_ANSWER (nobody
// answered) and NOT_UNDERSTOOD (somebody else did, perhaps).
export class CallError extends Error {
  constructor(message, reason, status) {
    super(message);
    this.reason = reason;
    this.status = status;
  }
  get needsKey() { return this.status === 401 || this.status === 403; }
}

async function call(method, path, {query, body, tenant} = {}) {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== "" && value !== null && value !== undefined) asked.set(name, value);
  }
  const headers = {accept: "application/json"};
  if (key) headers.authorization = `Bearer ${key}`;
  if (tenant) headers["dnc-tenant"] = tenant;
  if (body !== undefined) headers["content-type"] = "application/json";
  let answer, text;
  try {
    answer = await fetch(asked.size ? `${path}?${asked}` : path, {
      method, headers, body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(PATIENCE)});
    text = await answer.text();
  } catch {
    throw new CallError("The server does not answer.", "NO_ANSWER", 0);
  }
  let message;
  try {
    message = JSON.parse(text);
  } catch {
    message = null;
  }
  if (message === null || typeof message !== "object") {
    throw new CallError(`What answered, with status ${answer.status}, does not speak this API.`,
      "NOT_UNDERSTOOD", answer.status);
  }
  if (answer.ok) return message;
  throw new CallError(message.detail ?? message.title ?? `The server said ${answer.status}.`,
    message.reason ?? "", answer.status);
}

const part = encodeURIComponent;

export const getStatus = () => call("GET", "/v1/status");
export const getCoverage = (list) => call("GET", "/v1/coverage", {query: {list}});
export const getActivity = (minutes) =>
  call("GET", "/v1/activity", {query: {step_minutes: minutes}});

export const listLoads = (size, token) =>
  call("GET", "/v1/loads", {query: {page_size: size, page_token: token}});
export const listReleases = (list, size) =>
  call("GET", "/v1/releases", {query: {list, page_size: size}});
export const loadRelease = (options, paths) =>
  call("POST", "/v1/releases:load", {body: {options, paths}});
export const rollBack = (request) => call("POST", "/v1/releases:rollBack", {body: request});

export const checkNumber = (number, {asOf, scope, tenant}) =>
  call("GET", `/v1/check/${part(number)}`, {query: {as_of: asOf, scope}, tenant});
export const getHistory = (number) => call("GET", `/v1/history/${part(number)}`);

export async function listTenants() {
  const tenants = [];
  let token = "";
  do {
    const page = await call("GET", "/v1/tenants", {query: {page_size: 1000, page_token: token}});
    tenants.push(...page.tenants ?? []);
    token = page.nextPageToken;
  } while (token);
  return tenants;
}
export const createTenant = async (tenant) =>
  (await call("POST", "/v1/tenants", {body: tenant})).tenant;
export const updateTenant = async (tenant) =>
  (await call("PUT", `/v1/tenants/${part(tenant.tenantId)}`, {body: tenant})).tenant;
export const listTenantChanges = async (id) =>
  (await call("GET", `/v1/tenants/${part(id)}/changes`, {query: {page_size: 20}})).changes ?? [];
export const listKeys = async (tenantId) =>
  (await call("GET", "/v1/keys", {query: {tenant_id: tenantId}})).keys ?? [];
export const createKey = (request) => call("POST", "/v1/keys", {body: request});
export const revokeKey = (id) => call("POST", `/v1/keys/${part(id)}:revoke`, {body: {}});
