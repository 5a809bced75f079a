"""How a client reaches a server, and for how long it tries."""

from __future__ import annotations

import os
import pathlib
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import grpc

from .errors import DncError

_MAX_DEADLINE = 24 * 3600.0
_MAX_CLOCK_DIFFERENCE = 24 * 3600.0
_FIRST_BACKOFF, _MAX_BACKOFF = 0.05, 1.0
_PROXY_VARIABLES = ("grpc_proxy", "https_proxy", "http_proxy")


@dataclass(frozen=True)
class Options:
    """The settings of a client, checked."""

    address: str
    metadata: tuple[tuple[str, str], ...]
    secure: bool
    certificates: bytes | None
    server_name: str
    deadline: float
    max_attempts: int
    batch_size: int
    max_clock_difference: float

    @property
    def names_several(self) -> bool:
        """Whether the address names several servers. What is behind a name, nobody knows here."""
        # gRPC decodes percent signs in its names.
        return (not self.address.startswith(("unix:", "unix-abstract:"))
                and re.search(",|%2c", self.address, re.IGNORECASE) is not None)

    def channel_arguments(self) -> list[tuple[str, Any]]:
        """The same as those of the C++ client, for the same reasons (clients/cpp/dnc/channel.h)."""
        patience = int(min(max(self.deadline * 1000, 100), _MAX_DEADLINE * 1000))
        arguments: list[tuple[str, Any]] = [
            ("grpc.max_receive_message_length", 64 << 20),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.min_reconnect_backoff_ms", 5000),
            ("grpc.max_reconnect_backoff_ms", 2000),
            ("grpc.keepalive_time_ms", 30_000),
            ("grpc.keepalive_timeout_ms", patience),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.http2.max_pings_without_data", 0),
            ("grpc.enable_retries", 0),  # this package repeats, and counts the attempts
        ]
        if is_local(self.address):
            arguments.append(("grpc.enable_http_proxy", 0))
        if self.server_name:
            arguments.append(("grpc.ssl_target_name_override", self.server_name))
        return arguments

    def credentials(self) -> grpc.ChannelCredentials | None:
        """Returns what the connection is made with; None: plain text."""
        return grpc.ssl_channel_credentials(self.certificates) if self.secure else None

    def proxy_hint(self) -> str:
        """Returns what to add to the message of a failed connection; empty if no proxy is used."""
        name = next((name for name in _PROXY_VARIABLES if os.environ.get(name)), "")
        host = re.sub(r"^\w+:/*|:\d+$", "", self.address.split(",")[0])
        exempt = os.environ.get("no_grpc_proxy") or os.environ.get("no_proxy", "")
        if not name or is_local(self.address) or any(
                host.endswith(end.strip()) for end in exempt.split(",") if end.strip()):
            return ""
        return (f"; the environment's {name} names a proxy: if the connection should not go "
                "through it, set no_proxy to the server's host")


class Attempts:
    """Tells for a request whether and when it is made again, as the C++ client does.

    Repeated are UNAVAILABLE, and CANCELLED without a reason, which comes from a server that stops:
    after a random wait between half of the backoff and all of it, which doubles each time. Repeated
    is also RESOURCE_EXHAUSTED with the time after which to come again, after that time and up to as
    much more. All attempts and waits together last no longer than the deadline."""

    def __init__(self, options: Options, now: float) -> None:
        self._end = now + options.deadline
        self._left = options.max_attempts - 1
        self._backoff = _FIRST_BACKOFF

    def time_left(self, now: float) -> float:
        """Returns the seconds that the next attempt may take."""
        return max(self._end - now, 0.001)

    def wait_after(self, error: DncError, now: float) -> float | None:
        """Returns the seconds to wait before the next attempt; None: there is none."""
        crowded = error.code == "RESOURCE_EXHAUSTED" and error.retry_after > 0
        lost = error.code == "UNAVAILABLE" or (error.code == "CANCELLED" and not error.reason)
        if self._left <= 0 or not (crowded or lost):
            return None
        # The server's time is the least wait, which is half of twice as much.
        wait = (2 * error.retry_after if crowded else self._backoff) * random.uniform(0.5, 1.0)
        if now + wait >= self._end:
            return None
        self._left -= 1
        if not crowded:
            self._backoff = min(self._backoff * 2, _MAX_BACKOFF)
        return wait


def make_options(*, address: str | None, key: str | None, tenant: str | None, tls: bool,
                 ca_file: str | os.PathLike[str] | None, server_name: str | None, deadline: float,
                 max_attempts: int, batch_size: int, max_clock_difference: float,
                 environment: Mapping[str, str] | None = None) -> Options:
    """Checks the settings. What is None comes from the environment, as dncctl takes it. Raises
    ValueError, and OSError for a file of certificates that cannot be read."""
    variables = os.environ if environment is None else environment

    def given(value: str | None, variable: str, default: str = "") -> str:
        return (variables.get(variable, default) if value is None else value).strip()

    if max_attempts < 1 or batch_size < 1:
        raise ValueError("max_attempts and batch_size must be at least 1")
    if not 0 < deadline <= _MAX_DEADLINE:
        raise ValueError("the deadline must be above 0 and at most a day, in seconds")
    if not 0 < max_clock_difference <= _MAX_CLOCK_DIFFERENCE:
        raise ValueError("max_clock_difference must be above 0 and at most a day, in seconds")
    if ca_file is not None and not os.fspath(ca_file):
        # A setting that was lost on its way here must not end in plain text.
        raise ValueError("ca_file is empty; name a file of certificates, or leave it out")
    trusted = os.fspath(ca_file) if ca_file is not None else variables.get("DNC_CA_FILE", "")
    certificates = _read_certificates(trusted) if trusted else None
    secure = tls or certificates is not None
    name = given(server_name, "DNC_TLS_NAME")
    if name and not secure:
        raise ValueError("the name of a certificate is given, but not TLS; also say which "
                         "certificates to trust")
    return Options(
        address=_checked_address(given(address, "DNC_SERVER", "127.0.0.1:50061")),
        metadata=_identity(given(key, "DNC_KEY"), given(tenant, "DNC_TENANT")), secure=secure,
        certificates=certificates, server_name=name, deadline=float(deadline),
        max_attempts=max_attempts, batch_size=batch_size,
        max_clock_difference=float(max_clock_difference))


def _read_certificates(path: str) -> bytes:
    content = pathlib.Path(path).read_bytes()
    if b"-----BEGIN CERTIFICATE-----" not in content:
        raise ValueError(f"{path} holds no certificate in PEM form")
    return content


def _checked_address(address: str) -> str:
    if not address:
        raise ValueError("the address is empty; give HOST:PORT")
    lowest = " " if address.startswith("unix:") else "!"  # a path may contain blanks
    if any(letter < lowest or letter == "\x7f" for letter in address):
        raise ValueError("the address holds white space or control characters; give HOST:PORT or "
                         "unix:/PATH")
    if re.match("https?://", address, re.IGNORECASE):
        raise ValueError("the address begins with http; give HOST:PORT alone, and ask for TLS "
                         "beside it")
    return address


def _identity(key: str, tenant: str) -> tuple[tuple[str, str], ...]:
    """Returns the metadata of a caller. No message shows the key."""
    if not re.fullmatch(r"[!-~]*", key):
        raise ValueError("the key holds bytes that no key has; give it as it was shown, "
                         "`dnck_...`")
    if not re.fullmatch(r"[ -~]*", tenant):
        raise ValueError("the tenant's name holds bytes that no tenant's name has; give it as "
                         "`dncctl tenants` shows it")
    metadata = [("authorization", f"Bearer {key}")] if key else []
    return tuple(metadata + ([("dnc-tenant", tenant)] if tenant else []))


def is_local(address: str) -> bool:
    """Returns whether an address is certainly on this machine."""
    if address.startswith("unix:"):
        return True
    hosts = re.sub(r"^(dns|ipv4|ipv6):/*", "", address).split(",")
    return all(re.match(r"(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?$", host)
               for host in hosts)
