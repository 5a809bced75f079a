"""dncctl doctor: what it finds, prints and returns."""

import contextlib
import json
import os
import socket
import ssl
import subprocess
import threading
import time
from types import SimpleNamespace

import grpc
import pytest

from certificates import make_certificate
from clock_shift import ShiftedClock
from dnc_server import BIN, HOST
from list_files import DAY, block, flat, registry_name
from tenant_calls import new_key
from waiting import PATIENCE

NUMBERS = block(201, 555, 1200)
FINE, LOOK, WRONG = 0, 12, 13


@pytest.fixture
def loaded(start_server, folder):
    server = start_server(data_dir=folder)
    server.load([(registry_name(time.time() - DAY, "201"), flat(NUMBERS))])
    return server


def doctor(server, *arguments, env=None, options=()):
    ended = subprocess.run([str(BIN / "dncctl"), "--server", server.address, "--json", *options,
                            "doctor", *map(str, arguments)], capture_output=True, text=True,
                           check=False, timeout=PATIENCE, env={**os.environ, **(env or {})})
    report = json.loads(ended.stdout)
    return ended.returncode, {finding["subject"]: finding for finding in report["findings"]}, report


MACHINE = ("huge pages", "time synchronisation", "disk", "descriptors",
           "memory of the indexes")


def faults(found):
    return [finding for subject, finding in found.items()
            if finding["health"] in ("warning", "failure") and subject not in MACHINE]


def test_a_sound_installation(loaded, folder):
    code, found, report = doctor(loaded, "--data-dir", folder)
    assert not faults(found), report
    assert code in (FINE, LOOK)  # the machine of the test may lack something
    for subject in ("data folder", "files in the data folder", "stores", "disk", "huge pages",
                    "time synchronisation", "server", "server's clock", "list national", "keys"):
        assert subject in found, subject
    assert str(loaded.process.pid) in found["descriptors"]["text"]
    assert found["list national"]["health"] == "ok"


def test_it_says_what_people_read(loaded, folder):
    ended = subprocess.run([str(BIN / "dncctl"), "--server", loaded.address, "doctor",
                            "--data-dir", str(folder)], capture_output=True, text=True,
                           check=False, timeout=PATIENCE)
    assert ended.returncode in (FINE, LOOK) and not ended.stderr
    assert any(line.startswith("ok") and "data folder" in line
               for line in ended.stdout.splitlines())


def test_what_it_was_not_shown_is_unknown(loaded):
    code, found, _ = doctor(loaded)
    assert found["data folder"]["health"] == "unknown"
    assert "--data-dir" in found["data folder"]["remedy"]
    assert code in (FINE, LOOK)


def test_a_folder_open_to_others(loaded, folder):
    folder.chmod(0o755)
    code, found, _ = doctor(loaded, "--data-dir", folder)
    assert code == LOOK and found["data folder"]["health"] == "warning"
    assert "chmod 0700" in found["data folder"]["remedy"]


def test_files_of_another_user(loaded, folder):
    if os.geteuid() != 0:
        pytest.skip("needs to run as root, to give a file away")
    os.chown(folder / "revision", 65534, 65534)
    code, found, _ = doctor(loaded, "--data-dir", folder)
    assert code == WRONG
    finding = found["files in the data folder"]
    assert "revision" in finding["text"] and "chown -R 0" in finding["remedy"]


def test_a_missing_half(loaded, folder):
    loaded.stop()
    (folder / "tenants" / "store.revision").unlink()
    code, found, _ = doctor(loaded, "--data-dir", folder)
    assert code == WRONG and "tenants/store.revision" in found["stores"]["text"]
    assert found["server"]["health"] == "failure"
    assert found["descriptors"]["health"] == "unknown"


def test_a_configuration(loaded, folder, tmp_path):
    certificate, key = make_certificate(tmp_path, days=2)
    key.chmod(0o644)
    config = tmp_path / "dncd.yaml"
    config.write_text(f"data_dir: {folder}\ntls:\n  certificate: {certificate}\n  key: {key}\n"
                      f"registry:\n  load_dirs: [{tmp_path}/gone]\n")
    code, found, _ = doctor(loaded, "--config", config)
    assert code == WRONG
    assert found["certificate"]["health"] == "warning"
    assert "runs out" in found["certificate"]["text"]
    assert found["certificate's key"]["health"] == "failure"
    assert found["load folder"]["health"] == "failure"
    assert found["data folder"]["health"] == "ok"
    key.chmod(0o600)
    _, found, _ = doctor(loaded, "--config", config)
    assert found["certificate's key"]["health"] == "ok"
    config.write_text("data_dir: [\n")
    code, found, _ = doctor(loaded, "--config", config)
    assert code == WRONG and "YAML" in found["configuration"]["text"]


@pytest.fixture
def listening():
    """Serves sockets at a port of its own, one after the other, with a function of the test."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve(use):
            def run():
                while True:
                    try:
                        connection, _ = listener.accept()
                    except OSError:
                        return
                    with contextlib.suppress(OSError):  # the caller dislikes what it is shown
                        use(connection)
            threading.Thread(target=run, daemon=True).start()
            return SimpleNamespace(address="127.0.0.1:%d" % listener.getsockname()[1])

        yield serve
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("days, health", [(3, "warning"), (400, "ok")])
def test_the_certificate_that_is_served(start_server, tmp_path, days, health):
    """The doctor also checks a server elsewhere, whose files it cannot see."""
    certificate, key = make_certificate(tmp_path, names=f"IP:{HOST}", days=days)
    config = tmp_path / "dncd.yaml"
    config.write_text(f"tls:\n  certificate: {certificate}\n  key: {key}\n"
                      "guards: {min_first_numbers: 0}\n")
    credentials = grpc.ssl_channel_credentials(certificate.read_bytes())
    server = start_server("--config", str(config), credentials=credentials)
    server.load([(registry_name(time.time() - DAY, "201"), flat(NUMBERS))])
    for address in (server.address, f"dns:///{server.address}"):
        server.address = address
        code, found, _ = doctor(server, env={"DNC_CA_FILE": str(certificate)})
        assert found["server"]["health"] == "ok"
        assert found["served certificate"]["health"] == health
        assert code in ((LOOK,) if health == "warning" else (FINE, LOOK))
    assert "served certificate" not in doctor(server)[1]  # in plain text nothing is shown


def test_a_served_certificate_that_ran_out(listening, tmp_path):
    clock = ShiftedClock(tmp_path)
    clock.set(-10 * DAY)
    certificate, key = make_certificate(tmp_path, names="IP:127.0.0.1", days=2, env=clock.env)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])
    held = []
    server = listening(lambda c: held.append(context.wrap_socket(c, server_side=True)))
    code, found, _ = doctor(server, env={"DNC_CA_FILE": str(certificate)})
    assert code == WRONG and found["server"]["health"] == "failure"
    assert found["served certificate"]["health"] == "failure"
    assert "ran out" in found["served certificate"]["text"]


def test_a_server_that_is_silent_ends_no_doctor(listening, tmp_path):
    certificate, _ = make_certificate(tmp_path, names="IP:127.0.0.1")
    held = []
    server = listening(held.append)
    env = {"DNC_CA_FILE": str(certificate)}
    code, found, _ = doctor(server, env=env, options=("--timeout", "2"))
    assert code == WRONG and found["server"]["health"] == "failure"
    assert found["served certificate"]["health"] == "unknown"


def test_lists_that_are_too_old_or_missing(start_server, folder):
    server = start_server(data_dir=folder)
    code, found, _ = doctor(server)
    assert code == WRONG and "not loaded" in found["list national"]["text"]
    server.load([(registry_name(time.time() - 29 * DAY, "201"), flat(NUMBERS))])
    code, found, _ = doctor(server)
    assert code == LOOK and found["list national"]["health"] == "warning"


def test_keys(loaded):
    ending = new_key(loaded, ["SCRUB"])
    del ending
    operator = new_key(loaded, ["OPERATE"], tenant_id="").secret
    tenant = loaded.stubs.tenant
    soon = tenant.CreateKeyRequest(tenant_id="default", display_name="soon",
                                   scopes=[tenant.KEY_SCOPE_SCRUB])
    soon.expires_at.seconds = int(time.time() + 3 * DAY)
    loaded.call(loaded.tenants.CreateKey, soon)
    code, found, _ = doctor(loaded, env={"DNC_KEY": operator})
    assert code == LOOK and "soon" in found["keys"]["text"]


def test_a_server_that_is_not_there(tmp_path):
    ended = subprocess.run([str(BIN / "dncctl"), "--server", "127.0.0.1:1", "--timeout", "60",
                            "--json", "doctor", "--data-dir", str(tmp_path / "none")],
                           capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert ended.returncode == WRONG
    found = {f["subject"]: f for f in json.loads(ended.stdout)["findings"]}
    assert found["server"]["health"] == "failure" and found["data folder"]["health"] == "failure"
    local = subprocess.run([str(BIN / "dncctl"), "--json", "doctor", "--no-server"],
                           capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert local.returncode in (FINE, LOOK)
