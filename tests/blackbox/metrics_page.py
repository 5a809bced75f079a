"""Reads what a server shows to Prometheus."""

import itertools
import os
import re
import socket
import urllib.request

from waiting import PATIENCE

# These are below the ports that the system gives to anybody who asks for any port, and differ from
# those that another process of the tests begins with.
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
        """Returns the names of what the server itself shows."""
        return {re.sub(r"_(bucket|sum|count)$", "", re.split("[{ ]", name)[0])
                for name in self.values if name.startswith(("dnc_", "process_"))}


# `promtool check metrics` refuses these in a name: units that are no base unit, and types.
FOREIGN_UNITS = {"ms", "us", "ns", "milliseconds", "microseconds", "nanoseconds", "minutes",
                 "hours", "days", "weeks", "bits", "kb", "mb", "gb", "kilobytes", "megabytes",
                 "gigabytes", "kib", "mib", "gib", "percent", "percentage", "sec", "secs"}
TYPES = {"counter", "gauge", "histogram", "summary"}


def family_rules(name, kind, has_help):
    """Yields the rules that a family of metrics breaks."""
    words = name.split("_")
    if not has_help:
        yield f"{name}: no help"
    if kind not in TYPES:
        yield f"{name}: no type"
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)+", name):
        yield f"{name}: the name is no words in lower case"
    if (kind == "counter") != name.endswith("_total"):
        yield f"{name}: a counter, and nothing else, ends with _total"
    if FOREIGN_UNITS & set(words):
        yield f"{name}: the unit is no base unit"
    if TYPES & set(words):
        yield f"{name}: the name tells the type"
    if kind in ("counter", "gauge") and words[-1] in ("count", "sum", "bucket", "info_total"):
        yield f"{name}: the suffix is of histograms and summaries"


def broken_rules(text):
    """Returns the rules of Prometheus's text format, names and units that a page breaks."""
    broken, helps, kinds, samples, order = [], set(), {}, set(), []
    for line in text.splitlines():
        if comment := re.fullmatch(r"# (HELP|TYPE) (\S+) (.+)", line):
            what, name, rest = comment.groups()
            if name in (helps if what == "HELP" else kinds):
                broken.append(f"{name}: {what} twice")
            if what == "HELP":
                helps.add(name)
            else:
                kinds[name] = rest
            continue
        if not (sample := re.fullmatch(r"([a-zA-Z_:][\w:]*)(\{.*\})? (\S+)", line)):
            broken.append(f"no line of the format: {line}")
            continue
        name, labels, value = sample.groups()
        float(value)
        if (name, labels) in samples:
            broken.append(f"{name}{labels or ''}: twice")
        samples.add((name, labels))
        broken += [f"{name}: the label {label} is not in lower case"
                   for label in re.findall(r'[{,](\w+)="', labels or "")
                   if not re.fullmatch(r"[a-z][a-z0-9_]*", label)]
        family = name
        if kinds.get(name) is None:
            family = re.sub(r"_(bucket|sum|count)$", "", name)
        if family not in order:
            order.append(family)
        elif order[-1] != family:
            broken.append(f"{family}: its samples stand in two places")
    for family in sorted({*helps, *kinds, *order}):
        broken += family_rules(family, kinds.get(family), family in helps)
    return broken


def free_port():
    """Returns a port that nobody has, and that the system gives to nobody who asks for any port."""
    for port in _PORTS:
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
