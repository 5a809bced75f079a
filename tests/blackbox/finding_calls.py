"""Loads whose findings are tested: a base of two area codes, refusals, dry runs."""

import time

import pytest

from dnc_server import Refused
from list_files import DAY, block, flat, registry_name

NOW = int(time.time())
BASE_TIME = NOW - 10 * DAY
BASE_201 = block(201, 555, 10_000) + block(201, 556, 10_000)
BASE_212 = block(212, 555, 10_000) + block(212, 556, 10_000)
EVERY = 10_000_000  # numbers of an area code


def full(seconds, area_code, numbers):
    return (registry_name(seconds, str(area_code)), flat(numbers))


@pytest.fixture(name="base")
def fixture_base(server):
    """Full lists of 201 and 212 with 20,000 numbers each."""
    server.load([full(BASE_TIME, 201, BASE_201), full(BASE_TIME, 212, BASE_212)])
    return server


def refused(server, files, **options):
    """Returns the findings of a load that is refused."""
    with pytest.raises(Refused) as refusal:
        server.load(files, **options)
    assert refusal.value.reason == "GUARD_REFUSED", refusal.value
    return {finding.allow: finding for finding in server.loads()[0].findings}


def looked(server, files, **options):
    """Returns what a load would do."""
    return server.load(files, more={"dry_run": True}, **options)


def area(load, area_code):
    return {plan.area_code: plan for plan in load.plan.area_codes}[area_code]


def coverage(server):
    return {entry.area_code: entry for entry in server.coverage().area_codes}
