"""What a server has said about numbers. Whatever went wrong, a number without a proven CLEAR may
not be called."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

from ._numbers import Phone, plain_digits, shows
from ._times import FOREVER, from_message
from .errors import BadAnswer, DncError
from .verdicts import (CLEARING_RULES, Effect, Reason, Rule, Verdict, known_reason, known_rule,
                       known_verdict)

_HOLD_NOT = frozenset({Verdict.UNKNOWN, Verdict.INVALID, Verdict.NOT_COVERED})


@dataclass(frozen=True)
class ListSnapshot:
    """The release of a list that an answer rests on."""

    list: str
    release_id: int
    """Which version of the list: it grows with every load; 0 if none is loaded."""
    obtained_at: datetime.datetime | None
    """When the data came from its publisher: the oldest among the area codes asked about."""
    valid_until: datetime.datetime | None
    digest: str
    known_by_silence_at: datetime.datetime | None


@dataclass(frozen=True)
class Snapshot:
    """What an answer rests on."""

    revision: int
    """Every change of lists up to this one is in the answer."""
    decided_at: datetime.datetime | None
    valid_until: datetime.datetime | None
    lists: tuple[ListSnapshot, ...]

    @property
    def obtained_at(self) -> datetime.datetime | None:
        """When the oldest data was obtained on which the answer rests."""
        return min((one.obtained_at for one in self.lists if one.obtained_at), default=None)

    @property
    def data_age(self) -> datetime.timedelta | None:
        """How old that data was at the moment that the answer is for."""
        if self.obtained_at is None or self.decided_at is None:
            return None
        return self.decided_at - self.obtained_at

    @staticmethod
    def of(message: Any) -> Snapshot:
        """Makes a snapshot of a dnc.v1.Snapshot."""
        return Snapshot(
            revision=message.revision, decided_at=from_message(message, "decided_at"),
            valid_until=from_message(message, "valid_until"),
            lists=tuple(ListSnapshot(
                list=one.list, release_id=one.release_id, digest=one.digest,
                obtained_at=from_message(one, "obtained_at"),
                valid_until=from_message(one, "valid_until"),
                known_by_silence_at=from_message(one, "known_by_silence_at"))
                for one in message.lists))


@dataclass(frozen=True)
class Match:
    """An entry of a list that holds the number."""

    list: str
    effect: Effect
    listed_since: datetime.datetime | None
    listed_since_exact: bool
    """False: it was listed then or before."""
    release_id: int
    obtained_at: datetime.datetime | None


@dataclass(frozen=True)
class Answer:
    """All that is known about one number. It counts as true only if the number may be called."""

    asked: Phone = None
    """The number as it was given."""
    verdict: Verdict = Verdict.UNKNOWN
    reasons: tuple[Reason | int, ...] = ()
    """All that apply, ascending; one that this version has no name for is a number."""
    valid_until: datetime.datetime | None = None
    """Until when the verdict holds, by all that is known now; a later load or write may change it
    sooner. None if nothing holds, FOREVER for a verdict without an end."""
    snapshot: Snapshot | None = None
    """What the answer rests on; None if there is no answer."""
    number: str = ""
    """Ten digits; empty if malformed, or if details were not asked for."""
    rule: Rule = Rule.UNKNOWN
    """The rule that decided; with details."""
    explanation: str = ""
    """The rule in a sentence; with details."""
    matches: tuple[Match, ...] = ()
    """Every list that holds the number; with details."""

    @property
    def may_call(self) -> bool:
        """True only if the server has answered CLEAR for exactly this number."""
        return self.verdict is Verdict.CLEAR

    def __bool__(self) -> bool:
        return self.may_call


def answer_of_result(asked: Phone, text: str, result: Any, snapshot: Snapshot, wanted: Wanted,
                     ) -> Answer:
    """Makes an answer of a dnc.v1.NumberResult. Raises BadAnswer for one of another number, and
    for a CLEAR that is over."""
    plain = plain_digits(text)
    if result.number and plain and result.number != plain:
        raise BadAnswer("the server answered for another number than was asked")
    verdict = known_verdict(result.verdict)
    if verdict is Verdict.CLEAR and not result.number:
        raise BadAnswer("the server answered CLEAR without saying for which number")
    if verdict is Verdict.CLEAR and not shows(text, result.number):
        raise BadAnswer("the server answered CLEAR for a number that does not stand in the text "
                        "that was asked about")
    rule = known_rule(result.rule)
    if verdict is Verdict.CLEAR and rule not in CLEARING_RULES:
        verdict = Verdict.UNKNOWN  # cleared by what this version does not know
    until = from_message(result, "valid_until")
    if verdict is Verdict.CLEAR:
        wanted.check_end(snapshot, until)
    if until is None and verdict not in _HOLD_NOT:
        until = FOREVER
    return Answer(
        asked=asked, verdict=verdict, reasons=tuple(map(known_reason, result.reasons)),
        valid_until=until if verdict not in _HOLD_NOT else None, snapshot=snapshot,
        number=f"{result.number:010d}" if result.number else "", rule=rule,
        explanation=result.explanation,
        matches=tuple(Match(
            list=one.list, release_id=one.release_id, listed_since_exact=one.listed_since_exact,
            effect=Effect(one.effect) if one.effect in Effect.__members__.values()
            else Effect.UNKNOWN, listed_since=from_message(one, "listed_since"),
            obtained_at=from_message(one, "obtained_at")) for one in result.matches))


@dataclass(frozen=True)
class Wanted:
    """Of what an answer must be to permit calls."""

    at_least_revision: int
    moment: datetime.datetime | None
    """What `as_of` or `as_answered_at` asked for; None: now."""
    now: datetime.datetime
    """The client's clock when the answer had come."""
    max_clock_difference: datetime.timedelta

    def check_moment(self, snapshot: Snapshot) -> None:
        """Raises BadAnswer if an answer with a CLEAR is of another moment than was asked for."""
        decided = snapshot.decided_at
        if decided is None:
            raise BadAnswer("the answer is CLEAR and does not say for which moment")
        if self.moment is not None:
            if decided != self.moment:
                raise BadAnswer(f"the answer is for {decided}, and was asked for {self.moment}")
            return
        if abs(decided - self.now) > self.max_clock_difference:
            raise BadAnswer(
                f"the answer is for {decided}, and here it is {self.now}, which is more than "
                f"{self.max_clock_difference} apart; check the clocks of the server and of this "
                "machine, and that no cache stands between them")
        self.check_end(snapshot, snapshot.valid_until)

    def check_end(self, snapshot: Snapshot, end: datetime.datetime | None) -> None:
        """Raises BadAnswer if a CLEAR for now held no longer when it was given. As of an earlier
        moment the server may answer for the last instant of what ended then."""
        decided = snapshot.decided_at
        if self.moment is None and end is not None and decided is not None and end <= decided:
            raise BadAnswer(f"the answer is CLEAR until {end}, and is for {decided}, when that was "
                            "over; check what stands at that address")


def checked_snapshot(message: Any, clear: bool, wanted: Wanted) -> Snapshot:
    """Returns what an answer rests on. Raises BadAnswer if it does not say so, if it is older than
    was asked for, or if a CLEAR is of another moment."""
    if not message.HasField("snapshot"):
        raise BadAnswer("the answer does not say which snapshot it rests on")
    revision = message.snapshot.revision
    if clear and revision == 0:
        raise BadAnswer("the answer is CLEAR and does not say at which revision")
    if revision < wanted.at_least_revision:
        raise BadAnswer(f"the answer is of revision {revision}, older than was asked for")
    snapshot = Snapshot.of(message.snapshot)
    if clear:
        wanted.check_moment(snapshot)
    return snapshot


def answer_of_check(asked: Phone, text: str, response: Any, wanted: Wanted) -> Answer:
    """Makes an answer of a dnc.v1.CheckNumberResponse. Raises BadAnswer."""
    if not response.HasField("result"):
        raise BadAnswer("the server answered without a verdict")
    clear = response.result.verdict == Verdict.CLEAR
    snapshot = checked_snapshot(response, clear, wanted)
    return answer_of_result(asked, text, response.result, snapshot, wanted)


@dataclass(frozen=True)
class _Batch:
    """The answer to one request, checked."""

    response: Any
    snapshot: Snapshot
    end: datetime.datetime
    earlier_ends: dict[int, datetime.datetime]
    details: tuple[Answer, ...]


class ScrubResult(Sequence[Answer]):
    """The answers for numbers, in the order asked: an `Answer` each, whatever went wrong.

        for answer in client.scrub(leads):
            if answer.may_call:
                dial(answer.asked)

    `error` tells why some have no answer. The result itself is neither true nor false."""

    def __init__(self, asked: Sequence[Phone]) -> None:
        self._asked = asked
        self._found: list[tuple[_Batch, int] | None] = [None] * len(asked)
        self._snapshots: list[Snapshot] = []
        self.error: DncError | None = None
        """Why numbers have no answer; None if every number that was given has one."""

    @property
    def ok(self) -> bool:
        """Whether every number that was given has an answer."""
        return self.error is None

    def raise_for_error(self) -> ScrubResult:
        """Raises `error` if there is one; otherwise returns this result."""
        if self.error is not None:
            raise self.error
        return self

    @property
    def answered(self) -> int:
        """How many numbers have an answer from the server."""
        return sum(found is not None for found in self._found)

    @property
    def snapshots(self) -> tuple[Snapshot, ...]:
        """What the answers rest on, one for each request that was answered, in order."""
        return tuple(self._snapshots)

    @property
    def revisions(self) -> tuple[int, ...]:
        """The revisions that answered, ascending, each once."""
        return tuple(sorted({snapshot.revision for snapshot in self._snapshots}))

    @property
    def is_of_one_revision(self) -> bool:
        """False if the lists or the tenant's records changed while the server was asked: the
        numbers were asked about in several requests, or several servers have answered. True says
        that of one server alone: equal revisions of two servers need not be one state."""
        return len(self.revisions) <= 1

    def callable(self) -> list[Phone]:
        """The numbers that may be called, as they were given."""
        return [answer.asked for answer in self if answer.may_call]

    def __len__(self) -> int:
        return len(self._asked)

    def __bool__(self) -> bool:
        raise TypeError("a result of many numbers is neither true nor false; ask each of its "
                        "answers: `for answer in result: if answer.may_call: ...`")

    @overload
    def __getitem__(self, index: int) -> Answer: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Answer]: ...

    def __getitem__(self, index: int | slice) -> Answer | Sequence[Answer]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        asked, found = self._asked[index], self._found[index]
        if found is None:
            return Answer(asked)
        batch, place = found
        if batch.details:
            return batch.details[place]
        verdict = known_verdict(batch.response.verdicts[place])
        until = None if verdict in _HOLD_NOT else batch.earlier_ends.get(place, batch.end)
        return Answer(asked, verdict, _reasons_of(batch.response.reasons[place]), until,
                      batch.snapshot)

    def __iter__(self) -> Iterator[Answer]:
        return (self[place] for place in range(len(self)))

    def add(self, places: Sequence[int], texts: Sequence[str], response: Any, *, details: bool,
            wanted: Wanted) -> None:
        """Adds the answer for the numbers at `places`, whose texts were sent. Raises BadAnswer for
        one that is not of exactly these numbers, and then changes nothing."""
        batch = _checked(response, [self._asked[place] for place in places], texts, details,
                         wanted)
        self._snapshots.append(batch.snapshot)
        for index, place in enumerate(places):
            self._found[place] = batch, index


def _reasons_of(bits: int) -> tuple[Reason | int, ...]:
    return tuple(known_reason(value) for value in range(1, 32) if bits >> value & 1)


def _checked(response: Any, asked: Sequence[Phone], texts: Sequence[str], details: bool,
             wanted: Wanted) -> _Batch:
    count = len(texts)
    verdicts, reasons = len(response.verdicts), len(response.reasons)
    if verdicts != count or reasons != count:
        raise BadAnswer(f"the server answered {verdicts} verdicts and {reasons} sets of reasons "
                        f"for {count} numbers")
    clear = Verdict.CLEAR in response.verdicts
    snapshot = checked_snapshot(response, clear, wanted)
    found: tuple[Answer, ...] = ()
    if details:
        if len(response.results) != count:
            raise BadAnswer(f"the server told details of {len(response.results)} numbers, and "
                            f"{count} were asked")
        if any(one.verdict != verdict
               for one, verdict in zip(response.results, response.verdicts)):
            raise BadAnswer("the details contradict the verdicts")
        found = tuple(answer_of_result(one, text, result, snapshot, wanted)
                      for one, text, result in zip(asked, texts, response.results))
    return _Batch(response, snapshot, _end_of(response, snapshot),
                  _earlier_ends_of(response, snapshot, wanted), found)


def _earlier_ends_of(response: Any, snapshot: Snapshot, wanted: Wanted,
                     ) -> dict[int, datetime.datetime]:
    """Returns the ends of single numbers, by their places. Raises BadAnswer for one of no number
    that was asked about, one without a time, and for a CLEAR that is over."""
    ends: dict[int, datetime.datetime] = {}
    for one in response.earlier_ends:
        end = from_message(one, "valid_until")
        if end is None or one.index >= len(response.verdicts):
            raise BadAnswer("the answer tells an end without a time, or of a number that was not "
                            "asked about")
        if response.verdicts[one.index] == Verdict.CLEAR:
            wanted.check_end(snapshot, end)
        ends[one.index] = end
    return ends


def _end_of(response: Any, snapshot: Snapshot) -> datetime.datetime:
    """Returns until when the answers of a batch hold that do not end earlier. The lists' ends tell,
    unless one of them has passed: such an end may belong to numbers that are STALE, or to a list
    that only informs, and the others hold until the end of the whole batch."""
    if not response.earlier_ends and snapshot.valid_until is not None:
        return snapshot.valid_until
    end = min((one.valid_until for one in snapshot.lists if one.valid_until), default=FOREVER)
    over = snapshot.decided_at is not None and end < snapshot.decided_at
    return snapshot.valid_until if over and snapshot.valid_until is not None else end
