"""Clocks that were set back, and that were ahead once: nothing lives again, and the service does
not end for ever."""

import datetime
import time
import urllib.request

import pytest

from clock_shift import ShiftedClock
from dnc_server import HOST, Refused, refused_start
from list_files import DAY, block, flat, registry_name
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
    changes = server.call(server.tenants.ListTenantChanges,
                          server.stubs.tenant.ListTenantChangesRequest()).changes
    said = [change.description for change in changes if "accepted the machine's clock" in
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
