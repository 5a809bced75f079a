"""A data folder that an earlier commit wrote opens, answers as it did, and accepts new data.

tests/fixtures/make_data_48babd0.py and make_data_91ca8f5.py say what is in it."""

import datetime
import shutil
import subprocess
import tarfile
import time

import pytest

from clock_shift import ShiftedClock
from dnc_server import BIN, REPO, Refused, refused_start
from tenant_calls import rule
from waiting import PATIENCE, wait_until

WRITTEN = 1754488800  # 2025-08-06T14:00:00Z
HOUR = 3600


@pytest.fixture
def clock(tmp_path):
    shifted = ShiftedClock(tmp_path)
    shifted.set(WRITTEN + HOUR - time.time())
    return shifted


@pytest.fixture(params=["48babd0", "91ca8f5"])
def old(tmp_path, request):
    """Returns the folder, and the keys in it."""
    with tarfile.open(REPO / "tests" / "fixtures" / f"data-{request.param}.tar.xz") as archive:
        archive.extractall(tmp_path)
    keys = dict(line.split() for line in (tmp_path / "keys").read_text().splitlines())
    return tmp_path / "data", keys


ANSWERS = {  # of the tenant acme
    2015550000: "CLEAR",          # deleted by a change list
    2015550001: "NATIONAL",
    2015559001: "NATIONAL",       # added by a change list
    2125550000: "NATIONAL",
    2125559001: "NATIONAL",
    2015559002: "CLEAR",          # of the release that was taken back
    2015560001: "STATE",
    2015570001: "CLEAR",          # acme has chosen state:NJ alone of the lists that may be
    2015580100: "CLEAR",
    2015590100: "CLEAR",          # of the list that was retired
    2015559100: "OWN_DO_NOT_CALL",
    2015559101: "OWN_DO_NOT_CALL",
    2015559102: "CLEAR",          # added and removed
    2015550010: "CONSENT",
    2015550011: "CONSENT",        # until 7 August
    2015550012: "EBR",
    2017770001: "OWN_DO_NOT_CALL",  # a blocked exchange
    2125559200: "CLEAR",          # another tenant's opt-out
    3105550100: "NOT_COVERED",
}


def expect_all(server, keys):
    acme = server.identity(keys["acme"])
    answers = {number: rule(server, number, acme) for number in ANSWERS}
    assert answers == ANSWERS
    operator = server.identity(keys["operator"], "default")
    assert rule(server, 2125559200, operator) == "OWN_DO_NOT_CALL"
    assert rule(server, 2015559100, operator) == "CLEAR"
    assert rule(server, 2015570001, operator) == "WIRELESS"
    assert rule(server, 2015580100, operator) == "LITIGATOR"
    assert rule(server, 2015550002, server.identity(keys["expired"])) == "NATIONAL"
    with pytest.raises(Refused) as refused:
        rule(server, 2015550002, server.identity(keys["revoked"]))
    assert refused.value.reason == "UNAUTHENTICATED"
    lists = server.stubs.list
    with pytest.raises(Refused) as refused:  # the fixture's own had a time of its own
        server.call(server.lists.AddNumbers, lists.AddNumbersRequest(
            list_id="internal", request_id="opt-out-1",
            records=[lists.Record(number="2015559100")]), acme)
    assert refused.value.reason == "REQUEST_ID_REUSED", "request ids are known"
    releases = server.call(server.registry.ListReleases,
                           server.stubs.registry.ListReleasesRequest(), operator).releases
    assert len(releases) == 7
    history = server.call(server.registry.GetHistory, server.stubs.registry.GetHistoryRequest(
        number="2015550000"), operator)
    assert len(history.events) == 2
    tenant = server.stubs.tenant
    changes = server.call(server.tenants.ListTenantChanges, tenant.ListTenantChangesRequest(
        tenant_id="acme"), operator).changes
    assert len(changes) >= 9


def test_it_answers_as_it_did(start_server, clock, old):
    folder, keys = old
    server = start_server(data_dir=folder, environment=clock.env, key=keys["acme"])
    expect_all(server, keys)
    for name in ("store/tenants.revision", "tenants/store.revision", "clock"):
        assert (folder / name).exists(), "what is new comes with the first start"
    for _ in range(2):
        server.stop()
        server.start()
        server.wait_until_ready()
        expect_all(server, keys)
    operator = server.identity(keys["operator"], "default")
    assert not server.call(server.registry.GetStatus,
                           server.stubs.registry.GetStatusRequest(), operator).clock_behind
    clock.set(WRITTEN + 24 * HOUR - time.time())
    wait_until(lambda: rule(server, 2015550011, server.identity(keys["acme"])) == "NATIONAL",
               "the consent does not end")
    with pytest.raises(Refused):
        rule(server, 2015550002, server.identity(keys["expired"]))


def test_its_lists_and_blocks_are_watched_and_exported(start_server, clock, old):
    """The first of those versions did not record them among the changes."""
    folder, keys = old
    server = start_server(data_dir=folder, environment=clock.env, key=keys["acme"])
    lists = server.stubs.list
    there = server.call(server.lists.ListLists, lists.ListListsRequest()).lists
    expected = {made.list_id: list(made.blocks) for made in there}
    assert expected["internal"] == ["201777", "646"]
    last = server.scrub(numbers=[2017770001]).snapshot.revision
    told, numbers = {"internal": []}, set()
    stream = server.lists.WatchChanges(lists.WatchChangesRequest(), metadata=server.metadata)
    for part in stream:
        told.update({made.list_id: [] for made in part.lists_made})
        for change in part.block_changes:
            told[change.list_id].append(change.block)
        numbers |= {change.record.number for change in part.changes}
        if part.last_of_revision and part.revision >= last:
            break
    stream.cancel()
    assert told == expected and "2015559100" in numbers
    exported = next(iter(server.lists.ExportNumbers(lists.ExportNumbersRequest(),
                                                    metadata=server.metadata)))
    assert {made.list_id: list(made.blocks) for made in exported.lists} == expected


def test_half_of_it_is_refused(start_server, clock, old, tmp_path):
    folder, keys = old
    shutil.copytree(folder, tmp_path / "whole")
    for half, files in (("tenants", "tenants*"), ("store", "store"), ("revision", "revision")):
        for path in folder.glob(files):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        said = refused_start(folder, env=clock.env)
        assert half in said and "restore" in said, said
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / "whole", folder)
    server = start_server(data_dir=folder, environment=clock.env, key=keys["acme"])
    expect_all(server, keys)


def test_its_newest_moment_is_known(start_server, clock, old):
    folder, keys = old
    clock.set(WRITTEN - 400 * 24 * HOUR - time.time())
    server = start_server(data_dir=folder, environment=clock.env, key=keys["acme"])
    operator = server.identity(keys["operator"], "default")
    told = server.call(server.registry.GetStatus,
                       server.stubs.registry.GetStatusRequest(), operator)
    assert told.clock_behind
    newest = datetime.datetime.fromtimestamp(told.newest_known_at.seconds, datetime.timezone.utc)
    assert (newest.year, newest.month, newest.day) == (2025, 8, 6)
    assert rule(server, 2015550000, server.identity(keys["acme"])) == "STALE"


def test_dncctl_reads_it(start_server, clock, old):
    folder, keys = old
    server = start_server(data_dir=folder, environment=clock.env, key=keys["acme"])
    shown = subprocess.run([str(BIN / "dncctl"), "--server", server.address, "record",
                            "2015559100"], env={**clock.env, "DNC_KEY": keys["acme"]},
                           capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert shown.returncode == 0 and "asked during the call" in shown.stdout
