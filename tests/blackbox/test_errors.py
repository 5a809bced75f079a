"""Each error of the server says why in an ErrorInfo."""

import signal
import time

import grpc
import pytest

from held_loads import HeldLoads
from list_files import DAY, block, flat

NOW = int(time.time())


@pytest.fixture
def loaded(server):
    server.load([("base.txt", flat(block(201, 555, 200)))], obtained_at=NOW - 5 * DAY)
    return server


def details_of(server, error):
    """Returns the google.rpc.Status of a failed call; empty if it has none."""
    status = server.stubs.status.Status()
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status.ParseFromString(value)
    return status


def check(server, call, code, reason):
    with pytest.raises(grpc.RpcError) as caught:
        answer = call()
        if hasattr(answer, "__next__"):
            for _ in answer:
                pass
    error = caught.value
    assert error.code().name == code, error
    status = details_of(server, error)
    assert status.code == error.code().value[0] and status.message == error.details()
    assert len(status.details) == 1
    info = server.stubs.details.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (info.domain, info.reason) == ("dnc.v1", reason)
    assert error.details()
    return info


def scrub_calls(server):
    scrub, scrubs = server.stubs.scrub, server.scrubs
    far = server.stubs.scrub.ScrubRequest(numbers=[2015550101])
    far.as_of.seconds = NOW + DAY
    early = server.stubs.scrub.CheckNumberRequest(number="2015550101")
    early.as_of.seconds = NOW - 1000 * DAY
    big = scrub.ScrubRequest(numbers=[2015550101] * 10001)
    both = scrub.ScrubRequest(numbers=[2015550101], texts=["2015550101"])
    later = scrub.ScrubRequest(numbers=[2015550101], at_least_revision=10**6)
    return [(lambda: scrubs.Scrub(big), "INVALID_ARGUMENT", "BATCH_TOO_LARGE"),
            (lambda: scrubs.ScrubStream(iter([scrub.ScrubStreamRequest(scrub=big)])),
             "INVALID_ARGUMENT", "BATCH_TOO_LARGE"),
            (lambda: scrubs.Scrub(both), "INVALID_ARGUMENT", "INVALID_REQUEST"),
            (lambda: scrubs.Scrub(far), "INVALID_ARGUMENT", "INVALID_REQUEST"),
            (lambda: scrubs.CheckNumber(early), "OUT_OF_RANGE", "HISTORY_NOT_REACHED"),
            (lambda: scrubs.Scrub(later), "FAILED_PRECONDITION", "REVISION_NOT_REACHED")]


def registry_calls(server):
    types, calls = server.stubs.registry, server.registry
    chunk = types.UploadReleaseRequest(chunk=b"x")
    options = types.UploadReleaseRequest(options=server.stubs.load.LoadOptions(list="no such"))
    return [(lambda: calls.WatchLoad(types.WatchLoadRequest(load_id=99)), "NOT_FOUND", "NOT_FOUND"),
            (lambda: calls.GetCoverage(types.GetCoverageRequest(list="state:TX")), "NOT_FOUND",
             "NOT_FOUND"),
            (lambda: calls.RetireList(types.RetireListRequest(list="state:TX")), "NOT_FOUND",
             "NOT_FOUND"),
            (lambda: calls.RetireList(types.RetireListRequest()), "INVALID_ARGUMENT",
             "INVALID_REQUEST"),
            (lambda: calls.RollBackRelease(types.RollBackReleaseRequest()), "FAILED_PRECONDITION",
             "NO_EARLIER_RELEASE"),
            (lambda: calls.GetHistory(types.GetHistoryRequest(number="1")), "INVALID_ARGUMENT",
             "INVALID_REQUEST"),
            (lambda: calls.ListLoads(types.ListLoadsRequest(page_token="x")), "INVALID_ARGUMENT",
             "INVALID_REQUEST"),
            (lambda: calls.LoadRelease(types.LoadReleaseRequest(paths=["/etc/passwd"])),
             "PERMISSION_DENIED", "PATH_NOT_ALLOWED"),
            (lambda: calls.UploadRelease(iter([chunk])), "INVALID_ARGUMENT", "INVALID_REQUEST"),
            (lambda: calls.UploadRelease(iter([])), "INVALID_ARGUMENT", "INVALID_REQUEST"),
            (lambda: calls.UploadRelease(iter([options])), "INVALID_ARGUMENT", "INVALID_REQUEST")]


def test_errors_of_scrubs(loaded):
    for call, code, reason in scrub_calls(loaded):
        check(loaded, call, code, reason)


def test_errors_of_the_registry(loaded):
    for call, code, reason in registry_calls(loaded):
        check(loaded, call, code, reason)
    assert loaded.verdicts([2015550101]) == ["LISTED"]


def test_a_watch_tells_that_the_server_stops(start_server, tmp_path):
    loads = HeldLoads(tmp_path)
    server = start_server(environment=loads.environment)
    loads.hold()
    load = server.upload([("held.txt", flat(block(212, 555, 1000)))], obtained_at=NOW - DAY)
    request = server.stubs.registry.WatchLoadRequest(load_id=load.id)
    watch = server.registry.WatchLoad(request)
    next(watch)
    server.process.send_signal(signal.SIGTERM)
    check(server, lambda: watch, "UNAVAILABLE", "STOPPING")
    loads.release()


def test_calls_that_no_method_sees_have_reasons(loaded):
    """Too long, of no method, or no message of the method: the transport tells why."""
    scrub = loaded.stubs.scrub
    oversize = scrub.ScrubRequest(texts=["2" * 2000] * 3000)
    unknown = loaded.channel.unary_unary("/dnc.v1.ScrubService/NoSuchCall")
    garbled = loaded.channel.unary_unary("/dnc.v1.ScrubService/Scrub")
    slow = scrub.ScrubRequest(numbers=[2015550101], at_least_revision=10**6)
    for call, code, reason in (
            (lambda: loaded.scrubs.Scrub(oversize), "RESOURCE_EXHAUSTED", "LIMIT_REACHED"),
            (lambda: loaded.scrubs.ScrubStream(
                iter([scrub.ScrubStreamRequest(scrub=oversize)])).next(),
             "RESOURCE_EXHAUSTED", "LIMIT_REACHED"),
            (lambda: unknown(b""), "UNIMPLEMENTED", "NOT_SUPPORTED"),
            (lambda: garbled(b"\xff\xff\xff"), "INTERNAL", "MALFORMED_CALL")):
        with pytest.raises(grpc.RpcError) as caught:
            call()
        assert caught.value.code().name == code, caught.value
        assert loaded.refused(caught.value).reason == reason
    # Client and server see the end of a deadline at the same time, and say the same.
    with pytest.raises(grpc.RpcError) as caught:
        loaded.scrubs.Scrub(slow, timeout=0.1)
    assert caught.value.code().name == "DEADLINE_EXCEEDED", caught.value
    assert loaded.verdicts([2015550101]) == ["LISTED"]
