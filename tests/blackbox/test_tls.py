"""TLS: who can connect, a renewed certificate, and files that cannot be used."""

import queue
import subprocess
import time

import grpc
import pytest

from certificates import make_certificate
from dnc_server import ANY_PORT, BIN, HOST, Server
from list_files import DAY, block, flat
from metrics_page import Page, free_port
from waiting import PATIENCE, wait_until

NAMES = f"IP:{HOST}"


def write_config(folder, certificate, key):
    config = folder / "dncd.yaml"
    config.write_text(f"tls:\n  certificate: {certificate}\n  key: {key}\n"
                      "guards: {min_first_numbers: 0}\n")
    return config


def trusting(certificate):
    return grpc.ssl_channel_credentials(certificate.read_bytes())


@pytest.fixture(name="server")
def fixture_server(stubs, tmp_path):
    certificate, key = make_certificate(tmp_path, names=NAMES)
    metrics = f"127.0.0.1:{free_port()}"
    made = Server(stubs, tmp_path / "data", "--config", write_config(tmp_path, certificate, key),
                  metrics_listen=metrics, credentials=trusting(certificate))
    made.certificate_end = lambda: Page(metrics)["dnc_tls_certificate_not_after_seconds"]
    made.certificate, made.key = certificate, key
    yield made
    made.stop()


def dncctl(server, *arguments, **environment):
    return subprocess.run([BIN / "dncctl", "--server", server.address, *arguments],
                          capture_output=True, text=True, timeout=PATIENCE, check=False,
                          env={"PATH": "/usr/bin:/bin", **environment})


def gets_in(server, credentials):
    """Returns whether a connection is made, as soon as it is made or has failed."""
    known = (grpc.ChannelConnectivity.READY, grpc.ChannelConnectivity.TRANSIENT_FAILURE)
    states = queue.Queue()
    with server.connect(credentials) as channel:
        channel.subscribe(states.put, try_to_connect=True)
        while (state := states.get(timeout=PATIENCE)) not in known:
            pass
    return state is grpc.ChannelConnectivity.READY


def test_serves_those_who_trust_it(server, tmp_path):
    server.load([("base.txt", flat(block(201, 555, 20)))], obtained_at=time.time() - DAY)
    done = dncctl(server, "check", "2015550001", "--ca-file", server.certificate)
    assert done.returncode == 10, done.stderr
    done = dncctl(server, "check", "2015550001", DNC_CA_FILE=str(server.certificate))
    assert done.returncode == 10, done.stderr
    other, _ = make_certificate(tmp_path, "other", names=NAMES)
    for arguments in (["--ca-file", other], ["--tls"],
                      ["--ca-file", server.certificate, "--tls-name", "dnc.example"]):
        done = dncctl(server, "check", "2015550001", *arguments)
        assert done.returncode == 1, arguments
        assert "a certificate that you trust" in done.stderr, done.stderr


def test_plain_text_is_not_served(server):
    assert not gets_in(server, None)
    done = dncctl(server, "check", "2015550001")
    assert done.returncode == 1
    assert "serving plain text" in done.stderr


def test_a_tool_told_of_certificates_never_goes_on_without(server, tmp_path):
    done = dncctl(server, "status", "--tls-name", "dnc.example")
    assert done.returncode == 1 and "but not TLS" in done.stderr
    for empty in (["--ca-file", ""], ["--ca-file", " "], ["--ca-file", "", "--tls"]):
        done = dncctl(server, "status", *empty)
        assert done.returncode == 1 and "to trust is empty" in done.stderr, done.stderr
    done = dncctl(server, "status", "--ca-file", tmp_path / "absent.pem")
    assert done.returncode == 1 and "absent.pem can't be read" in done.stderr
    done = dncctl(server, "status", "--ca-file", server.key)
    assert done.returncode == 1 and "holds no certificate" in done.stderr


def test_a_renewed_certificate_is_served(server):
    before = trusting(server.certificate)
    server.wait_until_ready()
    make_certificate(server.certificate.parent, names=NAMES)
    wait_until(lambda: gets_in(server, trusting(server.certificate)))
    assert not gets_in(server, before)
    server.wait_until_ready()  # by the connection from before


def test_files_that_cannot_be_used_do_not_end_the_service(server):
    known = trusting(server.certificate)
    server.certificate.write_text("no certificate")
    wait_until(lambda: "holds no certificate in PEM form; still serving" in server.log())
    make_certificate(server.certificate.parent, "other", names=NAMES)
    server.certificate.write_bytes((server.certificate.parent / "othercert.pem").read_bytes())
    wait_until(lambda: "is not the key of" in server.log())
    time.sleep(3)  # gRPC has looked, too
    assert gets_in(server, known)
    assert abs(server.certificate_end() - time.time() - 2 * DAY) < 3600
    make_certificate(server.certificate.parent, names=NAMES)
    wait_until(lambda: gets_in(server, trusting(server.certificate)))


def test_tells_when_the_certificate_runs_out(server):
    assert abs(server.certificate_end() - time.time() - 2 * DAY) < 3600


@pytest.mark.parametrize(("wrong", "told"), [
    ({"certificate": "absent.pem"}, "tls.certificate: absent.pem can't be read, or is empty"),
    ({"key": "other"}, "is not the key of"),
    ({"listen": "unix:/tmp/dnc-tls.sock"}, "a unix socket is served in plain text"),
    ({"key": ""}, "give both the certificate and its key"),
])
def test_refuses_to_start_with_what_it_cannot_serve(tmp_path, wrong, told):
    certificate, key = make_certificate(tmp_path, names=NAMES)
    if wrong.get("key") == "other":
        wrong["key"] = make_certificate(tmp_path, "other")[1]
    config = write_config(tmp_path, wrong.get("certificate", certificate), wrong.get("key", key))
    done = subprocess.run(
        [BIN / "dncd", "--data-dir", tmp_path / "data", "--config", config, "--listen",
         wrong.get("listen", ANY_PORT), "--metrics-listen", ""],
        capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode in (1, 2)
    assert told in done.stderr
