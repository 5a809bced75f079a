"""The client of a dncd: asks before a call whether it may be made.

    with dnc.Client("127.0.0.1:50061") as client:
        for answer in client.scrub(["(201) 555-0123", "+1 212 555 0147"]):
            if answer.may_call:
                dial(answer.asked)
"""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Callable, TypeVar

import grpc

from ._contract import METHODS
from ._core import Call, Core, Facts, Question, Steps
from ._numbers import Phone
from ._options import Attempts, make_options
from .answers import Answer, ScrubResult
from .errors import DncError, Unavailable, error_of_rpc
from .records import WriteResult
from .status import Coverage, ServerStatus
from .verdicts import Channel

T = TypeVar("T")


class Client:
    """Asks a dncd. Fails closed: an error, a timeout, a short answer and a verdict that this
    version does not know all mean do-not-call.

    `address`: HOST:PORT, unix:/PATH, or for several servers with the same published lists
    `ipv4:10.0.0.1:50061,10.0.0.2:50061`. Opt-outs and revisions are of one server alone, so a
    client of several refuses `add_opt_outs` and `at_least_revision`; behind one name or one
    balancer it cannot know of several, so give an address of one server there. `key`: a key of the
    tenant, or an operator's key together with the `tenant` to act as. `tls`: with the system's
    certificates; `ca_file`: with these alone; `server_name`: the name that the server's certificate
    must have, if it is not the host's. What is None comes from the environment, as dncctl takes it:
    DNC_SERVER, DNC_KEY, DNC_TENANT, DNC_CA_FILE and DNC_TLS_NAME.

    `deadline`: seconds for each request to the server with all of its `max_attempts`; many numbers
    make several requests, of `batch_size` numbers or as many as the server takes.

    `max_clock_difference`: how many seconds the moment of an answer about now may be from this
    machine's clock, before and behind. A CLEAR that is further away is BadAnswer: it may come out
    of a cache, or from a server whose clock is wrong.

    Raises ValueError for settings that cannot be right, and OSError for a file that cannot be read;
    the first call connects. Several threads may use a client at once; a process that forks makes
    one after it has forked."""

    def __init__(self, address: str | None = None, *, key: str | None = None,
                 tenant: str | None = None, tls: bool = False,
                 ca_file: str | os.PathLike[str] | None = None, server_name: str | None = None,
                 deadline: float = 2.0, max_attempts: int = 4, batch_size: int = 10_000,
                 max_clock_difference: float = 600.0) -> None:
        self._options = make_options(
            address=address, key=key, tenant=tenant, tls=tls, ca_file=ca_file,
            server_name=server_name, deadline=deadline, max_attempts=max_attempts,
            batch_size=batch_size, max_clock_difference=max_clock_difference)
        self._core = Core(self._options)
        self._closed = False
        self._sleep: Callable[[float], None] = time.sleep  # tests replace the waits
        arguments, credentials = self._options.channel_arguments(), self._options.credentials()
        self._channel = (grpc.insecure_channel(self._options.address, options=arguments)
                         if credentials is None else
                         grpc.secure_channel(self._options.address, credentials,
                                             options=arguments))
        self._methods: dict[str, Any] = {
            name: self._channel.unary_unary(
                path, request_serializer=question.SerializeToString)
            for name, (path, question, _) in METHODS.items()}

    def close(self) -> None:
        """Ends the connection. Later calls fail, and permit no call."""
        self._closed = True
        self._channel.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def scrub(self, numbers: Iterable[Phone], *, details: bool = False, scope: str = "",
              as_of: datetime.datetime | None = None,
              as_answered_at: datetime.datetime | None = None,
              at_least_revision: int = 0) -> ScrubResult:
        """Asks about any count of numbers. A number is a text in any usual writing, or an integer
        of ten digits (or eleven with a leading 1). The answers stand in the order asked, one for
        each, also for what is no number (INVALID) and for None (UNKNOWN). Stops at the first
        request that fails: `ScrubResult.error` tells why, and what has no answer may not be called.

        `details` also asks for the rule that decided, in words, and every match, and compares the
        numbers; without it the count alone shows that an answer belongs to its question. `scope`:
        for whom the calls are made within the tenant, BRAND or BRAND/CAMPAIGN; empty: the strictest
        answer. `as_of`: as the lists were at that moment, by all that is known now;
        `as_answered_at`: what the server answered then. `at_least_revision`: only from a snapshot
        of that revision or a later one; revisions are each server's own, so ValueError for an
        address of several.

        Raises TypeError for a float and anything else that is no text and no integer: its digits
        cannot be relied on."""
        question = Question(as_of, as_answered_at, at_least_revision, scope)
        return self._run(self._core.scrub(numbers, question, details))

    def check(self, number: Phone, *, scope: str = "", as_of: datetime.datetime | None = None,
              as_answered_at: datetime.datetime | None = None,
              at_least_revision: int = 0) -> Answer:
        """Asks for everything that is known about one number, as `scrub` with details. A text that
        is no number is no error: its verdict is INVALID. Raises DncError if there is no answer."""
        question = Question(as_of, as_answered_at, at_least_revision, scope)
        return self._run(self._core.check(number, question))

    def may_call(self, number: Phone, *, scope: str = "") -> bool:
        """Returns True only if the server answers CLEAR for the number now; False after an error,
        whatever it was."""
        return self._run(self._core.may_call(number, Question(scope=scope)))

    def add_opt_outs(self, numbers: Iterable[Phone], *, list_id: str = "",
                     channel: Channel = Channel.UNSPECIFIED, reason: str = "", note: str = "",
                     made_at: datetime.datetime | None = None, made_by: str = "",
                     request_id: str | None = None) -> tuple[WriteResult, ...]:
        """Records that people asked not to be called, on a do-not-call list of the tenant
        (`internal` unless told). Returns when the server has acknowledged every one of them, and
        from then on every scrub of that server sees them. Other servers do not: tenants' lists are
        of one server. Raises ValueError if the address names several.

        Raises NotRecorded if some were not acknowledged: it tells which, and those of its results
        that are `recorded` stay so. Raises another DncError if none was. Whatever failed, repeat
        the call with the same numbers and `request_id` (NotRecorded has one that was made here);
        nothing is written twice. To repeat it without one is safe too."""
        facts = Facts(list_id, channel, reason, note, made_at, made_by)
        return self._run(self._core.add_opt_outs(numbers, facts, request_id))

    def add_opt_out(self, number: Phone, *, list_id: str = "",
                    channel: Channel = Channel.UNSPECIFIED, reason: str = "", note: str = "",
                    made_at: datetime.datetime | None = None, made_by: str = "",
                    request_id: str | None = None) -> WriteResult:
        """Does the same for one number."""
        return self.add_opt_outs([number], list_id=list_id, channel=channel, reason=reason,
                                 note=note, made_at=made_at, made_by=made_by,
                                 request_id=request_id)[0]

    def status(self) -> ServerStatus:
        """What the server is and holds; with an operator's key, or on loopback."""
        return self._run(self._core.status())

    def coverage(self, list_name: str = "national") -> Coverage:
        """What a published list covers; with an operator's key, or on loopback."""
        return self._run(self._core.coverage(list_name))

    def _run(self, steps: Steps[T]) -> T:
        try:
            call = next(steps)
            while True:
                try:
                    answer = self._call(call)
                except DncError as error:
                    call = steps.throw(error)
                else:
                    call = steps.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result

    def _call(self, call: Call) -> Any:
        attempts = Attempts(self._options, time.monotonic())
        while True:
            if self._closed:
                raise Unavailable("the client is closed", code="UNAVAILABLE")
            try:
                return call.answer_of(self._methods[call.method](
                    call.request, timeout=attempts.time_left(time.monotonic()),
                    metadata=self._options.metadata))
            except grpc.RpcError as error:
                failed = error_of_rpc(error, self._options.proxy_hint())
            except ValueError as error:  # grpcio's way to say that the channel was closed meanwhile
                if not self._closed:
                    raise
                failed = Unavailable(str(error), code="UNAVAILABLE")
            wait = attempts.wait_after(failed, time.monotonic())
            if wait is None:
                raise failed
            self._sleep(wait)
