"""A server for clients of other makers, and where those are."""

import json
import time

import grpc

from certificates import make_certificate
from dnc_server import ANY_PORT, HOST, REPO, Server
from list_files import DAY, block, flat
from metrics_page import Page, free_port
from tenant_calls import make_tenant, new_key, operator_key
from waiting import PATIENCE, wait_until

TOOLS = REPO / "build" / "interop"
CONFIG = """
guards: {min_first_numbers: 0}
limits: {revision_wait_milliseconds: 3000}
rpc: {drain_seconds: 1}
"""
MAX_REQUEST_BYTES = 4 << 20
LISTED, FREE = 2015550100, 2015550199


class Scene:
    """A server with a list, a tenant and keys, and the file that tells clients of them."""

    def __init__(self, stubs, folder, tls):
        config, data = folder / "dncd.yaml", folder / "data"
        text, authority, credentials = CONFIG, "", None
        if tls:
            certificate, key = make_certificate(folder, names=f"IP:{HOST}")
            text += f"tls: {{certificate: {certificate}, key: {key}}}\n"
            authority = str(certificate)
            credentials = grpc.ssl_channel_credentials(certificate.read_bytes())
        config.write_text(text)
        operator = operator_key(data)
        self.metrics = f"127.0.0.1:{free_port()}"
        self.server = Server(stubs, data, "--config", str(config), key=operator,
                             metrics_listen=self.metrics, listen=f"{HOST}:{free_port()}",
                             http_listen=ANY_PORT, credentials=credentials)
        wait_until(lambda: Page(self.metrics)["dnc_ready"] == 1)
        make_tenant(self.server, "acme")
        yesterday = time.time() - DAY
        self.server.load([("base.txt", flat(block(201, 555, 150)))], obtained_at=yesterday)
        health = stubs.health_grpc.HealthStub(self.server.channel)
        wait_until(lambda: health.Check(stubs.health.HealthCheckRequest()).status == 1)
        self.settings = folder / "settings.json"
        self.told = {
            "address": self.server.address, "http": self.server.http, "ca": authority,
            "operator_key": operator,
            "key": new_key(self.server, ["SCRUB", "WRITE_LISTS"], "acme").secret,
            "descriptors": str(TOOLS / "descriptors.pb"), "patience": PATIENCE,
            "node_modules": str(TOOLS / "node" / "node_modules"),
            "max_request_bytes": MAX_REQUEST_BYTES, "listed": LISTED, "free": FREE,
            "obtained_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(yesterday))}
        self.settings.write_text(json.dumps(self.told))

    def calls(self, method, *codes):
        """How many calls of a method have ended so."""
        values = Page(self.metrics).values
        return sum(values.get(f'dnc_calls_total{{method="{method}",code="{code}"}}', 0)
                   for code in codes)
