"""The vectors of clients/conformance, played to both clients."""

import asyncio
import datetime
import os
import pathlib
import random
import sys

import pytest

import dnc
from dnc import _contract

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "conformance"))
from player import GrpcPlayer, vectors  # noqa: E402 (its folder is in the path only now)

CALLS = ("scrub", "scrub_details", "check", "add_opt_outs")
# The kinds of errors that vectors name.
KINDS = {
    "any": dnc.DncError, "either": dnc.DncError, "error": dnc.DncError,
    "bad_answer": dnc.BadAnswer, "deadline": dnc.DeadlinePassed,
    "invalid_request": dnc.InvalidRequest, "not_recorded": dnc.NotRecorded,
    "overloaded": dnc.Overloaded, "permission_denied": dnc.PermissionDenied,
    "storage": dnc.StorageFailed, "unauthenticated": dnc.Unauthenticated,
    "unavailable": dnc.Unavailable,
}


def time_of(text):
    return None if text is None else datetime.datetime.strptime(
        text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)


async def ask(client, vector, run):
    """Returns what the client says of each number, and its error. `run` awaits if need be."""
    numbers = vector["numbers"]
    revision, as_of = int(vector["at_least_revision"]), time_of(vector["as_of"])
    client._core.now = lambda: time_of(vector["now"])
    try:
        if vector["call"] == "check":
            answer = await run(client.check(numbers[0], at_least_revision=revision,
                                            as_of=as_of))
            assert bool(answer) is answer.may_call
            return [answer.may_call], None
        if vector["call"] == "add_opt_outs":
            results = await run(client.add_opt_outs(numbers))
            return [result.recorded for result in results], None
    except dnc.NotRecorded as error:
        return [result.recorded for result in error.results], error
    except dnc.DncError as error:
        return [False] * len(numbers), error
    result = await run(client.scrub(numbers, details=vector["call"] == "scrub_details",
                                    at_least_revision=revision, as_of=as_of))
    assert [answer.asked for answer in result] == numbers
    return [answer.may_call for answer in result], result.error


async def directly(value):
    return value


def check(vector, said, error, player):
    expect = vector["expect"]
    assert said == expect.get("may_call", expect.get("recorded")), error
    if expect["error"] is None:
        assert error is None
    elif expect["error"] != "either":
        assert isinstance(error, KINDS[expect["error"]]), repr(error)
    if error is not None:
        assert error.advice and "555" not in str(error)
    assert player.requests == expect.get("requests", player.requests)


@pytest.mark.parametrize("vector", vectors("grpc", *CALLS), ids=lambda vector: vector["name"])
def test_the_client_says_what_the_vector_expects(vector):
    with GrpcPlayer(vector) as player:
        with dnc.Client(player.address, deadline=vector["deadline_seconds"]) as client:
            said, error = asyncio.run(ask(client, vector, directly))
        check(vector, said, error, player)


@pytest.mark.parametrize("vector", vectors("grpc", *CALLS), ids=lambda vector: vector["name"])
def test_the_client_of_asyncio_says_the_same(vector):
    async def wait(pending):
        with pytest.raises(TypeError):
            bool(pending)
        return await pending

    async def play(address):
        async with dnc.AsyncClient(address, deadline=vector["deadline_seconds"]) as client:
            return await ask(client, vector, wait)

    with GrpcPlayer(vector) as player:
        said, error = asyncio.run(play(player.address))
        check(vector, said, error, player)


@pytest.mark.parametrize("vector", [one for one in vectors("grpc", "check") if not one["as_of"]],
                         ids=lambda vector: vector["name"])
def test_may_call_has_no_errors(vector):
    with GrpcPlayer(vector) as player:
        with dnc.Client(player.address, deadline=vector["deadline_seconds"]) as client:
            client._core.now = lambda: time_of(vector["now"])
            may_call = client.may_call(vector["numbers"][0])
    # Of a revision it knows nothing.
    assert may_call is (vector["expect"]["may_call"][0] or int(vector["at_least_revision"]) > 0)


ANSWERS = {"scrub": _contract.ScrubResponse, "scrub_details": _contract.ScrubResponse,
           "check": _contract.CheckNumberResponse, "add_opt_outs": _contract.AddNumbersResponse}


def test_both_forms_of_an_answer_say_the_same():
    from google.protobuf import json_format
    compared = 0
    for vector in vectors("grpc", *CALLS):
        for answer in vector["answers"]:
            over_grpc, over_http = answer["grpc"], answer["http"]
            if over_http is None or "garbage" in vector["name"] or over_http.get("keep"):
                continue
            if "message" in over_grpc and over_http.get("content_type") == "application/json":
                read = json_format.Parse(over_http["body"], ANSWERS[vector["call"]]())
                assert read.SerializeToString() == bytes.fromhex(over_grpc["message"])
                compared += 1
    assert compared > 30


@pytest.mark.parametrize("call", ["scrub", "scrub_details", "check", "add_opt_outs"])
def test_damaged_answers_permit_nothing_that_they_do_not_say(call):
    """Changes bytes of right answers at random. What comes of it is an answer that the bytes give,
    or BadAnswer, and nothing else."""
    seed = int(os.environ.get("DNC_SEED") or random.randrange(2**32))
    print(f"DNC_SEED={seed} repeats it")
    chance = random.Random(seed)
    right = [bytes.fromhex(answer["grpc"]["message"]) for vector in vectors("grpc", call)
             for answer in vector["answers"] if "message" in answer["grpc"]]
    vector = vectors("grpc", call)[0]
    client = dnc.Client("127.0.0.1:1", key="")
    refused = 0
    for _ in range(3000):
        raw = bytearray(chance.choice(right))
        for _ in range(chance.randrange(4)):
            place = chance.randrange(len(raw) + 1)
            raw[place:place + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        client._call = lambda one, sent=bytes(raw): one.answer_of(sent)
        said, error = asyncio.run(ask(client, vector, directly))
        assert error is None or isinstance(error, (dnc.BadAnswer, dnc.NotRecorded)), repr(error)
        refused += isinstance(error, dnc.BadAnswer)
        if any(said) and call != "add_opt_outs":
            read = _contract.read(ANSWERS[call], bytes(raw))
            verdicts = [read.result.verdict] if call == "check" else list(read.verdicts)
            assert read.snapshot.revision > 0 and len(verdicts) == len(said)
            assert all(verdict == 1 for verdict, one in zip(verdicts, said) if one)
    assert 100 < refused < 3000
