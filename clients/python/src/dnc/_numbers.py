"""What callers give as numbers, and what is sent of it."""

from __future__ import annotations

import numbers
import operator
import re
from collections.abc import Iterable, Sequence
from typing import SupportsIndex, Union

# A text in any usual writing, an integer of ten digits (or eleven with a leading 1), or None for a
# number that is missing.
Phone = Union[str, SupportsIndex, None]

# Every server takes longer texts as malformed, and they stay so when they are cut here.
MAX_TEXT_BYTES = 80
# This is less than any server's limit: `limits.max_request_bytes` is at least 2 MiB.
MAX_REQUEST_BYTES = 1 << 20
# What a field of a message takes besides its text.
TEXT_OVERHEAD = 3

_NOT_READ_AS_TEXT = (
    "a phone number was given as {kind}, which may have lost digits before it came here; read the "
    "numbers as text: dtype=str in pandas, pl.String in polars, str in the database's query")


def wire_text(phone: Phone) -> str | None:
    """Returns what to send for a number; None if there is nothing to ask about.

    Raises TypeError for floats and whatever else is neither text nor an integer: they are mistakes
    of the program, and none of its numbers can be relied on."""
    if phone is None:
        return None
    if isinstance(phone, str):
        return _sendable(phone)
    if isinstance(phone, bool) or not isinstance(phone, numbers.Integral):
        raise TypeError(_NOT_READ_AS_TEXT.format(kind=type(phone).__name__))
    value = operator.index(phone)
    # A sign is no part of a number, but the server overlooks a hyphen before digits.
    return str(value) if 0 <= value < 10**12 else "0"


def _sendable(text: str) -> str:
    """Returns the text as a field of a message can carry it. One that is cut in a character, or
    that has half a surrogate, keeps its ASCII alone."""
    raw = text.encode("utf-8", "surrogatepass")[:MAX_TEXT_BYTES]
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(chr(byte) if byte < 128 else "?" for byte in raw)


_PLAIN = re.compile(r"[0-9 ().+/-]+")


def plain_digits(text: str) -> int:
    """Returns the number that a text means if that is plain to see: ten ASCII digits, or more with
    a leading 1 or 001, between usual signs. Returns 0 if only the server can tell."""
    digits = re.sub(r"\D", "", text) if _PLAIN.fullmatch(text) else ""
    digits = re.sub(r"^(001|1)(?=\d{10}$)", "", digits)
    return int(digits) if len(digits) == 10 else 0


def shows(text: str, number: int) -> bool:
    """Returns whether the text can mean the number: its plain digits are the number, or the ten
    digits stand in it one after the other, as in `tel:+1...` and `2.015550123E+09`. Digits are
    those that a server reads, ASCII and full-width."""
    plain = plain_digits(text)
    if plain:
        return plain == number
    digits = "".join(re.findall("[0-9]", text.translate(_FULL_WIDTH)))
    return f"{number:010d}" in digits


_FULL_WIDTH = {0xFF10 + digit: str(digit) for digit in range(10)}


def as_list(numbers: Iterable[Phone]) -> list[Phone]:
    """Returns the numbers as a list. A single text is a mistake: it would be asked by letters."""
    if isinstance(numbers, (str, bytes)):
        raise TypeError("give a list of numbers; for one number there is `check`")
    return list(numbers)


def batch_length(sizes: Sequence[int], start: int, most: int) -> int:
    """Returns how many items from `start` on fit into one request, whose texts have so many bytes;
    at least one."""
    count = total = 0
    for size in sizes[start:start + most]:
        total += size + TEXT_OVERHEAD
        if total > MAX_REQUEST_BYTES and count > 0:
            break
        count += 1
    return count
