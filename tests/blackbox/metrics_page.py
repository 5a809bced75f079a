"""What a server shows to Prometheus."""

import itertools
import os
import re
import socket
import urllib.request

from waiting import PATIENCE

# Below the ports that the system gives to whoever asks for any, and apart from those that another
# process of the tests begins with.
_PORTS = itertools.cycle(range(10_000, 30_000))
for _ in range(os.getpid() * 37 % 20_000):
    next(_PORTS)


class Page:
    """The metrics at a moment: page[TEXT] is the value of the line that begins with TEXT."""

    def __init__(self, address):
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=PATIENCE) as answer:
            self.text = answer.read().decode()
        self.values = {}
        for line in self.text.splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                self.values[name] = float(value)

    def __getitem__(self, name):
        return self.values[name]

    def names(self):
        """Of what the server shows itself."""
        return {re.sub(r"_(bucket|sum|count)$", "", re.split("[{ ]", name)[0])
                for name in self.values if name.startswith(("dnc_", "process_"))}


def free_port():
    """A port that nobody has, and that the system gives to nobody who asks for any."""
    for port in _PORTS:
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
