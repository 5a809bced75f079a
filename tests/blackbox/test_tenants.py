"""Tenants over real sockets: entitlements, records, precedence, and what stays separate."""

import threading
import time

import pytest

from dnc_server import Refused
from list_files import DAY, flat, registry_name
from tenant_calls import FREE, LISTED, add, check, make_list, make_tenant, outcomes, rule
from waiting import wait_until

BASE_TIME = int(time.time()) - 2 * DAY


@pytest.fixture
def loaded(server):
    server.load([(registry_name(BASE_TIME, "201"), flat([LISTED, LISTED + 1, LISTED + 2]))])
    return server


def test_an_opt_out_is_seen_at_once_and_after_a_restart(loaded):
    assert rule(loaded, FREE) == "CLEAR"
    answer = add(loaded, [FREE, "(201) 555-0998", "12"])
    assert outcomes(loaded, answer) == ["ADDED", "ADDED", "REFUSED"]
    assert "ten digits" in answer.results[2].message
    for _ in range(2):
        assert loaded.verdicts([FREE, 2015550998, 2015550997]) == ["LISTED", "LISTED", "CLEAR"]
        assert rule(loaded, FREE) == "OWN_DO_NOT_CALL"
        assert loaded.scrub(numbers=[FREE], at_least_revision=answer.revision).snapshot.revision \
            >= answer.revision
        assert loaded.stop() == 0
        loaded.start()
        loaded.wait_until_ready()


def test_precedence_and_matches(loaded):
    make_list(loaded, "consent", "CONSENT")
    make_list(loaded, "ebr", "EBR")
    lists = loaded.stubs.list
    assert rule(loaded, LISTED) == "NATIONAL"
    facts = {"ebr_kind": lists.EBR_KIND_TRANSACTION}
    record = lists.Record(number=str(LISTED), **facts)
    record.last_event_at.seconds = int(time.time()) - 86400
    loaded.call(loaded.lists.AddNumbers,
                lists.AddNumbersRequest(list_id="ebr", records=[record]))
    assert rule(loaded, LISTED) == "EBR"
    add(loaded, [LISTED], "consent", source="web form 7")
    assert rule(loaded, LISTED) == "CONSENT"
    assert loaded.verdicts([LISTED, LISTED + 1]) == ["CLEAR", "LISTED"]
    add(loaded, [LISTED])
    result = check(loaded, LISTED)
    assert rule(loaded, LISTED) == "OWN_DO_NOT_CALL"
    assert [match.list for match in result.matches] == ["national", "own:consent", "own:ebr",
                                                        "own:internal"]


def test_scopes(loaded):
    make_list(loaded, "acme", "INTERNAL", "acme")
    add(loaded, [FREE], "acme")
    assert rule(loaded, FREE) == "OWN_DO_NOT_CALL"
    assert rule(loaded, FREE, scope="acme/spring") == "OWN_DO_NOT_CALL"
    # A scope that no list knows gets the strictest answer; the list says nothing about another
    # brand.
    assert rule(loaded, FREE, scope="other") == "OWN_DO_NOT_CALL"
    make_list(loaded, "other", "INTERNAL", "other")
    assert rule(loaded, FREE, scope="other") == "CLEAR"
    with pytest.raises(Refused) as refusal:
        rule(loaded, FREE, scope="No Scope")
    assert refusal.value.reason == "INVALID_REQUEST"


def test_blocks(loaded):
    lists = loaded.stubs.list
    loaded.call(loaded.lists.AddBlocks, lists.AddBlocksRequest(blocks=["201555"]))
    assert loaded.verdicts([FREE, 2015560100]) == ["LISTED", "CLEAR"]
    assert [m.list for m in check(loaded, FREE).matches] == ["own:internal"]
    loaded.call(loaded.lists.RemoveBlocks, lists.RemoveBlocksRequest(blocks=["201555"]))
    assert loaded.verdicts([FREE]) == ["CLEAR"]


def test_entitlement(loaded):
    tenant = loaded.stubs.tenant
    make_tenant(loaded, "none", entitlement=tenant.Entitlement())
    make_tenant(loaded, "some", entitlement=tenant.Entitlement(area_codes=[201]))
    reasons = loaded.stubs.verdict
    result = check(loaded, FREE, loaded.identity(tenant="none"))
    assert result.verdict == reasons.VERDICT_NOT_COVERED
    assert reasons.REASON_NOT_ENTITLED in result.reasons
    assert rule(loaded, FREE, loaded.identity(tenant="some")) == "CLEAR"


def test_tenants_see_nothing_of_each_other(loaded):
    make_tenant(loaded, "one")
    make_tenant(loaded, "two")
    one, two = loaded.identity(tenant="one"), loaded.identity(tenant="two")
    add(loaded, [FREE], metadata=one)
    assert rule(loaded, FREE, one) == "OWN_DO_NOT_CALL"
    assert rule(loaded, FREE, two) == "CLEAR"
    lists = loaded.stubs.list
    request = lists.GetRecordRequest(number=str(FREE))
    assert len(loaded.call(loaded.lists.GetRecord, request, one).records) == 1
    assert not loaded.call(loaded.lists.GetRecord, request, two).records
    assert not loaded.call(loaded.lists.ListRecords, lists.ListRecordsRequest(), two).records
    parts = list(loaded.lists.ExportNumbers(lists.ExportNumbersRequest(), metadata=two))
    assert [len(part.records) for part in parts] == [0] and parts[0].last
    # For another tenant, the same request id is a different one.
    add(loaded, [FREE + 1], metadata=one, request_id="r")
    assert outcomes(loaded, add(loaded, [FREE + 2], metadata=two, request_id="r")) == ["ADDED"]


def test_request_ids_over_a_restart(loaded):
    first = add(loaded, [FREE], request_id="once")
    assert loaded.stop(9) != 0
    loaded.start()
    loaded.wait_until_ready()
    again = add(loaded, [FREE], request_id="once")
    assert (outcomes(loaded, again), again.revision) == (["ADDED"], first.revision)
    with pytest.raises(Refused) as refusal:
        add(loaded, [FREE + 1], request_id="once")
    assert refusal.value.reason == "REQUEST_ID_REUSED"


def test_a_do_not_call_request_is_removed_only_on_purpose(loaded):
    add(loaded, [FREE])
    lists = loaded.stubs.list
    request = lists.RemoveNumbersRequest(numbers=[str(FREE), str(FREE + 1)])
    answer = loaded.call(loaded.lists.RemoveNumbers, request)
    assert outcomes(loaded, answer) == ["REFUSED", "NOT_THERE"]
    request.remove_do_not_call = True
    assert outcomes(loaded, loaded.call(loaded.lists.RemoveNumbers, request)) == [
        "REMOVED", "NOT_THERE"]
    assert loaded.verdicts([FREE]) == ["CLEAR"]


def test_pages(loaded):
    numbers = [FREE + i for i in range(25)]
    add(loaded, numbers)
    lists, told, token = loaded.stubs.list, [], ""
    while True:
        page = loaded.call(loaded.lists.ListRecords,
                           lists.ListRecordsRequest(page_size=10, page_token=token))
        told += [int(record.number) for record in page.records]
        token = page.next_page_token
        if not token:
            break
    assert told == numbers


def test_import_and_export(loaded):
    lists = loaded.stubs.list
    numbers = [2015600000 + i for i in range(5000)]

    def parts():
        for at in range(0, len(numbers), 1000):
            records = [lists.Record(number=str(n)) for n in numbers[at:at + 1000]]
            yield lists.ImportNumbersRequest(records=records + [lists.Record(number="5")])

    for expected in (1000, 0):
        answers = list(loaded.lists.ImportNumbers(parts()))
        assert [a.added for a in answers] == [expected] * 5
        assert [a.already_there for a in answers] == [1000 - expected] * 5
        assert [[r.index for r in a.refused] for a in answers] == [[1000]] * 5
    exported = list(loaded.lists.ExportNumbers(lists.ExportNumbersRequest()))
    assert [part.last for part in exported] == [False] * (len(exported) - 1) + [True]
    assert [int(r.number) for part in exported for r in part.records] == numbers
    assert exported[-1].revision == answers[-1].revision or exported[-1].revision > 0


def test_watch_resumes_where_it_ended(loaded):
    lists = loaded.stubs.list
    start = add(loaded, [FREE]).revision
    add(loaded, [FREE + 1])
    seen = []
    stream = loaded.lists.WatchChanges(lists.WatchChangesRequest(after_revision=start))
    writer = threading.Timer(0.3, lambda: add(loaded, [FREE + 2]))
    writer.start()
    for answer in stream:
        seen += [int(change.record.number) for change in answer.changes]
        if len(seen) == 2:
            break
    stream.cancel()
    writer.join()
    assert seen == [FREE + 1, FREE + 2]


def test_suspended_and_removed(loaded):
    tenant = loaded.stubs.tenant
    made = make_tenant(loaded, "shop")
    shop = loaded.identity(tenant="shop")
    add(loaded, [FREE], metadata=shop)
    with pytest.raises(Refused) as refusal:
        loaded.call(loaded.tenants.RemoveTenant, tenant.RemoveTenantRequest(tenant_id="shop"))
    assert refusal.value.reason == "NOT_SUSPENDED"
    made.state = tenant.TENANT_STATE_SUSPENDED
    loaded.call(loaded.tenants.UpdateTenant, tenant.UpdateTenantRequest(tenant=made))
    with pytest.raises(Refused) as refusal:
        rule(loaded, FREE, shop)
    assert refusal.value.reason == "TENANT_SUSPENDED"
    loaded.call(loaded.tenants.RemoveTenant, tenant.RemoveTenantRequest(tenant_id="shop"))
    with pytest.raises(Refused) as refusal:
        rule(loaded, FREE, shop)
    assert refusal.value.reason == "NOT_FOUND"
    with pytest.raises(Refused) as refusal:
        make_tenant(loaded, "shop")
    assert refusal.value.reason == "ALREADY_EXISTS"


def test_quotas(loaded):
    tenant = loaded.stubs.tenant
    make_tenant(loaded, "small", quotas=tenant.Quotas(numbers_per_second=10, max_records=1))
    small = loaded.identity(tenant="small")
    with pytest.raises(Refused) as refusal:
        for _ in range(20):  # of 100 seconds each, so that no machine is too slow for them
            loaded.scrub(metadata=small, numbers=[FREE] * 1000)
    assert (refusal.value.code, refusal.value.reason) == ("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED")
    # Writes are not scrubs.
    assert outcomes(loaded, add(loaded, [FREE, FREE + 1], metadata=small)) == ["ADDED", "REFUSED"]
    assert loaded.verdicts([FREE]) == ["CLEAR"]


def test_a_policy_names_lists_that_are_there(loaded):
    tenant = loaded.stubs.tenant
    with pytest.raises(Refused) as refusal:
        make_tenant(loaded, "typo", policy=tenant.TenantPolicy(lists=["state:TXX"]))
    assert refusal.value.reason == "INVALID_REQUEST"


def test_kills_lose_no_acknowledged_opt_out(loaded):
    """What was acknowledged to a writer before a kill is there after it."""
    acknowledged = []
    for round_number in range(8):
        first = 2015700000 + round_number * 10000
        stop = threading.Event()

        def write(first=first, stop=stop):
            for number in range(first, first + 10000):
                try:
                    add(loaded, [number])
                except (Refused, ValueError):
                    return
                acknowledged.append(number)
                if stop.is_set():
                    return

        writer = threading.Thread(target=write)
        writer.start()
        wanted = len(acknowledged) + 2 + round_number
        wait_until(lambda wanted=wanted: len(acknowledged) >= wanted, "the writer does not write")
        loaded.process.kill()
        stop.set()
        writer.join()
        loaded.stop()
        loaded.start()
        loaded.wait_until_ready()
        assert set(loaded.verdicts(acknowledged[-9000:])) <= {"LISTED"}
