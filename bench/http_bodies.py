#!/usr/bin/python3
"""Writes what bench/http.sh sends: the same 50,000 numbers for the call of the dialers, for gRPC,
and for a database.

  http_bodies.py NUMBERS.csv FOLDER"""

import pathlib
import struct
import sys

COUNT, BATCH = 50_000, 10_000
BOUNDARY = "----dnc-bench"


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def grpc(numbers):
    """A ScrubRequest with gRPC's prefix."""
    packed = struct.pack(f"<{len(numbers)}Q", *numbers)
    message = b"\x0a" + varint(len(packed)) + packed
    return b"\0" + struct.pack(">I", len(message)) + message


def multipart(fields):
    parts = (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
             for name, value in fields.items())
    return "".join(parts) + f"--{BOUNDARY}--\r\n"


def main():
    folder = pathlib.Path(sys.argv[2])
    with open(sys.argv[1], encoding="ascii") as file:
        numbers = [int(line) for line in file.read().split()[1:COUNT + 1]]
    assert len(numbers) == COUNT, "too few numbers; generate more"
    for batch in range(COUNT // BATCH):
        part = numbers[batch * BATCH:(batch + 1) * BATCH]
        (folder / f"grpc-{batch}").write_bytes(grpc(part))
    (folder / "grpc-one").write_bytes(grpc(numbers[:1]))
    phones = ",".join(map(str, numbers))
    (folder / "multipart").write_text(multipart({"version": "2", "phoneList": phones}))
    some = ",".join(map(str, numbers[:1000]))
    (folder / "multipart-1000").write_text(multipart({"version": "2", "phoneList": some}))
    (folder / "numbers").write_text("".join(f"{number}\n" for number in numbers))
    (folder / "post.lua").write_text(f"""\
local name = os.getenv("DNC_BENCH_BODY")
local file = assert(io.open(name, "rb"))
wrk.method = "POST"
wrk.body = file:read("*a")
wrk.headers["Content-Type"] = "multipart/form-data; boundary={BOUNDARY}"
""")


main()
