"""Clocks that were set back, or were once ahead: nothing that has ended becomes valid again, and
the service does not stop forever."""

import subprocess
import time
import urllib.request

import pytest

from clock_calls import (FREE, HOUR, LISTED, NUMBERS, YEAR, ahead_once, becomes, iso, load, moment,
                         prepare, starts_with_right_clock, status)
from dnc_server import BIN, HOST, Refused
from list_files import DAY, flat, registry_name
from metrics_page import free_port
from tenant_calls import add, new_key, rule
from waiting import PATIENCE, wait_until


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
    starts_with_right_clock(server, clock)
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
    starts_with_right_clock(server, clock)
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
    starts_with_right_clock(server, clock)
    assert rule(server, LISTED) == "NATIONAL", "it had ended"
    with pytest.raises(Refused) as refused:
        rule(server, LISTED, as_key)
    assert refused.value.reason == "UNAUTHENTICATED"


def test_a_kill_at_once_after_a_jump_forgets_nothing(start_server, clock, folder):
    """A caller learns of a moment only after it was written to disk."""
    now = time.time()
    server = prepare(start_server, clock, folder, now + HOUR)
    for hours in (2, 4, 6):
        clock.set(hours * HOUR)
        becomes(lambda: rule(server, LISTED) == "NATIONAL", "the consent ends")
        server.stop(number=9)
        starts_with_right_clock(server, clock)
        assert rule(server, LISTED) == "NATIONAL", "it had ended"
        assert status(server).newest_known_at.seconds - time.time() > (hours - 0.1) * HOUR


def test_a_clock_far_behind_makes_all_stale(start_server, clock, folder):
    server = ahead_once(start_server, clock, folder)
    assert server.verdicts([FREE, LISTED, NUMBERS[0]]) == ["STALE", "STALE", "STALE"]
    # A consent without an end lifts the list, so the number would be clear.
    assert rule(server, NUMBERS[101]) == "STALE"
    told = status(server)
    assert told.clock_behind and told.newest_known_at.seconds > time.time() + YEAR - DAY
    assert "--accept-clock" in server.log()
    # A question about the past gets no clear answer either.
    as_of = moment(time.time() - HOUR)
    with_as_of = server.scrub(numbers=[FREE], as_of=as_of)
    assert with_as_of.verdicts[0] != server.stubs.verdict.VERDICT_CLEAR
    # Loading does not help, but opt-outs are accepted.
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


def test_a_plan_while_the_clock_is_behind(start_server, clock, folder, tmp_path):
    """A plan says what becomes callable when the clock is right, and that nothing does until
    then."""
    server = prepare(start_server, clock, folder, time.time() + 300 * DAY)
    gone = NUMBERS[200]
    clock.set(-2 * DAY)
    becomes(lambda: rule(server, FREE) == "STALE", "set back while it runs")
    path = tmp_path / registry_name(time.time(), "201")
    path.write_bytes(flat([number for number in NUMBERS + [2015580000] if number != gone]))
    command = [str(BIN / "dncctl"), "--server", server.address, "load", "--dry-run", str(path)]
    planned = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
    # The number that `load` has beside the block is removed too.
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
