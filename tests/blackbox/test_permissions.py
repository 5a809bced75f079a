"""A server that runs as its own user: a file that it may not read is reported as such, never as a
loss."""

import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

import pytest

from certificates import make_certificate
from dnc_server import ANY_PORT, BIN, refused_start
from tenant_calls import add
from waiting import PATIENCE

NOBODY = pwd.getpwnam("nobody")
AS_NOBODY = ["setpriv", f"--reuid={NOBODY.pw_uid}", f"--regid={NOBODY.pw_gid}", "--clear-groups"]


@pytest.fixture
def place():
    """A folder that every user may enter, with a copy of dncd in it."""
    if os.geteuid() != 0:
        pytest.skip("needs to run as root, to run dncd as another user")
    if shutil.which("setpriv") is None:
        pytest.skip("needs setpriv (util-linux)")
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        shutil.copy2(BIN / "dncd", folder)
        can = subprocess.run([*AS_NOBODY, f"{folder}/dncd", "--version"], check=False,
                             capture_output=True)
        if can.returncode != 0:
            pytest.skip(f"needs to run programs as nobody: {can.stderr}")
        yield pathlib.Path(folder)


@pytest.fixture
def data(place, start_server):
    """A data folder of the user nobody with an opt-out, whose server is stopped."""
    folder = place / "data"
    server = start_server(data_dir=folder)
    add(server, [2015550100])
    server.stop()
    give(folder)
    os.chmod(folder, 0o700)
    return folder


def give(folder, uid=NOBODY.pw_uid, gid=NOBODY.pw_gid):
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, uid, gid)


def refused_as_nobody(place, *arguments):
    ended = subprocess.run([*AS_NOBODY, place / "dncd", "--listen", ANY_PORT, "--metrics-listen",
                            "", *arguments], capture_output=True, text=True, check=False,
                           timeout=PATIENCE, cwd="/")
    assert ended.returncode in (1, 2), ended
    return ended.stderr


def expect_told(said, path):
    for part in (str(path), "permission denied", "root (uid 0)", "nobody", "chown",
                 "Nothing is lost"):
        assert part in said, (part, said)
    for lie in ("restore", "new one", "damaged"):
        assert lie not in said, (lie, said)


@pytest.mark.parametrize("closed", [
    "store", "tenants", "uploads", "revision", "store/tenants.revision", "tenants.directory",
    "tenants.journal", "tenants/store.revision", "clock", "store/CURRENT", "store/LOCK",
    "tenants/CURRENT", "tenants/IDENTITY", "store/MANIFEST-*", "tenants/MANIFEST-*",
    "tenants/*.log"])
def test_what_root_made_is_named(place, data, closed):
    path = sorted(data.glob(closed))[0]
    os.chown(path, 0, 0)
    os.chmod(path, 0o700 if path.is_dir() else 0o600)
    expect_told(refused_as_nobody(place, "--data-dir", data), path)


def test_a_closed_data_folder_is_named(place, data):
    os.chown(data, 0, 0)
    expect_told(refused_as_nobody(place, "--data-dir", data), data)


def test_a_folder_that_can_not_be_made_is_named(place):
    said = refused_as_nobody(place, "--data-dir", place / "new")
    assert "permission denied" in said and str(place) in said and "root (uid 0)" in said


def test_the_operators_key_is_made_by_the_folders_owner_alone(place, data):
    command = ["--data-dir", data, "--create-operator-key"]
    refused = subprocess.run([place / "dncd", *command], capture_output=True, text=True,
                             check=False, timeout=PATIENCE)
    assert refused.returncode == 1 and not refused.stdout
    assert "nobody" in refused.stderr and "root (uid 0)" in refused.stderr
    assert "setpriv" in refused.stderr
    assert all(path.stat().st_uid == NOBODY.pw_uid for path in data.rglob("*"))
    made = subprocess.run([*AS_NOBODY, place / "dncd", *command], capture_output=True, text=True,
                          check=False, timeout=PATIENCE, cwd="/")
    assert made.returncode == 0 and made.stdout.startswith("dnck_"), made.stderr


def test_configuration_certificate_and_key(place, data):
    config = place / "dncd.yaml"
    certificate, key = make_certificate(place)
    os.chmod(certificate, 0o644)
    config.write_text(f"data_dir: {data}\ntls:\n  certificate: {certificate}\n  key: {key}\n")
    os.chmod(config, 0o600)
    expect_told(refused_as_nobody(place, "--config", config), config)
    os.chmod(config, 0o644)
    os.chmod(key, 0o600)
    expect_told(refused_as_nobody(place, "--config", config), key)


def test_a_folder_that_others_may_read_is_closed(start_server, tmp_path):
    folder = tmp_path / "data"
    server = start_server(data_dir=folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    server.stop()
    folder.chmod(0o755)
    server.start()
    server.wait_until_ready()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert "was open to other users" in server.log()


def test_a_folder_that_is_in_use_is_told_as_that(server, tmp_path):
    said = refused_start(tmp_path / "data0")
    assert "another dncd" in said and "stop it" in said
    assert "permission" not in said
    del server
