"""Asks a dncd before a call whether it may be made.

    with dnc.Client("127.0.0.1:50061") as client:
        for answer in client.scrub(["(201) 555-0123", "+1 212 555 0147"]):
            if answer.may_call:
                dial(answer.asked)

Fails closed: whatever goes wrong, a number without a CLEAR of the server may not be called.
`AsyncClient` is the same for asyncio; `dnc.pandas` and `dnc.polars` add verdicts to tables.
"""

import pkgutil

# A program may have its own stubs of the contract beside this package, as `dnc.v1`.
__path__ = pkgutil.extend_path(__path__, __name__)

from ._numbers import Phone  # noqa: E402 (the line above belongs to the package, not to a module)
from ._times import FOREVER  # noqa: E402
from .aio import AsyncClient  # noqa: E402
from .answers import Answer, ListSnapshot, Match, ScrubResult, Snapshot  # noqa: E402
from .client import Client  # noqa: E402
from .errors import (  # noqa: E402
    BadAnswer, DeadlinePassed, DncError, InvalidRequest, NotFound, NotReached, NotRecorded,
    Overloaded, PermissionDenied, StorageFailed, Unauthenticated, Unavailable)
from .records import WriteResult  # noqa: E402
from .status import AreaCodeCoverage, Coverage, ListStatus, ServerStatus  # noqa: E402
from .verdicts import (  # noqa: E402
    Channel, CoverageState, Effect, Reason, Rule, Verdict, WriteOutcome)

__all__ = [
    "FOREVER", "Answer", "AreaCodeCoverage", "AsyncClient", "BadAnswer", "Channel", "Client",
    "Coverage", "CoverageState", "DeadlinePassed", "DncError", "Effect", "InvalidRequest",
    "ListSnapshot", "ListStatus", "Match", "NotFound", "NotReached", "NotRecorded", "Overloaded",
    "PermissionDenied", "Phone", "Reason", "Rule", "ScrubResult", "ServerStatus", "Snapshot",
    "StorageFailed", "Unauthenticated", "Unavailable", "Verdict", "WriteOutcome", "WriteResult",
]
