"""The client of a dncd for asyncio, with the promises of `Client`.

    async with dnc.AsyncClient("127.0.0.1:50061") as client:
        for answer in await client.scrub(["(201) 555-0123", "+1 212 555 0147"]):
            if answer.may_call:
                await dial(answer.asked)
"""

from __future__ import annotations

import asyncio
import datetime
import os
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
from types import TracebackType
from typing import Any, TypeVar

import grpc
import grpc.aio

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


class Pending(Coroutine[Any, Any, T]):
    """A call that waits to be awaited. A plain coroutine is true: where its `await` is forgotten,
    `if client.may_call(number)` would permit every call. This one is neither true nor false."""

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self._coroutine = coroutine

    def __bool__(self) -> bool:
        raise TypeError("this call has no answer yet; write `await` before it")

    def __await__(self) -> Generator[Any, Any, T]:
        return self._coroutine.__await__()

    def send(self, value: Any) -> Any:
        return self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        return self._coroutine.throw(*error)

    def close(self) -> None:
        self._coroutine.close()


class AsyncClient:
    """Asks a dncd from asyncio. Takes the settings of `Client`, and its methods do the same. It
    belongs to the event loop that makes its first call."""

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
        self._sleep: Callable[[float], Awaitable[None]] = asyncio.sleep  # tests replace the waits
        self._channel: Any = None
        self._methods: dict[str, Any] = {}

    async def close(self) -> None:
        """Ends the connection. Later calls fail, and permit no call."""
        self._closed = True
        if self._channel is not None:
            await self._channel.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        await self.close()

    def scrub(self, numbers: Iterable[Phone], *, details: bool = False, scope: str = "",
              as_of: datetime.datetime | None = None,
              as_answered_at: datetime.datetime | None = None,
              at_least_revision: int = 0) -> Pending[ScrubResult]:
        """As `Client.scrub`."""
        question = Question(as_of, as_answered_at, at_least_revision, scope)
        return Pending(self._run(self._core.scrub(numbers, question, details)))

    def check(self, number: Phone, *, scope: str = "", as_of: datetime.datetime | None = None,
              as_answered_at: datetime.datetime | None = None,
              at_least_revision: int = 0) -> Pending[Answer]:
        """As `Client.check`."""
        question = Question(as_of, as_answered_at, at_least_revision, scope)
        return Pending(self._run(self._core.check(number, question)))

    def may_call(self, number: Phone, *, scope: str = "") -> Pending[bool]:
        """As `Client.may_call`."""
        return Pending(self._run(self._core.may_call(number, Question(scope=scope))))

    def add_opt_outs(self, numbers: Iterable[Phone], *, list_id: str = "",
                     channel: Channel = Channel.UNSPECIFIED, reason: str = "", note: str = "",
                     made_at: datetime.datetime | None = None, made_by: str = "",
                     request_id: str | None = None) -> Pending[tuple[WriteResult, ...]]:
        """As `Client.add_opt_outs`."""
        facts = Facts(list_id, channel, reason, note, made_at, made_by)
        return Pending(self._run(self._core.add_opt_outs(numbers, facts, request_id)))

    def add_opt_out(self, number: Phone, *, list_id: str = "",
                    channel: Channel = Channel.UNSPECIFIED, reason: str = "", note: str = "",
                    made_at: datetime.datetime | None = None, made_by: str = "",
                    request_id: str | None = None) -> Pending[WriteResult]:
        """As `Client.add_opt_out`."""
        facts = Facts(list_id, channel, reason, note, made_at, made_by)

        async def first() -> WriteResult:
            return (await self._run(self._core.add_opt_outs([number], facts, request_id)))[0]

        return Pending(first())

    def status(self) -> Pending[ServerStatus]:
        """As `Client.status`."""
        return Pending(self._run(self._core.status()))

    def coverage(self, list_name: str = "national") -> Pending[Coverage]:
        """As `Client.coverage`."""
        return Pending(self._run(self._core.coverage(list_name)))

    async def _run(self, steps: Steps[T]) -> T:
        try:
            call = next(steps)
            while True:
                try:
                    answer = await self._call(call)
                except DncError as error:
                    call = steps.throw(error)
                else:
                    call = steps.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result

    async def _call(self, call: Call) -> Any:
        attempts = Attempts(self._options, time.monotonic())
        while True:
            if self._closed:
                raise Unavailable("the client is closed", code="UNAVAILABLE")
            try:
                return call.answer_of(await self._rpc(
                    call, attempts.time_left(time.monotonic())))
            except grpc.RpcError as error:
                failed = error_of_rpc(error, self._options.proxy_hint())
            except grpc.aio.UsageError as error:  # the channel was closed meanwhile
                if not self._closed:
                    raise
                failed = Unavailable(str(error), code="UNAVAILABLE")
            wait = attempts.wait_after(failed, time.monotonic())
            if wait is None:
                raise failed
            await self._sleep(wait)

    async def _rpc(self, call: Call, seconds: float) -> Any:
        """Makes a request. grpcio cancels the requests of a channel that is closed, which would
        look as if the caller's own task were cancelled. So a request has a task of its own."""
        request = asyncio.ensure_future(self._method(call.method)(
            call.request, timeout=seconds, metadata=self._options.metadata))
        try:
            await asyncio.wait({request})
        finally:
            request.cancel()  # does nothing to one that is done
        if request.cancelled() and self._closed:
            raise Unavailable("the client was closed while it waited for the answer",
                              code="UNAVAILABLE")
        return request.result()

    def _method(self, name: str) -> Any:
        """Returns a method of the channel, which is made here: it takes the loop that runs now."""
        if self._channel is None:
            arguments, credentials = self._options.channel_arguments(), self._options.credentials()
            self._channel = (grpc.aio.insecure_channel(self._options.address, options=arguments)
                             if credentials is None else
                             grpc.aio.secure_channel(self._options.address, credentials,
                                                     options=arguments))
            self._methods = {
                method: self._channel.unary_unary(
                    path, request_serializer=question.SerializeToString)
                for method, (path, question, _) in METHODS.items()}
        return self._methods[name]
