"""The names of lists and files: a list has one name, and a file is what all its names say."""

import time

import pytest

from dnc_server import Refused
from list_files import DAY, block, changes, flat, registry_name, zipped

NOW = int(time.time())
BASE = block(214, 555, 1200)
FIRST, SECOND, CLEAN = 2145560101, 2145560102, 2145560199


def csv(*numbers):
    return "phone\n{}\n".format("\n".join(map(str, numbers))).encode()


def bare(numbers):
    return "".join(f"{number}\n" for number in numbers).encode()


@pytest.fixture
def loaded(server):
    server.load([(registry_name(NOW - 2 * DAY, "214"), flat(BASE))], "")
    return server


def refused(server, files, *arguments, **options):
    with pytest.raises(Refused) as refusal:
        server.load(files, *arguments, **options)
    return refusal.value


def test_a_list_has_one_name(loaded, dncctl):
    loaded.load([("tx.csv", csv(FIRST))], "state:TX", obtained_at=NOW - 2 * DAY)
    tenants = loaded.stubs.tenant
    tenant = tenants.Tenant(tenant_id="texas", entitlement=tenants.Entitlement(all=True))
    tenant.policy.lists.append("State:tx")
    loaded.call(loaded.tenants.CreateTenant, tenants.CreateTenantRequest(tenant=tenant))
    loaded.load([("tx2.csv", csv(FIRST, SECOND))], " state:tx", obtained_at=NOW - DAY)
    listed = loaded.stubs.verdict.VERDICT_LISTED
    answer = loaded.scrub(numbers=[FIRST, SECOND, CLEAN], metadata=[("dnc-tenant", "texas")])
    assert list(answer.verdicts) == [listed, listed, loaded.stubs.verdict.VERDICT_CLEAR]
    assert loaded.verdicts([FIRST, SECOND, CLEAN]) == ["LISTED", "LISTED", "CLEAR"]
    assert loaded.coverage("STATE:TX").list == "state:TX"
    assert dncctl("coverage", "--list", "state:tx").returncode == 0
    assert dncctl("releases", "--list", "state:tx").stdout.count("state:TX") == 2


def test_the_policy_names_it_in_any_writing(start_server, tmp_path):
    config = tmp_path / "dncd.yaml"
    config.write_text("policy:\n  other_loaded_lists: false\n  lists:\n"
                      "    - name: National\n    - name: state:tx\n")
    server = start_server("--config", str(config))
    server.load([(registry_name(NOW - 2 * DAY, "214"), flat(BASE))], "")
    assert server.verdicts([CLEAN]) == ["NOT_COVERED"]
    server.load([("tx.csv", csv(FIRST))], "state:TX", obtained_at=NOW - DAY)
    assert server.verdicts([FIRST, CLEAN]) == ["LISTED", "CLEAR"]


@pytest.mark.parametrize("name, content", [
    ("wireless-to-wireline-norange.txt", None), ("Wireless_To_Wireline.TXT", None),
    ("ports.zip", "WIRELESS-TO-WIRELINE-NORANGE.TXT"), ("ports.ZIP", "wireless to wireline.txt"),
    ("wireline-to-wireless.zip", "wireless_to_wireline/1.txt"),
])
def test_a_ported_file_of_the_other_direction(loaded, name, content):
    loaded.load([("WIRELINE-TO-WIRELESS-NORANGE.TXT", bare(block(214, 557, 50)))], "wireless",
                obtained_at=NOW - 2 * DAY)
    rows = bare(block(214, 558, 60))
    files = [(name, zipped(content, rows) if content else rows)]
    assert refused(loaded, files, "wireless", obtained_at=NOW - DAY).reason == "BAD_FILE"
    assert loaded.verdicts([2145570001]) == ["WIRELESS"]


@pytest.mark.parametrize("name, content", [
    ("numbers.txt", bare(BASE)), ("312.txt", b"312,5550101\n"), ("list.txt", flat(BASE)),
    (registry_name(NOW - DAY, "214"), bare(BASE)),
    (registry_name(NOW - DAY, "214"), b"area,phone\n" + flat(BASE)),
    ("list.zip", zipped("customers.txt", flat(BASE))),
])
def test_what_nobody_named_must_look_like_the_registry(server, name, content):
    error = refused(server, [(name, content)], "", obtained_at=NOW - DAY)
    assert error.reason == "BAD_FILE" and "--list national" in error.message
    assert server.verdicts([CLEAN]) == ["NOT_COVERED"]


def test_what_looks_like_the_registry(server):
    server.load([("renamed.zip", zipped(registry_name(NOW - 3 * DAY, "214"), flat(BASE)))], "")
    change = changes([(FIRST, NOW - 2 * DAY, "A")])
    assert refused(server, [("changes.txt", change)], "").reason == "BAD_FILE"
    server.load([("changes.txt", change)], "", obtained_at=NOW - DAY)
    assert server.verdicts([FIRST, CLEAN]) == ["LISTED", "CLEAR"]


@pytest.mark.parametrize("outer, member", [
    ("2026-8-5_818.zip", "2026-8-5_201.txt"), ("2026-8-5_818.ZIP", "201/2026-8-5_201.txt"),
    ("list.zip", "2026-8-5_818/2026-8-5_201.txt"), ("2026-8-5_NJ.zip", "2026-8-5_NY.txt"),
    ("full.zip", "2026-8-5_changes.txt"), ("list.zip", "changes/2026-8-5_818.txt"),
    ("list.zip", "2026-8-5_818.xml"),
])
def test_names_that_contradict_each_other(server, outer, member):
    content = zipped(member, flat(block(818, 555, 50) + block(201, 555, 50)))
    assert refused(server, [(outer, content)]).reason == "BAD_FILE"


def test_of_two_dates_the_older_counts(server):
    old, new = NOW - 40 * DAY, NOW - DAY
    rows = flat(BASE)
    for i, (outer, member) in enumerate([
            (registry_name(new, "214"), registry_name(old, "214")),
            (registry_name(old, "214"), registry_name(new, "214")),
            (registry_name(new, "214"), f"{registry_name(old, '214')}/{registry_name(new, '214')}"),
            ("renamed", registry_name(old, "214"))]):
        area = 214 + i  # an area code of its own
        rows = flat(block(area, 555, 1200))
        server.load([(outer.replace("214", str(area)) + ".ZIP",
                      zipped(member.replace("214", str(area)), rows))], "")
        assert server.verdicts([area * 10**7 + 5560101]) == ["STALE"], (outer, member)
        coverage = {entry.area_code: entry for entry in server.coverage().area_codes}
        assert coverage[area].obtained_at.seconds == old // DAY * DAY
