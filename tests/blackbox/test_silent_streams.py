"""Streams whose callers sleep or do not read end, and free their places for others."""

import threading
import time

import grpc
import pytest

from list_files import DAY, flat
from metrics_page import Page, free_port
from tenant_calls import add, make_tenant
from waiting import PATIENCE, wait_until

FIRST = 2015550000
NUMBER = 2015550123


@pytest.fixture(name="impatient")
def fixture_impatient(start_server, tmp_path):
    """A server that waits three seconds for silent callers."""
    config = tmp_path / "dncd.yaml"
    config.write_text("limits: {silent_stream_seconds: 3, max_tenant_streams: 3}\n"
                      "guards: {min_first_numbers: 0}\n")
    metrics = f"127.0.0.1:{free_port()}"
    server = start_server("--config", str(config), metrics_listen=metrics)
    server.page = lambda: Page(metrics)
    return server


def add_many(server, metadata):
    """Writes some 40 MB, more than all that fits on the way to a client that does not read."""
    for at in range(0, 45_000, 3_000):
        add(server, [FIRST + at + i for i in range(3_000)], metadata=metadata, note="x" * 900)


def sleeper(message, begun):
    """Yields what a client sends that falls asleep after its first message."""
    yield message
    begun.set()
    threading.Event().wait(PATIENCE)


def end_of(server, stream):
    with pytest.raises(grpc.RpcError) as caught:
        for _ in stream:
            pass
    return server.refused(caught.value)


def test_uploads_that_sleep_give_their_places_back(impatient):
    registry = impatient.stubs.registry
    options = registry.UploadReleaseRequest(
        options=impatient.stubs.load.LoadOptions(list="national"))
    asleep = []
    for _ in range(4):
        begun = threading.Event()
        asleep.append(impatient.registry.UploadRelease.future(sleeper(options, begun)))
        assert begun.wait(PATIENCE)
    for upload in asleep:
        with pytest.raises(grpc.RpcError) as caught:
            upload.result(timeout=PATIENCE)
        told = impatient.refused(caught.value)
        assert (told.code, told.reason) == ("DEADLINE_EXCEEDED", "STREAM_SILENT")
    # All four places are free.
    impatient.load([("base.txt", flat([NUMBER]))], obtained_at=time.time() - DAY)


def test_imports_that_sleep_end(impatient):
    lists = impatient.stubs.list
    part = lists.ImportNumbersRequest(list_id="internal",
                                      records=[lists.Record(number=str(NUMBER))])
    begun = threading.Event()
    stream = impatient.lists.ImportNumbers(sleeper(part, begun))
    assert next(stream).added == 1
    told = end_of(impatient, stream)
    assert (told.code, told.reason) == ("DEADLINE_EXCEEDED", "STREAM_SILENT")
    assert impatient.verdicts([NUMBER]) != ["CLEAR"]


def test_a_scrub_stream_may_be_quiet(impatient):
    """It takes no place from others."""
    scrub = impatient.stubs.scrub
    go_on, answered = threading.Event(), []

    def requests():
        yield scrub.ScrubStreamRequest(scrub=scrub.ScrubRequest(numbers=[FIRST]))
        go_on.wait(PATIENCE)
        yield scrub.ScrubStreamRequest(scrub=scrub.ScrubRequest(numbers=[FIRST]))

    for answer in impatient.scrubs.ScrubStream(requests()):
        answered.append(answer)
        if len(answered) == 1:
            threading.Timer(5, go_on.set).start()
    assert len(answered) == 2


@pytest.mark.parametrize("method", ["ExportNumbers", "WatchChanges"])
def test_who_does_not_read_loses_his_place(impatient, method):
    make_tenant(impatient, "reader")
    as_reader = [("dnc-tenant", "reader")]
    add_many(impatient, as_reader)
    lists = impatient.stubs.list
    request = getattr(lists, f"{method}Request")()
    with impatient.connect() as channel:
        stub = lists_stub(impatient, channel)
        stream = getattr(stub, method)(request, metadata=as_reader)
        assert next(stream)
        ended = f'dnc_calls_total{{method="{method}",code="DEADLINE_EXCEEDED"}}'
        wait_until(lambda: ended in impatient.page().values)
        told = end_of(impatient, stream)
    assert (told.code, told.reason) == ("DEADLINE_EXCEEDED", "STREAM_SILENT")


def lists_stub(server, channel):
    return server.stubs.list_grpc.ListServiceStub(channel)


def test_one_tenant_does_not_take_all_exports(start_server):
    server = start_server()
    for tenant in ("greedy", "other"):
        make_tenant(server, tenant)
        add_many(server, [("dnc-tenant", tenant)])
    request = server.stubs.list.ExportNumbersRequest()
    with server.connect() as channel:
        stub = lists_stub(server, channel)
        held = stub.ExportNumbers(request, metadata=[("dnc-tenant", "greedy")])
        assert next(held)
        second = end_of(server, stub.ExportNumbers(request, metadata=[("dnc-tenant", "greedy")]))
        assert (second.code, second.reason) == ("RESOURCE_EXHAUSTED", "LIMIT_REACHED")
        others = list(stub.ExportNumbers(request, metadata=[("dnc-tenant", "other")]))
        assert others[-1].last
        held.cancel()


def test_watches_are_counted_by_tenant(impatient):
    for tenant in ("many", "few"):
        make_tenant(impatient, tenant)
    lists = impatient.stubs.list
    watches = []
    for _ in range(3):
        watches.append(impatient.lists.WatchChanges(lists.WatchChangesRequest(),
                                                    metadata=[("dnc-tenant", "many")]))
        add(impatient, [FIRST + len(watches)], metadata=[("dnc-tenant", "many")])
        assert next(watches[-1])
    fourth = end_of(impatient, impatient.lists.WatchChanges(
        lists.WatchChangesRequest(), metadata=[("dnc-tenant", "many")]))
    assert (fourth.code, fourth.reason) == ("RESOURCE_EXHAUSTED", "LIMIT_REACHED")
    add(impatient, [FIRST], metadata=[("dnc-tenant", "few")])
    other = impatient.lists.WatchChanges(lists.WatchChangesRequest(),
                                         metadata=[("dnc-tenant", "few")])
    assert next(other).changes
    for watch in (*watches, other):
        watch.cancel()
