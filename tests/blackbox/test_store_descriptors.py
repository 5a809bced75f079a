"""Descriptors run out while the stores need some: nothing acknowledged is lost, and the service
recovers by itself, or ends and says why."""

import pathlib
import resource
import time

import pytest

from dnc_server import Refused
from list_files import DAY, block, flat, registry_name
from tenant_calls import add
from waiting import PATIENCE

NOTE = "n" * 900
NUMBERS = block(201, 555, 1200)


def open_files(server):
    return len(list((pathlib.Path("/proc") / str(server.process.pid) / "fd").iterdir()))


def squeeze(server):
    """Allows not one descriptor more. Returns the limit that was there before."""
    before = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (open_files(server), before[1]))
    return before


def release(server, limits):
    if server.process.poll() is None:
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, limits)


def comes_back(server, works):
    """Waits until `works()` is true, and starts the server again if it has ended, as a supervisor
    does. Returns whether it had ended."""
    end = time.monotonic() + PATIENCE
    ended = False
    while True:
        if server.process.poll() is not None:
            assert server.process.returncode == 1
            assert "takes no writes any more" in server.log()
            assert "Too many open files" in server.log()
            ended = True
            server.stop()
            server.start()
            server.wait_until_ready()
        try:
            if works():
                return ended
        except Refused:
            pass
        assert time.monotonic() < end, "it never came back: " + server.log()[-2000:]
        time.sleep(0.2)


@pytest.mark.parametrize("rounds", [1, 3])
def test_opt_outs_are_kept_when_a_log_is_rolled(start_server, rounds):
    server = start_server()
    at = time.time() - DAY
    server.load([(registry_name(at, "201"), flat(NUMBERS))])
    acknowledged = []
    number = 2015560000
    for _ in range(rounds):
        limits = squeeze(server)
        # This lasts until the store wants a new file for its log, after a few batches at the
        # latest.
        for _ in range(60):
            batch = list(range(number, number + 1000))
            number += 1000
            try:
                add(server, batch, note=NOTE)
                acknowledged += batch
            except Refused:
                break
        release(server, limits)
        comes_back(server, lambda: bool(add(server, [2125550100 + len(acknowledged) % 1000])))
    server.stop()
    server.start()
    server.wait_until_ready()
    for at in range(0, len(acknowledged), 1000):
        assert set(server.verdicts(acknowledged[at:at + 1000])) == {"LISTED"}


def test_loads_work_again(start_server):
    server = start_server()
    limits = squeeze(server)
    at = time.time() - DAY
    with pytest.raises(Refused):
        server.load([(registry_name(at, "201"), flat(NUMBERS))])
    release(server, limits)

    def loads():
        server.load([(registry_name(at, "201"), flat(NUMBERS))])
        return True

    comes_back(server, loads)
    assert server.verdicts(NUMBERS[:2]) == ["LISTED", "LISTED"]


def test_a_store_that_takes_no_writes_ends_the_process(start_server, tmp_path):
    """Its folder is gone, so no new log can be made: an error from which it never recovers."""
    folder = tmp_path / "data"
    server = start_server(data_dir=folder)
    (folder / "tenants").rename(folder / "away")
    acknowledged = []
    for first in range(2015560000, 2015660000, 1000):
        batch = list(range(first, first + 1000))
        try:
            add(server, batch, note=NOTE)
        except Refused:
            break
        acknowledged += batch
    assert server.process.wait(timeout=PATIENCE) == 1
    log = server.log()
    assert "takes no writes any more" in log and "starts it again" in log
    assert "No such file or directory" in log
    (folder / "away").rename(folder / "tenants")
    server.start()
    server.wait_until_ready()
    assert acknowledged
    for at in range(0, len(acknowledged), 1000):
        assert set(server.verdicts(acknowledged[at:at + 1000])) == {"LISTED"}
    add(server, [2125550100])
