"""A browser and servers for the tests of the console; the servers are those of the black-box
tests."""

import importlib.util
import pathlib
import sys
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
BLACKBOX = HERE.parent / "blackbox"
sys.path.insert(0, str(BLACKBOX))
SPEC = importlib.util.spec_from_file_location("blackbox_fixtures", BLACKBOX / "conftest.py")
FIXTURES = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(FIXTURES)
stubs = FIXTURES.stubs

# Their folders are in the path only now.
from browser import Browser  # noqa: E402
from dnc_server import ANY_PORT, Refused, Server  # noqa: E402
from scene import full_list, load_everything, numbers  # noqa: E402
from tenant_calls import operator_key  # noqa: E402


@pytest.fixture(name="chromium", scope="session")
def fixture_chromium():
    made = Browser()
    yield made
    made.close()


@pytest.fixture(name="browser")
def fixture_browser(chromium):
    """The browser, as wide as a desk's; its page must not break its own policy or fail."""
    chromium.shape()
    chromium.complaints()
    yield chromium
    violations = chromium.script("return window.violations ?? []")
    assert not violations, violations
    assert not chromium.complaints()
    chromium.do("POST", "/url", {"url": "about:blank"})


class Site:
    """A server with an operator's key, unless it is to have none, and its console."""

    def __init__(self, generated, folder, *arguments, keyless=False):
        self.key = None if keyless else operator_key(folder)
        self.server = Server(generated, folder, *arguments, key=self.key,
                             tenant=None if keyless else "default", http_listen=ANY_PORT)
        self.server.wait_until_ready()
        self.url = f"http://{self.server.http}/"

    def open(self, browser, page="coverage", key=True):
        """Opens a page, and enters the key as a person does."""
        browser.open(f"{self.url}#/{page}")
        browser.find("h1")
        if not key:
            return
        browser.click("#key")
        browser.type("dialog input", self.key)
        browser.click("dialog .main")
        browser.wait_text("#key", "Key in use")

    def stop(self):
        if self.server.process.poll() is None:
            assert self.server.stop() == 0, self.server.log()


@pytest.fixture(name="make_site")
def fixture_make_site(stubs, tmp_path):  # pylint: disable=redefined-outer-name
    """Makes servers that end with the test."""
    sites = []

    def make(*arguments, **options):
        sites.append(Site(stubs, tmp_path / f"data{len(sites)}", *arguments, **options))
        return sites[-1]

    yield make
    for made in sites:
        made.stop()


@pytest.fixture(name="site", scope="session")
def fixture_site(stubs, tmp_path_factory):  # pylint: disable=redefined-outer-name
    """A server with all area codes, other lists, a refused load, tenants and some traffic. Tests
    only look at it."""
    made = Site(stubs, tmp_path_factory.mktemp("site") / "data")
    fill(made.server)
    yield made
    made.stop()


def fill(server):
    load_everything(server, days=8, count=3)
    load_everything(server, days=3)
    server.load([("wireless.csv", b"phone\n2015550102\n")], "wireless",
                obtained_at=time.time() - 2 * 86400)
    try:
        server.load(full_list([201], 0.1, count=1))
    except Refused as refusal:
        assert refusal.guard == "GUARD_SHRINK", refusal
    tenant = server.stubs.tenant
    server.call(server.tenants.CreateTenant, tenant.CreateTenantRequest(tenant=tenant.Tenant(
        tenant_id="acme", display_name="Acme Corp.",
        entitlement=tenant.Entitlement(area_codes=[201, 212, 415, 907]),
        quotas=tenant.Quotas(numbers_per_second=50_000))))
    for area_code in (201, 212, 415):
        server.verdicts([*numbers(area_code, 8), 1])
