"""Servers whose clocks are wrong, or were."""

import datetime
import time

from dnc_server import Refused
from list_files import DAY, block, changes, flat, registry_name
from tenant_calls import add, make_list, new_key, rule
from waiting import wait_until

HOUR = 3600
YEAR = 366 * DAY
NUMBERS = block(201, 555, 1200)
LISTED, FREE = NUMBERS[100], 2015569999


def moment(seconds):
    """Returns a moment as a field of a message."""
    return {"seconds": int(seconds)}


def iso(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%SZ")


def load(server, days_ago, **options):
    at = time.time() - days_ago * DAY
    more = [2015580000 + days_ago]  # the same bytes would be refused
    server.load([(registry_name(at, "201"), flat(NUMBERS + more))], **options)


def prepare(start_server, clock, folder, consent_ends):
    """Makes a server with a list and a consent, started with the clock as it is."""
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
        # For a moment after a jump, gRPC compares a deadline with another clock than it was made
        # with.
        assert refused.reason == "DEADLINE_PASSED", refused
        return False


def becomes(condition, what):
    wait_until(lambda: holds(condition), what)


def starts_with_right_clock(server, clock):
    clock.set(0)
    server.start()
    server.wait_until_ready()


def ahead_once(start_server, clock, folder):
    """Makes a server that ran a year ahead, and starts it with the clock set right."""
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
    starts_with_right_clock(server, clock)
    return server


def accept(server):
    """Starts the server with the machine's clock accepted."""
    server.stop()
    command = list(server.command)
    server.command += ["--accept-clock", iso(time.time()), "--accept-clock-reason", "a test"]
    server.start()
    server.command = command
    server.wait_until_ready()


def load_changes(server, number, hours):
    """Loads changes that are so many hours later than the list that `load` has of the day
    before."""
    at = int(time.time() / DAY - 1) * DAY + hours * HOUR
    server.load([(f"changes{number}.txt", changes([(number, at - HOUR, "A")]))], obtained_at=at)
