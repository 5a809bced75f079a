"""What a server holds, for operators."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from ._times import from_message
from .verdicts import CoverageState


@dataclass(frozen=True)
class ListStatus:
    """What a list is and holds."""

    list: str
    required: bool
    """True: a number that it does not cover is NOT_COVERED."""
    release_id: int
    """0: none is loaded."""
    covered: int
    """Area codes that are covered, stale, or damaged."""
    stale: int
    damaged: int
    max_age_days: int


@dataclass(frozen=True)
class ServerStatus:
    """What a server is and holds."""

    version: str
    started_at: datetime.datetime | None
    revision: int
    lists: tuple[ListStatus, ...]
    numbers: int
    max_batch: int
    """The most numbers in one request; this client divides by itself."""
    clock_behind: bool
    """True while every answer is STALE because the server's clock is wrong."""


@dataclass(frozen=True)
class AreaCodeCoverage:
    """What a list holds for an area code."""

    area_code: str
    """Three digits."""
    state: CoverageState
    numbers: int
    obtained_at: datetime.datetime | None
    stale_at: datetime.datetime | None
    release_id: int


@dataclass(frozen=True)
class Coverage:
    """What a list covers."""

    list: str
    release_id: int
    covers_all: bool
    """True: every area code as a whole, also those without an entry."""
    area_codes: tuple[AreaCodeCoverage, ...]

    def __bool__(self) -> bool:
        raise TypeError("coverage is neither true nor false, and permits no call; ask `check`")


def status_of(response: Any) -> ServerStatus:
    """Reads a dnc.v1.GetStatusResponse."""
    return ServerStatus(
        version=response.version, started_at=from_message(response, "started_at"),
        revision=response.revision, numbers=response.numbers, max_batch=response.max_batch,
        clock_behind=response.clock_behind,
        lists=tuple(ListStatus(
            list=one.list, required=one.required, release_id=one.release.id,
            covered=one.covered, stale=one.stale, damaged=one.damaged,
            max_age_days=one.max_age_days) for one in response.lists))


def coverage_of(response: Any) -> Coverage:
    """Reads a dnc.v1.GetCoverageResponse."""
    states = frozenset(int(state) for state in CoverageState)
    return Coverage(
        list=response.list, release_id=response.release_id, covers_all=response.covers_all,
        area_codes=tuple(AreaCodeCoverage(
            area_code=f"{one.area_code:03d}", numbers=one.numbers, release_id=one.release_id,
            state=CoverageState(one.state) if one.state in states else CoverageState.UNKNOWN,
            obtained_at=from_message(one, "obtained_at"),
            stale_at=from_message(one, "stale_at")) for one in response.area_codes))
