"""The contract's values, with its names and numbers."""

from __future__ import annotations

import enum


class Verdict(enum.IntEnum):
    """The answer for a number. Only CLEAR permits a call."""

    UNKNOWN = 0
    """There is no answer, or one that this version does not know: do not call."""
    CLEAR = 1
    LISTED = 2
    NOT_COVERED = 3
    STALE = 4
    INVALID = 5
    WIRELESS = 6


class Reason(enum.IntEnum):
    """What led to a verdict. All that apply are told."""

    MALFORMED = 1
    LIST_NOT_LOADED = 2
    AREA_CODE_NOT_LOADED = 3
    AREA_CODE_DAMAGED = 4
    RELEASE_STALE = 5
    HISTORY_NOT_REACHED = 6
    NATIONAL = 8
    STATE = 9
    LITIGATOR = 10
    OTHER_LIST = 11
    WIRELESS = 12
    WIRELINE = 13
    NOT_ENTITLED = 14
    OWN_DO_NOT_CALL = 15
    CONSENT = 16
    EBR = 17
    OWN_LISTS_UNKNOWN = 18


class Rule(enum.IntEnum):
    """The rule that decided a verdict."""

    UNKNOWN = 0
    """Not told, or one that this version does not know."""
    MALFORMED = 1
    OWN_DO_NOT_CALL = 2
    LITIGATOR = 3
    NOT_COVERED = 4
    STALE = 5
    OTHER_LIST = 6
    NATIONAL = 7
    STATE = 8
    WIRELESS = 9
    CONSENT = 10
    EBR = 11
    CLEAR = 12


class Effect(enum.IntEnum):
    """What an entry of a list means."""

    UNKNOWN = 0
    DENY = 1
    WIRELESS = 2
    INFORM = 3
    EXEMPT = 4


class Channel(enum.IntEnum):
    """How an opt-out came."""

    UNSPECIFIED = 0
    CALL = 1
    TEXT = 2
    WEB = 3
    IMPORT = 4
    AGENT = 5


class WriteOutcome(enum.IntEnum):
    """What became of a record of a write."""

    UNKNOWN = 0
    """The server has not acknowledged it."""
    ADDED = 1
    ALREADY_THERE = 2
    UPDATED = 3
    REMOVED = 4
    NOT_THERE = 5
    REFUSED = 6


class CoverageState(enum.IntEnum):
    """Whether an area code of a list can be answered for."""

    UNKNOWN = 0
    COVERED = 1
    STALE = 2
    DAMAGED = 3


CLEARING_RULES = frozenset({Rule.CONSENT, Rule.EBR, Rule.CLEAR})
"""The rules that can lead to CLEAR."""


def known_verdict(value: int) -> Verdict:
    return Verdict(value) if value in _VERDICTS else Verdict.UNKNOWN


def known_rule(value: int) -> Rule:
    return Rule(value) if value in _RULES else Rule.UNKNOWN


def known_reason(value: int) -> Reason | int:
    """Returns the reason; a number that this version has no name for stays a number."""
    return Reason(value) if value in _REASONS else value


def reason_name(reason: Reason | int) -> str:
    return reason.name if isinstance(reason, Reason) else str(reason)


_VERDICTS = frozenset(int(verdict) for verdict in Verdict)
_RULES = frozenset(int(rule) for rule in Rule)
_REASONS = frozenset(int(reason) for reason in Reason)
