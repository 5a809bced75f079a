"""grpcio's client for the interoperability tests: client.py SETTINGS.json CASE...

Runs the named cases, in their order, and prints a line for each: `ok NAME`, or `not ok NAME: WHY`.
There is no generated code: messages come from a set of descriptors, as in the other languages."""

import json
import pathlib
import sys
import threading
import time

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.rpc import error_details_pb2, status_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase)

SETTINGS = json.loads(pathlib.Path(sys.argv[1]).read_text())
PATIENCE = SETTINGS["patience"]
LISTED, FREE = SETTINGS["listed"], SETTINGS["free"]
Code = grpc.StatusCode


class Api:
    """The methods of the contract by their names: Scrub is `dnc.v1.ScrubService/Scrub`."""

    def __init__(self):
        files = descriptor_pb2.FileDescriptorSet.FromString(
            pathlib.Path(SETTINGS["descriptors"]).read_bytes())
        pool = descriptor_pool.DescriptorPool()
        for file in files.file:
            pool.Add(file)
        self.methods = {}
        for service in [service for file in files.file
                        for service in pool.FindFileByName(file.name).services_by_name.values()]:
            for method in service.methods:
                self.methods[f"{service.name}/{method.name}"] = method

    def message(self, method, fields):
        message = message_factory.GetMessageClass(self.methods[method].input_type)()
        return json_format.ParseDict(fields, message)

    def bind(self, channel, method):
        """The channel's callable for a method."""
        found = self.methods[method]
        make = getattr(channel, "stream_" * found.client_streaming + "unary_"
                       * (not found.client_streaming) + ("stream" if found.server_streaming
                                                         else "unary"))
        return make(f"/{found.containing_service.full_name}/{found.name}",
                    request_serializer=lambda message: message.SerializeToString(),
                    response_deserializer=message_factory.GetMessageClass(
                        found.output_type).FromString)


API = Api()


def connect(**options):
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1),
               *((name.replace("__", "."), value) for name, value in options.items())]
    if not SETTINGS["ca"]:
        return grpc.insecure_channel(SETTINGS["address"], options)
    authority = pathlib.Path(SETTINGS["ca"]).read_bytes()
    return grpc.secure_channel(SETTINGS["address"], grpc.ssl_channel_credentials(authority),
                               options)


CHANNEL = connect()
KEY = (("authorization", f"Bearer {SETTINGS['key']}"),)
OPERATOR = (("authorization", f"Bearer {SETTINGS['operator_key']}"),)


def call(method, request, channel=None, metadata=KEY, timeout=PATIENCE, **more):
    """Starts a call; `request` is a dictionary, or an iterator of them for a stream."""
    if API.methods[method].client_streaming:
        request = (API.message(method, fields) for fields in request)
    else:
        request = API.message(method, request)
    bound = API.bind(channel or CHANNEL, method)
    if not API.methods[method].server_streaming:
        return bound.future(request, timeout=timeout, metadata=metadata, **more)
    return bound(request, timeout=timeout, metadata=metadata, **more)


def ask(method, request, **options):
    return call(method, request, **options).result()


def reason(error):
    """The reason of an error of the server's own, from its details; empty: it has none."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            info = error_details_pb2.ErrorInfo()
            status_pb2.Status.FromString(value).details[0].Unpack(info)
            return info.reason
    return ""


def expect_error(code, why, run):
    """Runs what must fail with this code and, if it is not None, this reason."""
    try:
        run()
    except grpc.RpcError as error:
        assert error.code() == code, f"{error.code()}: {error.details()}"
        assert why is None or reason(error) == why, f"{reason(error)}: {error.details()}"
        return error
    raise AssertionError(f"no error, instead of {code}")


def verdicts(answer):
    names = API.methods["ScrubService/Scrub"].output_type.fields_by_name["verdicts"].enum_type
    return [names.values_by_number[v].name.removeprefix("VERDICT_") for v in answer.verdicts]


CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


@case
def empty():
    assert ask("Health/Check", {}).status == 1
    assert not ask("ScrubService/Scrub", {}).verdicts


@case
def verdict():
    answer = ask("ScrubService/Scrub", {"texts": [str(LISTED), str(FREE), "no number"]})
    assert verdicts(answer) == ["LISTED", "CLEAR", "INVALID"], verdicts(answer)


def of_size(size):
    """A request of Scrub that has so many bytes."""
    fields = {"texts": ["x" * (size - 5)]}
    assert API.message("ScrubService/Scrub", fields).ByteSize() == size
    return fields


@case
def largest_request():
    assert verdicts(ask("ScrubService/Scrub", of_size(SETTINGS["max_request_bytes"]))) \
        == ["INVALID"]


@case
def too_large_request():
    expect_error(Code.RESOURCE_EXHAUSTED, "LIMIT_REACHED",
                 lambda: ask("ScrubService/Scrub", of_size(SETTINGS["max_request_bytes"] + 1)))


@case
def large_answer():
    answer = ask("ScrubService/Scrub", {"numbers": [LISTED] * 10_000, "detail": "DETAIL_FULL"})
    assert len(answer.results) == 10_000


@case
def error_details():
    error = expect_error(Code.INVALID_ARGUMENT, "BATCH_TOO_LARGE",
                         lambda: ask("ScrubService/Scrub", {"numbers": [FREE] * 10_001}))
    assert "10,001" in error.details() or "10001" in error.details(), error.details()


@case
def message_text():
    """Any text may stand in a message, however it travels."""
    error = expect_error(Code.NOT_FOUND, "NOT_FOUND", lambda: ask(
        "RegistryService/GetCoverage", {"list": "other:grün 100%"}, metadata=OPERATOR))
    assert "other:grün 100%" in error.details(), error.details()


@case
def no_key():
    expect_error(Code.UNAUTHENTICATED, "UNAUTHENTICATED",
                 lambda: ask("ScrubService/Scrub", {"numbers": [FREE]}, metadata=()))


@case
def unknown_method():
    method = CHANNEL.unary_unary("/dnc.v1.ScrubService/Nothing",
                                 request_serializer=lambda message: message.SerializeToString())
    expect_error(Code.UNIMPLEMENTED, "NOT_SUPPORTED", lambda: method(
        API.message("ScrubService/Scrub", {}), timeout=PATIENCE, metadata=KEY))


@case
def early_status():
    """The status comes while the client still sends."""
    ended = threading.Event()

    def parts():
        while not ended.is_set():
            yield {"chunk": "eHh4" * 16_384}

    try:
        expect_error(Code.UNAUTHENTICATED, "UNAUTHENTICATED",
                     lambda: ask("RegistryService/UploadRelease", parts(),
                                 metadata=(("authorization", "Bearer dnck_no"),)))
    finally:
        ended.set()


@case
def metadata():
    more = KEY + (("trace-bin", bytes(range(256))), ("x-note", "a b, c"), ("x-twice", "1"),
                  ("x-twice", "2"))
    assert len(ask("ScrubService/Scrub", {"numbers": [FREE]}, metadata=more).verdicts) == 1


@case
def too_much_metadata():
    expect_error(Code.RESOURCE_EXHAUSTED, "LIMIT_REACHED",
                 lambda: ask("ScrubService/Scrub", {"numbers": [FREE]},
                             metadata=KEY + (("x-much", "y" * 20_000),)))
    verdict()


@case
def gzip():
    answer = ask("ScrubService/Scrub", {"numbers": [LISTED, FREE] * 2_000},
                 compression=grpc.Compression.Gzip)
    assert verdicts(answer) == ["LISTED", "CLEAR"] * 2_000
    expect_error(Code.RESOURCE_EXHAUSTED, "LIMIT_REACHED", lambda: ask(
        "ScrubService/Scrub", of_size(SETTINGS["max_request_bytes"] + 1),
        compression=grpc.Compression.Gzip))


@case
def gzip_stream():
    requests = [{"scrub": {"numbers": [LISTED] * 100}} for _ in range(20)]
    answers = list(call("ScrubService/ScrubStream", iter(requests),
                        compression=grpc.Compression.Gzip))
    assert [len(answer.scrub.verdicts) for answer in answers] == [100] * 20


@case
def deflate():
    answer = ask("ScrubService/Scrub", {"numbers": [LISTED, FREE] * 2_000},
                 compression=grpc.Compression.Deflate)
    assert verdicts(answer) == ["LISTED", "CLEAR"] * 2_000


def waiting_scrub(**options):
    """A call that waits at the server for half a minute."""
    return call("ScrubService/Scrub", {"numbers": [FREE], "at_least_revision": 10**9}, **options)


@case
def deadline():
    expect_error(Code.DEADLINE_EXCEEDED, None, lambda: waiting_scrub(timeout=0.3).result())
    expect_error(Code.DEADLINE_EXCEEDED, None,
                 lambda: list(call("ListService/WatchChanges", {}, timeout=0.3)))


@case
def deadline_of_the_server():
    """The client itself waits longer: the status is the server's own."""
    expect_error(Code.DEADLINE_EXCEEDED, "DEADLINE_PASSED", lambda: waiting_scrub(
        timeout=None, metadata=KEY + (("grpc-timeout", "300m"),)).result())


@case
def cancel():
    waiting = waiting_scrub()
    watch = call("ListService/WatchChanges", {})
    time.sleep(0.2)
    waiting.cancel()
    watch.cancel()
    expect_error(Code.CANCELLED, None, lambda: list(watch))
    assert waiting.cancelled()


@case
def many_cancels():
    """Callers who give up are no enemies: the connection with its other calls stays."""
    watch = call("Health/Watch", {})
    assert next(watch).status == 1
    for started in [call("ScrubService/Scrub", {"numbers": [FREE]}) for _ in range(2_000)]:
        started.cancel()
    verdict()
    watch.cancel()
    expect_error(Code.CANCELLED, None, lambda: list(watch))


@case
def bidi():
    """Question and answer by turns."""
    asked, answered = threading.Semaphore(0), 0

    def questions():
        for number in (LISTED, FREE, LISTED):
            yield {"scrub": {"numbers": [number]}}
            assert asked.acquire(timeout=PATIENCE)

    for answer in call("ScrubService/ScrubStream", questions()):
        assert verdicts(answer.scrub) == [("LISTED", "CLEAR")[answered % 2]]
        answered += 1
        asked.release()
    assert answered == 3


@case
def bidi_slow_reader():
    """The reader is slower than the writer, and the answers are larger than all windows."""
    requests = ({"scrub": {"numbers": [LISTED] * 10_000, "detail": "DETAIL_FULL"}}
                for _ in range(12))
    answered = 0
    for answer in call("ScrubService/ScrubStream", requests):
        assert len(answer.scrub.results) == 10_000
        answered += 1
        time.sleep(0.1)
    assert answered == 12


@case
def import_export():
    """20,000 records in and out again, read slowly."""
    batches = [[f"20156{i:05d}" for i in range(at, at + 1000)] for at in range(0, 20_000, 1000)]
    requests = ({"list_id": "internal", "records": [{"number": n} for n in batch]}
                for batch in batches)
    added = 0
    for answer in call("ListService/ImportNumbers", requests):
        added += answer.added + answer.already_there
        time.sleep(0.01)
    assert added == 20_000, added
    exported = set()
    for answer in call("ListService/ExportNumbers", {"list_id": "internal"}):
        exported.update(record.number for record in answer.records)
        time.sleep(0.01)
    assert exported >= {number for batch in batches for number in batch}


@case
def watch_changes():
    added = ask("ListService/AddNumbers",
                {"list_id": "internal", "records": [{"number": "2015557001"}]})
    watch = call("ListService/WatchChanges", {"after_revision": added.revision})
    later = ask("ListService/AddNumbers",
                {"list_id": "internal", "records": [{"number": "2015557002"}]})
    for answer in watch:
        if answer.changes:
            assert (answer.revision, answer.changes[0].record.number) \
                == (later.revision, "2015557002")
            break
    watch.cancel()


@case
def health():
    watch = call("Health/Watch", {"service": "dnc.v1.ScrubService"})
    assert next(watch).status == 1
    watch.cancel()
    expect_error(Code.NOT_FOUND, "NOT_FOUND",
                 lambda: ask("Health/Check", {"service": "no.such"}))


@case
def upload():
    """A release in, part by part, and its load to the end."""
    name, content = f"interop-{time.time_ns()}.txt", "MjAxLDU1NTAxMDAK" * 5_000
    size = 5_000 * 12
    parts = [{"options": {"list": "other:interop", "requested_by": "interop",
                          "obtained_at": SETTINGS["obtained_at"]}},
             {"file": {"name": name, "size_bytes": size}},
             *({"chunk": content[at:at + 4_000]} for at in range(0, len(content), 4_000))]
    load = ask("RegistryService/UploadRelease", iter(parts), metadata=OPERATOR).load
    for answer in call("RegistryService/WatchLoad", {"load_id": load.id}, metadata=OPERATOR):
        load = answer.load
    assert load.error_reason == "" and load.HasField("ended_at"), load


@case
def many_calls():
    """More calls at once on one connection than it may have: the others wait in the client."""
    calls = [call("ScrubService/Scrub", {"numbers": [LISTED, FREE]}) for _ in range(3_000)]
    for started in calls:
        assert verdicts(started.result()) == ["LISTED", "CLEAR"]


@case
def reflection():
    found = ProtoReflectionDescriptorDatabase(CHANNEL)
    services = set(found.get_services())
    assert {"dnc.v1.ScrubService", "grpc.health.v1.Health"} <= services, services
    file = found.FindFileContainingSymbol("dnc.v1.ScrubService")
    assert file.package == "dnc.v1"


@case
def keepalive():
    """Pings every 10 s, which is as often as gRPC's clients can."""
    with connect(grpc__keepalive_time_ms=10_000, grpc__keepalive_permit_without_calls=1,
                 grpc__http2__max_pings_without_data=0) as channel:
        watch = call("Health/Watch", {}, channel=channel)
        assert next(watch).status == 1
        time.sleep(25)
        watch.cancel()
        assert watch.code() == Code.CANCELLED, watch.code()
        assert ask("Health/Check", {}, channel=channel).status == 1


def say(word):
    print(word, flush=True)


@case
def drain():
    """The server stops under load, and comes again at the same address: each call is answered, or
    has a status that says that it may be repeated."""
    statuses, stop = {}, threading.Event()

    def ask_on():
        while not stop.is_set():
            try:
                answer = ask("ScrubService/Scrub", {"numbers": [LISTED]})
                assert verdicts(answer) == ["LISTED"]
                code = "OK"
            except grpc.RpcError as error:
                code = error.code().name
                time.sleep(0.01)
            statuses[code] = statuses.get(code, 0) + 1

    threads = [threading.Thread(target=ask_on) for _ in range(8)]
    watch = call("ListService/WatchChanges", {})
    health_watch = call("Health/Watch", {})
    assert next(health_watch).status == 1
    for thread in threads:
        thread.start()
    while statuses.get("OK", 0) < 100:
        time.sleep(0.01)
    say("under load")
    sys.stdin.readline()  # the server has stopped, and another one starts
    expect_error(Code.UNAVAILABLE, None, lambda: list(watch))
    assert next(health_watch).status == 2  # before calls began to fail
    expect_error(Code.UNAVAILABLE, None, lambda: list(health_watch))
    assert ask("Health/Check", {}, wait_for_ready=True).status == 1
    stop.set()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {"OK", "UNAVAILABLE"}, statuses


def main():
    failed = 0
    for name in sys.argv[2:]:
        try:
            CASES[name]()
            say(f"ok {name}")
        except Exception as error:  # pylint: disable=broad-exception-caught
            failed += 1
            say(f"not ok {name}: {type(error).__name__}: {' '.join(str(error).split())[:400]}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
