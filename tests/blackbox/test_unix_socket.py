"""A server on a unix socket: dncctl and clients, permissions, what a killed server leaves."""

import signal
import stat
import subprocess
import time

import pytest

from dnc_server import BIN, Server
from list_files import DAY, block, flat
from waiting import PATIENCE


@pytest.fixture(name="on_socket")
def fixture_on_socket(stubs, tmp_path):
    path = tmp_path / "dncd.sock"
    made = Server(stubs, tmp_path / "data", listen=f"unix:{path}")
    made.path = path
    yield made
    made.stop()


def test_serves_dncctl_and_clients(on_socket):
    assert on_socket.address == f"unix:{on_socket.path}"
    mode = on_socket.path.stat().st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o660
    on_socket.load([("base.txt", flat(block(201, 555, 20)))], obtained_at=time.time() - DAY)
    checked = subprocess.run([BIN / "dncctl", "--server", on_socket.address, "check", "2015550001"],
                             capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert checked.returncode == 10, checked.stderr


def test_takes_over_what_a_killed_server_left(on_socket):
    on_socket.stop(signal.SIGKILL)
    assert on_socket.path.exists()
    on_socket.start()
    on_socket.wait_until_ready()


def test_a_second_server_is_refused(on_socket, tmp_path):
    second = subprocess.run(
        [BIN / "dncd", "--data-dir", tmp_path / "other", "--listen", on_socket.address,
         "--metrics-listen", ""], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert second.returncode == 1
    assert "another program serves this socket" in second.stderr
    on_socket.wait_until_ready()
