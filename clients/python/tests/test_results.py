"""What results and errors are, and what they are not."""

import datetime

import pytest

import dnc
from conftest import NOW, FakeClient
from dnc import _contract, errors, verdicts
from dnc.answers import Wanted, answer_of_check

UTC = datetime.timezone.utc
SECOND = datetime.timedelta(seconds=1)


def wanted(revision=0, moment=None, now=NOW):
    return Wanted(revision, moment, now, datetime.timedelta(minutes=10))


def test_the_values_are_the_contracts():
    for kind, name in [(dnc.Verdict, "Verdict"), (dnc.Reason, "Reason"), (dnc.Rule, "Rule"),
                       (dnc.Effect, "ListEffect"), (dnc.Channel, "Channel"),
                       (dnc.WriteOutcome, "WriteOutcome"), (dnc.CoverageState, "CoverageState")]:
        values = _contract.enum_values(f"dnc.v1.{name}")
        prefix = next(iter(values)).removesuffix("UNSPECIFIED")
        contract = {key.removeprefix(prefix): value for key, value in values.items() if value}
        assert contract == {one.name: one.value for one in kind if one.value}, name
    assert _contract.enum_values("dnc.v1.Detail")["DETAIL_FULL"] == 2
    assert _contract.enum_values("dnc.v1.OwnListKind")["OWN_LIST_KIND_INTERNAL"] == 1


def test_every_reason_has_its_class_and_advice():
    reasons = {name.removeprefix("ERROR_REASON_")
               for name in _contract.enum_values("dnc.v1.ErrorReason")} - {"UNSPECIFIED"}
    assert reasons == set(errors._REASONS)
    for reason in reasons:
        error = errors.class_of(reason, "INTERNAL")("what happened", reason=reason)
        assert error.advice and str(error).startswith(f"{reason}: what happened (")


def test_nothing_is_callable_by_accident(fake):
    listed, free = fake.scrub(["2015550101", "2015550100"])
    assert not listed and free
    assert not dnc.Answer() and not dnc.WriteResult("2015550100")
    result = fake.scrub(["2015550101"])
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(result)
    with pytest.raises(IndexError):
        result[1]
    assert not result[-1] and [one.verdict for one in result[:5]] == [dnc.Verdict.LISTED]


def test_only_clear_may_be_called():
    for value in range(-3, 300):
        assert dnc.Answer("", verdicts.known_verdict(value)).may_call is (value == 1)


def test_answers_tell_what_they_rest_on_and_until_when():
    message = _contract.CheckNumberResponse()
    message.result.number, message.result.verdict, message.result.rule = 2015550100, 1, 10
    message.result.reasons.extend([8, 16, 30])
    message.result.matches.add(list="national", effect=1, release_id=3)
    message.snapshot.revision = 7
    message.snapshot.decided_at.seconds = 1_790_000_000
    for name, days in [("national", 2), ("state:TX", 5)]:
        one = message.snapshot.lists.add(list=name, release_id=3)
        one.obtained_at.seconds = 1_790_000_000 - days * 86400
    answer = answer_of_check("(201) 555-0100", "(201) 555-0100", message, wanted(7))
    assert answer.may_call and answer.number == "2015550100" and answer.rule is dnc.Rule.CONSENT
    assert answer.reasons == (dnc.Reason.NATIONAL, dnc.Reason.CONSENT, 30)
    assert answer.valid_until == dnc.FOREVER  # the contract sets none for a verdict without an end
    assert answer.matches[0].effect is dnc.Effect.DENY
    assert answer.snapshot.revision == 7
    assert answer.snapshot.data_age == datetime.timedelta(days=5)
    message.result.verdict = 3
    answer = answer_of_check("2015550100", "2015550100", message, wanted())
    assert answer.valid_until is None and answer.verdict is dnc.Verdict.NOT_COVERED


def test_valid_until_is_the_numbers_own_end_or_that_of_the_lists(fake):
    day = datetime.datetime.fromtimestamp(1_790_000_000, UTC)
    assert fake.scrub(["2015550100"])[0].valid_until == day + datetime.timedelta(days=1)

    def scrubbed(texts):
        answer = usual(texts)
        answer.snapshot.lists.add(list="national").valid_until.seconds = 1_790_000_000 + 9 * 86400
        answer.earlier_ends.add(index=1).valid_until.seconds = 1_790_000_000 + 3600
        return answer

    usual, fake.scrubbed = fake.scrubbed, scrubbed
    first, second, third = fake.scrub(["2015550100", "2015550102", "1"])
    assert first.valid_until == day + datetime.timedelta(days=9)
    assert second.valid_until == day + datetime.timedelta(hours=1)
    assert third.valid_until is None  # INVALID holds not


@pytest.mark.parametrize("seconds, good", [
    (0, True), (-600, True), (600, True), (-601, False), (601, False), (10**9, False)])
def test_an_answer_is_of_now_by_the_clients_clock(fake, seconds, good):
    fake._core.now = lambda: NOW + seconds * SECOND
    result = fake.scrub(["2015550100", "2015550101"])
    assert [one.may_call for one in result] == [good, False]
    assert result.ok is good
    if not good:  # it names both times, and what to look at
        assert isinstance(result.error, dnc.BadAnswer)
        for part in (str(NOW), str(NOW + seconds * SECOND), "check the clocks", "cache"):
            assert part in str(result.error)
    # What permits no call is not refused for its time.
    assert fake.scrub(["2015550101"]).ok


def test_the_difference_of_clocks_is_an_option():
    client = FakeClient(max_clock_difference=5)
    client._core.now = lambda: NOW + 6 * SECOND
    assert not client.scrub(["2015550100"])[0]
    client._core.now = lambda: NOW + 5 * SECOND
    assert client.scrub(["2015550100"])[0]


@pytest.mark.parametrize("name", ["as_of", "as_answered_at"])
def test_an_answer_of_history_is_of_the_moment_asked_for(fake, name):
    moment = datetime.datetime(2026, 3, 1, 2, 3, 4, 5678, tzinfo=UTC)
    east = moment.astimezone(datetime.timezone(datetime.timedelta(hours=5)))
    assert fake.scrub(["2015550100"], **{name: east})[0]

    def elsewhere(texts):
        answer = usual(texts)
        answer.snapshot.decided_at.nanos += 1000
        return answer

    usual, fake.scrubbed = fake.scrubbed, elsewhere
    result = fake.scrub(["2015550100"], **{name: moment})
    assert isinstance(result.error, dnc.BadAnswer) and not result[0]
    assert str(moment) in str(result.error)


@pytest.mark.parametrize("index, seconds, good", [
    (0, 1_790_000_001, True), (1, 1_790_000_001, False), (0, None, False),
    (0, 1_790_000_000, False)])
def test_an_end_is_of_a_number_and_later(fake, index, seconds, good):
    def scrubbed(texts):
        answer = usual(texts)
        end = answer.earlier_ends.add(index=index)
        if seconds is not None:
            end.valid_until.seconds = seconds
        return answer

    usual, fake.scrubbed = fake.scrubbed, scrubbed
    result = fake.scrub(["2015550100"])
    assert result[0].may_call is good and isinstance(result.error, dnc.BadAnswer) is not good


def test_many_numbers_are_asked_in_batches(fake):
    fake.most = 70
    numbers = [2015550000 + i * i % 9999 for i in range(1000)]
    result = fake.scrub(numbers)
    assert result.ok and [one.may_call for one in result] == [n % 2 == 0 for n in numbers]
    assert len(result.snapshots) == len(fake.calls) == 15 and result.is_of_one_revision
    fake.scrub(numbers[:70])  # the known limit is not exceeded again
    assert len(fake.calls) == 16


def test_it_says_if_more_than_one_version_has_answered():
    class Changing(FakeClient):
        def scrubbed(self, texts):
            self.revision += 1
            return super().scrubbed(texts)

    result = Changing(batch_size=2).scrub(["2015550100"] * 4)
    assert result.ok and result.revisions == (8, 9) and not result.is_of_one_revision


def test_what_was_answered_before_an_error_counts():
    class Failing(FakeClient):
        def scrubbed(self, texts):
            if self.calls[1:]:
                raise dnc.Overloaded("busy", code="RESOURCE_EXHAUSTED", reason="LIMIT_REACHED")
            return super().scrubbed(texts)

    result = Failing(batch_size=2).scrub(["2015550100"] * 5)
    assert [one.may_call for one in result] == [True, True, False, False, False]
    assert not result.ok and result.answered == 2
    with pytest.raises(dnc.Overloaded):
        result.raise_for_error()


def test_opt_outs_are_acknowledged_one_by_one_or_it_is_an_error(fake):
    results = fake.add_opt_outs(["2015550100", "2015550101"], reason="asked", request_id="day-7",
                                channel=dnc.Channel.CALL)
    assert all(results) and [one.revision for one in results] == [7, 7]
    request = fake.calls[0]
    assert request.request_id == "day-7" and request.records[0].channel == 1
    with pytest.raises(dnc.NotRecorded) as told:
        fake.add_opt_outs(["2015550100", None])
    assert [one.recorded for one in told.value.results] == [True, False]
    assert told.value.request_id
    with pytest.raises(ValueError):
        fake.add_opt_outs(["2015550100"], request_id="x" * 65)


def test_the_parts_of_a_large_write_have_the_same_ids_again(fake):
    def ids(numbers):
        del fake.calls[:]
        fake.add_opt_outs(numbers, request_id="day-7")
        return [call.request_id for call in fake.calls]

    fake.most = 2
    numbers = [f"20155501{i:02d}" for i in range(10, 15)]
    first = ids(numbers)
    assert len(first) == len(set(first)) == 3 and all(len(one) == 64 for one in first)
    assert ids(numbers) == first
    assert ids(["2015550199", *numbers[1:]])[1:] == first[1:]


def test_a_write_that_breaks_off_tells_what_is_recorded():
    class Breaking(FakeClient):
        def written(self, records):
            if self.calls[1:]:
                raise dnc.Unavailable("gone", code="UNAVAILABLE")
            return super().written(records)

    client = Breaking(batch_size=2)
    with pytest.raises(dnc.NotRecorded) as told:
        client.add_opt_outs(["2015550100"] * 5, request_id="x")
    assert [one.recorded for one in told.value.results] == [True, True, False, False, False]
    assert told.value.code == "UNAVAILABLE" and told.value.request_id == "x"
    with pytest.raises(dnc.Unavailable):  # nothing at all was written
        client.add_opt_outs(["2015550100"])


def test_an_opt_out_is_not_written_to_a_list_of_consents():
    class Lists(FakeClient):
        def _call(self, call):
            if call.method != "ListLists":
                return super()._call(call)
            answer = _contract.ListListsResponse()
            answer.lists.add(list_id="consents", kind=3)
            answer.lists.add(list_id="brand-a", kind=1)
            return answer

    client = Lists()
    with pytest.raises(dnc.InvalidRequest, match="no do-not-call list"):
        client.add_opt_out("2015550100", list_id="consents")
    assert not client.calls
    with pytest.raises(dnc.NotFound, match="nothing was written"):
        client.add_opt_out("2015550100", list_id="brand-b")  # what it is nobody has said
    assert not client.calls
    assert client.add_opt_out("2015550100", list_id="brand-a").recorded


def test_times_need_their_zone(fake):
    with pytest.raises(ValueError, match="time zone"):
        fake.scrub(["2015550100"], as_of=datetime.datetime(2026, 11, 1))
    fake.scrub(["2015550100"], as_of=datetime.datetime(1969, 12, 31, 23, 59, 59, 5, tzinfo=UTC))
    assert (fake.calls[0].as_of.seconds, fake.calls[0].as_of.nanos) == (-1, 5000)


def test_errors_of_foreign_bytes_are_errors():
    for details in (b"", b"\x0a\xff garbage", b"\x00" * 9):
        assert isinstance(errors.error_of_status("INTERNAL", "x", details), dnc.DncError)
    assert type(errors.error_of_status("CODE_TO_COME", "x", b"")) is dnc.DncError


def test_bytes_that_are_no_message_are_never_read_as_one():
    raw = bytes.fromhex("0a020102120800000000000100001a020807")
    assert list(_contract.read(_contract.ScrubResponse, raw).verdicts) == [1, 2]
    assert len(raw) == 18
    for cut in range(1, len(raw)):
        if cut not in (4, 14):  # a field ends there
            with pytest.raises(ValueError):
                _contract.read(_contract.ScrubResponse, raw[:cut])
    for tail in (b"\x0c", b"\x04", b"\x00", b"\x0b", b"\x0f", b"\x0c rest", b"\xff" * 11):
        with pytest.raises(ValueError):
            _contract.read(_contract.ScrubResponse, raw + tail)
    later = raw + b"\xf8\x07\x01" + b"\xf9\x07" + b"8 bytes." + b"\xfd\x07" + b"four"
    assert _contract.read(_contract.ScrubResponse, later).snapshot.revision == 7
