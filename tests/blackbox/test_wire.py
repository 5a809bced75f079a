"""The server's own transport: what peers that break the rules, or barely keep them, can do. Each
test sends a bounded handful just above a limit that it sets low."""

import contextlib
import struct
import threading

import grpc
import pytest

import http2_frames as h2
from dnc_server import Server
from http2_frames import RawClient
from tenant_calls import make_tenant, new_key, operator_key

SCRUB = "/dnc.v1.ScrubService/Scrub"
NUMBER = 2015550123
CONFIG = """
guards: {min_first_numbers: 0}
rpc: {threads: 2, keepalive_seconds: 5, keepalive_timeout_seconds: 2}
limits: {max_idle_frames: 50, max_resets: 20, max_unfinished_bytes: 1 MiB, max_streams: 100,
         silent_stream_seconds: 2}
"""


@pytest.fixture(name="native", scope="module")
def fixture_native(stubs, tmp_path_factory):
    config = tmp_path_factory.mktemp("native") / "dncd.yaml"
    config.write_text(CONFIG)
    server = Server(stubs, config.parent / "data", "--config", str(config))
    server.wait_until_ready()
    yield server
    server.stop()


@pytest.fixture(name="message")
def fixture_message(native):
    return native.stubs.scrub.ScrubRequest(numbers=[NUMBER]).SerializeToString()


def serves(native):
    """Whether an honest caller is answered."""
    return len(native.verdicts([NUMBER])) == 1


def test_a_call_by_hand(native, message):
    with RawClient(native.address) as client:
        client.call(1, SCRUB, message)
        assert client.wait(lambda c: c.ended(1))
        body = b"".join(payload for kind, _, stream, payload in client.frames
                        if kind == h2.DATA and stream == 1)
        assert struct.unpack(">I", body[1:5])[0] == len(body) - 5
        answer = native.stubs.scrub.ScrubResponse.FromString(body[5:])
        assert len(answer.verdicts) == 1


def test_a_reset_of_a_stream_that_was_not_opened(native, message):
    """As gRPC's C core sends it for a call whose deadline passed before its headers went out."""
    reset = struct.pack(">I", 8)
    with RawClient(native.address) as client:
        client.frame(h2.RST_STREAM, 0, 1, reset)
        client.call(3, SCRUB, message)
        client.frame(h2.RST_STREAM, 0, 5, reset)
        client.call(7, SCRUB, message)
        assert client.wait(lambda c: c.ended(3) and c.ended(7))
        raw = b"\x00\x00\x04\x03\x00" + struct.pack(">I", 9) + reset
        for byte in raw:
            client.send(bytes([byte]))
        client.call(11, SCRUB, message)
        assert client.wait(lambda c: c.ended(11))
        assert client.goaway() is None


def test_bytes_one_by_one(native, message):
    """However the bytes are cut, the call is the same."""
    with RawClient(native.address) as client:
        headers = h2.request_headers(SCRUB)
        raw = struct.pack(">I", len(headers))[1:] + b"\x01\x04" + struct.pack(">I", 1) + headers
        for byte in h2.framed(message):
            raw += b"\x00\x00\x01\x00\x00" + struct.pack(">I", 1) + bytes([byte])
        raw += b"\x00\x00\x00\x00\x01" + struct.pack(">I", 1)
        for byte in raw:
            client.send(bytes([byte]))
        assert client.wait(lambda c: c.ended(1))
        assert h2.DATA in [kind for kind, *_ in client.frames]


def test_resets_of_unanswered_calls_have_a_budget(native):
    with RawClient(native.address) as client:
        for stream in range(1, 2 * 60, 2):
            client.frame(h2.HEADERS, h2.END_HEADERS, stream, h2.request_headers(SCRUB))
            client.frame(h2.RST_STREAM, 0, stream, struct.pack(">I", 8))
        assert client.wait(lambda c: c.closed)
        assert client.goaway() == h2.ENHANCE_YOUR_CALM
    assert serves(native)


def test_whoever_gives_up_answered_calls_too_is_no_enemy(native, message):
    """Calls that are answered earn what those that are given up spend."""
    with RawClient(native.address) as client:
        for stream in range(1, 2 * 200, 4):
            client.call(stream, SCRUB, message)
            assert client.wait(lambda c, of=stream: c.ended(of))
            client.frame(h2.HEADERS, h2.END_HEADERS, stream + 2, h2.request_headers(SCRUB))
            client.frame(h2.RST_STREAM, 0, stream + 2, struct.pack(">I", 8))
        assert client.goaway() is None


IDLE = {
    "pings": (h2.PING, 0, 0, bytes(8)),
    "settings": (h2.SETTINGS, 0, 0, b""),
    "priorities": (h2.PRIORITY, 0, 1, bytes(4) + b"\x10"),
    "windows": (h2.WINDOW_UPDATE, 0, 0, struct.pack(">I", 1)),
    "empty data": (h2.DATA, 0, 1, b""),
    "unknown": (0x77, 0, 0, b"x"),
}


@pytest.mark.parametrize("kind", IDLE)
def test_frames_that_bring_nothing_have_a_budget(native, kind):
    with RawClient(native.address) as client:
        client.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.request_headers(SCRUB))
        for _ in range(100):
            client.frame(*IDLE[kind])
        assert client.wait(lambda c: c.closed)
        assert client.goaway() == h2.ENHANCE_YOUR_CALM
    assert serves(native)


def half_requests(client):
    """Sixteen, which never end."""
    for stream in range(1, 2 * 16, 2):
        client.frame(h2.HEADERS, h2.END_HEADERS, stream, h2.request_headers(SCRUB))
        client.frame(h2.DATA, 0, stream, b"\0" + struct.pack(">I", 1 << 20))
        client.frame(h2.DATA, 0, stream, bytes(16 << 10))


def long_metadata(client):
    """Of thirty calls, each close to what a call may have."""
    filler = [(f"x-filler-{i}", "y" * 1000) for i in range(14)]
    for stream in range(1, 2 * 30, 2):
        client.frame(h2.HEADERS, h2.END_HEADERS, stream, h2.request_headers(SCRUB, *filler))


def resets(client):
    for stream in range(1, 2 * 60, 2):
        client.frame(h2.HEADERS, h2.END_HEADERS, stream, h2.request_headers(SCRUB))
        client.frame(h2.RST_STREAM, 0, stream, struct.pack(">I", 8))


def headers_in_parts(client):
    """Headers that go on, and do not end."""
    client.frame(h2.HEADERS, 0, 1, h2.request_headers(SCRUB))
    for part in range(20):
        client.frame(h2.CONTINUATION, 0, 1, h2.literal(f"x-part-{part}", "y" * 4000))


def idle_frames(kind):
    def send(client):
        client.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.request_headers(SCRUB))
        for _ in range(100):
            client.frame(*IDLE[kind])
    return send


HOSTILE = {**{kind: idle_frames(kind) for kind in IDLE}, "half requests": half_requests,
           "metadata": long_metadata, "resets": resets, "headers without end": headers_in_parts}


def resident(server):
    """Returns how many bytes of memory the server has."""
    with open(f"/proc/{server.process.pid}/statm", encoding="ascii") as sizes:
        return int(sizes.read().split()[1]) * 4096


@pytest.mark.parametrize("kind", HOSTILE)
def test_sixteen_hostile_connections_take_little_memory(native, kind):
    """8 MiB more than sixteen that are idle, and others are served throughout."""
    with contextlib.ExitStack() as stack:
        for _ in range(2):  # what a server has had once, its allocator keeps
            idle = [stack.enter_context(RawClient(native.address)) for _ in range(16)]
            for client in idle:
                assert client.wait(lambda c: c.frames)
            before = resident(native)
        hostile = [stack.enter_context(RawClient(native.address)) for _ in range(16)]
        most = 0
        for client in hostile:
            HOSTILE[kind](client)
            assert serves(native)
            most = max(most, resident(native))
        assert most - before < 8 << 20, f"{(most - before) >> 10} KiB"


LATE = {
    "headers": (h2.HEADERS, h2.END_HEADERS, h2.request_headers(SCRUB)),
    "trailers": (h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, h2.literal("x-late", "1")),
    "data": (h2.DATA, 0, bytes(100)),
    "resets": (h2.RST_STREAM, 0, struct.pack(">I", 8)),
}


@pytest.mark.parametrize("kind", LATE)
def test_frames_of_streams_that_are_over_have_a_budget(native, message, kind):
    """nghttp2 reads and ignores them, because they may cross a reset."""
    frame, flags, payload = LATE[kind]
    with RawClient(native.address) as client:
        client.call(3, SCRUB, message)
        assert client.wait(lambda c: c.ended(3))
        for i in range(100):
            client.frame(frame, flags, 1 if i % 2 else 3, payload)
        assert client.wait(lambda c: c.closed)
        assert client.goaway() == h2.ENHANCE_YOUR_CALM
    assert serves(native)


def test_unfinished_requests_have_room_for_so_much(native):
    """2 MiB of requests that never end meet a limit of 1 MiB: what is above it is refused, and
    others are served."""
    with RawClient(native.address) as client:
        client.wait(lambda c: c.frames)
        for stream in range(1, 2 * 32, 2):
            client.frame(h2.HEADERS, h2.END_HEADERS, stream, h2.request_headers(SCRUB))
            client.frame(h2.DATA, 0, stream, b"\0" + struct.pack(">I", 1 << 20))
            for _ in range(4):
                client.frame(h2.DATA, 0, stream, bytes(16 << 10))
            assert serves(native)
        assert client.wait(lambda c: any(c.ended(stream) for stream in range(1, 64, 2)))
    assert serves(native)


def test_answers_that_nobody_reads_have_room_for_so_much(native):
    """The peer opens no window for answers. Above the limit further calls are refused."""
    numbers = [NUMBER] * 5000
    message = native.stubs.scrub.ScrubRequest(numbers=numbers).SerializeToString()
    no_window = struct.pack(">HI", 4, 0)
    with RawClient(native.address, settings=no_window) as client:
        ended = []
        for stream in range(1, 2 * 90, 2):
            headers = h2.request_headers(SCRUB)
            client.frame(h2.HEADERS, h2.END_HEADERS, stream, headers)
            body = h2.framed(message)
            for at in range(0, len(body), 16 << 10):
                last = at + (16 << 10) >= len(body)
                client.frame(h2.DATA, h2.END_STREAM if last else 0, stream,
                             body[at:at + (16 << 10)])
            assert serves(native)
            ended = [s for s in range(1, stream + 1, 2) if client.ended(s)]
            if ended:
                break
        assert client.wait(lambda c: any(c.ended(s) for s in range(1, 180, 2)))
    assert serves(native)


def test_the_rest_of_refused_requests_is_expected(stubs, tmp_path):
    """A long request of whoever is above a quota is refused at its beginning. What is on its way
    costs its sender nothing, and crumbs that come after it do."""
    config = tmp_path / "dncd.yaml"
    config.write_text(CONFIG)
    key = operator_key(tmp_path / "data")
    server = Server(stubs, tmp_path / "data", "--config", str(config), key=key, tenant="default")
    server.wait_until_ready()
    make_tenant(server, "floods", quotas=stubs.tenant.Quotas(numbers_per_second=1))
    secret = new_key(server, ["SCRUB"], "floods").secret
    message = stubs.scrub.ScrubRequest(numbers=[NUMBER] * 10_000).SerializeToString()
    parts = [h2.framed(message)[at:at + 8192] for at in range(0, len(message) + 5, 8192)]
    headers = h2.request_headers(SCRUB, ("authorization", "Bearer " + secret))
    with RawClient(server.address) as client:
        for stream in range(1, 2 * 40, 2):
            client.frame(h2.HEADERS, h2.END_HEADERS, stream, headers)
            client.frame(h2.DATA, 0, stream, parts[0])
            # The first ones spend what the quota has.
            if stream > 3:
                assert client.wait(lambda c, of=stream: c.ended(of))
            for part in parts[1:-1]:
                client.frame(h2.DATA, 0, stream, part)
            client.frame(h2.DATA, h2.END_STREAM, stream, parts[-1])
            assert client.wait(lambda c, of=stream: c.ended(of))
        client.frame(h2.PING, 0, 0, bytes(8))
        assert client.wait(lambda c: any(kind == h2.PING for kind, *_ in c.frames))
        assert client.goaway() is None
        for _ in range(10_000):
            client.frame(h2.DATA, 0, stream, b"x")
        assert client.wait(lambda c: c.closed)
        assert client.goaway() == h2.ENHANCE_YOUR_CALM
    server.stop()


def test_many_questions_of_reflection_take_their_turns(native):
    """Anybody may ask, and a thousand small questions in one piece hold up nobody else."""
    path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
    question = native.stubs.reflection.ServerReflectionRequest(
        file_containing_symbol="dnc.v1.ListService").SerializeToString()
    with RawClient(native.address) as client:
        client.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.request_headers(path))
        many = h2.framed(question) * 1000
        for at in range(0, len(many), 16 << 10):
            client.frame(h2.DATA, 0, 1, many[at:at + (16 << 10)])
        client.frame(h2.WINDOW_UPDATE, 0, 0, struct.pack(">I", 1 << 30))
        client.frame(h2.WINDOW_UPDATE, 0, 1, struct.pack(">I", 1 << 30))
        for _ in range(20):
            assert serves(native)
        client.frame(h2.DATA, h2.END_STREAM, 1)
        assert client.wait(lambda c: c.ended(1))
        body = b"".join(payload for kind, _, stream, payload in client.frames
                        if kind == h2.DATA and stream == 1)
        answers = 0
        while body:
            body = body[5 + struct.unpack(">I", body[1:5])[0]:]
            answers += 1
        assert answers == 1000


def test_whoever_takes_a_byte_at_a_time_loses_his_place(native):
    """Though he is never silent for long: the server waits four times as long for one part."""
    lists = native.stubs.list
    native.lists.AddNumbers(lists.AddNumbersRequest(
        records=[lists.Record(number=str(NUMBER), note="x" * 200)]))
    with RawClient(native.address, settings=struct.pack(">HI", 4, 0)) as client:
        client.call(1, "/dnc.v1.ListService/ExportNumbers", b"")
        for _ in range(60):
            if client.ended(1):
                break
            client.frame(h2.WINDOW_UPDATE, 0, 1, struct.pack(">I", 1))
            client.wait(lambda c: c.ended(1), patience=0.5)
        assert client.ended(1)


def test_strangers_leave_half_of_the_room_to_known_callers(stubs, tmp_path):
    config = tmp_path / "dncd.yaml"
    config.write_text("guards: {min_first_numbers: 0}\n"
                      "limits: {max_request_bytes: 2 MiB, max_unfinished_bytes: 8 MiB}\n")
    key = operator_key(tmp_path / "data")
    server = Server(stubs, tmp_path / "data", "--config", str(config), key=key, tenant="default")
    server.wait_until_ready()
    with contextlib.ExitStack() as stack:
        strangers = [stack.enter_context(RawClient(server.address)) for _ in range(8)]
        for client in strangers:
            client.wait(lambda c: c.frames)
            for stream in range(1, 2 * 10, 2):
                client.frame(h2.HEADERS, h2.END_HEADERS, stream, h2.request_headers(SCRUB))
                client.frame(h2.DATA, 0, stream, b"\0" + struct.pack(">I", 1 << 20))
                for _ in range(6):
                    client.frame(h2.DATA, 0, stream, bytes(16 << 10))
        # They are refused what is above their half.
        assert strangers[-1].wait(lambda c: any(c.ended(s) for s in range(1, 20, 2)))
        texts = ["2015550123" + " " * 190] * 8_000
        assert len(server.scrub(texts=texts).verdicts) == 8_000
    server.stop()


def test_an_upload_in_small_parts(native):
    """More than any window, in parts that are whole messages, and nothing else happens."""
    registry = native.stubs.registry

    def parts():
        yield registry.UploadReleaseRequest(options=registry.LoadOptions())
        yield registry.UploadReleaseRequest(file=registry.FileStart(name="small.txt"))
        for _ in range(500):
            yield registry.UploadReleaseRequest(chunk=b"201,5550101\n" * 340)

    with native.connect() as channel:
        stub = native.stubs.registry_grpc.RegistryServiceStub(channel)
        try:
            stub.UploadRelease(parts(), timeout=60)
        except grpc.RpcError as refused:
            # What is in it does not matter here: all of it was read.
            assert refused.code() != grpc.StatusCode.DEADLINE_EXCEEDED, refused


def test_a_request_that_stays_half_ends(native):
    with RawClient(native.address) as client:
        client.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.request_headers(SCRUB))
        client.frame(h2.DATA, 0, 1, h2.framed(bytes(100))[:50])
        assert client.wait(lambda c: c.ended(1))


def test_whoever_says_nothing_after_connecting_is_closed(native):
    import socket  # pylint: disable=import-outside-toplevel
    host, port = native.address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=60) as plain:
        while plain.recv(4096):
            pass  # the server's settings, and then the end


def test_a_quiet_connection_is_pinged_and_ends_if_it_is_dead(native):
    with RawClient(native.address) as client:
        assert client.wait(lambda c: any(kind == h2.PING for kind, *_ in c.frames))
        assert client.wait(lambda c: c.closed)


def test_unanswered_bodies_are_dropped(native):
    """A call that is refused before its body has come; the caller sends on, and may."""
    with RawClient(native.address) as client:
        client.frame(h2.HEADERS, h2.END_HEADERS, 1,
                     h2.request_headers(SCRUB, ("grpc-encoding", "snappy")))
        for _ in range(4):
            client.frame(h2.DATA, 0, 1, bytes(1000))
        assert client.wait(lambda c: any(k == h2.RST_STREAM for k, *_ in c.frames))
        assert client.goaway() is None


@pytest.mark.parametrize("headers, status", [
    ([(":method", "GET")], b"405"), ([("content-type", "text/plain")], b"415")])
def test_what_is_no_grpc_gets_an_http_status(native, headers, status):
    fields = {":method": "POST", ":scheme": "http", ":path": SCRUB, ":authority": "dncd",
              "content-type": "application/grpc", **dict(headers)}
    with RawClient(native.address) as client:
        client.frame(h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, 1,
                     b"".join(h2.literal(name, value) for name, value in fields.items()))
        assert client.wait(lambda c: c.ended(1))
        answer = b"".join(payload for kind, _, _, payload in client.frames if kind == h2.HEADERS)
        assert status in answer  # Huffman's code would be no shorter


def test_many_calls_at_once(native, message):
    with RawClient(native.address) as client:
        client.wait(lambda c: c.frames)
        for first in range(1, 2000, 200):
            for stream in range(first, first + 200, 2):
                client.call(stream, SCRUB, message)
            assert client.wait(lambda c, at=first: all(
                c.ended(s) for s in range(at, at + 200, 2)))
        assert client.goaway() is None


def test_callers_on_many_connections(native):
    failures = []

    def call():
        channel = native.connect()
        stub = native.stubs.scrub_grpc.ScrubServiceStub(channel)
        for _ in range(50):
            answer = stub.Scrub(native.stubs.scrub.ScrubRequest(numbers=[NUMBER] * 20))
            if len(answer.verdicts) != 20:
                failures.append(answer)
        channel.close()

    threads = [threading.Thread(target=call) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
