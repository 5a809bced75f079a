"""HTTP/2 frame by frame, for callers that no library plays: a client that writes what it is told
and keeps what it reads."""

import socket
import ssl
import struct
import threading
import time

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = \
    range(10)
END_STREAM, ACK, END_HEADERS = 1, 1, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
ENHANCE_YOUR_CALM = 11


def literal(name, value):
    """A header field that no table remembers, without Huffman's code."""
    name, value = name.encode(), value.encode()

    def text(raw):
        if len(raw) < 127:
            return bytes([len(raw)]) + raw
        rest, out = len(raw) - 127, b"\x7f"
        while rest >= 128:
            out += bytes([rest % 128 + 128])
            rest //= 128
        return out + bytes([rest]) + raw

    return b"\x00" + text(name) + text(value)


def request_headers(path, *more):
    fields = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "dncd"),
              ("content-type", "application/grpc"), ("te", "trailers"), *more]
    return b"".join(literal(name, value) for name, value in fields)


def framed(message):
    """A message with gRPC's prefix."""
    return b"\0" + struct.pack(">I", len(message)) + message


class RawClient:
    """A connection to `address` (HOST:PORT). `frames`: what the server has sent, as (type, flags,
    stream, payload); `closed`: whether it has ended the connection."""

    def __init__(self, address, settings=b"", tls=None):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)))
        if tls is not None:
            tls.set_alpn_protocols(["h2"])
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.frames, self.closed, self.changed = [], False, threading.Condition()
        self.reading = threading.Event()
        self.reading.set()
        self.send(PREFACE)
        self.frame(SETTINGS, 0, 0, settings)
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (OSError, ssl.SSLError):
            pass  # the server has closed: `closed` tells

    def frame(self, kind, flags, stream, payload=b""):
        self.send(struct.pack(">I", len(payload))[1:] + bytes([kind, flags])
                  + struct.pack(">I", stream) + payload)

    def call(self, stream, path, message, *more, end=True):
        """Sends headers and a message."""
        self.frame(HEADERS, END_HEADERS, stream, request_headers(path, *more))
        self.frame(DATA, END_STREAM if end else 0, stream, framed(message))

    def _read(self):
        data = b""
        while True:
            self.reading.wait()
            try:
                more = self.socket.recv(65536)
            except (OSError, ssl.SSLError):
                more = b""
            with self.changed:
                if not more:
                    self.closed = True
                    self.changed.notify_all()
                    return
                data += more
                while len(data) >= 9 and len(data) >= 9 + int.from_bytes(data[:3], "big"):
                    size = int.from_bytes(data[:3], "big")
                    stream = int.from_bytes(data[5:9], "big")
                    self.frames.append((data[3], data[4], stream, data[9:9 + size]))
                    data = data[9 + size:]
                self.changed.notify_all()

    def wait(self, condition, patience=60):
        """Until `condition(self)` is true, or the connection has ended; whether it is true."""
        end = time.monotonic() + patience
        with self.changed:
            while not condition(self):
                left = end - time.monotonic()
                if self.closed or left <= 0:
                    return condition(self)
                self.changed.wait(left)
        return True

    def ended(self, stream):
        """Whether the server has ended the stream, well or not."""
        return any((kind in (HEADERS, DATA) and flags & END_STREAM or kind == RST_STREAM)
                   and of == stream for kind, flags, of, _ in self.frames)

    def goaway(self):
        """The error of the last GOAWAY; None: there was none."""
        codes = [int.from_bytes(payload[4:8], "big")
                 for kind, _, _, payload in self.frames if kind == GOAWAY]
        return codes[-1] if codes else None
