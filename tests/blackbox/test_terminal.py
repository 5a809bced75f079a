"""dncctl on a real terminal: a progress bar and colors there, and nowhere else."""

import os
import time

import pexpect

from dnc_server import BIN
from list_files import DAY, flat
from waiting import PATIENCE, wait_until

NOW = int(time.time())
WHEN = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - DAY))


def run(server, *arguments, **environment):
    """Returns what a terminal shows, and the exit code."""
    variables = {**os.environ, "TERM": "xterm-256color", **environment}
    variables.pop("NO_COLOR", None) if "NO_COLOR" not in environment else None
    child = pexpect.spawn(str(BIN / "dncctl"), ["--server", server.address, *arguments],
                          env=variables, timeout=PATIENCE, dimensions=(24, 120))
    child.expect(pexpect.EOF)
    child.close()
    return child.before.decode(errors="replace"), child.exitstatus


def write_list(path, count=1_500_000):
    path.write_bytes(flat(range(2010000000, 2010000000 + count)))
    return str(path)


def test_a_progress_bar(server, tmp_path):
    shown, code = run(server, "load", write_list(tmp_path / "big.txt"), "--list", "national",
                      "--yes", "--obtained-at", WHEN)
    assert code == 0, shown
    assert "\r" in shown and "%" in shown and "/s" in shown
    assert "1,500,000" in shown


def test_no_progress_bar_with_json(server, tmp_path):
    shown, code = run(server, "--json", "load", write_list(tmp_path / "big.txt", 1000),
                      "--list", "national", "--yes",
                      "--obtained-at", WHEN)
    assert code == 0
    assert "%" not in shown


def test_colours(server, tmp_path):
    server.load([("list.txt", flat(range(2015550000, 2015550200)))], obtained_at=NOW - DAY)
    shown, code = run(server, "check", "2015550101")
    assert code == 10 and "\x1b[" in shown and "LISTED" in shown
    shown, code = run(server, "check", "2015550101", NO_COLOR="1")
    assert code == 10 and "\x1b[" not in shown


def test_scrub_shows_progress_and_a_summary(server, tmp_path):
    server.load([("list.txt", flat(range(2015550000, 2015550200)))], obtained_at=NOW - DAY)
    source = tmp_path / "leads.csv"
    source.write_text("phone\n" + "2015550101\n2015560101\n" * 200_000)
    shown, code = run(server, "scrub", "--in", str(source), "--out", str(tmp_path / "out.csv"),
                      "--column", "phone")
    assert code == 0, shown
    assert "400,000" in shown and "%" in shown


def ask(server, answer, *arguments):
    """Answers a question on a terminal; returns what it shows, and the exit code."""
    child = pexpect.spawn(str(BIN / "dncctl"), ["--server", server.address, *arguments],
                          timeout=PATIENCE, dimensions=(24, 120))
    child.expect("Type yes: ")
    shown = child.before.decode(errors="replace")
    child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    return shown + child.before.decode(errors="replace"), child.exitstatus


def test_first_data_is_asked_about(server, tmp_path):
    load = ["load", write_list(tmp_path / "list.txt", 5000), "--list", "national",
            "--obtained-at", WHEN]
    for answer in ("no", "", "y", "YES"):
        shown, code = ask(server, answer, *load)
        assert code == 2 and "nothing changed" in shown, shown
        assert "9,995,000 numbers" in shown
        assert server.verdicts([2019990101]) == ["NOT_COVERED"]
    shown, code = ask(server, "yes", *load)
    assert code == 0 and "loaded" in shown, shown
    assert server.verdicts([2010000001, 2019990101]) == ["LISTED", "CLEAR"]


def test_first_data_is_asked_about_without_waiting(server, tmp_path):
    load = ["load", write_list(tmp_path / "list.txt", 5000), "--list", "national",
            "--obtained-at", WHEN, "--no-wait"]
    shown, code = ask(server, "no", *load)
    assert code == 2 and "9,995,000 numbers" in shown and "nothing changed" in shown, shown
    assert server.verdicts([2019990101]) == ["NOT_COVERED"]
    shown, code = ask(server, "yes", *load)
    assert code == 0 and "accepted" in shown, shown
    wait_until(lambda: server.verdicts([2019990101]) == ["CLEAR"], "it is not loaded")


def test_overrides_and_ways_back_are_asked_about(server, tmp_path):
    load = ["load", write_list(tmp_path / "list.txt", 5000), "--list", "national", "--obtained-at"]
    assert ask(server, "yes", *load, WHEN)[1] == 0
    later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - 60))
    load[1] = write_list(tmp_path / "less.txt", 4900)
    shown, code = run(server, *load, later)
    assert code == 1 and "--allow shrink:201" in shown
    shown, code = ask(server, "no", *load, later, "--allow", "shrink:201")
    assert code == 2 and "100 numbers" in shown, shown
    assert server.verdicts([2010004999]) == ["LISTED"]
    shown, code = ask(server, "yes", *load, later, "--allow", "shrink:201")
    assert code == 0, shown
    assert server.verdicts([2010004999]) == ["CLEAR"]
    assert ask(server, "no", "rollback")[1] == 2
    assert server.verdicts([2010004999]) == ["CLEAR"]
    assert ask(server, "yes", "rollback")[1] == 0
    assert server.verdicts([2010004999]) == ["LISTED"]
    shown, code = ask(server, "yes", "retire", "national")
    assert code == 0 and "requires" in shown, shown
    assert server.verdicts([2010004999]) == ["NOT_COVERED"]
