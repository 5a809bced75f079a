"""If a day's change list is missing or cut off, the usual number of changes reveals it."""

import random

import pytest

from finding_calls import BASE_TIME, coverage, fixture_base, refused  # noqa: F401
from list_files import DAY, changes, registry_name, utc

BASE_DAY = BASE_TIME // DAY * DAY  # that the full lists' names tell


def day_of(day, count=400, spread=1.0, begin=0.0):
    """Makes the changes of a day, `count` of them over `spread` of it; an eighth of them are in
    212."""
    at = BASE_DAY + day * DAY + int(begin * DAY)
    return [((2127000000 if i % 8 == 0 else 2017000000) + day * 2000 + i,
             at + int(DAY * spread * i / count), "A") for i in range(count)]


def as_file(day, entries):
    return (f"changes-{20_000 + day}.txt", changes(entries))


def load_day(server, day, entries=None, **options):
    server.load([as_file(day, day_of(day) if entries is None else entries)],
                obtained_at=BASE_DAY + (day + 1) * DAY - 60, **options)


def refused_day(server, day, entries=None, **options):
    entries = day_of(day) if entries is None else entries
    return refused(server, [as_file(day, entries)], obtained_at=BASE_DAY + (day + 1) * DAY - 60,
                   **options)


def restart(server):
    assert server.stop() == 0
    server.start()
    server.wait_until_ready()


@pytest.mark.parametrize("missing", [1, 2, 5])
def test_a_single_missing_day_is_seen(base, missing):
    for day in range(1, missing):
        load_day(base, day)
    restart(base)
    found = refused_day(base, missing + 1)
    assert sorted(found) == ["change-gap:201", "change-gap:212"]
    if missing > 1:
        message = found["change-gap:201"].message
        assert "hardly a change" in message and "a day are usual" in message
    # An override of one area code applies to that one alone.
    found = refused_day(base, missing + 1, allow=["change-gap:201"])
    assert not found["change-gap:212"].overridden
    for day in (missing, missing + 1):
        load_day(base, day)
    load_day(base, missing + 3, allow=["change-gap:201", "change-gap:212"])
    load_day(base, missing + 4)


@pytest.mark.parametrize("days", [(1, 4, 5), (1, 2, 4, 6, 7)])
def test_holes_that_were_overridden_make_no_other_one_usual(base, days):
    """That is true even if there are few lists to learn from."""
    loaded = 0
    for day in days:
        seen = loaded > 0 and day > loaded + 1
        load_day(base, day, allow=["change-gap:201", "change-gap:212"] if seen else [])
        loaded = day
    assert sorted(refused_day(base, loaded + 2)) == ["change-gap:201", "change-gap:212"]


def test_lists_named_by_their_day(base):
    """Their date is the beginning of that day."""
    def file(day):
        return [(registry_name(BASE_DAY + day * DAY, "changes"), changes(day_of(day)))]

    for day in (1, 2, 3):
        base.load(file(day))
    found = refused(base, file(5))
    assert sorted(found) == ["change-gap:201", "change-gap:212"]
    base.load(file(4) + file(5))
    # These are two lists of one load, with a day between them.
    found = refused(base, file(6) + file(8))
    assert sorted(found) == ["change-gap:201", "change-gap:212"]


def test_lists_named_by_the_day_after(base):
    """They are made in the morning, with the changes of the day before."""
    def file(day):
        return [(registry_name(BASE_DAY + (day + 1) * DAY, "changes"), changes(day_of(day)))]

    for day in (0, 1, 2, 3):
        base.load(file(day))
    assert "change-gap:201" in refused(base, file(5))
    base.load(file(4))
    base.load(file(5))


def test_a_list_that_is_cut_off_ends_where_its_changes_end(base):
    for day in (1, 2, 3):
        load_day(base, day)
    rows = day_of(4)[:160]
    load_day(base, 4, rows)
    assert coverage(base)[201].obtained_at.seconds == rows[-1][1]
    restart(base)
    found = refused_day(base, 5)
    assert sorted(found) == ["change-gap:201", "change-gap:212"]
    # The whole list of that day repairs it. Some of its changes are there already.
    load_day(base, 4, allow=["misfit:changes-20004.txt"])
    load_day(base, 5)
    assert coverage(base)[201].obtained_at.seconds == BASE_DAY + 6 * DAY - 60
    assert base.verdicts([rows[-1][0], day_of(4)[399][0]]) == ["LISTED", "LISTED"]


def test_a_list_that_is_cut_off_in_the_order_of_its_numbers(base):
    """It has some changes of each hour, but at most a tenth of them."""
    for day in (1, 2, 3):
        load_day(base, day)
    rows = day_of(4)
    random.Random(4).shuffle(rows)
    load_day(base, 4, rows[:36])
    assert base.verdicts([rows[0][0]]) == ["LISTED"]
    assert coverage(base)[201].obtained_at.seconds == BASE_DAY + 4 * DAY - 60
    assert "change-gap:201" in refused_day(base, 5)
    # An empty list is noticed too.
    base.load([("changes-3.xml", b"<list type='change'></list>")],
              obtained_at=BASE_DAY + 5 * DAY - 60)
    assert coverage(base)[201].obtained_at.seconds == BASE_DAY + 4 * DAY - 60
    assert "change-gap:201" in refused_day(base, 5)


@pytest.mark.parametrize("hours", [23, 0])
def test_a_straggler_hides_no_list_that_is_cut_off(base, hours):
    """The usual changes are counted from where the list before it ends. A change at midnight is not
    one of all of that day."""
    for day in (1, 2, 3):
        load_day(base, day)
    late = [(2017009999, BASE_DAY + 5 * DAY + hours * 3600, "A")]
    load_day(base, 4, day_of(4) + late)
    restart(base)
    rows = day_of(5)
    random.Random(5).shuffle(rows)
    load_day(base, 5, rows[:36])
    assert coverage(base)[201].obtained_at.seconds == BASE_DAY + 5 * DAY - 60
    assert "change-gap:201" in refused_day(base, 6)


def test_stragglers_fill_no_day(base):
    for day in (1, 2, 3):
        load_day(base, day)
    stragglers = day_of(4, count=3)
    found = refused_day(base, 5, stragglers + day_of(5))
    assert "change-gap:201" in found
    # A change dated in the future does not hide it either.
    late = [(2017009999, BASE_DAY + 5 * DAY + DAY // 2, "A")]
    load_day(base, 4, day_of(4) + late)
    assert "change-gap:201" in refused_day(base, 6)


def test_quiet_days_are_no_findings(base):
    """Weekends have fewer changes, and nights nearly none."""
    for day, count in enumerate((500, 480, 90, 70, 510, 2000, 490), start=1):
        load_day(base, day, day_of(day, count=count, spread=0.6, begin=0.3))


@pytest.mark.parametrize("spread", [0.0, 0.2])
def test_who_publishes_at_one_hour_of_the_day(base, spread):
    for day in (1, 2, 3, 4):
        load_day(base, day, day_of(day, spread=spread, begin=0.1))
    assert "change-gap:201" in refused_day(base, 6, day_of(6, spread=spread, begin=0.1))


def test_changes_told_as_days_alone(base):
    def file(days):
        rows = "".join(f"{number},{utc(time):%Y-%m-%d},A\n"
                       for day in days for number, time, _ in day_of(day))
        return [(f"changes-{20_000 + days[-1]}.txt", rows.encode())]

    for days in ((1,), (2,), (3, 4, 5)):
        base.load(file(days), obtained_at=BASE_DAY + (days[-1] + 1) * DAY - 60)
    found = refused(base, file((7,)), obtained_at=BASE_DAY + 8 * DAY - 60)
    assert "change-gap:201" in found


def test_few_changes_a_day_are_not_judged(base):
    for day in (1, 2, 4):
        load_day(base, day, day_of(day, count=60))


def test_fewer_area_codes_than_before(base):
    """A subscriber who takes only one of two area codes from now on must not hear of missing lists
    forever."""
    for day in (1, 2, 3):
        load_day(base, day)
    for day in (4, 5, 6, 7, 8):
        load_day(base, day, [entry for entry in day_of(day) if entry[0] >= 2120000000])
