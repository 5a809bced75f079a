"""A tenant's records: what a repetition is answered, what is refused because it contradicts itself,
which lists count for a brand, and that an omitted field permits nothing."""

import threading
import time

import pytest

from dnc_server import Refused
from list_files import DAY, flat, registry_name
from tenant_calls import (FREE, LISTED, add, check, load_wireless, make_list, make_tenant, moment,
                          new_key, operator_key, outcomes, rule)

NOW = int(time.time())
BASE_TIME = NOW - 2 * DAY


@pytest.fixture
def loaded(server):
    server.load([(registry_name(BASE_TIME, "201"), flat([LISTED, LISTED + 1, LISTED + 2]))])
    return server


def remove(server, numbers, list_id="internal", metadata=None, request_id=""):
    return server.call(server.lists.RemoveNumbers, server.stubs.list.RemoveNumbersRequest(
        list_id=list_id, numbers=[str(n) for n in numbers], remove_do_not_call=True,
        request_id=request_id), metadata)


def test_a_record_that_names_another_list_is_refused(loaded):
    make_list(loaded, "consent", "CONSENT")
    lists = loaded.stubs.list
    answer = loaded.call(loaded.lists.AddNumbers, lists.AddNumbersRequest(
        list_id="consent", records=[lists.Record(number=str(LISTED), list_id="internal"),
                                    lists.Record(number=str(LISTED + 1), list_id="consent")]))
    assert outcomes(loaded, answer) == ["REFUSED", "ADDED"]
    assert "list_id" in answer.results[0].message
    assert loaded.verdicts([LISTED, LISTED + 1]) == ["LISTED", "CLEAR"]
    # A record without a list's name goes to `internal`.
    answer = loaded.call(loaded.lists.AddNumbers, lists.AddNumbersRequest(records=[
        lists.Record(number=str(FREE), list_id="consent"),
        lists.Record(number=str(FREE), list_id="internal")]))
    assert outcomes(loaded, answer) == ["REFUSED", "ADDED"]
    parts = [lists.ImportNumbersRequest(list_id="consent", records=[
        lists.Record(number=str(LISTED + 2), list_id="internal")])]
    imported = next(iter(loaded.lists.ImportNumbers(iter(parts))))
    assert [refused.index for refused in imported.refused] == [0]
    assert loaded.verdicts([LISTED + 2]) == ["LISTED"]


def test_what_only_the_server_tells_is_refused_where_it_contradicts(loaded):
    make_list(loaded, "consent", "CONSENT")
    lists, tenant = loaded.stubs.list, loaded.stubs.tenant
    later = NOW + 9 * DAY
    # If `counts_until` came in place of `expires_at`, the consent would hold forever.
    answer = add(loaded, [LISTED], "consent", counts_until=moment(later))
    assert outcomes(loaded, answer) == ["REFUSED"]
    add(loaded, [LISTED], "consent", expires_at=moment(later), source="form 7")
    add(loaded, [FREE], reason="asked")
    # What an export has can be imported again.
    told = [r for p in loaded.lists.ExportNumbers(lists.ExportNumbersRequest()) for r in p.records]
    assert len(told) == 2 and all(record.revision for record in told)
    for record in told:
        again = loaded.call(loaded.lists.AddNumbers, lists.AddNumbersRequest(
            list_id=record.list_id, records=[record]))
        assert outcomes(loaded, again) == ["ALREADY_THERE"]

    def refused(method, request):
        with pytest.raises(Refused) as refusal:
            loaded.call(method, request)
        assert refusal.value.reason == "INVALID_REQUEST"

    base = {"list_id": "blocked", "kind": lists.OWN_LIST_KIND_INTERNAL}
    for fields in ({"blocks": ["201"]}, {"records": 7}, {"created_at": moment(NOW)}):
        refused(loaded.lists.CreateList, lists.CreateListRequest(
            list=lists.OwnList(**base, **fields)))
    for fields in ({"state": tenant.TENANT_STATE_SUSPENDED}, {"records": 7}, {"revision": 7},
                   {"created_at": moment(NOW)}):
        refused(loaded.tenants.CreateTenant, tenant.CreateTenantRequest(
            tenant=tenant.Tenant(tenant_id="shop", **fields)))
    made = make_tenant(loaded, "shop", state=tenant.TENANT_STATE_ACTIVE)
    changed = tenant.Tenant()
    changed.CopyFrom(made)
    changed.created_at.seconds -= 1
    refused(loaded.tenants.UpdateTenant, tenant.UpdateTenantRequest(tenant=changed))
    loaded.call(loaded.tenants.UpdateTenant, tenant.UpdateTenantRequest(tenant=made))


def test_a_brands_question_is_the_strictest_within_the_brand(loaded):
    for list_id, kind, scope in (("summer", "INTERNAL", "acme/summer"),
                                 ("zeta", "INTERNAL", "zeta"),
                                 ("acme-consent", "CONSENT", "acme"),
                                 ("summer-consent", "CONSENT", "acme/summer")):
        make_list(loaded, list_id, kind, scope)
    add(loaded, [FREE], "summer")
    add(loaded, [FREE + 1], "zeta")
    add(loaded, [LISTED], "acme-consent")
    add(loaded, [LISTED + 1], "summer-consent")
    numbers = [FREE, FREE + 1, LISTED, LISTED + 1, FREE + 2]

    def verdicts(scope):
        answer = loaded.scrub(numbers=numbers, scope=scope)
        singles = [check(loaded, number, scope=scope) for number in numbers]
        assert [single.verdict for single in singles] == list(answer.verdicts)
        return "".join(loaded.stubs.verdict.Verdict.Name(v)[8] for v in answer.verdicts)

    assert verdicts("acme") == "LCCLC"
    assert verdicts("acme/summer") == "LCCCC"
    assert verdicts("zeta") == "CLLLC"
    # No list knows these scopes: every do-not-call list counts, but no exemption for a part does.
    for scope in ("", "acme/sumer", "acme/winter", "acm", "acmee", "acme-summer", "zeta/acme"):
        assert verdicts(scope) == "LLLLC", scope
    # An exemption for the whole tenant counts for all of them.
    make_list(loaded, "consent", "CONSENT")
    add(loaded, [LISTED + 1], "consent")
    assert verdicts("acme/sumer") == "LLLCC"
    lists = loaded.stubs.list
    loaded.call(loaded.lists.AddBlocks, lists.AddBlocksRequest(list_id="summer", blocks=["201555"]))
    assert verdicts("acme") == "LLLLL" and verdicts("zeta") == "CLLCC"
    assert verdicts("zetta") == "LLLLL"


@pytest.mark.parametrize("scope", ["Acme", " acme", "acme ", "acme/", "/acme", "acme/a/b",
                                   "acme//x"])
def test_scopes_have_one_spelling_in_lists_and_questions(loaded, scope):
    make_list(loaded, "acme", "INTERNAL", "acme")
    for ask in (lambda: loaded.scrub(numbers=[FREE], scope=scope),
                lambda: check(loaded, FREE, scope=scope),
                lambda: make_list(loaded, "other", "INTERNAL", scope)):
        with pytest.raises(Refused) as refusal:
            ask()
        assert refusal.value.reason == "INVALID_REQUEST"


def test_what_is_left_out_of_a_tenant_opens_nothing(loaded):
    tenant = loaded.stubs.tenant
    load_wireless(loaded, BASE_TIME)
    made = make_tenant(loaded, "shop", policy=tenant.TenantPolicy(
        consent_lifts=[tenant.LIFTABLE_NATIONAL]))
    assert made.policy.wireless_counts
    shop = loaded.identity(tenant="shop")
    assert loaded.scrub(metadata=shop, numbers=[FREE]).verdicts[0] == \
        loaded.stubs.verdict.VERDICT_WIRELESS

    def update(**fields):
        return loaded.call(loaded.tenants.UpdateTenant, tenant.UpdateTenantRequest(
            tenant=tenant.Tenant(tenant_id="shop", **fields))).tenant

    everything = tenant.Entitlement(all=True)
    # A policy that does not mention wireless numbers replaces one that only reported them.
    update(entitlement=everything, policy=tenant.TenantPolicy(wireless_counts=False))
    strict = tenant.TenantPolicy(ebr_lifts=[tenant.LIFTABLE_STATE])
    assert update(entitlement=everything, policy=strict).policy.wireless_counts
    # For a suspended tenant, neither state nor policy nor quotas are given.
    update(entitlement=everything, policy=strict, state=tenant.TENANT_STATE_SUSPENDED,
           quotas=tenant.Quotas(max_records=3))
    after = update(entitlement=everything, display_name="Shop")
    assert after.state == tenant.TENANT_STATE_SUSPENDED and after.display_name == "Shop"
    assert list(after.policy.consent_lifts) == [] and after.policy.wireless_counts
    assert list(after.policy.ebr_lifts) == [tenant.LIFTABLE_STATE]
    assert after.quotas.max_records == 3
    with pytest.raises(Refused) as refusal:
        rule(loaded, FREE, shop)
    assert refusal.value.reason == "TENANT_SUSPENDED"
    # A policy that is given replaces the previous one, including its lists.
    for lists in (["wireless"], ["wireless"], ["national"], []):
        told = update(entitlement=everything, policy=tenant.TenantPolicy(lists=lists)).policy
        assert list(told.lists) == lists
    # Without an entitlement the tenant has none.
    assert not update().entitlement.all
    update(state=tenant.TENANT_STATE_ACTIVE)
    assert rule(loaded, LISTED + 50, shop) == "NOT_COVERED"


def test_answers_of_writes_name_the_tenant(loaded):
    lists = loaded.stubs.list
    make_tenant(loaded, "shop")
    for metadata, name in ((None, "default"), (loaded.identity(tenant="shop"), "shop")):
        assert add(loaded, [FREE], metadata=metadata).tenant_id == name
        part = lists.ImportNumbersRequest(records=[lists.Record(number=str(FREE + 1))])
        imported = next(iter(loaded.lists.ImportNumbers(iter([part]), metadata=metadata)))
        assert (imported.added, imported.tenant_id) == (1, name)
        assert remove(loaded, [FREE], metadata=metadata).tenant_id == name


def test_a_repeated_addition_is_in_force(loaded):
    first = add(loaded, [FREE], request_id="a")
    assert outcomes(loaded, remove(loaded, [FREE])) == ["REMOVED"]
    assert loaded.verdicts([FREE]) == ["CLEAR"]
    assert loaded.stop(9) != 0
    loaded.start()
    loaded.wait_until_ready()
    again = add(loaded, [FREE], request_id="a")
    assert outcomes(loaded, again) == ["ADDED"] and again.revision > first.revision
    assert loaded.verdicts([FREE]) == ["LISTED"]
    assert loaded.scrub(numbers=[FREE], at_least_revision=again.revision).verdicts
    assert add(loaded, [FREE], request_id="a") == again
    # A removal that is repeated removes nothing that came after it.
    assert outcomes(loaded, remove(loaded, [FREE], request_id="r")) == ["REMOVED"]
    assert outcomes(loaded, remove(loaded, [FREE], request_id="r")) == ["REMOVED"]
    add(loaded, [FREE], request_id="b")
    repeated = remove(loaded, [FREE], request_id="r")
    assert outcomes(loaded, repeated) == ["REFUSED"] and repeated.results[0].message
    assert loaded.verdicts([FREE]) == ["LISTED"]
    # A consent that was withdrawn since does not come back either.
    make_list(loaded, "consent", "CONSENT")
    add(loaded, [LISTED], "consent", request_id="c")
    remove(loaded, [LISTED], "consent")
    assert outcomes(loaded, add(loaded, [LISTED], "consent", request_id="c")) == ["REFUSED"]
    assert loaded.verdicts([LISTED]) == ["LISTED"]


def test_repetitions_after_a_change_of_keys(start_server, tmp_path):
    folder = tmp_path / "keyed"
    server = start_server(data_dir=folder, key=operator_key(folder), tenant="default")
    first, second = (server.identity(key=new_key(server, ["WRITE_LISTS"]).secret)
                     for _ in range(2))
    add(server, [FREE], metadata=first, request_id="a")
    remove(server, [FREE], metadata=first)
    again = add(server, [FREE], metadata=second, request_id="a")
    assert outcomes(server, again) == ["ADDED"]
    record = server.call(server.lists.GetRecord, server.stubs.list.GetRecordRequest(
        number=str(FREE)), second).records[0]
    assert record.list_id == "internal"


def test_many_writers_repeat_and_all_that_is_acknowledged_is_listed(loaded):
    """Each adds a number, has it removed by another, and repeats; the last word on each is an
    addition."""
    numbers = [[2015560000 + 100 * w + i for i in range(20)] for w in range(8)]
    failures = []

    def write(w):
        try:
            for i, number in enumerate(numbers[w]):
                add(loaded, [number], request_id=f"{w}-{i}")
                remove(loaded, [number, numbers[(w + 1) % 8][i]])
                answer = add(loaded, [number], request_id=f"{w}-{i}")
                if outcomes(loaded, answer) != ["ADDED"]:
                    failures.append(answer)
        except Refused as refusal:
            failures.append(refusal)

    writers = [threading.Thread(target=write, args=(w,)) for w in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not failures
    for w in range(8):
        for i, number in enumerate(numbers[w]):
            add(loaded, [number], request_id=f"{w}-{i}")
    assert set(loaded.verdicts([n for of in numbers for n in of])) == {"LISTED"}


def test_a_request_that_is_over_is_not_told_as_in_force(loaded):
    years = 366 * DAY
    answer = add(loaded, [FREE], made_at=moment(NOW - 7 * years), expires_at=moment(NOW - DAY))
    assert outcomes(loaded, answer) == ["REFUSED"] and "ended" in answer.results[0].message
    lists = loaded.stubs.list
    part = lists.ImportNumbersRequest(records=[lists.Record(
        number=str(FREE), made_at=moment(NOW - 7 * years), expires_at=moment(NOW - DAY))])
    imported = next(iter(loaded.lists.ImportNumbers(iter([part]))))
    assert imported.added == 0 and "ended" in imported.refused[0].message
    assert loaded.verdicts([FREE]) == ["CLEAR"]
    # If one is in force, it adds its own date.
    add(loaded, [FREE])
    answer = add(loaded, [FREE], made_at=moment(NOW - 7 * years), expires_at=moment(NOW - DAY))
    assert outcomes(loaded, answer) == ["UPDATED"] and not answer.results[0].message
    assert loaded.verdicts([FREE]) == ["LISTED"]


def test_exemptions_do_not_count_before_their_time(loaded):
    make_list(loaded, "consent", "CONSENT")
    make_list(loaded, "ebr", "EBR")
    ahead = moment(NOW + 20 * 3600)
    answer = add(loaded, [LISTED], "consent", made_at=ahead)
    assert outcomes(loaded, answer) == ["ADDED"] and "before" in answer.results[0].message
    kind = loaded.stubs.list.EBR_KIND_TRANSACTION
    answer = add(loaded, [LISTED + 1], "ebr", ebr_kind=kind, last_event_at=ahead)
    assert "before" in answer.results[0].message
    answer = add(loaded, [LISTED + 2], "ebr", ebr_kind=kind, made_at=ahead,
                 last_event_at=moment(NOW - DAY))
    assert "before" in answer.results[0].message
    assert loaded.verdicts([LISTED, LISTED + 1, LISTED + 2]) == ["LISTED"] * 3
    assert [m.list for m in check(loaded, LISTED).matches] == ["national"]
    # A record that has ended is reported as such too; a request not to be called counts at once.
    answer = add(loaded, [LISTED], "consent", expires_at=moment(NOW - DAY))
    assert "ended" in answer.results[0].message
    answer = add(loaded, [FREE], made_at=ahead)
    assert outcomes(loaded, answer) == ["ADDED"] and not answer.results[0].message
    assert loaded.verdicts([FREE]) == ["LISTED"]
