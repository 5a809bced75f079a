"""Both clients and a real server, over TLS and with keys."""

import asyncio
import datetime
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

import dnc
from conftest import FREE, LISTED, REPO


def test_a_real_server_is_asked(dncd):
    with dncd.client() as client:
        result = client.scrub([LISTED, f"+1 ({FREE[:3]}) {FREE[3:6]}-{FREE[6:]}", int(FREE),
                               "9075550100", "12"])
        assert [one.verdict.name for one in result.raise_for_error()] == [
            "LISTED", "CLEAR", "CLEAR", "NOT_COVERED", "INVALID"]
        assert result[0].reasons == (dnc.Reason.NATIONAL,)
        assert result.snapshots[0].lists[0].list == "national"
        assert 0.9 < result.snapshots[0].data_age.total_seconds() / 86400 < 2.1
        assert result[1].valid_until > result.snapshots[0].decided_at
        full = client.scrub([LISTED, FREE, "12"], details=True).raise_for_error()
        assert [one.rule.name for one in full] == ["NATIONAL", "CLEAR", "MALFORMED"]
        assert full[0].matches[0].list == "national" and full[0].explanation
        answer = client.check(f"1-{LISTED}")
        assert not answer and answer.number == LISTED and answer.rule is dnc.Rule.NATIONAL
        assert client.may_call(FREE) and not client.may_call(LISTED)
        assert client.check("not a number").verdict is dnc.Verdict.INVALID


def test_more_numbers_than_the_server_takes_are_asked_about(dncd):
    numbers = [LISTED if i % 3 else FREE for i in range(25_000)]
    with dncd.client(batch_size=1_000_000) as client:
        result = client.scrub(numbers).raise_for_error()
    assert [one.may_call for one in result] == [i % 3 == 0 for i in range(25_000)]
    assert len(result.snapshots) == 3 and result.is_of_one_revision


def test_an_acknowledged_opt_out_holds(dncd):
    number = "2015550170"
    with dncd.client() as client:
        assert client.may_call(number)
        written = client.add_opt_out(number, channel=dnc.Channel.CALL, reason="asked on the phone",
                                     request_id="call-1")
        assert written.recorded and written.outcome is dnc.WriteOutcome.ADDED
        answer = client.check(number, at_least_revision=written.revision)
        assert answer.verdict is dnc.Verdict.LISTED
        assert answer.rule is dnc.Rule.OWN_DO_NOT_CALL
        again = client.add_opt_out(number, channel=dnc.Channel.CALL, reason="asked on the phone",
                                   request_id="call-1")
        assert again.recorded and again.revision == written.revision
        with pytest.raises(dnc.InvalidRequest) as told:
            client.add_opt_out("2015550171", request_id="call-1")
        assert told.value.reason == "REQUEST_ID_REUSED"
        many = client.add_opt_outs([f"20155502{i % 100:02d}" for i in range(25_000)],
                                   request_id="many")
        assert len(many) == 25_000 and all(many)
        assert not client.may_call("2015550250")
        with pytest.raises(dnc.NotRecorded) as told:
            client.add_opt_outs(["2015550172", "12"])
        assert [one.recorded for one in told.value.results] == [True, False]
        assert told.value.results[1].message


def test_errors_have_reasons_and_advice(dncd):
    with dncd.client() as client:
        with pytest.raises(dnc.PermissionDenied) as told:
            client.status()
        assert told.value.reason == "SCOPE_MISSING" and told.value.code == "PERMISSION_DENIED"
        with pytest.raises(dnc.NotFound):
            client.add_opt_out("2015550100", list_id="absent")
    with dncd.client(key="dnck_" + "a" * 40) as client:
        result = client.scrub([FREE])
        assert isinstance(result.error, dnc.Unauthenticated) and not result[0]
        assert "DNC_KEY" in str(result.error)
    with dncd.client(ca_file=None, tls=True, deadline=5) as client:  # certified by nobody it knows
        assert isinstance(client.scrub([FREE]).error, dnc.Unavailable)


def test_operators_see_what_is_covered(dncd):
    with dncd.client(key=dncd.operator) as client:
        status = client.status()
        assert status.version and status.max_batch == 10_000 and not status.clock_behind
        assert [(one.list, one.covered) for one in status.lists] == [("national", 1)]
        coverage = client.coverage()
        assert [(one.area_code, one.state.name) for one in coverage.area_codes] == [
            ("201", "COVERED")]
        with pytest.raises(TypeError):
            bool(coverage)
    with dncd.client(key=dncd.operator, tenant="acme") as client:
        assert client.may_call(FREE)


def test_the_client_of_asyncio_does_the_same(dncd):
    async def ask():
        async with dncd.client(dnc.AsyncClient) as client:
            result, answer, may_call = await asyncio.gather(
                client.scrub([LISTED, FREE]), asyncio.create_task(client.check(LISTED)),
                asyncio.wait_for(client.may_call(FREE), 300))
            assert [one.may_call for one in result] == [False, True]
            assert answer.rule is dnc.Rule.NATIONAL and may_call is True
            assert (await client.add_opt_out("2015550173")).recorded
            assert (await client.add_opt_outs(["2015550173"]))[0].outcome is (
                dnc.WriteOutcome.ALREADY_THERE)
            with pytest.raises(dnc.PermissionDenied):
                await client.coverage()
            # Without `await` there is no answer, and above all no permission.
            pending = client.may_call(FREE)
            with pytest.raises(TypeError, match="await"):
                assert pending
            pending.close()
        assert not await client.may_call(FREE)  # it is closed
        async with dncd.client(dnc.AsyncClient, key=dncd.operator) as client:
            assert (await client.status()).version

    asyncio.run(ask())


def test_the_example_says_who_may_be_called(dncd):
    done = subprocess.run(
        [sys.executable, REPO / "clients/python/examples/check.py", LISTED, FREE],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
        env={"DNC_SERVER": dncd.address, "DNC_KEY": dncd.key, "DNC_CA_FILE": dncd.ca_file,
             "PYTHONPATH": str(pathlib.Path(dnc.__file__).parents[1])})
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == f"{LISTED}: do not call (NATIONAL)"
    assert second.startswith(f"{FREE}: call, until 20")


def test_many_threads_use_one_client(dncd):
    numbers = [LISTED if i % 2 else FREE for i in range(200)]
    with dncd.client(batch_size=7) as client, ThreadPoolExecutor(8) as threads:
        for result in threads.map(client.scrub, [numbers] * 24):
            assert [one.may_call for one in result] == [i % 2 == 0 for i in range(200)]


@pytest.mark.parametrize("field", ["as_of", "as_answered_at"])
def test_history_is_answered_for_the_moment_asked_for(dncd, field):
    moment = datetime.datetime.now(datetime.timezone.utc)
    with dncd.client() as client:
        for details in (False, True):
            result = client.scrub([FREE, LISTED], details=details, **{field: moment})
            assert [one.may_call for one in result.raise_for_error()] == [True, False]
            assert result.snapshots[0].decided_at == moment
        assert client.check(FREE, **{field: moment}).may_call
