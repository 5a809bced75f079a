"""An operator accepts a clock that is behind the stores: nothing that has ended becomes valid
again, and no data becomes younger."""

import time

import pytest

from clock_calls import (FREE, HOUR, LISTED, NUMBERS, accept, ahead_once, iso, load, load_changes,
                         moment, prepare, starts_with_right_clock, status)
from dnc_server import Refused, refused_start
from list_files import DAY
from tenant_calls import add, rule
from waiting import PATIENCE


def test_an_accepted_clock_revives_nothing(start_server, clock, folder):
    server = ahead_once(start_server, clock, folder)
    keys = server.keys
    server.stop()
    wrong = refused_start(folder, "--accept-clock", iso(time.time() + 10 * DAY), env=clock.env)
    assert "machine's clock shows" in wrong
    no_time = refused_start(folder, "--accept-clock", "yes", env=clock.env)
    assert "2026-08-05T14:00:00Z" in no_time
    command = list(server.command)
    server.command += ["--accept-clock", iso(time.time()), "--accept-clock-reason", "BIOS battery"]
    server.start()
    server.wait_until_ready()
    for attempt in ("accepted", "restarted with the option", "restarted"):
        told = status(server)
        assert not told.clock_behind, attempt
        assert abs(told.newest_known_at.seconds - time.time()) < HOUR, attempt
        # No data gets a younger date: what was too old then is too old now.
        assert rule(server, FREE) == "STALE", attempt
        with pytest.raises(Refused):
            rule(server, FREE, server.identity(keys["ended"]))
        assert rule(server, FREE, server.identity(keys["living"])) == "STALE"
        server.stop()
        if attempt != "accepted":
            server.command = command
        server.start()
        server.wait_until_ready()
    told = server.call(server.tenants.ListTenantChanges,
                       server.stubs.tenant.ListTenantChangesRequest()).changes
    said = [change.description for change in told if "accepted the machine's clock" in
            change.description]
    assert len(said) == 1 and "BIOS battery" in said[0] and "uid" in said[0]
    # What comes from now on counts by the right clock.
    load(server, 0)
    assert rule(server, FREE) == "CLEAR"
    assert rule(server, LISTED) == "NATIONAL", "the consent had ended"
    assert rule(server, NUMBERS[101]) == "CONSENT"
    add(server, [LISTED], "consents", source="a new form",
        expires_at=moment(time.time() + 90 * DAY))
    assert rule(server, LISTED) == "CONSENT"
    server.stop()
    server.start()
    server.wait_until_ready()
    assert rule(server, FREE) == "CLEAR"
    assert rule(server, LISTED) == "CONSENT"


def test_change_lists_make_nothing_young_that_was_too_old(start_server, clock, folder):
    server = ahead_once(start_server, clock, folder)
    accept(server)
    assert rule(server, FREE) == "STALE"
    for each, hours in enumerate((8, 14, 20)):
        load_changes(server, 2015590000 + each, hours)
        assert rule(server, 2015590000 + each) != "CLEAR"
        assert rule(server, FREE) == "STALE", "how old the rest is they don't say"
    server.stop(number=9)
    server.start()
    server.wait_until_ready()
    assert rule(server, FREE) == "STALE"
    load(server, 0)
    assert rule(server, FREE) == "CLEAR"


def test_change_lists_go_on_where_nothing_had_ended(start_server, clock, folder):
    server = prepare(start_server, clock, folder, time.time() + 300 * DAY)
    server.stop()
    clock.set(5 * DAY)
    server.start()
    server.wait_until_ready()
    assert rule(server, FREE) == "CLEAR"
    server.stop()
    starts_with_right_clock(server, clock)
    assert rule(server, FREE) == "STALE"
    accept(server)
    assert rule(server, FREE) == "CLEAR", "young by either clock"
    load_changes(server, 2015590000, 20)
    assert rule(server, FREE) == "CLEAR"
    server.stop()
    server.start()
    server.wait_until_ready()
    assert rule(server, FREE) == "CLEAR"


def test_change_lists_make_nothing_young_that_was_of_a_time_to_come(start_server, clock, folder):
    clock.set(5 * DAY)
    server = start_server(data_dir=folder, environment=clock.env)
    load(server, 1)
    server.stop()
    (folder / "clock").unlink()
    starts_with_right_clock(server, clock)
    assert rule(server, FREE) == "STALE"
    accept(server)
    assert rule(server, FREE) == "STALE"
    load_changes(server, 2015590000, 20)
    assert rule(server, FREE) == "STALE"
    load(server, 0)
    assert rule(server, FREE) == "CLEAR"


def test_no_moment_after_the_word_is_clear(start_server, clock, folder):
    server = ahead_once(start_server, clock, folder)
    accept(server)
    time.sleep(1.1)  # moments are asked for in whole seconds
    now = moment(time.time())
    assert rule(server, FREE) == "STALE"
    assert rule(server, FREE, as_of=now) == "STALE"
    assert rule(server, FREE, as_answered_at=now) == "STALE"
    load(server, 0)
    assert rule(server, FREE) == "CLEAR"
    assert rule(server, FREE, as_answered_at=now) == "STALE", "it was answered then"


def test_the_end_is_told_that_counts(start_server, clock, folder):
    """An end that a fast clock gave to an exemption is the end that counts, and the answer
    says so."""
    server = ahead_once(start_server, clock, folder)
    accept(server)
    lists = server.stubs.list
    records = server.call(server.lists.GetRecord, lists.GetRecordRequest(
        number=str(LISTED))).records
    listed = server.call(server.lists.ListRecords, lists.ListRecordsRequest(
        list_id="consents")).records
    exported = [record for part in server.lists.ExportNumbers(
        lists.ExportNumbersRequest(), timeout=PATIENCE) for record in part.records]
    for record in (records[0], listed[0], exported[0]):
        assert record.number == str(LISTED)
        assert record.expires_at.seconds > time.time() + 20 * DAY, "as it was written"
        assert abs(record.counts_until.seconds - time.time()) < HOUR, "when the clock was accepted"
        # The consent is shown, but not taken for one that holds.
        answer = server.call(server.lists.AddNumbers, lists.AddNumbersRequest(
            list_id="consents", records=[record]))
        assert answer.results[0].outcome == lists.WRITE_OUTCOME_REFUSED
    assert not listed[1].HasField("counts_until")
    same = lists.Record(number=str(LISTED), source="a form", expires_at=records[0].expires_at,
                        made_at=records[0].made_at)
    answer = server.call(server.lists.AddNumbers, lists.AddNumbersRequest(
        list_id="consents", records=[same]))
    assert "it ended at" in answer.results[0].message, answer
    load(server, 0)
    assert rule(server, LISTED) == "NATIONAL"
