"""dncctl before numbers become callable: what it prints, what it asks, and what it does without
asking."""

import json
import time

import pytest

from list_files import DAY, block, changes, flat, registry_name, zipped
from waiting import wait_until

NOW = int(time.time())
WHEN = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - DAY))
BASE = block(201, 555, 5000)
CLEAN = 2015560101


@pytest.fixture
def base(tmp_path):
    path = tmp_path / registry_name(NOW - 3 * DAY, "201")
    path.write_bytes(flat(BASE))
    return str(path)


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return str(path)


def revision(server):
    return server.call(server.registry.GetStatus,
                       server.stubs.registry.GetStatusRequest()).revision


def test_first_data_is_not_loaded_unasked(server, dncctl, base, tmp_path):
    before = revision(server)
    done = dncctl("load", base)
    assert done.returncode == 2 and "--yes" in done.stderr and "nothing changed" in done.stderr
    assert "9,995,000 numbers" in done.stderr, "all that the list lacks"
    assert server.verdicts([CLEAN]) == ["NOT_COVERED"] and revision(server) == before
    for arguments in (("--no-wait",), ("--no-wait", "--list", "national")):
        done = dncctl("load", base, *arguments)
        assert done.returncode == 2 and "--yes" in done.stderr and "nothing changed" in done.stderr
        assert "9,995,000 numbers" in done.stderr
        assert server.verdicts([CLEAN]) == ["NOT_COVERED"] and revision(server) == before
    done = dncctl("load", base, "--yes")
    assert done.returncode == 0 and "9,995,000 numbers" in done.stdout, done.stderr
    assert server.verdicts([CLEAN]) == ["CLEAR"]
    # One more area code is first data too; a change list is not.
    more = write(tmp_path, registry_name(NOW - 3 * DAY, "212"), flat(block(212, 555, 5000)))
    assert dncctl("load", more).returncode == 2
    assert dncctl("load", more, "--no-wait").returncode == 2
    assert server.verdicts([2125560101]) == ["NOT_COVERED"]
    change = changes([(2015560199, NOW - 2 * DAY, "A")])
    change = write(tmp_path, registry_name(NOW - 2 * DAY, "changes"), change)
    done = dncctl("load", change, "--no-wait")
    assert done.returncode == 0, done.stderr
    wait_until(lambda: server.verdicts([2015560199]) == ["LISTED"], "it is not loaded")
    # First data that was confirmed goes on without a question.
    done = dncctl("load", more, "--no-wait", "--yes")
    assert done.returncode == 0 and "accepted" in done.stdout, done.stderr
    wait_until(lambda: server.verdicts([2125560101]) == ["CLEAR"], "it is not loaded")


def test_first_data_of_another_list(server, dncctl, base, tmp_path):
    assert dncctl("load", base, "--yes").returncode == 0
    listed = write(tmp_path, "list.csv", b"phone\n2015560102\n")
    load = ["load", listed, "--list", "other:mine", "--obtained-at", WHEN]
    done = dncctl("--json", *load)
    assert done.returncode == 2
    plan = json.loads(done.stdout)["plan"]
    assert plan["first"] and plan["list"] == "other:mine"
    assert server.verdicts([2015560102]) == ["CLEAR"]
    assert dncctl(*load, "--yes").returncode == 0
    assert server.verdicts([2015560102]) == ["LISTED"]


def test_a_dry_run_changes_nothing(server, dncctl, base, tmp_path):
    before = revision(server)
    done = dncctl("load", base, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "full list" in done.stdout and "201" in done.stdout and "5,000" in done.stdout
    assert "9,995,000 numbers" in done.stdout
    assert server.verdicts([CLEAN]) == ["NOT_COVERED"] and revision(server) == before
    assert dncctl("load", base, "--yes").returncode == 0
    before = revision(server)
    smaller = write(tmp_path, registry_name(NOW - DAY, "201"), flat(BASE[:4000]))
    done = dncctl("load", smaller, "--dry-run")
    assert done.returncode == 1 and "shrink:201" in done.stdout, done.stdout
    assert "1,000" in done.stdout
    plan = json.loads(dncctl("--json", "load", smaller, "--dry-run").stdout)["plan"]
    assert (plan["becomes_callable"], plan["no_longer_callable"]) == (1000, 0)
    assert plan["area_codes"][0]["lost"] == 1000
    assert revision(server) == before and server.verdicts([BASE[-1]]) == ["LISTED"]


def test_an_override_is_confirmed(server, dncctl, base, tmp_path):
    assert dncctl("load", base, "--yes").returncode == 0
    smaller = write(tmp_path, registry_name(NOW - DAY, "201"), flat(BASE[:4000]))
    refused = dncctl("load", smaller, "--yes")
    assert refused.returncode == 1 and "--allow shrink:201" in refused.stderr
    # Everything that was found is overridden, each finding by its own name.
    load = json.loads(dncctl("--json", "load", smaller, "--yes").stdout)
    allow = [word for finding in load["findings"] for word in ("--allow", finding["allow"])]
    assert dncctl("load", smaller, "--allow", "misfit", "--yes").returncode == 1
    done = dncctl("load", smaller, *allow)
    assert done.returncode == 2 and "1,000 numbers" in done.stderr
    assert server.verdicts([BASE[-1]]) == ["LISTED"]
    done = dncctl("load", smaller, *allow, "--yes")
    assert done.returncode == 0 and "overridden" in done.stdout, done.stderr
    assert server.verdicts([BASE[-1]]) == ["CLEAR"]


def test_going_back_is_confirmed(server, dncctl, base, tmp_path):
    assert dncctl("load", base, "--yes").returncode == 0
    change = changes([(CLEAN, NOW - 2 * DAY, "A")])
    assert dncctl("load", write(tmp_path, registry_name(NOW - 2 * DAY, "changes"),
                                change)).returncode == 0
    before = revision(server)
    done = dncctl("rollback")
    assert done.returncode == 2 and "1 numbers" in done.stderr and "--yes" in done.stderr
    assert revision(server) == before and server.verdicts([CLEAN]) == ["LISTED"]
    answer = json.loads(dncctl("--json", "rollback", "--yes").stdout)
    assert (answer["becomes_callable"], answer["no_longer_callable"]) == (1, 0)
    assert server.verdicts([CLEAN]) == ["CLEAR"]


def test_retiring_is_confirmed(server, dncctl, base, tmp_path):
    assert dncctl("load", base, "--yes").returncode == 0
    rows = "phone\n" + "".join(f"{number}\n" for number in [CLEAN, CLEAN + 1, BASE[0]])
    own = write(tmp_path, "own.csv", rows.encode())
    assert dncctl("load", own, "--list", "other:mine", "--yes", "--obtained-at",
                  WHEN).returncode == 0
    before = revision(server)
    done = dncctl("retire", "Other:Mine")
    assert done.returncode == 2 and "2 numbers" in done.stderr
    assert revision(server) == before and server.verdicts([CLEAN]) == ["LISTED"]
    time.sleep(1.1)  # the moment before the retirement is one that a text of seconds can name
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    time.sleep(1.1)
    assert dncctl("retire", "other:mine", "--yes").returncode == 0
    assert server.verdicts([CLEAN, BASE[0]]) == ["CLEAR", "LISTED"]
    for question in ("--as-of", "--as-answered-at"):
        done = dncctl("check", str(CLEAN), question, moment)
        assert done.returncode == 10, (question, done.stdout)
    assert "requires" in dncctl("retire", "national").stderr


def test_what_was_answered(server, dncctl, base, tmp_path):
    early = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - 2 * DAY))
    done = dncctl("check", str(CLEAN), "--as-answered-at", early)
    assert done.returncode == 1 and "can't be told" in done.stderr
    assert dncctl("load", base, "--yes").returncode == 0
    time.sleep(1.1)
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    time.sleep(1.1)
    change = changes([(CLEAN, NOW - 2 * DAY, "A")])
    archive = zipped("changes.txt", change)
    assert dncctl("load", write(tmp_path, registry_name(NOW - DAY, "changes") + ".zip",
                                archive)).returncode == 0
    assert dncctl("check", str(CLEAN), "--as-of", moment).returncode == 10
    assert dncctl("check", str(CLEAN), "--as-answered-at", moment).returncode == 0
    assert dncctl("check", str(CLEAN)).returncode == 10
    assert dncctl("check", str(CLEAN), "--as-of", moment, "--as-answered-at",
                  moment).returncode == 2
    fields = server.stubs.scrub
    for detail in (fields.DETAIL_COLUMNS, fields.DETAIL_FULL):
        request = fields.ScrubRequest(numbers=[CLEAN], detail=detail)
        request.as_answered_at.FromJsonString(moment)
        answer = server.call(server.scrubs.Scrub, request)
        assert list(answer.verdicts) == [server.stubs.verdict.VERDICT_CLEAR]
    leads, result = tmp_path / "leads.csv", tmp_path / "result.csv"
    leads.write_text(f"phone\n{CLEAN}\n")
    for question, verdict in (("--as-answered-at", "CLEAR"), ("--as-of", "LISTED")):
        done = dncctl("scrub", "--in", str(leads), "--out", str(result), question, moment)
        assert done.returncode == 0, done.stderr
        assert verdict in result.read_text(), question
