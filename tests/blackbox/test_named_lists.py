"""A list that a tenant names covers its numbers, or they are NOT_COVERED; and what becomes callable
when lists come and go, for the policy and for tenants."""

import json
import subprocess
import time

import pytest

from dnc_server import BIN, Refused
from finding_calls import EVERY, NOW, full, looked
from list_files import DAY, block
from tenant_calls import add, check, make_list, make_tenant
from waiting import PATIENCE

BASE = block(214, 555, 1200)
LISTED, MINE, CLEAN = BASE[0], 2145560101, 2145560199
OUTSIDE = 2015560199  # of New Jersey
PORTED = {"wireless": "WIRELINE-TO-WIRELESS-NORANGE.TXT",
          "wireline": "WIRELESS-TO-WIRELINE-NORANGE.TXT"}


def csv(*numbers):
    return "phone\n{}\n".format("\n".join(map(str, numbers))).encode()


def load(server, list_name, *numbers, **options):
    file = ("list.csv", csv(*numbers))
    if list_name in PORTED:
        file = (PORTED[list_name], "".join(f"{number}\r\n" for number in numbers).encode())
    return server.load([file], list_name, **{"obtained_at": NOW - DAY, **options})


def retire(server, list_name, **fields):
    registry = server.stubs.registry
    return server.call(server.registry.RetireList,
                       registry.RetireListRequest(list=list_name, **fields))


def roll_back(server, list_name):
    registry = server.stubs.registry
    return server.call(server.registry.RollBackRelease,
                       registry.RollBackReleaseRequest(list=list_name))


def named(server, tenant_id, *lists, **policy):
    tenants = server.stubs.tenant
    make_tenant(server, tenant_id, policy=tenants.TenantPolicy(lists=lists, **policy))
    return [("dnc-tenant", tenant_id)]


def verdict(server, metadata, number=CLEAN, **fields):
    """Returns the verdict, which must be the same for all ways of asking."""
    names = server.stubs.verdict
    result = check(server, number, metadata, **fields)
    batch = server.scrub(numbers=[number], detail=server.stubs.scrub.DETAIL_FULL,
                         metadata=metadata, **fields)
    plain = server.scrub(numbers=[number], metadata=metadata, **fields)
    assert batch.verdicts[0] == plain.verdicts[0] == result.verdict
    assert set(result.reasons) == {i for i in range(32) if plain.reasons[0] >> i & 1}
    told = {names.Reason.Name(reason) for reason in result.reasons}
    return names.Verdict.Name(result.verdict).replace("VERDICT_", ""), told


CLEAR = ("CLEAR", set())
MISSING = ("NOT_COVERED", {"REASON_LIST_NOT_LOADED"})


def restart(server):
    server.stop()
    server.start()
    server.wait_until_ready()


@pytest.fixture
def dncctl_of():
    """Runs dncctl against a server: dncctl_of(server)("check", NUMBER)."""

    def of(server):
        return lambda *arguments: subprocess.run(
            [str(BIN / "dncctl"), "--server", server.address, *arguments], text=True,
            capture_output=True, timeout=PATIENCE, check=False)

    return of


@pytest.fixture
def loaded(server):
    server.load([full(NOW - 2 * DAY, 214, BASE), full(NOW - 2 * DAY, 201, block(201, 555, 1200))])
    return server


@pytest.mark.parametrize("name", ["other:mine", "litigator:known", "state:TX", "wireless"])
def test_a_list_that_is_retired(loaded, name):
    load(loaded, name, MINE)
    tenant = named(loaded, "acme", name)
    assert verdict(loaded, tenant) == CLEAR
    retire(loaded, name)
    for _ in range(2):
        assert verdict(loaded, tenant) == MISSING
        assert verdict(loaded, tenant, LISTED)[0] == "NOT_COVERED"
        assert verdict(loaded, None) == CLEAR, "the server's policy counts what is loaded"
        # A state's list says nothing about other states.
        assert verdict(loaded, tenant, OUTSIDE) == (CLEAR if name == "state:TX" else MISSING)
        restart(loaded)
    # Other changes of the tenant are still possible.
    tenants = loaded.stubs.tenant
    now = loaded.call(loaded.tenants.GetTenant, tenants.GetTenantRequest(tenant_id="acme")).tenant
    now.display_name = "Acme"
    loaded.call(loaded.tenants.UpdateTenant, tenants.UpdateTenantRequest(tenant=now))
    load(loaded, name, MINE)
    assert verdict(loaded, tenant) == CLEAR
    assert verdict(loaded, tenant, MINE)[0] == ("WIRELESS" if name == "wireless" else "LISTED")


def test_a_list_that_only_informs(loaded):
    load(loaded, "wireline", MINE)
    load(loaded, "wireless", MINE)
    informed = named(loaded, "one", "wireline")
    uncounted = named(loaded, "two", "wireless", wireless_counts=False)
    for name in ("wireline", "wireless"):
        retire(loaded, name)
    assert verdict(loaded, informed) == CLEAR
    assert verdict(loaded, uncounted) == CLEAR


def test_after_a_rollback_and_in_the_past(loaded):
    load(loaded, "other:mine", MINE)
    tenant = named(loaded, "acme", "other:mine")
    load(loaded, "other:mine", MINE, MINE + 1, obtained_at=NOW - 3600)
    roll_back(loaded, "other:mine")
    assert verdict(loaded, tenant) == CLEAR
    time.sleep(1.1)  # so that a moment of whole seconds lies in between
    before = int(time.time())
    time.sleep(1.1)
    retire(loaded, "other:mine")
    moment = {"seconds": before}
    assert verdict(loaded, tenant, as_answered_at=moment)[0] == "CLEAR"
    time.sleep(1.1)
    assert verdict(loaded, tenant, as_answered_at={"seconds": int(time.time())}) == MISSING
    assert verdict(loaded, tenant, as_of={"seconds": int(time.time())}) == MISSING


def test_a_list_that_the_policy_leaves_out_by_now(start_server, tmp_path):
    config = tmp_path / "dncd.yaml"
    some = "guards: {min_first_numbers: 0}\npolicy:\n  other_loaded_lists: %s\n  lists:\n" \
           "    - name: national\n%s"
    config.write_text(some % ("true", ""))
    server = start_server("--config", str(config))
    server.load([full(NOW - 2 * DAY, 214, BASE)])
    load(server, "other:mine", MINE)
    tenant = named(server, "acme", "other:mine")
    assert verdict(server, tenant) == CLEAR
    for others, more, expected in (
            ("false", "", MISSING),
            ("false", "    - {name: other:mine, required: false}\n", CLEAR),
            ("true", "    - {name: wireline, required: false, effect: deny}\n", CLEAR)):
        config.write_text(some % (others, more))
        restart(server)
        assert verdict(server, tenant) == expected, (others, more)


def test_an_optional_list_of_the_policy(start_server, tmp_path):
    """It counts while it is loaded; a tenant that names it requires it."""
    config = tmp_path / "dncd.yaml"
    config.write_text("guards: {min_first_numbers: 0}\npolicy:\n  lists:\n    - name: national\n"
                      "    - {name: wireline, required: false, effect: deny}\n")
    server = start_server("--config", str(config))
    server.load([full(NOW - 2 * DAY, 214, BASE)])
    assert verdict(server, None) == CLEAR
    load(server, "wireline", MINE)
    tenant = named(server, "acme", "wireline")
    assert verdict(server, tenant) == CLEAR
    retire(server, "wireline")
    assert verdict(server, None) == CLEAR
    assert verdict(server, tenant) == MISSING


def test_an_area_code_that_a_named_list_lacks(start_server, tmp_path):
    config = tmp_path / "dncd.yaml"
    config.write_text("guards: {min_first_numbers: 0}\npolicy:\n  lists:\n"
                      "    - {name: national, required: false}\n    - name: other:mine\n")
    server = start_server("--config", str(config))
    load(server, "other:mine", MINE)
    server.load([full(NOW - 2 * DAY, 214, BASE)])
    tenant = named(server, "acme", "national")
    assert verdict(server, tenant) == CLEAR
    assert verdict(server, None, OUTSIDE) == CLEAR
    assert verdict(server, tenant, OUTSIDE) == ("NOT_COVERED", {"REASON_AREA_CODE_NOT_LOADED"})


def test_the_first_list_where_none_is_required(start_server, tmp_path, dncctl_of):
    config = tmp_path / "dncd.yaml"
    config.write_text("policy:\n  lists:\n    - {name: other:mine, required: false}\n")
    server = start_server("--config", str(config))
    assert verdict(server, None)[0] == "NOT_COVERED"
    found = looked(server, [("list.csv", csv(MINE))], list_name="other:mine",
                   obtained_at=NOW - DAY)
    assert found.plan.becomes_callable % EVERY == EVERY - 1
    assert found.plan.becomes_callable > 300 * EVERY
    file = tmp_path / "list.csv"
    file.write_bytes(csv(MINE))
    arguments = ["load", str(file), "--list", "other:mine", "--obtained-at",
                 time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - DAY))]
    done = dncctl_of(server)(*arguments)
    assert done.returncode == 2 and f"{found.plan.becomes_callable:,} numbers" in done.stderr
    assert verdict(server, None)[0] == "NOT_COVERED"
    assert dncctl_of(server)(*arguments, "--yes").returncode == 0
    assert verdict(server, None) == CLEAR
    # Without the list nobody answers any more.
    assert retire(server, "other:mine", dry_run=True).becomes_callable == 0


def test_what_becomes_callable_for_a_tenant(loaded):
    """For the policy no number becomes callable; for the tenant all numbers do that the list
    lacks."""
    load(loaded, "other:mine", MINE)
    named(loaded, "acme", "other:mine")
    assert retire(loaded, "other:mine").becomes_callable == 1
    found = looked(loaded, [("list.csv", csv(MINE, LISTED))], list_name="other:mine",
                   obtained_at=NOW - 60)
    # These are numbers of the two covered area codes; the national list forbids the others.
    assert found.plan.becomes_callable == 2 * EVERY - 2 * 1200 - 1
    with pytest.raises(Refused) as refusal:
        load(loaded, "other:mine", MINE, LISTED, obtained_at=NOW - 60,
             more={"callable_limit": found.plan.becomes_callable - 1})
    assert refusal.value.reason == "CALLABLE_LIMIT"


def test_what_a_consent_makes_callable(loaded):
    """The number is on both lists, and the tenant's consent lifts one of them."""
    load(loaded, "litigator:known", LISTED)
    assert retire(loaded, "litigator:known", dry_run=True).becomes_callable == 0
    make_list(loaded, "consents", "CONSENT")
    add(loaded, [LISTED], "consents", made_at={"seconds": NOW - DAY})
    assert verdict(loaded, None, LISTED)[0] == "LISTED"
    assert retire(loaded, "litigator:known", dry_run=True).becomes_callable == 1
    retire(loaded, "litigator:known")
    assert verdict(loaded, None, LISTED)[0] == "CLEAR"


def test_the_history_of_a_retired_list(loaded, dncctl_of, tmp_path):
    dncctl = dncctl_of(loaded)
    load(loaded, "other:mine", MINE)
    load(loaded, "other:mine", CLEAN, MINE, obtained_at=NOW - 3600)
    load(loaded, "other:mine", MINE, MINE + 1, obtained_at=NOW - 1800,
         allow=["shrink:other:mine"])
    done = dncctl("retire", "other:mine", "--yes", "--reason", "contract ended")
    assert done.returncode == 0, done.stderr
    load(loaded, "other:mine", CLEAN, MINE, MINE + 1, obtained_at=NOW - 600)
    roll = dncctl("history", str(CLEAN)).stdout
    for word in ("first seen", "added", "deleted", "retired", "contract ended", "other:mine"):
        assert word in roll.lower().replace("_", " "), (word, roll)
    restart(loaded)
    history = json.loads(dncctl_of(loaded)("--json", "history", str(CLEAN)).stdout)
    events = [event for event in history["events"] if event["list"] == "other:mine"]
    actions = [event["action"] for event in events]
    assert [action.lower() for action in actions] == ["added", "deleted", "first_seen",
                                                      "retired"], events
    last = events[-1]
    assert last["reason"] == "contract ended" and "@" in last["requested_by"]
    assert history["listed_on"] == ["other:mine"]
    # The tenant is not told about what its number was not on.
    assert not json.loads(dncctl_of(loaded)("--json", "history",
                                            str(OUTSIDE)).stdout)["events"]


def test_the_history_of_what_was_taken_back(loaded, dncctl_of):
    dncctl = dncctl_of(loaded)
    load(loaded, "other:mine", MINE)
    load(loaded, "other:mine", CLEAN, MINE, obtained_at=NOW - 3600)
    done = dncctl("rollback", "--list", "other:mine", "--yes", "--reason", "the wrong file")
    assert done.returncode == 0, done.stderr
    events = json.loads(dncctl("--json", "history", str(CLEAN)).stdout)["events"]
    assert [event["action"].lower() for event in events] == ["added", "rolled_back"]
    assert events[-1]["reason"] == "the wrong file"
    events = json.loads(dncctl("--json", "history", str(MINE)).stdout)["events"]
    assert [event["action"].lower() for event in events] == ["first_seen"]


def test_who_and_why_have_a_limit(loaded):
    load(loaded, "other:mine", MINE)
    for fields in ({"reason": "x" * 201}, {"requested_by": "x" * 201}):
        with pytest.raises(Refused) as refusal:
            retire(loaded, "other:mine", **fields)
        assert refusal.value.reason == "INVALID_REQUEST"
    retire(loaded, "other:mine", reason="x" * 200, requested_by="x" * 200)


@pytest.mark.parametrize("how", ["retire", "restart and retire"])
def test_losses_of_a_week_add_up_over_lives(server, how):
    """Each life of the list has a few numbers less than the one before."""
    numbers = block(201, 555, 10_000)
    server.load([full(NOW - 6 * DAY, 201, numbers)])
    for i in range(1, 4):
        retire(server, "national")
        if how != "retire":
            restart(server)
        server.load([full(NOW - (6 - i) * DAY, 201, numbers[i * 95:])])
    retire(server, "national")
    with pytest.raises(Refused) as refusal:
        server.load([full(NOW - 2 * DAY, 201, numbers[4 * 95:])])
    assert refusal.value.guard == "GUARD_LOST_WEEK"
    finding = server.loads()[0].findings[0]
    assert (finding.allow, finding.lost, finding.of) == ("lost-week:201", 380, 10_000)
    assert server.verdicts([numbers[0], CLEAN]) == ["NOT_COVERED", "NOT_COVERED"]
    server.load([full(NOW - 2 * DAY, 201, numbers[3 * 95:])])
