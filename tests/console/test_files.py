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
        bad += [f"{path.name}: {word}" for word in (
            "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "localStorage",
            "sessionStorage", "indexedDB", "document.cookie", "serviceWorker", "style=", "http://",
            "https://") if word in text.replace("http://www.w3.org/2000/svg", "")]
        bad += [f"{path.name}:{i}: wider than 120 columns" for i, line in enumerate(
            text.splitlines(), 1) if len(line) > 120]
        if path.suffix == ".js" and path.name != "states.js":
            assert text.startswith("// "), f"{path.name} does not say what it is for"
    assert not bad, bad
    html = (CONSOLE / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bon\w+=", html)


@pytest.mark.skipif(not shutil.which("node"), reason="no Node is installed")
def test_modules_parse():
    for path in OWN:
        if path.suffix == ".js":
            # A module, though no package.json says so.
            subprocess.run(["node", "--input-type=module", "--check"], input=path.read_bytes(),
                           check=True)


FRESHNESS = """
import {indexed, judge} from "FRESHNESS.js";
const now = 1_800_000_000, day = 86400, iso = (at) => new Date(at * 1000).toISOString();
const codes = [201, 212, 907];
const list = () => ({list: "national", effect: "LIST_EFFECT_DENY", required: true, covered: 3,
  maxAgeDays: 31, release: {id: "7", obtainedAtOldest: iso(now - 3 * day)}});
const whole = () => ({list: "wireless", effect: "LIST_EFFECT_WIRELESS", covered: 1000,
  maxAgeDays: 15, release: {id: "8", obtainedAtOldest: iso(now - day)}});
const area = (code) => ({areaCode: code, state: "COVERAGE_STATE_COVERED", staleAt: iso(now + 20 * day)});
const world = () => ({status: {lists: [list(), whole()]}, heardAt: 1000, error: null, coverages: new Map([
  ["national", {list: "national", releaseId: "7", areaCodes: codes.map(area)}],
  ["wireless", {list: "wireless", releaseId: "8", coversAll: true}]])});
const level = (change, at = now, here = 1001) => {
  const made = world();
  change?.(made, made.coverages.get("national"), made.status.lists[0], made.status.lists[1]);
  made.coverages = new Map([...made.coverages].map(([name, each]) => [name, indexed(each)]));
  return judge(made, codes, at, here).level;
};
const changes = {
  error: (w) => { w.error = {message: "", reason: "NO_ANSWER"}; },
  key: (w) => { w.error = {message: "", needsKey: true}; },
  starting: (w) => { w.error = {message: "", reason: "STARTING"}; },
  unheard: (w) => { w.heardAt = 0; },
  "no status": (w) => { w.status = null; },
  "no lists": (w) => { w.status.lists = []; },
  "lists left out": (w) => { delete w.status.lists; },
  clock: (w) => { w.status.clockBehind = true; },
  "not required": (w, c, l) => { l.required = false; },
  "no release": (w, c, l) => { delete l.release; },
  stale: (w, c, l) => { l.stale = 1; },
  damaged: (w, c, l) => { l.damaged = 1; },
  "other stale": (w, c, l, o) => { o.stale = 1; },
  "other damaged": (w, c, l, o) => { o.damaged = 1; },
  "other old": (w, c, l, o) => { o.release.obtainedAtOldest = iso(now - 15 * day); },
  "other's age unknown": (w, c, l, o) => { delete o.release.obtainedAtOldest; },
  "other covers none": (w, c, l, o) => { o.covered = 0; },
  "other unknown": (w) => { w.coverages.delete("wireless"); },
  "other release": (w, c) => { c.releaseId = "6"; },
  "no coverage": (w) => { w.coverages.clear(); },
  "no areas": (w, c) => { delete c.areaCodes; },
  "one missing": (w, c) => { c.areaCodes.pop(); },
  "one missing, counted": (w, c, l) => { c.areaCodes.pop(); l.covered = 2; },
  "one stale": (w, c) => { c.areaCodes[1].state = "COVERAGE_STATE_STALE"; },
  "one damaged": (w, c) => { c.areaCodes[1].state = "COVERAGE_STATE_DAMAGED"; },
  "one of a new kind": (w, c) => { c.areaCodes[1].state = "COVERAGE_STATE_NEW"; },
  "one without a state": (w, c) => { delete c.areaCodes[1].state; },
  "one past its end": (w, c) => { c.areaCodes[1].staleAt = iso(now); },
  "one without an end": (w, c) => { delete c.areaCodes[1].staleAt; },
  "one with a bad end": (w, c) => { c.areaCodes[1].staleAt = "soon"; },
  "one ending soon": (w, c) => { c.areaCodes[1].staleAt = iso(now + 4 * day); },
  "one too many": (w, c, l) => { l.covered = 4; },
  "a stranger stale": (w, c, l) => { c.areaCodes.push({...area(999), state: "COVERAGE_STATE_STALE"}); },
};
const found = Object.fromEntries(Object.entries(changes).map(([name, change]) => [name, level(change)]));
console.log(JSON.stringify({found, whole: level(), "no clock": level(null, NaN),
  silent: level(null, now, 1046), "back in time": level(null, now, NaN),
  later: level(null, now + 20 * day), inform: level((w, c, l, o) => {
    o.effect = "LIST_EFFECT_INFORM"; o.stale = 1000; w.coverages.delete("wireless"); })}));
"""


@pytest.mark.skipif(not shutil.which("node"), reason="no Node is installed")
def test_green_is_proven(tmp_path):
    """The rule itself: whatever is taken away from a proof takes the green away."""
    for name in ("freshness", "format", "dom"):
        (tmp_path / f"{name}.mjs").write_text(
            (CONSOLE / f"{name}.js").read_text().replace('.js"', '.mjs"'))
    program = FRESHNESS.replace("FRESHNESS.js", f"{tmp_path}/freshness.mjs")
    ran = subprocess.run(["node", "--input-type=module"], input=program, text=True,
                         capture_output=True, check=True)
    told = json.loads(ran.stdout)
    assert told["whole"] == "fresh" and told["inform"] == "fresh"
    wrong = {name: level for name, level in told["found"].items() if level == "fresh"}
    assert not wrong
    assert told["found"]["one ending soon"] == "soon"
    assert told["found"]["one missing, counted"] == "partial"
    for name in ("no clock", "silent", "back in time", "later"):
        assert told[name] != "fresh", name
