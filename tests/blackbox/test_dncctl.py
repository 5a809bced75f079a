"""dncctl as scripts use it: exit codes, JSON, output streams."""

import json
import os
import subprocess
import time

import pytest

from dnc_server import BIN
from list_files import DAY, block, changes, flat, registry_name, zipped
from waiting import PATIENCE

NOW = int(time.time())


@pytest.fixture
def loaded(server):
    server.load([("base.txt", flat(block(201, 555, 200)))], obtained_at=NOW - 5 * DAY)
    server.load([("old.txt", flat(block(305, 555, 200)))], obtained_at=NOW - 40 * DAY)
    return server


@pytest.mark.parametrize("number, verdict, code", [
    ("2015560101", "CLEAR", 0), ("(201) 555-0101", "LISTED", 10), ("4155550101", "NOT_COVERED", 11),
    ("305-555-0101", "STALE", 11), ("12345", "INVALID", 11),
])
def test_check(loaded, dncctl, number, verdict, code):
    done = dncctl("check", number)
    assert done.returncode == code, done.stderr
    assert verdict.replace("_", " ").lower() in done.stdout.replace("_", " ").lower()
    done = dncctl("--json", "check", number)
    assert done.returncode == code
    answer = json.loads(done.stdout)
    assert answer["verdict"] == verdict
    assert {"number", "verdict", "reasons", "matches", "rule", "explanation",
            "snapshot"} <= set(answer)
    assert isinstance(answer["reasons"], list) and isinstance(answer["matches"], list)
    if verdict == "LISTED":
        assert answer["reasons"] == ["NATIONAL"]
        assert str(answer["number"]) == "2015550101"
        assert answer["matches"][0]["list"] == "national"


def test_json_may_stand_behind(loaded, dncctl):
    assert json.loads(dncctl("check", "2015550101", "--json").stdout)["verdict"] == "LISTED"


def test_usage_errors(loaded, dncctl):
    assert dncctl("check").returncode == 2
    assert dncctl("no-such-command").returncode == 2
    assert dncctl().returncode == 2
    assert dncctl("check", "2015550101", "--no-such-option").returncode == 2
    done = dncctl("--help")
    assert done.returncode == 0
    assert "11" in done.stdout and "Exit codes" in done.stdout


def test_no_server():
    done = subprocess.run([str(BIN / "dncctl"), "--server", "127.0.0.1:1", "check", "2015550101"],
                          capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 1
    assert done.stderr.strip()
    assert "CLEAR" not in done.stdout.upper()


def test_server_from_the_environment(loaded):
    environment = {**os.environ, "DNC_SERVER": loaded.address}
    done = subprocess.run([str(BIN / "dncctl"), "check", "2015550101"], capture_output=True,
                          text=True, timeout=PATIENCE, env=environment, check=False)
    assert done.returncode == 10


def test_load_and_look(server, dncctl, tmp_path):
    path = tmp_path / (registry_name(NOW - DAY, "201") + ".zip")
    path.write_bytes(zipped("201.txt", flat(block(201, 555, 500))))
    done = dncctl("load", str(path), "--yes", "--json")
    assert done.returncode == 0, done.stderr
    load = json.loads(done.stdout)
    assert str(load["release"]["numbers"]) == "500"
    changed = tmp_path / "changes.txt"
    changed.write_bytes(changes([(2015560101, NOW - 3600, "A"), (2015550101, NOW - 3600, "D")]))
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - 60))
    assert dncctl("load", str(changed), "--obtained-at", when).returncode == 0
    assert server.verdicts([2015560101, 2015550101]) == ["LISTED", "CLEAR"]
    for command in (["status"], ["releases"], ["loads"], ["coverage"], ["history", "2015550101"]):
        done = dncctl(*command)
        assert done.returncode == 0 and done.stdout.strip(), (command, done.stderr)
        assert json.loads(dncctl(*command, "--json").stdout)
    events = json.loads(dncctl("history", "2015550101", "--json").stdout)["events"]
    assert [event["action"] for event in events] == ["FIRST_SEEN", "DELETED"]
    assert dncctl("rollback", "--yes").returncode == 0
    assert server.verdicts([2015560101, 2015550101]) == ["CLEAR", "LISTED"]
    first = dncctl("rollback", "--yes")
    assert first.returncode == 1 and first.stderr.strip()
    assert server.verdicts([2015560101, 2015550101]) == ["CLEAR", "LISTED"]
    assert dncctl("retire", "national", "--yes").returncode == 0
    assert server.verdicts([2015550101]) == ["NOT_COVERED"]


def test_a_refused_load(loaded, dncctl, tmp_path):
    path = tmp_path / "small.txt"
    path.write_bytes(flat(block(201, 555, 197)))
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - DAY))
    load = ["load", str(path), "--list", "national", "--obtained-at", when]
    done = dncctl(*load)
    assert done.returncode == 1
    assert "--allow shrink:201" in done.stderr and "nothing changed" in done.stderr
    assert loaded.verdicts([2015550198]) == ["LISTED"]
    done = dncctl(*load, "--yes")
    assert done.returncode == 1, "--yes overrides no guard"
    done = dncctl(*load, "--allow", "shrink:201")
    assert done.returncode == 2 and "--yes" in done.stderr
    assert loaded.verdicts([2015550198]) == ["LISTED"]
    done = dncctl(*load, "--allow", "shrink:201", "--yes")
    assert done.returncode == 0, done.stderr
    assert loaded.verdicts([2015550198]) == ["CLEAR"]
    assert dncctl(*load, "--allow", "nonsense", "--yes").returncode == 2
    assert dncctl("load", str(tmp_path / "missing.txt")).returncode in (1, 2)


def test_load_of_a_csv(loaded, dncctl, tmp_path):
    path = tmp_path / "litigators.csv"
    path.write_text('Name,"Mobile"\n"Doe, J",(201) 556-0101\n')
    when = time.strftime("%Y-%m-%d", time.gmtime(NOW - DAY))
    arguments = ["load", str(path), "--list", "litigator:test", "--yes",
                 "--obtained-at", when]
    wrong = dncctl(*arguments, "--column", "phone")
    assert wrong.returncode == 1 and "Mobile" in wrong.stderr
    assert dncctl(*arguments, "--column", "mobile").returncode == 0
    assert dncctl("check", "2015560101").returncode == 10
    # It is on this list whatever the coverage is.
    assert dncctl("check", "4155550101").returncode == 11


def test_a_pipe_stays_quiet(loaded, dncctl, tmp_path):
    path = tmp_path / "list.txt"
    path.write_bytes(flat(block(212, 555, 5000)))
    done = dncctl("load", str(path), "--list", "national", "--yes", "--obtained-at", "2026-01-01")
    assert "\r" not in done.stderr and "\x1b" not in done.stderr + done.stdout
