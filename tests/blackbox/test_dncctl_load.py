"""dncctl load against servers that are slow, hung, killed, restarted or cut off."""

import contextlib
import json
import signal
import socket
import subprocess
import time

import pytest

from dnc_server import ANY_PORT, BIN
from held_loads import HeldLoads
from list_files import DAY, block, flat, zipped
from metrics_page import Page, free_port
from proxy import Proxy
from waiting import PATIENCE, wait_until

NOW = int(time.time())
WHEN = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - DAY))
NATIONAL = ("--list", "national", "--yes", "--obtained-at", WHEN)


def start_ctl(address, *arguments, timeout=PATIENCE):
    return subprocess.Popen([str(BIN / "dncctl"), "--server", address, "--timeout", str(timeout),
                             *map(str, arguments)],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process):
    """Returns its exit code and output; fails if it does not end."""
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"dncctl waits on: {process.communicate()}") from None
    return process.returncode, out, err


def run_ctl(address, *arguments, timeout=PATIENCE):
    return finish(start_ctl(address, *arguments, timeout=timeout))


@pytest.fixture
def loads(tmp_path):
    """Holds the loads of the server."""
    return HeldLoads(tmp_path)


@pytest.fixture
def server(start_server, loads):
    metrics = f"127.0.0.1:{free_port()}"
    started = start_server(environment=loads.environment, metrics_listen=metrics)
    started.metrics = metrics
    yield started
    loads.release()  # or it would not stop
    started.stop(signal.SIGKILL)  # at once, while its metrics take seconds to end


@pytest.fixture
def plain(tmp_path):
    path = tmp_path / "plain.txt"
    path.write_bytes(flat(block(201, 555, 200)))
    return path


@pytest.fixture
def held(tmp_path, loads):
    """A file of 1,000 numbers whose load lasts until it is released."""
    path = tmp_path / "held.txt"
    path.write_bytes(flat(block(212, 555, 1000)))
    loads.hold()
    return path


@pytest.fixture
def slow(tmp_path):
    """A file of 1,000 numbers that takes seconds to read, because it repeats them."""
    rows = "".join(f"<ph val='{5550000 + i}'/>" for i in range(1000)).encode()
    text = b"<list><ac val='212'>" + rows * 15_000 + b"</ac></list>"
    path = tmp_path / "slow.zip"
    path.write_bytes(zipped("slow.xml", text, level=1))
    return path


def wait_for_state(server, name):
    def newest():
        known = server.loads()
        state = server.stubs.load.LoadState
        return known[0] if known and state.Name(known[0].state) == "LOAD_STATE_" + name else None

    return wait_until(newest, lambda: f"no load is {name}: {server.loads()}")


def looks(server):
    """Returns how often the server has looked at a load for a caller who watches it."""
    name = 'dnc_handler_seconds_count{method="WatchLoad"}'
    return Page(server.metrics).values.get(name, 0)


def wait_until_watched(server, before=0):
    """The newest load is read, and its dncctl knows that it was accepted: somebody has begun to
    watch after there had been so many looks. A look comes with each word of the load, and a load
    that is held says no more. Returns how many there are."""
    wait_for_state(server, "READING")
    return wait_until(lambda: (now := looks(server)) > before and now, "nobody watches the load")


def refuses(address):
    """Returns whether nobody listens there."""
    host, port = address.rsplit(":", 1)
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) != 0


@contextlib.contextmanager
def hung(process):
    """Keeps the server from doing anything meanwhile."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def restart(server, number):
    """Ends the server as roughly as asked, and starts it on the same port."""
    server.stop(number)
    server.command[server.command.index(ANY_PORT)] = server.address
    server.start()
    server.wait_until_ready()


def test_no_wait(server, plain):
    code, out, err = run_ctl(server.address, "load", plain, *NATIONAL, "--no-wait")
    assert code == 0, err
    assert "load 1 of national accepted" in out
    wait_for_state(server, "SUCCEEDED")
    assert server.verdicts([2015550101]) == ["LISTED"]
    code, out, err = run_ctl(server.address, "--json", "load", plain, *NATIONAL,
                             "--no-wait", "--allow", "same-file:plain.txt")
    assert code == 0, err
    load = json.loads(out)
    assert load["id"] == 2 and load["list"] == "national"


def test_no_wait_does_not_wait(server, held, loads):
    code, out, err = run_ctl(server.address, "load", held, *NATIONAL, "--no-wait")
    assert code == 0, err
    assert server.loads()[0].state != server.stubs.load.LOAD_STATE_SUCCEEDED, out
    loads.release()
    wait_for_state(server, "SUCCEEDED")


def test_on_server(start_server, plain, tmp_path):
    folder = tmp_path / "lists"
    folder.mkdir()
    inside = folder / "list.txt"
    inside.write_bytes(plain.read_bytes())
    server = start_server("--load-dir", str(folder))
    load = ["load", "--on-server", *NATIONAL]
    for path, reason in ((plain, "PATH_NOT_ALLOWED"), (folder / ".." / "plain.txt",
                                                       "PATH_NOT_ALLOWED"),
                         (folder / "missing.txt", "NOT_FOUND")):
        code, out, err = run_ctl(server.address, "--json", *load, path)
        assert code == 1 and json.loads(out)["error"]["reason"] == reason, err
    (folder / "link.txt").symlink_to(plain)
    code, out, err = run_ctl(server.address, *load, folder / "link.txt")
    assert code == 1 and "--load-dir" in err
    code, out, err = run_ctl(server.address, *load, inside)
    assert code == 0, err
    assert "200 numbers" in out
    assert server.verdicts([2015550101, 2015560101]) == ["LISTED", "CLEAR"]
    code, out, err = run_ctl(server.address, *load, inside, "--no-wait", "--allow",
                             "same-file:list.txt")
    assert code == 0 and "accepted" in out, err


def test_on_server_needs_an_allowed_folder(server, plain):
    code, _, err = run_ctl(server.address, "load", "--on-server", plain, *NATIONAL)
    assert code == 1 and "--load-dir" in err


def test_a_quiet_load_is_no_hung_server(server, held, plain, loads):
    """A load that waits behind another is silent for longer than the timeout."""
    first = start_ctl(server.address, "load", held, *NATIONAL, timeout=4)
    wait_until_watched(server)
    second = start_ctl(server.address, "load", plain, *NATIONAL, timeout=4)
    wait_for_state(server, "WAITING")
    time.sleep(5)
    loads.release()
    code, out, err = finish(second)
    assert code == 0 and "loaded" in out, err
    code, out, err = finish(first)
    assert code == 0 and "loaded" in out, err


@pytest.mark.parametrize("command", [["load", "FILE"], ["load", "FILE", "--no-wait"],
                                     ["load", "--on-server", "FILE"], ["status"], ["loads"],
                                     ["check", "2015550101"], ["history", "2015550101"],
                                     ["scrub", "--in", "FILE", "--column", "phone"]])
def test_a_hung_server(server, tmp_path, command):
    path = tmp_path / "list.txt"
    path.write_text("phone\n2015550101\n")
    with hung(server.process):
        code, out, err = run_ctl(server.address, *[str(path) if word == "FILE" else word
                                                   for word in command], timeout=1)
    assert code == 1 and "did not answer within 1s" in err, (out, err)
    assert "CLEAR" not in out


def test_a_server_that_hangs_in_an_upload(server, tmp_path):
    path = tmp_path / "big.txt"
    with path.open("wb") as file:
        file.truncate(4 << 30)
    process = start_ctl(server.address, "load", path, *NATIONAL, timeout=1)
    uploads = tmp_path / "data0" / "uploads"
    # The machine may be so slow that dncctl has given up before.
    wait_until(lambda: any(uploads.glob("*/*")) or process.poll() is not None)
    with hung(server.process):
        code, _, err = finish(process)
    assert code == 1 and "did not answer within 1s" in err
    wait_until(lambda: not any(uploads.iterdir()), "the upload is not removed")
    assert not server.loads()


@pytest.mark.parametrize("limit", [200_000, 20_000_000])
def test_a_connection_that_takes_no_more(server, tmp_path, limit):
    path = tmp_path / "big.txt"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    proxy = Proxy(server.address, limit)
    code, _, err = finish(start_ctl(proxy.address, "load", path, *NATIONAL, timeout=1))
    proxy.cut()
    assert code == 1 and "did not answer within 1s" in err
    assert not server.loads()


def test_a_server_that_hangs_while_it_loads(server, held, loads):
    process = start_ctl(server.address, "load", held, *NATIONAL, timeout=4)
    wait_until_watched(server)
    with hung(server.process):
        code, _, err = finish(process)
    assert code == 1
    assert "lost sight of load 1" in err and "did not answer within 4s" in err
    # The load goes on, as the message says.
    loads.release()
    wait_for_state(server, "SUCCEEDED")


def test_a_server_that_hangs_for_less_than_the_timeout(server, held, loads):
    process = start_ctl(server.address, "load", held, *NATIONAL, timeout=16)
    wait_until_watched(server)
    with hung(server.process):
        time.sleep(9)  # the first call is given up meanwhile
    loads.release()
    code, out, err = finish(process)
    assert code == 0 and "loaded" in out, err


def test_a_cut_connection_is_made_again(server, held, loads):
    proxy = Proxy(server.address)
    process = start_ctl(proxy.address, "load", held, *NATIONAL)
    before = 0
    for _ in range(2):
        wait_until(lambda: proxy.sockets, "it does not connect")
        before = wait_until_watched(server, before)
        proxy.cut()
    loads.release()
    code, out, err = finish(process)
    assert code == 0 and "1,000 numbers" in out, err


def test_a_server_that_stops_and_comes_back(server, plain, slow, loads):
    server.load([("before.txt", plain.read_bytes())], obtained_at=NOW - 2 * DAY)
    loads.hold()
    before = looks(server)
    process = start_ctl(server.address, "load", slow, *NATIONAL)
    wait_until_watched(server, before)
    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: refuses(server.metrics), "the server does not stop")
    loads.release()  # and there are seconds to read
    assert server.process.wait(timeout=PATIENCE) == 0
    restart(server, signal.SIGTERM)
    code, _, err = finish(process)
    assert code == 1
    assert "refused: load 2 of national" in err and "nothing changed" in err
    assert server.verdicts([2015550101, 2125550101]) == ["LISTED", "NOT_COVERED"]


def test_a_server_that_is_killed_and_comes_back(server, held):
    process = start_ctl(server.address, "load", held, *NATIONAL)
    wait_until_watched(server)
    restart(server, signal.SIGKILL)
    code, _, err = finish(process)
    assert code == 1 and "no record of load 1" in err
    assert not server.loads()


def test_another_load_of_the_same_id_is_not_mistaken(server, held, plain, loads):
    process = start_ctl(server.address, "load", held, *NATIONAL)
    wait_until_watched(server)
    with hung(process):
        restart(server, signal.SIGKILL)
        loads.release()
        assert server.load([("other.txt", plain.read_bytes())], obtained_at=NOW - DAY).id == 1
    code, out, err = finish(process)
    assert code == 1 and "no record of load 1" in err and "loaded" not in out


def test_a_server_that_does_not_come_back(server, held):
    process = start_ctl(server.address, "load", held, *NATIONAL, timeout=4)
    wait_until_watched(server)
    server.stop(signal.SIGKILL)
    code, _, err = finish(process)
    assert code == 1 and "lost sight of load 1" in err


def test_a_load_that_ended_before_a_restart(server, held, loads):
    """What the record no longer knows must not be shown as zero."""
    process = start_ctl(server.address, "load", held, *NATIONAL)
    wait_until_watched(server)
    with hung(process):
        loads.release()
        wait_for_state(server, "SUCCEEDED")
        restart(server, signal.SIGKILL)
    code, out, err = finish(process)
    assert code == 0, err
    assert "loaded national release 1" in out and ": 0 numbers" not in out


def test_foreign_text_is_escaped(server, plain, tmp_path):
    """Whatever somebody puts into a record, the terminal shows it and does not obey it."""
    registry = server.stubs.registry
    options = server.stubs.load.LoadOptions(list="national",
                                            requested_by="\x1b]0;x\x07\u202e\u009b2Jeve")
    options.obtained_at.seconds = NOW - DAY

    def parts():
        yield registry.UploadReleaseRequest(options=options)
        yield registry.UploadReleaseRequest(file=registry.FileStart(name="a\u202e\u009bb.txt"))
        yield registry.UploadReleaseRequest(chunk=b"<html>\x1b[2J\n")

    server.call(server.registry.UploadRelease, parts())
    wait_for_state(server, "REFUSED")
    hostile = tmp_path / "c\u202e\u009bd.txt"
    hostile.write_bytes(plain.read_bytes() + plain.read_bytes())
    for arguments in (["loads"], ["--json", "loads"], ["load", hostile],
                      ["load", hostile, *NATIONAL],
                      ["load", hostile, *NATIONAL],
                      ["load", plain, "--list", "other:\x1b[2J", "--yes", "--obtained-at", WHEN],
                      ["coverage", "--list", "\x1b[2J\u009b"], ["check", "\x1b[2J\u009b"],
                      ["retire", "\x1b[2J"], ["load", tmp_path / "\x1b[2J"]):
        _, out, err = run_ctl(server.address, *arguments)
        for text in (out, err):
            assert not set(text) & set("\x1b\x07\u202e\u009b"), (arguments, out, err)
    _, out, _ = run_ctl(server.address, "loads")
    assert "\\x1b]0;x\\x07\\u202e\\u009b2Jeve" in out
    _, out, _ = run_ctl(server.address, "--json", "loads")
    assert json.loads(out)["loads"][-1]["requested_by"] == options.requested_by


def test_a_lost_answer_to_an_upload(server, held, loads):
    """Everything was sent, so the load may run: the message says where to look."""
    proxy = Proxy(server.address)
    process = start_ctl(proxy.address, "load", held, *NATIONAL)
    wait_for_state(server, "READING")
    with hung(process):
        proxy.cut()
    loads.release()
    code, out, err = finish(process)
    # It is chance whether the answer had come before the cut.
    assert (code == 0 and "loaded" in out) or "`dncctl loads`" in err
    wait_for_state(server, "SUCCEEDED")
