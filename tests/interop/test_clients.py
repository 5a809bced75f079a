"""The newest clients of other languages against a real server, over plain and TLS connections.

Each language has one program beside this file, which runs the cases that it is told and prints a
line for each. What they need is installed into build/interop, at the versions of `pins.txt`. A
language or a case that can't be had is a skipped test that names it."""

import contextlib
import pathlib
import signal
import subprocess

import pytest

from scene import TOOLS
from waiting import PATIENCE, wait_until

HERE = pathlib.Path(__file__).resolve().parent
CASES = """
empty verdict largest_request too_large_request large_answer error_details message_text no_key
unknown_method early_status metadata too_much_metadata gzip gzip_stream deflate unknown_encoding
deadline deadline_of_the_server cancel many_cancels bidi bidi_slow_reader import_export
watch_changes health upload many_calls reflection
""".split()
# What a client has no way to do.
CANNOT = {
    "go": {"deadline_of_the_server": "grpc-go ends such a call by itself"},
    "java": {"deadline_of_the_server": "grpc-java ends such a call by itself"},
    "node": {"unknown_encoding": "grpc-js knows no encoding that the server does not know",
             "deadline_of_the_server": "grpc-js ends such a call by itself",
             "reflection": "grpc-js has no client for it"},
    "python": {"unknown_encoding": "grpcio knows no encoding that the server does not know"},
}
COMMANDS = {
    "go": [TOOLS / "go" / "client"],
    "python": [TOOLS / "python" / "bin" / "python", HERE / "client.py"],
    # It warns of servers that are named by their address.
    "node": ["node", "--no-deprecation", HERE / "client.js"],
    "java": ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp",
             f"{TOOLS / 'java' / 'classes'}:{TOOLS / 'java' / 'jars'}/*", "Client"],
}


@contextlib.contextmanager
def running(client, scene, *cases):
    """A client that runs cases."""
    command = [str(part) for part in COMMANDS[client]] + [str(scene.settings), *cases]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT) as process:
        try:
            yield process
        finally:
            process.kill()


def check(process, cases):
    """Waits for the client's end: all of its cases went well."""
    said, _ = process.communicate(timeout=PATIENCE)
    lines = said.splitlines()
    missing = [name for name in cases if f"ok {name}" not in lines]
    assert process.returncode == 0 and not missing, said


@pytest.fixture(name="client", params=sorted(COMMANDS))
def fixture_client(installed, request):
    if request.param in installed:
        pytest.skip(f"{request.param} is left out: {installed[request.param]}")
    return request.param


@pytest.mark.parametrize("case", sorted({case for cannot in CANNOT.values() for case in cannot}))
def test_cases_left_out(case):
    pytest.skip("; ".join(f"{client}: {cannot[case]}" for client, cannot in CANNOT.items()
                          if case in cannot))


def test_calls(client, scene):
    cases = [case for case in CASES if case not in CANNOT.get(client, {})]
    with running(client, scene, *cases) as process:
        check(process, cases)
    # The server has learnt that its caller is gone. (Of a call whose deadline was soon it may know
    # nothing at all.)
    wait_until(lambda: scene.calls("WatchChanges", "CANCELLED", "DEADLINE_EXCEEDED") >= 1)


def test_pings(installed, scene):
    """All clients at the same time, because it takes them half a minute."""
    with contextlib.ExitStack() as stack:
        for process in [stack.enter_context(running(client, scene, "keepalive"))
                        for client in COMMANDS if client not in installed]:
            check(process, ["keepalive"])


def test_drain(client, scene):
    """The server stops while calls come, and another one starts at the same address."""
    with running(client, scene, "drain") as process:
        said = process.stdout.readline()
        assert said == "under load\n", said
        scene.server.process.send_signal(signal.SIGTERM)
        assert scene.server.process.wait(PATIENCE) == 0, scene.server.log()
        scene.server.start()
        process.stdin.write("go on\n")
        process.stdin.flush()
        check(process, ["drain"])
