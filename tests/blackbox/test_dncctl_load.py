"""dncctl load against servers that are slow, hung, killed, restarted or cut off."""

import contextlib
import json
import signal
import socket
import subprocess
import threading
import time

import pytest

from dnc_server import ANY_PORT, BIN
from list_files import DAY, block, flat, zipped

NOW = int(time.time())
WHEN = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - DAY))
NATIONAL = ("--list", "national", "--yes", "--obtained-at", WHEN)


def start_ctl(address, *arguments, timeout=2):
    return subprocess.Popen([str(BIN / "dncctl"), "--server", address, "--timeout", str(timeout),
                             *map(str, arguments)],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process, seconds=60):
    """Its exit code and output; fails if it does not end in time."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"dncctl waits on: {process.communicate()}") from None
    return process.returncode, out, err


def run_ctl(address, *arguments, timeout=2):
    return finish(start_ctl(address, *arguments, timeout=timeout))


@pytest.fixture
def plain(tmp_path):
    path = tmp_path / "plain.txt"
    path.write_bytes(flat(block(201, 555, 200)))
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
    for _ in range(1000):
        loads = server.loads()
        if loads and server.stubs.load.LoadState.Name(loads[0].state) == "LOAD_STATE_" + name:
            return loads[0]
        time.sleep(0.01)
    raise AssertionError(f"no load is {name}: {loads}")


def wait_until_watched(server):
    """The only load is read, and its dncctl has had time to see that it was accepted."""
    wait_for_state(server, "READING")
    time.sleep(0.5)


@contextlib.contextmanager
def hung(process):
    """It does nothing meanwhile."""
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


class Proxy:
    """A connection to the server that can be cut while both ends live, or that takes no more than
    `limit` bytes from the client and then leaves it alone with full buffers."""

    def __init__(self, address, limit=float("inf")):
        host, port = address.rsplit(":", 1)
        self.target = (host, int(port))
        self.limit = limit
        self.listener = socket.socket()
        if limit < float("inf"):
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.sockets = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(self.target)
            self.sockets += [near, far]
            for source, sink, limit in ((near, far, self.limit), (far, near, float("inf"))):
                threading.Thread(target=self.pump, args=(source, sink, limit), daemon=True).start()

    @staticmethod
    def pump(source, sink, limit):
        try:
            taken = 0
            while taken < limit and (data := source.recv(65536)):
                taken += len(data)
                sink.sendall(data)
        except OSError:
            pass

    def cut(self):
        for end in self.sockets:
            end.shutdown(socket.SHUT_RDWR)
        self.sockets = []


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


def test_no_wait_does_not_wait(server, slow):
    code, out, err = run_ctl(server.address, "load", slow, *NATIONAL, "--no-wait")
    assert code == 0, err
    assert server.loads()[0].state != server.stubs.load.LOAD_STATE_SUCCEEDED, out
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


def test_a_quiet_load_is_no_hung_server(server, slow, plain):
    """One that waits behind another tells nothing for longer than the timeout."""
    first = start_ctl(server.address, "load", slow, *NATIONAL, timeout=0.5)
    wait_until_watched(server)
    code, out, err = run_ctl(server.address, "load", plain, *NATIONAL, timeout=0.5)
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
    begun = time.monotonic()
    with hung(server.process):
        code, out, err = run_ctl(server.address, *[str(path) if word == "FILE" else word
                                                   for word in command], timeout=1)
    took = time.monotonic() - begun
    assert code == 1 and "did not answer within 1s" in err, (out, err)
    assert "CLEAR" not in out
    assert took < 5


def test_a_server_that_hangs_in_an_upload(server, tmp_path):
    path = tmp_path / "big.txt"
    with path.open("wb") as file:
        file.truncate(4 << 30)
    process = start_ctl(server.address, "load", path, *NATIONAL, timeout=1)
    uploads = tmp_path / "data0" / "uploads"
    for _ in range(1000):
        if any(uploads.glob("*/*")):
            break
        time.sleep(0.01)
    with hung(server.process):
        code, _, err = finish(process, seconds=10)
    assert code == 1 and "did not answer within 1s" in err
    for _ in range(1000):
        if not any(uploads.iterdir()):
            break
        time.sleep(0.01)
    assert not any(uploads.iterdir())
    assert not server.loads()


@pytest.mark.parametrize("limit", [200_000, 20_000_000])
def test_a_connection_that_takes_no_more(server, tmp_path, limit):
    path = tmp_path / "big.txt"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    proxy = Proxy(server.address, limit)
    code, _, err = finish(start_ctl(proxy.address, "load", path, *NATIONAL, timeout=1),
                          seconds=15)
    proxy.cut()
    assert code == 1 and "did not answer within 1s" in err
    assert not server.loads()


def test_a_server_that_hangs_while_it_loads(server, slow):
    process = start_ctl(server.address, "load", slow, *NATIONAL, timeout=1)
    wait_until_watched(server)
    with hung(server.process):
        code, _, err = finish(process, seconds=10)
    assert code == 1
    assert "lost sight of load 1" in err and "did not answer within 1s" in err
    # As the message says, the load goes on.
    wait_for_state(server, "SUCCEEDED")


def test_a_server_that_hangs_for_less_than_the_timeout(server, slow):
    process = start_ctl(server.address, "load", slow, *NATIONAL, timeout=6)
    wait_until_watched(server)
    with hung(server.process):
        time.sleep(4)  # the first call is given up meanwhile
    code, out, err = finish(process)
    assert code == 0 and "loaded" in out, err


def test_a_cut_connection_is_made_again(server, slow):
    proxy = Proxy(server.address)
    process = start_ctl(proxy.address, "load", slow, *NATIONAL, timeout=5)
    wait_until_watched(server)
    proxy.cut()
    time.sleep(0.5)
    proxy.cut()
    code, out, err = finish(process)
    assert code == 0 and "1,000 numbers" in out, err


def test_a_server_that_stops_and_comes_back(server, plain, slow):
    server.load([("before.txt", plain.read_bytes())], obtained_at=NOW - 2 * DAY)
    process = start_ctl(server.address, "load", slow, *NATIONAL, timeout=10)
    wait_until_watched(server)
    restart(server, signal.SIGTERM)
    code, _, err = finish(process)
    assert code == 1
    assert "refused: load 2 of national" in err and "nothing changed" in err
    assert server.verdicts([2015550101, 2125550101]) == ["LISTED", "NOT_COVERED"]


def test_a_server_that_is_killed_and_comes_back(server, slow):
    process = start_ctl(server.address, "load", slow, *NATIONAL, timeout=10)
    wait_until_watched(server)
    restart(server, signal.SIGKILL)
    code, _, err = finish(process)
    assert code == 1 and "no record of load 1" in err
    assert not server.loads()


def test_another_load_of_the_same_id_is_not_mistaken(server, slow, plain):
    process = start_ctl(server.address, "load", slow, *NATIONAL, timeout=20)
    wait_until_watched(server)
    with hung(process):
        restart(server, signal.SIGKILL)
        assert server.load([("other.txt", plain.read_bytes())], obtained_at=NOW - DAY).id == 1
    code, out, err = finish(process)
    assert code == 1 and "no record of load 1" in err and "loaded" not in out


def test_a_server_that_does_not_come_back(server, slow):
    process = start_ctl(server.address, "load", slow, *NATIONAL, timeout=1)
    wait_until_watched(server)
    server.stop(signal.SIGKILL)
    code, _, err = finish(process, seconds=10)
    assert code == 1 and "lost sight of load 1" in err


def test_a_load_that_ended_before_a_restart(server, plain):
    """What the record no longer knows is not shown as zero."""
    with hung(server.process):
        process = start_ctl(server.address, "load", plain, *NATIONAL, timeout=20)
        time.sleep(0.5)
    wait_for_state(server, "SUCCEEDED")
    with hung(process):
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


def test_a_lost_answer_to_an_upload(server, slow):
    """All was sent, so the load may run: the message says where to look."""
    proxy = Proxy(server.address)
    process = start_ctl(proxy.address, "load", slow, *NATIONAL, timeout=3)
    wait_for_state(server, "READING")
    with hung(process):
        proxy.cut()
    code, out, err = finish(process)
    # Whether the answer had come before the cut is chance.
    assert (code == 0 and "loaded" in out) or "`dncctl loads`" in err
    wait_for_state(server, "SUCCEEDED")
