"""Each guard of a load: it refuses, nothing changes, it says why, and it can be overridden."""

import time

import pytest

from dnc_server import Refused
from finding_calls import refused
from list_files import DAY, block, changes, flat, registry_name, zipped
from waiting import PATIENCE

NOW = int(time.time())
BASE_TIME = NOW - 10 * DAY
BASE = block(201, 555, 3000) + block(818, 555, 3000) + block(818, 556, 12000 - 2000)
SHRUNK = [number for number in BASE if number % 10 != 3]


def bomb():
    """Makes a plausible list that packs far better than real ones."""
    return [("bomb.txt.zip", zipped("bomb.txt", b"201,5550101\n" * 2_000_000, 9))]


# Columns: name, guard, files, time of the data, what overrides it, and what the override gives
# (numbers listed and not listed afterwards; None if the load still fails).
CASES = [
    ("shrink", "GUARD_SHRINK", [("new.txt", flat(SHRUNK))], NOW - DAY, ["201", "818"],
     ([2015550004], [2015550003])),
    ("vanished", "GUARD_VANISHED", [("new.txt", flat(block(201, 555, 3001)))], NOW - DAY, ["818"],
     ([2015550001], [])),
    ("outside-label", "GUARD_OUTSIDE_LABEL",
     [(registry_name(NOW - DAY, "201"), flat(block(201, 555, 3000) + [3055550101]))], None,
     [registry_name(NOW - DAY, "201")], ([2015550001], [])),
    ("older-date", "GUARD_OLDER_DATE", [("new.txt", flat(BASE + [2015560001]))],
     BASE_TIME - 1, ["201", "818"], ([2015560001], [])),
    ("future-date", "GUARD_FUTURE_DATE", [("new.txt", flat(BASE + [2015560001]))],
     NOW + DAY - 600, ["new.txt"], ([2015560001], [])),
    ("same-file", "GUARD_SAME_FILE", [("again.txt", flat(BASE))], NOW - DAY, ["again.txt"],
     ([2015550001], [2015560001])),
    ("misfit", "GUARD_MISFIT",
     [("changes.txt", changes([(number, BASE_TIME + DAY, "A") for number in BASE[:100]]
                              + [(2015560001, BASE_TIME + DAY, "A")]))], NOW - DAY,
     ["changes.txt"], ([2015560001], [])),
    ("change-gap", "GUARD_CHANGE_GAP",
     [("changes.txt", changes([(8185570001, BASE_TIME + 9 * DAY, "A")]))], NOW, ["818"],
     ([8185570001], [8185570002])),
    ("archive-size", "GUARD_ARCHIVE_SIZE", bomb(), NOW - DAY, ["bomb.txt.zip"], None),
    ("outside-base", "GUARD_OUTSIDE_BASE",
     [("changes.txt", changes([(2015560001, BASE_TIME + DAY, "A"),
                               (3055550101, BASE_TIME + DAY, "A")]))], NOW - DAY,
     ["changes.txt"], ([2015560001], [])),
    ("unterminated", "GUARD_UNTERMINATED", [("new.txt", flat(BASE + [2015560001])[:-1])],
     NOW - DAY, ["new.txt"], ([2015560001], [])),
    ("two-dates", "GUARD_TWO_DATES",
     [(registry_name(NOW - DAY, "201"), flat(block(201, 555, 3000) + [2015560001])),
      (registry_name(NOW - 2 * DAY, "201"), flat(block(201, 555, 3000) + [2015560002]))], None,
     ["201"], ([2015560001], [2015560002])),
]


def state(server):
    """Returns everything that a refused load must leave unchanged."""
    coverage = server.coverage()
    return (coverage.release_id,
            [(area.area_code, area.numbers, area.digest, area.obtained_at.seconds)
             for area in coverage.area_codes])


@pytest.fixture
def loaded(server):
    server.load([("base.txt", flat(BASE))], obtained_at=BASE_TIME)
    return server


@pytest.mark.parametrize("name, guard, files, obtained_at, targets, after", CASES,
                         ids=[case[0] for case in CASES])
# pylint: disable-next=too-many-arguments,too-many-positional-arguments
def test_guard(loaded, name, guard, files, obtained_at, targets, after):
    before = state(loaded)
    with pytest.raises(Refused) as refusal:
        loaded.load(files, obtained_at=obtained_at)
    error = refusal.value
    assert (error.reason, error.guard) == ("GUARD_REFUSED", guard)
    allow = [f"{name}:{target}" for target in targets]
    for one in allow:
        assert f"--allow {one}" in error.message, "the message names each override"
    assert state(loaded) == before
    record = loaded.loads()[0]
    assert record.error == error.message
    assert record.state == loaded.stubs.load.LOAD_STATE_REFUSED
    assert [finding.allow for finding in record.findings] == allow

    override = loaded.stubs.load.Guard.Value(guard)
    if name == "archive-size":  # the list inside lacks what it replaces, and most numbers of 201
        with pytest.raises(Refused) as refusal:
            loaded.load(files, obtained_at=obtained_at, allow=allow)
        record = loaded.loads()[0]
        assert {finding.allow for finding in record.findings} == {*allow, "vanished:818",
                                                                   "shrink:201"}
        allow = [finding.allow for finding in record.findings]
        load = loaded.load(files, obtained_at=obtained_at, allow=allow)
        assert override in load.overridden
        return
    load = loaded.load(files, obtained_at=obtained_at, allow=allow)
    assert override in load.overridden
    assert all(finding.overridden for finding in load.findings)
    listed, others = after
    verdicts = loaded.verdicts(listed + others)
    assert verdicts == ["LISTED"] * len(listed) + ["CLEAR"] * len(others)


def test_vanished_area_codes_are_covered_no_longer(loaded):
    loaded.load([("new.txt", flat(block(201, 555, 3001)))], obtained_at=NOW - DAY,
                allow=["vanished:818"])
    assert loaded.verdicts([8185550001, 8189990001]) == ["NOT_COVERED"] * 2


@pytest.fixture
def unevenly_old(server):
    """201 is ten days old and small, and 818 is fresh. A list for both speaks for 13,000
    numbers."""
    fresh = BASE_TIME + 8 * DAY
    server.load([(registry_name(BASE_TIME, "201"), flat(block(201, 555, 3000)))])
    server.load([(registry_name(BASE_TIME, "818"), flat(BASE[3000:]))])
    server.load([(registry_name(fresh, "818"), flat(BASE[3000:] + [8185570000]))])
    return server


def ages(server):
    return {area.area_code: area.obtained_at.seconds for area in server.coverage().area_codes}


def test_a_gap_leaves_other_area_codes_as_old_as_they_are(unevenly_old):
    """The list has none of the changes that 201 had before the list begins."""
    before = ages(unevenly_old)
    unevenly_old.load([("changes.txt", changes([(8185570001, BASE_TIME + 9 * DAY, "A")]))],
                      obtained_at=NOW)
    assert ages(unevenly_old) == {201: before[201], 818: NOW}
    assert unevenly_old.verdicts([8185570001]) == ["LISTED"]


def test_a_change_after_a_gap_is_refused(unevenly_old):
    before = state(unevenly_old)
    late = [("changes.txt", changes([(8185570001, BASE_TIME + 9 * DAY, "A"),
                                     (2015560001, BASE_TIME + 9 * DAY, "A")]))]
    with pytest.raises(Refused) as refusal:
        unevenly_old.load(late, obtained_at=NOW)
    assert refusal.value.guard == "GUARD_CHANGE_GAP"
    assert "area code 201" in refusal.value.message
    assert state(unevenly_old) == before
    unevenly_old.load(late, obtained_at=NOW,
                      allow=["change-gap:201"])
    assert ages(unevenly_old) == {201: NOW, 818: NOW}


def test_no_message_holds_a_full_number(loaded):
    for _, _, files, obtained_at, _, _ in CASES:
        with pytest.raises(Refused) as refusal:
            loaded.load(files, obtained_at=obtained_at)
        for number in ("2015550101", "555-0101", "5550101", "3055550101", "2015560001"):
            assert number not in refusal.value.message
            assert number not in loaded.log()


def test_no_date(server):
    with pytest.raises(Refused) as refusal:
        server.load([("list.txt", flat(BASE))])
    assert refusal.value.reason == "NO_DATE"
    assert server.verdicts([2015550001]) == ["NOT_COVERED"]


def test_a_change_list_needs_a_base(server):
    with pytest.raises(Refused) as refusal:
        server.load([("changes.txt", changes([(2015550101, NOW - DAY, "A")]))], obtained_at=NOW)
    assert refusal.value.reason == "NO_BASE"


def test_files_of_one_call_are_one_release(loaded):
    before = state(loaded)
    good = (registry_name(NOW - DAY, "305"), flat(block(305, 555, 100)))
    bad = (registry_name(NOW - DAY, "512"), b"512,5550101\nno number\n")
    with pytest.raises(Refused) as refusal:
        loaded.load([good, bad])
    assert refusal.value.reason == "BAD_FILE"
    assert "line 2" in refusal.value.message
    assert state(loaded) == before
    other = (registry_name(NOW - DAY, "512"), flat(block(512, 555, 100)))
    loaded.load([good, other])
    assert loaded.verdicts([3055550001, 5125550001, 5125560001]) == ["LISTED", "LISTED", "CLEAR"]


def test_paths_outside_the_load_folders(loaded, tmp_path):
    path = tmp_path / "list.txt"
    path.write_bytes(flat(BASE))
    registry = loaded.stubs.registry
    with pytest.raises(Refused) as refusal:
        loaded.call(loaded.registry.LoadRelease, registry.LoadReleaseRequest(
            paths=[str(path)], options=loaded.stubs.load.LoadOptions()))
    assert refusal.value.code == "PERMISSION_DENIED"
    assert refusal.value.reason == "PATH_NOT_ALLOWED"


def test_paths_in_a_load_folder(start_server, tmp_path):
    folder = tmp_path / "incoming"
    folder.mkdir()
    (folder / registry_name(NOW - DAY, "201")).write_bytes(flat(block(201, 555, 50)))
    server = start_server("--load-dir", str(folder))
    registry = server.stubs.registry
    outside = tmp_path / "outside.txt"
    outside.write_bytes(flat(BASE))
    (folder / "link.txt").symlink_to(outside)
    for path in (folder / "link.txt", folder / ".." / "outside.txt"):
        with pytest.raises(Refused) as refusal:
            server.call(server.registry.LoadRelease,
                        registry.LoadReleaseRequest(paths=[str(path)]))
        assert refusal.value.reason == "PATH_NOT_ALLOWED"
    load = server.call(server.registry.LoadRelease, registry.LoadReleaseRequest(
        paths=[str(folder / registry_name(NOW - DAY, "201"))])).load
    *_, last = server.registry.WatchLoad(registry.WatchLoadRequest(load_id=load.id),
                                          timeout=PATIENCE)
    assert last.load.state == server.stubs.load.LOAD_STATE_SUCCEEDED
    assert server.verdicts([2015550049, 2015550050]) == ["LISTED", "CLEAR"]


@pytest.mark.parametrize("dated", [True, False])
def test_what_a_full_list_knew_of_its_own_day_is_no_misfit(server, dated):
    """The full list is made in the middle of a day, and the day's change list has all changes of
    that day."""
    day = (NOW // DAY - 4) * DAY
    noon = day + DAY // 2
    numbers = block(201, 555, 2000)
    rows = [(2017770000 + i, day + i * 864, "A") for i in range(100)]
    gone = [(2017780000 + i, day + i * 2880, "D") for i in range(30)]
    known = numbers + [number for number, at, action in rows + gone
                       if (at <= noon) == (action == "A")]
    name, when = (registry_name(day, "201"), None) if dated else ("full.txt", noon)
    server.load([(name, flat(known))], obtained_at=when)
    # Anything that it knew about later is a misfit.
    later = [(number, day + DAY + 60, "A") for number in numbers[:9]]
    changed = changes(rows + gone + later)
    found = refused(server, [("changes-1.txt", changed)], obtained_at=day + DAY - 1)
    assert list(found) == ["misfit:changes-1.txt"]
    assert found["misfit:changes-1.txt"].of == (58 if dated else 72)
    load = server.load([("changes-1.txt", changes(rows + gone))], obtained_at=day + DAY - 1)
    assert not load.findings
    assert load.release.no_effect == (81 if dated else 67)
    assert server.verdicts([rows[0][0], rows[99][0]]) == ["LISTED", "LISTED"]
