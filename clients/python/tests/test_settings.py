"""How a client reaches a server, and how often it tries."""

import asyncio
import dataclasses
import os
import pathlib
import subprocess
import sys

import pytest

import dnc
from dnc._options import Attempts, is_local, make_options

GIVEN = {"address": None, "key": None, "tenant": None, "tls": False, "ca_file": None,
         "server_name": None, "deadline": 2.0, "max_attempts": 4, "batch_size": 10_000,
         "max_clock_difference": 600.0}


def options(environment=None, **given):
    return make_options(**{**GIVEN, **given}, environment=environment or {})


def test_settings_come_from_the_environment_as_those_of_dncctl():
    made = options({"DNC_SERVER": "dnc.example.org:50061\n", "DNC_KEY": " dnck_abc\n",
                    "DNC_TENANT": "acme"})
    assert made.address == "dnc.example.org:50061" and not made.secure
    assert made.metadata == (("authorization", "Bearer dnck_abc"), ("dnc-tenant", "acme"))
    assert options().address == "127.0.0.1:50061" and options().metadata == ()
    assert options({"DNC_KEY": "dnck_abc"}, key="").metadata == ()
    with pytest.raises(OSError):
        options({"DNC_CA_FILE": "/absent.pem"})


@pytest.mark.parametrize("given", [
    {"max_attempts": 0}, {"batch_size": 0}, {"deadline": 0}, {"deadline": 86401},
    {"deadline": float("nan")}, {"address": " "}, {"address": "a b:1"},
    {"address": "https://a:1"}, {"server_name": "dnc.test"}, {"max_clock_difference": 0},
    {"max_clock_difference": 86401}, {"max_clock_difference": float("nan")}, {"ca_file": __file__},
    {"ca_file": ""}, {"ca_file": "", "tls": True}, {"ca_file": "", "key": "dnck_abc"}])
def test_settings_that_cannot_be_right_are_refused(given):
    with pytest.raises(ValueError):
        options(**given)
    with pytest.raises(ValueError):
        dnc.AsyncClient(**given)


def test_no_message_shows_a_key():
    with pytest.raises(ValueError) as told:
        options(key="dnck_sec\nret")
    assert "sec" not in str(told.value)


def test_what_is_local_needs_no_proxy(monkeypatch):
    for address in ("127.0.0.1:1", "localhost:1", "unix:/run/x y", "[::1]:1",
                    "ipv4:127.0.0.1:1,127.0.0.2:1"):
        assert is_local(address)
    for address in ("10.0.0.1:1", "ipv4:127.0.0.1:1,10.0.0.1:1", "localhost.example.org:1"):
        assert not is_local(address)
    monkeypatch.setenv("http_proxy", "http://proxy:1")
    monkeypatch.delenv("no_proxy", raising=False)
    assert "http_proxy" in options(address="dnc.example.org:1").proxy_hint()
    assert options(address="127.0.0.1:1").proxy_hint() == ""
    monkeypatch.setenv("no_proxy", "localhost, example.org")
    assert options(address="dnc.example.org:1").proxy_hint() == ""


SEVERAL = ["ipv4:10.0.0.1:1,10.0.0.2:1", "ipv4:10.0.0.1:1%2C10.0.0.2:1", "ipv6:[::1]:1,[::2]:1"]


def test_addresses_that_name_several_servers():
    for address in SEVERAL:
        assert options(address=address).names_several, address
    for address in ("127.0.0.1:1", "unix:/run/a,b", "unix-abstract:a,b", "dns:///example.org:1"):
        assert not options(address=address).names_several, address


@pytest.mark.parametrize("address", SEVERAL)
def test_what_is_of_one_server_is_refused_at_several(address):
    """Another server does not know the opt-out, and may have the revision all the same."""
    client = dnc.Client(address, key="")
    client._call = None  # nothing is asked
    for call in (lambda: client.add_opt_out("2015550100"),
                 lambda: client.scrub(["2015550100"], at_least_revision=1),
                 lambda: client.check("2015550100", at_least_revision=1)):
        with pytest.raises(ValueError, match="names several servers.*(each of them|the server)"):
            call()

    async def refuses():
        async with dnc.AsyncClient(address, key="") as other:
            with pytest.raises(ValueError, match="names several"):
                await other.add_opt_outs(["2015550100"])
            with pytest.raises(ValueError, match="names several"):
                await other.scrub(["2015550100"], at_least_revision=1)

    asyncio.run(refuses())


def waits(error, **settings):
    """Returns the waits after a request that always ends with the error and takes no time."""
    now, found = 100.0, []
    attempts = Attempts(options(**settings), now)
    while (wait := attempts.wait_after(error, now)) is not None:
        found.append(wait)
        now += wait
    return found


def test_attempts_are_those_of_the_cpp_client():
    lost = dnc.Unavailable("", code="UNAVAILABLE")
    for _ in range(100):
        first, second, third = waits(lost)
        assert 0.025 <= first <= 0.05 <= second <= 0.1 <= third <= 0.2
        assert max(waits(lost, max_attempts=50, deadline=1000)) <= 1.0
        crowded = dnc.Overloaded("", code="RESOURCE_EXHAUSTED", retry_after=0.1)
        assert all(0.1 <= wait <= 0.2 for wait in waits(crowded)) and len(waits(crowded)) == 3
        # All attempts and waits together last no longer than the deadline.
        assert sum(waits(lost, max_attempts=1000)) < 2.0
    assert waits(dnc.Overloaded("", code="RESOURCE_EXHAUSTED", retry_after=2.0)) == []
    assert waits(lost, max_attempts=1) == []
    assert len(waits(dnc.Unavailable("", code="CANCELLED"))) == 3
    for code, reason in [("CANCELLED", "CALLER_GONE"), ("RESOURCE_EXHAUSTED", "DISK_FULL"),
                         ("INTERNAL", ""), ("DEADLINE_EXCEEDED", ""), ("UNAUTHENTICATED", "")]:
        assert waits(dnc.DncError("", code=code, reason=reason)) == []


def test_a_closed_client_permits_nothing():
    client = dnc.Client("127.0.0.1:1", key="")
    client.close()
    assert not client.may_call("2015550100")
    assert isinstance(client.scrub(["2015550100"]).error, dnc.Unavailable)


class Silence:
    """A server that takes connections and answers nothing; `connected` is set by the first."""

    async def __aenter__(self):
        self.connected = asyncio.Event()
        self.writers = []
        self.server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        return self

    async def _take(self, reader, writer):
        self.writers.append(writer)
        writer.write(b"\0\0\0\4\0\0\0\0\0")  # SETTINGS of HTTP/2
        while data := await reader.read(4096):
            if b"AddNumbers" in data:
                self.connected.set()

    async def __aexit__(self, *_):
        self.server.close()
        for writer in self.writers:
            writer.close()


def test_a_client_that_is_closed_during_a_write_says_so():
    """A CancelledError would end the caller's task, as if nothing had been written."""
    async def close():
        async with Silence() as server:
            client = dnc.AsyncClient(server.address, key="", deadline=600)
            write = asyncio.ensure_future(client.add_opt_out("2015550100"))
            await server.connected.wait()
            await client.close()
            with pytest.raises(dnc.Unavailable, match="closed while it waited"):
                await write

    asyncio.run(close())


def test_a_task_that_is_cancelled_is_cancelled():
    async def cancel():
        async with Silence() as server:
            async with dnc.AsyncClient(server.address, key="", deadline=600) as client:
                write = asyncio.ensure_future(client.add_opt_out("2015550100"))
                await server.connected.wait()
                write.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await write
                assert write.cancelled()

    asyncio.run(cancel())


def test_settings_cannot_be_changed_behind_a_client():
    with pytest.raises(dataclasses.FrozenInstanceError):
        options().deadline = 5


def test_a_program_may_have_stubs_of_its_own_beside_it(tmp_path):
    (tmp_path / "dnc" / "v1").mkdir(parents=True)
    (tmp_path / "dnc" / "v1" / "verdict_pb2.py").write_text("found = True\n")
    package = pathlib.Path(dnc.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", "import dnc; from dnc.v1 import verdict_pb2 as v; "
         "assert v.found and dnc.Client"],
        env={**os.environ, "PYTHONPATH": f"{package}:{tmp_path}"}, check=False,
        stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr
