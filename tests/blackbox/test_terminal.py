"""dncctl on a real terminal: a progress bar and colours there, and nowhere else."""

import os
import time

import pexpect

from dnc_server import BIN
from list_files import DAY, flat
from waiting import PATIENCE

NOW = int(time.time())
WHEN = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - DAY))


def run(server, *arguments, **environment):
    """What a terminal shows, and the exit code."""
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
    shown, code = run(server, "load", write_list(tmp_path / "big.txt"), "--obtained-at", WHEN)
    assert code == 0, shown
    assert "\r" in shown and "%" in shown and "/s" in shown
    assert "1,500,000" in shown


def test_no_progress_bar_with_json(server, tmp_path):
    shown, code = run(server, "--json", "load", write_list(tmp_path / "big.txt", 1000),
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
