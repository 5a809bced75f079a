"""The scrub calls as a client in another language sees them."""

import time

import grpc
import pytest

from dnc_server import Refused
from list_files import DAY, block, changes, flat
from waiting import PATIENCE

NOW = int(time.time())


@pytest.fixture
def loaded(server):
    server.load([("base.txt", flat(block(201, 555, 200)))], obtained_at=NOW - 5 * DAY)
    return server


def names(enum, values, prefix):
    return [enum.Name(value).replace(prefix, "") for value in values]


def test_writings(loaded):
    texts = ["2015550101", "(201) 555-0101", "+1.201.555.0101", "201-555-0101", "12015550101",
             "+1 (201) 555 0101", " 201 555 0101 ", "tel:+1-201-555-0101"]
    answer = loaded.scrub(texts=texts)
    assert names(loaded.stubs.verdict.Verdict, answer.verdicts, "VERDICT_") == ["LISTED"] * len(
        texts)


def test_malformed_numbers_never_fail_the_batch(loaded):
    texts = ["", "x", "555-0101", "1015550101", "22015550101", "2015550101 ext 2",
             "+44 2015550101", "201555010", "9" * 5000, "2015550101"]
    answer = loaded.scrub(texts=texts, detail=loaded.stubs.scrub.DETAIL_FULL)
    verdicts = names(loaded.stubs.verdict.Verdict, answer.verdicts, "VERDICT_")
    assert verdicts == ["INVALID"] * (len(texts) - 1) + ["LISTED"]
    assert [result.number for result in answer.results[:-1]] == [0] * (len(texts) - 1)
    assert answer.reasons[0] == 1 << loaded.stubs.verdict.REASON_MALFORMED
    numbers = [0, 1, 201555010, 2015550101, 12015550101, 22015550101, 2**64 - 1, 1015550101]
    assert loaded.verdicts(numbers) == ["INVALID"] * 3 + ["LISTED"] * 2 + ["INVALID"] * 3


def test_limits(loaded):
    with pytest.raises(Refused) as refusal:
        loaded.verdicts([2015550101] * 10_001)
    assert refusal.value.reason == "BATCH_TOO_LARGE"
    with pytest.raises(Refused) as refusal:
        loaded.scrub(numbers=[2015550101], texts=["2015550101"])
    assert refusal.value.reason == "INVALID_REQUEST"
    assert not loaded.scrub().verdicts
    assert len(loaded.verdicts([2015550101] * 10_000)) == 10_000


def test_snapshot(loaded):
    before = time.time()
    answer = loaded.scrub(numbers=[2015550101])
    (national,) = answer.snapshot.lists
    coverage = loaded.coverage()
    assert national.list == "national"
    assert national.release_id == coverage.release_id > 0
    assert national.obtained_at.seconds == NOW - 5 * DAY
    assert national.valid_until.seconds == NOW + 26 * DAY
    assert len(national.digest) == 32
    assert int(before) <= answer.snapshot.decided_at.seconds <= time.time()


def test_revisions(loaded):
    revision = loaded.scrub(numbers=[2015550101]).snapshot.revision
    load = loaded.load([("changes.txt", changes([(2015560101, NOW - DAY, "A")]))],
                       obtained_at=NOW - 60)
    assert load.release.revision > revision
    answer = loaded.scrub(numbers=[2015560101], at_least_revision=load.release.revision)
    assert answer.verdicts == [loaded.stubs.verdict.VERDICT_LISTED]
    with pytest.raises(Refused) as refusal:
        loaded.scrub(numbers=[2015560101], at_least_revision=load.release.revision + 1000)
    assert refusal.value.reason == "REVISION_NOT_REACHED"


def test_as_of(loaded):
    loaded.load([("changes.txt", changes([(2015560101, NOW - 2 * DAY, "A"),
                                          (2015550101, NOW - DAY, "D")]))], obtained_at=NOW - 60)

    def verdicts(seconds):
        request = loaded.stubs.scrub.ScrubRequest(numbers=[2015560101, 2015550101])
        request.as_of.seconds = seconds
        answer = loaded.call(loaded.scrubs.Scrub, request)
        return names(loaded.stubs.verdict.Verdict, answer.verdicts, "VERDICT_")

    assert loaded.verdicts([2015560101, 2015550101]) == ["LISTED", "CLEAR"]
    assert verdicts(NOW - DAY) == ["LISTED", "CLEAR"]
    assert verdicts(NOW - DAY - 1) == ["LISTED", "LISTED"]
    assert verdicts(NOW - 2 * DAY - 1) == ["CLEAR", "LISTED"]
    for seconds, reason in ((NOW - 6 * DAY, "HISTORY_NOT_REACHED"), (NOW + DAY, None)):
        with pytest.raises(Refused) as refusal:
            verdicts(seconds)
        assert refusal.value.reason in (reason, "INVALID_REQUEST", "HISTORY_NOT_REACHED")


def test_stream_keeps_the_order(loaded):
    scrub = loaded.stubs.scrub

    def requests():
        for i in range(50):
            yield scrub.ScrubStreamRequest(scrub=scrub.ScrubRequest(
                numbers=[2015550000 + i, 2015560000 + i] * (i + 1)))

    sizes = []
    for i, answer in enumerate(loaded.scrubs.ScrubStream(requests(), timeout=PATIENCE)):
        sizes.append(len(answer.scrub.verdicts))
        assert list(answer.scrub.verdicts) == [2, 1] * (i + 1)
    assert sizes == [2 * (i + 1) for i in range(50)]


def test_first_error_ends_the_stream(loaded):
    scrub = loaded.stubs.scrub
    requests = [scrub.ScrubStreamRequest(scrub=scrub.ScrubRequest(numbers=[2015550101])),
                scrub.ScrubStreamRequest(scrub=scrub.ScrubRequest(numbers=[1] * 10_001)),
                scrub.ScrubStreamRequest(scrub=scrub.ScrubRequest(numbers=[2015550101]))]
    answers = []
    with pytest.raises(grpc.RpcError) as error:
        for answer in loaded.scrubs.ScrubStream(iter(requests), timeout=PATIENCE):
            answers.append(answer)
    assert len(answers) == 1
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_check_number_tells_all(loaded):
    loaded.load([("tx.csv", b"phone\n2015550101\n")], list_name="state:TX", obtained_at=NOW - DAY)
    loaded.load([("l.csv", b"phone\n2015550101\n")], list_name="litigator:one",
                obtained_at=NOW - DAY)
    answer = loaded.call(loaded.scrubs.CheckNumber,
                         loaded.stubs.scrub.CheckNumberRequest(number="(201) 555-0101"))
    result = answer.result
    assert result.number == 2015550101
    assert result.rule == loaded.stubs.verdict.RULE_LITIGATOR
    assert {match.list for match in result.matches} == {"national", "state:TX", "litigator:one"}
    assert sorted(result.reasons) == list(result.reasons)
    assert result.explanation
    assert all(match.listed_since.seconds for match in result.matches)
    history = loaded.call(loaded.registry.GetHistory,
                          loaded.stubs.registry.GetHistoryRequest(number="201.555.0101"))
    assert len(history.events) == 3
    assert set(history.listed_on) == {"national", "state:TX", "litigator:one"}
    assert [event.time.seconds for event in history.events] == sorted(
        event.time.seconds for event in history.events)
