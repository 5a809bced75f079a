"""Why a call failed, and what to do. Whatever the error: call none of the numbers asked about.

    try:
        client.add_opt_out("(201) 555-0123")
    except dnc.PermissionDenied as error:
        print(error.reason, error.advice)

A server names its reason (`reason`, as dnc.v1.ErrorReason without its prefix); the class tells what
kind it is. A reason that this version does not know gets the class of its status code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import _contract

if TYPE_CHECKING:
    from .records import WriteResult

_ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
_RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"
DETAILS_KEY = "grpc-status-details-bin"


class DncError(Exception):
    """A call to a dncd that failed. The message never has a key or a whole number in it."""

    # What a caller does about errors of this class whose reason says nothing more.
    advice_of_class = "call none of the numbers; the server's log says more"

    def __init__(self, message: str, *, code: str = "UNKNOWN", reason: str = "",
                 metadata: Mapping[str, str] | None = None, retry_after: float = 0.0) -> None:
        self.message = message
        """What the server or the connection said."""
        self.code = code
        """The name of the gRPC status code, for example `UNAVAILABLE`."""
        self.reason = reason
        """For example `QUOTA_EXCEEDED`; empty if no server gave a reason."""
        self.metadata = dict(metadata or {})
        """More about the reason, for example `max_batch`."""
        self.retry_after = retry_after
        """Seconds after which to ask again; 0 if the server did not say."""
        super().__init__(message)

    @property
    def advice(self) -> str:
        """What to do about it."""
        return _REASONS.get(self.reason, (DncError, ""))[1] or self.advice_of_class

    def __str__(self) -> str:
        return f"{self.reason or self.code}: {self.message} ({self.advice})"


class Unavailable(DncError):
    """There is no connection, or the server starts or stops. It was asked again in vain."""

    advice_of_class = "repeat it a little later, or at another server"


class DeadlinePassed(DncError):
    """The server did not answer in time."""

    advice_of_class = "allow a longer deadline, or ask about fewer numbers at once"


class Overloaded(DncError):
    """A quota or a limit of the server was reached."""

    advice_of_class = "repeat it after `retry_after` seconds where that is set"


class Unauthenticated(DncError):
    """There is no key, or none that is live."""

    advice_of_class = "put a live key into DNC_KEY, or give it as `key`"


class PermissionDenied(DncError):
    """The key does not permit the call."""

    advice_of_class = "use a key that permits the call"


class InvalidRequest(DncError):
    """The server does not take the request as it is. To repeat it is in vain."""

    advice_of_class = "correct the request"


class NotFound(DncError):
    """There is no list or method of that name."""

    advice_of_class = "correct the name, and compare the versions of client and server"


class NotReached(DncError):
    """The server does not know the revision or the moment asked for."""

    advice_of_class = "ask about another moment or revision"


class StorageFailed(DncError):
    """The server could not read or write what it stores."""

    advice_of_class = "the operator looks at the server's log and its disk"


class BadAnswer(DncError):
    """The answer cannot be that of a dncd to this question, so nothing of it counts."""

    advice_of_class = "call none of the numbers; look at what stands at that address"


class NotRecorded(DncError):
    """Some opt-outs were not acknowledged. Repeat them with the same `request_id`."""

    advice_of_class = "write again what was not acknowledged, with the same request_id"

    def __init__(self, message: str, *, results: Sequence[WriteResult], request_id: str,
                 **more: Any) -> None:
        super().__init__(message, **more)
        self.results = tuple(results)
        """What became of each record, in the order given."""
        self.request_id = request_id
        """What to repeat the write with."""


# What each reason is, and what to do where the class does not say enough.
_REASONS: dict[str, tuple[type[DncError], str]] = {
    "STARTING": (Unavailable, "repeat it in a second: the server is still reading its data"),
    "STOPPING": (Unavailable, "repeat it at another server, or when this one is back"),
    "CALLER_GONE": (Unavailable, ""),
    "DEADLINE_PASSED": (DeadlinePassed, ""),
    "STREAM_SILENT": (DeadlinePassed, ""),
    "BATCH_TOO_LARGE": (InvalidRequest, "ask about fewer numbers: the server takes `max_batch`"),
    "INVALID_REQUEST": (InvalidRequest, ""),
    "MALFORMED_CALL": (InvalidRequest, "look at what stands between the client and the server"),
    "NOT_SUPPORTED": (NotFound, "compare the versions of client and server"),
    "REQUEST_ID_REUSED": (InvalidRequest, "give a new request_id: this one wrote other records"),
    "ALREADY_EXISTS": (InvalidRequest, "choose another id"),
    "CHANGED_MEANWHILE": (InvalidRequest, "read it again, and repeat the change"),
    "NOT_SUSPENDED": (InvalidRequest, "suspend the tenant first"),
    "GUARD_REFUSED": (InvalidRequest, "look at the findings of the load"),
    "CALLABLE_LIMIT": (InvalidRequest, "look at the plan of the change again"),
    "FIRST_DATA": (InvalidRequest, "look at the plan of the load"),
    "NO_BASE": (InvalidRequest, "load the full list first"),
    "NO_DATE": (InvalidRequest, "say when the data was obtained"),
    "NO_EARLIER_RELEASE": (InvalidRequest, "load the files that should be in force"),
    "BAD_FILE": (InvalidRequest, "correct the file"),
    "DAMAGED_FILE": (InvalidRequest, "get the file again"),
    "REVISION_NOT_REACHED": (NotReached, "repeat it; if it stays so, the write was lost"),
    "HISTORY_NOT_REACHED": (NotReached, "ask about a later moment"),
    "CHANGES_TOO_OLD": (NotReached, "export the lists instead"),
    "NOT_FOUND": (NotFound, ""),
    "LIMIT_REACHED": (Overloaded, ""),
    "QUOTA_EXCEEDED": (Overloaded, ""),
    "DISK_FULL": (StorageFailed, "repeat the write when the operator has freed space"),
    "STORAGE": (StorageFailed, ""),
    "OWN_LISTS_DAMAGED": (StorageFailed, "the operator restores the tenant's records"),
    "INTERNAL": (DncError, ""),
    "UNAUTHENTICATED": (Unauthenticated, ""),
    "SCOPE_MISSING": (PermissionDenied, "use a key with the scope that the message names"),
    "TENANT_SUSPENDED": (PermissionDenied, "ask the operator why the tenant is suspended"),
    "PATH_NOT_ALLOWED": (PermissionDenied, ""),
}
_CODES: dict[str, type[DncError]] = {
    "UNAVAILABLE": Unavailable, "CANCELLED": Unavailable, "DEADLINE_EXCEEDED": DeadlinePassed,
    "RESOURCE_EXHAUSTED": Overloaded, "UNAUTHENTICATED": Unauthenticated,
    "PERMISSION_DENIED": PermissionDenied, "INVALID_ARGUMENT": InvalidRequest,
    "FAILED_PRECONDITION": InvalidRequest, "ALREADY_EXISTS": InvalidRequest,
    "NOT_FOUND": NotFound, "UNIMPLEMENTED": NotFound, "OUT_OF_RANGE": NotReached,
    "DATA_LOSS": StorageFailed,
}


def class_of(reason: str, code: str) -> type[DncError]:
    """Returns the class of an error; the reason tells more than the code."""
    return _REASONS[reason][0] if reason in _REASONS else _CODES.get(code, DncError)


def error_of_status(code: str, message: str, details: bytes) -> DncError:
    """Makes an error of a status; `details` is a google.rpc.Status, or anything."""
    reason, metadata, retry_after = "", {}, 0.0
    for url, value in _details_of(details):
        try:
            if url == _ERROR_INFO:
                info = _contract.read(_contract.ErrorInfo, value)
                reason, metadata = info.reason, dict(info.metadata)
            elif url == _RETRY_INFO:
                delay = _contract.read(_contract.RetryInfo, value).retry_delay
                retry_after = max(0.0, delay.seconds + delay.nanos / 1e9)
        except ValueError:  # foreign details are no harm
            continue
    return class_of(reason, code)(message, code=code, reason=reason, metadata=metadata,
                                  retry_after=retry_after)


def _details_of(details: bytes) -> list[tuple[str, bytes]]:
    try:
        status = _contract.read(_contract.Status, details)
    except ValueError:  # as above
        return []
    return [(detail.type_url, detail.value) for detail in status.details]


def error_of_rpc(error: Any, hint: str = "") -> DncError:
    """Makes an error of a grpc.RpcError, of the synchronous kind or of asyncio's. `hint` is added
    where the connection is at fault and not the server."""
    code = error.code()
    details = b""
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS_KEY:
            details = value if isinstance(value, bytes) else bytes(value, "latin-1")
    made = error_of_status(code.name if code is not None else "UNKNOWN", error.details() or "",
                           details)
    if hint and made.code == "UNAVAILABLE" and not made.reason:
        return Unavailable(made.message + hint, code=made.code)
    return made
