"""The columns that the helpers for tables add."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field

from ._times import FOREVER
from .client import Client
from .verdicts import reason_name


@dataclass(frozen=True)
class Columns:
    """A value for each row."""

    may_call: list[bool] = field(default_factory=list)
    verdict: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    valid_until: list[datetime.datetime | None] = field(default_factory=list)
    revision: list[int | None] = field(default_factory=list)


def ask(client: Client, phones: Sequence[str | None], scope: str, partial: bool) -> Columns:
    """Asks about a column. Raises the error of a scrub that has no answer for every number, unless
    a `partial` answer will do."""
    result = client.scrub(phones, scope=scope)
    if not partial:
        result.raise_for_error()
    columns = Columns()
    for answer in result:
        columns.may_call.append(answer.may_call)
        columns.verdict.append(answer.verdict.name)
        columns.reasons.append(";".join(map(reason_name, answer.reasons)))
        until = answer.valid_until
        columns.valid_until.append(None if until == FOREVER else until)
        columns.revision.append(answer.snapshot.revision if answer.snapshot else None)
    return columns


def refuse(column: str, kind: str, remedy: str) -> TypeError:
    """Makes the error for a column that is not text."""
    return TypeError(
        f"the column {column!r} holds {kind} and not text. A phone column that was once read as "
        f"numbers may have lost digits, so its numbers cannot be relied on. Read the file again "
        f"with the column as text: {remedy}")
