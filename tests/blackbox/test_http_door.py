"""The HTTP door of a real server: who may come in, what bad callers cost, and how it ends."""

import contextlib
import http.client
import json
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest

from certificates import make_certificate
from dnc_server import ANY_PORT, BIN, HOST, Server, refused_start
from list_files import DAY, flat, registry_name
from metrics_page import Page, free_port
from tenant_calls import operator_key
from waiting import PATIENCE, wait_until

NUMBER = 2015550123
GET = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"


def connect(address):
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def ask(address, path, method="GET", body=None, **headers):
    """Returns the status, the headers, and the body."""
    connection = http.client.HTTPConnection(address, timeout=PATIENCE)
    with contextlib.closing(connection):
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body=body, headers=names)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()


def answers(address, request, finish=True):
    """Returns all that the server says to these bytes until it closes."""
    with connect(address) as peer:
        peer.sendall(request)
        if finish:
            peer.shutdown(socket.SHUT_WR)
        said = b""
        while chunk := peer.recv(65536):
            said += chunk
        return said.decode()


@pytest.fixture(name="door")
def fixture_door(start_server, tmp_path):
    """Starts a server whose `http` section says so."""
    def start(**http_options):
        config = tmp_path / "dncd.yaml"
        config.write_text(json.dumps({"guards": {"min_first_numbers": 0}, "http": http_options}))
        return start_server("--config", str(config), http_listen=ANY_PORT)

    return start


def load_something(server):
    base = int(time.time()) - 2 * DAY
    server.load([(registry_name(base, "201"), flat([NUMBER]))])


def test_tells_how_it_is(door):
    server = door()
    assert ask(server.http, "/livez")[0::2] == (200, "ok\n")
    status, headers, text = ask(server.http, "/readyz")
    assert (status, headers["content-type"]) == (503, "application/problem+json")
    problem = json.loads(text)
    assert (problem["status"], problem["reason"]) == (503, "STARTING")
    assert "no list that the policy requires" in problem["detail"]
    load_something(server)
    wait_until(lambda: ask(server.http, "/readyz")[0::2] == (200, "ready\n"))
    status, headers, text = ask(server.http, "/metrics")
    assert (status, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert "\ndnc_ready 1\n" in text
    _, headers, text = ask(server.http, "/metrics", accept="application/openmetrics-text")
    assert headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert text.endswith("\n# EOF\n") and "\n\n" not in text
    assert "# TYPE dnc_calls counter\n" in text and "\ndnc_calls_total{" in text


@pytest.mark.parametrize("headers", [
    {"host": "evil.example"}, {"host": "127.0.0.1.evil.example:8061"}, {"origin": "null"},
    {"origin": "http://evil.example"}, {"forwarded": "for=192.0.2.1"},
    {"x_forwarded_for": "192.0.2.1"}, {"x_forwarded_host": "localhost"}])
def test_without_keys_only_programs_of_this_machine_come_in(door, headers):
    server = door()
    status, _, text = ask(server.http, "/metrics", **headers)
    assert status == 401
    problem = json.loads(text)
    assert problem["reason"] == "UNAUTHENTICATED"
    assert "--create-operator-key" in problem["detail"]
    assert ask(server.http, "/metrics")[0] == 200
    assert ask(server.http, "/metrics", host="localhost", origin="http://localhost")[0] == 200


def test_a_key_that_is_sent_is_checked(start_server, tmp_path, door):
    server = door()
    assert ask(server.http, "/metrics", authorization="Bearer dnck_nothing")[0] == 401
    key = operator_key(tmp_path / "keyed")
    keyed = start_server(data_dir=tmp_path / "keyed", key=key, tenant="default",
                         http_listen=ANY_PORT)
    assert ask(keyed.http, "/livez", host="10.0.0.1")[0] == 200
    assert ask(keyed.http, "/metrics")[0] == 401
    status, headers, _ = ask(keyed.http, "/metrics", authorization="Bearer dnck_nothing")
    assert (status, headers["www-authenticate"]) == (401, "Bearer")
    # Whoever has a key may come through a proxy.
    assert ask(keyed.http, "/metrics", authorization=f"Bearer {key}", host="dnc.example",
               x_forwarded_for="192.0.2.1")[0] == 200


@pytest.mark.parametrize("request_bytes, status", [
    (b"GET /livez HTTP/1.1\r\n\r\n", 400),
    (b"nonsense\r\n\r\n", 400),
    (b"\x16\x03\x01\x00\xf4 a TLS greeting\r\n\r\n", 400),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    (b"POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
     400),
    (b"POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
     b"0\r\n\r\n", 400),
    (b"POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
    (b"POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    (b"POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 405),
    (b"GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 413),
    (b"GET /livez HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 431)])
def test_what_is_no_request_costs_its_connection_alone(door, request_bytes, status):
    server = door()
    with connect(server.http) as other:
        said = answers(server.http, request_bytes)
        assert said.startswith(f"HTTP/1.1 {status} "), said
        assert "Connection: close\r\n" in said
        assert json.loads(said.split("\r\n\r\n", 1)[1])["status"] == status
        other.sendall(GET)
        assert other.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n")


def test_requests_in_pieces_of_a_byte(door):
    server = door()
    with connect(server.http) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in GET * 3:
            peer.sendall(bytes([byte]))
        peer.shutdown(socket.SHUT_WR)
        said = b""
        while chunk := peer.recv(65536):
            said += chunk
    assert said.count(b"HTTP/1.1 200 OK\r\n") == 3


def test_half_closed_sockets(door):
    server = door()
    # All has been said: the answer comes, though nothing more will be asked.
    assert answers(server.http, GET).endswith("\r\n\r\nok\n")
    assert "dnc_ready" in answers(server.http, GET.replace(b"livez", b"metrics"))
    # A half is none.
    assert answers(server.http, GET[:-10]) == ""
    assert answers(server.http, b"POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-") == ""


def test_many_slow_connections_cost_themselves_alone(door):
    limit = 300
    server = door(header_seconds=2, max_connections_per_address=limit)
    with contextlib.ExitStack() as slow:
        peers = []
        for _ in range(limit):
            peers.append(slow.enter_context(connect(server.http)))
            peers[-1].sendall(GET[:20])
        # Whoever comes then is turned away at once, and gRPC does not notice.
        with connect(server.http) as late:
            with contextlib.suppress(ConnectionResetError):
                assert late.recv(4096) == b""
        assert server.verdicts([NUMBER])
        for peer in peers:
            said = peer.recv(4096)
            assert said.startswith(b"HTTP/1.1 408 "), said
    wait_until(lambda: get_livez(server) == 200)
    assert "turned away" in server.log()


def get_livez(server):
    try:
        return ask(server.http, "/livez")[0]
    except (OSError, http.client.HTTPException):
        return None


def test_who_does_not_read_is_closed(door):
    server = door(body_seconds=1)
    with connect(server.http) as peer:
        peer.settimeout(0.2)
        with contextlib.suppress(OSError):
            while True:
                peer.sendall(GET.replace(b"livez", b"metrics") * 100)
        assert get_livez(server) == 200
        peer.settimeout(PATIENCE)

        def closed():
            try:
                peer.sendall(b"x")
                return False
            except OSError as error:
                return not isinstance(error, TimeoutError)

        peer.settimeout(1)
        wait_until(closed)


def test_a_stalled_scraper_keeps_nobody_from_the_metrics(start_server):
    metrics = f"127.0.0.1:{free_port()}"
    start_server(metrics_listen=metrics)
    with contextlib.ExitStack() as stalled:
        for _ in range(20):
            peer = stalled.enter_context(connect(metrics))
            peer.sendall(b"GET /metrics HTTP/1.1\r\nHost")
        assert Page(metrics)["dnc_ready"] == 1
        assert ask(metrics, "/livez")[0] == 200
        assert ask(metrics, "/readyz", host="node.example:9461")[0] == 503


class Callers:
    """Threads that ask again and again on kept connections."""

    def __init__(self, address, count=8):
        self.address = address
        self.ok = 0
        self.failures = []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def run(self):
        while True:
            try:
                peer = connect(self.address)
            except ConnectionRefusedError:
                return
            with peer:
                if not self.ask_on(peer):
                    return

    def ask_on(self, peer):
        """Returns whether the connection was closed after it was said to be."""
        for asked in range(10**9):
            said = b""
            try:
                peer.sendall(GET)
                while not said.endswith(b"\r\n\r\nok\n"):
                    chunk = peer.recv(65536)
                    if not chunk:
                        raise OSError("closed without a word")
                    said += chunk
            except OSError as error:
                # Nobody has accepted a connection that is reset before it has said anything: the
                # kernel resets those that arrive while the listener closes.
                if asked == 0 and not said and isinstance(
                        error, (ConnectionResetError, BrokenPipeError)):
                    return False
                with self.lock:
                    self.failures.append(f"{error} after {said}")
                return False
            with self.lock:
                self.ok += 1
            if b"Connection: close\r\n" in said:
                return True
        return False

    def join(self):
        for thread in self.threads:
            thread.join(PATIENCE)


def test_no_request_is_lost_when_it_ends(door):
    server = door()
    callers = Callers(server.http)
    wait_until(lambda: callers.ok > 500)
    assert server.stop() == 0
    callers.join()
    assert not callers.failures, callers.failures


def test_idle_connections_do_not_delay_the_end(door):
    server = door()
    with connect(server.http) as idle, connect(server.http) as fresh:
        idle.sendall(GET)
        idle.recv(4096)
        begin = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begin < PATIENCE / 2
        assert idle.recv(4096) == fresh.recv(4096) == b""


class TlsPeer:
    """A connection whose TLS is made by hand, so that it can say goodbye and still listen."""

    def __init__(self, address, context):
        self.socket = connect(address)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing,
                                    server_hostname=address.rsplit(":", 1)[0])
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.socket.sendall(self.outgoing.read())
                self.incoming.write(self.socket.recv(65536))

    def ask_and_say_goodbye(self, request):
        """Sends both in one piece."""
        self.tls.write(request)
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.unwrap()
        self.socket.sendall(self.outgoing.read())

    def rest(self):
        said = b""
        with self.socket:
            while chunk := self.socket.recv(65536):
                self.incoming.write(chunk)
                with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLZeroReturnError):
                    while data := self.tls.read(65536):
                        said += data
        return said


def test_tls_is_the_same(stubs, tmp_path):
    certificate, key = make_certificate(tmp_path, names=f"IP:{HOST}")
    config = tmp_path / "dncd.yaml"
    config.write_text(f"tls:\n  certificate: {certificate}\n  key: {key}\n")
    server = Server(stubs, tmp_path / "data", "--config", config, http_listen=ANY_PORT)
    try:
        got = subprocess.run(["curl", "-sS", "--cacert", certificate,
                              f"https://{server.http}/livez"],
                             capture_output=True, text=True, timeout=PATIENCE, check=True)
        assert got.stdout == "ok\n"
        host = server.http.rsplit(":", 1)[0]
        trusting = ssl.create_default_context(cafile=certificate)
        trusting.set_alpn_protocols(["h2", "http/1.1"])
        with trusting.wrap_socket(connect(server.http), server_hostname=host) as peer:
            assert peer.selected_alpn_protocol() == "http/1.1"
            for byte in GET:
                peer.sendall(bytes([byte]))
            assert peer.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n")
        peer = TlsPeer(server.http, trusting)
        peer.ask_and_say_goodbye(GET)
        assert peer.rest().endswith(b"\r\n\r\nok\n")
        trusting.set_alpn_protocols(["h2"])
        with pytest.raises(ssl.SSLError), connect(server.http) as plain:
            trusting.wrap_socket(plain, server_hostname=host)
    finally:
        server.stop()


def test_addresses_that_are_taken(start_server, tmp_path):
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        address = f"{HOST}:{taken.getsockname()[1]}"
        said = refused_start(tmp_path / "a", "--http-listen", address)
        assert "http.listen" in said and address in said
    # Of the default one the server does without.
    with socket.socket() as default:
        default.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):  # somebody else has it
            default.bind(("127.0.0.1", 8061))
            default.listen()
        with subprocess.Popen([BIN / "dncd", "--data-dir", tmp_path / "b", "--listen", ANY_PORT,
                               "--metrics-listen", ""], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as process:
            assert " listening on " in process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=PATIENCE)
        assert "going on without HTTP" in said
    assert start_server(http_listen="").verdicts([NUMBER])


def test_an_open_address_needs_keys(tmp_path):
    said = refused_start(tmp_path / "data", "--http-listen", "0.0.0.0:0")
    assert "listening on 0.0.0.0:0 needs keys" in said and "--create-operator-key" in said
