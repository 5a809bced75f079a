"""h2spec, the usual test of HTTP/2 servers, against ours, but for the cases of
h2spec_left_out.txt; and what it cannot ask a server of gRPC, asked by hand."""

import pathlib
import struct
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

import http2_frames as h2
from http2_frames import RawClient
from scene import TOOLS
from waiting import PATIENCE

HERE = pathlib.Path(__file__).resolve().parent
CHECK = "/grpc.health.v1.Health/Check"
WATCH = "/grpc.health.v1.Health/Watch"
PROTOCOL_ERROR, STREAM_CLOSED = 1, 5


def left_out():
    """The cases that may fail, each a section and a name."""
    lines = (HERE / "h2spec_left_out.txt").read_text().splitlines()
    cases = [line.split(" | ") for line in lines if not line.startswith("#")]
    assert all(len(case) == 3 for case in cases)
    return {(section, name) for section, name, _ in cases}


def failures(scene, folder, *sections):
    """Runs h2spec, or sections of it. Returns what failed and how many cases passed."""
    host, port = scene.server.address.split(":")
    report = folder / "report.xml"
    tls = ["-t", "-k"] if scene.told["ca"] else []
    done = subprocess.run([TOOLS / "go" / "h2spec", "-S", "-h", host, "-p", port, "-o", "1", *tls,
                           "-j", report, *sections], capture_output=True, text=True,
                          timeout=PATIENCE, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    cases = list(ElementTree.parse(report).iter("testcase"))
    failed = {(case.get("package"), case.get("classname")) for case in cases
              if case.find("error") is not None or case.find("failure") is not None}
    return failed, len(cases) - len(failed)


def test_h2spec(installed, scene, tmp_path):
    if "h2spec" in installed:
        pytest.skip(f"h2spec is left out: {installed['h2spec']}")
    failed, passed = failures(scene, tmp_path)
    assert passed > 120, passed
    failed -= left_out()
    # Its frames race with our answer to those before them: what fails five times in a row counts.
    for _ in range(4):
        if failed:
            again, _ = failures(scene, tmp_path, *sorted({section for section, _ in failed}))
            failed &= again
    assert not failed


def test_left_out_cases_exist(installed):
    """A case that a newer h2spec names otherwise would be left out in vain."""
    if "h2spec" in installed:
        pytest.skip(f"h2spec is left out: {installed['h2spec']}")
    listed = subprocess.run([TOOLS / "go" / "h2spec", "--dryrun", "-S"], capture_output=True,
                            text=True, timeout=PATIENCE, check=True).stdout
    for _, name in left_out():
        assert f": {name}\n" in listed, name


# In h2spec these race with our refusal of its `GET /`. Here the call stays open: after its headers
# (and its message, and the end) comes a frame that must end the stream or the connection.
AGAIN = (h2.HEADERS, h2.END_HEADERS, h2.request_headers(WATCH))
WRONG = {
    "headers again, without the end": (False, AGAIN, PROTOCOL_ERROR),
    "pseudo-headers as trailers": (
        False, (h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, h2.request_headers(WATCH)),
        PROTOCOL_ERROR),
    "more padding than data": (False, (h2.DATA, 8, b"\x09" + bytes(8)), PROTOCOL_ERROR),
    "data after the end": (True, (h2.DATA, 0, b"data"), STREAM_CLOSED),
    "headers after the end": (True, AGAIN, STREAM_CLOSED),
    "a window of nothing": (True, (h2.WINDOW_UPDATE, 0, bytes(4)), PROTOCOL_ERROR),
}


@pytest.mark.parametrize("scene", ["plain"], indirect=True)
@pytest.mark.parametrize("wrong", WRONG)
def test_frames_that_a_call_may_not_have(scene, wrong):
    ended, (kind, flags, payload), code = WRONG[wrong]
    with RawClient(scene.server.address) as client:
        if ended:
            client.call(1, WATCH, b"")
            assert client.wait(data)
        else:
            client.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.request_headers(WATCH))
        client.frame(kind, flags, 1, payload)
        reset = (h2.RST_STREAM, 0, 1, struct.pack(">I", code))
        assert client.wait(lambda c: c.goaway() == code or reset in c.frames), client.frames


# h2spec skips these, because `GET /` has no body here. RFC 9113, 6.9.

@pytest.fixture(name="client")
def fixture_client(scene):
    """A connection whose answers have a window of one byte."""
    with RawClient(scene.server.address, struct.pack(">HI", 4, 1)) as client:
        yield client


def data(client):
    return [payload for kind, _, stream, payload in client.frames
            if kind == h2.DATA and stream == 1]


@pytest.mark.parametrize("scene", ["plain"], indirect=True)
def test_answers_keep_to_the_window(client):
    client.call(1, CHECK, b"")
    assert client.wait(data)
    assert data(client)[0] == b"\0"
    client.frame(h2.WINDOW_UPDATE, 0, 1, struct.pack(">I", 2))
    assert client.wait(lambda c: len(b"".join(data(c))) == 3)
    client.frame(h2.WINDOW_UPDATE, 0, 1, struct.pack(">I", 100))
    assert client.wait(lambda c: c.ended(1))
    assert b"".join(data(client)) == h2.framed(b"\x08\x01")


@pytest.mark.parametrize("scene", ["plain"], indirect=True)
def test_a_new_initial_window_changes_those_that_are_open(client):
    client.call(1, CHECK, b"")
    assert client.wait(data)
    client.frame(h2.SETTINGS, 0, 0, struct.pack(">HI", 4, 4))
    assert client.wait(lambda c: len(b"".join(data(c))) == 4)
    # It may become negative: now three bytes are owed.
    client.frame(h2.SETTINGS, 0, 0, struct.pack(">HI", 4, 1))
    client.frame(h2.WINDOW_UPDATE, 0, 1, struct.pack(">I", 3))
    client.frame(h2.PING, 0, 0, bytes(8))
    assert client.wait(lambda c: any(kind == h2.PING and flags == h2.ACK
                                     for kind, flags, *_ in c.frames))
    assert len(b"".join(data(client))) == 4
    client.frame(h2.WINDOW_UPDATE, 0, 1, struct.pack(">I", 100))
    assert client.wait(lambda c: c.ended(1))
