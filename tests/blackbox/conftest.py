"""Starts real servers for the tests, with stubs made from the contract."""

import importlib
import json
import pathlib
import subprocess
import sys
import types

import pytest
from grpc_tools import protoc

from clock_shift import ShiftedClock
from dnc_server import BIN, REPO, Server
from waiting import PATIENCE


def compile_protos(folder):
    names = [str(path.relative_to(REPO / "proto")) for path in (REPO / "proto").rglob("*.proto")]
    well_known = pathlib.Path(protoc.__file__).parent / "_proto"
    includes = [str(path) for path in (well_known, pathlib.Path("/usr/include")) if path.exists()]
    arguments = ["protoc", f"-I{REPO / 'proto'}", *[f"-I{path}" for path in includes],
                 f"--python_out={folder}", f"--grpc_python_out={folder}", *names]
    assert protoc.main(arguments) == 0, arguments


@pytest.fixture(scope="session")
def stubs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stubs")
    # The tests' `grpc.health` and `grpc.reflection` must not hide the package `grpc`.
    compile_protos(folder)
    (folder / "grpc").rename(folder / "standard")
    for generated in (folder / "standard").rglob("*_pb2*.py"):
        text = generated.read_text()
        generated.write_text(text.replace("from grpc.health", "from standard.health")
                             .replace("from grpc.reflection", "from standard.reflection"))
    sys.path.insert(0, str(folder))
    # If a package `google` is installed, `google.rpc` is beside it.
    google = importlib.import_module("google")
    google.__path__.append(str(folder / "google"))
    modules = {"load": "dnc.v1.load_pb2", "verdict": "dnc.v1.verdict_pb2",
               "scrub": "dnc.v1.scrub_service_pb2",
               "scrub_grpc": "dnc.v1.scrub_service_pb2_grpc",
               "registry": "dnc.v1.registry_service_pb2",
               "registry_grpc": "dnc.v1.registry_service_pb2_grpc",
               "tenant": "dnc.v1.tenant_service_pb2",
               "tenant_grpc": "dnc.v1.tenant_service_pb2_grpc",
               "list": "dnc.v1.list_service_pb2",
               "list_grpc": "dnc.v1.list_service_pb2_grpc",
               "status": "google.rpc.status_pb2", "details": "google.rpc.error_details_pb2",
               "health": "standard.health.v1.health_pb2",
               "health_grpc": "standard.health.v1.health_pb2_grpc",
               "reflection": "standard.reflection.v1.reflection_pb2",
               "reflection_grpc": "standard.reflection.v1.reflection_pb2_grpc"}
    return types.SimpleNamespace(
        **{name: importlib.import_module(module) for name, module in modules.items()})


@pytest.fixture
def start_server(stubs, tmp_path):
    """Starts servers that end with the test: start_server("--load-dir", DIR)."""
    servers = []

    def start(*arguments, data_dir=None, **options):
        folder = data_dir or tmp_path / f"data{len(servers)}"
        servers.append(Server(stubs, folder, *arguments, **options))
        servers[-1].wait_until_ready()
        return servers[-1]

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.stop()


@pytest.fixture
def folder(tmp_path):
    """A folder for a server's data, for tests that look into it or start a server on it again."""
    return tmp_path / "data"


@pytest.fixture
def clock(tmp_path):
    """Shifts the clock of the servers that have its `env`."""
    return ShiftedClock(tmp_path)


@pytest.fixture
def server(start_server):
    return start_server()


@pytest.fixture
def dncctl(server):
    """Runs dncctl against the test's server: dncctl("check", NUMBER)."""

    def run(*arguments, **options):
        return subprocess.run([str(BIN / "dncctl"), "--server", server.address, *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=PATIENCE, check=False, **options)

    return run


@pytest.fixture
def ctl(loaded, dncctl):
    """Runs dncctl, which must succeed, against the test's own `loaded` server, and returns its
    JSON."""

    def run(*arguments, code=0):
        done = dncctl("--json", *arguments)
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)

    return run
