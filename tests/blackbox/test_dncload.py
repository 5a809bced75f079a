"""The load tester against real servers, in every mode, and against servers that lie or stall."""

import datetime
import json
import os
import re
import signal
import subprocess
import threading
import time

import pexpect
import pytest

from certificates import make_certificate
from dnc_server import BIN
from fake_scrubs import FakeScrubs
from tenant_calls import operator_key
from metrics_page import Page, free_port
from waiting import PATIENCE, wait_until

SHORT = ["--seconds", "1", "--warm-up", "0.3", "--pool", "20000"]
DAY = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)).date()


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A full list of 100,000 numbers in five area codes."""
    folder = tmp_path_factory.mktemp("dncload") / "full"
    subprocess.run([str(BIN / "dncgen"), "full", "--out", str(folder), "--numbers", "100000",
                    "--area-codes", "201,212,303,404,505", "--date", str(DAY)],
                   check=True, capture_output=True, timeout=PATIENCE)
    return folder


MORE_ARGUMENTS = []


@pytest.fixture(params=["grpc", "thin"])
def sender(request):
    """The sender of what a test runs: a test that asks for it is run with each."""
    MORE_ARGUMENTS[:] = ["--sender", request.param]
    yield request.param
    MORE_ARGUMENTS.clear()


def load_base(server, base):
    server.load([(path.name, path.read_bytes()) for path in sorted(base.iterdir())])


@pytest.fixture
def loaded(start_server, base):
    metrics = f"127.0.0.1:{free_port()}"
    server = start_server(metrics_listen=metrics)
    load_base(server, base)
    scrubs = 'dnc_calls_total{method="Scrub",code="OK"}'
    server.scrubs_answered = lambda: Page(metrics).values.get(scrubs, 0)
    return server


def dncload(*arguments, address=None, **environment):
    """Runs it, with what the test's sender adds to each mode that measures."""
    variables = {key: value for key, value in os.environ.items() if not key.startswith("DNC_")}
    variables.update(environment)
    if address:
        variables["DNC_SERVER"] = address
    more = MORE_ARGUMENTS if arguments and arguments[0] != "compare" else []
    return subprocess.run([str(BIN / "dncload"), *map(str, arguments), *more], capture_output=True,
                          text=True, timeout=PATIENCE, check=False, env=variables)


def measure(address, *arguments, code=0, **environment):
    """Returns the JSON report."""
    done = dncload(*arguments, "--json", "-", address=address, **environment)
    assert done.returncode == code, done.stdout[-2000:] + done.stderr
    return json.loads(done.stdout)


def check_report(report, mode):
    assert report["schema"] == "dncload/1" and report["mode"] == mode
    assert report["ok"] and not report["failures"], report["failures"]
    assert report["client_machine"]["cores"] >= 1 and report["client_machine"]["kernel"]
    for run in report["runs"]:
        calls = run["calls"]
        assert calls["scheduled"] == sum(calls[name] for name in (
            "answered", "refused", "timed_out", "failed", "unsent"))
        assert run["answers"]["verified"] == run["answers"]["numbers"] > 0
        assert run["latency_us"]["count"] == calls["answered"]
        latency = run["latency_us"]
        assert 0 < latency["min"] <= latency["p50"] <= latency["p99"] <= latency["max"]
        assert run["client"]["late_us"]["count"] > 0 or not run["schedule"]["open_loop"]
        assert run["client"]["heartbeat_late_us"]["count"] > 0
        assert set(run["answers"]["verdicts"]) <= {"CLEAR", "LISTED"}


def test_one_rate(loaded, base, tmp_path, sender):
    page = tmp_path / "report.html"
    report = measure(loaded.address, "run", "--base", base, "--rate", 500, *SHORT, "--batch",
                     "1:1,100:1", "--server-pid", loaded.process.pid, "--html", page)
    check_report(report, "run")
    (run,) = report["runs"]
    assert run["schedule"]["kind"] == "poisson" and run["schedule"]["open_loop"]
    assert run["schedule"]["sender"] == sender
    assert 350 < run["calls"]["scheduled"] < 650
    # What is due at the end may come too late for a slow machine to send it.
    assert run["calls"]["answered"] + run["calls"]["unsent"] == run["calls"]["scheduled"]
    assert run["server"]["processor_us_per_call"] > 0
    assert report["server"]["version"] and report["server"]["numbers"] == 100000
    assert report["server"]["on_this_machine"]
    assert run["series"] and sum(s["offered_per_s"] for s in run["series"]) > 0
    text = page.read_text()
    assert text.startswith("<!doctype html>") and text.count("<svg") == 3
    assert not re.search(r"https?:|<script|<link|url\(", text)


@pytest.mark.parametrize("arguments, kind, calls", [
    (["--schedule", "constant", "--rate", "300"], "constant", 300),
    (["--schedule", "stepped", "--steps", "100:0.5,900:0.5"], "stepped", 500),
    (["--schedule", "ramped", "--ramp", "100:900"], "ramped", 500),
    (["--schedule", "poisson", "--rate", "400", "--threads", "3", "--channels", "6"], "poisson",
     400)])
@pytest.mark.usefixtures("sender")
def test_schedules(loaded, base, arguments, kind, calls):
    report = measure(loaded.address, "run", "--base", base, *SHORT, "--batch", 10, *arguments)
    check_report(report, "run")
    (run,) = report["runs"]
    assert run["schedule"]["kind"] == kind
    assert abs(run["calls"]["scheduled"] - calls) <= (1 if kind == "constant" else 120)


def test_replayed_times_and_numbers_of_a_file(loaded, base, tmp_path):
    times = tmp_path / "times"
    times.write_text("".join(f"{1000 + i / 100}\n" for i in range(80)))
    subprocess.run([str(BIN / "dncgen"), "leads", "--base", str(base), "--out",
                    str(tmp_path / "leads.csv"), "--truth", str(tmp_path / "truth.csv"),
                    "--numbers", "2000"], check=True, capture_output=True, timeout=PATIENCE)
    leads, truth = ((tmp_path / name).read_text().splitlines()
                    for name in ("leads.csv", "truth.csv"))
    both = tmp_path / "both.csv"
    both.write_text("".join(f"{lead},{known.split(',')[1]}\n"
                            for lead, known in zip(leads, truth, strict=True)))
    report = measure(loaded.address, "run", "--numbers", both, "--schedule", "replayed", "--times",
                     times, "--warm-up", 0.2, "--batch", 50)
    check_report(report, "run")
    (run,) = report["runs"]
    assert run["calls"]["scheduled"] == 80
    assert 0.4 < report["workload"]["hit_rate"] < 0.56
    assert run["answers"]["verdicts"]["LISTED"] > 0


@pytest.mark.usefixtures("sender")
def test_closed_loop_and_campaign(loaded, base):
    report = measure(loaded.address, "run", "--base", base, *SHORT, "--closed-loop", "--callers", 2,
                     "--locality", "campaign", "--campaign-areas", 2, "--hit-rate", 1)
    check_report(report, "run")
    (run,) = report["runs"]
    assert not run["schedule"]["open_loop"] and run["client"]["peak_in_flight"] == 2
    assert set(run["answers"]["verdicts"]) == {"LISTED"}


def test_sweep_and_compare(loaded, base, tmp_path):
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for file, rates in zip(files, ("100,200", "100,300"), strict=True):
        done = dncload("sweep", "--base", base, "--rates", rates, *SHORT, "--json", file,
                       address=loaded.address)
        assert done.returncode == 0, done.stderr
        assert "ANSWERED/S" in done.stdout and "every verified answer was right" in done.stdout
        check_report(json.loads(file.read_text()), "sweep")
    compared = dncload("compare", *files)
    assert compared.returncode == 0, compared.stderr
    assert re.search(r"100/s +offered calls/s +\d", compared.stdout), compared.stdout
    assert "300/s" not in compared.stdout and "only one of the reports" in compared.stdout
    files[1].write_text("{}")
    assert dncload("compare", *files).returncode == 1


def test_an_empty_server_proves_nothing(server, base, tmp_path):
    page = tmp_path / "page.html"
    done = dncload("run", "--base", base, *SHORT, "--rate", 200, "--json", tmp_path / "a.json",
                   "--html", page, address=server.address)
    assert done.returncode == 1, done.stdout
    assert "every verified answer was right" not in done.stdout
    assert "nothing is loaded that covers the numbers asked" in done.stdout
    assert "nothing is loaded" in page.read_text() and "pill good" not in page.read_text()
    report = json.loads((tmp_path / "a.json").read_text())
    assert not report["ok"] and not report["verified"]
    assert set(report["runs"][0]["answers"]["verdicts"]) == {"NOT_COVERED"}


def test_compare_tells_unlike_runs_apart(loaded, base, tmp_path):
    """The differences come before the ratios, which would otherwise be read as those of two
    servers."""
    files = [tmp_path / f"{name}.json" for name in "abc"]
    for file, more in zip(files, ([], [], ["--batch", "10", "--threads", "2"]), strict=True):
        done = dncload("run", "--base", base, "--rate", 200, *SHORT, *more, "--json", file,
                       address=loaded.address)
        assert done.returncode == 0, done.stderr
    assert "UNLIKE RUNS" not in dncload("compare", *files[:2]).stdout
    compared = dncload("compare", files[0], files[2]).stdout
    head, table = compared.split("FIGURE")
    assert "UNLIKE RUNS" in head and "numbers a call" in head and "threads" in head, compared
    assert "answered calls/s" in table
    other = json.loads(files[1].read_text())
    other["server"]["version"], other["client_machine"]["cores"] = "9.9.9", 1000
    other["server"]["revision"] += 1
    files[1].write_text(json.dumps(other))
    head = dncload("compare", *files[:2]).stdout.split("FIGURE")[0]
    assert "version of the server" in head and "cores" in head and "revision" in head


def test_search_and_overload(loaded, base):
    quick = [*SHORT, "--probe-seconds", "0.6", "--batch", "10", "--p99-limit-ms", "60000",
             "--precision", "0.5"]
    report = measure(loaded.address, "search", "--base", base, *quick, "--least-rate", 20,
                     "--most-rate", 40)
    check_report(report, "search")
    assert report["search"]["rate"] == 40 and report["search"]["p99_limit_ms"] == 60000
    assert all(probe["passed"] for probe in report["search"]["probes"])
    report = measure(loaded.address, "overload", "--base", base, *quick, "--capacity", 20,
                     "--times", "2,3", "--good-within", 60)
    check_report(report, "overload")
    assert [run["name"] for run in report["runs"]] == ["1x", "2x", "3x"]
    assert report["overload"]["capacity"] == 20
    assert report["overload"]["peak_good_per_s"] > 30
    # No server answers in a hundredth of a millisecond.
    report = measure(loaded.address, "search", "--base", base, *SHORT, "--schedule", "constant",
                     "--probe-seconds", 0.6, "--p99-limit-ms", 0.01, "--least-rate", 1, code=1)
    assert report["search"]["rate"] == 0 and "p99 below" in report["failures"][0]


@pytest.mark.usefixtures("sender")
def test_idle_gaps(loaded, base):
    report = measure(loaded.address, "idle", "--base", base, "--gap", "0.05:0.15", "--batch", 1,
                     "--seconds", 1.5, "--warm-up", 0, "--pool", 1000)
    check_report(report, "idle")
    (run,) = report["runs"]
    assert 3 <= run["calls"]["scheduled"] <= 30
    assert any("only" in warning for warning in report["warnings"])


@pytest.mark.usefixtures("sender")
def test_a_lying_server_is_a_failure(stubs, base):
    liar = FakeScrubs(stubs, lambda number: stubs.verdict.VERDICT_CLEAR)
    try:
        report = measure(liar.address, "run", "--base", base, "--rate", 50, *SHORT, "--batch", 10,
                         code=1)
        assert report["ok"] is False
        assert re.fullmatch(r"\d+ times a LISTED number was answered CLEAR", report["failures"][0])
        assert report["runs"][0]["answers"]["wrongly_clear"] > 0
        assert report["runs"][0]["answers"]["wrongly_listed"] == 0
        assert report["server"]["version"] is None and report["server"]["unknown"]
        done = dncload("run", "--base", base, "--rate", 50, *SHORT, "--brief", address=liar.address)
        assert done.returncode == 1 and "FAILURE:" in done.stdout
    finally:
        liar.stop()
    strict = FakeScrubs(stubs, lambda number: stubs.verdict.VERDICT_LISTED)
    try:
        report = measure(strict.address, "run", "--base", base, "--rate", 50, *SHORT, "--batch", 10,
                         code=1)
        assert report["runs"][0]["answers"]["wrongly_clear"] == 0
        assert report["runs"][0]["answers"]["wrongly_listed"] > 0
    finally:
        strict.stop()


@pytest.mark.usefixtures("sender")
def test_a_stalled_server_shows(loaded, base):
    def stall():
        wait_until(lambda: loaded.scrubs_answered() > 300)  # 150 are of the warm-up
        loaded.process.send_signal(signal.SIGSTOP)
        time.sleep(0.3)
        loaded.process.send_signal(signal.SIGCONT)

    thread = threading.Thread(target=stall)
    thread.start()
    try:
        report = measure(loaded.address, "run", "--base", base, "--rate", 500, "--seconds", 3,
                         "--warm-up", 0.3, "--pool", 20000, "--batch", 10)
    finally:
        thread.join()
    (run,) = report["runs"]
    # 150 calls were due in these 0.3 s: 10 % of all.
    assert run["latency_us"]["max"] > 250_000
    assert run["latency_us"]["p99_9"] > 200_000
    assert run["latency_us"]["p99"] > 100_000
    assert max(slice_["p99_us"] for slice_ in run["series"]) > 200_000
    assert run["calls"]["answered"] + run["calls"]["unsent"] == run["calls"]["scheduled"] > 1200


@pytest.mark.usefixtures("sender")
def test_a_rate_that_is_too_high_is_told(loaded, base):
    report = measure(loaded.address, "run", "--base", base, "--rate", 2_000_000, *SHORT, "--batch",
                     1)
    (run,) = report["runs"]
    assert run["kept_up"] in ("client_not", "server_not")
    assert run["calls"]["unsent"] > 0 and run["latency_us"]["max"] > 100_000
    assert any("COULD NOT KEEP UP" in warning and "bound of 1000" in warning
               for warning in report["warnings"])


@pytest.mark.usefixtures("sender")
def test_keys_and_tenants(start_server, base, tmp_path):
    key = operator_key(tmp_path / "keyed")
    server = start_server(data_dir=tmp_path / "keyed", key=key, tenant="default")
    load_base(server, base)
    arguments = ["run", "--base", base, "--rate", 100, *SHORT]
    report = measure(server.address, *arguments, DNC_KEY=key, DNC_TENANT="default")
    check_report(report, "run")
    assert report["server"]["with_key"] and report["server"]["tenant"] == "default"
    assert key not in json.dumps(report)
    report = measure(server.address, *arguments, code=1)
    assert report["failures"] == ["no call was answered"]
    assert "UNAUTHENTICATED UNAUTHENTICATED" in report["runs"][0]["errors"]


@pytest.mark.usefixtures("sender")
def test_tls(stubs, tmp_path):
    make_certificate(tmp_path, names="DNS:dnc.test")
    numbers = tmp_path / "numbers.csv"
    numbers.write_text("number,listed\n2015550100,0\n2015550102,0\n")
    server = FakeScrubs(stubs, lambda number: stubs.verdict.VERDICT_CLEAR,
                        ((tmp_path / "key.pem").read_bytes(), (tmp_path / "cert.pem").read_bytes()))
    arguments = ["run", "--numbers", numbers, "--rate", 50, *SHORT, "--batch", 2]
    try:
        report = measure(server.address, *arguments, "--ca-file", tmp_path / "cert.pem",
                         "--tls-name", "dnc.test", DNC_KEY="dnck_made_up", DNC_TENANT="acme")
        check_report(report, "run")
        assert report["server"]["tls"]
        assert server.callers[-1]["authorization"] == "Bearer dnck_made_up"
        assert server.callers[-1]["dnc-tenant"] == "acme"
        done = dncload(*arguments, "--ca-file", tmp_path / "cert.pem", address=server.address)
        assert done.returncode == 1 and "no connection" in done.stderr  # another name
    finally:
        server.stop()


@pytest.mark.usefixtures("sender")
def test_a_unix_socket(stubs, tmp_path):
    numbers = tmp_path / "numbers.csv"
    numbers.write_text("phone,listed\n201-555-0100,0\n")
    server = FakeScrubs(stubs, lambda number: stubs.verdict.VERDICT_CLEAR,
                        address=f"unix:{tmp_path}/socket")
    try:
        report = measure(server.address, "run", "--numbers", numbers, "--rate", 50, *SHORT,
                         "--batch", 1)
    finally:
        server.stop()
    check_report(report, "run")
    assert report["server"]["on_this_machine"]


@pytest.mark.usefixtures("sender")
def test_ctrl_c_reports_what_there_is(loaded, base):
    command = [str(BIN / "dncload"), "run", "--server", loaded.address, "--base", str(base),
               "--rate", "300", "--seconds", "3000", "--warm-up", "0.1", "--pool", "20000",
               "--json", "-", *MORE_ARGUMENTS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        wait_until(lambda: loaded.scrubs_answered() > 150)  # 30 are of the warm-up
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, out + errors
    report = json.loads(out)
    assert report["interrupted"] and report["ok"]
    assert 0 < report["runs"][0]["seconds"] < 3000
    assert report["runs"][0]["calls"]["answered"] > 50
    assert errors == ""  # no live view where there is no terminal


def test_a_live_view_on_a_terminal_only(loaded, base):
    arguments = ["run", "--server", loaded.address, "--base", str(base), "--rate", "300",
                 "--seconds", "1", "--warm-up", "0.2", "--pool", "20000"]
    child = pexpect.spawn(str(BIN / "dncload"), arguments, timeout=PATIENCE, dimensions=(24, 80),
                          env={**os.environ, "TERM": "xterm-256color"})
    child.expect(pexpect.EOF)
    child.close()
    shown = child.before.decode()
    assert child.exitstatus == 0 and "\r\x1b[K" in shown and "under way" in shown
    plain = dncload(*arguments)
    assert plain.returncode == 0 and plain.stderr == "" and "\x1b" not in plain.stdout


@pytest.mark.parametrize("arguments", [
    [], ["run"], ["run", "--base", "x", "--batch", "0"], ["run", "--base", "x", "--rate", "-1"],
    ["sweep", "--base", "x"], ["idle", "--base", "x", "--gap", "5:1"],
    ["run", "--base", "x", "--schedule", "replayed"], ["run", "--base", "x", "--numbers", "y"],
    ["run", "--base", "x", "--schedule", "stepped"], ["run", "--base", "x", "--sender", "fat"],
    ["nothing"]])
def test_usage(arguments):
    assert dncload(*arguments).returncode == 2


@pytest.mark.usefixtures("sender")
def test_no_server(base):
    done = dncload("run", "--base", base, *SHORT, address="127.0.0.1:1")
    assert done.returncode == 1
    assert "no connection to 127.0.0.1:1" in done.stderr and "--server" in done.stderr


def test_a_report_that_cannot_be_written_is_told_before_the_run(loaded, base, tmp_path):
    for option in ("--json", "--html"):
        done = dncload("run", "--base", base, "--rate", 10, "--seconds", 3000, option,
                       tmp_path / "none" / "report", address=loaded.address)
        assert done.returncode == 1 and "No such file or directory" in done.stderr
