"""What a server shows to Prometheus."""

import re
import socket
import urllib.request


class Page:
    """The metrics at a moment: page[TEXT] is the value of the line that begins with TEXT."""

    def __init__(self, address):
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=30) as answer:
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
    """A port that the system has just given and that nobody has: it gives others for a while."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
