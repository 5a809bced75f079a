"""/mcp with the protocol's own Python SDK, in each way in which a client can begin; and /v1 as its
OpenAPI document says, by schemathesis."""

import json
import subprocess
import time
import urllib.request

import pytest

from dnc_server import ANY_PORT, Server
from list_files import DAY, block, flat
from scene import FREE, LISTED, TOOLS
from tenant_calls import make_tenant, new_key, operator_key
from waiting import PATIENCE

CASES = ("tools check_numbers explain add_opt_out coverage errors no_key foreign_origin"
         " negotiation").split()


@pytest.fixture(name="door", scope="module")
def fixture_door(stubs, tmp_path_factory):
    data = tmp_path_factory.mktemp("door") / "data"
    operator = operator_key(data)
    server = Server(stubs, data, key=operator, tenant="default", http_listen=ANY_PORT)
    server.wait_until_ready()
    make_tenant(server, "acme")
    server.load([("base.txt", flat(block(201, 555, 150)))], obtained_at=time.time() - 2 * DAY)
    server.told = {
        "url": f"http://{server.http}/mcp", "operator_key": operator, "patience": PATIENCE,
        "key": new_key(server, ["SCRUB", "WRITE_LISTS"], "acme").secret,
        "moment": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - DAY)),
        "listed": LISTED, "free": FREE}
    yield server
    assert server.stop() == 0, server.log()


def python_of(installed, name):
    if name in installed:
        pytest.skip(f"{name} is left out: {installed[name]}")
    return TOOLS / name / "bin"


@pytest.mark.parametrize("mode", ["auto", "legacy", "2026-07-28"])
def test_mcp(installed, door, tmp_path, mode):
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({**door.told, "mode": mode}))
    done = subprocess.run(
        [python_of(installed, "mcp") / "python", "tests/interop/mcp_client.py", settings, *CASES],
        capture_output=True, text=True, check=False, timeout=PATIENCE,
        cwd=TOOLS.parent.parent)
    lines = done.stdout.splitlines()
    missing = [name for name in CASES if f"ok {name}" not in lines]
    assert done.returncode == 0 and not missing, done.stdout + done.stderr


def test_v1_is_as_its_document_says(installed, door, tmp_path):
    """Whatever the document allows, and much that it does not, gets an answer that fits it; never
    an error of the server. A failure names its seed."""
    command = [python_of(installed, "schemathesis") / "schemathesis", "run",
               f"http://{door.http}/v1/openapi.json", "--no-color",
               "-H", f"Authorization: Bearer {door.told['operator_key']}", "-H", "dnc-tenant: acme",
               "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,"
               "response_headers_conformance,response_schema_conformance,unsupported_method,"
               "allow_header_conformance",
               "--phases", "examples,coverage,fuzzing", "--max-examples", "10",
               "--generation-database", "none", "--warnings", "off"]
    # It keeps a folder of its own where it runs.
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE,
                          cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-10000:] + done.stderr
    with urllib.request.urlopen(f"http://{door.http}/v1/openapi.json", timeout=PATIENCE) as told:
        count = sum(len(path) for path in json.load(told)["paths"].values())
    assert count >= 28 and f"Selected: {count}/{count}" in done.stdout, done.stdout
