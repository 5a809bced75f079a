"""The messages of the contract, made when this is imported from its descriptors.

There is no generated code here, because protobuf's runtimes take only what a protoc of about their
own age has generated: those after 4.21 warn of older code or refuse it, and 4.21 cannot read newer
code. All of them read descriptors. `make_contract.sh` writes `contract.binpb`, and a style test
compares it with the contract.

The descriptors have a pool of their own: a program may also use stubs that it made itself, or
another package's copy of google/rpc, and the common pool takes each file name only once.
"""

from __future__ import annotations

import importlib.resources
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.internal import api_implementation


def _load() -> Any:
    files = descriptor_pb2.FileDescriptorSet()
    files.ParseFromString(importlib.resources.files("dnc").joinpath("contract.binpb").read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:  # a file stands behind those that it imports
        pool.AddSerializedFile(file.SerializeToString())
    return pool


_POOL = _load()


def message(name: str) -> Any:
    """Returns the class of a message, for example `dnc.v1.ScrubRequest`."""
    descriptor = _POOL.FindMessageTypeByName(name)
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    # protobuf 4.21 has only this, which the newest no longer has.
    return message_factory.MessageFactory(_POOL).GetPrototype(descriptor)


def enum_values(name: str) -> dict[str, int]:
    """Returns the values of an enumeration by their names, for example of `dnc.v1.Verdict`."""
    values = _POOL.FindEnumTypeByName(name).values
    return {value.name: value.number for value in values}


def read(kind: Any, raw: bytes) -> Any:
    """Reads a message. Raises ValueError for bytes that are none."""
    try:
        # The C++ runtime, which is Debian 12's, only warns of a message that ends within.
        if api_implementation.Type() != "cpp" or _is_whole(raw):
            return kind.FromString(raw)
    except Exception as error:  # the runtimes raise several kinds
        raise ValueError("the bytes are no message") from error
    raise ValueError("the bytes are no whole message")


def _is_whole(raw: bytes) -> bool:
    """Returns whether the fields of a message fill its bytes. No message here has groups."""
    at = 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = raw[at]  # IndexError at the end
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    while at < len(raw):
        tag = number()
        if tag & 7 == 0:
            number()
        elif tag & 7 in (1, 5):
            at += 8 if tag & 7 == 1 else 4
        elif tag & 7 == 2:
            length = number()
            at += length
        else:
            return False
        if tag >> 3 == 0:
            return False
    return at == len(raw)


ScrubRequest = message("dnc.v1.ScrubRequest")
ScrubResponse = message("dnc.v1.ScrubResponse")
CheckNumberRequest = message("dnc.v1.CheckNumberRequest")
CheckNumberResponse = message("dnc.v1.CheckNumberResponse")
Record = message("dnc.v1.Record")
AddNumbersRequest = message("dnc.v1.AddNumbersRequest")
AddNumbersResponse = message("dnc.v1.AddNumbersResponse")
ListListsRequest = message("dnc.v1.ListListsRequest")
ListListsResponse = message("dnc.v1.ListListsResponse")
GetStatusRequest = message("dnc.v1.GetStatusRequest")
GetStatusResponse = message("dnc.v1.GetStatusResponse")
GetCoverageRequest = message("dnc.v1.GetCoverageRequest")
GetCoverageResponse = message("dnc.v1.GetCoverageResponse")
Status = message("google.rpc.Status")
ErrorInfo = message("google.rpc.ErrorInfo")
RetryInfo = message("google.rpc.RetryInfo")

# The unary methods that this package calls: path, and the classes of question and answer.
METHODS: dict[str, tuple[str, Any, Any]] = {
    "Scrub": ("/dnc.v1.ScrubService/Scrub", ScrubRequest, ScrubResponse),
    "CheckNumber": ("/dnc.v1.ScrubService/CheckNumber", CheckNumberRequest, CheckNumberResponse),
    "AddNumbers": ("/dnc.v1.ListService/AddNumbers", AddNumbersRequest, AddNumbersResponse),
    "ListLists": ("/dnc.v1.ListService/ListLists", ListListsRequest, ListListsResponse),
    "GetStatus": ("/dnc.v1.RegistryService/GetStatus", GetStatusRequest, GetStatusResponse),
    "GetCoverage": ("/dnc.v1.RegistryService/GetCoverage", GetCoverageRequest,
                    GetCoverageResponse),
}
