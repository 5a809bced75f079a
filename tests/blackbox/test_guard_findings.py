"""What the guards measure, and what an override permits: exactly what it names."""

import time

import pytest

from dnc_server import Refused
from finding_calls import (BASE_201, BASE_212, BASE_TIME, EVERY, NOW, area, coverage,  # noqa: F401
                           fixture_base, full, refused)
from list_files import DAY, block, changes, flat, registry_name, utc


def test_what_is_lost_counts_and_not_the_sum(base):
    other = block(201, 777, 10_000) + block(201, 778, 10_000)
    found = refused(base, [full(NOW - DAY, 201, other)])
    assert list(found) == ["shrink:201"]
    finding = found["shrink:201"]
    assert (finding.lost, finding.of, finding.becomes_callable) == (20_000, 20_000, 20_000)
    assert finding.area_code == 201
    assert finding.since.seconds // DAY == BASE_TIME // DAY
    assert "20000 of its 20000 numbers" in finding.message
    base.load([full(NOW - DAY, 201, other)], allow=["shrink:201"])
    assert base.verdicts([2015550001, 2017770001]) == ["CLEAR", "LISTED"]


@pytest.mark.parametrize("list_name", ["litigator:known", "state:NJ", "other:own", "wireless"])
def test_a_list_that_covers_all_is_measured_as_a_whole(server, list_name):
    def numbers(exchange):
        return "".join(f"{number}\n" for number in block(201, exchange, 5000)).encode()

    server.load([("old.csv", numbers(555))], list_name=list_name, obtained_at=NOW - 3 * DAY)
    found = refused(server, [("new.csv", numbers(556))], list_name=list_name, obtained_at=NOW - DAY)
    assert list(found) == [f"shrink:{list_name}"]
    assert found[f"shrink:{list_name}"].lost == 5000
    server.load([("new.csv", numbers(556))], list_name=list_name, obtained_at=NOW - DAY,
                allow=[f"shrink:{list_name}"])


def test_a_change_list_is_measured_too(base):
    gone = [(number, NOW - DAY, "D") for number in BASE_201[:19_000]]
    found = refused(base, [("changes.txt", changes(gone))], obtained_at=NOW - DAY)
    assert found["shrink:201"].lost == found["shrink:201"].becomes_callable == 19_000
    assert base.verdicts([BASE_201[0]]) == ["LISTED"]


def test_many_small_losses_add_up(base):
    """Each load removes less than one number in a hundred."""
    step = 190
    for i in range(3):
        gone = [(number, BASE_TIME + (i + 1) * DAY, "D")
                for number in BASE_201[i * step:(i + 1) * step]]
        base.load([(f"changes{i}.txt", changes(gone))], obtained_at=BASE_TIME + (i + 1) * DAY + 60)
    rest = BASE_201[4 * step:]
    found = refused(base, [full(BASE_TIME + 5 * DAY, 201, rest)])
    assert list(found) == ["lost-week:201"]
    assert (found["lost-week:201"].lost, found["lost-week:201"].of) == (760, 20_000)
    assert found["lost-week:201"].becomes_callable == step
    # Numbers that came back are not lost.
    base.load([full(BASE_TIME + 5 * DAY, 201, BASE_201[2 * step:3 * step] + rest)])
    base.load([full(BASE_TIME + 6 * DAY, 201, rest)], allow=["lost-week:201"])
    # The operator who allowed it knew about all of that.
    base.load([full(BASE_TIME + 7 * DAY, 201, rest[10:])])


def test_a_list_that_covers_all_loses_no_more_in_a_week(server):
    def load(numbers, day, **options):
        rows = "".join(f"{number}\n" for number in numbers).encode()
        server.load([(f"{day}.csv", rows)], list_name="litigator:known",
                    obtained_at=BASE_TIME + day * DAY, **options)

    numbers = block(201, 555, 5000) + block(212, 555, 5000)
    for day in range(4):
        load(numbers[day * 90:], day)
    with pytest.raises(Refused) as refusal:
        load(numbers[360:], 4)
    assert refusal.value.guard == "GUARD_LOST_WEEK"
    assert "--allow lost-week:litigator:known" in refusal.value.message
    load(numbers[360:], 9)


def test_an_override_allows_what_it_names(base):
    files = [full(NOW - DAY, 201, BASE_201[700:]), full(NOW - DAY, 212, BASE_212[19_900:])]
    found = refused(base, files)
    assert sorted(found) == ["shrink:201", "shrink:212"]
    assert found["shrink:212"].becomes_callable == 19_900
    found = refused(base, files, allow=["shrink:201"])
    assert found["shrink:201"].overridden and not found["shrink:212"].overridden
    assert base.verdicts([BASE_201[0], BASE_212[0]]) == ["LISTED", "LISTED"]
    load = base.load(files[:1], allow=["shrink:201"])
    assert [finding.allow for finding in load.findings if finding.overridden] == ["shrink:201"]
    assert base.verdicts([BASE_201[0], BASE_212[0]]) == ["CLEAR", "LISTED"]


@pytest.mark.parametrize("allow", ["shrink", "shrink:", "shrunk:201", "", "201"])
def test_an_override_without_what_it_is_of(base, allow):
    with pytest.raises(Refused) as refusal:
        base.load([full(NOW - DAY, 201, BASE_201)], allow=[allow])
    assert (refusal.value.code, refusal.value.reason) == ("INVALID_ARGUMENT", "INVALID_REQUEST")


def test_an_override_of_nothing_is_refused(base):
    for allow in ("shrink:212", "change-gap:201", "shrink:national", "misfit:x.txt"):
        with pytest.raises(Refused) as refusal:
            base.load([full(NOW - DAY, 201, BASE_201 + [2017770001])], allow=[allow])
        assert refusal.value.reason == "INVALID_REQUEST"
        assert allow in refusal.value.message
    assert base.verdicts([2017770001]) == ["CLEAR"]


def test_same_file_leaves_the_other_guards_on(base):
    files = [("changes.txt", changes([(2017770000 + i, BASE_TIME + DAY, "A") for i in range(50)]))]
    base.load(files, obtained_at=BASE_TIME + DAY)
    found = refused(base, files, obtained_at=BASE_TIME + DAY)
    assert sorted(found) == ["misfit:changes.txt", "same-file:changes.txt"]
    refused(base, files, obtained_at=BASE_TIME + DAY, allow=["same-file:changes.txt"])


def test_a_gap_that_is_overridden_refreshes_only_what_it_names(server):
    server.load([full(NOW - 78 * DAY, 201, BASE_201), full(NOW - 78 * DAY, 212, BASE_212)])
    assert server.verdicts([2017770001, 2127770001]) == ["STALE", "STALE"]
    files = [("changes.txt", changes([(2017770002, NOW - DAY, "A")]))]
    found = refused(server, files, obtained_at=NOW - 60)
    assert list(found) == ["change-gap:201"]
    assert found["change-gap:201"].becomes_callable == EVERY - 20_001
    server.load(files, obtained_at=NOW - 60, allow=["change-gap:201"])
    assert server.verdicts([2017770001, 2127770001]) == ["CLEAR", "STALE"]


def daily(day):
    """Makes the change list of a day, with a handful of changes."""
    at = BASE_TIME + (day - 1) * DAY
    return [(f"changes-{day}.txt",
             changes([(2017770000 + day * 10 + i, at + i * 3600, "A") for i in range(6)]))]


def load_daily(server, day, **options):
    server.load(daily(day), obtained_at=BASE_TIME + day * DAY, **options)


def test_a_list_that_was_taken_back_is_missing(base):
    load_daily(base, 1)
    registry = base.stubs.registry
    base.call(base.registry.RollBackRelease, registry.RollBackReleaseRequest(list="national"))
    assert base.verdicts([2017770010]) == ["CLEAR"]
    for straggler in ([], [(2017770099, BASE_TIME + 60, "A")]):
        entries = [(2017770020 + i, BASE_TIME + DAY + i * 600, "A") for i in range(9)] + straggler
        found = refused(base, [("next.txt", changes(entries))], obtained_at=BASE_TIME + 2 * DAY)
        assert list(found) == ["change-gap:201"]
        assert "changes-1.txt" in found["change-gap:201"].message
    load_daily(base, 1)
    load_daily(base, 2)
    assert base.verdicts([2017770010, 2017770020]) == ["LISTED", "LISTED"]


def roll_back(server):
    registry = server.stubs.registry
    server.call(server.registry.RollBackRelease, registry.RollBackReleaseRequest(list="national"))


def test_other_changes_of_the_same_days_are_not_those_of_the_list_taken_back(base):
    """There are as many changes in the same time, some of them even of the same numbers."""
    at = BASE_TIME + DAY
    mine = [(2017770000 + i, at + i * 600, "A") for i in range(9)]
    base.load([("mine.txt", changes(mine + [(2127770001, at, "A")]))], obtained_at=at + DAY)
    roll_back(base)
    others = [[(2127770100 + i, at + i * 600, "A") for i in range(20)] + [(2017770000, at, "A")],
              [(number, time + 1, "A") for number, time, _ in mine],
              [(number, time, "A") for number, time, _ in mine[1:]] + [(2127770001, at, "A")]]
    for entries in others:
        found = refused(base, [("next.txt", changes(entries))], obtained_at=at + 2 * DAY)
        assert "change-gap:201" in found
        assert "mine.txt" in found["change-gap:201"].message
    # In an area code of which the list has everything, nothing is missing.
    assert "change-gap:212" not in found
    base.load([("next.txt", changes(mine + [(2127770001, at, "A"), (2017770099, at + DAY, "A")]))],
              obtained_at=at + 2 * DAY)
    assert base.verdicts([2017770008, 2127770001]) == ["LISTED", "LISTED"]


def test_a_full_list_that_was_taken_back_is_missing(base):
    taken_back = [full(BASE_TIME + 2 * DAY, 201, BASE_201 + [2017770001])]
    base.load(taken_back)
    roll_back(base)
    next_list = [("next.txt", changes([(2017770002, BASE_TIME + 2 * DAY + 60, "A"),
                                       (2127770002, BASE_TIME + 2 * DAY + 60, "A")]))]
    found = refused(base, next_list, obtained_at=BASE_TIME + 3 * DAY)
    assert list(found) == ["change-gap:201"]
    assert "or a newer full list" in found["change-gap:201"].message
    base.load(taken_back)
    base.load(next_list, obtained_at=BASE_TIME + 3 * DAY)
    assert base.verdicts([2017770001, 2017770002]) == ["LISTED", "LISTED"]
    # The same is true if a newer one came instead.
    base.load([full(BASE_TIME + 4 * DAY, 201, BASE_201 + [2017770003])])
    roll_back(base)
    base.load([full(BASE_TIME + 5 * DAY, 201, BASE_201 + [2017770004])])
    base.load([("last.txt", changes([(2017770005, BASE_TIME + 5 * DAY + 60, "A")]))],
              obtained_at=BASE_TIME + 6 * DAY)


def test_a_full_list_after_retiring_needs_the_last_additions(base):
    added = BASE_TIME + DAY + 13 * 3600
    base.load([("changes.txt", changes([(2017770001, added, "A")]))],
              obtained_at=BASE_TIME + 2 * DAY)
    base.call(base.registry.RetireList,
              base.stubs.registry.RetireListRequest(list="national"))
    late = BASE_TIME + 2 * DAY + 2 * 3600
    rows = flat(BASE_201 + [2017770002])
    found = refused(base, [("full.txt", rows)], obtained_at=late)
    assert list(found) == ["older-date:201"]
    assert "additions" in found["older-date:201"].message
    base.load([("full.txt", rows + flat([2017770001]))], obtained_at=late)
    assert base.verdicts([2017770001]) == ["LISTED"]


def test_missing_daily_lists_are_seen(base):
    for day in (1, 2, 3):
        load_daily(base, day)
    with pytest.raises(Refused) as refusal:
        load_daily(base, 9)
    assert refusal.value.guard == "GUARD_CHANGE_GAP"
    for day in (4, 5, 6, 7, 8, 9):
        load_daily(base, day)


@pytest.mark.parametrize("count", [30, 98, 99, 300])
def test_a_straggler_proves_nothing(base, count):
    entries = [(2017770000 + i, BASE_TIME + 8 * DAY + i * 60, "A") for i in range(count)]
    entries.append((2017779999, BASE_TIME + 3600, "A"))
    found = refused(base, [("changes.txt", changes(entries))], obtained_at=BASE_TIME + 9 * DAY)
    assert list(found) == ["change-gap:201"]


def test_a_list_is_no_younger_than_its_last_change(base):
    entries = [(2017770000 + i, BASE_TIME + DAY + i * 60, "A") for i in range(50)]
    base.load([("changes.txt", changes(entries))], obtained_at=NOW - 60)
    assert coverage(base)[201].obtained_at.seconds == BASE_TIME + DAY + 49 * 60


def weekly_lists(server, first, area_code, label="changes"):
    """Makes one change list a week that names one area code."""
    for day in range(7, 64, 7):
        at = first + day * DAY
        if at > NOW - DAY:
            break
        entries = [(area_code * 10**7 + 7770000 + day * 10 + i, at - DAY + i * 4 * 3600, "A")
                   for i in range(-36, 6)]
        server.load([(f"{utc(at).year}-{utc(at).month}-{utc(at).day}_{label}_{day}.txt",
                      changes(entries))])


def test_silence_proves_no_more_than_31_days(server):
    first = (NOW // DAY - 60) * DAY
    server.load([full(first, 201, BASE_201), full(first, 212, BASE_212),
                 full(first, 684, block(684, 555, 9000))])
    weekly_lists(server, first, 201)
    assert server.verdicts([2018880001, 2128880001, 6848880001]) == ["CLEAR", "STALE", "STALE"]
    asked = server.scrub(numbers=[2018880001, 6848880001]).snapshot.lists[0]
    assert asked.obtained_at.seconds == first
    assert asked.known_by_silence_at.seconds == first + 31 * DAY
    assert not server.scrub(numbers=[2018880001]).snapshot.lists[0].HasField("known_by_silence_at")
    entry = coverage(server)[684]
    assert entry.obtained_at.seconds == first
    assert entry.known_by_silence_at.seconds == first + 31 * DAY
    assert entry.stale_at.seconds == first + 31 * DAY
    assert not coverage(server)[201].HasField("known_by_silence_at")


def test_a_label_of_a_state_is_not_all(server):
    first = (NOW // DAY - 20) * DAY
    server.load([full(first, 201, BASE_201), full(first, 212, BASE_212)])
    weekly_lists(server, first, 201, label="NJ")
    entries = coverage(server)
    assert entries[201].obtained_at.seconds > first
    assert entries[212].obtained_at.seconds == first
    assert not entries[212].HasField("known_by_silence_at")


@pytest.mark.parametrize("before", [0, 2 * 3600, DAY - 60, DAY])
def test_a_full_list_does_not_take_back_an_addition_of_the_day_before(server, before):
    """The addition has a date alone, or a time, which may be that of an evening in America."""
    day = (NOW // DAY - 4) * DAY
    numbers = block(201, 555, 2000)
    server.load([full(day - 5 * DAY, 201, numbers)])
    at = utc(day - before)
    rows = f"2017770001,{at:%Y-%m-%d},A\n2017770002,{at:%Y-%m-%dT%H:%M:%S},A\n"
    server.load([(registry_name(day, "changes"), rows.encode())])
    server.load([full(day, 201, numbers + [2017780000])])
    assert server.verdicts([2017770001, 2017770002]) == ["LISTED", "LISTED"]
    server.load([full(day + 2 * DAY, 201, numbers + [2017780001])])
    assert server.verdicts([2017770001, 2017770002]) == ["CLEAR", "CLEAR"]


def test_a_full_list_takes_back_what_was_added_long_before_it(server):
    day = (NOW // DAY - 4) * DAY
    numbers = block(201, 555, 2000)
    server.load([full(day - 5 * DAY, 201, numbers)])
    server.load([(registry_name(day, "changes"), changes([(2017770001, day - DAY - 1, "A")]))])
    server.load([full(day, 201, numbers + [2017780000])])
    assert server.verdicts([2017770001]) == ["CLEAR"]


def test_two_files_of_one_area_code_and_two_dates(base):
    files = [full(NOW - 2 * DAY, 201, BASE_201 + [2017770001]),
             full(NOW - DAY, 201, BASE_201 + [2017770002])]
    found = refused(base, files)
    assert list(found) == ["two-dates:201"]
    base.load(files, allow=["two-dates:201"])
    assert base.verdicts([2017770001, 2017770002]) == ["CLEAR", "LISTED"]
    assert coverage(base)[201].obtained_at.seconds // DAY == (NOW - DAY) // DAY
    # Two lists of the same date are parts of one list.
    base.load([("a.txt", flat(BASE_212 + [2127770001])), ("b.txt", flat([2127770002]))],
              obtained_at=NOW - DAY)
    assert base.verdicts([2127770001, 2127770002]) == ["LISTED", "LISTED"]


@pytest.mark.parametrize("at, verdict", [(0, "LISTED"), (1, "LISTED"), (DAY - 1, "LISTED"),
                                         (DAY, "CLEAR"), (DAY + 3600, "CLEAR")])
@pytest.mark.parametrize("together", [False, True])
def test_a_deletion_of_the_day_of_a_full_list_is_not_believed(server, at, verdict, together):
    """The list may be from the end of its day. That is no misfit: some such deletions come every
    time."""
    day = (NOW // DAY - 4) * DAY
    numbers = block(201, 555, 2000)
    files = [full(day, 201, numbers)]
    rows = [(number, day + at, "D") for number in numbers[:15]]
    deletions = changes(rows + [(2017770000 + i, day + DAY, "A") for i in range(9)])
    changed = (registry_name(day + DAY, "changes"), deletions)
    if together:
        load = server.load(files + [changed])
    else:
        server.load(files)
        load = server.load([changed])
    assert not load.findings
    assert load.release.no_effect == (15 if verdict == "LISTED" else 0)
    assert server.verdicts([numbers[0], 2017770000]) == [verdict, "LISTED"]
    # A later deletion is believed, and so is a later full list.
    later = [(numbers[20], day + DAY + 7200, "D")]
    server.load([(registry_name(day + 2 * DAY, "changes"), changes(later))])
    assert server.verdicts([numbers[20]]) == ["CLEAR"]
    server.load([full(day + 3 * DAY, 201, numbers[10:])])
    assert server.verdicts([numbers[0], numbers[9], numbers[10]]) == ["CLEAR", "CLEAR", "LISTED"]


def test_a_deletion_after_the_moment_of_a_full_list_is_believed(server):
    at = (NOW // DAY - 4) * DAY + 14 * 3600
    numbers = block(201, 555, 2000)
    server.load([("full.txt", flat(numbers))], obtained_at=at)
    entries = [(numbers[0], at - 60, "D"), (numbers[1], at, "D"), (numbers[2], at + 1, "D")]
    name = "changes.txt"
    found = refused(server, [(name, changes(entries))], obtained_at=at + DAY)
    assert list(found) == [f"misfit:{name}"]
    server.load([(name, changes(entries))], obtained_at=at + DAY, allow=[f"misfit:{name}"])
    assert server.verdicts(numbers[:3]) == ["LISTED", "LISTED", "CLEAR"]


@pytest.mark.parametrize("list_name", ["litigator:known", "state:NJ", "wireless"])
def test_an_area_code_of_a_list_that_covers_all(server, list_name):
    """It is a small part of the list, which as a whole loses next to nothing."""
    def load(numbers, day, **options):
        rows = "".join(f"{number}\n" for number in numbers).encode()
        return server.load([(f"{day}.csv", rows)], list_name=list_name,
                           obtained_at=BASE_TIME + day * DAY, **options)

    def findings(numbers):
        with pytest.raises(Refused) as refusal:
            load(numbers, 1)
        assert refusal.value.reason == "GUARD_REFUSED"
        return {finding.allow: finding for finding in server.loads()[0].findings}

    part = block(212, 555, 150)
    load(BASE_201 + part + block(305, 555, 9), 0)
    found = findings(BASE_201)
    assert list(found) == ["vanished:212"]
    finding = found["vanished:212"]
    assert (finding.lost, finding.of, finding.area_code) == (150, 150, 212)
    found = findings(BASE_201 + part[:100])
    assert list(found) == ["shrink:212"]
    assert (found["shrink:212"].lost, found["shrink:212"].of) == (50, 150)
    # A few numbers come and go.
    load(BASE_201 + part[10:], 1)
    load(BASE_201, 2, allow=["vanished:212"])
    server.call(server.registry.RetireList,
                server.stubs.registry.RetireListRequest(list=list_name))
    load(BASE_201, 3)
