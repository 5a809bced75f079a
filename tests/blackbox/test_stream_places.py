"""Streams are counted, also per caller: nobody takes all places, and places come back."""

import contextlib
import threading
import time

import grpc
import pytest

from dnc_server import Refused, Server
from held_loads import HeldLoads
from list_files import DAY, flat
from tenant_calls import operator_key
from waiting import PATIENCE, wait_until

NUMBER = 2015550123


@pytest.fixture(name="keys")
def fixture_keys(tmp_path):
    return [operator_key(tmp_path / "data") for _ in range(2)]


@pytest.fixture(name="server")
def fixture_server(stubs, tmp_path, keys):
    config = tmp_path / "dncd.yaml"
    config.write_text("limits: {max_uploads: 3, max_key_uploads: 2, max_tenant_streams: 2,\n"
                      "         max_health_watches: 6}\n"
                      "guards: {min_first_numbers: 0}\n")
    made = Server(stubs, tmp_path / "data", "--config", str(config), key=keys[0],
                  tenant="default")
    made.wait_until_ready()
    yield made
    made.stop()


def sleeping_upload(server, metadata=()):
    """An upload that has begun, and then sends nothing until it is released."""
    registry = server.stubs.registry
    go_on = threading.Event()

    def parts():
        yield registry.UploadReleaseRequest(
            options=server.stubs.load.LoadOptions(list="national"))
        yield registry.UploadReleaseRequest(file=registry.FileStart(name="base.txt"))
        go_on.wait(PATIENCE)

    call = server.registry.UploadRelease.future(parts(), metadata=list(metadata))
    call.let_go = go_on.set
    return call


def refusal_of(server, call):
    with pytest.raises(grpc.RpcError) as caught:
        call.result(timeout=PATIENCE)
    return server.refused(caught.value)


def folders(tmp_path):
    """Returns the folders; each upload that has begun has one."""
    return list((tmp_path / "data" / "uploads").glob("*"))


def test_one_key_does_not_take_all_uploads(server, keys, tmp_path):
    greedy, other = (Server.identity(key) for key in keys)
    held = [sleeping_upload(server, greedy) for _ in range(2)]
    wait_until(lambda: all(not call.done() for call in held) and len(folders(tmp_path)) == 2)
    for third in (sleeping_upload(server, greedy), sleeping_upload(server, greedy)):
        told = refusal_of(server, third)
        assert (told.code, told.reason) == ("RESOURCE_EXHAUSTED", "LIMIT_REACHED")
        assert "max_key_uploads" in told.message
        third.let_go()
    # Another key finds a place, and then nobody does.
    held.append(sleeping_upload(server, other))
    wait_until(lambda: len(folders(tmp_path)) == 3)
    assert refusal_of(server, sleeping_upload(server, other)).reason == "LIMIT_REACHED"
    for call in held:
        call.cancel()
        call.let_go()
    wait_until(lambda: not folders(tmp_path))
    # Places come back a moment after their uploads end.
    wait_until(lambda: finds_place(server))


def finds_place(server):
    try:
        server.upload([("known.csv", b"phone\n2015550123\n")], "litigator:known",
                      obtained_at=time.time() - DAY)
    except Refused as refused:
        assert refused.reason == "LIMIT_REACHED", refused
        return False
    return True


def watch_health(server, channel, service=""):
    stub = server.stubs.health_grpc.HealthStub(channel)
    return stub.Watch(server.stubs.health.HealthCheckRequest(service=service))


def test_watches_of_health_are_counted_by_address(server):
    health = server.stubs.health
    with contextlib.ExitStack() as stack:
        channels = [stack.enter_context(server.connect()) for _ in range(4)]
        watches = [watch_health(server, channel) for channel in channels[:3]]
        for watch in watches:  # half of all six
            assert next(watch).status != health.HealthCheckResponse.UNKNOWN
        for service in ("", "dnc.v1.ScrubService", "no such service"):
            with pytest.raises(grpc.RpcError) as caught:
                next(watch_health(server, channels[3], service))
            told = server.refused(caught.value)
            assert (told.code, told.reason) == ("RESOURCE_EXHAUSTED", "LIMIT_REACHED")
            assert "max_health_watches" in told.message
        # A caller that asks once is always answered.
        stub = server.stubs.health_grpc.HealthStub(channels[3])
        assert stub.Check(health.HealthCheckRequest(), timeout=PATIENCE).status
        watches[0].cancel()

        def finds_a_place():
            watch = watch_health(server, channels[3])
            try:
                return next(watch).status
            except grpc.RpcError as error:
                assert server.refused(error).reason == "LIMIT_REACHED"
                return None

        wait_until(finds_a_place)
        for watch in watches[1:]:
            watch.cancel()


def test_watches_of_loads_are_counted_by_key(stubs, tmp_path, keys):
    held = HeldLoads(tmp_path)
    held.hold()
    config = tmp_path / "dncd.yaml"
    config.write_text("limits: {max_tenant_streams: 2}\nguards: {min_first_numbers: 0}\n")
    server = Server(stubs, tmp_path / "data", "--config", str(config), key=keys[0],
                    tenant="default", environment=held.environment)
    try:
        server.wait_until_ready()
        load_id = server.upload([("base.txt", flat([NUMBER]))],
                                obtained_at=time.time() - DAY).id
        request = stubs.registry.WatchLoadRequest(load_id=load_id)
        greedy, other = (Server.identity(key) for key in keys)
        watches = [server.registry.WatchLoad(request, metadata=greedy) for _ in range(2)]
        for watch in watches:
            assert next(watch).load.id == load_id
        with pytest.raises(grpc.RpcError) as caught:
            next(server.registry.WatchLoad(request, metadata=greedy))
        assert server.refused(caught.value).reason == "LIMIT_REACHED"
        watches.append(server.registry.WatchLoad(request, metadata=other))
        assert next(watches[-1]).load.id == load_id
        held.release()
        for watch in watches:
            *_, last = watch
            assert last.load.state == stubs.load.LOAD_STATE_SUCCEEDED
    finally:
        held.release()
        server.stop()
