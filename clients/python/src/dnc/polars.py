"""Adds verdicts to a polars table: `pip install dnc[polars]`.

    leads = polars.read_csv("leads.csv", schema_overrides={"phone": polars.String})
    with dnc.Client() as client:
        leads = dnc.polars.add_verdicts(leads, "phone", client)
    to_call = leads.filter("dnc_may_call")
"""

from __future__ import annotations

import polars

from ._columns import ask, refuse
from .client import Client


def add_verdicts(table: polars.DataFrame, column: str, client: Client, *, scope: str = "",
                 prefix: str = "dnc_", partial: bool = False) -> polars.DataFrame:
    """Returns the table with a verdict for the phone number of each row, in columns whose names
    begin with `prefix`; such columns that are there already are replaced.

    `dnc_may_call`: True only for CLEAR. `dnc_verdict` and `dnc_reasons` (joined by semicolons), as
    the contract has them; UNKNOWN for a row without a number. `dnc_valid_until`: until when the
    verdict holds; null if nothing holds, or if it has no end. `dnc_revision`: which version of the
    lists has answered.

    Raises TypeError if the column is not text: it was read as numbers, and these may be damaged.
    Raises DncError if the server did not answer for every row; with `partial` such rows are UNKNOWN
    instead."""
    columns = ask(client, _texts_of(table, column), scope, partial)
    return table.with_columns(
        polars.Series(f"{prefix}may_call", columns.may_call, dtype=polars.Boolean),
        polars.Series(f"{prefix}verdict", columns.verdict, dtype=polars.String),
        polars.Series(f"{prefix}reasons", columns.reasons, dtype=polars.String),
        polars.Series(f"{prefix}valid_until", columns.valid_until,
                      dtype=polars.Datetime("us", "UTC")),
        polars.Series(f"{prefix}revision", columns.revision, dtype=polars.UInt64))


def _texts_of(table: polars.DataFrame, column: str) -> list[str | None]:
    series = table[column]
    if series.dtype not in (polars.String, polars.Categorical, polars.Enum, polars.Null):
        raise refuse(column, f"values of the kind {series.dtype}",
                     f"polars.read_csv(..., schema_overrides={{{column!r}: polars.String}})")
    return series.to_list()
