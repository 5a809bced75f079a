"""The servers of a comparison. Each is in a folder of its own, out of reach of others, and gone
when the comparison ends. Redis and PostgreSQL store nothing durably; dncd does, as always."""

import contextlib
import getpass
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import time

BIN = pathlib.Path(__file__).resolve().parents[2] / "build/bin"
POSTGRES_BIN = pathlib.Path("/usr/lib/postgresql/15/bin")

START_SECONDS = 300  # that a server may take to start, on however slow a machine

# What is said on the page, so it is said once.
REDIS_SETTINGS = {"save": "", "appendonly": "no", "port": "0"}
POSTGRES_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
                     "wal_level": "minimal", "max_wal_senders": "0", "autovacuum": "off",
                     "maintenance_work_mem": "1GB", "max_wal_size": "8GB", "jit": "off",
                     "work_mem": "256MB", "listen_addresses": ""}


def as_user(user):
    """Returns options of subprocess that run a program as a user, if we are root and can choose."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def wait_for(path, process):
    end = time.monotonic() + START_SECONDS
    while not path.exists():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{process.args[0]} did not start; see its log beside {path}")
        time.sleep(0.05)


def stop(process):
    process.terminate()
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def owned_folder(folder, user):
    folder.mkdir(parents=True)
    if os.geteuid() == 0:
        shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
    return folder


@contextlib.contextmanager
def redis(folder):
    """Yields the path of the server's socket."""
    owned_folder(folder, "redis")
    socket = folder / "redis.sock"
    command = ["/usr/bin/redis-server", "--unixsocket", str(socket), "--dir", str(folder)]
    for setting, value in REDIS_SETTINGS.items():
        command += [f"--{setting}", value]
    with open(folder.parent / "redis.log", "wb") as log:
        with subprocess.Popen(command, stdout=log, stderr=log, **as_user("redis")) as process:
            try:
                wait_for(socket, process)
                yield str(socket)
            finally:
                stop(process)


@contextlib.contextmanager
def postgres(folder, shared_gb):
    """Yields the folder of the server's socket. The server trusts everybody who reaches the socket,
    because the folder belongs to the comparison alone."""
    owned_folder(folder, "postgres")
    user = as_user("postgres")
    data = folder / "data"
    subprocess.run([POSTGRES_BIN / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N"],
                   check=True, stdout=subprocess.DEVNULL, cwd="/", **user)
    command = [str(POSTGRES_BIN / "postgres"), "-D", str(data), "-k", str(folder),
               "-c", f"shared_buffers={max(128, int(shared_gb * 1024))}MB"]
    for setting, value in POSTGRES_SETTINGS.items():
        command += ["-c", f"{setting}={value}"]
    with open(folder.parent / "postgres.log", "wb") as log:
        with subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **user) as process:
            try:
                wait_for(folder / ".s.PGSQL.5432", process)
                wait_until_it_answers(folder, process)
                yield str(folder)
            finally:
                stop(process)


def wait_until_it_answers(folder, process):
    end = time.monotonic() + START_SECONDS
    while subprocess.run([POSTGRES_BIN / "pg_isready", "-q", "-h", folder], check=False).returncode:
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"PostgreSQL did not start; see {folder.parent}/postgres.log")
        time.sleep(0.1)


@contextlib.contextmanager
def dncd(folder):
    """Yields the server's address, a unix socket; its process id is in the file `pid`."""
    folder.mkdir(parents=True)
    out = folder / "dncd.out"
    # A socket's path must be short, and `folder` may be long.
    with tempfile.TemporaryDirectory(prefix="dnc-") as short, open(out, "wb") as said, \
            open(folder.parent / "dncd.log", "wb") as log:
        with subprocess.Popen(
                [str(BIN / "dncd"), "--data-dir", str(folder / "data"), "--load-dir", str(folder),
                 "--listen", f"unix:{short}/dncd.sock", "--metrics-listen", ""],
                stdout=said, stderr=log) as process:
            try:
                (folder / "pid").write_text(str(process.pid))
                yield address_of(out, process)
            finally:
                stop(process)


def address_of(out, process):
    end = time.monotonic() + START_SECONDS
    while " listening on " not in out.read_text():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError("dncd did not start")
        time.sleep(0.02)
    return out.read_text().split(" listening on ")[1].split()[0]


def versions():
    """Returns what runs, for the page."""
    def first_line(*command):
        try:
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        except (OSError, subprocess.CalledProcessError):
            return "not installed"
        return out.splitlines()[0]
    return {"redis": first_line("/usr/bin/redis-server", "--version"),
            "postgres": first_line(str(POSTGRES_BIN / "postgres"), "--version"),
            "user": getpass.getuser()}
