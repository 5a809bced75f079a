"""A link between a client and a server that a test can freeze or redirect to another server."""

import contextlib
import socket
import threading


class Link:
    """Forwards connections to `target` (HOST:PORT). While it is frozen, all connections stay open,
    even new ones, but nothing passes through those that existed before."""

    def __init__(self, target):
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.connections = 0
        self.pairs = []
        self.frozen = set()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                near = self.listener.accept()[0]
                host, port = self.target.rsplit(":", 1)
                try:
                    far = socket.create_connection((host, int(port)))
                except OSError:
                    near.close()
                    continue
                self.connections += 1
                self.pairs.append((near, far))
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self.forward, args=(source, sink),
                                     daemon=True).start()

    def forward(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if source in self.frozen:
                    return  # the rest of it is never read
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def freeze(self):
        """Lets nothing more through the connections that exist now, without telling anybody."""
        for pair in self.pairs:
            self.frozen.update(pair)

    def close(self):
        self.listener.close()
        for near, far in self.pairs:
            near.close()
            far.close()
