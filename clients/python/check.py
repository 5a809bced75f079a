"""Asks a dncd about the numbers on the command line.

Stubs first, from the repository's top, into a folder that Python is told of:

    mkdir -p /tmp/stubs && /usr/bin/python3 -m grpc_tools.protoc -I proto --python_out=/tmp/stubs \\
        --grpc_python_out=/tmp/stubs proto/google/api/*.proto proto/dnc/v1/verdict.proto \\
        proto/dnc/v1/scrub_service.proto
    PYTHONPATH=/tmp/stubs /usr/bin/python3 clients/python/check.py 127.0.0.1:50061 "(201) 555-0123"
"""

import sys

import grpc
from dnc.v1 import scrub_service_pb2, scrub_service_pb2_grpc, verdict_pb2


def reason_name(value):
    """NATIONAL; of a value that these stubs don't know, its number."""
    known = verdict_pb2.Reason.values()
    return verdict_pb2.Reason.Name(value).removeprefix("REASON_") if value in known else str(value)


if len(sys.argv) < 3:
    sys.exit("usage: check.py HOST:PORT NUMBER...")
server, numbers = sys.argv[1], sys.argv[2:]
stub = scrub_service_pb2_grpc.ScrubServiceStub(grpc.insecure_channel(server))
try:
    answer = stub.Scrub(scrub_service_pb2.ScrubRequest(
        texts=numbers, detail=scrub_service_pb2.DETAIL_REASONS), timeout=2)
except grpc.RpcError as error:
    sys.exit(f"{error.details()}: call none of them")
if len(answer.verdicts) != len(numbers):  # an answer that is too short is none
    sys.exit("short answer: call none of them")
# Until when to rely on it: then, or after a load or an opt-out, ask again. `earlier_ends` tells it
# by number, of those whose records end; here one moment for all is enough.
until = answer.snapshot.valid_until.ToJsonString()
for i, (number, verdict) in enumerate(zip(numbers, answer.verdicts)):
    may_call = verdict == verdict_pb2.VERDICT_CLEAR  # nothing else permits a call
    # Of a server that does not name reasons there are none: the verdict counts.
    reasons = answer.named_reasons[i].reasons if i < len(answer.named_reasons) else []
    names = ", ".join(reason_name(reason) for reason in reasons)
    print(f"{number}: {f'call, until {until} at the latest' if may_call else 'do not call'}"
          f"{f' ({names})' if names else ''}")
