"""The console's files: what is sent with them, and rules that nothing else checks."""

import hashlib
import json
import re
import shutil
import subprocess
import urllib.error
import urllib.request

import pytest

from scene import REPO

CONSOLE = REPO / "web/console"
OWN = sorted(path for path in CONSOLE.rglob("*") if path.is_file() and "vendor" not in path.parts)
# dist/uPlot.esm.js, dist/uPlot.min.css and LICENSE of uplot-1.6.32.tgz, from npm.
UPLOT = {
    "uPlot.esm.js": "5dd9b3281aa64b461b42d9945f6adb2649d346502b12281a9ae0d46599a80eba",
    "uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
    "LICENSE": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
}
FORBIDDEN = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
             "localStorage", "sessionStorage", "indexedDB", "document.cookie", "serviceWorker",
             "style=", "http://", "https://")
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
         ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
         "": "text/plain; charset=utf-8"}


def ask(url, method="GET", **headers):
    request = urllib.request.Request(url, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def served():
    """Yields the path on the server and the file."""
    for path in sorted(CONSOLE.rglob("*")):
        if path.is_file() and path.name != "README.md":
            name = str(path.relative_to(CONSOLE))
            yield ("" if name == "index.html" else f"console/{name}"), path


def test_every_file_is_served_as_it_is(site):
    for name, path in served():
        status, headers, body = ask(site.url + name)
        assert (status, body) == (200, path.read_bytes()), name
        assert headers["content-type"] == TYPES[path.suffix], name
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-cache"
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy and "*" not in policy
        assert "set-cookie" not in headers


def test_a_browser_that_has_a_file_gets_no_second_one(site):
    _, headers, body = ask(site.url)
    tag = headers["etag"]
    for known in (tag, f'W/{tag}', f'"other", {tag}', "*"):
        status, again, nothing = ask(site.url, **{"If-None-Match": known})
        assert (status, nothing, again["etag"]) == (304, b"", tag)
    assert ask(site.url, **{"If-None-Match": '"other"'})[0] == 200
    status, headers, nothing = ask(site.url, "HEAD")
    assert (status, nothing, headers["content-length"]) == (200, b"", str(len(body)))
    assert ask(site.url, "POST")[0] == 405
    assert ask(site.url + "console/nothing.js")[0] == 404
    assert ask(site.url + "console/../index.html")[0] == 404


def test_a_server_without_keys_gives_its_pages_to_this_machine_alone(make_site):
    url = make_site(keyless=True).url
    assert ask(url)[0] == 200
    for name, value in (("Host", "dialer.example"), ("Origin", "http://dialer.example"),
                        ("X-Forwarded-For", "192.0.2.1")):
        assert ask(url, **{name: value})[0] == 401, name


def test_the_area_codes_are_the_server_s(site):
    _, _, module = ask(site.url + "console/area-codes.js")
    table = json.loads(re.sub(rb"(\d{3}):", rb'"\1":', module[module.index(b"{"):-2]))
    text = (REPO / "server/rules/area_codes.cc").read_text()
    assert table == dict(re.findall(r'\{(\d{3}), "([A-Z]{2})"\}', text))
    tiles = set(re.findall(r"\b([A-Z]{2}): \[", (CONSOLE / "states.js").read_text()))
    assert tiles == set(table.values())
    places = re.findall(r"\[\"[^\"]+\", (\d+), (\d+)\]", (CONSOLE / "states.js").read_text())
    assert len(places) == len(set(places)) == len(tiles), "two states in one place"


def test_the_library_is_the_one_that_was_published():
    for name, digest in UPLOT.items():
        content = (CONSOLE / "vendor/uplot" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest, name


def test_own_files_keep_the_rules():
    """Nothing inline, no markup out of text, nothing kept, nobody else asked."""
    bad = []
    for path in OWN:
        text = path.read_text()
        own = text.replace("http://www.w3.org/2000/svg", "")
        bad += [f"{path.name}: {word}" for word in FORBIDDEN if word in own]
        bad += [f"{path.name}:{i}: wider than 120 columns"
                for i, line in enumerate(text.splitlines(), 1) if len(line) > 120]
        if path.suffix == ".js" and path.name != "states.js":
            assert text.startswith("// "), f"{path.name} does not say what it is for"
    assert not bad, bad
    html = (CONSOLE / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bon\w+=", html)


@pytest.mark.skipif(not shutil.which("node"), reason="no Node is installed")
def test_modules_parse(tmp_path):
    for path in OWN:
        if path.suffix == ".js":
            module = tmp_path / f"{path.stem}.mjs"  # a module, though no package.json says so
            module.write_bytes(path.read_bytes())
            subprocess.run(["node", "--check", module], check=True)


@pytest.mark.skipif(not shutil.which("node"), reason="no Node is installed")
def test_green_is_proven(tmp_path):
    """The rule itself: whatever is taken away from a proof takes the green away."""
    for name in ("freshness", "format", "dom"):
        (tmp_path / f"{name}.mjs").write_text(
            (CONSOLE / f"{name}.js").read_text().replace('.js"', '.mjs"'))
    ran = subprocess.run(["node", REPO / "tests/console/take_apart.mjs",
                          tmp_path / "freshness.mjs"], capture_output=True, text=True, check=True)
    told = json.loads(ran.stdout)
    assert told["whole"] == "fresh" and told["inform"] == "fresh"
    wrong = {name: level for name, level in told["found"].items() if level == "fresh"}
    assert not wrong
    assert told["found"]["one ending soon"] == "soon"
    assert told["found"]["one missing, counted"] == "partial"
    for name in ("no clock", "silent", "back in time", "no time", "later", "age"):
        assert told[name] != "fresh", name
