"""Clocks that were set back, and that were ahead once: nothing lives again, and the service does
not end for ever."""

import datetime
import subprocess
import time
import urllib.request

import pytest

from clock_shift import ShiftedClock
from dnc_server import BIN, HOST, Refused, refused_start
from list_files import DAY, block, changes, flat, registry_name
from metrics_page import free_port
from tenant_calls import add, make_list, new_key, rule
from waiting import PATIENCE, wait_until

HOUR = 3600
YEAR = 366 * DAY
NUMBERS = block(201, 555, 1200)
LISTED, FREE = NUMBERS[100], 2015569999


@pytest.fixture
def clock(tmp_path):
    return ShiftedClock(tmp_path)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data"


def moment(seconds):
    """As a field of a message."""
    return {"seconds": int(seconds)}


def iso(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%SZ")


def load(server, days_ago, **options):
    at = time.time() - days_ago * DAY
    more = [2015580000 + days_ago]  # the same bytes would be refused
    server.load([(registry_name(at, "201"), flat(NUMBERS + more))], **options)


def prepare(start_server, clock, folder, consent_ends):
    """A server with a list and a consent, started with the clock as it is."""
    server = start_server(data_dir=folder, environment=clock.env)
    load(server, 1)
    make_list(server, "consents", "CONSENT")
    add(server, [LISTED], "consents", source="a form", expires_at=moment(consent_ends))
    add(server, [NUMBERS[101]], "consents", source="a form")
    return server


def status(server):
    return server.call(server.registry.GetStatus, server.stubs.registry.GetStatusRequest())


def holds(condition):
    try:
        return condition()
    except Refused as refused:
        # For a moment after a jump a deadline is compared with another clock than it was made of.
        assert refused.reason == "DEADLINE_PASSED", refused
        return False


def becomes(condition, what):
    wait_until(lambda: holds(condition), what)


def test_what_ended_stays_ended_when_the_clock_is_set_back(start_server, clock, folder):
    now = time.time()
    server = prepare(start_server, clock, folder, now + HOUR)
    assert rule(server, LISTED) == "CONSENT"
    key = new_key(server, ["SCRUB"], expires_at=moment(now + HOUR)).secret
    as_key = server.identity(key)
    assert rule(server, LISTED, as_key) == "CONSENT"
    clock.set(2 * HOUR)
    becomes(lambda: rule(server, LISTED) == "NATIONAL", "the consent ends")
    server.stop()
    clock.set(0)
    server.start()
    server.wait_until_ready()
    assert rule(server, LISTED) == "NATIONAL", "it had ended"
    with pytest.raises(Refused) as refused:
        rule(server, LISTED, as_key)
    assert refused.value.reason == "UNAUTHENTICATED"
    assert rule(server, FREE) == "CLEAR", "two hours are no reason to answer nothing"
    told = status(server)
    assert not told.clock_behind
    assert 1.9 * HOUR < told.newest_known_at.seconds - time.time() < 2.2 * HOUR
    assert "time goes on from there" in server.log()


def test_a_kill_forgets_no_time(start_server, clock, folder):
    now = time.time()
    clock.set(5 * HOUR)
    server = prepare(start_server, clock, folder, now + 4 * HOUR + 7 * DAY)
    server.stop(number=9)
    (folder / "clock").unlink()  # the stores know as well
    clock.set(0)
    server.start()
    server.wait_until_ready()
    assert status(server).newest_known_at.seconds - time.time() > 4.9 * HOUR


def test_a_kill_soon_after_a_jump_forgets_nothing(start_server, clock, folder):
    now = time.time()
    server = prepare(start_server, clock, folder, now + HOUR)
    as_key = server.identity(new_key(server, ["SCRUB"], expires_at=moment(now + HOUR)).secret)
    assert rule(server, LISTED, as_key) == "CONSENT"
    before = (folder / "clock").read_bytes()
    jumped = time.monotonic()
    clock.set(2 * HOUR)
    wait_until(lambda: (folder / "clock").read_bytes() != before, "the jump is written")
    assert time.monotonic() - jumped < 40, "not only once a minute"
    becomes(lambda: rule(server, LISTED) == "NATIONAL", "the consent ends")
    server.stop(number=9)
    clock.set(0)
    server.start()
    server.wait_until_ready()
    assert rule(server, LISTED) == "NATIONAL", "it had ended"
    with pytest.raises(Refused) as refused:
        rule(server, LISTED, as_key)
    assert refused.value.reason == "UNAUTHENTICATED"


def test_a_kill_at_once_after_a_jump_forgets_nothing(start_server, clock, folder):
    """Whoever has heard of a moment does so after it is written."""
    now = time.time()
    server = prepare(start_server, clock, folder, now + HOUR)
    for hours in (2, 4, 6):
        clock.set(hours * HOUR)
        becomes(lambda: rule(server, LISTED) == "NATIONAL", "the consent ends")
        server.stop(number=9)
        clock.set(0)
        server.start()
        server.wait_until_ready()
        assert rule(server, LISTED) == "NATIONAL", "it had ended"
        assert status(server).newest_known_at.seconds - time.time() > (hours - 0.1) * HOUR


def ahead_once(start_server, clock, folder):
    """A server that ran a year ahead, and starts with the clock set right."""
    now = time.time()
    server = prepare(start_server, clock, folder, now + 30 * DAY)
    server.keys = {name: new_key(server, ["SCRUB"], expires_at=moment(now + days * DAY)).secret
                   for name, days in (("ended", 30), ("living", 3000))}
    server.stop()
    clock.set(YEAR)
    server.start()
    server.wait_until_ready()
    assert rule(server, FREE) == "STALE"
    server.stop()
    clock.set(0)
    server.start()
    server.wait_until_ready()
    return server


def test_a_clock_far_behind_makes_all_stale(start_server, clock, folder):
    server = ahead_once(start_server, clock, folder)
    assert server.verdicts([FREE, LISTED, NUMBERS[0]]) == ["STALE", "STALE", "STALE"]
    # A consent without an end lifts the list, and then the number would be clear.
    assert rule(server, NUMBERS[101]) == "STALE"
    told = status(server)
    assert told.clock_behind and told.newest_known_at.seconds > time.time() + YEAR - DAY
    assert "--accept-clock" in server.log()
    # What is asked about the past is no clear answer either.
    as_of = moment(time.time() - HOUR)
    with_as_of = server.scrub(numbers=[FREE], as_of=as_of)
    assert with_as_of.verdicts[0] != server.stubs.verdict.VERDICT_CLEAR
    # Loading doesn't help, opt-outs are taken.
    load(server, 0)
    assert server.verdicts([FREE]) == ["STALE"]
    add(server, [FREE])
    assert server.verdicts([FREE]) == ["LISTED"]


def test_a_clock_far_behind_is_metered(start_server, clock, folder):
    server = ahead_once(start_server, clock, folder)
    server.stop()
    port = free_port()
    server.command[server.command.index("--metrics-listen") + 1] = f"{HOST}:{port}"
    server.start()
    server.wait_until_ready()
    with urllib.request.urlopen(f"http://{HOST}:{port}/metrics", timeout=PATIENCE) as page:
        lines = page.read().decode().splitlines()
    value = [line.split()[1] for line in lines if line.startswith("dnc_clock_behind_seconds ")]
    assert float(value[0]) > YEAR - DAY


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
        # Nothing is dated younger: too old then is too old now.
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
    # What comes now counts by the clock that is right.
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


def accept(server):
    """Starts it with the machine's clock accepted."""
    server.stop()
    command = list(server.command)
    server.command += ["--accept-clock", iso(time.time()), "--accept-clock-reason", "a test"]
    server.start()
    server.command = command
    server.wait_until_ready()


def load_changes(server, number, hours):
    """Of so many hours after the list that `load` has of the day before."""
    at = int(time.time() / DAY - 1) * DAY + hours * HOUR
    server.load([(f"changes{number}.txt", changes([(number, at - HOUR, "A")]))], obtained_at=at)


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
    clock.set(0)
    server.start()
    server.wait_until_ready()
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
    clock.set(0)
    server.start()
    server.wait_until_ready()
    assert rule(server, FREE) == "STALE"
    accept(server)
    assert rule(server, FREE) == "STALE"
    load_changes(server, 2015590000, 20)
    assert rule(server, FREE) == "STALE"
    load(server, 0)
    assert rule(server, FREE) == "CLEAR"


def test_the_end_is_told_that_counts(start_server, clock, folder):
    """Of a record whose exemption a clock that was ahead has ended."""
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
        # What is told isn't taken for a consent that holds.
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


def test_a_plan_while_the_clock_is_behind(start_server, clock, folder, tmp_path):
    """It tells what becomes callable when the clock is right, and that nothing is until then."""
    server = prepare(start_server, clock, folder, time.time() + 300 * DAY)
    gone = NUMBERS[200]
    clock.set(-2 * DAY)
    becomes(lambda: rule(server, FREE) == "STALE", "set back while it runs")
    path = tmp_path / registry_name(time.time(), "201")
    path.write_bytes(flat([number for number in NUMBERS + [2015580000] if number != gone]))
    command = [str(BIN / "dncctl"), "--server", server.address, "load", "--dry-run", str(path)]
    planned = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
    # The number that `load` has beside the block goes, too.
    assert "becomes callable: 2 numbers" in planned.stdout, planned
    assert "lies behind" in planned.stdout, planned
    command.remove("--dry-run")
    subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert rule(server, gone) == "STALE"
    clock.set(0)
    becomes(lambda: rule(server, gone) == "CLEAR", "the clock is right again")
    planned = subprocess.run(command + ["--dry-run"], capture_output=True, text=True, check=False,
                             timeout=PATIENCE)
    assert "lies behind" not in planned.stdout, planned


def test_a_clock_that_is_set_right_needs_no_word(start_server, clock, folder):
    server = prepare(start_server, clock, folder, time.time() + 300 * DAY)
    server.stop()
    clock.set(-3 * DAY)
    server.start()
    server.wait_until_ready()
    assert rule(server, FREE) == "STALE"
    clock.set(0)
    becomes(lambda: rule(server, FREE) == "CLEAR", "the clock is right again")
    assert not status(server).clock_behind
    clock.set(-2 * DAY)
    becomes(lambda: rule(server, FREE) == "STALE", "set back while it runs")
    clock.set(0)
    becomes(lambda: rule(server, FREE) == "CLEAR", "set right while it runs")


def test_a_right_clock_needs_no_option(start_server, clock, folder):
    server = prepare(start_server, clock, folder, time.time() + 300 * DAY)
    server.stop()
    server.command += ["--accept-clock", iso(time.time())]
    server.start()
    server.wait_until_ready()
    assert "not needed" in server.log()
    assert rule(server, LISTED) == "CONSENT"
