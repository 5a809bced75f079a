"""A server that is told to stop drains: no caller finds out by a call that is cut off."""

import signal
import threading

import grpc
import pytest

from waiting import PATIENCE, wait_until

NUMBER = 2015550123
CALLERS = 16


class Callers:
    """Threads that call again and again, without waiting or repeating."""

    def __init__(self, server, call):
        self.server = server
        self.call = call
        self.ok = 0
        self.errors = []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run) for _ in range(CALLERS)]
        for thread in self.threads:
            thread.start()

    def run(self):
        for _ in range(10**9):
            try:
                self.call()
                with self.lock:
                    self.ok += 1
            except grpc.RpcError as error:
                with self.lock:
                    self.errors.append(self.server.refused(error))
                return

    def wait_for_errors(self):
        for thread in self.threads:
            thread.join(PATIENCE)
        return self.errors


def scrub(server):
    request = server.stubs.scrub.ScrubRequest(numbers=[NUMBER])
    return lambda: server.scrubs.Scrub(request, timeout=PATIENCE)


def check(server):
    """Makes calls on a worker, where calls wait for each other."""
    request = server.stubs.scrub.CheckNumberRequest(number=str(NUMBER))
    return lambda: server.scrubs.CheckNumber(request, timeout=PATIENCE)


def write(server):
    lists = server.stubs.list
    request = lists.AddNumbersRequest(records=[lists.Record(number=str(NUMBER))])
    return lambda: server.lists.AddNumbers(request, timeout=PATIENCE)


@pytest.mark.parametrize("call", [scrub, check, write])
def test_calls_are_answered_or_told_that_the_server_stops(server, call):
    callers = Callers(server, call(server))
    wait_until(lambda: callers.ok > 200)
    server.process.send_signal(signal.SIGTERM)
    errors = callers.wait_for_errors()
    assert server.process.wait(PATIENCE) == 0
    assert len(errors) == CALLERS
    for error in errors:
        # A caller that comes when the server is gone finds nobody. None is cut off.
        assert error.code == "UNAVAILABLE", error
        assert error.reason == "STOPPING" or "failed to connect" in error.message, error


def test_a_call_under_way_gets_its_own_answer(start_server, tmp_path):
    config = tmp_path / "dncd.yaml"
    config.write_text("rpc: {worker_threads: 2, stop_grace_seconds: 600}\n"
                      "limits: {revision_wait_milliseconds: 10000}\n")
    server = start_server("--config", str(config))
    request = server.stubs.scrub.ScrubRequest(numbers=[NUMBER], at_least_revision=10**6)
    waiting = server.scrubs.Scrub.future(request, timeout=PATIENCE)

    def is_under_way():
        """Returns whether the call runs: then a second one finds no place, unless the first came
        after it."""
        nonlocal waiting
        if waiting.done():
            waiting = server.scrubs.Scrub.future(request, timeout=PATIENCE)
        return refusal(server, request).reason == "LIMIT_REACHED"

    wait_until(is_under_way)
    server.process.send_signal(signal.SIGTERM)
    told = server.refused(waiting.exception(PATIENCE))
    assert told.reason == "REVISION_NOT_REACHED"
    assert server.process.wait(PATIENCE) == 0


def test_waits_of_scrubs_do_not_outlast_the_grace(start_server, tmp_path):
    config = tmp_path / "dncd.yaml"
    config.write_text("rpc: {worker_threads: 2, stop_grace_seconds: 1}\n"
                      "limits: {revision_wait_milliseconds: 60000}\n")
    server = start_server("--config", str(config))
    request = server.stubs.scrub.ScrubRequest(numbers=[NUMBER], at_least_revision=10**6)
    waiting = [server.scrubs.Scrub.future(request) for _ in range(3)]
    # One of them finds no place: then the others wait.
    wait_until(lambda: any(call.done() for call in waiting))
    server.process.send_signal(signal.SIGTERM)
    # Far less than the minute for which a call may wait, and more than a slow machine takes.
    assert server.process.wait(40) == 0
    for call in waiting:
        assert call.exception(PATIENCE) is not None


def refusal(server, request):
    with pytest.raises(grpc.RpcError) as caught:
        server.scrubs.Scrub(request, timeout=PATIENCE)
    return server.refused(caught.value)


def test_idle_streams_are_told(server):
    """They do not keep the server from stopping, and are told why they end."""
    lists, scrubs = server.stubs.list, server.stubs.scrub
    never = threading.Event()

    def scrub_requests():
        yield scrubs.ScrubStreamRequest(scrub=scrubs.ScrubRequest(numbers=[NUMBER]))
        never.wait(PATIENCE)

    def import_requests():
        yield lists.ImportNumbersRequest(records=[lists.Record(number=str(NUMBER))])
        never.wait(PATIENCE)

    streams = [server.scrubs.ScrubStream(scrub_requests()),
               server.lists.ImportNumbers(import_requests()),
               server.lists.WatchChanges(lists.WatchChangesRequest())]
    for stream in streams:
        next(stream)
    server.process.send_signal(signal.SIGTERM)
    for stream in streams:
        with pytest.raises(grpc.RpcError) as caught:
            next(stream)
        told = server.refused(caught.value)
        assert (told.code, told.reason) == ("UNAVAILABLE", "STOPPING")
    never.set()
    assert server.process.wait(PATIENCE) == 0


def test_not_ready_comes_first(start_server, tmp_path):
    """With drain_seconds, balancers see it while everything is still answered, on new connections
    too."""
    config = tmp_path / "dncd.yaml"
    config.write_text("rpc: {drain_seconds: 600}\n")
    server = start_server("--config", str(config))
    health = server.stubs.health
    stub = server.stubs.health_grpc.HealthStub(server.channel)
    request = health.HealthCheckRequest(service="dnc.v1.RegistryService")
    assert stub.Check(request).status == health.HealthCheckResponse.SERVING
    watch = stub.Watch(request)
    assert next(watch).status == health.HealthCheckResponse.SERVING
    server.process.send_signal(signal.SIGTERM)
    assert next(watch).status == health.HealthCheckResponse.NOT_SERVING
    assert stub.Check(request).status == health.HealthCheckResponse.NOT_SERVING
    server.scrub(numbers=[NUMBER])
    with server.connect() as channel:
        again = server.stubs.scrub_grpc.ScrubServiceStub(channel)
        again.Scrub(server.stubs.scrub.ScrubRequest(numbers=[NUMBER]), timeout=PATIENCE)
    # A second signal is for those who cannot wait.
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(PATIENCE) == -signal.SIGTERM
