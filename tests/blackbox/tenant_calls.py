"""Calls that tests make for tenants."""

import subprocess

from google.protobuf.timestamp_pb2 import Timestamp

from dnc_server import BIN
from waiting import PATIENCE

# These are two numbers for `loaded` servers: one is on their list, one is not.
LISTED, FREE = 2015550100, 2015550999


def add(server, numbers, list_id="internal", metadata=None, request_id="", **facts):
    lists = server.stubs.list
    records = [lists.Record(number=str(number), **facts) for number in numbers]
    answer = server.call(server.lists.AddNumbers, lists.AddNumbersRequest(
        list_id=list_id, records=records, request_id=request_id), metadata)
    assert len(answer.results) == len(numbers)
    return answer


def outcomes(server, answer):
    return [server.stubs.list.WriteOutcome.Name(r.outcome).replace("WRITE_OUTCOME_", "")
            for r in answer.results]


def make_list(server, list_id, kind, scope="", metadata=None):
    lists = server.stubs.list
    server.call(server.lists.CreateList, lists.CreateListRequest(list=lists.OwnList(
        list_id=list_id, kind=getattr(lists, f"OWN_LIST_KIND_{kind}"), scope=scope)), metadata)


def make_tenant(server, tenant_id, **fields):
    tenant = server.stubs.tenant
    fields.setdefault("entitlement", tenant.Entitlement(all=True))
    return server.call(server.tenants.CreateTenant, tenant.CreateTenantRequest(
        tenant=tenant.Tenant(tenant_id=tenant_id, **fields))).tenant


def check(server, number, metadata=None, **fields):
    request = server.stubs.scrub.CheckNumberRequest(number=str(number), **fields)
    return server.call(server.scrubs.CheckNumber, request, metadata).result


def rule(server, number, metadata=None, **fields):
    return server.stubs.verdict.Rule.Name(check(server, number, metadata, **fields).rule)[5:]


def operator_key(data_dir):
    made = subprocess.run([str(BIN / "dncd"), "--data-dir", str(data_dir),
                           "--create-operator-key"], capture_output=True, text=True, check=True,
                          timeout=PATIENCE)
    assert made.stdout.startswith("dnck_")
    return made.stdout.strip()


def new_key(server, scopes, tenant_id="default", **fields):
    tenant = server.stubs.tenant
    return server.call(server.tenants.CreateKey, tenant.CreateKeyRequest(
        tenant_id=tenant_id, scopes=[getattr(tenant, f"KEY_SCOPE_{s}") for s in scopes], **fields))


def moment(seconds):
    return Timestamp(seconds=seconds)


def load_wireless(server, obtained_at):
    server.load([("WIRELESS.TXT", f"{FREE}\r\n".encode())], "wireless", obtained_at)
