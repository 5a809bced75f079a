"""A server that runs out of file descriptors recovers by itself, and reports it meanwhile."""

import resource
import socket
import time

import grpc
import pytest

from list_files import DAY, block, flat
from metrics_page import Page, free_port
from waiting import PATIENCE, wait_until

NUMBER = 2015550123


def connect(server):
    """Opens a bare connection, which takes one of the server's descriptors until it is closed."""
    if server.address.startswith("unix:"):
        plain = socket.socket(socket.AF_UNIX)
        plain.settimeout(PATIENCE)
        plain.connect(server.address.removeprefix("unix:"))
        return plain
    host, port = server.address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def is_refused(plain):
    """Returns whether the server has closed the connection instead of greeting."""
    try:
        return plain.recv(1) == b""
    except ConnectionResetError:
        return True


def answers(server):
    """Returns whether a new connection gets an answer."""
    with server.connect() as channel:
        stub = server.stubs.scrub_grpc.ScrubServiceStub(channel)
        try:
            stub.Scrub(server.stubs.scrub.ScrubRequest(numbers=[NUMBER]), timeout=PATIENCE)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE, error
            return False
        return True


def is_healthy(server):
    stub = server.stubs.health_grpc.HealthStub(server.channel)
    answer = stub.Check(server.stubs.health.HealthCheckRequest(), timeout=PATIENCE)
    return answer.status == server.stubs.health.HealthCheckResponse.SERVING


@pytest.mark.parametrize("on_socket", [False, True])
def test_connections_that_take_all_descriptors(start_server, tmp_path, on_socket):
    metrics = f"127.0.0.1:{free_port()}"
    options = {"listen": f"unix:{tmp_path}/dncd.sock"} if on_socket else {}
    server = start_server(metrics_listen=metrics, **options)
    server.load([("base.txt", flat(block(201, 555, 20)))], obtained_at=time.time() - DAY)
    wait_until(lambda: is_healthy(server))
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (128, 128))
    taken = [connect(server) for _ in range(300)]
    # Those who get no place are told so at once, and do not hang.
    refused = sum(is_refused(plain) for plain in taken)
    assert refused >= 300 - 128
    assert not answers(server)
    wait_until(lambda: "could not be accepted" in server.log())
    wait_until(lambda: Page(metrics)["dnc_ready"] == 0)
    wait_until(lambda: not is_healthy(server))
    assert Page(metrics)["dnc_accept_failures_total"] >= refused
    # Those who are connected are served, and the stores have their own descriptors.
    server.scrub(numbers=[NUMBER])
    server.call(server.lists.AddNumbers, server.stubs.list.AddNumbersRequest(
        records=[server.stubs.list.Record(number=str(NUMBER))]))
    for plain in taken:
        plain.close()
    wait_until(lambda: answers(server))
    wait_until(lambda: Page(metrics)["dnc_ready"] == 1)
    wait_until(lambda: is_healthy(server))
    assert "connections are accepted again" in server.log()


def test_an_accept_that_fails(start_server):
    """No descriptor at all is left, so accept itself fails."""
    server = start_server()
    pid = server.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, hard))
    waiting = connect(server)
    wait_until(lambda: "Too many open files" in server.log())
    server.scrub(numbers=[NUMBER])
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
    assert not is_refused(waiting)
    assert answers(server)
    waiting.close()


def test_the_soft_limit_is_raised_to_the_hard_one(start_server):
    server = start_server()
    server.stop()
    server.command = ["prlimit", "--nofile=200:300", *server.command]
    server.start()
    server.wait_until_ready()
    assert resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE) == (300, 300)
