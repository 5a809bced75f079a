"""What callers' own libraries and environments do to a connection: pings, deadlines, metadata,
keys with a line end, proxies."""

import os
import socket
import struct
import subprocess
import threading

import grpc
import pytest

from dnc_server import BIN, Refused
from tenant_calls import new_key, operator_key
from waiting import PATIENCE, wait_until

NUMBER = 2015550123


def read_frames(plain, frames):
    """Appends (type, flags, payload) of what a server sends until it ends the connection."""
    data = b""
    while True:
        while len(data) >= 9 and len(data) >= 9 + int.from_bytes(data[:3], "big"):
            size = int.from_bytes(data[:3], "big")
            frames.append((data[3], data[4], data[9:9 + size]))
            data = data[9 + size:]
        try:
            more = plain.recv(65536)
        except OSError:
            return
        if not more:
            return
        data += more


def test_pings_every_ten_seconds_are_permitted(server):
    """They are permitted without calls too: balancers and mobile networks make clients ping. Here
    it is seven seconds, so that a late ping does not make the next one too early."""
    ping, goaway = 6, 7
    host, port = server.address.rsplit(":", 1)
    frames = []
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as plain:
        plain.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5))
        reader = threading.Thread(target=read_frames, args=(plain, frames), daemon=True)
        reader.start()
        for i in range(5):
            plain.sendall(b"\x00\x00\x08\x06\x00" + bytes(4) + struct.pack(">Q", i))
            threading.Event().wait(7)
        plain.shutdown(socket.SHUT_WR)
        reader.join(PATIENCE)
    answered = [payload for kind, flags, payload in frames if kind == ping and flags == 1]
    assert len(answered) == 5
    assert not [payload for kind, _, payload in frames
                if kind == goaway and b"too_many_pings" in payload]


# These deadlines are as they stand on the wire: 9,000,000,000 seconds from `grpcurl -max-time`,
# Go's longest duration (292 years), and the most that eight digits can say.
@pytest.mark.parametrize("timeout", ["2500000H", "2562047H", "99999999H", "99999999M", "99999999S"])
def test_deadlines_that_never_come(server, timeout):
    stubs, metadata = server.stubs, [("grpc-timeout", timeout)]
    server.scrubs.Scrub(stubs.scrub.ScrubRequest(numbers=[NUMBER]), metadata=metadata)
    # On a worker, the server checks whether the deadline has passed.
    server.scrubs.CheckNumber(stubs.scrub.CheckNumberRequest(number=str(NUMBER)),
                              metadata=metadata)
    server.scrubs.Scrub(stubs.scrub.ScrubRequest(numbers=[NUMBER], detail=2), metadata=metadata)
    server.registry.GetStatus(stubs.registry.GetStatusRequest(), metadata=metadata)
    request = stubs.scrub.ScrubRequest(numbers=[NUMBER], at_least_revision=10**6)
    with pytest.raises(grpc.RpcError) as caught:
        server.scrubs.Scrub(request, metadata=metadata)
    assert server.refused(caught.value).reason == "REVISION_NOT_REACHED"


def test_the_wire_carries_the_deadline_of_that_test(server):
    """Without it that test would prove nothing. A millisecond may be enough for an answer now and
    then."""
    request = server.stubs.scrub.CheckNumberRequest(number=str(NUMBER))

    def is_late():
        try:
            server.scrubs.CheckNumber(request, metadata=[("grpc-timeout", "1n")])
        except grpc.RpcError as error:
            return error.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        return False

    wait_until(is_late)


@pytest.mark.parametrize("size", [17 * 1024, 64 * 1024, 200 * 1024])
def test_too_much_metadata_is_of_the_one_call(server, size):
    scrub = server.stubs.scrub
    go_on = threading.Event()

    def requests():
        yield scrub.ScrubStreamRequest(scrub=scrub.ScrubRequest(numbers=[NUMBER]))
        go_on.wait(PATIENCE)
        yield scrub.ScrubStreamRequest(scrub=scrub.ScrubRequest(numbers=[NUMBER]))

    other = server.scrubs.ScrubStream(requests())
    next(other)
    large = [(f"x-filler-{i}", "y" * 1000) for i in range(size // 1000)]
    kinds = [large, [("x-filler", "y" * size)]]
    if size > 65536:
        kinds.pop()  # nghttp2 takes no value above 64 KiB: the connection ends
    for metadata in kinds:
        with pytest.raises(Refused) as refused:
            server.scrub(numbers=[NUMBER], metadata=metadata)
        assert (refused.value.code, refused.value.reason) == ("RESOURCE_EXHAUSTED", "LIMIT_REACHED")
        assert "limits.max_metadata_bytes" in refused.value.message
    go_on.set()
    assert len(list(other)) == 1
    server.scrub(numbers=[NUMBER], metadata=[("x-filler", "y" * 10_000)])


def run(program, server, *arguments, **environment):
    return subprocess.run([str(BIN / program), *arguments], capture_output=True, text=True,
                          check=False, timeout=PATIENCE,
                          env=dict(os.environ, DNC_SERVER=server.address, **environment))


@pytest.fixture(name="keyed")
def fixture_keyed(start_server, tmp_path):
    return start_server(data_dir=tmp_path / "keyed", key=operator_key(tmp_path / "keyed"),
                        tenant="default")


def test_a_key_as_a_file_gives_it(keyed):
    key = new_key(keyed, ["SCRUB"]).secret
    for written in (f"{key}\n", f"{key}\r\n", f" \t{key} ", f"\n{key}"):
        checked = run("dncctl", keyed, "check", str(NUMBER), DNC_KEY=written)
        assert checked.returncode == 11, checked.stderr
    operator = keyed.metadata[0][1].removeprefix("Bearer ")
    checked = run("dncctl", keyed, "check", str(NUMBER), DNC_KEY=operator, DNC_TENANT="default\n")
    assert checked.returncode == 11, checked.stderr
    # This holds for any client: blanks at the ends mean nothing.
    keyed.scrub(numbers=[NUMBER], metadata=[("authorization", f"Bearer  {key} ")])


@pytest.mark.parametrize("program", ["dncctl", "dncload"])
def test_other_bytes_are_a_mistake_in_usage(keyed, program, tmp_path):
    key = new_key(keyed, ["SCRUB"]).secret
    asked = tmp_path / "asked.txt"
    asked.write_text(f"{NUMBER}\n")
    load = ["run", "--seconds", "1", "--rate", "10", "--numbers", str(asked)]
    command = {"dncctl": ["check", str(NUMBER)], "dncload": load}[program]
    for written in (f"{key[:20]}\n{key[20:]}", f"{key[:20]} {key[20:]}", f"\ufeff{key}",
                    f"{key}\x01", f"“{key}”"):
        done = run(program, keyed, *command, DNC_KEY=written)
        assert done.returncode == 2, done
        assert "key" in done.stderr
        assert "dnck_" + key[5:20] not in done.stdout + done.stderr
        assert key[20:] not in done.stdout + done.stderr
    done = run(program, keyed, *command, DNC_KEY=key, DNC_TENANT="a\nb")
    assert done.returncode == 2 and "tenant" in done.stderr
    done = run(program, keyed, "--server", "http://127.0.0.1:1", *command) \
        if program == "dncctl" else run(program, keyed, *command, "--server", "http://127.0.0.1:1")
    assert done.returncode == 2 and "HOST:PORT" in done.stderr


def test_keys_are_not_in_the_log(start_server, tmp_path):
    key = operator_key(tmp_path / "logged")
    server = start_server("--log-level", "debug", data_dir=tmp_path / "logged", key=key,
                          tenant="default")
    for wrong in (f"{key}x", key[:-4], f"{key} {key}"):
        with pytest.raises(Refused):
            server.scrub(numbers=[NUMBER], metadata=[("authorization", f"Bearer {wrong}")])
    assert key[5:30] not in server.log()


PROXIES = ["http_proxy", "https_proxy", "grpc_proxy"]


@pytest.mark.parametrize("variable", PROXIES)
def test_loopback_never_goes_through_a_proxy(server, variable):
    nobody = {name: "" for name in [*PROXIES, "no_proxy", "no_grpc_proxy"]}
    proxy = {**nobody, variable: "http://192.0.2.1:3128"}
    host, port = server.address.rsplit(":", 1)
    for target in (server.address, f"ipv4:{host}:{port}", f"ipv4:127.0.0.1:1,{host}:{port}"):
        done = run("dncctl", server, "--server", target, "status", **proxy)
        assert done.returncode == 0, done.stderr


def test_a_unix_socket_never_goes_through_a_proxy(start_server, tmp_path):
    server = start_server(listen=f"unix:{tmp_path}/dncd.sock")
    done = run("dncctl", server, "status", http_proxy="http://192.0.2.1:3128")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("variable", PROXIES)
def test_a_failure_names_the_proxys_variable(server, variable):
    with socket.create_server(("127.0.0.1", 0)) as refuses:
        port = refuses.getsockname()[1]
    nobody = {name: "" for name in [*PROXIES, "no_proxy", "no_grpc_proxy"]}
    done = run("dncctl", server, "--server", "192.0.2.7:50061", "--timeout", "10", "status",
               **{**nobody, variable: f"http://127.0.0.1:{port}"})
    assert done.returncode == 1
    assert variable in done.stderr and "no_proxy" in done.stderr
