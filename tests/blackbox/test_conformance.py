"""The vectors of clients/conformance, bytes and broken connections included, played to a program
with the C++ client. The Python client's own tests play them to it; that the player also sends them
over HTTP is tested here."""

import http.client
import subprocess
import sys
import time

import pytest

from dnc_server import BIN, REPO
from waiting import PATIENCE

sys.path.append(str(REPO / "clients" / "conformance"))
from player import GrpcPlayer, HttpPlayer, vectors  # noqa: E402 (it is in the path only now)

# The program has no option for a revision and for a moment.
PLAYED = [vector for vector in vectors("grpc", "scrub")
          if vector["at_least_revision"] == "0" and vector["as_of"] is None]


@pytest.mark.parametrize("vector", PLAYED, ids=lambda vector: vector["name"])
def test_a_program_with_the_cpp_client_says_what_the_vector_expects(vector):
    expect = vector["expect"]
    with GrpcPlayer(vector, time.time()) as player:
        began = time.monotonic()
        done = subprocess.run([BIN / "dnc_example_check", player.address, *vector["numbers"]],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=PATIENCE, check=False)
        took = time.monotonic() - began
    said = [line.split(": ")[1].startswith("call") for line in done.stdout.splitlines()]
    if took > 1:
        # It has two seconds for all attempts. What waits for them in vain permits nothing, and
        # neither does what a slow machine does not manage in that time.
        assert len(said) == len(expect["may_call"]), done
        assert all(wanted for one, wanted in zip(said, expect["may_call"]) if one), done
        return
    assert said == expect["may_call"], done
    assert (done.returncode == 0) is (expect["error"] is None), done
    assert player.requests == expect.get("requests", player.requests)


CALLS = ("scrub", "scrub_details", "check", "add_opt_outs")


@pytest.mark.parametrize("vector", vectors("http", *CALLS), ids=lambda vector: vector["name"])
def test_the_player_sends_over_http_what_the_vector_says(vector):
    with HttpPlayer(vector) as player:
        for count, answer in enumerate(vector["answers"], 1):
            answer = answer["http"]
            fault = answer.get("fault", "")
            connection = http.client.HTTPConnection(
                player.address, timeout=0.5 if fault == "silence" else PATIENCE)
            connection.request("POST", "/", b"{}")
            if fault in ("close", "silence"):
                with pytest.raises((OSError, http.client.BadStatusLine)):
                    connection.getresponse()
            else:
                got = connection.getresponse()
                assert got.status == answer["status"]
                assert got.headers["content-type"] == answer["content_type"]
                assert got.headers["retry-after"] == answer.get("retry_after")
                assert got.headers["age"] == answer.get("age")
                if fault == "cut":
                    with pytest.raises(http.client.IncompleteRead):
                        got.read()
                else:
                    assert got.read().decode() == answer["body"]
            connection.close()
            assert player.requests == count
