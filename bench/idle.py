#!/usr/bin/python3
"""What connections cost that say nothing: opens some to a server, each with HTTP/2's greeting,
waits until the server has greeted back, and prints `open`. Closes them when its input ends.

    bench/idle.py HOST:PORT COUNT [CERTIFICATE]
"""

import select
import socket
import ssl
import sys

GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"


def connect(host, port, context):
    plain = socket.create_connection((host, port))
    if context is None:
        return plain
    return context.wrap_socket(plain, server_hostname="localhost")


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    context = None
    if len(sys.argv) > 3:
        context = ssl.create_default_context(cafile=sys.argv[3])
        context.set_alpn_protocols(["h2"])
    connections = []
    for _ in range(int(sys.argv[2])):
        connection = connect(host, int(port), context)
        connection.sendall(GREETING)
        assert connection.recv(1), "the server greets"
        connections.append(connection)
    print("open", flush=True)
    # What the server sends is taken: pings need no answer for as long as a measurement takes.
    poller = select.poll()
    poller.register(sys.stdin, select.POLLHUP | select.POLLIN)
    poller.poll()


main()
