"""/v1 by HTTP: it answers what gRPC answers, refuses what gRPC refuses, and takes no JSON that
could mean something else than it says."""

import base64
import json
import os
import random
import re
import time

import pytest
from google.protobuf import json_format

from dnc_server import ANY_PORT, Refused, Server
from list_files import DAY, flat, registry_name
from rest_calls import HTTP_STATUS, Problem, Rest, rule_of, target_of
from tenant_calls import add, make_list, make_tenant, new_key, operator_key
from waiting import PATIENCE

NOW = int(time.time())
LOADED_AT = NOW - 2 * DAY
COVERED = (201, 212)
LISTED = [area * 10**7 + 5550100 + i for area in COVERED for i in range(40)]
NOTE = '"quoted" \\ and é'
# What is another in each answer, or is told of calls.
VOLATILE = {"decided_at", "newest_known_at", "last_used_at"}
SERVICES = {"ScrubService": "scrub", "RegistryService": "registry", "TenantService": "tenant",
            "ListService": "list"}


@pytest.fixture(name="scene", scope="module")
def fixture_scene(stubs, tmp_path_factory):
    """One server for the whole file: tests that write have tenants of their own."""
    data = tmp_path_factory.mktemp("rest") / "data"
    operator = operator_key(data)
    server = Server(stubs, data, key=operator, tenant="default", http_listen=ANY_PORT)
    server.wait_until_ready()
    server.operator = operator
    server.load([(registry_name(LOADED_AT, str(area)),
                  flat([n for n in LISTED if n // 10**7 == area])) for area in COVERED])
    make_tenant(server, "acme")
    server.acme = server.identity(operator, "acme")
    make_list(server, "consent", "CONSENT", metadata=server.acme)
    add(server, ["2015550101"], "consent", metadata=server.acme, source="form")
    add(server, ["2015550199"], metadata=server.acme, note=NOTE)
    yield server
    assert server.stop() == 0, server.log()


def methods(stubs):
    """The methods of the contract that HTTP has, by name."""
    found = {}
    for service, module in SERVICES.items():
        for method in getattr(stubs, module).DESCRIPTOR.services_by_name[service].methods:
            if rule_of(method):
                found[method.name] = method
    return found


def request_of(method, fields):
    return json_format.ParseDict(fields, method.input_type._concrete_class())


def ask_grpc(server, method, request, metadata):
    path = f"/{method.containing_service.full_name}/{method.name}"
    answer = method.output_type._concrete_class
    call = server.channel.unary_unary(path, type(request).SerializeToString, answer.FromString)
    return server.call(call, request, metadata)


def forget(message):
    """Clears what is another in each answer."""
    for field, value in message.ListFields():
        if field.name in VOLATILE:
            message.ClearField(field.name)
        elif field.type == field.TYPE_MESSAGE:
            for one in value if field.label == field.LABEL_REPEATED else [value]:
                forget(one)
    return message


def outcome(ask):
    try:
        return forget(ask())
    except (Refused, Problem) as error:
        return error


def expect_same(by_grpc, by_http, told=True):
    """The same answer, or the same error."""
    if isinstance(by_grpc, Refused):
        assert isinstance(by_http, Problem), (by_grpc, by_http)
        assert by_http.reason == by_grpc.reason, (by_grpc, by_http)
        status = HTTP_STATUS[by_grpc.code]
        assert by_http.status in (status if isinstance(status, tuple) else (status,)), by_http
        assert not told or by_http.detail == by_grpc.message, by_http.detail
    else:
        assert by_http == by_grpc


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


# Questions, and writes that change nothing or are refused.
SAME = [
    ("Scrub", {"numbers": LISTED[:3] + [2015550999, 42, 3035550100]}),
    ("Scrub", {"numbers": []}),
    ("Scrub", {"texts": ["(201) 555-0100", "+1.212.555.0199", "x", ""], "detail": "DETAIL_FULL"}),
    ("Scrub", {"packedNumbers": base64.b64encode(LISTED[0].to_bytes(5, "little")).decode(),
               "detail": "DETAIL_REASONS", "scope": "brand/spring"}),
    ("Scrub", {"numbers": LISTED[:2], "texts": ["x"]}),
    ("Scrub", {"packedNumbers": "AAAA"}),
    ("Scrub", {"numbers": [2015550100] * 10_001}),
    ("Scrub", {"numbers": [2015550100], "scope": "BRAND/"}),
    ("Scrub", {"numbers": [2015550100], "atLeastRevision": "1"}),
    ("Scrub", {"numbers": [2015550100], "atLeastRevision": "18446744073709551615"}),
    ("Scrub", {"numbers": LISTED[:2], "asOf": iso(NOW - DAY), "detail": "DETAIL_FULL"}),
    ("Scrub", {"numbers": LISTED[:2], "asAnsweredAt": iso(NOW - 100 * DAY)}),
    ("Scrub", {"numbers": LISTED[:2], "asOf": iso(NOW + DAY)}),
    ("Scrub", {"numbers": LISTED[:2], "asOf": iso(NOW - 9), "asAnsweredAt": iso(NOW - 9)}),
    *[("CheckNumber", {"number": number}) for number in (
        "2015550100", "(201) 555-0101", "+1.201.555.0199", "201/555/0100", "12", "é", "%", "?#&")],
    ("CheckNumber", {"number": "2015550100", "scope": "brand/a b&c"}),
    ("CheckNumber", {"number": "2015550100", "asOf": iso(NOW - DAY)}),
    ("CheckNumber", {"number": "2015550100", "asOf": iso(NOW - 900 * DAY)}),
    ("CheckNumber", {"number": "2015550100", "atLeastRevision": "999999999"}),
    ("LoadRelease", {"options": {"list": "national"}, "paths": ["/etc/passwd"]}),
    ("LoadRelease", {}),
    ("LoadRelease", {"options": {"list": "no such list", "callableLimit": "0"}, "paths": ["/x"]}),
    ("ListLoads", {}), ("ListLoads", {"pageSize": 1}), ("ListLoads", {"pageToken": "x"}),
    ("ListReleases", {"list": "national", "pageSize": 1}), ("ListReleases", {"list": "state:TX"}),
    ("GetCoverage", {}), ("GetCoverage", {"list": "other:none"}), ("GetCoverage", {"list": "?"}),
    ("RollBackRelease", {"dryRun": True}), ("RollBackRelease", {"list": "state:TX"}),
    ("RetireList", {"list": "national", "dryRun": True, "callableLimit": "0"}),
    ("RetireList", {"list": "state:TX"}),
    ("GetHistory", {"number": "(201) 555-0100"}), ("GetHistory", {"number": "12"}),
    ("GetStatus", {}),
    ("GetActivity", {"stepMinutes": 1440}), ("GetActivity", {"stepMinutes": 1441}),
    ("CreateTenant", {"tenant": {"tenantId": "acme"}}),
    ("CreateTenant", {"tenant": {"tenantId": "Not An Id"}}),
    ("UpdateTenant", {"tenant": {"tenantId": "acme", "revision": "1"}}),
    ("UpdateTenant", {"tenant": {"tenantId": "nobody"}}),
    ("RemoveTenant", {"tenantId": "acme"}), ("RemoveTenant", {"tenantId": "default"}),
    ("GetTenant", {"tenantId": "acme"}), ("GetTenant", {"tenantId": "nobody"}),
    ("ListTenants", {}), ("ListTenants", {"pageSize": 1}), ("ListTenants", {"pageSize": 5000}),
    ("ListTenantChanges", {"tenantId": "acme", "pageSize": 2}),
    ("ListTenantChanges", {"tenantId": "nobody"}),
    ("CreateKey", {"tenantId": "acme"}), ("CreateKey", {"tenantId": "x", "scopes": [1]}),
    ("ListKeys", {"tenantId": "acme"}), ("ListKeys", {}), ("ListKeys", {"tenantId": "nobody"}),
    ("RevokeKey", {"keyId": "nosuchid"}),
    ("CreateList", {"list": {"listId": "consent", "kind": "OWN_LIST_KIND_CONSENT"}}),
    ("CreateList", {"list": {"listId": "x", "records": "7"}}),
    ("ListLists", {}),
    ("AddNumbers", {"listId": "nosuch", "records": [{"number": "2015550100"}]}),
    ("AddNumbers", {"listId": "internal", "records": [{"number": "12"}]}),
    ("AddNumbers", {"listId": "internal", "records": [{"number": "2015550199", "note": NOTE}]}),
    ("RemoveNumbers", {"listId": "internal", "numbers": ["2015550199", "12"]}),
    ("RemoveNumbers", {"listId": "nosuch", "numbers": ["2015550199"]}),
    ("GetRecord", {"number": "+1 201 555 0199"}), ("GetRecord", {"number": "12"}),
    ("ListRecords", {"listId": "internal"}), ("ListRecords", {"listId": "nosuch"}),
    ("ListRecords", {"listId": "internal", "pageSize": 1, "pageToken": "?"}),
    ("AddBlocks", {"listId": "internal", "blocks": ["20"]}),
    ("AddBlocks", {"listId": "consent", "blocks": ["201"]}),
    ("RemoveBlocks", {"listId": "internal", "blocks": ["x"]}),
]


def test_http_answers_what_grpc_answers(scene, stubs):
    rest = Rest(scene, scene.operator, "acme")
    known = methods(stubs)
    assert {name for name, _ in SAME} == set(known), "all methods are compared"
    for name, fields in SAME:
        request = request_of(known[name], fields)
        by_grpc = outcome(lambda: ask_grpc(scene, known[name], request, scene.acme))
        by_http = outcome(lambda: rest.call(known[name], request))
        try:
            # Each of two writes has a revision of its own.
            if name in ("AddNumbers", "RemoveNumbers") and not isinstance(by_grpc, Refused):
                by_grpc.revision = by_http.revision
            expect_same(by_grpc, by_http)
        except AssertionError as error:
            raise AssertionError(f"{name} {str(fields)[:200]}: {error}") from None


def test_both_fronts_permit_the_same(scene, stubs):
    known = methods(stubs)
    make_tenant(scene, "banned")
    keys = {name: new_key(scene, scopes, tenant).secret for name, scopes, tenant in (
        ("scrub", ["SCRUB"], "acme"), ("lists", ["WRITE_LISTS"], "acme"),
        ("both", ["SCRUB", "WRITE_LISTS"], "acme"), ("banned", ["SCRUB", "WRITE_LISTS"], "banned"))}
    tenant = scene.call(scene.tenants.GetTenant,
                        stubs.tenant.GetTenantRequest(tenant_id="banned")).tenant
    tenant.state = stubs.tenant.TENANT_STATE_SUSPENDED
    scene.call(scene.tenants.UpdateTenant, stubs.tenant.UpdateTenantRequest(tenant=tenant))
    revoked = new_key(scene, ["SCRUB"], "acme")
    scene.call(scene.tenants.RevokeKey, stubs.tenant.RevokeKeyRequest(key_id=revoked.key.key_id))
    callers = [(None, None), ("dnck_nonsense", None), (revoked.secret, None),
               *[(key, None) for key in keys.values()], (keys["scrub"], "acme"),
               (scene.operator, None), (scene.operator, "nobody"), (scene.operator, "banned")]
    harmless = {}
    for name, fields in SAME:
        harmless.setdefault(name, fields)
    for key, named in callers:
        rest, metadata = Rest(scene, key, named), scene.identity(key, named)
        for name, fields in harmless.items():
            request = request_of(known[name], fields)
            by_grpc = outcome(lambda: ask_grpc(scene, known[name], request, metadata))
            by_http = outcome(lambda: rest.call(known[name], request))
            if isinstance(by_grpc, Refused) and by_grpc.code == "UNAUTHENTICATED":
                assert by_http.headers["www-authenticate"] == "Bearer"
            # What lacks a key is told more by HTTP: how to make one.
            expect_same(by_grpc, by_http, told=key is not None)


def test_writes_count_as_those_by_grpc(scene, stubs):
    rest = Rest(scene, scene.operator)
    made = rest.ask("POST", "/v1/tenants", {"tenantId": "rest", "entitlement": {"all": True}})
    assert made["tenant"]["state"] == "TENANT_STATE_ACTIVE" and made["tenant"]["records"] == "0"
    updated = rest.ask("PUT", "/v1/tenants/rest", {
        "displayName": "Rest", "entitlement": {"areaCodes": [201]},
        "revision": made["tenant"]["revision"]})["tenant"]
    assert updated["entitlement"] == {"all": False, "areaCodes": [201]}
    key = rest.ask("POST", "/v1/keys", {"tenantId": "rest", "scopes": ["KEY_SCOPE_SCRUB",
                                                                       "KEY_SCOPE_WRITE_LISTS"]})
    own = Rest(scene, key["secret"])
    metadata = scene.identity(key["secret"])
    assert own.ask("POST", "/v1/lists", {"listId": "opt-outs", "kind": "OWN_LIST_KIND_INTERNAL"})[
        "list"]["kind"] == "OWN_LIST_KIND_INTERNAL"
    added = own.ask("POST", "/v1/lists/opt-outs/numbers:add", {
        "records": [{"number": "(201) 555-0150"}, {"number": "12"}], "requestId": "a"})
    assert [one["outcome"] for one in added["results"]] == ["WRITE_OUTCOME_ADDED",
                                                            "WRITE_OUTCOME_REFUSED"]
    again = own.ask("POST", "/v1/lists/opt-outs/numbers:add", {
        "records": [{"number": "(201) 555-0150"}, {"number": "12"}], "requestId": "a"})
    assert again == added
    answer = scene.scrub(metadata, numbers=[2015550150], at_least_revision=int(added["revision"]))
    assert list(answer.verdicts) == [stubs.verdict.VERDICT_LISTED]
    assert own.ask("GET", "/v1/records/2015550150")["records"][0]["listId"] == "opt-outs"
    assert own.ask("GET", "/v1/lists/opt-outs/records")["records"][0]["number"] == "2015550150"
    own.ask("POST", "/v1/lists/opt-outs/blocks:add", {"blocks": ["201556"]})
    assert own.ask("GET", "/v1/check/201-556-0100")["result"]["verdict"] == "VERDICT_LISTED"
    own.ask("POST", "/v1/lists/opt-outs/blocks:remove", {"blocks": ["201556"]})
    assert own.ask("GET", "/v1/check/201-556-0100")["result"]["verdict"] == "VERDICT_CLEAR"
    removed = own.ask("POST", "/v1/lists/opt-outs/numbers:remove",
                      {"numbers": ["2015550150"], "removeDoNotCall": True})
    assert removed["results"][0]["outcome"] == "WRITE_OUTCOME_REMOVED"
    assert rest.ask("POST", f"/v1/keys/{key['key']['keyId']}:revoke")["key"]["revokedAt"]
    with pytest.raises(Problem) as problem:
        own.ask("GET", "/v1/lists")
    assert (problem.value.status, problem.value.reason) == (401, "UNAUTHENTICATED")
    rest.ask("PUT", "/v1/tenants/rest", {"state": "TENANT_STATE_SUSPENDED"})
    assert int(rest.ask("DELETE", "/v1/tenants/rest")["revision"]) > 0
    with pytest.raises(Problem) as problem:
        rest.ask("GET", "/v1/tenants/rest")
    assert (problem.value.status, problem.value.reason) == (404, "NOT_FOUND")


def test_what_no_json_may_say(scene):
    rest = Rest(scene, scene.operator, "acme")
    for body, place in ((b'{"numbers": [2015550100, null]}', "numbers[1]"),
                        (b'{"numbers": [[2015550100]]}', "numbers[0]"),
                        (b'{"numbers": ["2015550100.0"]}', "numbers[0]"),
                        (b'{"numbers": [2015550100.0]}', "numbers[0]"),
                        (b'{"numbers": [1], "numbers": [2]}', "twice"),
                        (b'{"numbers": 2015550100}', "an array"),
                        (b'{"phones": []}', "`phones`"), (b"", "no body"), (b"[]", "an object"),
                        (b'{"numbers": ["2015550100"]', "no JSON"), (b"[" * 100_000, "object"),
                        (b'{"texts": ["\xff"]}', "no JSON"), (b'\x00', "no JSON")):
        with pytest.raises(Problem) as problem:
            rest.ask("POST", "/v1/scrub", body)
        assert (problem.value.status, problem.value.reason) == (400, "INVALID_REQUEST"), body[:50]
        assert place in problem.value.detail.replace("JSON object", "an object"), (
            body[:50], problem.value.detail)
        assert "2015550100" not in problem.value.detail
    for target, named in (("/v1/check/2015550100?at=2026-01-01T00:00:00Z", "`at`"),
                          ("/v1/check/2015550100?scope=a&scope=b", "twice"),
                          ("/v1/check/2015550100?as_of=yesterday", "as_of"),
                          ("/v1/lists?page_size=1", "`page_size`")):
        with pytest.raises(Problem) as problem:
            rest.ask("GET", target)
        assert problem.value.status == 400 and named in problem.value.detail, problem.value
    with pytest.raises(Problem) as problem:  # what a page may send without asking
        rest.ask("POST", "/v1/scrub", b'{"numbers": []}', {"content-type": "text/plain"})
    assert problem.value.status == 400 and "Content-Type" in problem.value.detail


def test_limits_are_told(scene):
    rest = Rest(scene, scene.operator, "acme")
    with pytest.raises(Problem) as problem:
        rest.ask("POST", "/v1/scrub", {"numbers": ["2015550100"] * 10_001})
    assert problem.value.reason == "BATCH_TOO_LARGE"
    assert problem.value.metadata == {"max_batch": "10000"}
    scene.call(scene.tenants.CreateTenant, scene.stubs.tenant.CreateTenantRequest(
        tenant=scene.stubs.tenant.Tenant(tenant_id="slow", entitlement={"all": True},
                                         quotas={"numbers_per_second": 5})))
    slow = Rest(scene, scene.operator, "slow")
    with pytest.raises(Problem) as problem:
        for _ in range(100):
            slow.ask("POST", "/v1/scrub", {"numbers": ["2015550100"] * 5})
    assert (problem.value.status, problem.value.reason) == (429, "QUOTA_EXCEEDED")
    assert int(problem.value.headers["retry-after"]) >= 1


def test_paths_and_verbs(scene):
    rest = Rest(scene, scene.operator)
    for verb, target in (("GET", "/v1/nothing"), ("GET", "/v1/check"), ("GET", "/v1/check/1/2"),
                         ("POST", "/v1/keys/x:end")):
        assert rest.send(verb, target)[0] == 404, target
    status, headers, _ = rest.send("DELETE", "/v1/tenants")
    assert status == 405 and {"GET", "POST"} <= set(headers["allow"].split(", "))
    status, headers, body = rest.send("HEAD", "/v1/status")
    assert status == 200 and not body and int(headers["content-length"]) > 100


def test_anybody_may_read_the_document(scene):
    document = Rest(scene).ask("GET", "/v1/openapi.json")
    assert document["openapi"] == "3.1.0" and "/v1/check/{number}" in document["paths"]


def test_without_keys_nobody_is_the_operator(stubs, start_server):
    server = start_server(http_listen=ANY_PORT)
    rest = Rest(server)
    assert rest.ask("POST", "/v1/scrub", {"numbers": ["2015550100"]})["verdicts"] == [
        "VERDICT_NOT_COVERED"]
    assert rest.ask("GET", "/v1/check/2015550100")["result"]["rule"] == "RULE_NOT_COVERED"
    for name, method in methods(stubs).items():
        if name in ("Scrub", "CheckNumber"):
            continue
        fields = next(fields for other, fields in SAME if other == name)
        with pytest.raises(Problem) as problem:
            rest.call(method, request_of(method, fields))
        assert (problem.value.status, problem.value.reason) == (401, "UNAUTHENTICATED"), name
        assert "--create-operator-key" in problem.value.detail
    for headers in ({"host": "dialer.example:8061"}, {"origin": "http://evil.example"},
                    {"x-forwarded-for": "192.0.2.1"}, {"forwarded": "for=192.0.2.1"}):
        with pytest.raises(Problem) as problem:
            rest.ask("GET", "/v1/check/2015550100", headers=headers)
        assert problem.value.status in (401, 403), headers


class Oracle:
    """What is answered, written from the contract alone."""

    def __init__(self):
        self.opt_outs, self.consents, self.blocks = set(), set(), set()

    def verdict(self, number):
        if not 2000000000 <= number <= 9999999999:
            return "INVALID"
        text = str(number)
        if number in self.opt_outs or text[:3] in self.blocks or text[:6] in self.blocks:
            return "LISTED"
        if number // 10**7 not in COVERED:
            return "NOT_COVERED"
        return "LISTED" if number in LISTED and number not in self.consents else "CLEAR"


def written(random_, number):
    """A number as people write it."""
    text = f"{number:010d}"
    return random_.choice([text, "1" + text, f"+1 {text[:3]} {text[3:6]} {text[6:]}",
                           f"({text[:3]}) {text[3:6]}-{text[6:]}",
                           f"{text[:3]}.{text[3:6]}.{text[6:]}"])


def ask_random(random_, rest, numbers, revision):
    """The verdicts, asked in one of all forms."""
    if len(numbers) == 1 and random_.random() < 0.5:
        number = written(random_, numbers[0]).replace(" ", "%20").replace("+", "%2B")
        answer = rest.ask("GET", f"/v1/check/{number}?at_least_revision={revision}")
        return [answer["result"]["verdict"]]
    body = {"atLeastRevision": random_.choice([revision, str(revision)]),
            "detail": random_.choice(["DETAIL_COLUMNS", "DETAIL_FULL", "DETAIL_REASONS", 0])}
    form = random_.choice(["numbers", "strings", "texts", "packed"])
    if form == "packed":
        body["packedNumbers"] = base64.b64encode(
            b"".join(n.to_bytes(5, "little") for n in numbers)).decode()
    elif form == "texts":
        body["texts"] = [written(random_, n) for n in numbers]
    else:
        body["numbers"] = [str(n) if form == "strings" else n for n in numbers]
    answer = rest.ask("POST", "/v1/scrub", json.dumps(body, indent=random_.choice([None, 1])))
    assert len(answer["reasons"]) == len(numbers)
    assert len(answer["results"]) == (len(numbers) if body["detail"] == "DETAIL_FULL" else 0)
    return answer["verdicts"]


def test_random_questions_agree_with_the_model(scene):
    seed = int(os.environ.get("DNC_SEED", random.SystemRandom().randrange(2**32)))
    print(f"DNC_SEED={seed} repeats this run")
    random_ = random.Random(seed)
    rest, oracle = Rest(scene, scene.operator, f"r{seed}"), Oracle()
    make_tenant(scene, f"r{seed}")
    rest.ask("POST", "/v1/lists", {"listId": "yes", "kind": "OWN_LIST_KIND_CONSENT"})
    pool = [*LISTED, *[area * 10**7 + exchange * 10**4 + 100 + i for area in (201, 212, 303)
                       for exchange in (555, 556) for i in range(100)]]
    revision = 0
    for _ in range(60):
        turn = random_.random()
        some = random_.sample(pool, random_.randrange(1, 6))
        if turn < 0.15:
            oracle.opt_outs.update(some)
            body = {"records": [{"number": written(random_, n)} for n in some]}
            revision = int(rest.ask("POST", "/v1/lists/internal/numbers:add", body)["revision"])
        elif turn < 0.3:
            oracle.consents.update(some)
            body = {"records": [{"number": str(n), "source": "form"} for n in some]}
            revision = int(rest.ask("POST", "/v1/lists/yes/numbers:add", body)["revision"])
        elif turn < 0.35:
            block = random_.choice(["212556", "201556"])
            verb = "remove" if block in oracle.blocks else "add"
            oracle.blocks ^= {block}
            revision = int(rest.ask("POST", f"/v1/lists/internal/blocks:{verb}",
                                    {"blocks": [block]})["revision"])
        numbers = random_.choices([*pool, 42, 1234567890], k=random_.choice([1, 2, 50, 700]))
        got = ask_random(random_, rest, numbers, revision)
        assert got == [f"VERDICT_{oracle.verdict(n)}" for n in numbers], seed


def test_many_callers_at_once_get_answers_of_their_own(scene):
    """Each kept connection has answers to its own questions, whichever thread gave them."""
    import concurrent.futures  # pylint: disable=import-outside-toplevel

    def ask(place):
        rest = Rest(scene, scene.operator, "acme")
        for i in range(20):
            count = 1 + (place * 7 + i) % 60
            answer = rest.ask("POST", "/v1/scrub", {"numbers": LISTED[:count],
                                                    "detail": "DETAIL_FULL" if i % 3 else 0})
            assert len(answer["verdicts"]) == count
            number = LISTED[(place + i) % len(LISTED)]
            assert rest.ask("GET", f"/v1/check/{number}")["result"]["number"] == str(number)
        return True

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(16), timeout=PATIENCE))


def test_requests_are_made_as_the_document_says(scene, stubs):
    """The paths of the protos are those of the document, so that this file's calls are, too."""
    document = Rest(scene).ask("GET", "/v1/openapi.json")
    for name, method in methods(stubs).items():
        verb, path, _ = rule_of(method)
        path = re.sub(r"\{[^}]*\.", "{", path)  # {tenant.tenant_id} is {tenant_id} there
        assert document["paths"][path][verb.lower()]["operationId"] == name
        fields = next(fields for other, fields in SAME if other == name)
        assert target_of(method, request_of(method, fields))[0].startswith("/v1/")
