"""The contract's times as aware datetimes in UTC, and back."""

from __future__ import annotations

import datetime
from typing import Any

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)

FOREVER = datetime.datetime.max.replace(tzinfo=datetime.timezone.utc)
"""The end of what has no end."""


def from_message(message: Any, field: str) -> datetime.datetime | None:
    """Returns a time of a message; None if it is not set. What is finer than a microsecond is cut
    off, so that nothing seems to hold longer than it does."""
    if not message.HasField(field):
        return None
    time = getattr(message, field)
    try:
        return _EPOCH + datetime.timedelta(seconds=time.seconds, microseconds=time.nanos // 1000)
    except OverflowError:
        return FOREVER if time.seconds > 0 else datetime.datetime.min.replace(
            tzinfo=datetime.timezone.utc)


def to_message(time: datetime.datetime, out: Any) -> None:
    """Writes a time. Raises ValueError for one without a time zone: it can mean several moments."""
    if time.tzinfo is None:
        raise ValueError("the time has no time zone; give one, such as datetime.timezone.utc")
    since = time - _EPOCH
    out.seconds = since.days * 86400 + since.seconds
    out.nanos = since.microseconds * 1000
