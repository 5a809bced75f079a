"""Plays a vector: a server on a port of its own that sends to each request what the vector says.

Its answers are of the moment `now` that the vector names. With the time now as `now`, as the
program does, every time in them is moved by as much, so that a client needs no clock of its own.

Over gRPC it writes the bytes of HTTP/2 itself, because no library sends half an answer or an answer
of something that is no gRPC. For clients in other languages it is a program:

    player.py (grpc|http) FILE NAME

prints its port, serves until its standard input ends, and then prints how many requests came.
"""

import base64
import datetime
import json
import pathlib
import re
import socket
import struct
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parents[1] / "tests" / "blackbox"))
from http2_frames import (ACK, DATA, END_HEADERS, END_STREAM, HEADERS, PING,  # noqa: E402
                          PREFACE, SETTINGS, framed, literal)

TIME = "%Y-%m-%dT%H:%M:%SZ"
REASONS = {200: "OK", 301: "Moved Permanently", 404: "Not Found", 503: "Service Unavailable"}


def vectors(form, *calls):
    """Returns the vectors of some calls that can happen over gRPC or HTTP (`form`)."""
    found = []
    for path in sorted((HERE / "vectors").glob("*.json")):
        found += [vector for vector in json.loads(path.read_text())["vectors"]
                  if vector["call"] in calls and all(one[form] for one in vector["answers"])]
    assert found, f"no vectors of {calls}"
    return found


def seconds_of(text):
    return int(datetime.datetime.strptime(text, TIME).replace(
        tzinfo=datetime.timezone.utc).timestamp())


def varint(value):
    """Returns how protobuf writes a time of these decades: in five bytes."""
    assert 2**28 <= value < 2**35, value
    return bytes(value >> shift & 0x7F | (0x80 if shift < 28 else 0) for shift in range(0, 35, 7))


def moved(answer, vector, now):
    """Returns an answer with all its times moved, as if `now` were the moment of the vector. Its
    lengths stay: a time is a field of five bytes, and in JSON one of whole seconds."""
    old = seconds_of(vector["now"])
    by = int(now) - old

    def near(seconds):
        return abs(seconds - old) <= 400 * 86400

    def in_bytes(found):
        seconds = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(found[0][1:]))
        return b"\x08" + varint(seconds + by) if near(seconds) else found[0]

    def in_text(found):
        seconds = seconds_of(found[0])
        return time.strftime(TIME, time.gmtime(seconds + by)) if near(seconds) else found[0]

    answer = dict(answer)
    if "message" in answer:
        answer["message"] = re.sub(rb"\x08[\x80-\xff]{4}[\x01-\x7f]", in_bytes,
                                   bytes.fromhex(answer["message"]), flags=re.DOTALL).hex()
    if "body" in answer:
        answer["body"] = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", in_text, answer["body"])
    return answer


class Player:
    """Accepts connections and answers each request; `requests` counts them."""

    def __init__(self, vector, now=None):
        self.requests = 0
        self._answers = [answer[self.FORM] for answer in vector["answers"]]
        if now is not None:
            self._answers = [moved(answer, vector, now) for answer in self._answers]
        self._lock = threading.Lock()
        self._sockets = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with self._lock:
            sockets = [self._listener, *self._sockets]
        for one in sockets:
            self._end(one)

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._sockets.append(connection)
            threading.Thread(target=self._serve_quietly, args=(connection,), daemon=True).start()

    def _serve_quietly(self, connection):
        try:
            with connection.makefile("rb") as reader:
                self._serve(connection, reader)
        except (OSError, ValueError):
            pass  # the client has gone, or the test has ended
        self._end(connection)

    def _next_answer(self):
        with self._lock:
            self.requests += 1
            return self._answers[min(self.requests, len(self._answers)) - 1]

    @staticmethod
    def _end(connection):
        """Ends a connection behind what was written to it."""
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        connection.close()


def frame(kind, flags, stream, payload=b""):
    return (struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream)
            + payload)


class GrpcPlayer(Player):
    FORM = "grpc"

    def _serve(self, connection, reader):
        if reader.read(len(PREFACE)) != PREFACE:
            return
        connection.sendall(frame(SETTINGS, 0, 0))
        while head := reader.read(9):
            length, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
            stream, payload = int.from_bytes(head[5:], "big"), reader.read(length)
            if kind in (SETTINGS, PING) and not flags & ACK:
                connection.sendall(frame(kind, ACK, 0, payload if kind == PING else b""))
            elif kind in (HEADERS, DATA) and flags & END_STREAM:
                sent = self._frames(self._next_answer(), stream)
                if sent is None:
                    return
                connection.sendall(b"".join(sent[:-1]))
                if sent[-1] is None:  # a cut: what was sent is the whole of it
                    return
                connection.sendall(sent[-1])

    @staticmethod
    def _frames(answer, stream):
        """Returns the frames of an answer. None: the connection ends at once; a last frame of None:
        it ends behind the others."""
        fault = answer.get("fault", "")
        if fault == "close":
            return None
        if fault == "silence":
            return [b""]

        def headers(fields, end=False):
            return frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream,
                         b"".join(literal(name, str(value)) for name, value in fields))

        if fault == "http":
            return [headers([(":status", answer["status"]),
                             ("content-type", answer["content_type"])]),
                    frame(DATA, END_STREAM, stream, answer["body"].encode())]
        begin = [(":status", 200), ("content-type", "application/grpc")]
        status = [("grpc-status", answer["code"]), ("grpc-message", answer.get("text", ""))]
        if "details" in answer:
            details = base64.b64encode(bytes.fromhex(answer["details"])).decode().rstrip("=")
            status.append(("grpc-status-details-bin", details))
        if "message" not in answer or fault == "no_message":
            if answer["code"]:
                return [headers(begin + status, end=True)]
            return [headers(begin), headers(status, end=True)]
        message = framed(bytes.fromhex(answer["message"]))
        if fault == "cut":
            return [headers(begin), frame(DATA, 0, stream, message[:answer["keep"]]), None]
        if fault == "no_status":
            return [headers(begin), frame(DATA, END_STREAM, stream, message)]
        if fault == "two_messages":
            message *= 2
        return [headers(begin), frame(DATA, 0, stream, message), headers(status, end=True)]


class HttpPlayer(Player):
    FORM = "http"

    def _serve(self, connection, reader):
        while line := reader.readline():
            length, kept = 0, b"HTTP/1.1" in line
            while (header := reader.readline().strip().lower()):
                if header.startswith(b"content-length:"):
                    length = int(header.split(b":")[1])
            reader.read(length)
            answer = self._next_answer()
            fault = answer.get("fault", "")
            if fault == "close":
                return
            if fault == "silence":
                continue
            connection.sendall(self._bytes(answer))
            if fault == "cut" or not kept:
                return

    @staticmethod
    def _bytes(answer):
        body = answer["body"].encode()
        more = f"retry-after: {answer['retry_after']}\r\n" if "retry_after" in answer else ""
        if "age" in answer:
            more += f"age: {answer['age']}\r\n"
        if answer["status"] == 301:
            more += "location: /elsewhere\r\n"
        head = (f"HTTP/1.1 {answer['status']} {REASONS.get(answer['status'], 'Other')}\r\n"
                f"content-type: {answer['content_type']}\r\n{more}"
                f"content-length: {len(body)}\r\n\r\n")
        # A cut answer is as long as it says, less what is cut; at its very end a byte is missing.
        if answer.get("keep") == len(body):
            head = head.replace(f"content-length: {len(body)}", f"content-length: {len(body) + 1}")
        return head.encode() + body[:answer.get("keep", len(body))]


def main():
    form, file, name = sys.argv[1:]
    found = json.loads(pathlib.Path(file).read_text())["vectors"]
    vector = next(one for one in found if one["name"] == name)
    with (GrpcPlayer if form == "grpc" else HttpPlayer)(vector, time.time()) as player:
        print(player.address.split(":")[1], flush=True)
        sys.stdin.read()
        print(player.requests, flush=True)


if __name__ == "__main__":
    main()
