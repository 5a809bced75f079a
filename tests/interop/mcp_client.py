"""The Model Context Protocol's Python SDK as a client of /mcp: mcp_client.py SETTINGS.json CASE...

Runs the named cases, in their order, and prints a line for each: `ok NAME`, or `not ok NAME: WHY`.
The SDK checks each result against the protocol's types, and what a tool says against its output
schema."""

import asyncio
import json
import pathlib
import sys

import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

SETTINGS = json.loads(pathlib.Path(sys.argv[1]).read_text())
LISTED, FREE = str(SETTINGS["listed"]), str(SETTINGS["free"])
MODES = ("auto", "legacy", "2026-07-28")


def client(mode, key=SETTINGS["key"], **headers):
    if key:
        headers["authorization"] = f"Bearer {key}"
    http = httpx2.AsyncClient(headers=headers, timeout=SETTINGS["patience"])
    return Client(streamable_http_client(SETTINGS["url"], http_client=http), mode=mode)


async def tools(mode):
    async with client(mode) as session:
        listed = await session.list_tools()
        assert {tool.name for tool in listed.tools} == {
            "check_numbers", "explain", "add_opt_out", "coverage"}
        for tool in listed.tools:
            assert tool.description and tool.output_schema and tool.input_schema["type"] == "object"


async def check_numbers(mode):
    async with client(mode) as session:
        answer = await session.call_tool("check_numbers", {"numbers": [LISTED, FREE, "12"]})
        assert not answer.is_error, answer
        told = answer.structured_content
        assert json.loads(answer.content[0].text) == told
        assert [one["mayCall"] for one in told["results"]] == [False, True, False]
        assert [one["number"] for one in told["results"]] == [LISTED, FREE, "12"]
        assert told["results"][0]["reasons"] == ["REASON_NATIONAL"]
        assert "validUntil" in told["results"][1] and "validUntil" not in told["results"][2]


async def explain(mode):
    async with client(mode) as session:
        told = (await session.call_tool("explain", {"number": LISTED})).structured_content
        assert not told["mayCall"] and told["result"]["matches"][0]["list"] == "national"
        past = await session.call_tool("explain", {"number": FREE, "as_of": SETTINGS["moment"]})
        assert past.structured_content["mayCall"] is False, past


async def add_opt_out(mode):
    number = f"201555{2000 + MODES.index(mode)}"
    async with client(mode) as session:
        told = (await session.call_tool("add_opt_out", {
            "number": number, "reason": "asked in a call",
            "request_id": f"mcp-{mode}"})).structured_content
        assert told["recorded"] and told["outcome"] == "WRITE_OUTCOME_ADDED", told
        checked = (await session.call_tool("check_numbers", {"numbers": [number]})
                   ).structured_content["results"][0]
        assert not checked["mayCall"] and checked["reasons"] == ["REASON_OWN_DO_NOT_CALL"]
        refused = (await session.call_tool("add_opt_out", {"number": "12"})).structured_content
        assert not refused["recorded"] and "ten digits" in refused["message"], refused


async def coverage(mode):
    async with client(mode, SETTINGS["operator_key"]) as session:
        told = (await session.call_tool("coverage", {"area_codes": [201, 303]})).structured_content
        assert {area["areaCode"]: area["state"] for area in told["areaCodes"]} == {
            201: "COVERED", 303: "NOT_LOADED"}
        assert told["covered"] == 1 and "firstStaleAt" in told
        told = (await session.call_tool("coverage", {})).structured_content
        assert told["areaCodes"] == []


async def errors(mode):
    async with client(mode) as session:
        for tool, arguments, said in (
                ("check_numbers", {"numbers": [LISTED, None]}, "numbers[1]"),
                ("check_numbers", {"numbers": []}, "INVALID_REQUEST"),
                ("explain", {"number": FREE, "at": "now"}, "no such argument"),
                ("coverage", {}, "SCOPE_MISSING")):
            answer = await session.call_tool(tool, arguments)
            assert answer.is_error and said in answer.content[0].text, answer
            assert "do not call" in answer.content[0].text
        for name, arguments in (("no_such_tool", {}),):
            try:
                await session.call_tool(name, arguments)
            except MCPError as error:
                assert error.error.code == -32602, error
            else:
                raise AssertionError("a tool that is not there")


async def no_key(mode):
    async with client(mode, None) as session:
        await session.list_tools()  # no secret
        try:
            await session.call_tool("check_numbers", {"numbers": [FREE]})
        except MCPError as error:
            assert "key" in error.error.message, error
        else:
            raise AssertionError("a check without a key")


async def foreign_origin(mode):
    try:
        async with client(mode, origin="http://evil.example") as session:
            await session.call_tool("check_numbers", {"numbers": [FREE]})
    except BaseException:  # pylint: disable=broad-exception-caught
        return
    raise AssertionError("a page of another origin")


async def negotiation(_mode):
    """Each version of a handshake is granted; of an unknown one the newest is offered."""
    headers = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
    async with httpx2.AsyncClient(headers=headers, timeout=SETTINGS["patience"]) as http:
        async def post(body, **more):
            answer = await http.post(SETTINGS["url"], content=body if isinstance(body, bytes)
                                     else json.dumps(body), headers=more)
            return answer.status_code, answer.json() if answer.content else None

        def call(method, params=None, **more):
            return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}, **more}

        for asked, granted in (("2025-11-25", "2025-11-25"), ("2025-06-18", "2025-06-18"),
                               ("1999-01-01", "2025-11-25")):
            status, told = await post(call("initialize", {
                "protocolVersion": asked, "capabilities": {},
                "clientInfo": {"name": "x", "version": "1"}}))
            assert (status, told["result"]["protocolVersion"]) == (200, granted), told
        initialized = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        assert await post(initialized) == (202, None)
        status, told = await post(call("tools/list"), **{"mcp-protocol-version": "1999-01-01"})
        assert status == 400 and told["error"]["code"] == -32022, told
        assert "2026-07-28" in told["error"]["data"]["supported"]
        status, told = await post(call("tools/list"), **{"mcp-protocol-version": "2026-07-28"})
        assert status == 400 and told["error"]["code"] == -32602, told
        meta = {"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
                          "io.modelcontextprotocol/clientCapabilities": {}}}
        modern = {"mcp-protocol-version": "2026-07-28"}
        status, told = await post(call("tools/list", meta), **modern)
        assert status == 400 and told["error"]["code"] == -32020, told
        status, told = await post(call("prompts/list", meta), **modern,
                                  **{"mcp-method": "prompts/list"})
        assert status == 404 and told["error"]["code"] == -32601, told
        status, told = await post(call("prompts/list"))
        assert status == 200 and told["error"]["code"] == -32601, told
        for body, code in ((b"{", -32700), (b"[]", -32600),
                           (b'{"jsonrpc": "2.0", "id": 1}', -32600),
                           (b'{"jsonrpc": "2.0", "id": null, "method": "ping"}', -32600),
                           (b'{"jsonrpc": "2.0", "id": 1, "id": 2, "method": "ping"}', -32700),
                           (b"[" * 5000, -32700), (b'{"a": ' * 50 + b"1" + b"}" * 50, -32700)):
            status, told = await post(body)
            assert status == 400 and told["error"]["code"] == code and told["id"] is None, told
        assert (await http.get(SETTINGS["url"])).status_code == 405
        status, told = await post(call("tools/list"), origin="http://evil.example")
        assert status == 403 and "origin" in told["error"]["message"], told


CASES = {case.__name__: case for case in (
    tools, check_numbers, explain, add_opt_out, coverage, errors, no_key, foreign_origin,
    negotiation)}


def main():
    mode = SETTINGS["mode"]
    for name in sys.argv[2:]:
        try:
            asyncio.run(asyncio.wait_for(CASES[name](mode), SETTINGS["patience"]))
            print(f"ok {name}", flush=True)
        except BaseException as error:  # pylint: disable=broad-exception-caught
            print(f"not ok {name}: {error!r}", flush=True)
            raise


main()
