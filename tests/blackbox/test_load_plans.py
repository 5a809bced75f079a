"""What a load would do: first data, dry runs, limits of what becomes callable."""

import time

import pytest

from dnc_server import Refused
from finding_calls import (BASE_201, BASE_212, EVERY, NOW, area, coverage,  # noqa: F401
                           fixture_base, full, looked, refused)
from list_files import DAY, block


def test_few_numbers(start_server, tmp_path):
    config = tmp_path / "default.yaml"
    config.write_text("guards: {}\n")
    server = start_server("--config", str(config))
    files = [full(NOW - DAY, 201, block(201, 555, 999)),
             full(NOW - DAY, 212, block(212, 555, 1000))]
    found = refused(server, files)
    assert list(found) == ["few-numbers:201"]
    assert found["few-numbers:201"].becomes_callable == EVERY - 999
    server.load(files, allow=["few-numbers:201"])
    # The guard only checks what is loaded for the first time,
    server.load([full(NOW, 201, block(201, 555, 1000)[1:])])
    # and only for the national registry.
    server.load([("few.csv", b"2015550101\n")], list_name="litigator:known", obtained_at=NOW - DAY)


def test_a_dry_run_changes_nothing(base):
    before = base.coverage()
    files = [full(NOW - DAY, 201, BASE_201[700:] + [2017770001]),
             full(NOW - DAY, 305, block(305, 555, 3000))]
    load = looked(base, files)
    assert load.state == base.stubs.load.LOAD_STATE_SUCCEEDED
    assert load.dry_run and not load.HasField("release")
    assert [finding.allow for finding in load.findings] == ["shrink:201"]
    assert not load.plan.first
    plan = area(load, 201)
    assert (plan.numbers_before, plan.numbers_after) == (20_000, 19_301)
    assert (plan.lost, plan.added, plan.becomes_callable, plan.no_longer_callable) == (
        700, 1, 700, 1)
    assert plan.answered_before and plan.answers_after
    plan = area(load, 305)
    assert not plan.answered_before and plan.answers_after
    assert plan.becomes_callable == EVERY - 3000
    assert load.plan.becomes_callable == EVERY - 3000 + 700
    assert load.plan.no_longer_callable == 1
    assert base.coverage() == before
    assert base.verdicts([BASE_201[0], 3058880001]) == ["LISTED", "NOT_COVERED"]
    record = base.loads()[0]
    assert record.dry_run and record.plan == load.plan
    with pytest.raises(Refused) as refusal:
        looked(base, files, allow=["shrink:212"])
    assert refusal.value.reason == "INVALID_REQUEST"


def test_no_more_becomes_callable_than_was_confirmed(base):
    files = [full(NOW - DAY, 201, BASE_201[100:])]
    with pytest.raises(Refused) as refusal:
        base.load(files, more={"callable_limit": 99})
    assert refusal.value.reason == "CALLABLE_LIMIT"
    assert "100 numbers" in refusal.value.message
    assert base.loads()[0].plan.becomes_callable == 100
    assert base.verdicts([BASE_201[0]]) == ["LISTED"]
    base.load(files, more={"callable_limit": 100})
    assert base.verdicts([BASE_201[0]]) == ["CLEAR"]


def test_first_data_can_be_refused(base):
    first = [full(NOW - DAY, 305, block(305, 555, 3000))]
    with pytest.raises(Refused) as refusal:
        base.load(first, more={"refuse_first": True})
    assert refusal.value.reason == "FIRST_DATA"
    assert base.loads()[0].plan.becomes_callable == EVERY - 3000
    assert base.verdicts([3055550001]) == ["NOT_COVERED"]
    base.load([full(NOW - DAY, 201, BASE_201 + [2017770001])], more={"refuse_first": True})
    base.load(first)
    with pytest.raises(Refused) as refusal:
        base.load([("own.csv", b"2015550101\n")], list_name="other:own", obtained_at=NOW - DAY,
                  more={"refuse_first": True})
    assert refusal.value.reason == "FIRST_DATA"


def test_a_restart_keeps_what_was_found(base):
    refused(base, [full(NOW - DAY, 201, BASE_201[700:])])
    looked(base, [full(NOW - DAY, 201, BASE_201[700:])])
    before = base.loads()
    base.stop()
    base.start()
    base.wait_until_ready()
    after = base.loads()
    assert [list(load.findings) for load in after] == [list(load.findings) for load in before]
    assert after[0].state == base.stubs.load.LOAD_STATE_SUCCEEDED and after[0].dry_run
