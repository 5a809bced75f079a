"""/mcp: what its tools may not do, and who may ask."""

import json
import time

import pytest

from dnc_server import ANY_PORT, Server
from list_files import DAY, flat, registry_name
from rest_calls import Rest
from tenant_calls import make_list, make_tenant, new_key, operator_key

NOW = int(time.time())
LISTED = 2015550100


@pytest.fixture(name="scene", scope="module")
def fixture_scene(stubs, tmp_path_factory):
    data = tmp_path_factory.mktemp("mcp") / "data"
    operator = operator_key(data)
    server = Server(stubs, data, key=operator, tenant="default", http_listen=ANY_PORT)
    server.wait_until_ready()
    server.operator = operator
    server.load([(registry_name(NOW - 2 * DAY, "201"), flat([LISTED]))])
    make_tenant(server, "acme")
    acme = server.identity(operator, "acme")
    for list_id, kind in (("granted", "CONSENT"), ("customers", "EBR"), ("stop", "INTERNAL")):
        make_list(server, list_id, kind, metadata=acme)
    server.agent = new_key(server, ["SCRUB", "WRITE_LISTS"], "acme").secret
    yield server
    assert server.stop() == 0, server.log()


def send(rest, message, headers=None):
    """Returns the status and the answer, or nothing for an empty one."""
    status, _, body = rest.send("POST", "/mcp", json.dumps(message),
                                {"content-type": "application/json", **(headers or {})})
    return status, json.loads(body) if body else None


def use(rest, tool, **arguments):
    """The result of a tool."""
    status, told = send(rest, {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                               "params": {"name": tool, "arguments": arguments}})
    assert status == 200, told
    return told["result"]


def verdict(rest, number):
    result = use(rest, "check_numbers", numbers=[number])["structuredContent"]["results"][0]
    assert result["mayCall"] == (result["verdict"] == "VERDICT_CLEAR")
    return result["verdict"]


@pytest.mark.parametrize("list_id", ["granted", "customers", "none", "GRANTED"])
def test_an_opt_out_becomes_no_permission(scene, list_id):
    rest = Rest(scene, scene.agent)
    assert verdict(rest, str(LISTED)) == "VERDICT_LISTED"
    before = Rest(scene, scene.operator, "acme").ask("GET", f"/v1/records/{LISTED}")
    result = use(rest, "add_opt_out", number=str(LISTED), list_id=list_id)
    assert result["isError"] and "structuredContent" not in result
    assert "list_id" in result["content"][0]["text"]
    assert Rest(scene, scene.operator, "acme").ask("GET", f"/v1/records/{LISTED}") == before
    assert verdict(rest, str(LISTED)) == "VERDICT_LISTED"


@pytest.mark.parametrize("list_id", [None, "internal", "stop", ""])
def test_an_opt_out_is_recorded(scene, list_id):
    rest = Rest(scene, scene.agent)
    number = str(2015550110 + [None, "internal", "stop", ""].index(list_id))
    assert verdict(rest, number) == "VERDICT_CLEAR"
    told = {} if list_id is None else {"list_id": list_id}
    result = use(rest, "add_opt_out", number=number, **told)
    assert not result["isError"] and result["structuredContent"]["recorded"]
    assert verdict(rest, number) == "VERDICT_LISTED"


def test_a_message_without_an_id(scene):
    rest = Rest(scene, scene.agent)
    call = {"jsonrpc": "2.0", "method": "tools/call",
            "params": {"name": "add_opt_out", "arguments": {"number": "2015550120"}}}
    for message in (call, {"jsonrpc": "2.0", "method": "ping"},
                    {"jsonrpc": "2.0", "method": "notifications"}):
        status, told = send(rest, message)
        assert (status, told["error"]["code"]) == (400, -32600), message
    assert verdict(rest, "2015550120") == "VERDICT_CLEAR"
    for method in ("notifications/initialized", "notifications/cancelled"):
        assert send(rest, {"jsonrpc": "2.0", "method": method}) == (202, None)


def test_a_whole_list_is_covered_while_it_is_young(scene):
    rest = Rest(scene, scene.operator)
    for obtained_at, state in ((NOW - 90 * DAY, "STALE"), (NOW - DAY, "COVERED")):
        # The same bytes twice would be refused as the same file.
        numbers = [LISTED] if state == "STALE" else [LISTED, 2015550101]
        scene.load([("WIRELESS.TXT", "".join(f"{n}\r\n" for n in numbers).encode())], "wireless",
                   obtained_at)
        told = use(rest, "coverage", list="wireless", area_codes=[212])["structuredContent"]
        assert told["coversAll"] and told["otherAreaCodes"] == state, told
        assert told["areaCodes"] == [{"areaCode": 212, "state": state}]
        assert use(rest, "coverage", list="wireless")["structuredContent"][
            "otherAreaCodes"] == state
    told = use(rest, "coverage", area_codes=[212])["structuredContent"]
    assert told["otherAreaCodes"] == told["areaCodes"][0]["state"] == "NOT_LOADED"


def test_without_keys_loopback_alone_is_answered(start_server):
    rest = Rest(start_server(http_listen=ANY_PORT))
    messages = [{"jsonrpc": "2.0", "id": 1, "method": method, "params": {}}
                for method in ("initialize", "tools/list", "ping")]
    messages.append({"jsonrpc": "2.0", "method": "notifications/initialized"})
    for headers in ({"host": "evil.example:8061"}, {"x-forwarded-for": "192.0.2.1"},
                    {"host": "evil.example", "origin": "http://evil.example"}):
        for message in messages:
            status, told = send(rest, message, headers)
            assert status == 401 and told["error"]["data"]["reason"] == "UNAUTHENTICATED", message
        assert rest.send("GET", "/v1/openapi.json", headers=headers)[0] == 401
    for message in messages:
        assert send(rest, message)[0] in (200, 202)
    assert rest.send("GET", "/v1/openapi.json")[0] == 200
