"""dncctl scrub: CSV files in, CSV files out, or none at all."""

import csv
import io
import json
import os
import signal
import subprocess
import time

import pytest

from dnc_server import BIN
from list_files import DAY, block, flat
from waiting import PATIENCE, wait_until

NOW = int(time.time())
ADDED = ["dnc_verdict", "dnc_reasons", "dnc_listed_since", "dnc_valid_until"]


@pytest.fixture
def loaded(server):
    server.load([("base.txt", flat(block(201, 555, 200)))], obtained_at=NOW - 5 * DAY)
    return server


@pytest.fixture
def scrub(loaded, dncctl, tmp_path):
    """Scrubs `text`, and returns what dncctl printed and the rows of its result."""

    def run(text, *arguments, column="phone"):
        source = tmp_path / "leads.csv"
        source.write_bytes(text.encode() if isinstance(text, str) else text)
        result = tmp_path / "result.csv"
        done = dncctl("scrub", "--in", str(source), "--out", str(result), "--column", column,
                      *arguments)
        if not result.exists():
            return done, None
        content = result.read_bytes().decode("utf-8-sig")
        return done, list(csv.reader(io.StringIO(content, newline="")))

    run.folder = tmp_path
    return run


def test_verdicts_and_columns(scrub):
    done, rows = scrub('id,"full name",phone\n1,"Doe, ""J""",(201) 555-0101\n'
                       "2,Roe,201-556-0101\n3,\"two\nlines\",4155550101\n4,,no number\n")
    assert done.returncode == 0, done.stderr
    assert rows[0] == ["id", "full name", "phone"] + ADDED
    assert [row[3] for row in rows[1:]] == ["LISTED", "CLEAR", "NOT_COVERED", "INVALID"]
    assert [row[1] for row in rows[1:]] == ['Doe, "J"', "Roe", "two\nlines", ""]
    assert rows[1][4] == "NATIONAL"
    assert rows[1][5].startswith(time.strftime("%Y-%m-%d", time.gmtime(NOW - 5 * DAY)))
    assert rows[2][6].startswith(time.strftime("%Y-%m-%d", time.gmtime(NOW + 26 * DAY)))
    assert rows[3][6] == "" and rows[4][6] == ""


def test_input_lines_stay_as_they_are(scrub):
    text = 'a, "b" ,phone\r\n"x",\'y\',"2015550101"\r\n z ,"",2015560101\r\n'
    done, _ = scrub(text)
    assert done.returncode == 0, done.stderr
    lines = (scrub.folder / "result.csv").read_bytes().decode().split("\n")
    assert lines[1].startswith('"x",\'y\',"2015550101",LISTED')
    assert lines[2].startswith(' z ,"",2015560101,CLEAR')


@pytest.mark.parametrize("text", [
    "\ufeffphone\n2015550101\n", "phone\r\n2015550101\r\n", "phone\n2015550101",
    "PHONE\n2015550101\n", "phone\n\"2015550101\"\n",
], ids=["bom", "crlf", "no line end", "capitals", "quoted"])
def test_forms_of_csv(scrub, text):
    done, rows = scrub(text)
    assert done.returncode == 0, done.stderr
    assert rows[1][1] == "LISTED"


def test_ragged_rows_are_invalid(scrub):
    done, rows = scrub("id,phone\n1\n2,2015550101\n")
    assert done.returncode == 0, done.stderr
    assert "INVALID" in rows[1] and "LISTED" in rows[2]


def test_a_wrong_column(scrub):
    done, rows = scrub("id,mobile\n1,2015550101\n")
    assert done.returncode == 2 and rows is None
    assert "mobile" in done.stderr and "phone" in done.stderr
    done, rows = scrub("id,phone,dnc_verdict\n1,2015550101,x\n")
    assert done.returncode != 0 and rows is None
    assert "dnc_verdict" in done.stderr
    done, rows = scrub("")
    assert done.returncode != 0 and rows is None


def test_summary(scrub):
    text = "phone\n" + "2015550101\n" * 30 + "2015560101\n" * 70
    done, _ = scrub(text)
    assert "100" in done.stderr and "30" in done.stderr
    (scrub.folder / "result.csv").unlink()
    done, _ = scrub(text, "--json")
    summary = json.loads(done.stdout)
    assert summary["rows"] == 100
    assert "LISTED" in json.dumps(summary)


def test_many_rows_keep_their_order(scrub):
    numbers = [2015550000 + i % 400 for i in range(30_000)]
    done, rows = scrub("n,phone\n" + "".join(f"{i},{n}\n" for i, n in enumerate(numbers)))
    assert done.returncode == 0, done.stderr
    assert len(rows) == 30_001
    for i, row in enumerate(rows[1:]):
        assert row[0] == str(i)
        assert row[2] == ("LISTED" if i % 400 < 200 else "CLEAR")


def test_standard_streams(loaded, dncctl):
    done = dncctl("scrub", "--in", "-", "--out", "-", "--column", "phone",
                  input="phone\n2015550101\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1].startswith("2015550101,LISTED,NATIONAL,")


def start_endless_scrub(server, folder, out):
    """Starts a scrub whose input goes on until its pipe is closed; answers have begun to come."""
    command = [str(BIN / "dncctl"), "--server", server.address, "scrub", "--in", "-", "--out",
               str(out), "--column", "phone"]
    # pylint: disable-next=consider-using-with
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    process.stdin.write(b"phone\n" + b"2015550101\n" * 20_000)
    process.stdin.flush()
    wait_until(lambda: any(path.stat().st_size > 1000 for path in folder.iterdir()
                           if path.name.startswith("result")), "no answers are written")
    return process


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_server_that_goes_away_leaves_no_file(loaded, tmp_path, number):
    folder = tmp_path / "out"
    folder.mkdir()
    process = start_endless_scrub(loaded, folder, folder / "result.csv")
    loaded.stop(number)
    try:
        for _ in range(100):
            process.stdin.write(b"2015550101\n" * 2000)
        process.stdin.close()
    except (BrokenPipeError, OSError):
        pass
    process.stdin = None
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert errors.strip()
    assert b"2015550101" not in errors
    assert not list(folder.iterdir())


def test_an_interrupted_scrub_leaves_no_file(loaded, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    process = start_endless_scrub(loaded, folder, folder / "result.csv")
    process.send_signal(signal.SIGINT)
    process.stdin = None if process.stdin.close() else None
    process.communicate(timeout=PATIENCE)
    assert not (folder / "result.csv").exists()


def test_an_output_folder_that_is_missing(loaded, dncctl, tmp_path):
    source = tmp_path / "leads.csv"
    source.write_text("phone\n2015550101\n")
    done = dncctl("scrub", "--in", str(source), "--out", str(tmp_path / "none" / "result.csv"),
                  "--column", "phone")
    assert done.returncode == 1 and done.stderr.strip()
    if os.getuid() != 0:
        return
    done = dncctl("scrub", "--in", str(source), "--out", "/dev/full", "--column", "phone")
    assert done.returncode == 1
