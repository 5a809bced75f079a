"""What a client asks and what it makes of the answers, without a connection.

Each function is a generator: it yields a `Call`, is sent the answer, or has the DncError thrown
into it that the call ended with, and returns its result. The synchronous client and that of asyncio
run the same generators, so they make the same promises.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from . import _contract
from ._numbers import Phone, as_list, batch_length, wire_text
from ._times import to_message
from ._options import Options
from .answers import Answer, ScrubResult, Wanted, answer_of_check
from .errors import BadAnswer, DncError, InvalidRequest, NotFound, NotRecorded
from .records import WriteResult, check_recorded, part_id, results_of
from .status import Coverage, ServerStatus, coverage_of, status_of
from .verdicts import Channel

T = TypeVar("T")
_KIND_INTERNAL = 1  # OWN_LIST_KIND_INTERNAL
_MAX_REQUEST_ID_BYTES = 64


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


@dataclass(frozen=True)
class Call:
    """A request to the server."""

    method: str
    request: Any

    def answer_of(self, raw: bytes | None) -> Any:
        """Reads an answer. Raises BadAnswer for what is none.

        grpcio is not left to do that: for a call that ended well without a message its clients
        return None, and that of asyncio does so too for bytes that are no message."""
        if raw is None:
            raise BadAnswer("the server ended the call without an answer")
        try:
            return _contract.read(_contract.METHODS[self.method][2], raw)
        except ValueError as error:
            raise BadAnswer("the answer is not what the contract says") from error


Steps = Generator[Call, Any, T]


@dataclass(frozen=True)
class Question:
    """What a scrub or check asks beside its numbers."""

    as_of: datetime.datetime | None = None
    as_answered_at: datetime.datetime | None = None
    at_least_revision: int = 0
    scope: str = ""

    def fill(self, request: Any) -> None:
        if self.as_of is not None:
            to_message(self.as_of, request.as_of)
        if self.as_answered_at is not None:
            to_message(self.as_answered_at, request.as_answered_at)
        request.at_least_revision = self.at_least_revision
        request.scope = self.scope.strip()


@dataclass(frozen=True)
class Facts:
    """What is told of opt-outs beside their numbers."""

    list_id: str
    channel: Channel
    reason: str
    note: str
    made_at: datetime.datetime | None
    made_by: str

    def record(self, text: str) -> Any:
        record = _contract.Record(number=text, channel=int(self.channel), reason=self.reason,
                                  note=self.note, made_by=self.made_by)
        if self.made_at is not None:
            to_message(self.made_at, record.made_at)
        return record


class Core:
    """Makes the calls of a client. Several threads may run its generators at once: what they share
    is how many numbers the server takes, and which lists are do-not-call lists."""

    def __init__(self, options: Options) -> None:
        self._batch_size = options.batch_size
        self._names_several = options.names_several
        self._max_clock_difference = datetime.timedelta(seconds=options.max_clock_difference)
        self.now: Callable[[], datetime.datetime] = _now  # tests replace the clock
        self._do_not_call_lists = {"", "internal"}

    def scrub(self, numbers: Iterable[Phone], question: Question, details: bool,
              ) -> Steps[ScrubResult]:
        """Asks about any count of numbers. Never raises DncError: the result has it."""
        self._check_revision(question)
        asked = as_list(numbers)
        sent = [(place, text) for place, phone in enumerate(asked)
                if (text := wire_text(phone)) is not None]
        places, texts = [place for place, _ in sent], [text for _, text in sent]
        sizes = [len(text.encode()) for text in texts]
        request = _contract.ScrubRequest(detail=2 if details else 1)  # DETAIL_FULL, DETAIL_COLUMNS
        question.fill(request)
        result = ScrubResult(asked)
        start = 0
        while start < len(texts):
            end = start + batch_length(sizes, start, self._batch_size)
            del request.texts[:]
            request.texts.extend(texts[start:end])
            try:
                response = yield Call("Scrub", request)
                result.add(places[start:end], texts[start:end], response, details=details,
                           wanted=self._wanted(question))
            except DncError as error:
                if self._learn(error, end - start):
                    continue
                result.error = error
                break
            start = end
        return result

    def check(self, number: Phone, question: Question) -> Steps[Answer]:
        """Asks for everything that is known about one number."""
        self._check_revision(question)
        text = wire_text(number)
        if text is None:
            return Answer(number)
        request = _contract.CheckNumberRequest(number=text)
        question.fill(request)
        response = yield Call("CheckNumber", request)
        return answer_of_check(number, text, response, self._wanted(question))

    def may_call(self, number: Phone, question: Question) -> Steps[bool]:
        """Asks whether one number may be called; an error means that it may not."""
        try:
            return (yield from self.check(number, question)).may_call
        except DncError:
            return False

    def add_opt_outs(self, numbers: Iterable[Phone], facts: Facts, request_id: str | None,
                     ) -> Steps[tuple[WriteResult, ...]]:
        """Writes opt-outs. Raises DncError unless every one was acknowledged."""
        self._check_one_server("an opt-out is known to the server that it is written to, and the "
                               "others would go on clearing the number; write it to each of them "
                               "by a client of its own")
        asked = as_list(numbers)
        yield from self._check_list(facts.list_id)
        name = str(uuid.uuid4()) if request_id is None else request_id
        if not 0 < len(name.encode()) <= _MAX_REQUEST_ID_BYTES:
            raise ValueError("a request_id has 1 to 64 bytes")
        texts = [wire_text(phone) or "" for phone in asked]  # the server refuses an empty one
        records = [facts.record(text) for text in texts]
        sizes = [record.ByteSize() for record in records]
        results = [WriteResult(phone) for phone in asked]
        start = 0
        while start < len(asked):
            end = start + batch_length(sizes, start, self._batch_size)
            part = records[start:end]
            whole = len(part) == len(records)
            request = _contract.AddNumbersRequest(
                list_id=facts.list_id, records=part,
                request_id=name if whole else part_id(name, part))
            try:
                response = yield Call("AddNumbers", request)
                results[start:end] = results_of(asked[start:end], response)
            except DncError as error:
                if self._learn(error, end - start):
                    continue
                if start == 0 and not any(results):
                    raise
                raise NotRecorded(str(error), results=results, request_id=name, code=error.code,
                                  reason=error.reason, metadata=error.metadata,
                                  retry_after=error.retry_after) from error
            start = end
        check_recorded(results, name)
        return tuple(results)

    def status(self) -> Steps[ServerStatus]:
        return status_of((yield Call("GetStatus", _contract.GetStatusRequest())))

    def coverage(self, list_name: str) -> Steps[Coverage]:
        request = _contract.GetCoverageRequest(list=list_name)
        return coverage_of((yield Call("GetCoverage", request)))

    def _wanted(self, question: Question) -> Wanted:
        moment = question.as_of if question.as_of is not None else question.as_answered_at
        return Wanted(question.at_least_revision, moment, self.now(), self._max_clock_difference)

    def _check_revision(self, question: Question) -> None:
        if question.at_least_revision > 0:
            self._check_one_server("revisions are each server's own, so `at_least_revision` proves "
                                   "nothing there; ask the server that told the revision")

    def _check_one_server(self, why: str) -> None:
        if self._names_several:
            raise ValueError(f"the client's address names several servers: {why}")

    def _learn(self, error: DncError, sent: int) -> bool:
        """Returns whether the server takes fewer at once, which this remembers."""
        if error.reason != "BATCH_TOO_LARGE":
            return False
        told = error.metadata.get("max_batch", "")
        most = int(told) if told.isascii() and told.isdigit() else sent // 2
        if not 0 < most < sent:
            return False
        self._batch_size = most
        return True

    def _check_list(self, list_id: str) -> Steps[None]:
        """Raises InvalidRequest if a list is no do-not-call list: what is written to a list of
        consents permits calls. Raises NotFound if the server does not name it: nobody knows then
        what it is."""
        if list_id in self._do_not_call_lists:
            return
        response = yield Call("ListLists", _contract.ListListsRequest())
        kinds = {one.list_id: one.kind for one in response.lists}
        if list_id not in kinds:
            raise NotFound(f"the server names no list {list_id} of the tenant; nothing was written",
                           code="NOT_FOUND")
        if kinds[list_id] != _KIND_INTERNAL:
            raise InvalidRequest(
                f"the list {list_id} is no do-not-call list, so an opt-out must not stand on it",
                code="INVALID_ARGUMENT")
        self._do_not_call_lists.add(list_id)
