"""Adds verdicts to a pandas table: `pip install dnc[pandas]`.

    leads = pandas.read_csv("leads.csv", dtype={"phone": str})
    with dnc.Client() as client:
        leads = dnc.pandas.add_verdicts(leads, "phone", client)
    to_call = leads[leads["dnc_may_call"]]
"""

from __future__ import annotations

from typing import Any

import pandas

from ._columns import ask, refuse
from .client import Client


def add_verdicts(table: pandas.DataFrame, column: str, client: Client, *, scope: str = "",
                 prefix: str = "dnc_", partial: bool = False) -> pandas.DataFrame:
    """Returns a copy of the table with a verdict for the phone number of each row, in columns whose
    names begin with `prefix`; such columns that are there already are replaced.

    `dnc_may_call`: True only for CLEAR. `dnc_verdict` and `dnc_reasons` (joined by semicolons), as
    the contract has them; UNKNOWN for a row without a number. `dnc_valid_until`: until when the
    verdict holds; NaT if nothing holds, or if it has no end. `dnc_revision`: which version of the
    lists has answered.

    Raises TypeError if the column is not text: it was read as numbers, and these may be damaged.
    Raises DncError if the server did not answer for every row; with `partial` such rows are UNKNOWN
    instead."""
    columns = ask(client, _texts_of(table, column), scope, partial)
    return table.assign(**{
        f"{prefix}may_call": pandas.Series(columns.may_call, index=table.index, dtype="bool"),
        f"{prefix}verdict": pandas.Series(columns.verdict, index=table.index, dtype="string"),
        f"{prefix}reasons": pandas.Series(columns.reasons, index=table.index, dtype="string"),
        f"{prefix}valid_until": pandas.to_datetime(
            pandas.Series(columns.valid_until, index=table.index, dtype="object"), utc=True),
        f"{prefix}revision": pandas.Series(columns.revision, index=table.index, dtype="Int64")})


def _texts_of(table: pandas.DataFrame, column: str) -> list[str | None]:
    remedy = f"pandas.read_csv(..., dtype={{{column!r}: str}})"
    series: Any = table[column]
    if isinstance(series, pandas.DataFrame):
        raise ValueError(f"several columns have the name {column!r}")
    dtype = series.dtype
    values = dtype.categories.dtype if isinstance(dtype, pandas.CategoricalDtype) else dtype
    if not (pandas.api.types.is_object_dtype(values) or pandas.api.types.is_string_dtype(values)):
        raise refuse(column, f"values of the kind {dtype}", remedy)
    texts: list[str | None] = []
    for value in series:
        if isinstance(value, str):
            texts.append(value)
        elif value is None or value is pandas.NA or value is pandas.NaT or value != value:
            texts.append(None)
        else:
            raise refuse(column, f"a value of the kind {type(value).__name__}", remedy)
    return texts
