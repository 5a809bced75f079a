"""The line above every page is green only if all is proven."""

import http.server
import json
import threading
import time
import urllib.request

import pytest

from scene import full_list, load_everything, states
from waiting import wait_until


def never_green(browser):
    assert "fresh" not in browser.levels(), browser.levels()


def test_green_where_everything_is_proven(browser, site):
    site.open(browser)
    browser.wait_level("fresh")
    line = browser.text("#line")
    assert f"All {len(states())} area codes are fresh." in line
    assert "First stale: wireless in 12 days, " in line
    for page in ("loads", "number", "activity", "tenants"):
        browser.click(f'.bar a[href="#/{page}"]')
        browser.find(f".page-{page} h1")
        assert browser.level() == "fresh"


def test_nothing_loaded_is_not_green(browser, make_site):
    make_site().open(browser)
    browser.wait_level("bad")
    assert "Not loaded: national." in browser.text("#line")
    never_green(browser)


def test_one_stale_area_code_is_not_green(browser, make_site):
    site = make_site()
    load_everything(site.server, {907: 32})
    site.open(browser)
    browser.wait_level("bad")
    assert "Stale: national." in browser.text("#line")
    assert "The data of 1 area code is too old" in browser.text("#line")
    never_green(browser)
    browser.find('.tile[data-state="AK"][data-worst="stale"]')


def test_one_area_code_missing_is_not_green(browser, make_site):
    site = make_site()
    site.server.load(full_list([code for code in states() if code != 907], 3))
    site.open(browser)
    browser.wait_level("partial")
    every = len(states())
    assert f"{every - 1} of {every} area codes are fresh." in browser.text("#line")
    never_green(browser)
    browser.find('.cell[data-code="907"][data-cell="missing"]')


def test_a_stale_list_beside_a_fresh_registry_is_not_green(browser, make_site):
    site = make_site()
    load_everything(site.server)
    site.server.load([("wireless.csv", b"phone\n2015550102\n")], "wireless",
                     obtained_at=time.time() - 16 * 86400)
    site.open(browser)
    browser.wait_level("bad")
    assert "Stale: wireless." in browser.text("#line")
    never_green(browser)


def test_data_that_ends_soon_is_told(browser, make_site):
    site = make_site()
    load_everything(site.server, {907: 29, 212: 28})
    site.open(browser)
    browser.wait_level("soon")
    assert "2 of them not for long" in browser.text("#line")
    assert "First stale: 907 on national" in browser.text("#line")
    never_green(browser)


def test_a_server_that_is_gone_takes_the_green_away(browser, make_site):
    site = make_site()
    load_everything(site.server)
    site.open(browser)
    browser.wait_level("fresh")
    site.server.process.kill()
    site.server.process.wait()
    browser.wait_level("lost")
    assert "The server does not answer." in browser.text("#line")
    assert browser.script("return document.body.classList.contains('old')")
    assert browser.script("return window.levels.at(-1)") == "lost"


def test_without_a_key_nothing_is_green(browser, site):
    site.open(browser, key=False)
    browser.find(".needs-key")
    assert browser.level() == "unknown"
    assert "It takes an operator's key" in browser.text("#line")
    never_green(browser)


def test_a_server_without_keys_tells_little_and_nothing_green(browser, make_site):
    site = make_site(keyless=True)
    site.open(browser, "number", key=False)
    browser.type('input[type="tel"]', "2015550150")
    browser.click(".ask .main")
    browser.wait_text(".verdict", "NOT_COVERED")
    browser.click('.bar a[href="#/coverage"]')
    browser.find(".needs-key")
    assert browser.level() == "unknown"
    never_green(browser)


def test_forgetting_the_key_takes_the_green_away(browser, site):
    site.open(browser)
    browser.wait_level("fresh")
    browser.click("#key")
    browser.click("dialog .link", "Forget")
    browser.wait_level("unknown")
    browser.find(".needs-key")


# What may stand where the server should, each with what it answers to GET /v1/status: whoever
# answers like that proves nothing.
LIST = {"list": "national", "effect": "LIST_EFFECT_DENY", "required": True, "covered": 1,
        "maxAgeDays": 31, "release": {"id": "1"}}
STRANGERS = {
    "nothing": (200, "application/json", "{}"),
    "a page": (200, "text/html", "<h1>It works!</h1>"),
    "an error": (500, "text/plain", "no"),
    "not an object": (200, "application/json", "null"),
    "no time": (200, "application/json", json.dumps({"lists": [LIST]})),
    "no area codes": (200, "application/json", json.dumps(
        {"lists": [LIST], "newestKnownAt": "2026-11-27T12:00:00Z"})),
    "too many requests": (429, "application/problem+json", json.dumps(
        {"detail": "Wait.", "reason": "LIMIT_REACHED", "status": 429})),
}


@pytest.mark.parametrize("stranger", STRANGERS)
def test_odd_answers_are_not_green(browser, site, stranger):
    """A server between that gives the console's own files, and something odd for its calls."""
    status, kind, text = STRANGERS[stranger]
    asked = threading.Event()

    class Between(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # pylint: disable=invalid-name
            if self.path.startswith("/v1/"):
                body, code, content = text.encode(), status, kind
                if self.path.startswith("/v1/coverage"):
                    body = json.dumps({"list": "national", "releaseId": "1"}).encode()
                asked.set()
            else:
                code, content, body = 200, *fetched(site.url.rstrip("/") + self.path)
            self.send_response(code)
            self.send_header("content-type", content)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):  # pylint: disable=arguments-differ
            pass

    between = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Between)
    thread = threading.Thread(target=between.serve_forever)
    thread.start()
    try:
        browser.open(f"http://127.0.0.1:{between.server_port}/")
        wait_until(asked.is_set)
        wait_until(lambda: "Asking the server" not in browser.text("#line"))
        never_green(browser)
        assert browser.level() in ("lost", "unknown", "bad"), browser.level()
    finally:
        browser.do("POST", "/url", {"url": "about:blank"})
        between.shutdown()
        thread.join()
        between.server_close()


def fetched(url):
    with urllib.request.urlopen(url) as answer:
        return answer.headers["content-type"], answer.read()
