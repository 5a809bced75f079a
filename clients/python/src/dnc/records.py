"""What is written to a tenant's own do-not-call lists."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ._numbers import Phone
from .errors import BadAnswer, NotRecorded
from .verdicts import WriteOutcome

_RECORDED = frozenset({WriteOutcome.ADDED, WriteOutcome.ALREADY_THERE, WriteOutcome.UPDATED})


@dataclass(frozen=True)
class WriteResult:
    """What became of one opt-out."""

    asked: Phone
    """The number as it was given."""
    outcome: WriteOutcome = WriteOutcome.UNKNOWN
    message: str = ""
    """Why it was refused; or why one that is stored does not count now."""
    revision: int = 0
    """The revision of the write: a scrub of the same server with `at_least_revision` sees it. Other
    servers have revisions of their own."""

    @property
    def recorded(self) -> bool:
        """True only if the server has acknowledged that the opt-out is stored."""
        return self.outcome in _RECORDED

    def __bool__(self) -> bool:
        return self.recorded


def results_of(asked: Sequence[Phone], response: Any) -> list[WriteResult]:
    """Reads a dnc.v1.AddNumbersResponse. Raises BadAnswer for one of another count, and for one
    that does not say at which revision it was written."""
    if len(response.results) != len(asked):
        raise BadAnswer(f"the server answered for {len(response.results)} opt-outs, and "
                        f"{len(asked)} were written; write them again")
    outcomes = frozenset(int(one) for one in WriteOutcome)
    results = [
        WriteResult(one, WriteOutcome(result.outcome) if result.outcome in outcomes
                    else WriteOutcome.UNKNOWN, result.message, response.revision)
        for one, result in zip(asked, response.results)]
    if response.revision == 0 and any(result.recorded for result in results):
        raise BadAnswer("the server did not say at which revision the opt-outs were written; "
                        "write them again")
    return results


def check_recorded(results: Sequence[WriteResult], request_id: str) -> None:
    """Raises NotRecorded unless every opt-out was acknowledged."""
    lost = [result for result in results if not result.recorded]
    if lost:
        told = next((result.message for result in lost if result.message), "no answer")
        raise NotRecorded(f"{len(lost)} of {len(results)} opt-outs were not recorded: {told}",
                          results=results, request_id=request_id, code="INVALID_ARGUMENT")


def part_id(request_id: str, records: Sequence[Any]) -> str:
    """Returns the id of one request of a write that takes several: the same records have the same
    id again, however they were divided before. It has 64 bytes, the most that a server takes."""
    content = hashlib.sha256(request_id.encode() + b"\0")
    for record in records:
        raw = record.SerializeToString(deterministic=True)
        content.update(len(raw).to_bytes(4, "big") + raw)
    return content.hexdigest()
