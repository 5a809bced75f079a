"""A connection that breaks when a test wants it to."""

import socket
import threading


class Proxy:
    """A connection to the server that can be cut while both ends live, or that takes at most
    `limit` bytes from the client and then leaves it alone with full buffers."""

    def __init__(self, address, limit=float("inf")):
        host, port = address.rsplit(":", 1)
        self.target = (host, int(port))
        self.limit = limit
        self.listener = socket.socket()
        if limit < float("inf"):
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.sockets = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(self.target)
            self.sockets += [near, far]
            for source, sink, limit in ((near, far, self.limit), (far, near, float("inf"))):
                threading.Thread(target=self.pump, args=(source, sink, limit), daemon=True).start()

    @staticmethod
    def pump(source, sink, limit):
        try:
            taken = 0
            while taken < limit and (data := source.recv(65536)):
                taken += len(data)
                sink.sendall(data)
        except OSError:
            pass

    def cut(self):
        for end in self.sockets:
            end.shutdown(socket.SHUT_RDWR)
        self.sockets = []
