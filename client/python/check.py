"""Asks a dncd about the numbers on the command line.

Stubs first, from the repository's top, into a folder that Python is told of:

    mkdir -p /tmp/stubs && /usr/bin/python3 -m grpc_tools.protoc -I proto --python_out=/tmp/stubs \\
        --grpc_python_out=/tmp/stubs proto/dnc/v1/verdict.proto proto/dnc/v1/scrub_service.proto
    PYTHONPATH=/tmp/stubs /usr/bin/python3 client/python/check.py 127.0.0.1:50061 "(201) 555-0123"
"""

import sys

import grpc
from dnc.v1 import scrub_service_pb2, scrub_service_pb2_grpc, verdict_pb2

if len(sys.argv) < 3:
    sys.exit("usage: check.py HOST:PORT NUMBER...")
server, numbers = sys.argv[1], sys.argv[2:]
stub = scrub_service_pb2_grpc.ScrubServiceStub(grpc.insecure_channel(server))
try:
    answer = stub.Scrub(scrub_service_pb2.ScrubRequest(texts=numbers), timeout=2)
except grpc.RpcError as error:
    sys.exit(f"{error.details()}: call none of them")
if len(answer.verdicts) != len(numbers):  # an answer that is too short is none
    sys.exit("short answer: call none of them")
# Until when to rely on it: then, or after a load or an opt-out, ask again. `earlier_ends` tells it
# by number, of those whose own records end; here one moment for all is enough.
until = answer.snapshot.valid_until.ToJsonString()
for number, verdict in zip(numbers, answer.verdicts):
    may_call = verdict == verdict_pb2.VERDICT_CLEAR  # nothing else permits a call
    print(f"{number}: {f'call, until {until} at the latest' if may_call else 'do not call'}")
