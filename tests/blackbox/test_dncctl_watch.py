"""dncctl watch goes on over frozen links and restarts of its server: it shows nothing twice and
loses nothing."""

import json
import queue
import signal
import subprocess
import threading

import pytest

from dnc_server import BIN
from link import Link
from tenant_calls import add
from waiting import PATIENCE, wait_until

FIRST = 2015550000


class Watch:
    """A running `dncctl watch`."""

    def __init__(self, address, *arguments):
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(
            [str(BIN / "dncctl"), "--server", address, "--json", "watch", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        self.told = []
        for pipe, take in ((self.process.stdout, self.lines.put), (self.process.stderr,
                                                                   self.told.append)):
            threading.Thread(target=self.read, args=(pipe, take), daemon=True).start()

    @staticmethod
    def read(pipe, take):
        for line in pipe:
            take(line)

    def next(self):
        return json.loads(self.lines.get(timeout=PATIENCE))

    def numbers(self, count):
        return [self.next()["record"]["number"] for _ in range(count)]

    def end(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture(name="watch")
def fixture_watch():
    watches = []

    def begin(address, *arguments):
        watches.append(Watch(address, *arguments))
        return watches[-1]

    yield begin
    for each in watches:
        each.end()


@pytest.fixture(name="talkative")
def fixture_talkative(start_server, tmp_path):
    """A server that reports every second that nothing has changed."""
    config = tmp_path / "dncd.yaml"
    config.write_text("rpc: {watch_heartbeat_seconds: 1}\n")
    return start_server("--config", str(config))


def texts(numbers):
    return [str(number) for number in numbers]


def test_a_frozen_link(talkative, watch):
    link = Link(talkative.address)
    watching = watch(link.address, "--silence", "5")
    add(talkative, [FIRST, FIRST + 1])
    assert watching.numbers(2) == texts([FIRST, FIRST + 1])
    before = link.connections
    link.freeze()
    add(talkative, [FIRST + 2])
    add(talkative, [FIRST + 3, FIRST + 4])
    assert watching.numbers(3) == texts([FIRST + 2, FIRST + 3, FIRST + 4])
    assert link.connections > before
    assert any("watching again after revision" in line for line in watching.told)
    add(talkative, [FIRST + 5])
    assert watching.numbers(1) == texts([FIRST + 5])
    assert watching.lines.empty()
    link.close()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_restarts(talkative, watch, how):
    link = Link(talkative.address)
    watching = watch(link.address)
    add(talkative, [FIRST])
    assert watching.numbers(1) == texts([FIRST])
    talkative.stop(how)
    wait_until(lambda: any("watching again" in line for line in watching.told))
    talkative.start()
    talkative.wait_until_ready()
    link.target = talkative.address
    add(talkative, [FIRST + 1])
    assert watching.numbers(1) == texts([FIRST + 1])
    assert watching.process.poll() is None
    link.close()


def test_a_revision_that_breaks_off_is_shown_once(talkative, watch):
    """A large write comes in parts: none is shown twice, whichever came before the link broke."""
    link = Link(talkative.address)
    watching = watch(link.address, "--silence", "5")
    add(talkative, [FIRST])
    assert watching.numbers(1) == texts([FIRST])
    for round_ in range(3):
        begin = FIRST + 1 + 10_000 * round_
        adding = threading.Thread(
            target=add, args=(talkative, [begin + i for i in range(10_000)]))
        adding.start()
        link.freeze()
        adding.join(PATIENCE)
        assert watching.numbers(10_000) == texts(begin + i for i in range(10_000))
    assert watching.lines.empty()
    link.close()


def test_a_quiet_watch_hears_of_the_server(talkative):
    """Even if a tenant has no changes, the revision goes on, so that a watch can begin again from
    it."""
    lists = talkative.stubs.list
    add(talkative, [FIRST])
    stream = talkative.lists.WatchChanges(lists.WatchChangesRequest(), timeout=PATIENCE)
    first = next(stream)
    assert first.changes and first.last_of_revision
    for _ in range(3):
        quiet = next(stream)
        assert quiet.last_of_revision and not quiet.changes
        assert quiet.revision >= first.revision
    add(talkative, [FIRST + 1])
    later = next(part for part in stream if part.changes)
    assert [change.record.number for change in later.changes] == [str(FIRST + 1)]
    stream.cancel()


def test_a_server_that_was_never_there_is_an_error(watch):
    watching = watch("127.0.0.1:1", "--after", "7")
    assert watching.process.wait(PATIENCE) == 1
    wait_until(lambda: any("go on with: dncctl watch --after 7" in line for line in watching.told))


def test_an_error_that_stays_ends_the_watch(talkative, watch):
    watching = watch(talkative.address, "--tenant", "nobody")
    assert watching.process.wait(PATIENCE) == 1
    wait_until(lambda: any("error:" in line for line in watching.told))
